//! Policy documents, one by one.

use percent_encoding::percent_decode_str;

use super::iam::Iam;
use super::unknown::{because, is_absent, unread};
use crate::domain::world::{LivePolicy, Unknown, Why};
use crate::ports::CloudError;

/// Where a policy document stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// An inline policy of a role.
    Role { role: String, policy: String },
    /// An inline policy of a user.
    User { user: String, policy: String },
    /// An inline policy of a group.
    Group { group: String, policy: String },
    /// A managed policy, by its ARN: its default version counts.
    Managed(String),
}

/// Reads one policy that a list or its bearer has named.
pub(super) async fn read(iam: &Iam, source: &Source) -> Result<LivePolicy, Unknown> {
    let (part, encoded) = encoded(iam, source).await?;
    // What the answer lacks, the SDK gives as an empty text.
    if encoded.is_empty() {
        return Err(because(Why::Malformed, format!("IAM's answer about {} has no {part}", source.named())));
    }
    decode(&encoded, part)
        .map(|text| LivePolicy::read(&text))
        .map_err(|detail| because(Why::Malformed, format!("IAM's answer about {} {detail}", source.named())))
}

async fn encoded(iam: &Iam, source: &Source) -> Result<(&'static str, String), Unknown> {
    let failed = |error: CloudError| {
        if is_absent(&error) {
            let detail = format!("{} was there a moment ago and is gone: {error}", source.named());
            return because(Why::Malformed, detail);
        }
        let Unknown { why, detail } = unread(&error);
        because(why, format!("{}: {detail}", source.named()))
    };
    let lacking = |what: &str| because(Why::Malformed, format!("IAM's answer about {} has no {what}", source.named()));
    let client = &iam.client;
    match source {
        Source::Role { role, policy } => {
            let ask = || client.get_role_policy().role_name(role).policy_name(policy).send();
            let output = iam.ask("iam:GetRolePolicy", ask).await.map_err(failed)?;
            Ok(("PolicyDocument", output.policy_document))
        }
        Source::User { user, policy } => {
            let ask = || client.get_user_policy().user_name(user).policy_name(policy).send();
            let output = iam.ask("iam:GetUserPolicy", ask).await.map_err(failed)?;
            Ok(("PolicyDocument", output.policy_document))
        }
        Source::Group { group, policy } => {
            let ask = || client.get_group_policy().group_name(group).policy_name(policy).send();
            let output = iam.ask("iam:GetGroupPolicy", ask).await.map_err(failed)?;
            Ok(("PolicyDocument", output.policy_document))
        }
        Source::Managed(arn) => {
            let ask = || client.get_policy().policy_arn(arn).send();
            let policy = iam.ask("iam:GetPolicy", ask).await.map_err(failed)?.policy;
            let version =
                policy.and_then(|policy| policy.default_version_id).ok_or_else(|| lacking("DefaultVersionId"))?;
            let ask = || client.get_policy_version().policy_arn(arn).version_id(&version).send();
            let output = iam.ask("iam:GetPolicyVersion", ask).await.map_err(failed)?;
            let document = output.policy_version.and_then(|version| version.document);
            Ok(("Document", document.ok_or_else(|| lacking("Document"))?))
        }
    }
}

impl Source {
    /// What it is called in messages.
    fn named(&self) -> String {
        match self {
            Self::Role { role, policy } => format!("the policy `{policy}` of role `{role}`"),
            Self::User { user, policy } => format!("the policy `{policy}` of user `{user}`"),
            Self::Group { group, policy } => format!("the policy `{policy}` of group `{group}`"),
            Self::Managed(arn) => format!("`{arn}`"),
        }
    }
}

/// Undoes RFC 3986 percent encoding, strictly: `+` is a plus sign, a broken escape is an error. The error completes
/// "IAM's answer …"; `part` is the document's name in it.
pub(super) fn decode(text: &str, part: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let whole = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if let Some((at, _)) = bytes.iter().enumerate().find(|(at, byte)| **byte == b'%' && !whole(*at)) {
        return Err(format!("has in {part} a broken escape at byte {at}"));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| format!("has in {part} what is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::decode;

    #[test]
    fn decoding_is_rfc_3986_and_strict() {
        assert_eq!(decode("%7B%22a%22%3A%20%22b+c%22%7D", "X").as_deref(), Ok(r#"{"a": "b+c"}"#));
        assert_eq!(decode("%E3%81%82", "X").as_deref(), Ok("あ"));
        for bad in ["%", "%7", "%zz", "a%7", "%+1"] {
            assert!(decode(bad, "X").expect_err("refused").contains("in X a broken escape"), "{bad}");
        }
        assert!(decode("%ff%fe", "X").expect_err("refused").contains("not UTF-8"));
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(text in ".*") {
            let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
            prop_assert_eq!(decode(&encoded, "X"), Ok(text));
        }

        #[test]
        fn decoding_never_panics(text in "[%0-9a-fA-F\\x00-\\xff]{0,40}") {
            let _ = decode(&text, "X");
        }
    }
}
