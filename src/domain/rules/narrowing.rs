//! Whether a condition narrows down who may use a statement that names everyone.

use crate::domain::finding::{Confidence, Finding};
use crate::domain::iam::{Condition, Quantifier, Test};

use super::judging::{Judging, Target};
use super::rule::{Rule, Said};
use super::statements::{self, broker_for_anyone, is_about};

/// How far one condition narrows the callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Narrows {
    /// It says nothing about who they are, or anything meets it.
    No,
    /// It does not hold a caller whose request lacks the key, or keeps out only some.
    Loosely,
    /// It holds every caller.
    Firmly,
}

/// Keys that say who calls, or from where. A caller's own tags and an external id, which AWS does not treat as a
/// secret, are not among them: who wants to be let in can bring them along.
const WHO: [&str; 14] = [
    "aws:PrincipalArn",
    "aws:PrincipalAccount",
    "aws:userid",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpceAccount",
    "aws:VpceOrgID",
];

/// How many of [`WHO`], from the first, every request carries.
const ALWAYS_THERE: usize = 3;

/// Keys of [`WHO`] about an organization. They are there only for callers and sources that belong to one, so a condition on
/// them keeps somebody out even where any value meets it.
const ORGANIZATIONS: [&str; 5] =
    ["aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:VpceOrgID"];

/// Adds a finding for each Allow of `sts:AssumeRole` to everyone whose firmest condition narrows the callers so far. Where
/// one of its conditions is about an organization, that is the stricter reading.
pub(super) fn for_anyone(
    judging: &Judging<'_>,
    target: Target<'_>,
    rule: &Rule,
    narrowed: Narrows,
    findings: &mut Vec<Finding>,
    admits: &str,
    label: &str,
) {
    let broker = judging.principal().as_str();
    for spot in statements::of(target).filter(|spot| spot.names_anyone() && spot.allows("sts:AssumeRole")) {
        let conditions = &spot.statement.conditions;
        if conditions.iter().map(narrows).max().unwrap_or(Narrows::No) != narrowed {
            continue;
        }
        let said = Said {
            message: format!("{} {admits}", spot.named()),
            label: label.to_owned(),
            remedy: format!(
                "name the broker in the place of everyone: {}",
                spot.rewrite(|it| broker_for_anyone(it, broker))
            ),
        };
        let mut finding = rule.about(spot.target.role, spot.target.field(), said);
        if conditions.iter().any(|it| ORGANIZATIONS.iter().any(|key| is_about(it, key))) {
            finding.confidence = Confidence::Strict;
        }
        findings.push(finding);
    }
}

/// What this condition does in an Allow.
pub(super) fn narrows(condition: &Condition) -> Narrows {
    let Some(at) = WHO.iter().position(|key| is_about(condition, key)) else { return Narrows::No };
    let Some(known) = condition.operator.known else { return Narrows::Firmly };
    if known.test == Test::Null {
        return Narrows::No;
    }
    if known.test.is_negated() {
        return Narrows::Loosely;
    }
    if condition.values.iter().any(|value| takes_anything(value, at == 0)) {
        return Narrows::No;
    }
    let loose = known.if_exists || known.quantifier == Some(Quantifier::ForAllValues);
    if loose && at >= ALWAYS_THERE { Narrows::Loosely } else { Narrows::Firmly }
}

/// Whether everyone can have such a value: a role of the right name can be made in any account.
fn takes_anything(value: &str, is_arn: bool) -> bool {
    let any_account = || value.split(':').nth(4).is_none_or(|account| account.contains(['*', '?']));
    value.chars().all(|c| c == '*') || matches!(value, "0.0.0.0/0" | "::/0") || (is_arn && any_account())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::iam::Operator;

    #[test]
    fn what_can_be_absent_or_is_anything_does_not_hold_a_caller() {
        for (operator, key, value, expected) in [
            ("StringEquals", "aws:principalorgid", "o-1", Narrows::Firmly),
            ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-1", Narrows::Loosely),
            ("StringNotEquals", "aws:PrincipalAccount", "444455556666", Narrows::Loosely),
            ("ForAllValues:StringLike", "aws:PrincipalOrgPaths", "o-1/*", Narrows::Loosely),
            ("StringEqualsIfExists", "aws:PrincipalAccount", "444455556666", Narrows::Firmly),
            ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::444455556666:role/*", Narrows::Firmly),
            ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/ci", Narrows::No),
            ("StringLike", "aws:PrincipalOrgID", "*", Narrows::No),
            ("IpAddress", "aws:SourceIp", "0.0.0.0/0", Narrows::No),
            ("StringEquals", "sts:ExternalId", "x", Narrows::No),
            ("Null", "aws:PrincipalOrgID", "false", Narrows::No),
        ] {
            let operator = Operator::read(operator);
            let condition = Condition { operator, key: key.to_owned(), values: vec![value.to_owned()] };
            assert_eq!(narrows(&condition), expected, "{}", condition.line());
        }
    }
}
