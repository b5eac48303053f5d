//! The shape of the code, held by tests: who may use whom, what the pure layers may not touch, and small tidiness rules.
//!
//! The layer table is data in [`layers`]; [`tokens`] and [`paths`] read just enough Rust to see every path in a file.

mod layers;
mod paths;
mod tidy;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file of this repository: its path from the root with `/` between parts, and its text.
struct RustFile {
    path: String,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every Rust file under these folders, sorted by path.
fn rust_files(folders: &[&str]) -> Vec<RustFile> {
    let mut found = Vec::new();
    for folder in folders {
        walk(&root().join(folder), &mut found);
    }
    found.sort_by(|a: &RustFile, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no Rust file under {folders:?}");
    found
}

fn walk(folder: &Path, found: &mut Vec<RustFile>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let relative = path.strip_prefix(root()).unwrap();
            let parts: Vec<&str> = relative.iter().map(|part| part.to_str().unwrap()).collect();
            found.push(RustFile { path: parts.join("/"), text: fs::read_to_string(&path).unwrap() });
        }
    }
}

fn assert_none(what: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{what}:\n  {}", violations.join("\n  "));
}

#[test]
fn layers_use_only_what_the_table_allows() {
    let dependencies = layers::dependencies(&read("Cargo.toml"));
    let violations: Vec<String> =
        rust_files(&["src"]).iter().flat_map(|file| layers::check(&file.path, &file.text, &dependencies)).collect();
    assert_none("these uses break the layer table", &violations);
}

#[test]
fn every_module_has_a_layer() {
    let declared = tidy::declared_modules(&read("src/lib.rs"));
    let table: Vec<&str> =
        layers::TABLE.iter().map(|layer| layer.name).filter(|name| *name != layers::BINARY).collect();
    let missing: Vec<String> = declared.iter().filter(|name| !table.contains(&name.as_str())).cloned().collect();
    assert_none("src/lib.rs declares modules that the layer table does not know", &missing);
    let stale: Vec<String> =
        table.iter().filter(|name| !declared.iter().any(|d| d == *name)).map(ToString::to_string).collect();
    assert_none("the layer table names modules that src/lib.rs does not declare", &stale);
}

#[test]
fn the_code_map_names_every_module() {
    let map = read("src/ARCHITECTURE.md");
    let missing = tidy::missing_from_map(&tidy::declared_modules(&read("src/lib.rs")), &map);
    assert_none("src/ARCHITECTURE.md's code map lacks", &missing);
}

#[test]
fn every_file_is_compiled() {
    let files = rust_files(&["src", "tests/it"]);
    let sources: Vec<(&str, &str)> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    assert_none("no `mod` declares these files", &tidy::orphans(&sources));
}

#[test]
fn files_stay_small() {
    let violations: Vec<String> = rust_files(&["src", "tests", "benches"])
        .iter()
        .filter_map(|file| tidy::too_long(&file.path, &file.text))
        .collect();
    assert_none("split these files by what they do", &violations);
}

#[test]
fn comments_draw_no_banners() {
    let violations: Vec<String> = rust_files(&["src", "tests", "benches"])
        .iter()
        .flat_map(|file| tidy::banners(&file.path, &file.text))
        .collect();
    assert_none("a heading that needs a banner wants to be a module", &violations);
}
