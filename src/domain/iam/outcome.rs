use super::evaluate::evaluate;
use super::policies::Policies;
use super::request::Request;
use super::trace::{StatementTrace, nearest_allow, trace};
use super::verdict::{Evaluation, Verdict};

/// What AWS would answer to one action, and how it comes to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The action.
    pub action: String,
    /// The verdict with what it rests on.
    pub evaluation: Evaluation,
    /// How each statement was judged.
    pub trace: Vec<StatementTrace>,
}

impl Outcome {
    /// Judges `request` by `policies`.
    #[must_use]
    pub fn of(request: &Request<'_>, policies: &Policies<'_>) -> Self {
        Self {
            action: request.action.to_owned(),
            evaluation: evaluate(request, policies),
            trace: trace(request, policies),
        }
    }

    /// The Allow that comes nearest to applying, for each place that does not allow what it must.
    #[must_use]
    pub fn nearest(&self) -> Vec<&StatementTrace> {
        let Verdict::DeniedImplicitly { lacking } = &self.evaluation.verdict else { return Vec::new() };
        lacking.iter().filter_map(|place| nearest_allow(&self.trace, *place)).collect()
    }
}
