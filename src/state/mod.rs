//! Where the state is, state in a folder of this machine, and the keys that its head is signed with. The state in S3 lies in `aws`, with everything else that is
//! asked of AWS.
//!
//! One file for each object, named by its key. A write goes to a temporary file first, is forced to the disk, gets its
//! name in one atomic step, and is acknowledged when the folder is on the disk too. What a killed process leaves behind
//! is a temporary file that nobody reads.

mod bucket_url;
#[cfg(feature = "file-store")]
mod fault;
#[cfg(feature = "file-store")]
mod file_store;
#[cfg(feature = "file-store")]
mod folder;
#[cfg(feature = "signed-head")]
mod head_key;
#[cfg(feature = "file-store")]
mod lock;
mod url;
#[cfg(feature = "file-store")]
mod within;

pub use bucket_url::BucketUrl;
#[cfg(feature = "file-store")]
pub use file_store::FileStore;
#[cfg(feature = "signed-head")]
pub use head_key::{FileKey, HeadKeyError, RingVerifier, read_public_keys};
pub use url::{StateUrl, StateUrlError, parse_url};
