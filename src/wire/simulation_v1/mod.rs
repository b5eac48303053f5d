//! A question to the evaluator, and its answer, as JSON: `simulate`.
//!
//! Whoever has policies can ask what AWS would say to a request, without AWS: test suites, reviews, other tools.
//!
//! ```json
//! {
//!   "format": "leasehold/simulation-request/v1",
//!   "principal": {"arn": "arn:aws:iam::111122223333:role/VaultRunner", "session": "ci"},
//!   "actions": ["sts:AssumeRole"],
//!   "resource": "arn:aws:iam::444455556666:role/Deploy",
//!   "context": {
//!     "keys": {
//!       "sts:ExternalId": {"values": ["x-1"]},
//!       "aws:MultiFactorAuthPresent": {"presence": "absent"},
//!       "aws:SourceIp": {"presence": "unknown"}
//!     },
//!     "others": "unknown"
//!   },
//!   "policies": {
//!     "identity": [{"name": "assume", "document": {"Version": "2012-10-17", "Statement": []}}],
//!     "resource": {"kind": "trust", "policy": {"name": "Deploy", "document": {}}},
//!     "boundary": "none",
//!     "session": "none",
//!     "scps": ["assumed"],
//!     "rcps": []
//!   }
//! }
//! ```

mod knowledge;
mod limits;
mod names;
mod policies;
mod request;
mod result;
mod schema;
#[cfg(test)]
mod tests;

pub use limits::MAX_BYTES;
pub use request::{RequestError, read};
pub use result::{Document, Note};
pub use schema::{request_schema, schema};

/// The `format` of every request.
pub const REQUEST_FORMAT: &str = "leasehold/simulation-request/v1";

/// The `format` of every answer.
pub const FORMAT: &str = "leasehold/simulation/v1";
