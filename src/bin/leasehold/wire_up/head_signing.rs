//! The keys that heads are signed with, and those that are pinned.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use leasehold::app::{Failure, HeadSigning, Meaning};
use leasehold::aws::KmsKey;
use leasehold::domain::secret::Secret;
use leasehold::domain::signed_head::{HeadKey, HeadSignature};
use leasehold::domain::text::escape;
use leasehold::domain::ttl::Ttl;
use leasehold::ports::{HeadSigner, HeadVerifier as _, SigningError};
use leasehold::state::{FileKey, HeadKeyError, RingVerifier, read_public_keys};

use super::state::{Store, session};
use crate::args::SigningArgs;
use crate::system;
use crate::terminal::eprint;

/// Largest file of a key, in bytes.
const KEY_BYTES_MAX: usize = 64 << 10;

/// What signs the head.
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
pub(crate) enum Signer {
    File(FileKey),
    Kms(KmsKey),
}

impl HeadSigner for Signer {
    fn key(&self) -> &HeadKey {
        match self {
            Self::File(key) => key.key(),
            Self::Kms(key) => key.key(),
        }
    }

    /// A signature that would be refused by whoever pins the key is found out before it replaces a good one.
    async fn sign(&self, message: &[u8]) -> Result<HeadSignature, SigningError> {
        let signature = match self {
            Self::File(key) => key.sign(message).await,
            Self::Kms(key) => key.sign(message).await,
        }?;
        if RingVerifier.holds(self.key(), message, &signature.bytes) {
            return Ok(signature);
        }
        Err(SigningError::Key("the signature that came back does not fit the key's public half".to_owned()))
    }
}

/// The key to sign with, as far as it is known without asking AWS.
#[allow(clippy::large_enum_variant, reason = "there is one in a process")]
pub(crate) enum SigningKey {
    File(FileKey),
    Kms { arn: String, region: String },
}

impl SigningKey {
    /// Reads the key to sign with, and warns if others may read it as well.
    ///
    /// That is no refusal: a secret that a container gets as a mounted file is often readable by all who are in the container,
    /// and its mode cannot be changed there.
    pub(crate) fn read(args: &SigningArgs) -> Result<Option<Self>, Failure> {
        let Some(given) = args.sign_with.as_deref().filter(|given| !given.is_empty()) else { return Ok(None) };
        if given.starts_with("arn:") {
            let region = kms_region(given)?.to_owned();
            return Ok(Some(Self::Kms { arn: given.to_owned(), region }));
        }
        let file = Path::new(given);
        let opened = File::open(file);
        let mode = opened.as_ref().ok().and_then(shared_mode);
        let text = Secret::new(text_of(opened).map_err(|why| unreadable(file, "--sign-with", &why))?);
        let key = FileKey::read(&text).map_err(|error| unusable(file, "--sign-with", &error))?;
        if let Some(mode) = mode {
            eprint(|out| {
                writeln!(
                    out,
                    "warning: the private key {} can be read by other users (mode {mode:04o}): `chmod 600` it, if it is not \
                     alone in a container",
                    shown(file)
                )
            });
        }
        Ok(Some(Self::File(key)))
    }

    /// Asks KMS for the public half of a key that lies there.
    pub(crate) async fn signer(self, store: &Store, timeout: Ttl) -> Result<Signer, Failure> {
        let (arn, region) = match self {
            Self::File(key) => return Ok(Signer::File(key)),
            Self::Kms { arn, region } => (arn, region),
        };
        // The state in S3 has a session already, whose limit of time everything that is asked of AWS shares.
        let session = match store.inner().open_session() {
            Some(open) => open.in_region(&region)?,
            None => session(Some(region), timeout).await?,
        };
        Ok(Signer::Kms(KmsKey::load(&session, &arn).await?))
    }
}

/// The mode of a file that others than its owner may read. A pipe has none that means anything.
fn shared_mode(file: &File) -> Option<u32> {
    let metadata = file.metadata().ok().filter(Metadata::is_file)?;
    let mode = metadata.permissions().mode() & 0o7777;
    (mode & 0o044 != 0).then_some(mode)
}

/// What is to become of the signature.
pub(crate) fn signing<'a>(args: &SigningArgs, signer: Option<&'a Signer>) -> HeadSigning<'a, Signer> {
    match signer {
        Some(signer) => HeadSigning::By(signer),
        None if args.drop_signature => HeadSigning::Dropped,
        None => HeadSigning::Unsigned,
    }
}

/// `arn:aws:kms:eu-central-1:111122223333:key/…`, or `…:alias/…`.
fn kms_region(arn: &str) -> Result<&str, Failure> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        [_, _, "kms", region, _, name]
            if !region.is_empty() && (name.starts_with("key/") || name.starts_with("alias/")) =>
        {
            Ok(region)
        }
        _ => Err(Failure::new(
            Meaning::Usage,
            "bad-signing-key",
            format!("`{}` is not the ARN of a key or an alias in KMS", escape(arn)),
        )
        .help("write --sign-with arn:aws:kms:REGION:ACCOUNT:key/ID, or the name of a PEM file")),
    }
}

/// The public keys that are pinned, each a file or PEM itself. A variable that is set to nothing pins none.
pub(super) fn pinned(given: &[String]) -> Result<Vec<HeadKey>, Failure> {
    let mut keys = Vec::new();
    for text in given.iter().filter(|text| !text.is_empty()) {
        if text.contains("-----BEGIN") {
            keys.extend(read_public_keys(text).map_err(|error| {
                let HeadKeyError { message, help } = error;
                Failure::new(Meaning::Usage, "bad-head-key", "the PEM of --head-key is no key")
                    .because(message)
                    .help(help)
            })?);
        } else {
            let file = Path::new(text);
            let pem = text_of(File::open(file)).map_err(|why| unreadable(file, "--head-key", &why))?;
            keys.extend(read_public_keys(&pem).map_err(|error| unusable(file, "--head-key", &error))?);
        }
    }
    Ok(keys)
}

/// The text of a file of a key, opened or not; else why there is none.
fn text_of(opened: io::Result<File>) -> Result<String, String> {
    match opened.and_then(|file| system::text_at_most(file, KEY_BYTES_MAX)) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(format!("it has more than {KEY_BYTES_MAX} bytes")),
        Err(error) => Err(error.to_string()),
    }
}

fn unreadable(file: &Path, option: &str, why: &str) -> Failure {
    let message = format!("the key of {option}, {}, cannot be read", shown(file));
    Failure::new(Meaning::Failed, "key-unreadable", message)
        .because(why)
        .help("name a PEM file that this user may read")
}

fn unusable(file: &Path, option: &str, error: &HeadKeyError) -> Failure {
    let HeadKeyError { message, help } = error;
    Failure::new(Meaning::Failed, "key-unreadable", format!("the key of {option}, {}, cannot be used", shown(file)))
        .because(*message)
        .help(*help)
}

/// The name of a file, unless it is no name: LEASEHOLD_HEAD_KEY takes PEM, so somebody will put the private key's into
/// LEASEHOLD_SIGN_WITH, and what is said here ends up in the log of a pipeline.
fn shown(file: &Path) -> String {
    let name = file.to_string_lossy();
    if looks_like_a_key(&name) {
        "which looks like a key itself and is not repeated".to_owned()
    } else {
        format!("`{}`", escape(&name))
    }
}

/// Whether this is PEM, whole or in part, or what stands in it: base64 of DER, which begins with a sequence.
fn looks_like_a_key(text: &str) -> bool {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c) || c.is_ascii_whitespace();
    text.contains("-----")
        || text.contains('\n')
        || text.len() >= 40 && text.starts_with('M') && text.chars().all(is_base64)
}
