use super::tree::Tree;

/// What a policy is to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A service control policy of the caller's account.
    Scp,
    /// A resource control policy of the resource's account.
    Rcp,
    /// The trust policy of the role, or the policy of another resource.
    Resource,
    /// A policy of the caller.
    Identity,
    /// The caller's permissions boundary.
    Boundary,
    /// A policy of the caller's session.
    Session,
}

impl Place {
    /// What it is called in texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scp => "service control policy",
            Self::Rcp => "resource control policy",
            Self::Resource => "resource policy",
            Self::Identity => "identity policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
        }
    }
}

/// What all policies together say to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed, whatever is still unknown.
    Allowed,
    /// A statement denies it, whatever is still unknown.
    DeniedExplicitly {
        /// Where the statement is.
        place: Place,
        /// In which policy (hostile).
        policy: String,
        /// Its label (hostile).
        statement: String,
    },
    /// Not allowed, whatever is still unknown.
    DeniedImplicitly {
        /// The places that do not allow what they must, in the order of [`Place`]. Empty when each could, but no request
        /// satisfies all of them together and none of the Denys.
        lacking: Vec<Place>,
    },
    /// Allowed exactly when this holds.
    Depends(Tree),
}

/// Something a verdict rests on that is not in the policies given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caveat {
    /// These policies were not read and could still deny.
    SubjectTo(Place),
    /// AWS's pages differ on whether this limits a caller that the trust policy names itself; it is taken to.
    StrictReading(Place),
}

/// A verdict with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The verdict.
    pub verdict: Verdict,
    /// Sorted, without duplicates.
    pub caveats: Vec<Caveat>,
}
