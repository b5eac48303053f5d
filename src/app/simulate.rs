//! `simulate`: a question to the evaluator, answered without AWS, git and state.

use super::{Failure, Meaning};
use crate::wire::simulation_v1::{self, Document};

/// Answers a request. Whatever the verdict is, it is the answer; only a request that is none fails.
pub fn simulate(request: &str) -> Result<Document, Failure> {
    let simulation = simulation_v1::read(request).map_err(|error| {
        Failure::new(Meaning::Failed, "bad-request", error.message)
            .help("`leasehold schema simulation-request` prints the form of a request")
    })?;
    Ok(Document::of(&simulation))
}
