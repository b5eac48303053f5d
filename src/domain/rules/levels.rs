use std::collections::BTreeMap;

use crate::domain::finding::{Finding, Level};

use super::{Rule, UNPROVEN};

/// The levels that a Broker document gives to rules in place of their own, by code.
///
/// Codes are texts, because a state may name a rule that this program does not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<String, Level>);

impl Levels {
    /// Whether no rule has another level than its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The level given to a rule, if one is.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<Level> {
        self.0.get(code).copied()
    }

    /// Code and level of each rule that was given one, by code.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Level)> {
        self.0.iter().map(|(code, level)| (code.as_str(), *level))
    }

    /// The level that a rule has under these levels. What is hard stays hard, and what could not be read stays blocking,
    /// whatever a stored document says.
    #[must_use]
    pub fn of(&self, rule: &Rule) -> Level {
        self.get(rule.code).filter(|_| refusal(rule).is_none()).unwrap_or(rule.level)
    }

    /// Gives each finding the level of its rule under these levels.
    pub(super) fn apply(&self, findings: &mut [Finding]) {
        if self.is_empty() {
            return;
        }
        for finding in findings {
            if let Some(rule) = super::find(finding.code) {
                finding.level = self.of(rule);
            }
        }
    }
}

impl FromIterator<(String, Level)> for Levels {
    fn from_iter<I: IntoIterator<Item = (String, Level)>>(levels: I) -> Self {
        Self(levels.into_iter().collect())
    }
}

/// Why a rule's level cannot be changed, as the end of a sentence that names the rule; `None` if it can.
#[must_use]
pub fn refusal(rule: &Rule) -> Option<&'static str> {
    match rule.level {
        Level::Hard => Some("is hard: issuing would be refused whatever is written here"),
        Level::Advisory | Level::Blocking if UNPROVEN.contains(&rule.code) => {
            Some("keeps its level: what could not be read is never taken for allowed, for all roles at once")
        }
        Level::Advisory | Level::Blocking => None,
    }
}

/// Rules whose level a Broker document may change, by code.
pub fn changeable() -> impl Iterator<Item = &'static Rule> {
    super::all().iter().copied().filter(|rule| refusal(rule).is_none())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{READ_ONLY, Scene, statement, trust};
    use super::super::{find, judge, version};
    use super::*;

    fn levels(of: &[(&str, Level)]) -> Levels {
        of.iter().map(|(code, level)| ((*code).to_owned(), *level)).collect()
    }

    #[test]
    fn a_finding_has_the_level_that_the_broker_document_gives_its_rule() {
        let root = trust(&[&statement("Allow", "root", "sts:AssumeRole")]);
        let mut scene = Scene::role_broker()
            .assumed_role("a", 900, 3_600)
            .iam_user("u", 900, 3_600, |spec| spec.user_path = Some("/u/".to_owned()))
            .live(READ_ONLY, 3_600, &root);
        let found = |scene: &Scene, code: &str| {
            judge(scene.input()).iter().filter(|finding| finding.code == code).map(|finding| finding.level).collect()
        };
        let before: Vec<Level> = found(&scene, "LH205");
        assert_eq!((before, found(&scene, "LH402")), (vec![Level::Advisory], vec![Level::Blocking]));
        scene.desired.broker.spec.rules = levels(&[("LH205", Level::Blocking), ("LH402", Level::Advisory)]);
        let after: Vec<Level> = found(&scene, "LH205");
        assert_eq!((after, found(&scene, "LH402")), (vec![Level::Blocking], vec![Level::Advisory]));
    }

    #[test]
    fn what_is_hard_or_unread_keeps_its_level_whatever_is_stored() {
        let all = levels(&super::super::all().iter().map(|rule| (rule.code, Level::Advisory)).collect::<Vec<_>>());
        for rule in super::super::all() {
            let fixed = rule.level == Level::Hard || UNPROVEN.contains(&rule.code);
            assert_eq!(all.of(rule), if fixed { rule.level } else { Level::Advisory }, "{}", rule.code);
            assert_eq!(refusal(rule).is_some(), fixed, "{}", rule.code);
        }
    }

    #[test]
    fn the_version_names_the_levels_in_force_and_not_how_they_were_written() {
        let plain = version(&Levels::default());
        let advisory = find("LH205").expect("a rule").level;
        assert_eq!(version(&levels(&[("LH205", advisory)])), plain, "a level that changes nothing is no other set");
        assert_eq!(version(&levels(&[("LH999", Level::Blocking)])), plain, "a rule that is not here judges nothing");
        assert_ne!(version(&levels(&[("LH205", Level::Blocking)])), plain);
    }
}
