//! Whether an apply signs the head that it writes.

use super::record::ReadHead;
use super::{Failure, Meaning};
use crate::domain::digest::Digest;
use crate::domain::signed_head::{HeadKey, HeadSignature};
use crate::ports::{HeadSigner, SigningError};

/// What becomes of the head's signature.
#[derive(Debug)]
pub enum HeadSigning<'a, K> {
    /// There is none, and must not have been one: a signature is never lost by leaving out an option.
    Unsigned,
    /// There is none from now on.
    Dropped,
    /// It is made with this key.
    By(&'a K),
}

/// A key that nobody has.
#[derive(Debug)]
pub enum NoKey {}

impl HeadSigner for NoKey {
    fn key(&self) -> &HeadKey {
        match *self {}
    }

    async fn sign(&self, _: &[u8]) -> Result<HeadSignature, SigningError> {
        match *self {}
    }
}

impl HeadSigning<'static, NoKey> {
    /// Of a state whose head is not signed.
    #[must_use]
    pub fn none() -> Self {
        Self::Unsigned
    }
}

impl<K: HeadSigner> HeadSigning<'_, K> {
    /// The key that the head will be signed with.
    pub(super) fn key_id(&self) -> Option<Digest> {
        match self {
            Self::By(signer) => Some(signer.key().id()),
            Self::Unsigned | Self::Dropped => None,
        }
    }

    /// Whether a head that says the same is written all the same, because its signature has to be another.
    #[must_use]
    pub fn changes(&self, head: Option<&ReadHead>) -> bool {
        let Some(head) = head else { return false };
        match self {
            Self::Unsigned => false,
            Self::Dropped | Self::By(_) => head.signed_by != self.key_id(),
        }
    }

    /// Refuses to replace a signed head by one that is not.
    ///
    /// # Errors
    /// `head-is-signed`.
    pub fn check(&self, head: Option<&ReadHead>) -> Result<(), Failure> {
        let signed_by = head.and_then(|head| head.signed_by.as_ref());
        match (self, signed_by) {
            (Self::Unsigned, Some(key)) => Err(Failure::new(
                Meaning::Failed,
                "head-is-signed",
                format!("the head is signed with the key {key}, and this apply would leave it without a signature"),
            )
            .because("whoever pins a key would refuse to issue from it")
            .help("say --sign-with KEY, or --drop-signature if it is not to be signed any more")),
            (Self::Unsigned, None) | (Self::Dropped | Self::By(_), _) => Ok(()),
        }
    }

    pub(super) async fn sign(&self, message: &[u8]) -> Result<Option<HeadSignature>, Failure> {
        let Self::By(signer) = self else { return Ok(None) };
        match signer.sign(message).await {
            Ok(signature) => Ok(Some(signature)),
            Err(SigningError::Cloud(error)) => {
                Err(Failure::from(error)
                    .because("the head was not signed, so it was not written and nothing was applied"))
            }
            Err(SigningError::Key(detail)) => Err(Failure::new(
                Meaning::Failed,
                "head-not-signed",
                "the head could not be signed, so it was not written and nothing was applied",
            )
            .because(detail)
            .help("check the key of --sign-with")),
        }
    }
}
