use super::*;
use crate::domain::finding::Level;
use crate::domain::rules;

fn broker(rules: &str) -> String {
    format!(
        "{}  {rules}\n",
        document("Broker", "principal: arn:aws:iam::111122223333:user/ci\nregion: eu-west-1\ndeployment: x")
    )
}

fn faults(rules: &str) -> Vec<ManifestError> {
    read(&[file("b.yaml", broker(rules))]).expect_err("refused")
}

#[test]
fn rules_are_named_by_code_or_name_and_kept_by_code() {
    let desired = read(&[file("b.yaml", broker("rules: {trust-account-root: blocking, LH402: advisory}"))]);
    let levels = desired.expect("valid").broker.spec.rules;
    assert_eq!(levels.iter().collect::<Vec<_>>(), [("LH205", Level::Blocking), ("LH402", Level::Advisory)]);
    for none in ["rules: {}", "limits: {}"] {
        assert!(read(&[file("b.yaml", broker(none))]).expect("valid").broker.spec.rules.is_empty(), "{none}");
    }
}

#[test]
fn every_rule_whose_level_can_change_may_be_named_both_ways() {
    for rule in rules::all() {
        for named in [rule.code, rule.name] {
            let read = read(&[file("b.yaml", broker(&format!("rules: {{{named}: advisory}}")))]);
            match rules::refusal(rule) {
                None => assert_eq!(read.expect("valid").broker.spec.rules.of(rule), Level::Advisory),
                Some(_) => assert_eq!(shown(&read.expect_err("refused")), [format!("fixed-level 8:11 {named}")]),
            }
        }
    }
}

#[test]
fn every_fault_underlines_its_own_text_and_says_what_to_write() {
    for (rules, expected, help) in [
        (
            "rules: {trust-acount-root: blocking}",
            "unknown-rule 8:11 trust-acount-root",
            "did you mean `trust-account-root`?",
        ),
        ("rules: {LH2005: blocking}", "unknown-rule 8:11 LH2005", "did you mean `LH205`?"),
        ("rules: {lh205: blocking}", "unknown-rule 8:11 lh205", "did you mean `LH205`?"),
        ("rules: {Trust-Account-Root: blocking}", "unknown-rule 8:11 Trust-Account-Root", "`trust-account-root`"),
        (
            "rules: {something-else-entirely: blocking}",
            "unknown-rule 8:11 something-else-entirely",
            "`leasehold rules`",
        ),
        ("rules: {LH103: advisory}", "fixed-level 8:11 LH103", "mend what the rule finds"),
        ("rules: {role-unproven: advisory}", "fixed-level 8:11 role-unproven", "mend"),
        ("rules: {LH205: off}", "unknown-level 8:18 off", "Waiver"),
        ("rules: {LH205: hard}", "unknown-level 8:18 hard", "write `advisory` or `blocking`"),
        ("rules: {LH205: blokcing}", "unknown-level 8:18 blokcing", "did you mean `blocking`?"),
        ("rules: {LH205: Blocking}", "unknown-level 8:18 Blocking", "did you mean `blocking`?"),
        ("rules: {LH205: ~}", "null-value 8:18 ~", "write a value"),
        ("rules: {LH205: [blocking]}", "wrong-type 8:18 [blocking]", "write text"),
        ("rules: [LH205]", "wrong-type 8:10 [LH205]", "a mapping"),
        ("rules:", "null-value 8:3 rules", "write a value"),
        (
            "rules: {LH205: blocking, trust-account-root: advisory}",
            "duplicate-value 8:28 trust-account-root",
            "keep one",
        ),
        ("rules: {LH205: blocking, LH205: advisory}", "duplicate-key 8:28 LH205", "keep one"),
    ] {
        let faults = faults(rules);
        assert_eq!(shown(&faults), [expected], "{rules}");
        assert!(faults[0].help.contains(help), "{rules}: {}", faults[0].help);
    }
}
