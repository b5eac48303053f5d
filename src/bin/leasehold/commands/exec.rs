use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use leasehold::app::{AppError, Failure, Meaning};
use leasehold::ports::Clock as _;
use leasehold::wire::credentials_v1::{self, HandOver};
use rustix::fs::{Access, access};

use super::{issue, wait};
use crate::args::ExecArgs;
use crate::system::SystemClock;
use crate::terminal::Terminal;
use crate::{error, exit};

/// Where programs are looked for when PATH does not say.
const DEFAULT_PATH: &str = "/usr/bin:/bin";

/// Becomes the command. Returns only when that fails.
pub(crate) fn run(args: ExecArgs, terminal: Terminal) -> Result<u8, AppError> {
    let (program, arguments) = args.command.split_first().ok_or_else(|| {
        Failure::new(Meaning::Usage, "no-command", "there is no command to run").help("name it after `--`")
    })?;
    // Before anything is issued: a mistyped name should not cost a lease.
    let path = match find(program, std::env::var_os("PATH")) {
        Ok(path) => path,
        Err(error) => {
            let failure = not_run(program, &error).help("nothing was issued; check the command's name, and PATH");
            return Ok(error::report_as(&failure, code(&error), terminal, false));
        }
    };
    let issued = wait(issue::issue_one(args.request))?;
    let handed = HandOver {
        lease: &issued.lease,
        credentials: &issued.credentials,
        request_id: issued.request_id.as_str(),
        now: SystemClock.now(),
    };
    let unusable = |error: io::Error| {
        Failure::new(Meaning::Failed, "bad-credentials", "the credentials cannot be handed over")
            .because(error.to_string())
            .because(format!("they were dropped; their lease is {}", issued.lease.path()))
    };
    let mut command = Command::new(path);
    command.arg0(program).args(arguments);
    for name in credentials_v1::MISLEADING {
        command.env_remove(name);
    }
    for (name, value) in credentials_v1::variables(handed).map_err(unusable)? {
        match value {
            Some(value) => command.env(name, value.as_str()),
            None => command.env_remove(name),
        };
    }
    let error = command.exec();
    let failure = not_run(program, &error)
        .because(format!("the credentials were dropped; their lease is {}", issued.lease.path()));
    Ok(error::report_as(&failure, code(&error), terminal, false))
}

fn not_run(program: &OsStr, error: &io::Error) -> Failure {
    let shown = program.to_string_lossy();
    Failure::new(Meaning::Failed, "command-not-run", format!("`{shown}` could not be run")).because(error.to_string())
}

fn code(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::NotFound { exit::COMMAND_NOT_FOUND } else { exit::COMMAND_NOT_RUN }
}

/// The program's file: the name itself if it has a slash, else the first of that name in `search` (the value of PATH)
/// that may be run. `NotFound` if there is none, `PermissionDenied` if none may be run.
fn find(program: &OsStr, search: Option<OsString>) -> io::Result<PathBuf> {
    let not_found = || io::Error::new(io::ErrorKind::NotFound, "there is no such command");
    if program.is_empty() {
        return Err(not_found());
    }
    if program.as_encoded_bytes().contains(&b'/') {
        runnable(Path::new(program))?;
        return Ok(PathBuf::from(program));
    }
    let mut refused = None;
    for folder in std::env::split_paths(&search.unwrap_or_else(|| DEFAULT_PATH.into())) {
        // An empty part of PATH is the current folder, and `join` would leave a bare name to be looked for again.
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let path = folder.join(program);
        match runnable(&path) {
            Ok(()) => return Ok(path),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => refused = Some(error),
        }
    }
    Err(refused.unwrap_or_else(not_found))
}

fn runnable(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is a folder"));
    }
    Ok(access(path, Access::EXEC_OK)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_program_is_found_where_a_shell_would_find_it() {
        let temp = tempfile::tempdir().expect("tempdir");
        let file = |path: &str, mode: u32| {
            let path = temp.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, "").expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
            path
        };
        let (_, second) = (file("a/tool", 0o600), file("b/tool", 0o700));
        file("a/data", 0o600);
        let search = |parts: &[&str]| {
            let parts = parts.iter().map(|part| temp.path().join(part));
            Some(std::env::join_paths(parts).expect("no colons"))
        };
        let kind = |found: io::Result<PathBuf>| found.expect_err("not there").kind();

        assert_eq!(find("tool".as_ref(), search(&["nowhere", "a", "b"])).expect("there"), second);
        assert_eq!(find(second.as_os_str(), None).expect("there"), second);
        assert_eq!(kind(find("tool".as_ref(), search(&["a"]))), io::ErrorKind::PermissionDenied);
        assert_eq!(kind(find(temp.path().as_os_str(), None)), io::ErrorKind::PermissionDenied);
        assert_eq!(kind(find("nothing".as_ref(), search(&["a", "a/tool"]))), io::ErrorKind::NotFound);
        assert_eq!(kind(find("".as_ref(), search(&["a"]))), io::ErrorKind::NotFound);
        assert!(find("sh".as_ref(), None).is_ok(), "there is a default");
    }
}
