//! AWS over HTTP: the SDK behind our ports. The state in S3 is one of them, because it needs the same session, the same
//! sorting of errors and the same limit of time as everything else that is asked of AWS.
//!
//! [`Session::load`] finds region, endpoint and credentials once; [`AwsReader`], [`AwsIssuer`], [`AwsWriter`] and [`BucketStore`] are
//! cheap views of it.
//! Every error is classified here, where the SDK's types are still known; nothing of the SDK leaves this module.
//!
//! The SDK's own retries and its correction of clock skew are off. Retries are ours (`retry.rs`), because
//! whether a lost `AssumeRole` may be asked again is a question about leases. And a request signed with AWS's time
//! instead of this machine's would succeed, while every lease written here would carry the wrong time.

mod account;
mod answer;
mod attachments;
#[cfg(feature = "s3-store")]
mod bucket;
mod budget;
mod calls;
mod credentials;
mod documents;
mod endpoint;
mod entry;
mod errors;
mod groups;
mod http;
mod iam;
mod identity;
mod issuer;
#[cfg(feature = "kms")]
mod kms;
mod pace;
mod pages;
mod policies;
mod principal;
mod reader;
mod retry;
mod role_policies;
mod roles;
mod session;
mod summary;
mod tls;
mod unknown;
mod users;
mod writer;

#[cfg(feature = "s3-store")]
pub use bucket::{BucketSettings, BucketStore};
pub use issuer::AwsIssuer;
#[cfg(feature = "kms")]
pub use kms::KmsKey;
pub use reader::AwsReader;
pub use session::{Session, Settings};
pub use writer::AwsWriter;
