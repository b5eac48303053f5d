//! The one type that holds a secret.

use zeroize::Zeroizing;

use super::Timestamp;

/// A secret text. It can be shown by nobody: no `Debug`, no `Display`, no `Serialize`, no `Clone`; it is wiped when dropped.
#[allow(missing_debug_implementations, reason = "a secret must not be printable")]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a secret in.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for the one renderer that hands it over (and for `testing/`).
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Credentials as AWS gave them.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct Credentials {
    /// `ASIA…` or `AKIA…`.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token; `None` for an IAM user's own key.
    pub session_token: Option<Secret>,
    /// AWS's own expiry; `None` for an IAM user's own key.
    pub expires_at: Option<Timestamp>,
}
