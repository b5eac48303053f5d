//! A pull request changes what judges it.
//!
//! ## What it does
//! Where a plan has a base (`plan --base`), compares the Broker, Account and Waiver documents of the base with those of
//! the pull request, and tells each that was added, changed or removed, and whether that loosens the judge. A plan
//! without a base has nothing to compare, and this rule is silent.
//!
//! ## Why it is bad
//! Levels, waivers, limits, the Broker's principal and the accounts decide what every other finding means. A pull request
//! that brings a faulty role together with its waiver would otherwise judge itself. It cannot: its roles are judged by the
//! documents of the base as well, and the stricter judgement counts. What is left is the next pull request, which finds
//! the looser judge in its base: so somebody must see this one, and that is what this finding is for.
//!
//! It is advisory, because judges have to change now and then, and no waiver could ever silence it: it is about no role.
//! Let people who answer for the judge own its files (`CODEOWNERS`), and keep them apart from the roles. Where every such
//! change shall need somebody who may merge past a failed check, write `rules: {judge-changed: blocking}` in the Broker
//! document; that level, too, is taken from the base.
//!
//! ## Example
//! The base has the documents under "Use instead".
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRunner
//!   region: ap-northeast-1
//!   deployment: prod
//!   limits: {max_deletes: 20}
//! ```
//!
//! ## Use instead
//! Leave the judge as it is, or change it in a pull request of its own and let its owners review that:
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRunner
//!   region: ap-northeast-1
//!   deployment: prod
//!   limits: {max_deletes: 5}
//! ```
//!
//! ## Source
//! Our own rule.

use crate::domain::desired::{Account, Broker, Desired, Waiver};
use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::plan::broker_changes;
use crate::domain::span::Place;
use crate::domain::text;

use super::judging::Judging;
use super::rule::{Check, Origin, Rule, Said};

pub(super) static RULE: Rule = Rule {
    code: "LH604",
    name: "judge-changed",
    level: Level::Advisory,
    confidence: Confidence::Certain,
    origin: Origin::Git,
    summary: "A pull request changes what judges it.",
    source: include_str!("judge_changed.rs"),
    check: Check::Whole(check),
};

/// Longest value that is repeated in a message.
const SHOWN: usize = 80;

/// Whether two sets have the same Broker, Account and Waiver documents, wherever they stand.
pub(super) fn same_judge(base: &Desired, head: &Desired) -> bool {
    changes(base, head).is_empty()
}

fn check(judging: &Judging<'_>, findings: &mut Vec<Finding>) {
    let Some(base) = judging.base else { return };
    for Changed { place, what, loosens, keep } in changes(base, judging.desired) {
        let loosely = if loosens { ", and loosens it" } else { "" };
        findings.push(RULE.at(
            None,
            place,
            Said {
                message: format!("this pull request changes what judges it{loosely}: {what}"),
                label: if loosens { "loosens the judge" } else { "changes the judge" }.to_owned(),
                remedy: format!(
                    "{keep}; or change the judge in a pull request of its own. Roles are judged by the base's documents as well"
                ),
            },
        ));
    }
}

/// One document that differs.
struct Changed {
    place: Place,
    what: String,
    loosens: bool,
    /// What to write to leave the judge as it is.
    keep: String,
}

fn changes(base: &Desired, head: &Desired) -> Vec<Changed> {
    let mut changed: Vec<Changed> = broker(&base.broker, &head.broker).into_iter().collect();
    accounts(base, head, &mut changed);
    waivers(base, head, &mut changed);
    changed
}

fn broker(base: &Broker, head: &Broker) -> Option<Changed> {
    let changes = broker_changes(&base.spec, &head.spec);
    if changes.is_empty() {
        return None;
    }
    let value = |value: &Option<String>| match value {
        Some(value) => format!("`{}`", text::short(value, SHOWN)),
        None => "nothing".to_owned(),
    };
    let what: Vec<String> = changes
        .iter()
        .map(|(field, before, after)| format!("`{field}` from {} to {}", value(before), value(after)))
        .collect();
    let keep: Vec<String> = changes
        .iter()
        .map(|(field, before, _)| match before {
            Some(before) => format!("`{}: {}`", field.rsplit('.').next().unwrap_or(field), text::short(before, SHOWN)),
            None => format!("no `{field}`"),
        })
        .collect();
    let place = match base.spec.principal == head.spec.principal {
        true => head.place.clone(),
        false => head.principal_place.clone(),
    };
    Some(Changed {
        place,
        what: format!("in the Broker document {}", what.join(", ")),
        loosens: is_looser(base, head),
        keep: format!("keep {} in the Broker document", keep.join(", ")),
    })
}

fn is_looser(base: &Broker, head: &Broker) -> bool {
    let (before, after) = (base.spec.limits, head.spec.limits);
    let (old, new) = (&base.spec.rules, &head.spec.rules);
    after.max_deletes > before.max_deletes
        || after.max_delete_percent > before.max_delete_percent
        || super::all().iter().any(|rule| new.of(rule) < old.of(rule))
}

fn accounts(base: &Desired, head: &Desired, changed: &mut Vec<Changed>) {
    let same = |a: &Account, b: &Account| {
        let Account { name, id, reader_role_arn, external_id, place: _ } = a;
        let arn = |account: &Account| account.reader_role_arn.as_ref().map(|arn| arn.value.clone());
        *name == b.name
            && id.value == b.id.value
            && reader_role_arn.as_ref().map(|arn| arn.value.clone()) == arn(b)
            && *external_id == b.external_id
    };
    let of = |account: &Account, set: &Desired| set.accounts.iter().any(|other| other.id.value == account.id.value);
    for account in head.accounts.iter().filter(|account| !base.accounts.iter().any(|old| same(old, account))) {
        let how = if of(account, base) { "is changed" } else { "is added" };
        changed.push(Changed {
            place: account.place.clone(),
            what: format!("the Account document `{}` of {} {how}", account.name, account.id.value),
            loosens: false,
            keep: "leave the Account documents as they are in the base".to_owned(),
        });
    }
    for account in base.accounts.iter().filter(|account| !of(account, head)) {
        changed.push(Changed {
            place: head.broker.place.clone(),
            what: format!("the Account document `{}` of {} is removed", account.name, account.id.value),
            loosens: false,
            keep: "leave the Account documents as they are in the base".to_owned(),
        });
    }
}

fn waivers(base: &Desired, head: &Desired, changed: &mut Vec<Changed>) {
    let named = |waiver: &Waiver, set: &[Waiver]| set.iter().any(|other| other.name == waiver.name);
    for waiver in head.waivers.iter().filter(|waiver| !base.waivers.iter().any(|old| same_waiver(old, waiver))) {
        let how = if named(waiver, &base.waivers) { "is changed" } else { "is added" };
        let roles: Vec<&str> = waiver.roles.iter().map(|role| role.value.as_str()).collect();
        changed.push(Changed {
            place: waiver.place.clone(),
            what: format!(
                "the Waiver document `{}` {how}: it silences `{}` for `{}` until {}",
                waiver.name,
                text::short(waiver.rule.as_str(), SHOWN),
                text::short(&roles.join(", "), SHOWN),
                waiver.expires
            ),
            loosens: !base.waivers.iter().any(|old| covers(old, waiver)),
            keep: "leave the Waiver documents as they are in the base".to_owned(),
        });
    }
    for waiver in base.waivers.iter().filter(|waiver| !named(waiver, &head.waivers)) {
        changed.push(Changed {
            place: head.broker.place.clone(),
            what: format!("the Waiver document `{}` is removed", waiver.name),
            loosens: false,
            keep: "leave the Waiver documents as they are in the base".to_owned(),
        });
    }
}

fn same_waiver(a: &Waiver, b: &Waiver) -> bool {
    let Waiver { name, rule, roles, reason, owner, expires, place: _ } = a;
    *name == b.name
        && rule.value == b.rule.value
        && roles.iter().map(|role| &role.value).eq(b.roles.iter().map(|role| &role.value))
        && *reason == b.reason
        && *owner == b.owner
        && *expires == b.expires
}

/// Whether `old` silences everything that `new` does, for as long.
fn covers(old: &Waiver, new: &Waiver) -> bool {
    let rule = |waiver: &Waiver| {
        super::find(waiver.rule.as_str()).map_or(waiver.rule.as_str().to_owned(), |r| r.code.to_owned())
    };
    rule(old) == rule(new)
        && new.expires <= old.expires
        && new.roles.iter().all(|role| old.roles.iter().any(|covered| covered.value == role.value))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Scene;
    use super::*;
    use crate::domain::desired::Date;

    /// What the rule says of a pull request that turns one set into another.
    fn found(base: &Scene, head: &Scene) -> Vec<(String, bool)> {
        let findings = head.findings_against(&RULE, &base.desired);
        findings.into_iter().map(|finding| (finding.message, finding.label == "loosens the judge")).collect()
    }

    fn one(base: &Scene, head: &Scene) -> (String, bool) {
        let mut found = found(base, head);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn without_a_base_or_without_a_change_it_is_silent() {
        let scene = || Scene::role_broker().assumed_role("a", 900, 3_600).waiver("w", "LH205", &["a"], "2027-01-31");
        assert_eq!(scene().findings(&RULE), []);
        assert_eq!(found(&scene(), &scene()), []);
        // Roles are what is judged, not the judge; and where a document stands says nothing.
        let moved = Scene::role_broker().assumed_role("b", 900, 900).assumed_role("a", 900, 3_600);
        assert_eq!(found(&scene(), &moved.waiver("w", "LH205", &["a"], "2027-01-31")), []);
    }

    #[test]
    fn each_field_of_the_broker_is_told_and_what_is_looser_is_said() {
        type Edit = fn(&mut crate::domain::desired::BrokerSpec);
        let cases: [(Edit, &str, bool); 7] = [
            (|spec| spec.region = "eu-west-1".to_owned(), "`region` from `ap-northeast-1` to `eu-west-1`", false),
            (|spec| spec.limits.max_deletes = 6, "`max_deletes` from `5` to `6`", true),
            (|spec| spec.limits.max_deletes = 4, "`max_deletes` from `5` to `4`", false),
            (|spec| spec.limits.max_delete_percent = 100, "`max_delete_percent` from `30` to `100`", true),
            (
                |spec| spec.rules = [("LH205".to_owned(), Level::Blocking)].into_iter().collect(),
                "`rules.trust-account-root` from nothing to `blocking`",
                false,
            ),
            (
                |spec| spec.rules = [("LH402".to_owned(), Level::Advisory)].into_iter().collect(),
                "`rules.iam-user-without-boundary` from nothing to `advisory`",
                true,
            ),
            (|spec| spec.defaults.max = spec.defaults.default, "`max_sts_ttl` from `1h` to `15m`", false),
        ];
        for (edit, words, loosens) in cases {
            let (base, mut head) = (Scene::role_broker(), Scene::role_broker());
            edit(&mut head.desired.broker.spec);
            let (message, looser) = one(&base, &head);
            assert!(message.contains(words) && looser == loosens, "{message} {looser}");
        }
        let (message, _) = one(&Scene::role_broker(), &Scene::user_broker());
        assert!(message.contains("`principal` from `arn:aws:iam::111122223333:role/VaultRunner`"), "{message}");
    }

    #[test]
    fn a_waiver_loosens_by_what_it_covers_more() {
        let base = || Scene::role_broker().waiver("w", "LH205", &["a", "b"], "2027-01-31");
        for (waiver, words, loosens) in [
            (("w", "LH205", &["a"][..], "2027-01-31"), "is changed", false),
            (("w", "LH205", &["a", "b"], "2026-12-31"), "is changed", false),
            (("w", "trust-account-root", &["a", "b"], "2027-01-31"), "is changed", false),
            (("w", "LH205", &["a", "b"], "2027-02-01"), "is changed", true),
            (("w", "LH205", &["a", "b", "c"], "2027-01-31"), "is changed", true),
            (("w", "LH204", &["a"], "2027-01-31"), "is changed", true),
        ] {
            let (name, rule, roles, expires) = waiver;
            let (message, looser) = one(&base(), &Scene::role_broker().waiver(name, rule, roles, expires));
            assert!(message.contains(words) && looser == loosens, "{message} {looser}");
        }
        assert!(one(&Scene::role_broker(), &base()).0.contains("`w` is added: it silences `LH205` for `a, b` until"));
        assert_eq!(
            one(&base(), &Scene::role_broker()).0.split(": ").last(),
            Some("the Waiver document `w` is removed")
        );
        let mut owned = base();
        owned.desired.waivers[0].owner = "somebody else".to_owned();
        assert!(!one(&base(), &owned).1);
        let mut longer = base();
        longer.desired.waivers[0].expires = Date::parse("2999-01-01").expect("a day");
        assert!(one(&base(), &longer).1);
    }
}
