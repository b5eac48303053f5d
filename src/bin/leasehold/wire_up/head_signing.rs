//! The keys that heads are signed with, and those that are pinned.

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

/// Largest file of a key, in bytes.
const KEY_BYTES_MAX: u64 = 64 << 10;

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

/// Reads the key to sign with, or asks KMS for its public half.
pub(crate) async fn signer(args: &SigningArgs, store: &Store, timeout: Ttl) -> Result<Option<Signer>, Failure> {
    let Some(given) = args.sign_with.as_deref().filter(|given| !given.is_empty()) else { return Ok(None) };
    if given.starts_with("arn:") {
        let region = kms_region(given)?;
        // The state in S3 has a session already, whose limit of time everything that is asked of AWS shares.
        let session = match store.inner().open_session() {
            Some(open) => open.in_region(region)?,
            None => session(Some(region.to_owned()), timeout).await?,
        };
        return Ok(Some(Signer::Kms(KmsKey::load(&session, given).await?)));
    }
    let text = Secret::new(read(Path::new(given), "--sign-with")?);
    let key = FileKey::read(&text).map_err(|error| unusable(Path::new(given), "--sign-with", &error))?;
    Ok(Some(Signer::File(key)))
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
            let pem = read(file, "--head-key")?;
            keys.extend(read_public_keys(&pem).map_err(|error| unusable(file, "--head-key", &error))?);
        }
    }
    Ok(keys)
}

fn read(file: &Path, option: &str) -> Result<String, Failure> {
    let why = match system::read_at_most(file, KEY_BYTES_MAX) {
        Ok(Some(text)) => return Ok(text),
        Ok(None) => format!("it has more than {KEY_BYTES_MAX} bytes"),
        Err(error) => error.to_string(),
    };
    Err(Failure::new(
        Meaning::Failed,
        "key-unreadable",
        format!("the key of {option}, {}, cannot be read", shown(file)),
    )
    .because(why)
    .help("name a PEM file that this user may read"))
}

fn unusable(file: &Path, option: &str, error: &HeadKeyError) -> Failure {
    let HeadKeyError { message, help } = error;
    Failure::new(Meaning::Failed, "key-unreadable", format!("the key of {option}, {}, cannot be used", shown(file)))
        .because(*message)
        .help(*help)
}

fn shown(file: &Path) -> String {
    format!("`{}`", escape(&file.to_string_lossy()))
}
