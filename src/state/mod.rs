//! Where the state is, and state in a folder of this machine. The state in S3 lies in `aws`, with everything else that is
//! asked of AWS.
//!
//! One file for each object, named by its key. A write goes to a temporary file first, is forced to the disk, gets its
//! name in one atomic step, and is acknowledged when the folder is on the disk too. What a killed process leaves behind
//! is a temporary file that nobody reads.

mod bucket_url;
mod fault;
mod file_store;
mod folder;
mod lock;
mod url;

pub use bucket_url::BucketUrl;
pub use file_store::FileStore;
pub use url::{StateUrl, StateUrlError, parse_url};
