//! State in an S3 bucket.
//!
//! Every write carries a condition: `If-None-Match: *` makes an object, `If-Match` with its entity tag replaces or removes
//! it. S3 documents all three for general purpose buckets (user guide, "conditional writes" and "conditional deletes"; the
//! last since September 2025); none of it was ever tried on S3 itself from here, and a store that takes the header and does
//! not honour it looks the same. That is what the probe of `app::probe` is for.

mod keys;
mod meaning;
mod store;
mod tag;

use super::calls::Calls;
use super::retry::Caller;
use super::session::Session;
use crate::ports::CloudError;

/// Largest object, in bytes: nothing that is written here comes near, so a larger one is foreign.
pub(super) const OBJECT_MAX: usize = 256 << 20;

/// Where in S3, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketSettings {
    /// A general purpose bucket. Directory buckets do not list their keys in order.
    pub bucket: String,
    /// What every key begins with, without slashes at either end; empty for the whole bucket.
    pub prefix: String,
    /// Replaces S3's own endpoint; else `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, or the profile's. With any of them the
    /// bucket's name goes into the path.
    pub endpoint_url: Option<String>,
    /// Encrypt what is written with this KMS key; else as the bucket does by default.
    pub kms_key_id: Option<String>,
    /// The account that must own the bucket, twelve digits: a bucket that was deleted, and made again by somebody else,
    /// is refused.
    pub bucket_owner: Option<String>,
}

/// A [`StateStore`](crate::ports::StateStore) in an S3 bucket. The version of an object is its entity tag.
///
/// A conditional write is sent once. Only while no connection was made is it tried again; what may have arrived is
/// [`Ambiguous`](crate::ports::StoreError::Ambiguous), and reading back tells. Reads are repeated by the class of their
/// failure.
///
/// Reading needs `s3:GetObject` on the objects and `s3:ListBucket` on the bucket, without which S3 answers for an object
/// that is absent as for one that is forbidden.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
#[derive(Clone)]
pub struct BucketStore {
    client: aws_sdk_s3::Client,
    caller: Caller,
    settings: BucketSettings,
    location: String,
}

impl BucketStore {
    /// The store at this place, with the session's region, credentials and time limit. Asks nothing yet.
    ///
    /// # Errors
    /// [`Unreachable`](crate::ports::CloudErrorKind::Unreachable) for an endpoint that is not an HTTP URL.
    pub fn open(session: &Session, settings: BucketSettings) -> Result<Self, CloudError> {
        let (client, caller) = session.s3(settings.endpoint_url.as_deref(), &Calls::default())?;
        let location = format!("s3://{}/{}", settings.bucket, settings.prefix);
        Ok(Self { client, caller, settings, location: location.trim_end_matches('/').to_owned() })
    }
}
