//! `issue`: hands out one credential, from the record and from nothing else.
//!
//! The order is the protection: audit request, lease intent, AWS, lease active, audit response, hand-over. Each is
//! durable before the next begins. Whatever fails after AWS answered drops the credential; the lease stays for the sweep.

mod allow;
mod ask;
mod user;

use jiff::SignedDuration;

use self::allow::{Allowed, allow};
use self::ask::ask_with_caller;
use self::user::Unmade;
use super::audit::{self, Event, Who};
use super::both::both;
use super::ledger::{self, StoredLease};
use super::plan::no_such_role;
use super::record::is_head_still;
use super::{AppError, Failure, Meaning, read_record, read_role, refusal};
use crate::domain::Timestamp;
use crate::domain::audit::{AuditAction, EventId};
use crate::domain::credential::CredentialSpec;
use crate::domain::desired::BrokerSpec;
use crate::domain::duration::Solution;
use crate::domain::ident::{Name, RoleArn};
use crate::domain::lease::{Due, Ending, Grant, Lease, LeaseId, LeaseRequest, LeaseState};
use crate::domain::record::{AppliedRole, Head, RoleFacts};
use crate::domain::secret::{Credentials, Secret};
use crate::domain::ttl::Ttl;
use crate::ports::{Clock, IamUsers, Ids, Issued, Issuer, StateStore, Timer};

pub use user::KeyWait;

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
    /// What to do between making an IAM user's key and handing it over.
    pub wait: KeyWait,
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
/// needs no credentials of the asker. It connects to STS, and to IAM for roles that make users.
pub async fn issue<S: StateStore, I: Issuer, U: IamUsers>(
    store: &S,
    connect: impl AsyncFnOnce(&str) -> Result<(I, U), Failure>,
    clock: &impl Timer,
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

    let (sts, iam) = connect(&prepared.broker.region).await?;
    let mut event = Event::new(AuditAction::IssueRequested);
    event.lease = Some(lease_id.clone());
    event.role = Some(prepared.role.spec.name.clone());
    event.ttl = Some(prepared.solution.ttl);
    let mut intent = intent(&prepared, &request, lease_id.clone(), clock.now());
    // Neither says anything without the lease, so neither waits for the other.
    let (requested, entered) = both(
        audit::write(store, clock, ids, who, Some(&prepared.head), event.clone()),
        ledger::enter(store, &Due::of(&intent)),
    )
    .await;
    let requested = requested?;
    entered?;
    intent.audit_tail = Some(requested.digest.clone());
    let mut stored = ledger::open(store, intent, &ids.ulid(clock.now())).await?;
    // Removing a role swaps the head first and looks for leases then; an issue writes its intent first and looks at the
    // head then. One of the two sees the other.
    still_recorded(store, &prepared).await?;

    event.previous = Some(requested.digest);
    let (answered, caller) = answer(&sts, &iam, store, &prepared, &request, &stored, clock).await;
    let who = &Who { caller_arn: caller.as_ref().ok().cloned().or_else(|| who.caller_arn.clone()), ..who.clone() };
    let issued = match answered {
        Ok(issued) => issued,
        Err(unmade) => return Err(refused(store, clock, ids, who, &prepared, stored, event, unmade).await.into()),
    };
    event.access_key_id = Some(issued.credentials.access_key_id.clone());
    let mut notes = notes(&prepared, &issued);
    notes.extend(caller.err().map(|why| format!("the audit does not name the caller's ARN: {why}")));
    if let Err(failure) =
        hand_over(store, clock, ids, &iam, &prepared, &request, &mut stored, &issued, &mut notes).await
    {
        return Err(dropped(store, clock, ids, who, &iam, &prepared, stored, event, failure).await.into());
    }
    event.action = AuditAction::IssueGranted;
    if let Err(failure) = audit::write(store, clock, ids, who, Some(&prepared.head), event.clone()).await {
        return Err(dropped(store, clock, ids, who, &iam, &prepared, stored, event, failure).await.into());
    }
    Ok(IssuedLease { request_id: requested.id, credentials: issued.credentials, lease: stored.lease, notes })
}

/// Asks AWS. The second answer is the caller's ARN, or why it is not known.
async fn answer<I: Issuer, U: IamUsers, S: StateStore>(
    sts: &I,
    iam: &U,
    store: &S,
    prepared: &Prepared,
    request: &IssueRequest,
    stored: &StoredLease,
    clock: &impl Timer,
) -> (Result<Issued, Unmade>, Result<String, String>) {
    match &prepared.role.spec.credential {
        CredentialSpec::IamUser(spec) => {
            let identity = match sts.caller_identity().await {
                Ok(identity) => identity,
                Err(error) => {
                    let why = error.to_string();
                    return (Err(Unmade::Cloud { error, may_be: false }), Err(why));
                }
            };
            let account = prepared.broker.principal.account();
            let made = if identity.account == *account {
                let still_wanted = async || still_recorded(store, prepared).await;
                user::make(iam, store, prepared, spec, stored, clock, still_wanted).await
            } else {
                Err(Unmade::Not(user::wrong_account(&identity, account)))
            };
            (made, Ok(identity.arn))
        }
        CredentialSpec::AssumedRole(_) | CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) => {
            let (issued, caller) = ask_with_caller(sts, prepared, request, clock).await;
            (issued.map_err(|error| Unmade::Cloud { error, may_be: false }), caller)
        }
    }
}

/// Everything between AWS's answer and the last audit event. Whatever fails here drops the credential.
#[allow(clippy::too_many_arguments, reason = "the tail of one use case, which has all of these at hand")]
async fn hand_over<S: StateStore, U: IamUsers>(
    store: &S,
    clock: &impl Timer,
    ids: &impl Ids,
    iam: &U,
    prepared: &Prepared,
    request: &IssueRequest,
    stored: &mut StoredLease,
    issued: &Issued,
    notes: &mut Vec<String>,
) -> Result<(), Failure> {
    *stored = activate(store, clock, ids, stored, issued).await?;
    credible_expiry(prepared, issued, clock.now())?;
    if stored.lease.request.user.is_some() {
        let account = prepared.broker.principal.account().as_str();
        let waited = user::wait(iam, clock, &issued.credentials, account, request.wait).await?;
        notes.extend(waited.map(|waited| format!("the new key was ready after {:.1} s", waited.as_secs_f64())));
    }
    // AWS may have taken its time, and the role may have left the record meanwhile.
    still_recorded(store, prepared).await
}

/// An expiry that lies behind us, or further ahead than was asked for, is no answer to this request.
fn credible_expiry(prepared: &Prepared, issued: &Issued, now: Timestamp) -> Result<(), Failure> {
    let Some(expires_at) = issued.credentials.expires_at else { return Ok(()) };
    let asked = prepared.solution.ttl.duration();
    let latest = now.saturating_add(asked.saturating_add(CLOCK_MARGIN)).unwrap_or(Timestamp::MAX);
    if now < expires_at && expires_at <= latest {
        return Ok(());
    }
    Err(Failure::new(
        Meaning::RefusedByAws,
        "expiry-not-credible",
        format!("{} were asked for, and the answer expires at {expires_at}", prepared.solution.ttl),
    )
    .because(format!("it is {now} by this machine's clock"))
    .help("check this machine's clock, and that the endpoint is AWS (AWS_ENDPOINT_URL)"))
}

/// Writes down that a credential was dropped: its key id must not be lost with it. A user's key is deleted as well, and its
/// lease is marked to be ended.
#[allow(clippy::too_many_arguments, reason = "the tail of one use case, which has all of these at hand")]
async fn dropped<S: StateStore, U: IamUsers>(
    store: &S,
    clock: &impl Clock,
    ids: &impl Ids,
    who: &Who,
    iam: &U,
    prepared: &Prepared,
    stored: StoredLease,
    mut event: Event,
    failure: Failure,
) -> Failure {
    event.action = AuditAction::IssueRefused;
    event.reason = Some(format!("AWS gave a credential, and it was dropped: {}", failure.message));
    let mut failure = failure;
    match (&stored.lease.request.user, &event.access_key_id) {
        (Some(user), Some(key)) => {
            failure = match user::drop_key(iam, &user.name, key).await {
                Ok(()) => failure.because("the new key was deleted: nobody has it"),
                Err(error) => failure.because(format!("the new key is still there, and nobody has it ({error})")),
            };
            failure = abandoned(store, clock, ids, &stored, &failure.message.clone(), failure).await;
        }
        _ => {
            failure = failure
                .because("AWS gave a credential, and it was dropped: it lives until it expires, and nobody has it");
        }
    }
    match audit::write(store, clock, ids, who, Some(&prepared.head), event).await {
        Ok(_) => failure,
        Err(unwritten) => failure.because(unwritten.message),
    }
}

/// Marks the lease of a user to be ended now, and tells what follows.
async fn abandoned<S: StateStore>(
    store: &S,
    clock: &impl Clock,
    ids: &impl Ids,
    stored: &StoredLease,
    why: &str,
    failure: Failure,
) -> Failure {
    let (now, path) = (clock.now(), stored.lease.path());
    match user::abandon(store, stored, why, now, &ids.ulid(now)).await {
        Ok(()) => failure.because(format!("the next `leasehold sweep` removes the user of the lease {path}")),
        Err(error) => failure.because(format!(
            "the lease {path} could not be marked ({}): a sweep removes its user once the lease is due",
            error.message
        )),
    }
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
        return Err((None, no_such_role(&request.role, "in the record", std::iter::empty(), APPLY_IT)));
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
        Ok(Allowed { role_arn, facts, session_name, solution }) => {
            Ok(Prepared { head, broker, role, role_arn, facts, session_name, solution })
        }
        Err(failure) => Err((Some(head), failure)),
    }
}

const APPLY_IT: &str = "declare it and `leasehold apply` it; --state says where to look";

async fn not_recorded<S: StateStore>(store: &S, name: &Name) -> Failure {
    let known = match read_record(store).await {
        Ok(Some((_, record))) => record.snapshot.roles.into_keys().collect(),
        Ok(None) => Vec::new(),
        Err(failure) => return failure,
    };
    let mut failure = no_such_role(name.as_str(), "in the record", known.iter().map(Name::as_str), APPLY_IT);
    failure.meaning = Meaning::RefusedHere;
    failure.because("`issue` hands out what was applied, and nothing else")
}

fn intent(prepared: &Prepared, request: &IssueRequest, id: LeaseId, now: Timestamp) -> Lease {
    let ttl = prepared.solution.ttl;
    let longest = request.deadline.saturating_add(CLOCK_MARGIN).saturating_add(ttl.duration());
    let source_identity = match &prepared.role.spec.credential {
        CredentialSpec::AssumedRole(spec) => spec.source_identity.clone(),
        CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) | CredentialSpec::IamUser(_) => None,
    };
    let user = match &prepared.role.spec.credential {
        CredentialSpec::IamUser(spec) => Some(user::named(prepared, spec, &id, now, request.deadline)),
        CredentialSpec::AssumedRole(_) | CredentialSpec::FederationToken(_) | CredentialSpec::SessionToken(_) => None,
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
            user,
            ttl,
            dead_after: now.saturating_add(longest).unwrap_or(Timestamp::MAX),
        },
        grant: None,
        lineage: prepared.head.lineage.clone(),
        serial: prepared.head.serial,
        commit: prepared.head.basis.commit.clone(),
        created_at: now,
        updated_at: now,
        denied_at: None,
        audit_tail: None,
    }
}

/// Refuses when the role left the record, or was changed in it, while the intent was written. The lease is left as an
/// intent without a credential: it ends by itself.
async fn still_recorded<S: StateStore>(store: &S, prepared: &Prepared) -> Result<(), Failure> {
    let Prepared { head, role, .. } = prepared;
    if is_head_still(store, head).await? {
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

/// Writes down that AWS gave nothing. Only a refusal that proves it ends the lease; any doubt leaves it as an intent,
/// which counts as alive until its last instant has passed, or marks its user to be ended.
#[allow(clippy::too_many_arguments, reason = "the tail of one use case, which has all of these at hand")]
async fn refused<S: StateStore>(
    store: &S,
    clock: &impl Clock,
    ids: &impl Ids,
    who: &Who,
    prepared: &Prepared,
    stored: StoredLease,
    mut event: Event,
    unmade: Unmade,
) -> Failure {
    let lease_path = stored.lease.path();
    let is_user = stored.lease.request.user.is_some();
    event.action = AuditAction::IssueRefused;
    let (mut failure, doubt) = match unmade {
        Unmade::Here(failure) => (failure, true),
        Unmade::Not(failure) => (failure, false),
        Unmade::Cloud { error, may_be } => {
            let doubt = may_be || error.kind.may_have_acted();
            event.reason = Some(error.to_string());
            let (role, arn, facts) = (&prepared.role.spec, prepared.role_arn.as_ref(), prepared.facts.as_ref());
            let failure = if is_user {
                refusal::of_iam(error, role)
            } else {
                refusal::of_sts(error, role, arn, facts, &prepared.broker)
            };
            (failure, doubt)
        }
    };
    event.reason.get_or_insert_with(|| failure.message.clone());
    if doubt && is_user {
        failure = abandoned(store, clock, ids, &stored, &failure.message.clone(), failure).await;
    } else if doubt {
        failure = failure.because(format!(
            "AWS may have made a session all the same; nobody has its keys, and the lease {lease_path} counts it as alive until {}",
            stored.lease.request.dead_after
        ));
    } else {
        let now = clock.now();
        let ended = stored.lease.became(LeaseState::Ended(Ending::Refused), now);
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
    stored: &StoredLease,
    issued: &Issued,
) -> Result<StoredLease, Failure> {
    let now = clock.now();
    let mut active = stored.lease.became(LeaseState::Active, now);
    active.grant = Some(Grant {
        access_key_id: issued.credentials.access_key_id.clone(),
        expires_at: issued.credentials.expires_at.unwrap_or(active.request.dead_after),
        arn: issued.arn.clone(),
        user_id: issued.user_id.clone(),
    });
    Ok(ledger::advance(store, stored, active, &ids.ulid(now)).await?)
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
