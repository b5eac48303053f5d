//! Reading a plan that `plan --out` saved.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use leasehold::app::{Failure, Meaning};
use leasehold::domain::plan::PlanBasis;
use leasehold::wire::plan_v1;

/// Reads a saved plan, whose hash must be that of what it was made from.
pub(super) fn read(file: &Path) -> Result<(plan_v1::Document, PlanBasis), Failure> {
    let shown = file.to_string_lossy();
    sound(&text(&shown, File::open(file))?, &shown)
}

/// [`read`] from standard input.
pub(super) fn read_stdin() -> Result<(plan_v1::Document, PlanBasis), Failure> {
    let shown = "standard input";
    sound(&text(shown, Ok(io::stdin().lock()))?, shown)
}

fn sound(text: &str, shown: &str) -> Result<(plan_v1::Document, PlanBasis), Failure> {
    let document = plan_v1::Document::read(text).map_err(|error| unreadable(shown, error.to_string()))?;
    let basis = document.basis().map_err(|error| unreadable(shown, error.to_string()))?;
    let hash = document.hash().map_err(|error| unreadable(shown, error.to_string()))?;
    if basis.hash() != hash {
        return Err(unreadable(shown, "it was edited: its hash is not that of what it was made from".to_owned()));
    }
    Ok((document, basis))
}

fn text(shown: &str, source: io::Result<impl Read>) -> Result<String, Failure> {
    let mut text = String::new();
    // One byte more than allowed is enough for the reader of the plan to say that it is too large.
    let limit = plan_v1::MAX_BYTES as u64 + 1;
    let read = source.and_then(|source| source.take(limit).read_to_string(&mut text));
    read.map(|_| text)
        .map_err(|error| unreadable(shown, error.to_string()).help("save one with `leasehold plan --out FILE`"))
}

fn unreadable(shown: &str, cause: String) -> Failure {
    Failure::new(Meaning::Failed, "plan-unreadable", format!("{shown} cannot be used as a saved plan")).because(cause)
}
