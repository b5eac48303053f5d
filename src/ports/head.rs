//! Signatures of the head.

use std::future::Future;

use thiserror::Error;

use super::CloudError;
use crate::domain::signed_head::{HeadKey, HeadSignature};

/// Tells whether a signature fits a key.
pub trait HeadVerifier {
    /// Whether `signature` is that of `key` over `message`.
    fn holds(&self, key: &HeadKey, message: &[u8], signature: &[u8]) -> bool;
}

/// Signs heads with one key.
pub trait HeadSigner {
    /// The public half.
    fn key(&self) -> &HeadKey;

    /// A signature over `message`.
    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<HeadSignature, SigningError>> + Send;
}

/// A head that could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SigningError {
    /// KMS did not sign it.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// The key did not sign it, or signed something else.
    #[error("{0}")]
    Key(String),
}
