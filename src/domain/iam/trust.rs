use super::{Decision, Policy};

/// Who asks STS for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller<'a> {
    /// Its partition.
    pub partition: &'a str,
    /// Its account.
    pub account: &'a str,
    /// ARN of the user or role (of a role's session: of the role, path included).
    pub principal_arn: &'a str,
    /// ARN of the session, when the caller is one and the session's name is known.
    pub session_arn: Option<&'a str>,
    /// `AIDA…` or `AROA…` (without the session's name), when known.
    pub unique_id: Option<&'a str>,
}

/// What a role's trust policy says when `caller` asks for `action`.
#[must_use]
pub fn evaluate_trust(_policy: &Policy, _caller: &Caller<'_>, _action: &str) -> Decision {
    Decision::DeniedImplicitly
}
