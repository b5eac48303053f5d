/// Something in a policy that can be read but should not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyNote {
    /// The statement's label: its `Sid`, else `#` and its position from 1.
    pub statement: String,
    /// What is odd.
    pub kind: NoteKind,
    /// The text at fault, as written (hostile); empty when the kind says it all.
    pub text: String,
}

/// Kinds of oddness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// `NotPrincipal`: not allowed in trust policies, and never counted as allowing.
    NotPrincipal,
    /// `Resource` or `NotResource` beside a principal: ignored in a trust policy.
    ResourceInTrustPolicy,
    /// A wildcard inside a principal: AWS refuses it, and it matches nobody.
    WildcardInPrincipal,
    /// An AWS principal of no known form: it matches nobody.
    UnknownPrincipal,
    /// An `AROA…` or `AIDA…` id where an ARN should stand: AWS shows it when the principal was deleted.
    DanglingPrincipal,
    /// An action without `service:`, or with white space: it never matches.
    MalformedAction,
    /// A condition operator that IAM does not document: the statement never counts as allowing.
    UnknownOperator,
    /// A list, or a condition block, with nothing in it.
    Empty,
    /// A `Sid` with characters other than ASCII letters and digits.
    OddSid,
}

impl NoteKind {
    /// Whether it is odd in the trust policy of a role, and good form in the policy of another resource.
    #[must_use]
    pub fn is_of_trust_policies(self) -> bool {
        matches!(self, Self::NotPrincipal | Self::ResourceInTrustPolicy)
    }

    /// What is odd, as a clause after "the statement …".
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotPrincipal => "uses NotPrincipal, which a trust policy may not have",
            Self::ResourceInTrustPolicy => "has a Resource element, which a trust policy ignores",
            Self::WildcardInPrincipal => "has a wildcard inside a principal, which matches nobody",
            Self::UnknownPrincipal => "names a principal of no known form, which matches nobody",
            Self::DanglingPrincipal => "names a principal by its unique id: it was probably deleted",
            Self::MalformedAction => {
                "lists an action without a service prefix or with white space, which never matches"
            }
            Self::UnknownOperator => "uses a condition operator that IAM does not document",
            Self::Empty => "has an empty list or block",
            Self::OddSid => "has a Sid with characters other than letters and digits",
        }
    }
}
