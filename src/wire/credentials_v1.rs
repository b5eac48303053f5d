//! Credentials on their way out, in the three forms that others already read: Vault's response, AWS's
//! `credential_process`, and lines for a POSIX shell.
//!
//! This is the only place that opens a [`Secret`]. Each form is put together in one buffer that is wiped afterwards and
//! never grows, so that no copy is left behind in memory, and goes to the writer in one piece.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, PrettyFormatter};
use zeroize::Zeroizing;

use super::common_v1;
use super::json;
use crate::domain::Timestamp;
use crate::domain::lease::Lease;
use crate::domain::secret::{Credentials, Secret};
use crate::domain::text::is_unsafe;

/// Everything that is handed over with one credential.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations, reason = "it leads to secrets")]
pub struct HandOver<'a> {
    /// The lease the credential belongs to.
    pub lease: &'a Lease,
    /// The credential.
    pub credentials: &'a Credentials,
    /// Names this request, as Vault does (the audit event's id).
    pub request_id: &'a str,
    /// Now: TTLs are counted from here.
    pub now: Timestamp,
}

impl HandOver<'_> {
    /// When the credential ends by itself.
    fn expires_at(&self) -> Timestamp {
        self.credentials.expires_at.unwrap_or_else(|| self.lease.lives_until())
    }

    /// Whole seconds left, never negative.
    fn ttl(&self) -> u64 {
        u64::try_from(self.expires_at().duration_since(self.now).as_secs()).unwrap_or(0)
    }

    /// Whether it may end later than it does by itself.
    fn is_renewable(&self) -> bool {
        self.lease.request.user.as_ref().is_some_and(|user| user.renewable_until > self.expires_at())
    }

    /// A buffer that no form of this credential outgrows: JSON needs at most six bytes for one.
    fn buffer(&self) -> Zeroizing<Vec<u8>> {
        let Credentials { access_key_id, secret_access_key, session_token, expires_at: _ } = self.credentials;
        let token = session_token.as_ref().map_or(0, |token| token.expose().len());
        let arn = self.lease.grant.as_ref().and_then(|grant| grant.arn.as_ref()).map_or(0, String::len);
        let parts = access_key_id.len()
            + secret_access_key.expose().len()
            + 2 * token
            + arn
            + self.request_id.len()
            + self.lease.path().len();
        Zeroizing::new(Vec::with_capacity(1024 + 6 * parts))
    }
}

/// Vault's answer to `vault read aws/creds/<role>`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "VaultResponse")]
struct Vault<'a> {
    /// Names the request.
    request_id: &'a str,
    /// `aws/creds/<role>/<id>`.
    lease_id: String,
    /// Seconds left.
    lease_duration: u64,
    /// Whether `lease renew` can move its end: that of an IAM user, up to its role's `max_ttl`. A session never.
    renewable: bool,
    /// The credential.
    data: VaultData<'a>,
    /// Always null.
    warnings: Option<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct VaultData<'a> {
    /// `ASIA…` or `AKIA…`.
    access_key: &'a str,
    /// The secret access key.
    secret_key: &'a str,
    /// The session token under the name that every version of Vault gives it; null for an IAM user's key.
    security_token: Option<&'a str>,
    /// The session token under its newer name.
    session_token: Option<&'a str>,
    /// ARN of the session, where AWS names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<&'a str>,
    /// Seconds left.
    ttl: u64,
}

/// What AWS's tools read from a `credential_process`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
#[schemars(rename = "CredentialProcess")]
struct Process<'a> {
    /// Always 1.
    #[schemars(extend("const" = 1))]
    version: u32,
    /// `ASIA…` or `AKIA…`.
    access_key_id: &'a str,
    /// The secret access key.
    secret_access_key: &'a str,
    /// The session token.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
    /// RFC 3339: when to ask again.
    expiration: String,
}

/// Writes Vault's response, indented as `vault read -format=json` indents it.
pub fn write_vault(hand_over: HandOver<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Credentials { access_key_id, secret_access_key, session_token, expires_at: _ } = hand_over.credentials;
    let token = session_token.as_ref().map(Secret::expose);
    let response = Vault {
        request_id: hand_over.request_id,
        lease_id: hand_over.lease.path(),
        lease_duration: hand_over.ttl(),
        renewable: hand_over.is_renewable(),
        data: VaultData {
            access_key: access_key_id,
            secret_key: secret_access_key.expose(),
            security_token: token,
            session_token: token,
            arn: hand_over.lease.grant.as_ref().and_then(|grant| grant.arn.as_deref()),
            ttl: hand_over.ttl(),
        },
        warnings: None,
    };
    let mut buffer = hand_over.buffer();
    json::write(&response, PrettyFormatter::new(), &mut buffer);
    buffer.push(b'\n');
    out.write_all(&buffer)
}

/// Writes what a `credential_process` answers, on one line.
pub fn write_credential_process(hand_over: HandOver<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Credentials { access_key_id, secret_access_key, session_token, expires_at: _ } = hand_over.credentials;
    let answer = Process {
        version: 1,
        access_key_id,
        secret_access_key: secret_access_key.expose(),
        session_token: session_token.as_ref().map(Secret::expose),
        expiration: hand_over.expires_at().to_string(),
    };
    let mut buffer = hand_over.buffer();
    json::write(&answer, CompactFormatter, &mut buffer);
    buffer.push(b'\n');
    out.write_all(&buffer)
}

/// A variable's name, and its value; `None` where it must not be set.
pub type Variable = (&'static str, Option<Zeroizing<String>>);

/// The environment variables that AWS's tools read, with their values; `None` where a variable must not be set, so that
/// an older session token is never sent with this key.
///
/// A value with control or invisible characters is an error of kind `InvalidData`: no AWS credential has any.
pub fn variables(hand_over: HandOver<'_>) -> io::Result<[Variable; 4]> {
    let Credentials { access_key_id, secret_access_key, session_token, expires_at: _ } = hand_over.credentials;
    let harmless = |name: &str, value: &str| {
        if value.chars().any(is_unsafe) {
            let message = format!("AWS's answer for {name} holds characters that no credential has");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(Zeroizing::new(value.to_owned()))
    };
    let (id, secret, token) = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN");
    Ok([
        (id, Some(harmless(id, access_key_id)?)),
        (secret, Some(harmless(secret, secret_access_key.expose())?)),
        (token, session_token.as_ref().map(|value| harmless(token, value.expose())).transpose()?),
        ("AWS_CREDENTIAL_EXPIRATION", Some(Zeroizing::new(hand_over.expires_at().to_string()))),
    ])
}

/// Variables that would send AWS's tools to other credentials than those of [`variables`], or that tell the next program
/// more than it needs. Whoever hands [`variables`] over takes these away.
///
/// The first two are older names of the session token and the secret key; some SDKs still read them. The container
/// variables, profiles and web identity name other sources of credentials, which some SDKs ask first.
pub const MISLEADING: [&str; 11] = [
    "AWS_SECURITY_TOKEN",
    "AWS_SECRET_KEY",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "LEASEHOLD_MFA_CODE",
];

/// Writes [`variables`], and that [`MISLEADING`] ones are gone, as lines for `eval` in a POSIX shell.
pub fn write_env(hand_over: HandOver<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut buffer = hand_over.buffer();
    let unset = |buffer: &mut Vec<u8>, name: &str| {
        for part in ["unset ", name, "\n"] {
            buffer.extend_from_slice(part.as_bytes());
        }
    };
    for (name, value) in variables(hand_over)? {
        match value {
            Some(value) => export(&mut buffer, name, &value),
            None => unset(&mut buffer, name),
        }
    }
    for name in MISLEADING {
        unset(&mut buffer, name);
    }
    out.write_all(&buffer)
}

fn export(buffer: &mut Vec<u8>, name: &str, value: &str) {
    buffer.extend_from_slice(b"export ");
    buffer.extend_from_slice(name.as_bytes());
    buffer.extend_from_slice(b"='");
    for byte in value.bytes() {
        match byte {
            b'\'' => buffer.extend_from_slice(br"'\''"),
            _ => buffer.push(byte),
        }
    }
    buffer.extend_from_slice(b"'\n");
}

/// The JSON Schema of the two JSON forms.
#[must_use]
pub fn schema() -> serde_json::Value {
    /// Vault's response or a `credential_process` answer.
    #[derive(JsonSchema)]
    #[schemars(untagged, rename = "Credentials")]
    #[allow(dead_code, reason = "only its schema is used")]
    enum Forms<'a> {
        Vault(Vault<'a>),
        Process(Process<'a>),
    }

    common_v1::schema_of::<Forms<'_>>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credential::{CredentialType, OnRemoval};
    use crate::domain::ident::{Name, RoleArn};
    use crate::domain::lease::{Grant, LeaseId, LeaseRequest, LeaseState, LeaseUser};
    use crate::domain::ttl::Ttl;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("valid")
    }

    fn lease() -> Lease {
        Lease {
            id: LeaseId::parse("01JZ0000000000000000000000").expect("valid"),
            role: Name::parse("app-readonly").expect("valid"),
            credential_type: CredentialType::AssumedRole,
            state: LeaseState::Active,
            request: LeaseRequest {
                role_arn: RoleArn::parse("arn:aws:iam::111122223333:role/ProdAppReadOnly").ok(),
                session_name: Some("leasehold-1".into()),
                source_identity: None,
                user: None,
                ttl: Ttl::from_seconds(900).expect("not zero"),
                dead_after: at("2026-11-23T10:20:00Z"),
            },
            grant: Some(Grant {
                access_key_id: "ASIAEXAMPLE".into(),
                expires_at: at("2026-11-23T10:15:00Z"),
                arn: Some("arn:aws:sts::111122223333:assumed-role/ProdAppReadOnly/leasehold-1".into()),
                user_id: None,
            }),
            lineage: "l".into(),
            serial: 1,
            commit: None,
            created_at: at("2026-11-23T10:00:00Z"),
            updated_at: at("2026-11-23T10:00:00Z"),
            denied_at: None,
            audit_tail: None,
        }
    }

    fn credentials(secret: &str, token: Option<&str>) -> Credentials {
        Credentials {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: Secret::new(secret.into()),
            session_token: token.map(|token| Secret::new(token.into())),
            expires_at: token.map(|_| at("2026-11-23T10:15:00Z")),
        }
    }

    type Writer = fn(HandOver<'_>, &mut dyn io::Write) -> io::Result<()>;

    fn written(write: Writer, secret: &str, token: Option<&str>) -> io::Result<String> {
        let (lease, credentials) = (lease(), credentials(secret, token));
        let now = at("2026-11-23T10:00:00.5Z");
        let mut out = Vec::new();
        write(HandOver { lease: &lease, credentials: &credentials, request_id: "01R", now }, &mut out)?;
        Ok(String::from_utf8(out).expect("text"))
    }

    #[test]
    fn vaults_response() {
        let text = written(write_vault, "se/cret+", Some("tok=en")).expect("written");
        insta::assert_snapshot!(text, @r#"
        {
          "request_id": "01R",
          "lease_id": "aws/creds/app-readonly/01JZ0000000000000000000000",
          "lease_duration": 899,
          "renewable": false,
          "data": {
            "access_key": "ASIAEXAMPLE",
            "secret_key": "se/cret+",
            "security_token": "tok=en",
            "session_token": "tok=en",
            "arn": "arn:aws:sts::111122223333:assumed-role/ProdAppReadOnly/leasehold-1",
            "ttl": 899
          },
          "warnings": null
        }
        "#);
    }

    #[test]
    fn credential_process() {
        let text = written(write_credential_process, "se/cret+", Some("tok=en")).expect("written");
        insta::assert_snapshot!(text, @r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"se/cret+","SessionToken":"tok=en","Expiration":"2026-11-23T10:15:00Z"}"#);
        let text = written(write_credential_process, "se/cret+", None).expect("written");
        insta::assert_snapshot!(text, @r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"se/cret+","Expiration":"2026-11-23T10:15:00Z"}"#);
    }

    #[test]
    fn lines_for_a_shell() {
        let text = written(write_env, "a'b $(x) `y` \\ \"z\"", Some("tok=en")).expect("written");
        insta::assert_snapshot!(text, @r#"
        export AWS_ACCESS_KEY_ID='ASIAEXAMPLE'
        export AWS_SECRET_ACCESS_KEY='a'\''b $(x) `y` \ "z"'
        export AWS_SESSION_TOKEN='tok=en'
        export AWS_CREDENTIAL_EXPIRATION='2026-11-23T10:15:00Z'
        unset AWS_SECURITY_TOKEN
        unset AWS_SECRET_KEY
        unset AWS_CONTAINER_CREDENTIALS_FULL_URI
        unset AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
        unset AWS_CONTAINER_AUTHORIZATION_TOKEN
        unset AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
        unset AWS_PROFILE
        unset AWS_DEFAULT_PROFILE
        unset AWS_ROLE_ARN
        unset AWS_WEB_IDENTITY_TOKEN_FILE
        unset LEASEHOLD_MFA_CODE
        "#);
        let text = written(write_env, "se/cret+", None).expect("written");
        insta::assert_snapshot!(text, @"
        export AWS_ACCESS_KEY_ID='ASIAEXAMPLE'
        export AWS_SECRET_ACCESS_KEY='se/cret+'
        unset AWS_SESSION_TOKEN
        export AWS_CREDENTIAL_EXPIRATION='2026-11-23T10:15:00Z'
        unset AWS_SECURITY_TOKEN
        unset AWS_SECRET_KEY
        unset AWS_CONTAINER_CREDENTIALS_FULL_URI
        unset AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
        unset AWS_CONTAINER_AUTHORIZATION_TOKEN
        unset AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
        unset AWS_PROFILE
        unset AWS_DEFAULT_PROFILE
        unset AWS_ROLE_ARN
        unset AWS_WEB_IDENTITY_TOKEN_FILE
        unset LEASEHOLD_MFA_CODE
        ");
    }

    /// What a POSIX shell makes of a word: quotes removed, nothing expanded inside them.
    fn unquoted(word: &str) -> String {
        let (mut out, mut quoted, mut chars) = (String::new(), false, word.chars());
        while let Some(c) = chars.next() {
            match c {
                '\'' => quoted = !quoted,
                '\\' if !quoted => out.extend(chars.next()),
                _ => {
                    assert!(quoted, "{c} is open to expansion in {word}");
                    out.push(c);
                }
            }
        }
        assert!(!quoted, "{word} is not closed");
        out
    }

    #[test]
    fn a_shell_reads_back_exactly_what_was_quoted() {
        for hostile in ["", "'", "''", "\\", "'; rm -rf / #'\\''$HOME`id`\"*?[a]~!&|<>() ", "-n", "ünïcode"] {
            let text = written(write_env, hostile, None).expect("written");
            let line = text.lines().find_map(|line| line.strip_prefix("export AWS_SECRET_ACCESS_KEY="));
            assert_eq!(unquoted(line.expect("exported")), hostile);
        }
    }

    #[test]
    fn a_value_with_control_characters_does_not_reach_a_shell() {
        for bad in ["a\nb", "a\u{1b}[2J", "a\0b", "a\u{202e}b"] {
            assert_eq!(written(write_env, bad, None).expect_err("refused").kind(), io::ErrorKind::InvalidData);
        }
    }

    #[test]
    fn no_buffer_grows_while_secrets_are_in_it() {
        let nasty = "\u{1}\u{e0041}\"\\'".repeat(300);
        for (secret, token) in [("s", None), ("s", Some("t")), (&nasty, Some(nasty.as_str()))] {
            let (lease, credentials) = (lease(), credentials(secret, token));
            let now = at("2026-11-23T10:00:00Z");
            let hand_over = HandOver { lease: &lease, credentials: &credentials, request_id: "01R", now };
            for write in [write_vault, write_credential_process, write_env] as [Writer; 3] {
                let mut out = Vec::new();
                if write(hand_over, &mut out).is_ok() {
                    assert!(out.len() <= hand_over.buffer().capacity());
                }
            }
        }
    }

    #[test]
    fn a_user_is_renewable_while_it_may_live_longer_than_it_does() {
        for (until, expected) in [("2026-11-23T10:15:00Z", "false"), ("2026-11-23T12:00:00Z", "true")] {
            let (mut lease, credentials) = (lease(), credentials("s", None));
            lease.request.user = Some(LeaseUser {
                name: "u".into(),
                path: "/leasehold/prod/".into(),
                inline_policy: false,
                policy_arns: Vec::new(),
                groups: Vec::new(),
                on_removal: OnRemoval::Revoke,
                asking_until: at("2026-11-23T10:01:00Z"),
                renewable_until: at(until),
            });
            let now = at("2026-11-23T10:00:00Z");
            let mut out = Vec::new();
            write_vault(HandOver { lease: &lease, credentials: &credentials, request_id: "01R", now }, &mut out)
                .expect("written");
            let answer = String::from_utf8(out).expect("text");
            assert!(answer.contains(&format!("\"renewable\": {expected},")), "{until}: {answer}");
        }
    }

    #[test]
    fn a_credential_that_is_over_has_no_time_left() {
        let (lease, credentials) = (lease(), credentials("s", Some("t")));
        let now = at("2026-11-23T11:00:00Z");
        assert_eq!(HandOver { lease: &lease, credentials: &credentials, request_id: "01R", now }.ttl(), 0);
    }
}
