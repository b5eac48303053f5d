//! Public keys, and whether a signature fits one.

use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, UnparsedPublicKey};
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;

use super::HeadKeyError;
use crate::domain::signed_head::{Algorithm, HeadKey};
use crate::ports::HeadVerifier;

/// Reads every `PUBLIC KEY` section of a text.
///
/// # Errors
/// A text without one, or with one that is neither Ed25519 nor P-256.
pub fn read_public_keys(pem: &str) -> Result<Vec<HeadKey>, HeadKeyError> {
    let malformed = HeadKeyError { message: "it is not PEM with a PUBLIC KEY section", help: HOW_TO_MAKE_ONE };
    let mut keys = Vec::new();
    for section in SubjectPublicKeyInfoDer::pem_slice_iter(pem.as_bytes()) {
        let der = section.map_err(|_| malformed.clone())?;
        keys.push(HeadKey::from_spki(&der).ok_or(HeadKeyError {
            message: "it is a public key of another kind than Ed25519 or P-256",
            help: HOW_TO_MAKE_ONE,
        })?);
    }
    if keys.is_empty() { Err(malformed) } else { Ok(keys) }
}

const HOW_TO_MAKE_ONE: &str =
    "`openssl pkey -in KEY.pem -pubout` writes the public half of a key; for a key in KMS see the README";

/// Checks signatures with ring.
#[derive(Debug, Clone, Copy)]
pub struct RingVerifier;

impl HeadVerifier for RingVerifier {
    fn holds(&self, key: &HeadKey, message: &[u8], signature: &[u8]) -> bool {
        match key.algorithm() {
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, key.public()).verify(message, signature),
            Algorithm::EcdsaP256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public()).verify(message, signature)
            }
        }
        .is_ok()
    }
}
