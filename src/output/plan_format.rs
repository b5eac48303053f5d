//! Every form in which a plan is shown: what `plan --format`, `render --format` and the README list.

use std::io::{self, Write};

use self::Renderer::{Plain, Styled};
use super::{Style, github, gitlab_code_quality, gitlab_terraform, html, junit, markdown, sarif, text};
use crate::wire::plan_v1::Document;

/// One form of a plan. [`ALL`] has every one.
#[derive(Debug)]
pub struct PlanFormat {
    /// What `--format` takes.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub help: &'static str,
    write: Renderer,
}

/// A renderer, by what it is told beside the plan.
#[derive(Debug)]
enum Renderer {
    /// Nothing: the same plan gives the same bytes everywhere.
    Plain(fn(&Document, &mut dyn Write) -> io::Result<()>),
    /// Who looks, and how the plan came about.
    Styled(fn(&Document, &[String], &Style, &mut dyn Write) -> io::Result<()>),
}

/// In the order in which help shows them: for people, for programs, for forges and CI systems.
#[rustfmt::skip]
pub static ALL: &[PlanFormat] = &[
    PlanFormat { name: "text", help: "For people at a terminal", write: Styled(text::plan) },
    PlanFormat { name: "json", help: "For programs; versioned; what render reads", write: Plain(json) },
    PlanFormat { name: "markdown", help: "A comment for a pull request, at most 60,000 bytes", write: Plain(markdown::plan) },
    PlanFormat { name: "html", help: "One page with the trust map, for a browser; it loads nothing", write: Plain(html::plan) },
    PlanFormat { name: "github", help: "Annotations of GitHub Actions, as workflow commands", write: Plain(github::plan) },
    PlanFormat { name: "github-summary", help: "A page for GITHUB_STEP_SUMMARY", write: Plain(markdown::summary) },
    PlanFormat { name: "gitlab-code-quality", help: "GitLab's code quality report", write: Plain(gitlab_code_quality::plan) },
    PlanFormat { name: "gitlab-terraform", help: "GitLab's report of what would change", write: Plain(gitlab_terraform::plan) },
    PlanFormat { name: "junit", help: "JUnit's XML, for whatever shows test results", write: Plain(junit::plan) },
    PlanFormat { name: "sarif", help: "SARIF 2.1.0, for code scanning", write: Plain(sarif::plan) },
];

impl PlanFormat {
    /// The one of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|format| format.name == name)
    }

    /// Whether it is the versioned JSON form: whoever asks for that reads errors as JSON too.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.name == "json"
    }

    /// Writes the plan. `options` are those that `apply` needs to come to the same plan, and `style` is what the reader's
    /// terminal shows; only forms for a person at a terminal look at either.
    pub fn write(&self, document: &Document, options: &[String], style: &Style, out: &mut dyn Write) -> io::Result<()> {
        match self.write {
            Plain(write) => write(document, out),
            Styled(write) => write(document, options, style, out),
        }
    }
}

fn json(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(document.to_json().as_bytes())
}

/// The table for the README.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from("| format | what it is |\n|---|---|\n");
    for PlanFormat { name, help, .. } in ALL {
        out.push_str(&format!("| `{name}` | {help} |\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for format in ALL {
            assert!(PlanFormat::find(format.name).is_some_and(|found| std::ptr::eq(found, format)), "{}", format.name);
            assert!(!format.help.is_empty() && !format.help.contains('|'), "{}", format.help);
        }
        assert!(PlanFormat::find("JSON").is_none());
        assert_eq!(ALL.iter().filter(|format| format.is_json()).count(), 1);
    }
}
