//! Who signed a commit.

use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid};
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};

use super::repository::{self, no};
use super::tracked::tracks;
use crate::domain::signing::{AllowedSigners, Check, Refusal, Scheme, SignedBy, SignedCommit, SshSignature};
use crate::ports::SourceError;

/// Largest commit object that is read, in bytes.
const COMMIT_BYTES_MAX: usize = 1024 * 1024;

/// Most links that are followed on the way to a file; Linux follows as many.
const LINKS_MAX: usize = 40;

/// Holds the signature of a commit (by its hex object id, in the repository that `dir` lies in) against the allowed
/// signers, at the time that the commit itself states. The outer error is of the repository, the inner one of the commit.
pub fn signed_by(dir: &Path, commit: &str, allowed: &AllowedSigners) -> Result<Result<SignedBy, Refusal>, SourceError> {
    let Some(repository) = repository::discover(dir)? else {
        return no(format!("`{}` does not lie in a git repository", dir.display()), "name a folder in one");
    };
    let unreadable = |error: git2::Error| repository::unreadable_object(&repository, &error);
    let id = Oid::from_str(commit).map_err(unreadable)?;
    let objects = repository.odb().map_err(unreadable)?;
    let (size, kind) = objects.read_header(id).map_err(unreadable)?;
    if kind != ObjectType::Commit || size > COMMIT_BYTES_MAX {
        return no(
            format!("{id} is no commit, or one of more than {COMMIT_BYTES_MAX} bytes"),
            "name a commit whose message is shorter",
        );
    }
    let object = objects.read(id).map_err(unreadable)?;
    Ok(judge(object.data(), allowed))
}

fn judge(raw: &[u8], allowed: &AllowedSigners) -> Result<SignedBy, Refusal> {
    let commit = SignedCommit::parse(raw)?;
    let signature = SshSignature::parse(&commit.signature)?;
    let signed_by = allowed.allow(&signature, commit.committed_at)?;
    if holds(&signature.check(&commit.payload)?) {
        return Ok(signed_by);
    }
    Err(Refusal::bad_signature(&signed_by.key))
}

fn holds(check: &Check) -> bool {
    let Check { scheme, message, signature } = check;
    let plain = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
        UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
    };
    let rsa = |algorithm: &'static signature::RsaParameters, n: &[u8], e: &[u8]| {
        RsaPublicKeyComponents { n, e }.verify(algorithm, message, signature).is_ok()
    };
    match scheme {
        Scheme::Ed25519(key) => plain(&signature::ED25519, key),
        Scheme::EcdsaP256(point) => plain(&signature::ECDSA_P256_SHA256_FIXED, point),
        Scheme::EcdsaP384(point) => plain(&signature::ECDSA_P384_SHA384_FIXED, point),
        Scheme::RsaSha256 { n, e } => rsa(&signature::RSA_PKCS1_2048_8192_SHA256, n, e),
        Scheme::RsaSha512 { n, e } => rsa(&signature::RSA_PKCS1_2048_8192_SHA512, n, e),
    }
}

/// The path by which a commit could decide what is read from `file`: git tracks the file itself, or a link on the way to
/// it. `None` when no commit can.
pub fn from_a_commit(dir: &Path, file: &Path) -> Result<Option<String>, SourceError> {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut paths = links(&absolute);
    paths.push(absolute.clone());
    paths.extend(absolute.canonicalize());
    for path in paths {
        if let Some(tracked) = tracks(dir, &path)? {
            return Ok(Some(tracked));
        }
    }
    Ok(None)
}

/// Every symbolic link that the system follows on its way to `file`, those that other links lead to among them.
fn links(file: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut way = file.to_owned();
    while found.len() < LINKS_MAX {
        let is_link = |path: &&Path| path.symlink_metadata().is_ok_and(|found| found.is_symlink());
        let Some(link) = way.ancestors().filter(is_link).last().map(Path::to_owned) else { break };
        let Ok(target) = link.read_link() else { break };
        let mut next = link.parent().unwrap_or(&link).join(target);
        // Components, because joining an empty rest would make a path of a link one of what it names.
        next.extend(way.strip_prefix(&link).into_iter().flat_map(Path::components));
        found.push(link);
        way = next;
    }
    found
}

#[cfg(test)]
mod tests;
