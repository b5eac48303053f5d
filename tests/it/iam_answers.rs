//! IAM's answers as XML, for canned servers.

use crate::fault_server::{ACCOUNT, Reply};

/// Percent encoding as IAM does it.
pub(crate) fn encoded(text: &str) -> String {
    let one =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// A form field's text.
pub(crate) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().expect("UTF-8").into_owned()
}

/// The answer to `action` with this inside.
pub(crate) fn answer(action: &str, inner: &str) -> Reply {
    Reply::Answer(200, document(action, inner))
}

/// The text of [`answer`].
pub(crate) fn document(action: &str, inner: &str) -> String {
    format!("<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>")
}

/// One page of a list of IAM: the members from the one that the marker counts, `size` at most.
pub(crate) fn page(action: &str, members: &[String], marker: &str, size: usize) -> Reply {
    let list = match action {
        "ListRoles" => "Roles",
        "ListPolicies" => "Policies",
        "ListGroupsForUser" => "Groups",
        "ListUsers" => "Users",
        "ListAccessKeys" => "AccessKeyMetadata",
        "ListSigningCertificates" => "Certificates",
        "ListSSHPublicKeys" => "SSHPublicKeys",
        "ListServiceSpecificCredentials" => "ServiceSpecificCredentials",
        "ListMFADevices" => "MFADevices",
        action if action.starts_with("ListAttached") => "AttachedPolicies",
        _ => "PolicyNames",
    };
    let from = marker.parse().unwrap_or(0);
    let until = members.len().min(from + size);
    let shown: String = members[from..until].iter().map(|member| format!("<member>{member}</member>")).collect();
    let rest = if until < members.len() {
        format!("<IsTruncated>true</IsTruncated><Marker>{until}</Marker>")
    } else {
        "<IsTruncated>false</IsTruncated>".to_owned()
    };
    answer(action, &format!("<{list}>{shown}</{list}>{rest}"))
}

/// A user as `iam:GetUser` gives it; `more` are further elements.
pub(crate) fn user(account: &str, name: &str, more: &str) -> String {
    format!(
        "<User><Path>/</Path><UserName>{name}</UserName><UserId>AIDA{name}</UserId>\
         <Arn>arn:aws:iam::{account}:user/{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>{more}</User>"
    )
}

/// A group, without the element around it.
pub(crate) fn group(account: &str, name: &str) -> String {
    format!(
        "<Path>/</Path><GroupName>{name}</GroupName><GroupId>AGPA{name}</GroupId>\
         <Arn>arn:aws:iam::{account}:group/{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>"
    )
}

/// A role of this account, without the element around it; `more` are further elements.
pub(crate) fn role(account: &str, name: &str, trust: &str, more: &str) -> String {
    crate::fault_server::role(name, &encoded(trust)).replace(ACCOUNT, account) + more
}

/// `Tags` with one tag.
pub(crate) fn tag(key: &str, value: &str) -> String {
    format!("<Tags><member><Key>{key}</Key><Value>{value}</Value></member></Tags>")
}

/// `PermissionsBoundary` with this policy.
pub(crate) fn boundary(arn: &str) -> String {
    format!(
        "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType>\
         <PermissionsBoundaryArn>{arn}</PermissionsBoundaryArn></PermissionsBoundary>"
    )
}

/// A managed policy, without the element around it.
pub(crate) fn policy(arn: &str) -> String {
    format!("<PolicyName>p</PolicyName><Arn>{arn}</Arn><DefaultVersionId>v3</DefaultVersionId>")
}

/// An attached policy, without the element around it.
pub(crate) fn attached(arn: &str) -> String {
    format!("<PolicyName>p</PolicyName><PolicyArn>{arn}</PolicyArn>")
}

/// Quotas as `iam:GetAccountSummary` gives them.
pub(crate) fn summary(numbers: &[(&str, i64)]) -> String {
    let entry = |(key, number): &(&str, i64)| format!("<entry><key>{key}</key><value>{number}</value></entry>");
    format!("<SummaryMap>{}</SummaryMap>", numbers.iter().map(entry).collect::<String>())
}
