//! The layer table and its checker.

use super::paths::{Reference, Uses, uses};

/// The binary's row: it is a crate of its own and sees the library from outside.
pub(super) const BINARY: &str = "bin";

/// The binary's one file that may name adapters.
const WIRE_UP: &str = "src/bin/leasehold/wire_up";

/// The modules that reach an outside system.
const ADAPTERS: &[&str] = &["aws", "source", "state"];

/// One row: a top-level module, what of the crate it may use beside itself, which dependencies, and how pure it is.
pub(super) struct Layer {
    pub(super) name: &'static str,
    modules: &'static [&'static str],
    dependencies: Dependencies,
    purity: Purity,
}

enum Dependencies {
    Any,
    Only(&'static [&'static str]),
}

/// What a layer may do to the process it runs in.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Purity {
    /// Values only: not even asynchronous.
    Pure,
    /// Asynchronous over ports; still no system call of its own.
    Ported,
    /// Reaches one outside system.
    Adapter,
    /// Owns the process.
    Process,
}

/// Everything that is not listed here is refused.
pub(super) const TABLE: &[Layer] = &[
    Layer {
        name: "domain",
        modules: &[],
        dependencies: Dependencies::Only(&[
            "serde",
            "serde_json",
            "thiserror",
            "jiff",
            "sha2",
            "strsim",
            "zeroize",
            "ipnet",
        ]),
        purity: Purity::Pure,
    },
    Layer {
        name: "wire",
        modules: &["domain"],
        dependencies: Dependencies::Only(&[
            "serde",
            "serde_json",
            "serde_yaml",
            "granit_parser",
            "schemars",
            "thiserror",
            "jiff",
            "sha2",
            "strsim",
            "zeroize",
        ]),
        purity: Purity::Pure,
    },
    Layer {
        name: "output",
        modules: &["domain", "wire"],
        dependencies: Dependencies::Only(&[
            "serde",
            "serde_json",
            "thiserror",
            "jiff",
            "similar",
            "miette",
            "textwrap",
        ]),
        purity: Purity::Pure,
    },
    Layer {
        name: "ports",
        modules: &["domain"],
        dependencies: Dependencies::Only(&["jiff", "thiserror"]),
        purity: Purity::Ported,
    },
    Layer {
        name: "app",
        modules: &["domain", "ports", "wire"],
        dependencies: Dependencies::Only(&["serde", "serde_json", "thiserror", "jiff"]),
        purity: Purity::Ported,
    },
    Layer {
        name: "aws",
        modules: &["domain", "ports"],
        dependencies: Dependencies::Only(&[
            "aws_config",
            "aws_credential_types",
            "aws_sdk_iam",
            "aws_sdk_kms",
            "aws_sdk_s3",
            "aws_sdk_sts",
            "aws_smithy_http_client",
            "aws_smithy_runtime_api",
            "aws_smithy_types",
            "aws_types",
            "hyper_util",
            "jiff",
            "percent_encoding",
            "rustls",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
        ]),
        purity: Purity::Adapter,
    },
    Layer {
        name: "source",
        modules: &["domain", "ports"],
        dependencies: Dependencies::Only(&["git2", "ring", "rustix", "thiserror"]),
        purity: Purity::Adapter,
    },
    Layer {
        name: "state",
        modules: &["domain", "ports", "wire"],
        dependencies: Dependencies::Only(&[
            "ring",
            "rustix",
            "rustls_pki_types",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "ulid",
        ]),
        purity: Purity::Adapter,
    },
    Layer {
        name: "testing",
        modules: &["domain", "ports", "wire"],
        dependencies: Dependencies::Only(&["jiff", "serde_json", "thiserror", "ulid"]),
        purity: Purity::Adapter,
    },
    Layer {
        name: BINARY,
        modules: &["domain", "wire", "output", "ports", "app", "aws", "source", "state"],
        dependencies: Dependencies::Any,
        purity: Purity::Process,
    },
];

/// Refused below [`Purity::Adapter`]: the clock, the environment, files, the network, processes and threads.
const OUTSIDE: &[&[&str]] = &[
    &["std", "env"],
    &["std", "fs"],
    &["std", "io", "stderr"],
    &["std", "io", "stdin"],
    &["std", "io", "stdout"],
    &["std", "net"],
    &["std", "os"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "time", "Instant"],
    &["std", "time", "SystemTime"],
];

/// Refused below [`Purity::Process`]: only the binary talks to a person.
const PRINTING: &[&str] = &["dbg", "eprint", "eprintln", "print", "println"];

/// The names by which code calls the dependencies of a Cargo.toml.
pub(super) fn dependencies(manifest: &str) -> Vec<String> {
    let mut in_section = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_section = line.trim() == "[dependencies]";
        } else if in_section
            && let Some((name, _)) = line.split_once('=')
            && !name.starts_with(['#', ' '])
        {
            found.push(name.trim().replace('-', "_"));
        }
    }
    found
}

/// Every use in this file that its layer's row does not allow.
pub(super) fn check(path: &str, source: &str, dependencies: &[String]) -> Vec<String> {
    let module = module_of(path);
    let Some(layer) = TABLE.iter().find(|layer| module.first().is_some_and(|name| name == layer.name)) else {
        return Vec::new();
    };
    let Uses { paths, macros, asynchrony } = uses(&module, source);
    let mut found: Vec<(usize, String)> = Vec::new();
    for reference in &paths {
        let refusal = if layer.name == BINARY {
            refused_in_binary(path, layer, reference)
        } else {
            refused_module(layer, reference).or_else(|| refused_outside(layer, reference, dependencies))
        };
        found.extend(refusal.map(|why| (reference.line, why)));
    }
    if layer.purity < Purity::Process {
        let printing = macros.iter().filter(|m| !m.in_tests && PRINTING.contains(&m.path[0].as_str()));
        found.extend(printing.map(|m| (m.line, format!("`{}!`: only the binary prints", m.path[0]))));
    }
    if layer.purity == Purity::Pure {
        let waits = asynchrony.iter().filter(|word| !word.in_tests);
        found.extend(waits.map(|word| (word.line, format!("`{}`: {} is synchronous", word.path[0], layer.name))));
    }
    found.sort();
    found.into_iter().map(|(line, why)| format!("{path}:{line}: {why}")).collect()
}

/// `src/domain/plan/mod.rs` is `domain::plan`; files of the binary begin with [`BINARY`]; `src/lib.rs` is the root.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// A path into another module of the crate. Tests of any layer may use the doubles.
fn refused_module(layer: &Layer, reference: &Reference) -> Option<String> {
    if !matches!(reference.path[0].as_str(), "crate" | "leasehold") {
        return None;
    }
    let shown = reference.path.join("::");
    let target = reference.path.get(1).map_or("*", String::as_str);
    let allowed =
        target == layer.name || layer.modules.contains(&target) || (target == "testing" && reference.in_tests);
    (!allowed).then(|| format!("`{shown}`: {} may use {:?} of the crate", layer.name, layer.modules))
}

/// A path out of the crate. Tests of pure code may read files and use any dependency.
fn refused_outside(layer: &Layer, reference: &Reference, dependencies: &[String]) -> Option<String> {
    if reference.in_tests {
        return None;
    }
    let path: Vec<&str> = reference.path.iter().map(String::as_str).collect();
    let shown = path.join("::");
    if let Dependencies::Only(allowed) = layer.dependencies
        && dependencies.iter().any(|name| name == path[0])
        && !allowed.contains(&path[0])
    {
        return Some(format!("`{shown}`: not a dependency of {}", layer.name));
    }
    if layer.purity >= Purity::Adapter {
        return None;
    }
    let hidden =
        path.last() == Some(&"*") && OUTSIDE.iter().any(|outside| outside.starts_with(&path[..path.len() - 1]));
    if hidden || OUTSIDE.iter().any(|outside| path.starts_with(outside)) {
        return Some(format!("`{shown}`: {} reaches nothing outside by itself", layer.name));
    }
    (path.len() > 1 && path.last() == Some(&"now"))
        .then(|| format!("`{shown}`: {} is told the time, it does not ask", layer.name))
}

/// The binary sees the library from outside; one of its files chooses adapters.
fn refused_in_binary(path: &str, layer: &Layer, reference: &Reference) -> Option<String> {
    if reference.path[0] != "leasehold" || reference.in_tests {
        return None;
    }
    let shown = reference.path.join("::");
    let target = reference.path.get(1).map_or("*", String::as_str);
    if !layer.modules.contains(&target) {
        return Some(format!("`{shown}`: the binary may use {:?}", layer.modules));
    }
    (ADAPTERS.contains(&target) && !path.starts_with(WIRE_UP))
        .then(|| format!("`{shown}`: only wire_up names adapters"))
}

#[cfg(test)]
mod tests {
    use super::{check, dependencies, module_of};

    fn refused(path: &str, source: &str) -> Vec<String> {
        let known = ["tokio", "git2", "clap", "serde", "serde_yaml", "aws_sdk_sts", "tracing", "rustix"];
        check(path, source, &known.map(str::to_owned))
    }

    fn refuses(path: &str, source: &str) -> bool {
        !refused(path, source).is_empty()
    }

    #[test]
    fn what_the_table_allows_passes() {
        for (path, source) in [
            ("src/domain/plan/mod.rs", "use super::ttl::Ttl; use crate::domain::role; use std::collections::BTreeMap;"),
            ("src/wire/manifest_v1.rs", "use crate::domain::span; use serde_yaml::Spanned;"),
            ("src/app/plan.rs", "use crate::ports::Clock; async fn f(c: impl Clock) { c.now(); g().await }"),
            ("src/state/file.rs", "use crate::wire::state_v1; use std::fs::File; use rustix::fs;"),
            ("src/bin/leasehold/wire_up.rs", "use leasehold::aws::Aws; use crate::args::Args;"),
            ("src/bin/leasehold/plan.rs", "use leasehold::app::plan; use clap::Args; fn f() { println!() }"),
            ("src/app/plan.rs", "#[cfg(test)] mod tests { use crate::testing::FakeCloud; use tokio::runtime; }"),
        ] {
            assert_eq!(refused(path, source), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn a_use_of_a_higher_layer_is_refused() {
        for (path, source) in [
            ("src/domain/role.rs", "use crate::ports::Clock;"),
            ("src/domain/plan/diff.rs", "use super::super::super::wire::plan_v1;"),
            ("src/domain/role.rs", "use crate::{domain::ttl, app::plan};"),
            ("src/domain/role.rs", "fn f() { crate::app::plan::run() }"),
            ("src/domain/role.rs", "use crate::*;"),
            ("src/wire/state_v1.rs", "use crate::output::text;"),
            ("src/output/text.rs", "use crate::ports::CloudError;"),
            ("src/ports.rs", "use super::wire::plan_v1;"),
            ("src/app/issue.rs", "use crate::aws::Client;"),
            ("src/app/issue.rs", "use crate::output::text;"),
            ("src/app/issue.rs", "use crate::testing::FakeCloud;"),
            ("src/aws/read.rs", "use crate::state::FileStore;"),
            ("src/source/git.rs", "use leasehold::wire::manifest_v1;"),
            ("src/bin/leasehold/plan.rs", "use leasehold::aws::Aws;"),
            ("src/bin/leasehold/wire_up.rs", "use leasehold::testing::FakeCloud;"),
        ] {
            assert!(refuses(path, source), "{path}: {source}");
        }
    }

    #[test]
    fn a_foreign_dependency_is_refused() {
        assert!(refuses("src/domain/role.rs", "use tokio::time;"));
        assert!(refuses("src/wire/a.rs", "fn f() { git2::Repository::open(x) }"));
        assert!(refuses("src/output/a.rs", "use clap;"));
        assert!(refuses("src/app/a.rs", "use ::aws_sdk_sts::Client;"));
        assert!(refuses("src/aws/a.rs", "use git2::Oid;"));
        assert!(refuses("src/domain/role.rs", "fn f() { tracing::info!(\"x\") }"));
    }

    #[test]
    fn the_outside_is_refused_to_pure_code() {
        for source in [
            "use std::fs;",
            "use std::{collections::BTreeMap, fs::File};",
            "use std::*;",
            "use std::io::*;",
            "use std::time::{Duration, Instant};",
            "fn f() { std::env::var(\"X\") }",
            "fn f() { Timestamp::now() }",
            "use std::process::Command;",
            "use std::net::TcpStream;",
            "fn f() { println!(\"x\") }",
            "fn f() { std::io::stdout() }",
        ] {
            for path in ["src/domain/a.rs", "src/wire/a.rs", "src/output/a.rs", "src/ports.rs", "src/app/a.rs"] {
                assert!(refuses(path, source), "{path}: {source}");
            }
        }
        assert!(refuses("src/domain/a.rs", "async fn f() {}"));
        assert!(refuses("src/aws/a.rs", "fn f() { eprintln!() }"));
    }

    #[test]
    fn comments_and_texts_are_no_uses() {
        assert!(!refuses("src/domain/a.rs", "// use std::fs;\nconst A: &str = \"std::fs::read tokio::spawn\";"));
    }

    #[test]
    fn a_violation_names_its_place() {
        assert!(refused("src/domain/a.rs", "\n\nuse std::fs;")[0].starts_with("src/domain/a.rs:3: `std::fs`"));
    }

    #[test]
    fn paths_become_modules() {
        assert_eq!(module_of("src/domain/plan/mod.rs"), ["domain", "plan"]);
        assert_eq!(module_of("src/ports.rs"), ["ports"]);
        assert_eq!(module_of("src/bin/leasehold/main.rs"), ["bin", "leasehold"]);
        assert!(module_of("src/lib.rs").is_empty());
    }

    #[test]
    fn dependencies_are_read_from_the_manifest() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\n# a = 1\naws-config = { version = \"1\" }\nserde = \"1\"\n[dev-dependencies]\ninsta = \"1\"";
        assert_eq!(dependencies(manifest), ["aws_config", "serde"]);
    }
}
