//! A private key in a file.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::HeadKeyError;
use crate::domain::secret::Secret;
use crate::domain::signed_head::{Algorithm, HeadKey, HeadSignature};
use crate::ports::{HeadSigner, SigningError};

/// A key that signs here.
#[allow(missing_debug_implementations, reason = "it holds a private key")]
pub struct FileKey {
    pair: Pair,
    key: HeadKey,
}

#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
enum Pair {
    Ed25519(Ed25519KeyPair),
    EcdsaP256(EcdsaKeyPair, SystemRandom),
}

impl FileKey {
    /// Reads PKCS#8 in PEM, Ed25519 or P-256, as `openssl genpkey` writes it. A key under a pass phrase is not read.
    ///
    /// # Errors
    /// Another form, or another kind of key. The text is not repeated.
    pub fn read(pem: &Secret) -> Result<Self, HeadKeyError> {
        const HELP: &str = "make one with `openssl genpkey -algorithm ed25519`; of an older form `openssl pkcs8 -topk8 -nocrypt` \
                            makes this one";
        let mut keys = PrivatePkcs8KeyDer::pem_slice_iter(pem.expose().as_bytes());
        let Some(Ok(der)) = keys.next() else {
            return Err(HeadKeyError {
                message: "it is not PEM with a PRIVATE KEY section (PKCS#8, not encrypted)",
                help: HELP,
            });
        };
        if keys.next().is_some() {
            return Err(HeadKeyError {
                message: "it holds more than one private key",
                help: "keep the key that is to sign in a file of its own",
            });
        }
        let kind = HeadKeyError {
            message: "it is a private key of another kind than Ed25519 or P-256, or damaged",
            help: HELP,
        };
        let bytes = der.secret_pkcs8_der();
        // What OpenSSL writes of an Ed25519 key holds no public half that could be compared.
        let pair = match Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes) {
            Ok(pair) => Pair::Ed25519(pair),
            Err(_) => {
                let random = SystemRandom::new();
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, bytes, &random);
                Pair::EcdsaP256(pair.map_err(|_| kind.clone())?, random)
            }
        };
        let key = match &pair {
            Pair::Ed25519(pair) => HeadKey::from_public(Algorithm::Ed25519, pair.public_key().as_ref()),
            Pair::EcdsaP256(pair, _) => HeadKey::from_public(Algorithm::EcdsaP256, pair.public_key().as_ref()),
        };
        Ok(Self { pair, key: key.ok_or(kind)? })
    }
}

impl HeadSigner for FileKey {
    fn key(&self) -> &HeadKey {
        &self.key
    }

    async fn sign(&self, message: &[u8]) -> Result<HeadSignature, SigningError> {
        let bytes = match &self.pair {
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::EcdsaP256(pair, random) => pair
                .sign(random, message)
                .map_err(|_| SigningError::Key("the system gave no random number".to_owned()))?
                .as_ref()
                .to_vec(),
        };
        Ok(HeadSignature { key: self.key.id(), algorithm: self.key.algorithm(), bytes })
    }
}
