//! Names and ARNs, parsed once into types that cannot be wrong.

use std::fmt;

use thiserror::Error;

use super::limits;

/// Why a text is not the identifier it should be. The message completes "`<text>` …".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct IdentError(pub String);

fn no<T>(message: impl Into<String>) -> Result<T, IdentError> {
    Err(IdentError(message.into()))
}

/// A manifest's `metadata.name`, Vault's role name: 1 to 64 letters, digits, `_`, `-`, `.`, the first and the last a
/// letter, a digit or `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Checks the grammar above.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let bytes = text.as_bytes();
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
            return no("is empty: a name has 1 to 64 characters");
        };
        if bytes.len() > 64 {
            return no(format!("has {} characters: a name has at most 64", text.chars().count()));
        }
        if let Some(bad) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))) {
            return no(format!(
                "contains `{}`: a name is made of letters, digits, `_`, `-` and `.`",
                super::text::escape(&bad.to_string())
            ));
        }
        if !word(*first) || !word(*last) {
            return no("must begin and end with a letter, a digit or `_`");
        }
        Ok(Self(text.to_owned()))
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A twelve-digit AWS account id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// Exactly twelve ASCII digits.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        no("is not an AWS account id: it has exactly twelve digits (quote it in YAML)")
    }

    /// The twelve digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The partitions AWS documents; they never trust each other.
pub const PARTITIONS: [&str; 9] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "aws-iso-g"];

/// The partition a region belongs to, by its prefix.
#[must_use]
pub fn partition_of_region(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "aws-cn",
        Some("eusc") => "aws-eusc",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("us-iso-") => "aws-iso",
        _ if region.starts_with("us-isob-") => "aws-iso-b",
        _ if region.starts_with("eu-isoe-") => "aws-iso-e",
        _ if region.starts_with("us-isof-") => "aws-iso-f",
        _ => "aws",
    }
}

/// The ARN of something in IAM or STS that can act or be acted for, split at its colons.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    text: String,
    partition: usize,
    service: usize,
    region: usize,
    account: usize,
}

impl Arn {
    /// `arn:partition:service:region:account:resource`, six parts, the resource may hold further colons.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        if text.len() > limits::ARN_MAX {
            return no(format!("has {} characters: an ARN has at most {}", text.len(), limits::ARN_MAX));
        }
        if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic()) {
            return no(format!(
                "contains `{}`: an ARN is printable ASCII without spaces",
                super::text::escape(&bad.to_string())
            ));
        }
        let mut ends = text.match_indices(':').map(|(at, _)| at);
        let (Some(scheme), Some(partition), Some(service), Some(region), Some(account)) =
            (ends.next(), ends.next(), ends.next(), ends.next(), ends.next())
        else {
            return no("is not an ARN: `arn:partition:service:region:account:resource`");
        };
        if &text[..scheme] != "arn" {
            return no("is not an ARN: it must begin with `arn:`");
        }
        if account + 1 == text.len() {
            return no("is not an ARN: nothing is named after the account");
        }
        Ok(Self { text: text.to_owned(), partition, service, region, account })
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `aws`, `aws-cn`, …
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.text[4..self.partition]
    }

    /// `iam`, `sts`, …
    #[must_use]
    pub fn service(&self) -> &str {
        &self.text[self.partition + 1..self.service]
    }

    /// Empty for IAM and STS.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.text[self.service + 1..self.region]
    }

    /// The account's digits, or `aws` for AWS's own policies; unchecked.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.text[self.region + 1..self.account]
    }

    /// Everything after the fifth colon.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.text[self.account + 1..]
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Characters of role, user, group and policy names: `[\w+=,.@-]`.
#[must_use]
pub fn is_iam_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '=' | ',' | '.' | '@' | '-')
}

/// Checks an IAM path: `/`, or `/` … `/` of printable ASCII, at most 512 characters.
pub fn check_path(path: &str) -> Result<(), IdentError> {
    if path.len() > 512 {
        return no("is longer than 512 characters, IAM's limit for a path");
    }
    if !path.starts_with('/') || !path.ends_with('/') || path.contains("//") {
        return no("is not an IAM path: it begins and ends with `/`");
    }
    if path.bytes().any(|b| !(0x21..=0x7e).contains(&b)) {
        return no("contains characters that IAM does not allow in a path");
    }
    Ok(())
}

/// `arn:<partition>:iam::<account>:<kind>/<path><name>` for one `kind`, parsed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct IamArn {
    arn: Arn,
    account: AccountId,
    name_at: usize,
}

impl IamArn {
    fn parse(text: &str, kind: &str, name_max: usize) -> Result<Self, IdentError> {
        let arn = Arn::parse(text)?;
        if !PARTITIONS.contains(&arn.partition()) {
            let near = super::text::nearest(arn.partition(), PARTITIONS).unwrap_or("aws");
            return no(format!(
                "names the partition `{}`, which does not exist; did you mean `{near}`?",
                arn.partition()
            ));
        }
        if arn.service() != "iam" || !arn.region().is_empty() {
            return no(format!("is not the ARN of an IAM {kind}: `arn:aws:iam::<account id>:{kind}/<name>`"));
        }
        let account = AccountId::parse(arn.account())
            .map_err(|_| IdentError(format!("names the account `{}`, which is not twelve digits", arn.account())))?;
        let Some(path_and_name) = arn.resource().strip_prefix(kind).and_then(|rest| rest.strip_prefix('/')) else {
            return no(format!("does not name a {kind}: `arn:aws:iam::<account id>:{kind}/<name>`"));
        };
        let name = path_and_name.rsplit('/').next().unwrap_or_default();
        if name.is_empty() {
            return no(format!("names no {kind} after its path"));
        }
        if name.len() > name_max {
            return no(format!("names a {kind} of {} characters: IAM allows {name_max}", name.len()));
        }
        if let Some(bad) = name.chars().find(|c| !is_iam_name_char(*c)) {
            return no(format!("contains `{bad}`, which IAM does not allow in the name of a {kind}"));
        }
        check_path(&format!("/{}", &path_and_name[..path_and_name.len() - name.len()]))?;
        let name_at = text.len() - name.len();
        Ok(Self { arn, account, name_at })
    }

    fn name(&self) -> &str {
        &self.arn.as_str()[self.name_at..]
    }
}

/// The ARN of an IAM role, path included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleArn(IamArn);

impl RoleArn {
    /// Checks partition, account, path and name.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        IamArn::parse(text, "role", 64).map(Self)
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.arn.as_str()
    }

    /// The general form.
    #[must_use]
    pub fn arn(&self) -> &Arn {
        &self.0.arn
    }

    /// The account that holds the role.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.0.account
    }

    /// The role's name without its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// The role's path, `/` when it has none.
    #[must_use]
    pub fn path(&self) -> &str {
        let resource = self.0.arn.resource();
        &resource["role".len()..resource.len() - self.name().len()]
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who issues: the Broker document's `principal`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BrokerPrincipal {
    /// An IAM role: every session it hands out is chained, and lives one hour at most.
    Role(RoleArn),
    /// An IAM user with long-term keys: the only kind that may ask for federation and session tokens.
    User(UserArn),
}

/// The ARN of an IAM user, path included.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserArn(IamArn);

impl UserArn {
    /// Checks partition, account, path and name.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        IamArn::parse(text, "user", 128).map(Self)
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.arn.as_str()
    }

    /// The user's name without its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

impl BrokerPrincipal {
    /// A role's or a user's ARN; a session's ARN is answered with the role it should be.
    pub fn parse(text: &str) -> Result<Self, IdentError> {
        let arn = Arn::parse(text)?;
        if arn.service() == "sts" && arn.resource().starts_with("assumed-role/") {
            let role = arn.resource().split('/').nth(1).unwrap_or_default();
            return no(format!(
                "is one session of a role; name the role itself: `arn:{}:iam::{}:role/{role}` (with its path, if it has one)",
                arn.partition(),
                arn.account()
            ));
        }
        match arn.resource().split('/').next() {
            Some("user") => UserArn::parse(text).map(Self::User),
            Some("role") => RoleArn::parse(text).map(Self::Role),
            Some("root") => no("is the account's root, which may not assume roles"),
            _ => no("names neither a role nor a user: `arn:aws:iam::<account id>:role/<name>`"),
        }
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Role(arn) => arn.as_str(),
            Self::User(arn) => arn.as_str(),
        }
    }

    /// The account the broker lives in.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        match self {
            Self::Role(arn) => &arn.0.account,
            Self::User(arn) => &arn.0.account,
        }
    }

    /// The partition the broker lives in.
    #[must_use]
    pub fn partition(&self) -> &str {
        match self {
            Self::Role(arn) => arn.0.arn.partition(),
            Self::User(arn) => arn.0.arn.partition(),
        }
    }

    /// Whether sessions it hands out are chained (capped at one hour).
    #[must_use]
    pub fn is_role(&self) -> bool {
        matches!(self, Self::Role(_))
    }
}

impl fmt::Display for BrokerPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_arns_with_and_without_a_path() {
        let plain = RoleArn::parse("arn:aws:iam::111122223333:role/ProdAppReadOnly").expect("valid");
        assert_eq!((plain.path(), plain.name(), plain.account().as_str()), ("/", "ProdAppReadOnly", "111122223333"));
        let deep = RoleArn::parse("arn:aws-cn:iam::111122223333:role/a/b/Name").expect("valid");
        assert_eq!((deep.path(), deep.name()), ("/a/b/", "Name"));
    }

    #[test]
    fn malformed_role_arns_are_refused() {
        for text in [
            "",
            "role/X",
            "arn:aws:iam::111122223333:user/X",
            "arn:aws:iam::1111:role/X",
            "arn:aws:iam:us-east-1:111122223333:role/X",
            "arn:aws:sts::111122223333:role/X",
            "arn:awz:iam::111122223333:role/X",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/a//X",
            "arn:aws:iam::111122223333:role/X*",
            "arn:aws:iam::111122223333:role/X Y",
            "arn:aws:iam::111122223333:role/X\u{202e}",
            "arn:aws:iam::111122223333:role/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        ] {
            assert!(RoleArn::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_brokers_session_is_answered_with_its_role() {
        let error =
            BrokerPrincipal::parse("arn:aws:sts::111122223333:assumed-role/VaultRunner/ci").expect_err("refused");
        assert!(error.0.contains("arn:aws:iam::111122223333:role/VaultRunner"), "{error}");
    }

    #[test]
    fn names_follow_vaults_grammar() {
        for good in ["a", "app-readonly", "a.b_c", "_x"] {
            assert!(Name::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "a/b", "a b", "ä", "../x", &"x".repeat(65)] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn regions_name_their_partition() {
        for (region, partition) in [
            ("ap-northeast-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
        ] {
            assert_eq!(partition_of_region(region), partition);
        }
    }
}
