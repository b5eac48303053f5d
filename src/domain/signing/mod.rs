//! SSH signatures of git commits: who signed what, and whether a list of allowed signers has them.
//!
//! Forms: `git`'s commit object with its `gpgsig` header; OpenSSH's PROTOCOL.sshsig; the `ALLOWED SIGNERS` section of
//! ssh-keygen(1). Everything is decided here but the one thing that needs a cryptographic library: whether a signature
//! fits a key. That question is handed out as a [`Check`], complete.

mod commit;
mod key;
mod reader;
mod signature;
mod signers;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub use commit::SignedCommit;
pub use key::{KeyKind, PublicKey};
pub use signature::{Check, Scheme, SshSignature};
pub use signers::{AllowedSigners, SignedBy, SignersError};

/// The namespace that git signs in.
pub const NAMESPACE: &str = "git";

/// Why a commit does not count as signed by somebody who may.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Refusal {
    /// Stable kebab kind.
    pub kind: &'static str,
    /// What is wrong, in one sentence that begins after "the commit …".
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    fn new(kind: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: help.into() }
    }

    /// A signature that says something else than it should, or nothing that can be understood.
    fn malformed(detail: &str) -> Self {
        Self::new(
            "malformed-signature",
            format!("carries a signature that cannot be read: {detail}"),
            "sign it anew with `git commit --amend --no-edit -S`, and see what `git verify-commit` says",
        )
    }

    /// A signature that is not that of its key over this commit.
    #[must_use]
    pub fn bad_signature(key: &PublicKey) -> Self {
        Self::new(
            "bad-signature",
            format!("carries a signature that {} did not make over it", key.shown()),
            "do not apply it: it was changed after it was signed, or the signature was taken from another commit",
        )
    }
}
