//! The broker's pods bring tags along, and the trust policy does not allow `sts:TagSession`.
//!
//! ## What it does
//! Where the broker is a role that EKS Pod Identity may give to pods (its own trust policy lets `pods.eks.amazonaws.com`
//! assume it), asks the trust policy of each target that admits the broker for `sts:TagSession`. It speaks where no statement
//! allows it to the broker under any conditions, or one denies it without any. Where the role declares `session_tags`, LH202
//! says the same for certain, and this rule does not.
//!
//! ## Why it is bad
//! EKS Pod Identity puts tags into the session of each pod, which go on to the roles that it assumes, although nothing declares
//! any. STS then asks for `sts:TagSession`, and refuses the whole `AssumeRole` where the trust policy does not allow it. It
//! advises only: the broker may issue from elsewhere, where its session has no tags.
//!
//! ## Example
//! ```yaml
//! apiVersion: leasehold/v1
//! kind: Broker
//! metadata: {name: prod}
//! spec:
//!   principal: arn:aws:iam::111122223333:role/VaultRunner
//!   region: ap-northeast-1
//!   deployment: prod
//! ---
//! apiVersion: leasehold/v1
//! kind: Role
//! metadata: {name: app-readonly}
//! spec:
//!   credential_type: assumed_role
//!   role_arns: [arn:aws:iam::111122223333:role/ProdAppReadOnly]
//!   default_sts_ttl: 30m
//!   max_sts_ttl: 1h
//! ```
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"}
//!         ]
//!       }
//!     }
//!   },
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [],
//!     "trust": {
//!       "Version": "2012-10-17",
//!       "Statement": [
//!         {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
//!       ]
//!     }
//!   }
//! }
//! ```
//!
//! ## Use instead
//! ```json
//! {
//!   "caller": {"arn": "arn:aws:sts::111122223333:assumed-role/VaultRunner/ci", "user_id": "AROAEXAMPLEVAULTRUN01:ci"},
//!   "roles": {
//!     "arn:aws:iam::111122223333:role/ProdAppReadOnly": {
//!       "role_id": "AROAEXAMPLEREADONLY01",
//!       "max_session_duration": 3600,
//!       "trust": {
//!         "Version": "2012-10-17",
//!         "Statement": [
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:AssumeRole"},
//!           {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/VaultRunner"}, "Action": "sts:TagSession"}
//!         ]
//!       }
//!     }
//!   },
//!   "broker": {
//!     "unique_id": "AROAEXAMPLEVAULTRUN01",
//!     "policies": [],
//!     "trust": {
//!       "Version": "2012-10-17",
//!       "Statement": [
//!         {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
//!       ]
//!     }
//!   }
//! }
//! ```
//!
//! ## Source
//! The IAM user guide's page on session tags, by which inherited tags need `sts:TagSession` as passed ones do, and refusals of
//! brokers on EKS Pod Identity as users report them. For a target in another account, the broker's own policies have to allow
//! the action too.

use crate::domain::finding::{Confidence, Finding, Level};
use crate::domain::iam::{Effect, Element, Place, Principal, StatementTrace, Truth, Verdict};

use super::judging::{Judging, Target};
use super::rule::{Check, Origin, Rule, Said};
use super::statements::{covers, principals};
use super::words::trust_statement;

pub(super) static RULE: Rule = Rule {
    code: "LH234",
    name: "trust-lacks-tags-of-pods",
    level: Level::Advisory,
    confidence: Confidence::Strict,
    origin: Origin::World,
    summary: "The broker's pods bring tags along, and the trust policy does not allow `sts:TagSession`.",
    source: include_str!("trust_lacks_tags_of_pods.rs"),
    check: Check::Target(check),
};

/// The service that gives roles to pods.
const PODS: &str = "pods.eks.amazonaws.com";

const TAG: &str = "sts:TagSession";

fn check(judging: &Judging<'_>, target: Target<'_>, findings: &mut Vec<Finding>) {
    if !target.spec.session_tags.is_empty() || !may_be_a_pod(judging) {
        return;
    }
    let broker = judging.principal();
    if !matches!(target.assume, Some(Verdict::Allowed | Verdict::Depends(_))) {
        return;
    }
    let traces = judging.trace(&target, TAG);
    let own = || traces.iter().filter(|it| it.place == Place::Resource);
    let denying = own().find(|it| it.effect == Effect::Deny && denies_always(it));
    if denying.is_none() && own().any(|it| it.effect == Effect::Allow && may_reach(it)) {
        return;
    }
    let statement = trust_statement(broker, &[TAG]);
    findings.push(RULE.about(
        target.role,
        target.field(),
        Said {
            message: format!(
                "`{PODS}` may run pods as the broker `{broker}`, whose sessions bring tags along, and the trust policy of `{}` \
                 {} it {TAG}",
                target.arn,
                if denying.is_some() { "denies" } else { "does not allow" }
            ),
            label: format!("a pod needs {TAG}"),
            remedy: match denying {
                Some(denying) => format!(
                    "if pods issue, take the broker out of statement `{}` (a deny wins over every allow), and keep or add: \
                     `{statement}`",
                    denying.statement
                ),
                None => format!("if pods issue, add this statement to its trust policy: `{statement}`"),
            },
        },
    ));
}

/// Whether the broker's own trust policy lets EKS Pod Identity assume it.
fn may_be_a_pod(judging: &Judging<'_>) -> bool {
    let live = judging.world.broker.present();
    let Some(Ok(trust)) = live.and_then(|live| live.trust.as_ref()).map(|trust| &trust.policy) else { return false };
    trust.statements().iter().any(|it| {
        let names_pods = |principal: &Principal| matches!(principal, Principal::Service(name) if name == PODS);
        it.effect == Effect::Allow && covers(it, "sts:AssumeRole") && principals(it).iter().any(names_pods)
    })
}

/// Whether the statement may apply, whatever its conditions ask: nobody knows the pod's tags.
fn may_reach(trace: &StatementTrace) -> bool {
    trace.elements.iter().all(|it| it.element == Element::Condition || it.holds != Truth::False)
}

fn denies_always(trace: &StatementTrace) -> bool {
    trace.elements.iter().all(|it| it.element != Element::Condition && it.holds == Truth::True)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{ALLOW_ALL, READ_ONLY, Scene, statement, trust};
    use super::*;

    const POD: &str = r#"{"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}"#;

    fn scene(statements: &[&str]) -> Scene {
        let scene = Scene::role_broker().assumed_role("a", 900, 900).live(READ_ONLY, 3_600, &trust(statements));
        scene.broker(&[ALLOW_ALL], None)
    }

    fn found(statements: &[&str]) -> Vec<Finding> {
        scene(statements).broker_trusting(&[POD]).findings(&RULE)
    }

    #[test]
    fn only_a_broker_that_pods_may_be_is_asked_about() {
        let assume = statement("Allow", "role/VaultRunner", "sts:AssumeRole");
        assert_eq!(found(&[&assume]).len(), 1);
        assert!(scene(&[&assume]).findings(&RULE).is_empty(), "not read");
        for other in [
            POD.replace("pods.eks", "ec2"),
            POD.replace("Allow", "Deny"),
            POD.replace(r#"["sts:AssumeRole", "sts:TagSession"]"#, r#""sts:TagSession""#),
        ] {
            assert!(scene(&[&assume]).broker_trusting(&[&other]).findings(&RULE).is_empty(), "{other}");
        }
    }

    #[test]
    fn whatever_may_allow_it_is_enough_and_a_deny_is_named() {
        let assume = statement("Allow", "role/VaultRunner", "sts:AssumeRole");
        let tag = statement("Allow", "role/VaultRunner", "sts:TagSession");
        let when = |it: &str| it.replacen('}', r#"}, "Condition": {"StringEquals": {"aws:RequestTag/team": "a"}}"#, 1);
        let deny = tag.replace("Allow", "Deny");
        assert!(found(&[&assume, &tag]).is_empty());
        assert!(found(&[&assume, &when(&tag)]).is_empty(), "the pod may have that tag");
        assert!(found(&[&statement("Allow", "role/VaultRunner", "sts:*")]).is_empty());
        assert!(found(&[&statement("Allow", "root", "sts:*")]).is_empty());
        assert!(found(&[&assume, &tag, &when(&deny)]).is_empty(), "it may have another");
        assert!(found(&[&assume, &tag, &deny])[0].remedy.contains("statement `#3`"));
        assert!(found(&[&tag]).is_empty(), "not admitted at all");
    }

    #[test]
    fn where_tags_are_declared_it_is_another_rules_finding() {
        let assume = statement("Allow", "role/VaultRunner", "sts:AssumeRole");
        let tagged = Scene::role_broker()
            .assumed_role_with("a", |spec| drop(spec.session_tags.insert("team".to_owned(), "a".to_owned())))
            .live(READ_ONLY, 3_600, &trust(&[&assume]))
            .broker(&[ALLOW_ALL], None)
            .broker_trusting(&[POD]);
        assert!(tagged.findings(&RULE).is_empty());
        assert_eq!(tagged.findings(&super::super::trust_lacks_tag_session::RULE).len(), 1);
    }
}
