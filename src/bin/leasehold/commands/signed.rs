use std::path::Path;

use leasehold::app::{Failure, Meaning};
use leasehold::domain::signing::{AllowedSigners, Refusal, SignedBy};
use leasehold::domain::text::escape;
use leasehold::ports::ManifestSet;

use crate::args::SourceArgs;
use crate::system;
use crate::wire_up;

/// Largest list of allowed signers, in bytes.
const BYTES_MAX: usize = 4 << 20;

/// Refuses unless the commit that the manifests were read from is signed by somebody on the list.
pub(super) fn require(file: &Path, source: &SourceArgs, manifests: &ManifestSet) -> Result<SignedBy, Failure> {
    let basis = &manifests.basis;
    let Some(commit) = basis.commit.as_deref().filter(|_| !basis.dirty) else {
        return Err(Failure::new(
            Meaning::Failed,
            "unsigned-commit",
            "the manifests are those of no commit, and so nobody signed them",
        )
        .help("commit them with a signature (`git commit -S`), and apply that commit"));
    };
    if let Some(tracked) = wire_up::comes_from_a_commit(&source.dir, file)? {
        return Err(Failure::new(
            Meaning::Failed,
            "signers-in-git",
            format!("git tracks `{}`: whoever commits there would decide who may sign", escape(&tracked)),
        )
        .help(
            "keep the list where no commit to this repository reaches it; or take it from a commit that was signed already: \
             git show <commit>:<path> > /a/file/outside",
        ));
    }
    let allowed = AllowedSigners::parse(&read(file)?).map_err(|error| {
        unreadable(file, &error.to_string())
            .help("each line is `principals [options] keytype base64-key`: see ssh-keygen(1)")
    })?;
    let signed_by = wire_up::signed_by(&source.dir, commit, &allowed)?.map_err(|refusal| refused(commit, refusal))?;
    tracing::info!(
        commit,
        principals = %escape(&signed_by.principals),
        key = signed_by.key.fingerprint(),
        line = signed_by.line,
        "signature"
    );
    Ok(signed_by)
}

fn refused(commit: &str, refusal: Refusal) -> Failure {
    let Refusal { kind, message, help } = refusal;
    let short: String = commit.chars().take(12).collect();
    Failure::new(Meaning::Failed, kind, format!("the commit {short} {message}")).help(help)
}

fn read(file: &Path) -> Result<String, Failure> {
    match system::read_at_most(file, BYTES_MAX) {
        Err(error) => Err(unreadable(file, &error.to_string()).help("name a file of allowed signers, as git takes it")),
        Ok(None) => Err(unreadable(file, &format!("it has more than {} MiB", BYTES_MAX >> 20))),
        Ok(Some(text)) => Ok(text),
    }
}

fn unreadable(file: &Path, cause: &str) -> Failure {
    let shown = file.to_string_lossy();
    Failure::new(
        Meaning::Failed,
        "signers-unreadable",
        format!("{} cannot be used as a list of allowed signers", escape(&shown)),
    )
    .because(cause)
}
