//! State in a folder of this machine.
//!
//! One file for each object, named by its key. A write goes to a temporary file first, is forced to the disk, gets its
//! name in one atomic step, and is acknowledged when the folder is on the disk too. What a killed process leaves behind
//! is a temporary file that nobody reads.

mod fault;
mod file_store;
mod folder;
mod lock;
mod url;

pub use file_store::FileStore;
pub use url::{StateUrl, StateUrlError, parse_url};
