/// What a policy says to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Some statement allows it and none denies it.
    Allowed,
    /// A statement denies it, whatever else is said.
    DeniedExplicitly {
        /// The statement's `Sid`, else its position (`#2`, from 1).
        statement: String,
    },
    /// No statement allows it.
    DeniedImplicitly,
    /// It hangs on what is not known before the request is made.
    Depends(Residual),
}

/// What a decision hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Residual {
    /// One line for each statement that could decide, with its conditions as written.
    pub lines: Vec<String>,
}
