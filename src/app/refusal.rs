//! What a refused lifetime, or a refusal of STS, means for this role, and what to do about it.

use super::{Failure, Meaning};
use crate::domain::credential::CredentialType;
use crate::domain::desired::BrokerSpec;
use crate::domain::duration::{LimitSource, Unsolvable};
use crate::domain::ident::{BrokerPrincipal, Name, RoleArn};
use crate::domain::record::RoleFacts;
use crate::domain::role::RoleSpec;
use crate::ports::{CloudError, CloudErrorKind};

pub(super) fn of_duration(
    unsolvable: &Unsolvable,
    kind: CredentialType,
    role: &Name,
    role_arn: Option<&RoleArn>,
) -> Failure {
    let field = if kind == CredentialType::IamUser { "max_ttl" } else { "max_sts_ttl" };
    match unsolvable {
        Unsolvable::TooLong { asked, binding } => {
            let most = crate::domain::ttl::Ttl::from_seconds(binding.seconds)
                .map_or_else(|| "nothing".to_owned(), |ttl| ttl.to_string());
            let remedy = match binding.source {
                LimitSource::RoleMax => format!("raise {field} of `{role}` in git and apply"),
                LimitSource::MaxSessionDuration => {
                    format!("raise MaxSessionDuration of {} and apply", role_arn.map_or("the role", RoleArn::as_str))
                }
                LimitSource::Chaining => "let an IAM user be the broker".to_owned(),
                LimitSource::Api => "ask again before it ends".to_owned(),
            };
            Failure::new(
                Meaning::RefusedHere,
                "ttl-above-maximum",
                format!("{asked} is more than `{role}` may be issued for: {} allows {most}", binding.source),
            )
            .help(format!("ask for {most} or less, or say --clamp to take {most}; or {remedy}"))
        }
        Unsolvable::TooShort { asked, minimum } => Failure::new(
            Meaning::RefusedHere,
            "ttl-below-minimum",
            format!("{asked} is less than AWS issues anything for: the least is {minimum} seconds"),
        )
        .help("ask for 15m or more; nothing is ever lengthened silently"),
    }
}

/// Turns STS's refusal into what it means here. The mapping is by code and text (the catalogue of reported errors), and
/// whatever is not recognised keeps AWS's own words.
pub(super) fn of_sts(
    error: CloudError,
    role: &RoleSpec,
    role_arn: Option<&RoleArn>,
    facts: Option<&RoleFacts>,
    broker: &BrokerSpec,
) -> Failure {
    let target = role_arn.map_or_else(|| broker.principal.to_string(), ToString::to_string);
    let code = error.code.clone().unwrap_or_default();
    let text = error.message.clone();
    let kind = error.kind;
    let mut failure = Failure::from(error);
    match kind {
        CloudErrorKind::AccessDenied => denied(&mut failure, &text, role, &target, broker),
        CloudErrorKind::Refused => refused(&mut failure, &code, &text, role, &target, facts),
        _ => {}
    }
    failure
}

/// Turns IAM's refusal to build up a user into what it means here.
pub(super) fn of_iam(error: CloudError, role: &RoleSpec) -> Failure {
    let (kind, code, operation) = (error.kind, error.code.clone().unwrap_or_default(), error.operation);
    let name = &role.name;
    let failure = Failure::from(error);
    match (kind, code.as_str()) {
        (CloudErrorKind::AccessDenied, _) => failure
            .because(format!("the broker may not call {operation} for users of `{name}`"))
            .help("`leasehold policy broker` prints what it needs; a permissions boundary of its own may stand in the way"),
        (CloudErrorKind::Refused, "LimitExceeded") => failure
            .because("a quota of the account is used up")
            .help("`leasehold sweep` removes users whose time is over; or have the quota raised"),
        (CloudErrorKind::Refused, "NoSuchEntity") => failure
            .because(format!("something that `{name}` names is not there: a policy, a group, or its boundary"))
            .help("`leasehold plan` names it"),
        (CloudErrorKind::Refused, "MalformedPolicyDocument") => failure
            .because(format!("AWS does not take the `policy_document` of `{name}`"))
            .help("mend it in git, plan and apply"),
        _ => failure,
    }
}

/// Who AWS says has asked: `User: <arn> is not authorized to perform: …`.
fn asker(text: &str) -> Option<&str> {
    text.strip_prefix("User: ")?.split(' ').next()
}

fn is_broker(asker: &str, principal: &BrokerPrincipal) -> bool {
    match principal {
        BrokerPrincipal::User(user) => asker == user.as_str(),
        BrokerPrincipal::Role(role) => {
            let prefix =
                format!("arn:{}:sts::{}:assumed-role/{}/", role.arn().partition(), role.account(), role.name());
            asker.starts_with(&prefix)
        }
    }
}

fn denied(failure: &mut Failure, text: &str, role: &RoleSpec, target: &str, broker: &BrokerSpec) {
    let principal = &broker.principal;
    if let Some(asker) = asker(text).filter(|asker| !is_broker(asker, principal)) {
        failure.kind = "not-the-broker";
        failure.message = format!("AWS does not let {asker} issue `{}` from {target}", role.name);
        failure.causes.push(format!("the Broker is {principal}, and the credentials that ask are another's"));
        failure.help = Some(format!("issue with the credentials of {principal}"));
        return;
    }
    failure.message = format!("AWS does not let {principal} issue `{}` from {target}", role.name);
    if text.contains("MultiFactorAuthentication") {
        failure.kind = "mfa-refused";
        failure.message = format!("AWS did not accept the MFA code for `{}`", role.name);
        failure.help = Some("wait for the next code (each is good once) and check mfa_serial_number".to_owned());
    } else if text.contains("session credentials") {
        failure.kind = "needs-long-term-keys";
        failure.causes.push("only an IAM user's own long-term keys may ask for this".to_owned());
        failure.help = Some("issue with the access keys of an IAM user, or use assumed_role".to_owned());
    } else if text.contains("sts:TagSession") {
        failure.kind = "tag-session-denied";
        failure.causes.push("session tags are passed, and sts:TagSession is not allowed".to_owned());
        failure.help = Some(format!("allow sts:TagSession to {principal} in the trust policy of {target}"));
    } else if text.contains("sts:SetSourceIdentity") {
        failure.kind = "source-identity-denied";
        failure.causes.push("a source identity is passed, and sts:SetSourceIdentity is not allowed".to_owned());
        failure.help = Some(format!("allow sts:SetSourceIdentity to {principal} in the trust policy of {target}"));
    } else if text.contains("explicit deny") {
        failure.kind = "explicitly-denied";
        failure.causes.push("a policy denies it explicitly".to_owned());
        failure.help = Some(format!("find the Deny in the trust policy of {target} or in the policies of {principal}"));
    } else if text.contains("identity-based policy") {
        failure.kind = "identity-policy-denied";
        failure.causes.push(format!("no identity policy of {principal} allows it"));
        let (action, resource) = match role.credential.kind() {
            CredentialType::FederationToken => (
                "sts:GetFederationToken",
                format!("arn:{}:sts::{}:federated-user/*", principal.partition(), principal.account()),
            ),
            _ => ("sts:AssumeRole", target.to_owned()),
        };
        failure.help = Some(format!("allow {action} on {resource} to {principal}"));
    } else {
        failure.kind = "not-trusted";
        failure.causes.push(
            "the role's trust policy does not admit the identity that asks, or that identity's own policies do not allow it"
                .to_owned(),
        );
        failure.help = Some(format!(
            "check that the command runs as {principal} (aws sts get-caller-identity), and run `leasehold plan`: it reads \
             the trust policy of {target} and says what is missing"
        ));
    }
}

fn refused(failure: &mut Failure, code: &str, text: &str, role: &RoleSpec, target: &str, facts: Option<&RoleFacts>) {
    if text.contains("role chaining") {
        failure.kind = "chaining-cap";
        failure.message = format!(
            "AWS caps a session that one role gets from another at one hour, and `{}` asked for more",
            role.name
        );
        failure.help = Some("lower default_sts_ttl and max_sts_ttl to 1h; the Broker is a role".to_owned());
    } else if text.contains("MaxSessionDuration") {
        let applied = facts.map_or_else(String::new, |facts| {
            format!(" (it was {} seconds when the record was applied)", facts.max_session_duration)
        });
        failure.kind = "above-max-session-duration";
        failure.message = format!("the TTL is above MaxSessionDuration of {target}{applied}");
        failure.help =
            Some(format!("raise MaxSessionDuration of {target}, or lower the TTL; `leasehold plan` shows the drift"));
    } else if code == "PackedPolicyTooLarge" || code == "PackedPolicyTooLargeException" {
        failure.kind = "packed-policy-too-large";
        failure.message =
            format!("the session policies and tags of `{}` are together too large for a session", role.name);
        failure.help =
            Some("shorten policy_document, use fewer policy_arns, or fewer and shorter session_tags".to_owned());
    } else if code == "MalformedPolicyDocument" || code == "MalformedPolicyDocumentException" {
        failure.kind = "malformed-session-policy";
        failure.message = format!("AWS does not accept the session policy of `{}`", role.name);
        failure.help = Some("mend policy_document in git and apply".to_owned());
    } else if code.starts_with("RegionDisabled") {
        failure.kind = "region-disabled";
        failure.message = "STS is switched off in this region for this account".to_owned();
        failure.help = Some("set another `region` in the Broker document, or activate STS there".to_owned());
    } else if code == "ValidationError" {
        failure.kind = "validation-error";
        failure.message = format!("AWS does not accept a parameter of the request for `{}`", role.name);
    }
}
