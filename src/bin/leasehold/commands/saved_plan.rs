//! Reading a plan that `plan --out` saved.

use std::io;
use std::path::Path;

use leasehold::app::{Failure, Meaning};
use leasehold::domain::plan::PlanBasis;
use leasehold::wire::plan_v1;

use crate::system;

/// Reads a saved plan, whose hash must be that of what it was made from.
pub(super) fn read(file: &Path) -> Result<(plan_v1::Document, PlanBasis), Failure> {
    let shown = file.to_string_lossy();
    sound(&text(&shown, system::read_at_most(file, plan_v1::MAX_BYTES))?, &shown)
}

/// [`read`] from standard input.
pub(super) fn read_stdin() -> Result<(plan_v1::Document, PlanBasis), Failure> {
    let shown = "standard input";
    sound(&text(shown, system::text_at_most(io::stdin().lock(), plan_v1::MAX_BYTES))?, shown)
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

fn text(shown: &str, read: io::Result<Option<String>>) -> Result<String, Failure> {
    let why = match read {
        Ok(Some(text)) => return Ok(text),
        Ok(None) => format!("the plan file is too large: it has more than {} bytes", plan_v1::MAX_BYTES),
        Err(error) => error.to_string(),
    };
    Err(unreadable(shown, why).help("save one with `leasehold plan --out FILE`"))
}

fn unreadable(shown: &str, cause: String) -> Failure {
    Failure::new(Meaning::Failed, "plan-unreadable", format!("{shown} cannot be used as a saved plan")).because(cause)
}
