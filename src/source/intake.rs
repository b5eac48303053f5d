//! What every source takes in, and what it refuses.

use std::sync::Arc;

use crate::domain::digest::Digest;
use crate::domain::finding::ManifestError;
use crate::domain::record::Basis;
use crate::domain::span::SourceFile;
use crate::ports::ManifestSet;

/// Largest manifest, in bytes.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Most manifests in one set.
pub const FILES_MAX: usize = 10_000;
/// Largest set, in bytes.
pub const BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Deepest folder below the root.
pub const DEPTH_MAX: usize = 64;

/// The digest of a set of manifests: over their paths and bytes, in the order of their paths, and over nothing else.
///
/// The hashed text is `leasehold manifests 1` and a line feed, then for each file the decimal length of its path, a
/// space, the path, a space, the digest of its bytes and a line feed.
#[must_use]
pub fn manifest_digest(files: &[Arc<SourceFile>]) -> Digest {
    let mut sorted: Vec<&SourceFile> = files.iter().map(AsRef::as_ref).collect();
    sorted.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let mut framed = String::from("leasehold manifests 1\n");
    for file in sorted {
        let digest = Digest::of_bytes(file.text.as_bytes());
        framed.push_str(&format!("{} {} {digest}\n", file.path.len(), file.path));
    }
    Digest::of_bytes(framed.as_bytes())
}

/// The name of a directory entry or tree entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// Begins with a dot.
    Hidden,
    /// Valid UTF-8 without a slash.
    Text(&'a str),
    /// Neither; shown with replacement characters, and whether it would be a manifest's.
    Odd(String, bool),
}

/// Sorts names.
pub(super) fn name(bytes: &[u8]) -> Name<'_> {
    if bytes.first().is_none_or(|first| *first == b'.') {
        return Name::Hidden;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('/') => Name::Text(text),
        _ => {
            let shown = String::from_utf8_lossy(bytes).into_owned();
            let manifest = is_manifest(&shown);
            Name::Odd(shown, manifest)
        }
    }
}

/// Whether a file of this name is a manifest.
pub(super) fn is_manifest(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// Whether somebody will think that a file of this name is a manifest: `.YAML`, `.Yml`.
fn is_nearly_manifest(name: &str) -> bool {
    !is_manifest(name) && is_manifest(&name.to_ascii_lowercase())
}

/// `folder/name`, without a slash before names at the root.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// What is refused, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    Symlink,
    Submodule,
    NotAFile,
    TooLarge,
    NotUtf8,
    OddName,
    NearlyManifest,
    TooDeep,
}

impl Refusal {
    fn texts(self) -> (&'static str, String, &'static str, String) {
        let own = |text: &str| text.to_owned();
        match self {
            Self::Symlink => (
                "symlink",
                own("a symbolic link is not followed: what it points to was not reviewed"),
                "symbolic link",
                own("put the file itself here, or keep the manifests in a folder without links"),
            ),
            Self::Submodule => (
                "submodule",
                own("a submodule is not read: its files are not in this commit"),
                "submodule",
                own("put the manifests themselves here, or keep them in a folder without submodules"),
            ),
            Self::NotAFile => (
                "not-a-file",
                own("this is a pipe, a socket or a device, and is never opened"),
                "not a plain file",
                own("remove it, or keep the manifests in a folder of their own"),
            ),
            Self::TooLarge => (
                "too-large",
                own("the file is larger than 1 MiB"),
                "too large",
                own("no manifest needs that: split it, or rename the file if it is none"),
            ),
            Self::NotUtf8 => (
                "not-utf8",
                own("the file is not UTF-8 text"),
                "not UTF-8",
                own("save it as UTF-8, or rename the file if it is no manifest"),
            ),
            Self::OddName => {
                ("not-utf8", own("the name is not UTF-8 text, or holds a slash"), "not a usable name", own("rename it"))
            }
            Self::NearlyManifest => (
                "file-name",
                own("the name ends almost like a manifest's and the file would be passed over"),
                "not `.yaml` or `.yml`",
                own("write the ending in lower case"),
            ),
            Self::TooDeep => (
                "too-deep",
                format!("the folder lies more than {DEPTH_MAX} folders deep and is not read"),
                "too deep",
                own("move its manifests up"),
            ),
        }
    }
}

/// Collects a set.
#[derive(Debug, Default)]
pub(super) struct Intake {
    files: Vec<Arc<SourceFile>>,
    problems: Vec<ManifestError>,
    bytes: u64,
    overflow: bool,
}

impl Intake {
    /// Whether a cap of the whole set was passed, so that there is no point in going on.
    pub(super) fn is_over(&self) -> bool {
        self.overflow
    }

    /// Takes a file by its name alone: whether it is a manifest, to be read.
    pub(super) fn wants(&mut self, path: &str, name: &str) -> bool {
        if is_nearly_manifest(name) {
            self.refuse(path, Refusal::NearlyManifest);
        }
        is_manifest(name)
    }

    /// Takes a manifest's bytes, at most one more than [`FILE_BYTES_MAX`] of them.
    pub(super) fn add(&mut self, path: String, bytes: Vec<u8>) {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size > FILE_BYTES_MAX {
            return self.refuse(&path, Refusal::TooLarge);
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                self.bytes = self.bytes.saturating_add(size);
                self.files.push(Arc::new(SourceFile { path, text }));
                self.count();
            }
            Err(_) => self.refuse(&path, Refusal::NotUtf8),
        }
    }

    /// Refuses one path.
    pub(super) fn refuse(&mut self, path: &str, refusal: Refusal) {
        let (kind, message, label, help) = refusal.texts();
        self.push(kind, message, label, path, help);
    }

    /// Refuses a path that the operating system would not let us read.
    pub(super) fn unreadable(&mut self, path: &str, error: &std::io::Error) {
        let help = "give the user who runs this read access, or move the manifests to a folder of their own".to_owned();
        self.push("unreadable", format!("it cannot be read: {error}"), "unreadable", path, help);
    }

    fn push(&mut self, kind: &'static str, message: String, label: &str, path: &str, help: String) {
        let (label, path) = (label.to_owned(), Some(path.to_owned()));
        self.problems.push(ManifestError { kind, message, label, place: None, path, help });
        self.count();
    }

    fn count(&mut self) {
        self.overflow |= self.files.len() + self.problems.len() > FILES_MAX || self.bytes > BYTES_MAX;
    }

    /// The sorted set. Of a set that passed a cap nothing is left but that: which of its files came first would
    /// depend on the file system.
    pub(super) fn finish(mut self, commit: Option<String>, tree: Option<String>, dirty: bool) -> ManifestSet {
        if self.overflow {
            self.files.clear();
            self.problems = vec![ManifestError {
                kind: "too-many-files",
                message: format!(
                    "there are more than {FILES_MAX} manifests, or more than {} MiB of them",
                    BYTES_MAX / (1024 * 1024)
                ),
                label: "too many".to_owned(),
                place: None,
                path: None,
                help: "name the folder that holds the manifests, or split them over several deployments".to_owned(),
            }];
        }
        self.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        self.problems.sort_by(|a, b| a.order().cmp(&b.order()));
        let basis = Basis { commit, tree, dirty, manifest_digest: manifest_digest(&self.files) };
        ManifestSet { files: self.files, problems: self.problems, basis }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> Arc<SourceFile> {
        Arc::new(SourceFile { path: path.into(), text: text.into() })
    }

    #[test]
    fn the_digest_tells_paths_from_bytes_and_knows_no_order() {
        let set = |files: &[(&str, &str)]| {
            manifest_digest(&files.iter().map(|(path, text)| file(path, text)).collect::<Vec<_>>())
        };
        assert_eq!(set(&[("a.yaml", "1"), ("b.yaml", "2")]), set(&[("b.yaml", "2"), ("a.yaml", "1")]));
        let different = [
            set(&[]),
            set(&[("a.yaml", "")]),
            set(&[("a.yaml", "1"), ("b.yaml", "2")]),
            set(&[("a.yaml", "2"), ("b.yaml", "1")]),
            set(&[("a.yaml", "12")]),
            set(&[("a.yaml1", "2")]),
        ];
        let distinct: std::collections::BTreeSet<_> = different.iter().collect();
        assert_eq!(distinct.len(), different.len());
    }

    #[test]
    fn the_digest_is_the_documented_one() {
        let text = format!("leasehold manifests 1\n6 a.yaml {}\n", Digest::of_bytes(b"x"));
        assert_eq!(manifest_digest(&[file("a.yaml", "x")]), Digest::of_bytes(text.as_bytes()));
    }

    #[test]
    fn names_are_sorted_out() {
        assert_eq!(name(b".git"), Name::Hidden);
        assert_eq!(name(b".."), Name::Hidden);
        assert_eq!(name(b""), Name::Hidden);
        assert_eq!(name(b"a.yaml"), Name::Text("a.yaml"));
        assert_eq!(name(b"\xff.yaml"), Name::Odd("\u{fffd}.yaml".into(), true));
        assert_eq!(name(b"\xff.txt"), Name::Odd("\u{fffd}.txt".into(), false));
        assert_eq!(name(b"a/b.yaml"), Name::Odd("a/b.yaml".into(), true));
        assert!(is_nearly_manifest("ROLE.YAML") && !is_nearly_manifest("role.yml") && !is_nearly_manifest("yaml"));
    }

    #[test]
    fn passing_a_cap_leaves_one_problem() {
        let mut intake = Intake::default();
        for n in 0..=FILES_MAX {
            assert!(!intake.is_over());
            intake.add(format!("{n}.yaml"), Vec::new());
        }
        assert!(intake.is_over());
        let set = intake.finish(None, None, true);
        assert!(set.files.is_empty());
        assert_eq!(set.problems.iter().map(|p| p.kind).collect::<Vec<_>>(), ["too-many-files"]);
    }
}
