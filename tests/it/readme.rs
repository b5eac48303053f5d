//! README.md and the quickstart say what the program does.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output};

use leasehold::domain::least_privilege::read_actions;
use leasehold::domain::rules;
use leasehold::output::{exit, plan_format};
use leasehold::wire::manifest_v1;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs the program without anything of this environment.
fn leasehold(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_leasehold")).args(arguments).env_clear().output().expect("it starts")
}

fn rules_table() -> String {
    let mut out = String::from("| code | name | level | what is wrong |\n|---|---|---|---|\n");
    for rule in rules::all() {
        writeln!(out, "| {} | {} | {} | {} |", rule.code, rule.name, rule.level.as_str(), rule.summary).unwrap();
    }
    out
}

/// Replaces what stands between the markers of one generated section.
fn with_section(page: &str, name: &str, content: &str) -> String {
    let (begin, end) = (format!("<!-- begin generated: {name} -->\n"), format!("<!-- end generated: {name} -->\n"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("README.md has no line {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("README.md has no line {end}"));
    format!("{before}{begin}\n{}\n\n{end}{after}", content.trim())
}

#[test]
fn generated_sections_are_current() {
    let now = read("README.md");
    let sections = [
        ("manifest-reference", manifest_v1::reference()),
        ("rules", rules_table()),
        ("plan-formats", plan_format::markdown()),
        ("exit-codes", exit::markdown()),
    ];
    let wanted = sections.iter().fold(now.clone(), |page, (name, content)| with_section(&page, name, content));
    if std::env::var_os("LEASEHOLD_BLESS").is_some() {
        std::fs::write(root().join("README.md"), wanted).expect("README.md can be written");
        return;
    }
    assert!(now == wanted, "README.md is stale: run `LEASEHOLD_BLESS=1 cargo test readme`");
}

#[test]
fn every_right_of_a_reader_is_in_its_table_and_no_other() {
    let page = read("README.md");
    let (_, table) = page.split_once("| right | on | when |").expect("the table");
    let table = table.split("\n\n").next().expect("it ends");
    let rights = table.lines().filter_map(|row| row.split('|').nth(1));
    let shown: BTreeSet<&str> = rights.flat_map(|cell| cell.split('`')).filter(|word| word.contains(':')).collect();
    assert_eq!(shown, read_actions());
}

/// A page's lines in fenced blocks, and those outside; the fences are in neither.
fn code_and_prose(page: &str) -> (Vec<&str>, Vec<&str>) {
    let mut inside = false;
    let (mut code, mut prose) = (Vec::new(), Vec::new());
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            code.push(line);
        } else {
            prose.push(line);
        }
    }
    assert!(!inside, "a fence is not closed");
    (code, prose)
}

/// The words after each `leasehold` that begins a command in this line, to the end of that command.
fn commands(line: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("leasehold ") {
        let starts_a_command = line[..at].chars().next_back().is_none_or(|before| " (`".contains(before));
        let rest = &line[at + "leasehold ".len()..];
        let end = rest.find([')', '`', '|', '>', '#', '&', ';']).unwrap_or(rest.len());
        let words: Vec<&str> = rest[..end].split_whitespace().take_while(|word| *word != "--").collect();
        if starts_a_command && words.first().is_some_and(|word| word.chars().all(|c| c.is_ascii_lowercase())) {
            found.push(words);
        }
    }
    found
}

/// What is wrong with a command as a page shows it.
fn fault(words: &[&str]) -> Option<String> {
    let shown = words.join(" ");
    let mut path: Vec<&str> = words[..1].to_vec();
    if [["lease"], ["policy"], ["audit"]].iter().any(|group| path == group) {
        path.extend(words.get(1));
    }
    let help = leasehold(&[&path[..], &["--help"]].concat());
    if !help.status.success() {
        return Some(format!("`leasehold {shown}`: there is no such command"));
    }
    let help = String::from_utf8(help.stdout).expect("help is text");
    let known: BTreeSet<&str> =
        help.split(|c: char| c.is_whitespace() || c == ',').filter(|word| word.starts_with('-')).collect();
    let unknown = words.iter().map(|word| word.split('=').next().unwrap_or(word));
    let unknown = unknown.filter(|word| word.starts_with('-') && !known.contains(word)).collect::<Vec<_>>();
    (!unknown.is_empty()).then(|| format!("`leasehold {shown}`: no {}", unknown.join(", ")))
}

#[test]
fn commands_and_flags_that_are_shown_exist() {
    assert!(fault(&["plan", "--detailed-exitcode"]).is_none());
    assert!(fault(&["plan", "--detailed-exit-code"]).is_some());
    assert!(fault(&["sweeps"]).is_some() && fault(&["lease", "revokes", "ID"]).is_some());

    for page in ["README.md", "examples/quickstart/README.md", "examples/leases/README.md"] {
        let text = read(page);
        let (code, prose) = code_and_prose(&text);
        let prose = prose.join("\n");
        let quoted = prose.split('`').skip(1).step_by(2);
        let shown: Vec<_> = code.into_iter().chain(quoted).flat_map(commands).collect();
        assert!(shown.len() >= 3, "{page} shows commands: {shown:?}");
        let faults: Vec<_> = shown.iter().filter_map(|words| fault(words)).collect();
        assert!(faults.is_empty(), "{page}: {}", faults.join("\n"));
    }
}

#[test]
fn the_two_commands_stand_near_the_top() {
    let text = read("README.md");
    let early: Vec<_> = text.lines().take(30).collect();
    for command in ["examples/quickstart/run", "cargo test"] {
        assert!(early.iter().any(|line| line.starts_with(command)), "README.md does not show `{command}` early");
    }
}

/// Every `LH` and three digits.
fn codes(text: &str) -> BTreeSet<&str> {
    text.match_indices("LH")
        .filter_map(|(at, _)| text.get(at..at + 5))
        .filter(|code| code[2..].chars().all(|c| c.is_ascii_digit()))
        .collect()
}

#[test]
fn rules_and_exit_codes_that_are_mentioned_exist() {
    for page in ["README.md", "src/ARCHITECTURE.md", "examples/quickstart/README.md", "examples/quickstart/run"] {
        let text = read(page);
        let unknown: Vec<_> = codes(&text).into_iter().filter(|code| rules::find(code).is_none()).collect();
        assert!(unknown.is_empty(), "{page} mentions rules that do not exist: {unknown:?}");
        for (_, rest) in text.match_indices("exit ").map(|(at, word)| text.split_at(at + word.len())) {
            let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            let Ok(code) = digits.parse::<u8>() else { continue };
            let signal = page.ends_with("run") && code > 128;
            assert!(signal || exit::ALL.iter().any(|(known, _)| *known == code), "{page}: there is no exit {code}");
        }
    }
}

/// What a link to this heading is called; `None` for a line that is none.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' ')?;
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    Some(kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect())
}

#[test]
fn links_lead_somewhere() {
    for page in ["README.md", "examples/quickstart/README.md"] {
        let folder = Path::new(page).parent().expect("a file has a folder");
        let text = read(page);
        let targets: Vec<_> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(!targets.is_empty(), "{page} has links");
        let headings: Vec<_> = code_and_prose(&text).1.into_iter().filter_map(anchor).collect();
        for name in targets.iter().filter_map(|target| target.strip_prefix('#')) {
            assert!(headings.iter().any(|heading| heading == name), "{page}: there is no heading #{name}");
        }
        for target in targets.iter().filter(|target| !target.contains("://") && !target.starts_with('#')) {
            assert!(root().join(folder).join(target).exists(), "{page}: {target} does not exist");
        }
    }
}

#[test]
fn policies_that_are_shown_are_json() {
    let text = read("README.md");
    let blocks: Vec<_> = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        serde_json::from_str::<serde_json::Value>(block).unwrap_or_else(|error| panic!("{error}:\n{block}"));
    }
}

#[test]
fn manifests_that_are_shown_are_valid() {
    let text = read("README.md");
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let shown: Vec<_> = blocks.filter(|block| block.contains("apiVersion: leasehold/v1")).collect();
    assert_eq!(shown.len(), 3, "an Account, a Broker with a Role, and a Waiver: {shown:?}");

    let folder = tempfile::tempdir().expect("a folder");
    for (at, block) in shown.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{at}.yaml")), block).expect("writable");
    }
    let output = leasehold(&["validate", "--dir", folder.path().to_str().expect("a text")]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// Every manifest below a folder, sorted.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(manifests(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A path without `.` and `..`, by its text alone.
fn normal(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut normal, part| {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
        normal
    })
}

#[test]
fn the_quickstarts_manifests_are_valid_and_name_their_schema() {
    let folder = root().join("examples/quickstart/repo");
    let output = leasehold(&["validate", "--dir", folder.to_str().expect("a text")]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");

    let files = manifests(&folder);
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("readable");
        let first = text.lines().next().unwrap_or_default();
        let schema = first.strip_prefix("# yaml-language-server: $schema=");
        let schema = schema.unwrap_or_else(|| panic!("{}: its first line names no schema", file.display()));
        let schema = normal(&file.parent().expect("a folder").join(schema));
        assert_eq!(schema, root().join("schemas/manifest.v1.schema.json"), "{}", file.display());
    }
}
