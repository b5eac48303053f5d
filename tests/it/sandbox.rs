//! The real binary in a world of its own: an empty environment, its own home, its own repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use leasehold::domain::secret::Credentials;

/// Git's own identity, fixed, so that the same files give the same commit.
const GIT: [(&str, &str); 8] = [
    ("GIT_AUTHOR_NAME", "Test"),
    ("GIT_AUTHOR_EMAIL", "test@example.com"),
    ("GIT_AUTHOR_DATE", "2026-11-23T12:00:00Z"),
    ("GIT_COMMITTER_NAME", "Test"),
    ("GIT_COMMITTER_EMAIL", "test@example.com"),
    ("GIT_COMMITTER_DATE", "2026-11-23T12:00:00Z"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
];

/// A folder with a home, a temporary folder and a git repository, and the environment that a command gets.
pub(crate) struct Sandbox {
    root: tempfile::TempDir,
    env: BTreeMap<String, String>,
    hidden: Vec<(String, &'static str)>,
}

impl Sandbox {
    /// With an empty repository, without AWS: no credentials, and an endpoint where nobody listens.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        for folder in ["home", "tmp", "repo"] {
            std::fs::create_dir(root.path().join(folder)).expect("a folder");
        }
        let path = |name: &str| root.path().join(name).to_str().expect("UTF-8").to_owned();
        let env = BTreeMap::from(
            [
                ("PATH", "/usr/bin:/bin".to_owned()),
                ("HOME", path("home")),
                ("TMPDIR", path("tmp")),
                ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
                ("AWS_CONFIG_FILE", path("nowhere")),
                ("AWS_SHARED_CREDENTIALS_FILE", path("nowhere")),
                // Port 1 of loopback refuses at once.
                ("AWS_ENDPOINT_URL", "http://127.0.0.1:1".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let sandbox = Self { root, env, hidden: Vec::new() };
        sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
        sandbox
    }

    /// With AWS at this endpoint, asked by these credentials.
    pub(crate) fn at(endpoint: &str, credentials: &Credentials) -> Self {
        let mut sandbox = Self::new();
        sandbox.set("AWS_ENDPOINT_URL", endpoint);
        sandbox.hide(endpoint, "[endpoint]");
        sandbox.set("AWS_ACCESS_KEY_ID", &credentials.access_key_id);
        sandbox.set("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.expose());
        if let Some(token) = &credentials.session_token {
            sandbox.set("AWS_SESSION_TOKEN", token.expose());
        }
        sandbox
    }

    /// Sets a variable of every command from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// Takes a variable away.
    pub(crate) fn unset(&mut self, name: &str) {
        self.env.remove(name);
    }

    /// Shows `placeholder` for `text` in what a snapshot sees.
    pub(crate) fn hide(&mut self, text: &str, placeholder: &'static str) {
        self.hidden.push((text.to_owned(), placeholder));
    }

    /// A path below the sandbox.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// The repository, where every command runs.
    pub(crate) fn repo(&self) -> PathBuf {
        self.path("repo")
    }

    /// Writes a file of the repository.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.repo().join(path);
        std::fs::create_dir_all(path.parent().expect("it lies in the repository")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    /// Writes `prod.yaml` and commits everything.
    pub(crate) fn commit(&self, manifests: &str) {
        self.write("prod.yaml", manifests);
        self.write(".gitignore", "/.leasehold/\n");
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "Change"]);
    }

    /// Runs git in the repository; answers what it printed.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let output = self.plain("git", args).envs(GIT).output().expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    /// Any program in this environment, in the repository, with nothing on its input.
    pub(crate) fn plain(&self, program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(&self.env).current_dir(self.repo()).stdin(Stdio::null());
        command
    }

    /// The command line, not started yet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.plain(binary(), args)
    }

    /// Runs the command line to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Done {
        self.done(&self.command(args).output().expect("it runs"))
    }

    /// Runs any program to its end.
    pub(crate) fn run_plain(&self, program: &str, args: &[&str]) -> Done {
        self.done(&self.plain(program, args).output().expect("it runs"))
    }

    /// What a finished process left.
    pub(crate) fn done(&self, output: &Output) -> Done {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_owned()).expect("the output is UTF-8");
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let code =
            output.status.code().unwrap_or_else(|| panic!("it ended by a signal: {:?}\n{stderr}", output.status));
        assert!(!stderr.contains("leasehold has a bug"), "{stderr}");
        let shown = [&stdout, &stderr].map(|text| self.redact(text));
        Done { code, stdout, stderr, shown }
    }

    fn redact(&self, text: &str) -> String {
        let root = self.root.path().to_str().expect("UTF-8");
        let mut text = text.replace(root, "[root]");
        for (hidden, placeholder) in &self.hidden {
            text = text.replace(hidden, placeholder);
        }
        placeholders(&text)
    }

    /// Every file below a folder of the sandbox, with its bytes.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        collect(&self.path(folder), &mut found);
        found
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&path, found);
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap_or_default());
        }
    }
}

/// The binary under test.
pub(crate) fn binary() -> &'static str {
    env!("CARGO_BIN_EXE_leasehold")
}

/// A finished command.
#[must_use = "look at what it printed, or say which exit code is right"]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    shown: [String; 2],
}

impl Done {
    /// Everything a snapshot should hold: exit code and both streams, with placeholders.
    pub(crate) fn shown(&self) -> String {
        let mut text = format!("exit {}\n", self.code);
        for (name, stream) in ["stdout", "stderr"].iter().zip(&self.shown) {
            if !stream.is_empty() {
                text += &format!("── {name}\n{stream}");
            }
        }
        text
    }

    /// Holds that it ended with this code.
    #[track_caller]
    pub(crate) fn expect(self, code: u8) -> Self {
        assert_eq!(self.code, i32::from(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Both streams, one after the other.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Replaces what differs from run to run: hashes, commits, ids, instants, days.
fn placeholders(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let found = if after_word { None } else { placeholder(rest) };
        match found {
            Some((length, name)) => {
                out += name;
                rest = &rest[length..];
                after_word = true;
            }
            None => {
                out.push(first);
                rest = &rest[first.len_utf8()..];
                after_word = first.is_ascii_alphanumeric();
            }
        }
    }
    out
}

fn placeholder(text: &str) -> Option<(usize, &'static str)> {
    let run = |is: fn(&u8) -> bool| text.bytes().take_while(is).count();
    let word = run(u8::is_ascii_alphanumeric);
    let hex = run(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let shape = text.as_bytes();
    let instant = run(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.' | b'T' | b'Z'));
    if instant >= 17 && shape.get(4) == Some(&b'-') && shape.get(10) == Some(&b'T') {
        return Some((instant, "[time]"));
    }
    let day = run(|byte| byte.is_ascii_digit() || *byte == b'-');
    if day == 10 && shape.get(4) == Some(&b'-') && shape.get(7) == Some(&b'-') {
        return Some((day, "[day]"));
    }
    match word {
        64 if hex == word => Some((word, "[hash]")),
        40 if hex == word => Some((word, "[commit]")),
        26 if text.starts_with('0') => Some((word, "[ulid]")),
        16.. if ["AKIA", "ASIA"].iter().any(|prefix| text.starts_with(prefix)) => Some((word, "[key id]")),
        16.. if ["AROA", "AIDA"].iter().any(|prefix| text.starts_with(prefix)) => Some((word, "[id]")),
        _ => None,
    }
}
