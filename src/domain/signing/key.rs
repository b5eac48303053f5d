use sha2::{Digest as _, Sha256};

use super::reader::{Malformed, Reader};
use crate::domain::base64;

/// Kinds of keys whose signatures are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519.
    Ed25519,
    /// ECDSA over the curve P-256.
    EcdsaP256,
    /// ECDSA over the curve P-384.
    EcdsaP384,
    /// RSA.
    Rsa,
    /// Ed25519 in a FIDO authenticator.
    SkEd25519,
    /// ECDSA over the curve P-256 in a FIDO authenticator.
    SkEcdsaP256,
}

impl KeyKind {
    const ALL: [Self; 6] =
        [Self::Ed25519, Self::EcdsaP256, Self::EcdsaP384, Self::Rsa, Self::SkEd25519, Self::SkEcdsaP256];

    /// The name that OpenSSH gives it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::Rsa => "ssh-rsa",
            Self::SkEd25519 => "sk-ssh-ed25519@openssh.com",
            Self::SkEcdsaP256 => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The curve's name in a key, and the bytes of a coordinate.
    pub(super) fn curve(self) -> Option<(&'static str, usize)> {
        match self {
            Self::EcdsaP256 | Self::SkEcdsaP256 => Some(("nistp256", 32)),
            Self::EcdsaP384 => Some(("nistp384", 48)),
            Self::Ed25519 | Self::Rsa | Self::SkEd25519 => None,
        }
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) kind: KeyKind,
    /// As OpenSSH encodes it: what is compared.
    pub(super) blob: Vec<u8>,
    pub(super) material: Material,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Material {
    /// A point: 32 bytes of Ed25519, or an uncompressed one of a curve; the application of a FIDO key.
    Point { point: Vec<u8>, application: Option<Vec<u8>> },
    /// Modulus and exponent, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
}

/// What a name of OpenSSH stands for here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    Kind(KeyKind),
    /// OpenSSH knows it, and it is not understood here.
    Unsupported,
    Certificate,
    Nothing,
}

/// Sorts the name of a key type.
pub(super) fn named(name: &str) -> Named {
    let base = name.strip_suffix("@openssh.com").unwrap_or(name);
    match KeyKind::parse(name) {
        Some(kind) => Named::Kind(kind),
        None if base.ends_with("-cert-v01") && base != name => Named::Certificate,
        None if matches!(name, "ssh-dss" | "ecdsa-sha2-nistp521") => Named::Unsupported,
        None => Named::Nothing,
    }
}

impl PublicKey {
    /// Reads OpenSSH's encoding, of which nothing may be left.
    pub(super) fn parse(blob: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader(blob);
        let kind = KeyKind::parse(reader.text()?).ok_or(Malformed)?;
        if let Some((curve, _)) = kind.curve()
            && reader.text()? != curve
        {
            return Err(Malformed);
        }
        let material = match kind {
            KeyKind::Rsa => {
                let (e, n) = (reader.unsigned()?.to_vec(), reader.unsigned()?.to_vec());
                Material::Rsa { n, e }
            }
            KeyKind::Ed25519 | KeyKind::EcdsaP256 | KeyKind::EcdsaP384 => {
                Material::Point { point: reader.string()?.to_vec(), application: None }
            }
            KeyKind::SkEd25519 | KeyKind::SkEcdsaP256 => {
                let point = reader.string()?.to_vec();
                Material::Point { point, application: Some(reader.string()?.to_vec()) }
            }
        };
        reader.end()?;
        let expected = kind.curve().map_or(32, |(_, coordinate)| 2 * coordinate + 1);
        if matches!(&material, Material::Point { point, .. } if point.len() != expected) {
            return Err(Malformed);
        }
        Ok(Self { kind, blob: blob.to_vec(), material })
    }

    /// What kind of key it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", base64::encode_unpadded(&Sha256::digest(&self.blob)))
    }

    /// Kind and fingerprint.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("the {} key {}", self.kind.as_str(), self.fingerprint())
    }
}
