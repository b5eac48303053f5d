//! AWS's numbers, each with its source: the STS API model 2011-06-15 and the IAM API model 2010-05-08, unless said otherwise.

/// Most characters of a managed policy, white space not counted.
pub const MANAGED_POLICY_MAX: usize = 6_144;
/// Most characters of a trust policy, white space not counted, as long as nobody asked AWS for more.
pub const TRUST_POLICY_DEFAULT_MAX: usize = 2_048;
/// Most characters of a trust policy that AWS can be asked for.
pub const TRUST_POLICY_MAX: usize = 4_096;
/// Managed policies of a role or user, as long as nobody asked AWS for more.
pub const ATTACHED_POLICIES_DEFAULT_MAX: usize = 10;

/// Characters that all inline policies of a user may take together, white space not counted; from reported errors.
pub const USER_INLINE_MAX: usize = 2_048;
/// Characters that all inline policies of a role may take together, white space not counted; from reported errors.
pub const ROLE_INLINE_MAX: usize = 10_240;
/// Groups of one user, which no account can have raised.
pub const GROUPS_PER_USER_MAX: usize = 10;

/// Least `DurationSeconds` of every STS call that takes one.
pub const STS_MIN_SECONDS: u32 = 900;
/// Greatest `DurationSeconds` of `AssumeRole` by its shape; the role's own `MaxSessionDuration` is lower or equal.
pub const ASSUME_ROLE_MAX_SECONDS: u32 = 43_200;
/// Greatest `DurationSeconds` when one role's session assumes another role, whatever the role allows.
pub const CHAINED_MAX_SECONDS: u32 = 3_600;
/// Greatest `DurationSeconds` of `GetFederationToken` and `GetSessionToken`.
pub const TOKEN_MAX_SECONDS: u32 = 129_600;
/// `MaxSessionDuration` of a role lies between this and [`ASSUME_ROLE_MAX_SECONDS`]; it is also the default.
pub const ROLE_MIN_MAX_SESSION_SECONDS: u32 = 3_600;

/// Shortest `RoleSessionName` and `SourceIdentity`.
pub const SESSION_NAME_MIN: usize = 2;
/// Longest `RoleSessionName` and `SourceIdentity`.
pub const SESSION_NAME_MAX: usize = 64;
/// Longest `Name` of `GetFederationToken`; the shortest is 2.
pub const FEDERATION_NAME_MAX: usize = 32;
/// Managed policies a session may carry.
pub const SESSION_POLICY_ARNS_MAX: usize = 10;
/// Characters of an inline session policy and its ARNs together, by the API's text.
pub const SESSION_POLICY_CHARS_MAX: usize = 2_048;
/// Session tags in one request.
pub const SESSION_TAGS_MAX: usize = 50;
/// Tags of one IAM user.
pub const USER_TAGS_MAX: usize = 50;
/// Shortest `ExternalId`.
pub const EXTERNAL_ID_MIN: usize = 2;
/// Longest `ExternalId`.
pub const EXTERNAL_ID_MAX: usize = 1_224;
/// Longest tag key; the shortest is 1.
pub const TAG_KEY_MAX: usize = 128;
/// Longest tag value; the shortest is empty.
pub const TAG_VALUE_MAX: usize = 256;
/// Longest ARN accepted by STS and IAM (`arnType`); the shortest is 20.
pub const ARN_MAX: usize = 2_048;
