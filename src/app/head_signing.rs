//! Whether an apply signs the head that it writes.

use super::record::ReadHead;
use super::{Failure, Meaning};
use crate::domain::digest::Digest;
use crate::domain::signed_head::{Distrust, HeadKey, HeadSignature};
use crate::ports::{HeadSigner, HeadVerifier, SigningError};

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

    /// Refuses to write a head that the pinned keys would refuse, and to sign what nobody has checked. `takes_over` says that
    /// the new head keeps something of the old one that git does not say anew.
    pub(super) fn check_trust(
        &self,
        replaced: Option<&ReadHead>,
        takes_over: bool,
        pinned: &[HeadKey],
        verifier: &impl HeadVerifier,
    ) -> Result<(), Failure> {
        if !pinned.is_empty() {
            return self.check_pinned(pinned);
        }
        let (Self::By(signer), Some(replaced)) = (self, replaced) else { return Ok(()) };
        let key = signer.key();
        let ours = replaced.signature.as_ref().filter(|signature| signature.key == key.id());
        match ours {
            Some(signature) if verifier.holds(key, &replaced.message, &signature.bytes) => Ok(()),
            Some(_) => Err(Failure::new(
                Meaning::Failed,
                "head-not-trusted",
                format!("the head that is to be replaced is not trusted: {}", Distrust::BadSignature { key: key.id() }),
            )
            .help(
                "find out who wrote it, and restore the newest backup of the whole state; or begin signing anew: apply with \
                 --drop-signature, and then with --sign-with. Nothing was done",
            )),
            None if takes_over => Err(Failure::new(
                Meaning::Failed,
                "head-not-checked",
                "this apply would sign what the record says of other roles, and nobody has checked that record",
            )
            .because(match &replaced.signed_by {
                Some(other) => format!("its head names the key {other}, which is not pinned"),
                None => "its head is not signed".to_owned(),
            })
            .help(
                "apply all roles (without --target, and a new plan if some have changed): then git alone decides what is \
                 signed; or name the key that the head is signed with, with --head-key",
            )),
            None => Ok(()),
        }
    }

    /// Whoever pins these keys, this command itself the next time, has to believe what is written now.
    fn check_pinned(&self, pinned: &[HeadKey]) -> Result<(), Failure> {
        const REFUSED: &str = "head-would-be-refused";
        match self.key_id() {
            Some(key) if pinned.iter().any(|pinned| pinned.id() == key) => Ok(()),
            Some(key) => Err(Failure::new(
                Meaning::Failed,
                REFUSED,
                format!("this apply would sign the head with the key {key}, which is not among those of --head-key"),
            )
            .help("name its public half with --head-key as well, wherever the record is read; or sign with a key that is pinned")),
            None => Err(Failure::new(
                Meaning::Failed,
                REFUSED,
                "this apply would write a head without a signature, and --head-key believes none without",
            )
            .help(
                "say --sign-with KEY; or, if it is not to be signed, take --head-key and LEASEHOLD_HEAD_KEY away first, wherever \
                 the record is read",
            )),
        }
        .map_err(|failure| failure.because("whoever pins the same keys would refuse to issue from it; nothing was done"))
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
