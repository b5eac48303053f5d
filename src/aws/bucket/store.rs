//! The store's methods.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;

use super::super::retry::Repeat;
use super::keys::{Listing, full};
use super::{BucketStore, meaning, tag};
use crate::ports::{CloudError, Object, StateRead, StateStore, StoreError, Version, check_key, check_prefix};

/// Keys on one page: the most that S3 gives.
const PAGE: i32 = 1_000;

/// The condition of a write.
#[derive(Debug, Clone, Copy)]
enum If<'a> {
    /// There is no object.
    Absent,
    /// The object has this tag.
    Tagged(&'a str),
}

impl BucketStore {
    fn checked(&self, key: &str) -> Result<String, StoreError> {
        check_key(key).map_err(|why| meaning::bad_key(&self.location, key, why))?;
        Ok(full(&self.settings.prefix, key))
    }

    fn owner(&self) -> Option<String> {
        self.settings.bucket_owner.clone()
    }

    fn unusable(&self, error: &CloudError) -> StoreError {
        meaning::unusable(&self.location, error)
    }

    async fn read(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let name = self.checked(key)?;
        let running = self.caller.start();
        let attempt = || {
            let get = self.client.get_object().bucket(&self.settings.bucket).key(&name);
            get.set_expected_bucket_owner(self.owner()).send()
        };
        let answer = match self.caller.call(running.end(), "s3:GetObject", Repeat::Read, attempt).await {
            Ok(answer) => answer,
            Err(error) if error.code.as_deref() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.unusable(&error)),
        };
        let foreign = |what: &str| meaning::foreign(&self.location, format!("`{key}` {what}"));
        let version =
            tag::version(answer.e_tag()).ok_or_else(|| foreign("came without an entity tag to compare by"))?;
        // The whole answer is here already; what can fail is the checksum that S3 keeps with the object.
        let bytes = answer.body.collect().await.map_err(|_| foreign("is not what its checksum says"))?;
        Ok(Some(Object { bytes: bytes.to_vec(), version }))
    }

    async fn keys(&self, prefix: &str, end: Option<&str>) -> Result<Vec<String>, StoreError> {
        check_prefix(prefix).map_err(|why| meaning::bad_key(&self.location, prefix, why))?;
        let mut listing = Listing::new(&self.settings.prefix, prefix, end);
        if listing.is_empty() {
            return Ok(Vec::new());
        }
        let running = self.caller.start();
        let asked = listing.prefix();
        let foreign = |what: String| meaning::foreign(&self.location, format!("the list {what}"));
        let mut next: Option<String> = None;
        loop {
            let attempt = || {
                let list = self.client.list_objects_v2().bucket(&self.settings.bucket).max_keys(PAGE);
                let list = list.prefix(&asked).set_continuation_token(next.clone());
                list.set_expected_bucket_owner(self.owner()).send()
            };
            let page = self.caller.call(running.end(), "s3:ListBucket", Repeat::Read, attempt).await;
            let page = page.map_err(|error| self.unusable(&error))?;
            let mut more = true;
            for object in page.contents() {
                let key = object.key().ok_or_else(|| foreign("holds an object without a key".to_owned()))?;
                more = listing.take(key).map_err(foreign)?;
                if !more {
                    break;
                }
            }
            if !more || page.is_truncated() != Some(true) {
                return Ok(listing.into_keys());
            }
            let token = page.next_continuation_token().filter(|token| next.as_deref() != Some(*token));
            next = Some(token.ok_or_else(|| foreign("goes on, and does not say where".to_owned()))?.to_owned());
        }
    }

    async fn put(&self, key: &str, condition: If<'_>, bytes: &[u8]) -> Result<Version, StoreError> {
        let name = self.checked(key)?;
        if let If::Tagged(tag) = condition
            && !tag::is_strong(tag)
        {
            return Err(StoreError::Conflict { key: key.to_owned() });
        }
        let running = self.caller.start();
        let attempt = || {
            let put = self.client.put_object().bucket(&self.settings.bucket).key(&name);
            let put = put.set_expected_bucket_owner(self.owner()).content_type("application/json");
            let put = match condition {
                If::Absent => put.if_none_match("*"),
                If::Tagged(tag) => put.if_match(tag),
            };
            let put = match &self.settings.kms_key_id {
                Some(id) => put.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(id),
                None => put,
            };
            put.body(ByteStream::from(bytes.to_vec())).send()
        };
        let answer = self.caller.call(running.end(), "s3:PutObject", Repeat::Unsent, attempt).await;
        let answer = answer.map_err(|error| meaning::of_write(&self.location, key, &error))?;
        tag::version(answer.e_tag()).ok_or_else(|| StoreError::Ambiguous {
            key: key.to_owned(),
            detail: "the answer came without an entity tag to compare by".to_owned(),
        })
    }

    /// Removes, and settles every doubt by reading back. What is absent afterwards is gone, whoever removed it.
    async fn take_away(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        let name = self.checked(key)?;
        let doubt = if tag::is_strong(&expected.0) {
            let running = self.caller.start();
            let attempt = || {
                let delete = self.client.delete_object().bucket(&self.settings.bucket).key(&name);
                delete.set_expected_bucket_owner(self.owner()).if_match(&expected.0).send()
            };
            match self.caller.call(running.end(), "s3:DeleteObject", Repeat::Unsent, attempt).await {
                Ok(_) => return Ok(()),
                Err(error) if error.code.as_deref() == Some("NoSuchKey") => return Ok(()),
                Err(error) => match meaning::of_write(&self.location, key, &error) {
                    doubt @ (StoreError::Conflict { .. } | StoreError::Ambiguous { .. }) => doubt,
                    certain => return Err(certain),
                },
            }
        } else {
            StoreError::Conflict { key: key.to_owned() }
        };
        match self.read(key).await? {
            None => Ok(()),
            Some(object) if object.version == *expected => Err(doubt),
            Some(_) => Err(StoreError::Conflict { key: key.to_owned() }),
        }
    }
}

impl StateRead for BucketStore {
    async fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        self.read(key).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.keys(prefix, None).await
    }

    async fn list_before(&self, prefix: &str, end: &str) -> Result<Vec<String>, StoreError> {
        self.keys(prefix, Some(end)).await
    }

    fn location(&self) -> String {
        self.location.clone()
    }
}

impl StateStore for BucketStore {
    async fn create(&self, key: &str, bytes: &[u8]) -> Result<Version, StoreError> {
        self.put(key, If::Absent, bytes).await
    }

    async fn replace(&self, key: &str, expected: &Version, bytes: &[u8]) -> Result<Version, StoreError> {
        self.put(key, If::Tagged(&expected.0), bytes).await
    }

    async fn remove(&self, key: &str, expected: &Version) -> Result<(), StoreError> {
        self.take_away(key, expected).await
    }
}
