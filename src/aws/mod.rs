//! AWS over HTTP: the SDK behind our ports.
//!
//! [`Session::load`] finds region, endpoint and credentials once; [`AwsReader`] and [`AwsIssuer`] are cheap views of it.
//! Every error is classified here, where the SDK's types are still known; nothing of the SDK leaves this module.
//!
//! The SDK's own retries and its correction of clock skew are off. Retries are ours (`retry.rs`), because
//! whether a lost `AssumeRole` may be asked again is a question about leases. And a request signed with AWS's time
//! instead of this machine's would succeed, while every lease written here would carry the wrong time.

mod answer;
mod budget;
mod credentials;
mod endpoint;
mod errors;
mod http;
mod identity;
mod issuer;
mod reader;
mod retry;
mod roles;
mod session;
mod tls;

pub use issuer::AwsIssuer;
pub use reader::AwsReader;
pub use session::{Session, Settings};
