//! Reading an answer whole, and holding it against what any answer to its request must look like.
//!
//! The SDK takes a document that is cut off for a shorter one, and reads a list without its end as a complete list. It
//! also reads as much as comes. Both are settled here, before the SDK sees the answer.

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

/// The longest page of roles, in bytes: a thousand, each with a trust policy of 4 KiB that its encoding makes three
/// times as long, is 12 MiB and the rest of each role. Pages of users and policies are shorter.
const LONGEST_LIST: usize = 16 << 20;
/// The longest other answer, in bytes. One role or one set of credentials is some kilobytes; a policy of 6 KiB, encoded,
/// is less than twenty.
const LONGEST: usize = 1 << 20;

/// The operations that give lists page by page, and what the list is called in the answer.
const LISTS: [(&str, &str); 15] = [
    ("ListAccessKeys", "AccessKeyMetadata"),
    ("ListAttachedGroupPolicies", "AttachedPolicies"),
    ("ListAttachedRolePolicies", "AttachedPolicies"),
    ("ListAttachedUserPolicies", "AttachedPolicies"),
    ("ListGroupPolicies", "PolicyNames"),
    ("ListGroupsForUser", "Groups"),
    ("ListMFADevices", "MFADevices"),
    ("ListPolicies", "Policies"),
    ("ListRolePolicies", "PolicyNames"),
    ("ListRoles", "Roles"),
    ("ListSSHPublicKeys", "SSHPublicKeys"),
    (SERVICE_CREDENTIALS, "ServiceSpecificCredentials"),
    ("ListSigningCertificates", "Certificates"),
    ("ListUserPolicies", "PolicyNames"),
    ("ListUsers", "Users"),
];

/// The one list that came without pages for years: it may leave out whether more follows.
const SERVICE_CREDENTIALS: &str = "ListServiceSpecificCredentials";

/// What a page of a bucket's keys is called here. It has no list of its own: each object stands beside the others.
const LIST_OBJECTS: &str = "ListObjectsV2";

/// An answer that cannot be believed. It says what is wrong in our words: the answer may hold secrets.
#[derive(Debug)]
pub(super) struct Garbled(String);

impl fmt::Display for Garbled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Garbled {}

/// The operation that a request of IAM's and STS's protocol asks for, or a list of S3's; `None` for everything else.
pub(super) fn action(request: &HttpRequest) -> Option<String> {
    let query = request.uri().split_once('?').map_or("", |(_, query)| query);
    if query.split('&').any(|field| field == "list-type=2") {
        return Some(LIST_OBJECTS.to_owned());
    }
    let body = request.body().bytes()?.strip_prefix(b"Action=")?;
    let end = body.iter().position(|byte| *byte == b'&').unwrap_or(body.len());
    let action = std::str::from_utf8(&body[..end]).ok()?;
    action.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| action.to_owned())
}

/// The longest answer to this operation of IAM or STS, in bytes.
pub(super) fn longest(action: Option<&str>) -> usize {
    if matches!(action, Some("ListRoles" | "ListPolicies" | "ListUsers")) { LONGEST_LIST } else { LONGEST }
}

/// Reads the whole answer, up to `longest` bytes, and checks it.
pub(super) async fn whole(
    action: Option<&str>,
    longest: usize,
    mut response: HttpResponse,
) -> Result<HttpResponse, ConnectorError> {
    let status = response.status().as_u16();
    let garbled =
        |what: String| ConnectorError::other(Box::new(Garbled(format!("HTTP {status}: the answer {what}"))), None);
    let said = response.headers().get("content-length").and_then(|length| length.parse::<u64>().ok());
    if said.is_some_and(|said| said > longest as u64) {
        return Err(garbled(format!("is longer than {longest} bytes")));
    }
    let mut stream = ByteStream::new(response.take_body());
    let mut body = Vec::new();
    while let Some(part) = stream.try_next().await.map_err(|error| ConnectorError::io(error.into()))? {
        if body.len() + part.len() > longest {
            return Err(garbled(format!("is longer than {longest} bytes")));
        }
        body.extend_from_slice(&part);
    }
    if let Some(action) = action {
        check(action, status, &body).map_err(garbled)?;
    }
    *response.body_mut() = SdkBody::from(body);
    Ok(response)
}

/// The error completes "the answer …".
fn check(action: &str, status: u16, body: &[u8]) -> Result<(), String> {
    let ends = |root: &str| body.trim_ascii_end().ends_with(format!("</{root}>").as_bytes());
    match status {
        200..300 => {
            let root = if action == LIST_OBJECTS { "ListBucketResult".to_owned() } else { format!("{action}Response") };
            if !ends(&root) {
                return Err(format!("does not end with </{root}>"));
            }
            let list = LISTS.iter().find(|(operation, _)| *operation == action);
            let told = count(body, b"<IsTruncated>");
            let may_be_silent = told == 0 && action == SERVICE_CREDENTIALS;
            if (list.is_some() || action == LIST_OBJECTS) && told != 1 && !may_be_silent {
                return Err("does not say once whether more follows (IsTruncated)".to_owned());
            }
            if let Some((_, list)) = list {
                let times = |end: &str| count(body, format!("<{list}{end}").as_bytes());
                if times(">") + times("/>") + times(" />") != 1 {
                    return Err(format!("has not one list ({list})"));
                }
            }
            Ok(())
        }
        // A refusal can mean that a role is absent; a proxy's page, which has no such root, is no refusal of AWS.
        400..500 if count(body, b"<ErrorResponse") > 0 && !ends("ErrorResponse") => {
            Err("does not end with </ErrorResponse>".to_owned())
        }
        _ => Ok(()),
    }
}

fn count(body: &[u8], part: &[u8]) -> usize {
    body.windows(part.len()).filter(|window| *window == part).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_documents_pass() {
        let list = "<ListRolesResponse><ListRolesResult><IsTruncated>false</IsTruncated><Roles/></ListRolesResult></ListRolesResponse>\n";
        assert_eq!(check("ListRoles", 200, list.as_bytes()), Ok(()));
        for end in 0..list.trim_end().len() {
            assert!(check("ListRoles", 200, &list.as_bytes()[..end]).is_err(), "{end}");
        }
        for damaged in [
            list.replace("<IsTruncated>false</IsTruncated>", ""),
            list.replace("<Roles/>", ""),
            list.replace("<Roles/>", "<Roles/><Roles/>"),
            list.replace("<IsTruncated>", "<IsTruncated>true</IsTruncated><IsTruncated>"),
            list.replace("ListRolesRes", "GetRoleRes"),
        ] {
            assert!(check("ListRoles", 200, damaged.as_bytes()).is_err(), "{damaged}");
        }
        let keys = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        assert_eq!(check(LIST_OBJECTS, 200, keys.as_bytes()), Ok(()));
        assert!(check(LIST_OBJECTS, 200, &keys.as_bytes()[..keys.len() - 1]).is_err());
        assert!(check(LIST_OBJECTS, 200, b"<ListBucketResult></ListBucketResult>").is_err());
        let error = "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>";
        assert_eq!(check("GetRole", 404, error.as_bytes()), Ok(()));
        assert!(check("GetRole", 404, &error.as_bytes()[..50]).is_err());
        assert_eq!(check("GetRole", 404, b"<html>"), Ok(()));
        assert_eq!(check("GetRole", 503, b"<ErrorResponse>"), Ok(()));
    }

    #[test]
    fn the_action_is_the_first_field_of_the_form() {
        let of = |body: &'static str| action(&HttpRequest::new(SdkBody::from(body)));
        assert_eq!(of("Action=GetRole&Version=2010-05-08&RoleName=x").as_deref(), Some("GetRole"));
        assert_eq!(of("Action=GetRole").as_deref(), Some("GetRole"));
        for other in ["", "{}", "Version=1&Action=GetRole", "Action=Get%52ole&x=y"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
