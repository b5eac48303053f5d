//! Keys that heads are signed with: PEM as OpenSSL writes it.

mod private;
mod public;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use private::FileKey;
pub use public::{RingVerifier, read_public_keys};

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct HeadKeyError {
    /// What is wrong, in one sentence without a full stop.
    pub message: &'static str,
    /// What to do.
    pub help: &'static str,
}
