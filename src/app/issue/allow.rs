//! What the record allows, decided before anything is written and before AWS is asked.

use super::IssueRequest;
use crate::app::{Failure, Meaning, refusal};
use crate::domain::Timestamp;
use crate::domain::credential::{CredentialSpec, CredentialType, IamUserSpec};
use crate::domain::desired::BrokerSpec;
use crate::domain::digest::canonical_json;
use crate::domain::duration::{self, Solution};
use crate::domain::ident::{Name, RoleArn, is_iam_name_char};
use crate::domain::lease::{LeaseId, credential_name, expiry_chars};
use crate::domain::limits;
use crate::domain::record::{AppliedRole, RoleFacts};
use crate::domain::text;

/// What the record allows, and with which parameters.
pub(super) struct Allowed {
    pub(super) role_arn: Option<RoleArn>,
    pub(super) facts: Option<RoleFacts>,
    pub(super) session_name: Option<String>,
    pub(super) solution: Solution,
}

/// Whether the record allows this request. Pure.
pub(super) fn allow(
    request: &IssueRequest,
    lease: &LeaseId,
    broker: &BrokerSpec,
    role: &AppliedRole,
    now: Timestamp,
) -> Result<Allowed, Failure> {
    let name = &role.spec.name;
    let refuse = |kind, message: String| Failure::new(Meaning::RefusedHere, kind, message);
    if let Some(day) = role.spec.expires.filter(|day| day.is_over(now)) {
        return Err(refuse("role-expired", format!("the role `{name}` expired with {day}"))
            .help("set a later `expires` in its document, and apply"));
    }
    if !role.violations.is_empty() {
        return Err(refuse("role-violating", format!("the role `{name}` was recorded with findings that block it"))
            .because(format!("when it was applied, this stood: {}", role.violations.join(", ")))
            .help(format!("`leasehold explain {}` tells what to do; mend it, and apply", role.violations[0])));
    }
    let spec = &role.spec.credential;
    if let CredentialSpec::IamUser(user) = spec {
        fits(user, name)?;
    }
    let role_arn = choose_role_arn(request, spec, name)?;
    let facts = role_arn.as_ref().and_then(|arn| role.facts.get(arn)).cloned();
    let session_name = session_name(request, spec, name, lease)?;
    needs_mfa(request, spec, name)?;
    let solution = duration::solve(spec, broker, facts.as_ref(), request.ttl, request.clamp)
        .map_err(|unsolvable| refusal::of_duration(&unsolvable, spec.kind(), name, role_arn.as_ref()))?;
    Ok(Allowed { role_arn, facts, session_name, solution })
}

/// Holds a user to the quotas that no account can have raised, before the first call. What the account has left is AWS's to
/// say: making the user is the first call, and its refusal leaves nothing behind.
fn fits(user: &IamUserSpec, name: &Name) -> Result<(), Failure> {
    let document = user.policy.document.as_ref().map_or(0, |document| canonical_json(document).chars().count());
    let inline = document + expiry_chars();
    let groups = user.policy.groups.len();
    let (what, most, is) = match () {
        () if inline > limits::USER_INLINE_MAX => ("characters of inline policies", limits::USER_INLINE_MAX, inline),
        () if groups > limits::GROUPS_PER_USER_MAX => ("groups", limits::GROUPS_PER_USER_MAX, groups),
        () => return Ok(()),
    };
    Err(Failure::new(
        Meaning::RefusedHere,
        "user-too-large",
        format!("a user of `{name}` would have {is} {what}, and AWS takes {most}"),
    )
    .because("the policy that ends the user by itself is counted in")
    .help("move the document into a managed policy and name it in `policy_arns`, or name fewer groups; then apply"))
}

fn choose_role_arn(request: &IssueRequest, spec: &CredentialSpec, name: &Name) -> Result<Option<RoleArn>, Failure> {
    let arns = spec.role_arns();
    let Some(asked) = &request.role_arn else { return Ok(arns.first().cloned()) };
    if let Some(found) = arns.iter().find(|arn| arn.as_str() == asked) {
        return Ok(Some(found.clone()));
    }
    let failure = Failure::new(
        Meaning::RefusedHere,
        "role-arn-not-declared",
        format!("the role `{name}` may not be issued for `{}`", text::escape(asked)),
    );
    Err(if arns.is_empty() {
        failure.help(format!("leave --role-arn out: a {} assumes no role", spec.kind()))
    } else {
        failure.help(format!("it has: {}", arns.iter().map(RoleArn::as_str).collect::<Vec<_>>().join(", ")))
    })
}

/// The session's name: as asked, else `<role>-<lease id>`.
fn session_name(
    request: &IssueRequest,
    spec: &CredentialSpec,
    name: &Name,
    lease: &LeaseId,
) -> Result<Option<String>, Failure> {
    let longest = match spec.kind() {
        CredentialType::AssumedRole => limits::SESSION_NAME_MAX,
        CredentialType::FederationToken => limits::FEDERATION_NAME_MAX,
        CredentialType::SessionToken | CredentialType::IamUser => {
            return match &request.session_name {
                None => Ok(None),
                Some(_) => Err(Failure::new(
                    Meaning::RefusedHere,
                    "no-session-name",
                    format!("a {} carries no session name", spec.kind()),
                )
                .help("leave --session-name out")),
            };
        }
    };
    let Some(asked) = &request.session_name else {
        return Ok(Some(credential_name(name, lease, longest)));
    };
    let length = asked.chars().count();
    if (limits::SESSION_NAME_MIN..=longest).contains(&length) && asked.chars().all(is_iam_name_char) {
        return Ok(Some(asked.clone()));
    }
    Err(Failure::new(
        Meaning::RefusedHere,
        "bad-session-name",
        format!("`{}` is no session name", text::short(asked, 80)),
    )
    .help(format!("AWS wants {} to {longest} of: letters, digits and _+=,.@-", limits::SESSION_NAME_MIN)))
}

fn needs_mfa(request: &IssueRequest, spec: &CredentialSpec, name: &Name) -> Result<(), Failure> {
    let serial = mfa_serial(spec);
    match (serial, &request.token_code) {
        (Some(serial), None) => Err(Failure::new(
            Meaning::RefusedHere,
            "mfa-code-missing",
            format!("the role `{name}` asks for a code of the MFA device {}", text::escape(serial)),
        )
        .help("give its six digits: --mfa-code 123456")),
        (None, Some(_)) => {
            Err(Failure::new(Meaning::RefusedHere, "no-mfa-device", format!("the role `{name}` names no MFA device"))
                .help("leave --mfa-code out, or declare mfa_serial_number"))
        }
        (Some(_), Some(code)) if code.expose().len() != 6 || !code.expose().bytes().all(|b| b.is_ascii_digit()) => {
            Err(Failure::new(Meaning::RefusedHere, "bad-mfa-code", "an MFA code has exactly six digits"))
        }
        (Some(_), Some(_)) | (None, None) => Ok(()),
    }
}

pub(super) fn mfa_serial(spec: &CredentialSpec) -> Option<&str> {
    match spec {
        CredentialSpec::AssumedRole(spec) => spec.mfa_serial_number.as_deref(),
        CredentialSpec::SessionToken(spec) => spec.mfa_serial_number.as_deref(),
        CredentialSpec::FederationToken(_) | CredentialSpec::IamUser(_) => None,
    }
}
