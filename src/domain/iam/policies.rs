use super::policy::Policy;

/// A policy under the name that decisions call it by.
#[derive(Debug, Clone, Copy)]
pub struct NamedPolicy<'a> {
    /// Any name: a policy's ARN, or that of an inline policy (hostile).
    pub name: &'a str,
    /// The policy.
    pub policy: &'a Policy,
}

/// The policies that stand at one place.
#[derive(Debug, Clone, Default)]
pub enum Layer<'a> {
    /// There is none: it grants nothing, and limits nothing.
    #[default]
    None,
    /// Nobody read it. The decision is made as if it did not limit, and says so in its caveats.
    Assumed,
    /// It could not be read: the decision hangs on it.
    Unread,
    /// Just these; one of them must allow.
    Read(Vec<NamedPolicy<'a>>),
}

/// The policy of what is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub enum ResourcePolicy<'a> {
    /// It has none.
    #[default]
    None,
    /// A role's trust policy: nobody assumes the role whom it does not let.
    Trust(NamedPolicy<'a>),
    /// A trust policy that could not be read.
    UnreadTrust,
    /// Of another resource: in the resource's own account it or the caller's identity policies must allow.
    Attached(NamedPolicy<'a>),
    /// Of another resource, and could not be read.
    UnreadAttached,
}

/// All policies that one request meets. The default has none.
#[derive(Debug, Clone, Default)]
pub struct Policies<'a> {
    /// The caller's own: inline, attached, and those of its groups.
    pub identity: Layer<'a>,
    /// That of what is asked for.
    pub resource: ResourcePolicy<'a>,
    /// The caller's permissions boundary.
    pub boundary: Layer<'a>,
    /// The policies that the caller's session was made with.
    pub session: Layer<'a>,
    /// Service control policies of the caller's account: one layer each for the root, the units and the account.
    pub scps: Vec<Layer<'a>>,
    /// Resource control policies of the resource's account, in the same way and with AWS's own `RCPFullAWSAccess`.
    pub rcps: Vec<Layer<'a>>,
}
