//! A key in KMS that signs heads.

use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyUsageType, MessageType, SigningAlgorithmSpec};

use super::calls::Calls;
use super::errors::cloud_error;
use super::retry::{Caller, Repeat};
use super::session::Session;
use crate::domain::signed_head::{Algorithm, HeadKey, HeadSignature};
use crate::ports::{CloudError, CloudErrorKind, HeadSigner, SigningError};

/// An asymmetric key in KMS, of the spec `ECC_NIST_EDWARDS25519` or `ECC_NIST_P256`. Needs `kms:GetPublicKey` and `kms:Sign`.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct KmsKey {
    kms: aws_sdk_kms::Client,
    caller: Caller,
    arn: String,
    key: HeadKey,
}

impl KmsKey {
    /// Asks KMS for the public half of the key with this ARN, or of the alias with it.
    ///
    /// # Errors
    /// What KMS refuses, and [`Refused`](CloudErrorKind::Refused) for a key that does not sign, or is of another kind.
    pub async fn load(session: &Session, arn: &str) -> Result<Self, CloudError> {
        const OPERATION: &str = "kms:GetPublicKey";
        let (kms, caller) = session.kms(&Calls::default())?;
        let running = caller.start();
        let ask = || kms.get_public_key().key_id(arn).send();
        let answer = Box::pin(caller.call(running.end(), OPERATION, Repeat::Read, ask)).await?;
        let signs = answer.key_usage() == Some(&KeyUsageType::SignVerify);
        let spki = answer.public_key().map(Blob::as_ref).unwrap_or_default();
        let key = HeadKey::from_spki(spki).filter(|_| signs).ok_or_else(|| {
            let wanted = "the key is not one for SIGN_VERIFY of the spec ECC_NIST_EDWARDS25519 or ECC_NIST_P256";
            cloud_error(CloudErrorKind::Refused, OPERATION, wanted)
        })?;
        Ok(Self { kms, caller, arn: arn.to_owned(), key })
    }
}

impl HeadSigner for KmsKey {
    fn key(&self) -> &HeadKey {
        &self.key
    }

    async fn sign(&self, message: &[u8]) -> Result<HeadSignature, SigningError> {
        const OPERATION: &str = "kms:Sign";
        let algorithm = match self.key.algorithm() {
            Algorithm::Ed25519 => SigningAlgorithmSpec::Ed25519Sha512,
            Algorithm::EcdsaP256 => SigningAlgorithmSpec::EcdsaSha256,
        };
        let ask = || {
            let sign = self.kms.sign().key_id(&self.arn).message(Blob::new(message));
            sign.message_type(MessageType::Raw).signing_algorithm(algorithm.clone()).send()
        };
        let running = self.caller.start();
        // A second signature over the same head is as good as the first.
        let answer = Box::pin(self.caller.call(running.end(), OPERATION, Repeat::Read, ask)).await?;
        let bytes = answer
            .signature
            .map(Blob::into_inner)
            .filter(|bytes| !bytes.is_empty())
            .ok_or_else(|| cloud_error(CloudErrorKind::Malformed, OPERATION, "the answer holds no signature"))?;
        Ok(HeadSignature { key: self.key.id(), algorithm: self.key.algorithm(), bytes })
    }
}
