//! What refuses a whole plan, however well each step is meant.

use super::{Action, Brake, PlanInput, Step};
use crate::domain::Timestamp;
use crate::domain::desired::{Limits, Waiver};
use crate::domain::ident::Name;
use crate::domain::record::Snapshot;

/// The name a waiver unlocks a protected role by.
pub const PROTECTED_ROLE: &str = "protected-role";

/// A record of fewer roles than this is judged by number alone: a percentage of a handful says nothing.
const PERCENT_FROM: usize = 10;

pub(super) fn find(input: &PlanInput<'_>, steps: &[Step]) -> Vec<Brake> {
    // Before the first apply there is nothing to lose.
    let Some(snapshot) = input.record.map(|record| &record.snapshot) else { return Vec::new() };
    let mut brakes = Vec::new();
    brakes.extend(other_deployment(input, snapshot));
    brakes.extend(empty_set(input, snapshot));
    brakes.extend(deletes(input, snapshot, steps));
    brakes.extend(protected(input, snapshot, steps));
    brakes
}

fn other_deployment(input: &PlanInput<'_>, snapshot: &Snapshot) -> Option<Brake> {
    let (declared, recorded) = (&input.desired.broker.spec.deployment, &snapshot.broker.deployment);
    (declared != recorded).then(|| Brake {
        name: "other-deployment",
        message: format!("this state belongs to the deployment `{recorded}`, and the manifests declare `{declared}`"),
        remedy: "point --state at the state of this deployment, or give this deployment a state of its own".to_owned(),
    })
}

fn empty_set(input: &PlanInput<'_>, snapshot: &Snapshot) -> Option<Brake> {
    let emptied = input.desired.roles.is_empty() && !snapshot.roles.is_empty() && input.target.is_none();
    emptied.then(|| Brake {
        name: "empty-set",
        message: format!("the manifests declare no role at all, and {} are recorded", snapshot.roles.len()),
        remedy:
            "check that --dir and --ref point at the manifests; to end a deployment, delete its roles over several \
                 applies and keep one to the last"
                .to_owned(),
    })
}

fn deletes(input: &PlanInput<'_>, snapshot: &Snapshot, steps: &[Step]) -> Option<Brake> {
    // The recorded limits count: a change that loosens them must not profit from its own looseness.
    let Limits { max_deletes, max_delete_percent } = snapshot.broker.limits;
    let count = steps.iter().filter(|step| step.action == Action::Delete).count();
    if count == 0 || input.allow_deletes.is_some_and(|allowed| count <= allowed as usize) {
        return None;
    }
    let total = snapshot.roles.len();
    let over_number = count > max_deletes as usize;
    let over_percent = total >= PERCENT_FROM && count * 100 > total * max_delete_percent as usize;
    let limit = match (over_number, over_percent) {
        (true, _) => format!("limits.max_deletes is {max_deletes}"),
        (false, true) => format!("limits.max_delete_percent is {max_delete_percent}"),
        (false, false) => return None,
    };
    Some(Brake {
        name: "too-many-deletes",
        message: format!("{count} of {total} recorded roles would be deleted, and {limit}"),
        remedy: format!("if all {count} are meant, say so: --allow-deletes {count}"),
    })
}

fn protected<'a>(
    input: &'a PlanInput<'_>,
    snapshot: &'a Snapshot,
    steps: &'a [Step],
) -> impl Iterator<Item = Brake> + 'a {
    let deleted = steps.iter().filter(|step| step.action == Action::Delete);
    deleted
        .filter(|step| snapshot.roles.get(&step.role).is_some_and(|applied| applied.spec.protect))
        .filter(|step| {
            // A pull request cannot bring the waiver that unlocks what it deletes.
            let base = input.base.and_then(|base| base.desired);
            let judges = [Some(input.desired), base];
            !judges.into_iter().flatten().all(|judge| unlocks(&judge.waivers, &step.role, input.now))
        })
        .map(|step| Brake {
            name: PROTECTED_ROLE,
            message: format!("the role `{}` is protected and would be deleted", step.role),
            remedy: if unlocks(&input.desired.waivers, &step.role, input.now) {
                "merge the waiver that unlocks it first: a pull request cannot bring the one for its own deletion".to_owned()
            } else {
                format!(
                    "keep its document, or unlock the deletion with a Waiver document: rule {PROTECTED_ROLE}, roles [{}], a \
                     reason, an owner and a near expiry",
                    step.role
                )
            },
        })
}

fn unlocks(waivers: &[Waiver], role: &Name, now: Timestamp) -> bool {
    waivers.iter().any(|waiver| {
        waiver.rule.as_str() == PROTECTED_ROLE
            && !waiver.expires.is_over(now)
            && waiver.roles.iter().any(|covered| covered.value == *role)
    })
}
