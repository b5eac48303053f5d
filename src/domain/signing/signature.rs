use sha2::{Digest as _, Sha256, Sha512};

use super::key::{KeyKind, Material, Named, PublicKey, named};
use super::reader::{Malformed, Reader, put};
use super::{NAMESPACE, Refusal};
use crate::domain::base64;
use crate::domain::text;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";
const VERSION: u32 = 1;

/// Bits of the smallest and the largest RSA modulus whose signatures are believed.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// The bit of a FIDO signature's flags that says that somebody touched the authenticator.
const USER_PRESENT: u8 = 1;

/// A signature as ssh makes it, read and not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshSignature {
    key: PublicKey,
    hash: Hash,
    signature: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn of(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

/// A question for a cryptographic library: whether this signature is that of this key over this message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// How.
    pub scheme: Scheme,
    /// The signed bytes.
    pub message: Vec<u8>,
    /// The signature: of ECDSA both numbers at full width, one behind the other.
    pub signature: Vec<u8>,
}

/// A signature scheme with its public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// Ed25519; 32 bytes.
    Ed25519(Vec<u8>),
    /// ECDSA with SHA-256 over P-256; an uncompressed point.
    EcdsaP256(Vec<u8>),
    /// ECDSA with SHA-384 over P-384; an uncompressed point.
    EcdsaP384(Vec<u8>),
    /// RSA, PKCS #1 v1.5, with SHA-256; modulus and exponent, big-endian.
    RsaSha256 {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// RSA, PKCS #1 v1.5, with SHA-512; modulus and exponent, big-endian.
    RsaSha512 {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
}

impl SshSignature {
    /// Reads the text of a signature, which must be one of ssh in git's namespace.
    pub fn parse(armored: &str) -> Result<Self, Refusal> {
        let lines: Vec<&str> = armored.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let body = match lines.as_slice() {
            [BEGIN, body @ .., END] => body.concat(),
            [first, ..] => return Err(foreign(first)),
            [] => return Err(Refusal::malformed("it is empty")),
        };
        let blob = base64::decode(&body).ok_or_else(|| Refusal::malformed("it is not base64"))?;
        Self::read(&blob)
    }

    fn read(blob: &[u8]) -> Result<Self, Refusal> {
        let broken = |_: Malformed| Refusal::malformed("it ends too early or goes on too long");
        let mut reader = Reader(blob);
        if reader.take(MAGIC.len()).map_err(broken)? != MAGIC || reader.number().map_err(broken)? != VERSION {
            return Err(Refusal::malformed("it is not a version 1 signature of ssh"));
        }
        let key = reader.string().map_err(broken)?;
        let namespace = reader.string().map_err(broken)?;
        let reserved = reader.string().map_err(broken)?;
        let hash = reader.text().map_err(broken)?;
        let signature = reader.string().map_err(broken)?.to_vec();
        reader.end().map_err(broken)?;
        if namespace != NAMESPACE.as_bytes() {
            let shown = text::short(&String::from_utf8_lossy(namespace), 80);
            return Err(Refusal::new(
                "wrong-namespace",
                format!("carries a signature made for `{shown}`, not for git"),
                "do not apply it: somebody put a signature that was made for something else on it",
            ));
        }
        if !reserved.is_empty() {
            return Err(Refusal::malformed("it has a reserved part"));
        }
        let hash = [Hash::Sha256, Hash::Sha512]
            .into_iter()
            .find(|known| known.as_str() == hash)
            .ok_or_else(|| Refusal::malformed("its hash is neither sha256 nor sha512"))?;
        Ok(Self { key: read_key(key)?, hash, signature })
    }

    /// The key that is said to have made it.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What is left to ask: whether it is that key's signature over these bytes.
    pub fn check(&self, payload: &[u8]) -> Result<Check, Refusal> {
        let broken = |_: Malformed| Refusal::malformed("what the key made is not of its kind");
        let Self { key, hash, signature } = self;
        let mut signed = MAGIC.to_vec();
        for part in [NAMESPACE.as_bytes(), b"", hash.as_str().as_bytes(), &hash.of(payload)] {
            put(&mut signed, part);
        }
        let mut reader = Reader(signature);
        let format = reader.text().map_err(broken)?;
        let raw = reader.string().map_err(broken)?;
        let of_kind = |format: &str| format == key.kind.as_str();
        let signature = match key.kind.curve() {
            Some((_, width)) => fixed(raw, width).map_err(broken)?,
            None => raw.to_vec(),
        };
        let (scheme, message) = match (&key.material, key.kind) {
            (Material::Rsa { n, e }, _) => {
                let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
                if !RSA_BITS.contains(&bits) {
                    return Err(unsupported(&format!("an RSA key of {bits} bits")));
                }
                let (n, e) = (n.clone(), e.clone());
                let scheme = match format {
                    "rsa-sha2-256" => Scheme::RsaSha256 { n, e },
                    "rsa-sha2-512" => Scheme::RsaSha512 { n, e },
                    _ => return Err(Refusal::malformed("an RSA key signed with neither SHA-256 nor SHA-512")),
                };
                (scheme, signed)
            }
            _ if !of_kind(format) => return Err(broken(Malformed)),
            (Material::Point { point, application: None }, KeyKind::EcdsaP384) => {
                (Scheme::EcdsaP384(point.clone()), signed)
            }
            (Material::Point { point, application: None }, KeyKind::EcdsaP256) => {
                (Scheme::EcdsaP256(point.clone()), signed)
            }
            (Material::Point { point, application: None }, _) => (Scheme::Ed25519(point.clone()), signed),
            (Material::Point { point, application: Some(application) }, kind) => {
                let (flags, counter) = (reader.byte().map_err(broken)?, reader.number().map_err(broken)?);
                if flags & USER_PRESENT == 0 {
                    return Err(Refusal::new(
                        "untouched-key",
                        format!("was signed by {} without anybody touching it", key.shown()),
                        "sign with an authenticator that asks for a touch",
                    ));
                }
                let mut asserted = Sha256::digest(application).to_vec();
                asserted.push(flags);
                asserted.extend_from_slice(&counter.to_be_bytes());
                asserted.extend_from_slice(&Sha256::digest(&signed));
                let scheme = match kind {
                    KeyKind::SkEcdsaP256 => Scheme::EcdsaP256(point.clone()),
                    _ => Scheme::Ed25519(point.clone()),
                };
                (scheme, asserted)
            }
        };
        reader.end().map_err(broken)?;
        Ok(Check { scheme, message, signature })
    }
}

/// Both numbers of an ECDSA signature at full width.
fn fixed(raw: &[u8], width: usize) -> Result<Vec<u8>, Malformed> {
    let mut reader = Reader(raw);
    let mut out = Vec::with_capacity(2 * width);
    for number in [reader.unsigned()?, reader.unsigned()?] {
        let padding = width.checked_sub(number.len()).ok_or(Malformed)?;
        out.resize(out.len() + padding, 0);
        out.extend_from_slice(number);
    }
    reader.end()?;
    Ok(out)
}

fn read_key(blob: &[u8]) -> Result<PublicKey, Refusal> {
    let name = Reader(blob).text().map_err(|_| Refusal::malformed("its key is none"))?;
    match named(name) {
        Named::Kind(_) => PublicKey::parse(blob).map_err(|_| Refusal::malformed("its key is none")),
        Named::Certificate => Err(Refusal::new(
            "certificate-signature",
            "was signed with an SSH certificate, and certificates are not supported",
            "sign with a plain key, and list that key among the allowed signers",
        )),
        Named::Unsupported | Named::Nothing => {
            Err(unsupported(&format!("a key of the kind `{}`", text::short(name, 60))))
        }
    }
}

fn unsupported(what: &str) -> Refusal {
    Refusal::new(
        "unsupported-key",
        format!("was signed with {what}, which is not supported"),
        "sign with an Ed25519 key (`ssh-keygen -t ed25519`), an ECDSA key over P-256 or P-384, an RSA key of 2048 bits or more, or \
         one of the first two in an authenticator",
    )
}

/// What begins otherwise than ssh's signatures.
fn foreign(first: &str) -> Refusal {
    let what = match first {
        "-----BEGIN PGP SIGNATURE-----" | "-----BEGIN PGP MESSAGE-----" => "OpenPGP",
        "-----BEGIN SIGNED MESSAGE-----" => "X.509 (S/MIME)",
        _ => return Refusal::malformed("it is neither of ssh, nor of OpenPGP, nor of X.509"),
    };
    Refusal::new(
        "foreign-signature",
        format!("was signed with {what}, which is not supported"),
        "sign it with an SSH key: `git config gpg.format ssh`, `git config user.signingkey <public key>`, `git commit -S`",
    )
}
