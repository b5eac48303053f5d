//! `issue`: hands out one credential, from the record and from nothing else.
//!
//! The order is the protection: audit request, lease intent, AWS, lease active, audit response, hand-over. Each is
//! durable before the next begins. Whatever fails after AWS answered drops the credential; the lease stays for the sweep.

use jiff::SignedDuration;

use super::audit::{self, Event, Who};
use super::ledger::{self, StoredLease};
use super::plan::no_such_role;
use super::{AppError, Failure, Meaning, read_record, read_role, refusal};
use crate::domain::Timestamp;
use crate::domain::audit::{AuditAction, EventId};
use crate::domain::credential::{AssumedRoleSpec, CredentialSpec, CredentialType, PolicySpec};
use crate::domain::desired::BrokerSpec;
use crate::domain::digest::canonical_json;
use crate::domain::duration::{self, Solution};
use crate::domain::ident::{Name, RoleArn, is_iam_name_char};
use crate::domain::lease::{Ending, Grant, Lease, LeaseId, LeaseRequest, LeaseState};
use crate::domain::limits;
use crate::domain::record::{AppliedRole, Head, RoleFacts};
use crate::domain::secret::{Credentials, Secret};
use crate::domain::text;
use crate::domain::ttl::Ttl;
use crate::ports::{
    AssumeRole, Clock, CloudError, FederationToken, Ids, Issued, Issuer, Mfa, SessionToken, StateStore,
};

/// How far AWS's clock may run ahead of ours when a lease's last instant is reckoned before AWS has answered. AWS itself
/// refuses requests signed more than a few minutes off.
const CLOCK_MARGIN: SignedDuration = SignedDuration::from_mins(15);

/// What a pipeline asks for.
#[allow(missing_debug_implementations, reason = "a token code is a secret for thirty seconds")]
pub struct IssueRequest {
    /// The role's name.
    pub role: String,
    /// A lifetime other than the role's default.
    pub ttl: Option<Ttl>,
    /// Which of the role's `role_arns`; the first, when not said.
    pub role_arn: Option<String>,
    /// `RoleSessionName` (or the federation token's `Name`), taken exactly as given.
    pub session_name: Option<String>,
    /// Lower the lifetime to what is allowed, instead of refusing.
    pub clamp: bool,
    /// Six digits of the role's MFA device.
    pub token_code: Option<Secret>,
    /// How long the whole command may wait for AWS.
    pub deadline: SignedDuration,
}

/// What a pipeline gets.
#[allow(missing_debug_implementations, reason = "it holds secrets")]
pub struct IssuedLease {
    /// Id of the audit event that the request was written down as.
    pub request_id: EventId,
    /// The credentials, to be handed over once.
    pub credentials: Credentials,
    /// The lease, active.
    pub lease: Lease,
    /// What the asker should know: a lifetime that was lowered, a packed policy that is nearly too large.
    pub notes: Vec<String>,
}

/// A request that the record allows, ready for AWS.
struct Prepared {
    head: Head,
    broker: BrokerSpec,
    role: AppliedRole,
    role_arn: Option<RoleArn>,
    facts: Option<RoleFacts>,
    session_name: Option<String>,
    solution: Solution,
}

/// Issues one credential. `connect` is called with the Broker's region once the record allows the request: a refusal
/// needs no credentials of the asker.
pub async fn issue<S: StateStore, I: Issuer>(
    store: &S,
    connect: impl AsyncFnOnce(&str) -> Result<I, Failure>,
    clock: &impl Clock,
    ids: &impl Ids,
    who: &Who,
    request: IssueRequest,
) -> Result<IssuedLease, AppError> {
    let now = clock.now();
    let lease_id = fresh_lease_id(ids, now)?;
    let prepared = match prepare(store, &request, &lease_id, now).await {
        Ok(prepared) => prepared,
        Err((head, failure)) => {
            let mut event = Event::new(AuditAction::IssueRefused);
            event.role = Name::parse(&request.role).ok();
            event.ttl = request.ttl;
            event.reason = Some(failure.message.clone());
            // Nothing was handed out, so a refusal stands whether or not it could be written down; that it could not is said.
            let written = match head {
                Some(head) => audit::write(store, clock, ids, who, Some(&head), event).await.map(drop),
                None => Ok(()),
            };
            return Err(match written {
                Ok(()) => failure,
                Err(unwritten) => failure.because(unwritten.message),
            }
            .into());
        }
    };

    let issuer = connect(&prepared.broker.region).await?;
    let mut event = Event::new(AuditAction::IssueRequested);
    event.lease = Some(lease_id.clone());
    event.role = Some(prepared.role.spec.name.clone());
    event.ttl = Some(prepared.solution.ttl);
    let requested = audit::write(store, clock, ids, who, Some(&prepared.head), event.clone()).await?;

    let intent = intent(&prepared, &request, lease_id.clone(), clock.now());
    let stored = ledger::open(store, intent, &ids.ulid(clock.now())).await?;
    // Removing a role swaps the head first and looks for leases then; an issue writes its intent first and looks at the
    // head then. One of the two sees the other.
    still_recorded(store, &prepared).await?;

    let answer = ask(&issuer, &prepared, &request).await;
    event.previous = Some(requested.digest);
    let issued = match answer {
        Ok(issued) => issued,
        Err(error) => return Err(refused(store, clock, ids, who, &prepared, stored, event, error).await.into()),
    };
    let lease = activate(store, clock, ids, stored, &issued).await?;
    event.action = AuditAction::IssueGranted;
    event.access_key_id = Some(issued.credentials.access_key_id.clone());
    audit::write(store, clock, ids, who, Some(&prepared.head), event).await?;
    let notes = notes(&prepared, &issued);
    Ok(IssuedLease { request_id: requested.id, credentials: issued.credentials, lease, notes })
}

fn fresh_lease_id(ids: &impl Ids, now: Timestamp) -> Result<LeaseId, Failure> {
    LeaseId::parse(&ids.ulid(now))
        .ok_or_else(|| Failure::new(Meaning::Failed, "bad-id", "the source of ids gave something that is no ULID"))
}

/// Everything that can be refused without AWS. The head comes back with a refusal, for the audit.
async fn prepare<S: StateStore>(
    store: &S,
    request: &IssueRequest,
    lease: &LeaseId,
    now: Timestamp,
) -> Result<Prepared, (Option<Head>, Failure)> {
    let Ok(name) = Name::parse(&request.role) else {
        return Err((None, no_such_role(&request.role, "in the record", std::iter::empty())));
    };
    let Some((head, found)) = read_role(store, &name).await.map_err(|failure| (None, failure))? else {
        let failure = Failure::new(
            Meaning::RefusedHere,
            "nothing-applied",
            format!("nothing has been applied to the state at {}", store.location()),
        )
        .help("run `leasehold apply` first, or point --state at the state it was applied to");
        return Err((None, failure));
    };
    let Some((broker, role)) = found else {
        let failure = not_recorded(store, &name).await;
        return Err((Some(head), failure));
    };
    match allow(request, lease, &broker, &role, now) {
        Ok((role_arn, facts, session_name, solution)) => {
            Ok(Prepared { head, broker, role, role_arn, facts, session_name, solution })
        }
        Err(failure) => Err((Some(head), failure)),
    }
}

async fn not_recorded<S: StateStore>(store: &S, name: &Name) -> Failure {
    let known = match read_record(store).await {
        Ok(Some((_, record))) => record.snapshot.roles.into_keys().collect(),
        Ok(None) => Vec::new(),
        Err(failure) => return failure,
    };
    let mut failure = no_such_role(name.as_str(), "in the record", known.iter().map(Name::as_str));
    failure.meaning = Meaning::RefusedHere;
    failure.because("`issue` hands out what was applied, and nothing else")
}

type Allowed = (Option<RoleArn>, Option<RoleFacts>, Option<String>, Solution);

/// Whether the record allows this request.
fn allow(
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
    if spec.kind() == CredentialType::IamUser {
        return Err(refuse(
            "not-yet",
            format!("the role `{name}` is an iam_user, and this version cannot issue those yet"),
        )
        .because("an IAM user must be ended by somebody, and `sweep`, which does that, does not exist yet")
        .help("use assumed_role where an STS session will do"));
    }
    let role_arn = choose_role_arn(request, spec, name)?;
    let facts = role_arn.as_ref().and_then(|arn| role.facts.get(arn)).cloned();
    let session_name = session_name(request, spec, name, lease)?;
    needs_mfa(request, spec, name)?;
    let solution = duration::solve(spec, broker, facts.as_ref(), request.ttl, request.clamp)
        .map_err(|unsolvable| refusal::of_duration(&unsolvable, name, role_arn.as_ref()))?;
    Ok((role_arn, facts, session_name, solution))
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

/// The session's name: as asked, else `<role>-<lease id>`, unique for each lease, so that CloudTrail leads back to it.
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
        let room = longest - lease.as_str().len() - 1;
        let role: String = name.as_str().chars().take(room).collect();
        return Ok(Some(format!("{role}-{lease}")));
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

fn mfa_serial(spec: &CredentialSpec) -> Option<&str> {
    match spec {
        CredentialSpec::AssumedRole(spec) => spec.mfa_serial_number.as_deref(),
        CredentialSpec::SessionToken(spec) => spec.mfa_serial_number.as_deref(),
        CredentialSpec::FederationToken(_) | CredentialSpec::IamUser(_) => None,
    }
}

fn intent(prepared: &Prepared, request: &IssueRequest, id: LeaseId, now: Timestamp) -> Lease {
    let ttl = prepared.solution.ttl;
    let longest =
        request.deadline.saturating_add(CLOCK_MARGIN).saturating_add(SignedDuration::from_secs(ttl.seconds().into()));
    let source_identity = match &prepared.role.spec.credential {
        CredentialSpec::AssumedRole(spec) => spec.source_identity.clone(),
        CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) | CredentialSpec::IamUser(_) => None,
    };
    Lease {
        id,
        role: prepared.role.spec.name.clone(),
        credential_type: prepared.role.spec.credential.kind(),
        state: LeaseState::Intent,
        request: LeaseRequest {
            role_arn: prepared.role_arn.clone(),
            session_name: prepared.session_name.clone(),
            source_identity,
            ttl,
            dead_after: now.saturating_add(longest).unwrap_or(Timestamp::MAX),
        },
        grant: None,
        lineage: prepared.head.lineage.clone(),
        serial: prepared.head.serial,
        commit: prepared.head.basis.commit.clone(),
        created_at: now,
        updated_at: now,
    }
}

/// Refuses when the role left the record, or was changed in it, while the intent was written. The lease is left as an
/// intent without a credential: it ends by itself.
async fn still_recorded<S: StateStore>(store: &S, prepared: &Prepared) -> Result<(), Failure> {
    let Prepared { head, role, .. } = prepared;
    let now = super::record::read_head(store).await?.map(|read| read.head);
    if now.as_ref() == Some(head) {
        return Ok(());
    }
    let again = read_role(store, &role.spec.name).await?.and_then(|(_, found)| found);
    if again.is_some_and(|(broker, now)| now == *role && broker == prepared.broker) {
        return Ok(());
    }
    Err(Failure::new(
        Meaning::RefusedHere,
        "record-changed",
        format!("the role `{}` was changed by an apply just now", role.spec.name),
    )
    .help("run the command again"))
}

async fn ask<I: Issuer>(issuer: &I, prepared: &Prepared, request: &IssueRequest) -> Result<Issued, CloudError> {
    let ttl = prepared.solution.ttl;
    let mfa = |serial: Option<&str>| {
        serial.zip(request.token_code.as_ref()).map(|(serial, code)| Mfa {
            serial_number: serial.to_owned(),
            token_code: Secret::new(code.expose().to_owned()),
        })
    };
    let session_name = prepared.session_name.clone().unwrap_or_default();
    match (&prepared.role.spec.credential, &prepared.role_arn) {
        (CredentialSpec::AssumedRole(spec), Some(role_arn)) => {
            let AssumedRoleSpec {
                role_arns: _,
                ttl: _,
                external_id,
                session_tags,
                transitive_tag_keys,
                source_identity,
                policy,
                mfa_serial_number,
            } = spec;
            let (policy, policy_arns) = session_policy(policy);
            let call = AssumeRole {
                role_arn: role_arn.clone(),
                session_name,
                ttl,
                external_id: external_id.clone(),
                source_identity: source_identity.clone(),
                tags: session_tags.clone(),
                transitive_tag_keys: transitive_tag_keys.clone(),
                policy,
                policy_arns,
                mfa: mfa(mfa_serial_number.as_deref()),
            };
            issuer.assume_role(&call).await
        }
        (CredentialSpec::FederationToken(spec), _) => {
            let (policy, policy_arns) = session_policy(&spec.policy);
            let tags = spec.session_tags.clone();
            issuer.federation_token(&FederationToken { name: session_name, ttl, tags, policy, policy_arns }).await
        }
        (CredentialSpec::SessionToken(spec), _) => {
            issuer.session_token(&SessionToken { ttl, mfa: mfa(spec.mfa_serial_number.as_deref()) }).await
        }
        // `allow` refuses both before anything is written.
        (CredentialSpec::AssumedRole(_), None) | (CredentialSpec::IamUser(_), _) => Err(CloudError {
            kind: crate::ports::CloudErrorKind::Refused,
            operation: "issue",
            code: None,
            message: "the role cannot be asked of STS".to_owned(),
            request_id: None,
        }),
    }
}

fn session_policy(policy: &PolicySpec) -> (Option<String>, Vec<String>) {
    let PolicySpec { document, arns, groups: _ } = policy;
    (document.as_ref().map(canonical_json), arns.iter().map(ToString::to_string).collect())
}

/// Writes down that AWS gave nothing. Only a refusal that proves it ends the lease; any doubt leaves it as an intent,
/// which counts as alive until its last instant has passed.
#[allow(clippy::too_many_arguments, reason = "the tail of one use case, which has all of these at hand")]
async fn refused<S: StateStore>(
    store: &S,
    clock: &impl Clock,
    ids: &impl Ids,
    who: &Who,
    prepared: &Prepared,
    stored: StoredLease,
    mut event: Event,
    error: CloudError,
) -> Failure {
    let doubt = error.kind.may_have_acted();
    let lease_path = stored.lease.path();
    event.action = AuditAction::IssueRefused;
    event.reason = Some(error.to_string());
    let mut failure = refusal::of_sts(
        error,
        &prepared.role.spec,
        prepared.role_arn.as_ref(),
        prepared.facts.as_ref(),
        &prepared.broker,
    );
    if doubt {
        failure = failure.because(format!(
            "AWS may have made a session all the same; nobody has its keys, and the lease {lease_path} counts it as alive until {}",
            stored.lease.request.dead_after
        ));
    } else {
        let now = clock.now();
        let mut ended = stored.lease.clone();
        ended.state = LeaseState::Ended(Ending::Refused);
        ended.updated_at = now;
        if let Err(error) = ledger::advance(store, &stored, ended, &ids.ulid(now)).await {
            failure = failure.because(format!("the lease {lease_path} stays open in the ledger: {error}"));
        }
    }
    match audit::write(store, clock, ids, who, Some(&prepared.head), event).await {
        Ok(_) => failure,
        Err(unwritten) => failure.because(unwritten.message),
    }
}

async fn activate<S: StateStore>(
    store: &S,
    clock: &impl Clock,
    ids: &impl Ids,
    stored: StoredLease,
    issued: &Issued,
) -> Result<Lease, Failure> {
    let now = clock.now();
    let mut active = stored.lease.clone();
    active.state = LeaseState::Active;
    active.updated_at = now;
    active.grant = Some(Grant {
        access_key_id: issued.credentials.access_key_id.clone(),
        expires_at: issued.credentials.expires_at.unwrap_or(active.request.dead_after),
        arn: issued.arn.clone(),
        user_id: issued.user_id.clone(),
    });
    let stored = ledger::advance(store, &stored, active, &ids.ulid(now)).await.map_err(|error| {
        Failure::from(error).because("AWS gave a credential, and it was dropped: its lease could not be written")
    })?;
    Ok(stored.lease)
}

fn notes(prepared: &Prepared, issued: &Issued) -> Vec<String> {
    let mut notes = Vec::new();
    let Solution { ttl, clamped_from, limits } = &prepared.solution;
    if let (Some(asked), Some(binding)) = (clamped_from, limits.first()) {
        notes.push(format!("asked for {asked}, lowered to {ttl}: {} allows no more", binding.source));
    }
    if let Some(percent) = issued.packed_policy_size.filter(|percent| *percent >= 80) {
        notes.push(format!("policies and tags take {percent}% of the packed size that AWS allows"));
    }
    notes
}
