use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CorruptError;
use crate::domain::base64;
use crate::domain::digest::Digest;
use crate::domain::signed_head::{Algorithm, HeadSignature};

/// What the text that is signed begins with; the checksum follows. It tells such a signature from any other that the same key
/// may make.
pub const SIGNED_AS: &str = "leasehold/state/v1 head ";

/// What a signature of the head with this checksum is made over.
pub(super) fn message(checksum: &Digest) -> Vec<u8> {
    [SIGNED_AS.as_bytes(), checksum.as_str().as_bytes()].concat()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signature<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    algorithm: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
}

impl From<&HeadSignature> for Signature<'_> {
    fn from(signature: &HeadSignature) -> Self {
        let HeadSignature { key, algorithm, bytes } = signature;
        Self {
            key: key.as_str().to_owned().into(),
            algorithm: algorithm.as_str().into(),
            value: base64::encode(bytes).into(),
        }
    }
}

impl TryFrom<Signature<'_>> for HeadSignature {
    type Error = CorruptError;

    fn try_from(Signature { key, algorithm, value }: Signature<'_>) -> Result<Self, CorruptError> {
        let malformed = |what: &str| CorruptError::Malformed { detail: format!("the signature's {what}") };
        let bytes = base64::decode(&value).filter(|bytes| base64::encode(bytes) == value);
        Ok(Self {
            key: Digest::parse(&key).ok_or_else(|| malformed("key is no digest"))?,
            algorithm: Algorithm::parse(&algorithm).ok_or_else(|| malformed("algorithm is not known"))?,
            bytes: bytes.ok_or_else(|| malformed("value is not base64"))?,
        })
    }
}

/// Who signed the head.
#[derive(JsonSchema)]
#[schemars(rename = "HeadSignature", deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) struct Schema {
    /// `sha256:…` of the key's `SubjectPublicKeyInfo` in DER.
    key: String,
    /// `ed25519` or `ecdsa-p256-sha256`.
    algorithm: String,
    /// The signature over `leasehold/state/v1 head ` and the checksum, in base64.
    value: String,
}
