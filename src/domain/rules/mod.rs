//! The rules that judge what is declared against what was read.
//!
//! One rule a file; the file's opening comment is the rule's public page, and a test runs the examples on it. To add
//! a rule: its file, its `mod` line and its line in `ALL`.
//!
//! Only the rules of [`UNPROVEN`] speak about what could not be read; to every other, not knowing is no evidence.

mod broker_side;
mod judging;
mod levels;
mod narrowing;
mod refusal;
mod rule;
mod statements;
mod words;

#[cfg(test)]
mod fixture;

mod account_unused;
mod broker_conditional;
mod broker_makes_users;
mod broker_missing;
mod broker_not_allowed;
mod broker_not_trusted;
mod broker_too_powerful;
mod broker_unproven;
mod default_above_max;
mod duplicate_role_name;
mod expires_soon;
mod external_id_guessable;
mod group_missing;
mod iam_groups_not_yet;
mod iam_user_all;
mod iam_user_long;
mod iam_user_quota;
mod iam_user_quota_near;
mod iam_user_tag_reserved;
mod iam_user_without_boundary;
mod iam_user_without_justification;
mod iam_user_without_path;
mod judge_changed;
mod max_session_duration_wide;
mod outlives_expiry;
mod packed_size;
mod policy_in_other_account;
mod policy_missing;
mod reader_in_other_account;
mod region_partition;
mod role_arn_malformed;
mod role_arn_mismatch;
mod role_arn_partition;
mod role_expired;
mod role_missing;
mod role_recreated;
mod role_unproven;
mod session_policy_all;
mod session_policy_grants_nothing;
mod session_policy_size;
mod token_needs_user_broker;
mod trust_account_root;
mod trust_anyone;
mod trust_anyone_loosely;
mod trust_conditional;
mod trust_dangling_principal;
mod trust_duration_condition;
mod trust_expires;
mod trust_external_id_mismatch;
mod trust_external_id_not_required;
mod trust_federated_action;
mod trust_for_all_values;
mod trust_foreign_account;
mod trust_key_not_carried;
mod trust_lacks_set_source_identity;
mod trust_lacks_tag_session;
mod trust_lacks_tags_of_pods;
mod trust_literal_variable;
mod trust_literal_wildcard;
mod trust_multivalued_key;
mod trust_needs_mfa;
mod trust_not_principal;
mod trust_odd_element;
mod trust_oidc_unlimited;
mod trust_policy_size;
mod trust_private_source_ip;
mod trust_redundant_session;
mod trust_service_unbound;
mod trust_undeclared_account;
mod trust_unknown_key;
mod trust_unreadable;
mod trust_wide_action;
mod ttl_above_chaining_cap;
mod ttl_above_max_session_duration;
mod ttl_out_of_range;
mod waiver_ends_soon;
mod waiver_expired;
mod waiver_far;
mod waiver_unknown_role;
mod waiver_unknown_rule;
mod waiver_unused;

use judging::{Declared, Judging};
pub use levels::{Levels, changeable, refusal};
use rule::Check;
pub use rule::{Origin, Rule};

use serde_json::{Value, json};

use super::Timestamp;
use super::desired::Desired;
use super::digest::Digest;
use super::finding::Finding;
use super::record::Snapshot;
use super::span::Place;
use super::text;
use super::world::World;

/// Every rule, by code. LH1xx: the manifests themselves and their TTLs. LH2xx: trust policies. LH3xx: whether what is
/// named exists and can be used. LH4xx: `iam_user`. LH5xx: lifecycle. LH6xx: waivers and the judge.
static ALL: &[&Rule] = &[
    &default_above_max::RULE,
    &ttl_out_of_range::RULE,
    &ttl_above_max_session_duration::RULE,
    &ttl_above_chaining_cap::RULE,
    &duplicate_role_name::RULE,
    &iam_groups_not_yet::RULE,
    &session_policy_all::RULE,
    &session_policy_size::RULE,
    &packed_size::RULE,
    &session_policy_grants_nothing::RULE,
    &max_session_duration_wide::RULE,
    &region_partition::RULE,
    &account_unused::RULE,
    &reader_in_other_account::RULE,
    &broker_not_trusted::RULE,
    &trust_lacks_tag_session::RULE,
    &trust_lacks_set_source_identity::RULE,
    &trust_conditional::RULE,
    &trust_account_root::RULE,
    &trust_unreadable::RULE,
    &trust_anyone::RULE,
    &trust_anyone_loosely::RULE,
    &trust_not_principal::RULE,
    &trust_wide_action::RULE,
    &trust_foreign_account::RULE,
    &trust_undeclared_account::RULE,
    &trust_external_id_not_required::RULE,
    &trust_external_id_mismatch::RULE,
    &external_id_guessable::RULE,
    &trust_dangling_principal::RULE,
    &trust_redundant_session::RULE,
    &trust_policy_size::RULE,
    &trust_unknown_key::RULE,
    &trust_key_not_carried::RULE,
    &trust_duration_condition::RULE,
    &trust_needs_mfa::RULE,
    &trust_for_all_values::RULE,
    &trust_multivalued_key::RULE,
    &trust_literal_wildcard::RULE,
    &trust_literal_variable::RULE,
    &trust_private_source_ip::RULE,
    &trust_service_unbound::RULE,
    &trust_federated_action::RULE,
    &trust_oidc_unlimited::RULE,
    &trust_expires::RULE,
    &trust_odd_element::RULE,
    &trust_lacks_tags_of_pods::RULE,
    &role_missing::RULE,
    &role_arn_malformed::RULE,
    &role_arn_partition::RULE,
    &role_arn_mismatch::RULE,
    &token_needs_user_broker::RULE,
    &role_unproven::RULE,
    &broker_not_allowed::RULE,
    &broker_unproven::RULE,
    &broker_conditional::RULE,
    &broker_missing::RULE,
    &policy_missing::RULE,
    &group_missing::RULE,
    &policy_in_other_account::RULE,
    &broker_too_powerful::RULE,
    &broker_makes_users::RULE,
    &role_recreated::RULE,
    &iam_user_without_path::RULE,
    &iam_user_without_boundary::RULE,
    &iam_user_without_justification::RULE,
    &iam_user_quota::RULE,
    &iam_user_long::RULE,
    &iam_user_all::RULE,
    &iam_user_tag_reserved::RULE,
    &iam_user_quota_near::RULE,
    &role_expired::RULE,
    &outlives_expiry::RULE,
    &expires_soon::RULE,
    &waiver_unknown_rule::RULE,
    &waiver_unknown_role::RULE,
    &waiver_expired::RULE,
    &judge_changed::RULE,
    &waiver_unused::RULE,
    &waiver_ends_soon::RULE,
    &waiver_far::RULE,
];

/// Codes of the rules about what could not be read, of the target and of the broker; the planner never suspends a role that
/// git leaves alone for them.
pub const UNPROVEN: [&str; 2] = [ROLE_UNPROVEN, BROKER_UNPROVEN];

const ROLE_UNPROVEN: &str = "LH306";
const BROKER_UNPROVEN: &str = "LH308";

/// Code of the rule about a pull request that changes what judges it.
pub const JUDGE_CHANGED: &str = "LH604";

/// Code of the rule about a target role that was made anew since it was applied.
pub const ROLE_RECREATED: &str = "LH316";

/// What a rule may look at.
#[derive(Debug, Clone, Copy)]
pub struct RuleInput<'a> {
    /// What is declared.
    pub desired: &'a Desired,
    /// What was read.
    pub world: &'a World,
    /// The instant to judge at.
    pub now: Timestamp,
    /// What the base of a pull request declares, when one is judged against it.
    pub base: Option<&'a Desired>,
    /// What was last applied, when it was read.
    pub recorded: Option<&'a Snapshot>,
}

/// Every rule, sorted by code.
#[must_use]
pub fn all() -> &'static [&'static Rule] {
    ALL
}

/// The rule with this code or kebab name, in any case.
#[must_use]
pub fn find(code_or_name: &str) -> Option<&'static Rule> {
    ALL.iter()
        .copied()
        .find(|rule| rule.code.eq_ignore_ascii_case(code_or_name) || rule.name.eq_ignore_ascii_case(code_or_name))
}

/// The code or the kebab name that this text was probably meant to be. Nothing is near a text twice as long as any.
#[must_use]
pub fn nearest(code_or_name: &str) -> Option<&'static str> {
    if code_or_name.len() > 64 {
        return None;
    }
    let code_shaped = code_or_name.get(..2).is_some_and(|head| head.eq_ignore_ascii_case("LH"));
    if code_shaped {
        text::nearest(code_or_name, ALL.iter().copied().map(|rule| rule.code))
    } else {
        text::nearest(code_or_name, ALL.iter().copied().map(|rule| rule.name))
    }
}

/// Runs every rule. Findings come in a stable order: by file, place, code and message. They have the levels that the
/// Broker document gives their rules; waivers are not applied.
#[must_use]
pub fn judge(input: RuleInput<'_>) -> Vec<Finding> {
    let judging = Judging::new(input);
    let mut findings = Vec::new();
    look(&judging, ALL, &mut findings);
    sort(&mut findings);
    findings.dedup();
    input.desired.broker.spec.rules.apply(&mut findings);
    findings
}

/// Adds what these rules find.
fn look(judging: &Judging<'_>, rules: &[&Rule], findings: &mut Vec<Finding>) {
    for role in &judging.desired.roles {
        let declared = Declared::new(role);
        for rule in rules {
            if let Check::Role(check) = rule.check {
                check(judging, &declared, findings);
            }
        }
    }
    for target in judging.targets() {
        for rule in rules {
            if let Check::Target(check) = rule.check {
                check(judging, target, findings);
            }
        }
        for spot in statements::of(target) {
            for rule in rules {
                if let Check::Statement(check) = rule.check {
                    findings.extend(check(judging, &spot).map(|said| rule.about(target.role, target.field(), said)));
                }
            }
        }
    }
    for rule in rules {
        if let Check::Whole(check) = rule.check {
            check(judging, findings);
        }
    }
    for rule in rules {
        if let Check::After(check) = rule.check {
            findings.extend(check(judging, findings));
        }
    }
}

/// Puts findings into the order of [`judge`].
pub(super) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|a, b| order(a).cmp(&order(b)));
}

/// Whether two sets have the same Broker, Account and Waiver documents, wherever they stand.
pub(super) fn same_judge(base: &Desired, head: &Desired) -> bool {
    judge_changed::same_judge(base, head)
}

fn order(finding: &Finding) -> (&str, usize, &str, &str) {
    let place = finding.place.as_ref();
    (place.map_or("", Place::path), place.map_or(0, Place::start), finding.code, &finding.message)
}

/// Names the set of rules and their levels: a plan made by another set, or under other levels, is another plan.
#[must_use]
pub fn version(levels: &Levels) -> String {
    let set: Value = ALL.iter().copied().map(|rule| json!([rule.code, rule.name, levels.of(rule).as_str()])).collect();
    Digest::of_json(&set).to_string()
}

#[cfg(test)]
mod tests;
