use super::context::Context;

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

impl<'a> Caller<'a> {
    /// `role` or `user` and the name without its path, when the ARN is one of an IAM role or user.
    pub(super) fn kind_and_name(&self) -> Option<(&'a str, &'a str)> {
        let resource = self.principal_arn.splitn(6, ':').nth(5)?;
        let (kind, rest) = resource.split_once('/')?;
        Some((kind, rest.rsplit('/').next().unwrap_or(rest)))
    }
}

/// One question to a policy, or to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// What for: `sts:AssumeRole`, `sts:TagSession`, …
    pub action: &'a str,
    /// On what: an ARN, or `*` for an action that is on nothing in particular. `None` when it is not known; a trust
    /// policy does not ask.
    pub resource: Option<&'a str>,
    /// What is known of the condition keys. `None` leaves every condition open, whatever it says.
    pub context: Option<&'a Context<'a>>,
}

impl<'a> Request<'a> {
    /// A question of which nothing but caller and action is known: every condition is open.
    #[must_use]
    pub fn new(caller: Caller<'a>, action: &'a str) -> Self {
        Self { caller, action, resource: None, context: None }
    }

    /// The same on `resource`.
    #[must_use]
    pub fn on(self, resource: &'a str) -> Self {
        Self { resource: Some(resource), ..self }
    }

    /// The same with what is known of the condition keys.
    #[must_use]
    pub fn within(self, context: &'a Context<'a>) -> Self {
        Self { context: Some(context), ..self }
    }
}
