//! `policy store`: what a state in S3 needs, from its URL alone.

use crate::domain::least_privilege::{StatePlace, StorePolicy, is_key_arn, store};
use crate::wire::policies_v1::store_json;

/// The policy as indented JSON with a line break at the end, and what to know about it, one sentence each.
#[must_use]
pub fn store_policy(whose: StorePolicy, place: &StatePlace) -> (String, Vec<String>) {
    let mut notes = Vec::new();
    match whose {
        StorePolicy::Bucket => notes.push(
            "switch versioning on as well: a removed or replaced object can then be had again; nobody but the bucket's \
             administrators needs s3:DeleteObjectVersion or s3:PutBucketPolicy"
                .to_owned(),
        ),
        StorePolicy::Plan | StorePolicy::Apply | StorePolicy::Issue | StorePolicy::Sweep => notes.push(
            "s3:ListBucket shows the names of all objects in the bucket: give the state a bucket of its own".to_owned(),
        ),
    }
    if place.region.is_none() {
        notes.push("the URL names no region, so the ARNs are those of the partition `aws`".to_owned());
    }
    match place.kms_key_id.as_deref() {
        Some(key) if whose != StorePolicy::Bucket && !is_key_arn(key) => notes.push(
            "a policy names a KMS key by the ARN of the key: with kms_key_id=arn:…:key/… in the URL the permissions are \
             printed as well"
                .to_owned(),
        ),
        _ => {}
    }
    (store_json(&store(whose, place)), notes)
}
