//! Plan stories: Markdown files in `stories/` whose blocks change manifests or world, and whose commands say what the
//! reader then sees.
//!
//! A `yaml` block is a manifest file (its name stands behind the word), a `json` block the whole world, and a `console`
//! block holds `$ command` lines, each followed by its output: `plan`, `apply`, `issue ROLE`, `leases`, `why ROLE`,
//! `wait DURATION`. A block whose commands print blocks themselves has longer fences.
//! `LEASEHOLD_BLESS=1 cargo test stories` writes the outputs anew.

pub(crate) mod cloud;
mod markdown;
mod stage;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use markdown::Part;
use stage::Stage;

/// Every story, so that a file nobody runs is a failure.
const STORIES: [&str; 13] = [
    "access_denied",
    "drift",
    "federation_token",
    "first_plan",
    "one_of_two_is_broken",
    "protected_role",
    "pull_request",
    "pull_request_refused",
    "recreated_role",
    "role_deleted",
    "ttl_lowered",
    "waived_finding",
    "why",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/stories")
}

/// Plays a story and answers it as it should read.
fn play(name: &str, text: &str) -> String {
    let mut stage = Stage::new();
    let mut commands = 0;
    let mut out = String::new();
    for part in markdown::parts(text) {
        match part {
            Part::Prose(prose) => out += prose,
            Part::Block { fence, kind, argument, body, raw } => match kind {
                "yaml" => {
                    stage.manifest(if argument.is_empty() { "roles.yaml" } else { argument }, body);
                    out += raw;
                }
                "json" => {
                    stage.world(body).unwrap_or_else(|error| panic!("{name}: {error}"));
                    out += raw;
                }
                "console" => {
                    out += &format!("{fence}console\n");
                    for command in body.lines().filter_map(|line| line.strip_prefix("$ ")) {
                        commands += 1;
                        out += &format!("$ {command}\n{}", stage.run(command));
                    }
                    out += &format!("{fence}\n");
                }
                other => panic!("{name}: a story has no `{other}` blocks"),
            },
        }
    }
    assert!(commands > 0, "{name}: a story without a command tells nothing");
    out
}

/// Kind and text of every block of every story.
pub(crate) fn blocks() -> Vec<(String, String)> {
    let texts = STORIES.map(|name| std::fs::read_to_string(folder().join(format!("{name}.md"))).expect("a story"));
    let parts = texts.iter().flat_map(|text| markdown::parts(text));
    let block = |part| match part {
        Part::Block { kind, body, .. } => Some((kind.to_owned(), body.to_owned())),
        Part::Prose(_) => None,
    };
    parts.filter_map(block).collect()
}

fn check(name: &str) {
    let path = folder().join(format!("{name}.md"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let played = play(name, &text);
    if played == text {
        return;
    }
    if std::env::var_os("LEASEHOLD_BLESS").is_some() {
        std::fs::write(&path, played).expect("written");
        return;
    }
    let diff = similar::TextDiff::from_lines(text.as_str(), played.as_str());
    panic!(
        "{name} reads otherwise by now; LEASEHOLD_BLESS=1 cargo test stories writes it anew:\n{}",
        diff.unified_diff().header("as written", "as played")
    );
}

#[test]
fn every_story_comes_out_as_it_is_written() {
    for name in STORIES {
        check(name);
    }
}

#[test]
fn no_story_is_forgotten() {
    let files = std::fs::read_dir(folder()).expect("the folder is there").flatten();
    let names: BTreeSet<String> =
        files.filter_map(|file| file.file_name().to_str()?.strip_suffix(".md").map(str::to_owned)).collect();
    assert_eq!(names, STORIES.map(str::to_owned).into());
}
