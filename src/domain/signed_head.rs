//! A head that is signed: whose key, over what, and what a reader remembers of the heads it has seen.
//!
//! A signature says that somebody with the key made this head. It does not say that this head is the newest one, and
//! whoever can write to a store can put an older head back: against that a reader keeps the newest that it has seen.
//!
//! Forms of keys: `SubjectPublicKeyInfo` of RFC 5280, with the algorithms of RFC 8410 (Ed25519) and RFC 5480 (P-256).

use std::fmt;

use thiserror::Error;

use super::digest::Digest;
use super::record::Head;

/// How a head is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// Ed25519 of RFC 8032, 64 bytes. KMS calls it `ED25519_SHA_512`.
    Ed25519,
    /// ECDSA on P-256 over SHA-256, in ASN.1 DER. KMS calls it `ECDSA_SHA_256`.
    EcdsaP256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::EcdsaP256];

    /// The word in a stored signature.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256-sha256",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text)
    }

    /// What a `SubjectPublicKeyInfo` of such a key begins with, and how many bytes of key follow.
    fn prefix(self) -> (&'static [u8], usize) {
        match self {
            Self::Ed25519 => (b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 32),
            Self::EcdsaP256 => (
                b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04",
                64,
            ),
        }
    }

    fn public_key_length(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::EcdsaP256 => 65,
        }
    }
}

/// A public key that heads are signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadKey {
    algorithm: Algorithm,
    spki: Vec<u8>,
}

impl HeadKey {
    /// Reads a DER `SubjectPublicKeyInfo`; `None` for anything but an Ed25519 key or an uncompressed point of P-256.
    #[must_use]
    pub fn from_spki(der: &[u8]) -> Option<Self> {
        let algorithm = Algorithm::ALL.into_iter().find(|algorithm| {
            let (prefix, length) = algorithm.prefix();
            der.len() == prefix.len() + length && der.starts_with(prefix)
        })?;
        Some(Self { algorithm, spki: der.to_vec() })
    }

    /// The key of these bytes: 32 of Ed25519, or an uncompressed point with its `04`. `None` for another length.
    #[must_use]
    pub fn from_public(algorithm: Algorithm, public: &[u8]) -> Option<Self> {
        let (prefix, length) = algorithm.prefix();
        let key = public.get(algorithm.public_key_length() - length..)?;
        Self::from_spki(&[prefix, key].concat()).filter(|read| read.public() == public)
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Names it: the digest of its `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn id(&self) -> Digest {
        Digest::of_bytes(&self.spki)
    }

    /// The key itself, as cryptographic libraries take it.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.spki[self.spki.len() - self.algorithm.public_key_length()..]
    }
}

/// A signature as it stands in a head. Nothing is proven by having one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadSignature {
    /// [`HeadKey::id`] of the key that is said to have made it.
    pub key: Digest,
    /// How.
    pub algorithm: Algorithm,
    /// The signature.
    pub bytes: Vec<u8>,
}

/// The newest head that a reader has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenHead {
    /// Its lineage.
    pub lineage: String,
    /// Its serial.
    pub serial: u64,
    /// The snapshot that it names.
    pub snapshot_digest: Digest,
}

impl SeenHead {
    /// What is kept of a head.
    #[must_use]
    pub fn of(head: &Head) -> Self {
        let Head { lineage, serial, snapshot_digest, .. } = head;
        Self { lineage: lineage.clone(), serial: *serial, snapshot_digest: snapshot_digest.clone() }
    }
}

/// Why a head is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Distrust {
    /// Keys are pinned, and it is not signed.
    #[error("it is not signed")]
    Unsigned,
    /// It is signed with a key that is not pinned.
    #[error("it is signed with the key {key}, which is not among those that are trusted here: {}", Listed(.trusted))]
    UnknownKey {
        /// The key that the signature names.
        key: Digest,
        /// Those that are pinned.
        trusted: Vec<Digest>,
    },
    /// The signature is not that key's over this head.
    #[error("its signature was not made over it by the key {key} that it names: it was changed after it was signed")]
    BadSignature {
        /// The key that the signature names.
        key: Digest,
    },
    /// It belongs to another deployment.
    #[error("it is of another lineage ({found:?}) than the head that was seen before ({seen:?})")]
    OtherLineage {
        /// Of the head that was seen.
        seen: String,
        /// Of this head (hostile).
        found: String,
    },
    /// It is older than one that was seen.
    #[error("it has serial {found}, and serial {seen} was seen before: it was put back from an older copy")]
    Older {
        /// Of the head that was seen.
        seen: u64,
        /// Of this head.
        found: u64,
    },
    /// It has the serial of the head that was seen, and says something else.
    #[error("it names another snapshot than the head of the same serial {serial} that was seen before")]
    Forked {
        /// Of both.
        serial: u64,
    },
    /// There is none, and one was seen.
    #[error("it is gone, and serial {seen} was seen before")]
    Gone {
        /// Of the head that was seen.
        seen: u64,
    },
}

struct Listed<'a>(&'a [Digest]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.0.iter().map(Digest::as_str).collect();
        f.write_str(&ids.join(", "))
    }
}

/// Which of the pinned keys a signature has to be held against. A key has one algorithm, so the signature's own word for it
/// decides nothing but whether the two fit.
pub fn trusted_key<'k>(keys: &'k [HeadKey], signature: Option<&HeadSignature>) -> Result<&'k HeadKey, Distrust> {
    let HeadSignature { key: id, algorithm, bytes: _ } = signature.ok_or(Distrust::Unsigned)?;
    let key = keys
        .iter()
        .find(|key| key.id() == *id)
        .ok_or_else(|| Distrust::UnknownKey { key: id.clone(), trusted: keys.iter().map(HeadKey::id).collect() })?;
    if key.algorithm() == *algorithm { Ok(key) } else { Err(Distrust::BadSignature { key: id.clone() }) }
}

/// Holds a head against the newest that was seen before it was read.
pub fn check_memory(seen: &SeenHead, head: Option<&Head>) -> Result<(), Distrust> {
    let Some(head) = head else { return Err(Distrust::Gone { seen: seen.serial }) };
    if head.lineage != seen.lineage {
        return Err(Distrust::OtherLineage { seen: seen.lineage.clone(), found: head.lineage.clone() });
    }
    if head.serial < seen.serial {
        return Err(Distrust::Older { seen: seen.serial, found: head.serial });
    }
    if head.serial == seen.serial && head.snapshot_digest != seen.snapshot_digest {
        return Err(Distrust::Forked { serial: seen.serial });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::Basis;

    fn key(algorithm: Algorithm, fill: u8) -> HeadKey {
        let mut public = vec![fill; algorithm.public_key_length()];
        if algorithm == Algorithm::EcdsaP256 {
            public[0] = 4;
        }
        HeadKey::from_public(algorithm, &public).expect("a key")
    }

    fn head(lineage: &str, serial: u64, snapshot: &[u8]) -> Head {
        let manifest_digest = Digest::of_bytes(b"manifests");
        Head {
            lineage: lineage.to_owned(),
            serial,
            basis: Basis { commit: None, tree: None, dirty: false, manifest_digest },
            snapshot_digest: Digest::of_bytes(snapshot),
            previous: None,
            applied_at: jiff::Timestamp::UNIX_EPOCH,
            applied_by: None,
            announced_by: None,
        }
    }

    #[test]
    fn keys_read_back_and_nothing_else_is_a_key() {
        for algorithm in Algorithm::ALL {
            let key = key(algorithm, 7);
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
            assert_eq!(HeadKey::from_spki(&key.spki), Some(key.clone()));
            assert_eq!(key.public().len(), algorithm.public_key_length());
            for cut in 0..key.spki.len() {
                assert_eq!(HeadKey::from_spki(&key.spki[..cut]), None);
            }
            let (prefix, _) = algorithm.prefix();
            for at in 0..prefix.len() {
                let mut other = key.spki.clone();
                other[at] ^= 1;
                assert_eq!(HeadKey::from_spki(&other), None, "{at}");
            }
        }
        assert_eq!(HeadKey::from_public(Algorithm::EcdsaP256, &[2; 65]), None, "a compressed point, or none");
        assert_eq!(HeadKey::from_public(Algorithm::Ed25519, &[2; 33]), None);
        assert_eq!(HeadKey::from_public(Algorithm::Ed25519, &[]), None);
        assert_eq!(Algorithm::parse("none"), None);
    }

    #[test]
    fn only_a_pinned_key_is_asked() {
        let keys = [key(Algorithm::Ed25519, 1), key(Algorithm::EcdsaP256, 2)];
        let signed = |key: &HeadKey, algorithm| HeadSignature { key: key.id(), algorithm, bytes: vec![0; 64] };
        for key in &keys {
            assert_eq!(trusted_key(&keys, Some(&signed(key, key.algorithm()))), Ok(key));
        }
        assert_eq!(trusted_key(&keys, None), Err(Distrust::Unsigned));
        let stranger = key(Algorithm::Ed25519, 3);
        let refused = trusted_key(&keys, Some(&signed(&stranger, Algorithm::Ed25519)));
        assert!(matches!(refused, Err(Distrust::UnknownKey { key, .. }) if key == stranger.id()));
        let confused = trusted_key(&keys, Some(&signed(&keys[0], Algorithm::EcdsaP256)));
        assert_eq!(confused, Err(Distrust::BadSignature { key: keys[0].id() }));
    }

    #[test]
    fn what_was_seen_is_never_undone() {
        let seen = SeenHead::of(&head("a", 7, b"7"));
        assert_eq!(check_memory(&seen, Some(&head("a", 7, b"7"))), Ok(()));
        assert_eq!(check_memory(&seen, Some(&head("a", 8, b"8"))), Ok(()));
        assert_eq!(check_memory(&seen, None), Err(Distrust::Gone { seen: 7 }));
        assert_eq!(check_memory(&seen, Some(&head("a", 6, b"6"))), Err(Distrust::Older { seen: 7, found: 6 }));
        assert_eq!(check_memory(&seen, Some(&head("a", 7, b"8"))), Err(Distrust::Forked { serial: 7 }));
        let other = check_memory(&seen, Some(&head("b", 9, b"9")));
        assert_eq!(other, Err(Distrust::OtherLineage { seen: "a".to_owned(), found: "b".to_owned() }));
    }
}
