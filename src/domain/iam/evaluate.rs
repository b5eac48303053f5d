use super::context::OPEN;
use super::judge::{Judged, Side, judge};
use super::naming::Via;
use super::policies::{Layer, NamedPolicy, Policies, ResourcePolicy};
use super::request::Request;
use super::solve::settle;
use super::statement::Effect;
use super::tree::{Part, Tree, all, any};
use super::verdict::{Caveat, Evaluation, Place, Verdict};

/// Actions that AWS lets everyone call, whatever the policies say.
const ALWAYS: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];

/// What AWS answers to `request`, as far as it is known.
///
/// A Deny that certainly applies decides, wherever it stands. Else every limit (boundary, session, SCPs, RCPs) must allow, and:
///
/// - a role's trust policy must let the caller. One that names the caller's account only leaves it to the account: the
///   caller's identity policies must allow too. Across accounts they always must;
/// - in the account of any other resource, its policy must name the caller, or the caller's own must allow;
/// - without a resource policy, the caller's own must allow.
///
/// Nobody reaches into another partition. Whether the accounts differ is read from the resource's ARN; a policy
/// that AWS manages is every account's own. A resource without an account that has a policy is
/// taken to be in another account, which asks for more. Each action of one call is a request of its own:
/// `sts:AssumeRole` with tags or a source identity also needs `sts:TagSession` and `sts:SetSourceIdentity`.
///
/// Three-valued: [`Verdict::Depends`] when the unknown keys decide, and a verdict that is certain never changes when more
/// becomes known. Conditions on the same key are weighed together. Both outcomes of what depends can come about when all
/// that is open are conditions of `Null` and of text, without set prefix and variables, on keys of one value, and when
/// every combination of the patterns of one key is matched by some value. Of other conditions on a key that stands in
/// several, what depends may be certain in truth.
///
/// A root user is judged as everyone else of its account.
#[must_use]
pub fn evaluate(request: &Request<'_>, policies: &Policies<'_>) -> Evaluation {
    let mut caveats = Vec::new();
    let verdict = if ALWAYS.iter().any(|action| action.eq_ignore_ascii_case(request.action)) {
        Verdict::Allowed
    } else {
        decide(request, policies, &mut caveats).unwrap_or_else(|explicit| explicit)
    };
    caveats.sort_unstable();
    caveats.dedup();
    Evaluation { verdict, caveats }
}

/// Whether this is the ARN of a policy that AWS manages. Such a policy stands in the account `aws` of every partition, and
/// every account has it as it has its own.
fn is_managed_by_aws(resource: &str) -> bool {
    let mut segments = resource.splitn(6, ':');
    let (service, account) = (segments.nth(2), segments.nth(1));
    service == Some("iam") && account == Some("aws") && segments.next().is_some_and(|it| it.starts_with("policy/"))
}

/// What one place grants: to the caller itself, and to its account.
struct Grant {
    direct: Part,
    account: Part,
}

fn decide(request: &Request<'_>, policies: &Policies<'_>, caveats: &mut Vec<Caveat>) -> Result<Verdict, Verdict> {
    let Policies { identity, resource, boundary, session, scps, rcps } = policies;
    let mut denies = Vec::new();
    let mut limits = Vec::new();
    for (place, layers) in [(Place::Scp, scps), (Place::Rcp, rcps)] {
        for layer in layers {
            limits.push((place, limit(place, layer, request, &mut denies, caveats)?));
        }
    }
    let of_resource = match resource {
        ResourcePolicy::None => Grant { direct: Part::No, account: Part::No },
        ResourcePolicy::Trust(named) => ask(Place::Resource, Side::Trust, &[*named], request, &mut denies)?,
        ResourcePolicy::Attached(named) => ask(Place::Resource, Side::Attached, &[*named], request, &mut denies)?,
        ResourcePolicy::UnreadTrust | ResourcePolicy::UnreadAttached => {
            Grant { direct: Part::Open(Tree::Unread(Place::Resource)), account: Part::No }
        }
    };
    let of_resource =
        if is_out_of_reach(request) { Grant { direct: Part::No, account: Part::No } } else { of_resource };
    let of_caller = match identity {
        Layer::None => Part::No,
        Layer::Unread => Part::Open(Tree::Unread(Place::Identity)),
        Layer::Assumed => {
            caveats.push(Caveat::SubjectTo(Place::Identity));
            Part::Yes
        }
        Layer::Read(named) => ask(Place::Identity, Side::Identity, named, request, &mut denies)?.direct,
    };
    let named_itself = of_resource.direct != Part::No && same_account(request, *resource);
    for (place, layer, named_limits) in [
        (Place::Boundary, boundary, matches!(request.caller.kind_and_name(), Some(("user", _)))),
        (Place::Session, session, request.caller.session_arn.is_some()),
    ] {
        let part = limit(place, layer, request, &mut denies, caveats)?;
        if part != Part::Yes && named_itself && named_limits {
            caveats.push(Caveat::StrictReading(place));
        }
        limits.push((place, part));
    }
    let (granted, mut lacking) = grant(request, *resource, of_resource, of_caller);
    lacking.extend(limits.iter().filter(|(_, part)| *part == Part::No).map(|(place, _)| *place));
    lacking.sort_unstable();
    lacking.dedup();
    let denies = denies.into_iter().map(|tree| Part::Open(Tree::Not(Box::new(tree))));
    let whole = all([granted].into_iter().chain(limits.into_iter().map(|(_, part)| part)).chain(denies));
    Ok(match settle(whole, request.context.unwrap_or(&OPEN), request.action) {
        Part::No => Verdict::DeniedImplicitly { lacking },
        Part::Yes => Verdict::Allowed,
        Part::Open(tree) => Verdict::Depends(tree),
    })
}

/// Whether the resource's ARN tells another partition than the caller's.
fn is_out_of_reach(request: &Request<'_>) -> bool {
    let partition = request.resource.and_then(|arn| arn.strip_prefix("arn:")).and_then(|rest| rest.split(':').next());
    partition.is_some_and(|partition| partition != request.caller.partition)
}

fn same_account(request: &Request<'_>, resource: ResourcePolicy<'_>) -> bool {
    if is_out_of_reach(request) {
        return false;
    }
    if request.resource.is_some_and(is_managed_by_aws) {
        return matches!(resource, ResourcePolicy::None);
    }
    let account = request.resource.and_then(|arn| arn.split(':').nth(4)).filter(|account| !account.is_empty());
    account.map_or(matches!(resource, ResourcePolicy::None), |account| account == request.caller.account)
}

/// Whether the resource's and the caller's side together allow, and who does not although it must.
fn grant(
    request: &Request<'_>,
    resource: ResourcePolicy<'_>,
    Grant { direct, account }: Grant,
    of_caller: Part,
) -> (Part, Vec<Place>) {
    let (resource_lacks, caller_lacks) = (direct == Part::No && account == Part::No, of_caller == Part::No);
    let mut lacking = Vec::new();
    let has_policy = !matches!(resource, ResourcePolicy::None);
    let granted = match (same_account(request, resource), resource) {
        (true, ResourcePolicy::Trust(_) | ResourcePolicy::UnreadTrust) => any([direct, all([account, of_caller])]),
        (true, ResourcePolicy::Attached(_) | ResourcePolicy::UnreadAttached) => any([direct, of_caller]),
        (true, ResourcePolicy::None) => of_caller,
        (false, _) => all([any([direct, account]), of_caller]),
    };
    if granted == Part::No {
        let trusts = matches!(resource, ResourcePolicy::Trust(_) | ResourcePolicy::UnreadTrust);
        if resource_lacks && (has_policy || !same_account(request, resource)) {
            lacking.push(Place::Resource);
        }
        // A trust policy that lets nobody in its own account does not wait for an identity policy.
        if caller_lacks && !(trusts && resource_lacks && same_account(request, resource)) {
            lacking.push(Place::Identity);
        }
    }
    (granted, lacking)
}

fn limit(
    place: Place,
    layer: &Layer<'_>,
    request: &Request<'_>,
    denies: &mut Vec<Tree>,
    caveats: &mut Vec<Caveat>,
) -> Result<Part, Verdict> {
    // A resource control policy names principals, as the policy of a resource does.
    let side = if place == Place::Rcp { Side::Attached } else { Side::Identity };
    Ok(match layer {
        Layer::None => Part::Yes,
        Layer::Unread => Part::Open(Tree::Unread(place)),
        Layer::Assumed => {
            caveats.push(Caveat::SubjectTo(place));
            Part::Yes
        }
        Layer::Read(named) => {
            let Grant { direct, account } = ask(place, side, named, request, denies)?;
            any([direct, account])
        }
    })
}

/// What the policies of one place grant. Statements that may deny go to `denies`; one that does is the error.
fn ask(
    place: Place,
    side: Side,
    named: &[NamedPolicy<'_>],
    request: &Request<'_>,
    denies: &mut Vec<Tree>,
) -> Result<Grant, Verdict> {
    let (mut direct, mut account) = (Vec::new(), Vec::new());
    for NamedPolicy { name, policy } in named {
        for statement in policy.statements() {
            match (statement.effect, judge(policy, statement, request, side)) {
                (_, Judged::No) => {}
                (Effect::Deny, Judged::Yes(_)) => {
                    let (policy, statement) = ((*name).to_owned(), statement.label.clone());
                    return Err(Verdict::DeniedExplicitly { place, policy, statement });
                }
                (Effect::Allow, Judged::Yes(Via::Direct)) => direct.push(Part::Yes),
                (Effect::Allow, Judged::Yes(Via::Account)) => account.push(Part::Yes),
                (effect, Judged::Maybe(clause)) => {
                    let delegated = clause.delegated;
                    let tree = Tree::Statement { place, policy: (*name).to_owned(), clause };
                    match effect {
                        Effect::Deny => denies.push(tree),
                        Effect::Allow if delegated => account.push(Part::Open(tree)),
                        Effect::Allow => direct.push(Part::Open(tree)),
                    }
                }
            }
        }
    }
    Ok(Grant { direct: any(direct), account: any(account) })
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
