//! Keys that heads are signed with: PEM as OpenSSL writes it.

mod private;
mod public;

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

#[cfg(all(test, feature = "testing"))]
#[allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking; clippy knows `#[test]` functions, not their helpers"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::secret::Secret;
    use crate::domain::signed_head::{Algorithm, HeadKey};
    use crate::ports::{HeadSigner as _, HeadVerifier as _};
    use crate::testing::block_on;

    /// Made for these tests with `openssl genpkey`, and used nowhere else.
    const ED25519: (&str, &str) = (
        "-----BEGIN PRIVATE KEY-----\n\
         MC4CAQAwBQYDK2VwBCIEIPpr33JyHT+GbUYMnX7u6lGKKrObIBKeYYyQS8OWakYe\n\
         -----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n\
         MCowBQYDK2VwAyEA8q9/VsATvsq8WuwQ/aI/m4fDWWX287CWWlyHHaEHEeE=\n\
         -----END PUBLIC KEY-----\n",
    );
    const P256: (&str, &str) = (
        "-----BEGIN PRIVATE KEY-----\n\
         MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMlJGlSb7b9yuXdgz\n\
         Z1D5SmkopYinDFsxHyocNdZMsXOhRANCAAQX1BciTL+adcaK62ZlP5stEWaTjxoL\n\
         vBxmjuzkPXDUYQwF1i7U8Pqp6YRz2XncaUXwITvbE0ZQy55NnyV5qiMV\n\
         -----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n\
         MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEF9QXIky/mnXGiutmZT+bLRFmk48a\n\
         C7wcZo7s5D1w1GEMBdYu1PD6qemEc9l53GlF8CE72xNGUMueTZ8leaojFQ==\n\
         -----END PUBLIC KEY-----\n",
    );
    const P384: (&str, &str) = (
        "-----BEGIN PRIVATE KEY-----\n\
         MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDXOc+pgRY3CfXbHizI\n\
         5lFCW0ySKgZd7Au38ABZoM0YN6CGgr5naYImB26vgHeiqMqhZANiAASsNo5kOIgs\n\
         WS1K3k9SEwIfbTRrHyHRwHGbQ/94wSoRYV/OWJnyT6XOAip6JOVmVmzDACR7K2KX\n\
         Zh6ORtLHXYnNzmj8+p2e1pqhH+9GGLWN1OY8+ssBiliHBqEOd9AHmFU=\n\
         -----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n\
         MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAErDaOZDiILFktSt5PUhMCH200ax8h0cBx\n\
         m0P/eMEqEWFfzliZ8k+lzgIqeiTlZlZswwAkeytil2YejkbSx12Jzc5o/Pqdntaa\n\
         oR/vRhi1jdTmPPrLAYpYhwahDnfQB5hV\n\
         -----END PUBLIC KEY-----\n",
    );

    fn key((private, public): (&str, &str)) -> (FileKey, HeadKey) {
        let signer = FileKey::read(&Secret::new(private.to_owned())).unwrap_or_else(|error| panic!("{error}"));
        let public = read_public_keys(public).expect("public").remove(0);
        assert_eq!(*signer.key(), public, "both halves name one key");
        (signer, public)
    }

    #[test]
    fn what_openssl_makes_signs_and_verifies() {
        for (pair, algorithm) in [(ED25519, Algorithm::Ed25519), (P256, Algorithm::EcdsaP256)] {
            let (signer, public) = key(pair);
            assert_eq!(public.algorithm(), algorithm);
            let signature = block_on(signer.sign(b"a head")).expect("signed");
            assert_eq!((signature.key, signature.algorithm), (public.id(), algorithm));
            assert!(RingVerifier.holds(&public, b"a head", &signature.bytes));
            assert!(!RingVerifier.holds(&public, b"another", &signature.bytes));
            assert!(!RingVerifier.holds(&public, b"a head", b""));
        }
    }

    #[test]
    fn other_keys_and_other_texts_are_refused() {
        let private =
            |text: &str| FileKey::read(&Secret::new(text.to_owned())).map(|_| ()).expect_err("no key").message;
        let no_key = "it is not PEM with a PRIVATE KEY section (PKCS#8, not encrypted)";
        assert_eq!(private(""), no_key);
        assert_eq!(private(ED25519.1), no_key);
        assert_eq!(private(&ED25519.0.replace("PRIVATE", "ENCRYPTED PRIVATE")), no_key);
        let two = format!("{}{}", ED25519.0, P256.0);
        assert_eq!(private(&two), "it holds more than one private key");
        assert_eq!(private(P384.0), "it is a private key of another kind than Ed25519 or P-256, or damaged");
        let public = |text: &str| read_public_keys(text).expect_err("no key").message;
        assert_eq!(public("ssh-ed25519 AAAA"), "it is not PEM with a PUBLIC KEY section");
        assert_eq!(public(ED25519.0), "it is not PEM with a PUBLIC KEY section");
        assert_eq!(public(P384.1), "it is a public key of another kind than Ed25519 or P-256");
        let two = read_public_keys(&[ED25519.1, P256.1].concat()).expect("two keys");
        assert_eq!(two, [key(ED25519).1, key(P256).1]);
    }

    proptest! {
        #[test]
        fn no_flipped_bit_of_a_signature_or_a_message_holds(
            ecdsa in any::<bool>(),
            message in proptest::collection::vec(any::<u8>(), 1..80),
            at in any::<prop::sample::Index>(),
            bit in 0_u8..8,
        ) {
            let (signer, public) = key(if ecdsa { P256 } else { ED25519 });
            let signature = block_on(signer.sign(&message)).expect("signed").bytes;
            prop_assert!(RingVerifier.holds(&public, &message, &signature));
            let flip = |bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
                bytes
            };
            prop_assert!(!RingVerifier.holds(&public, &flip(&message), &signature));
            prop_assert!(!RingVerifier.holds(&public, &message, &flip(&signature)));
        }
    }
}
