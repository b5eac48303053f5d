use std::collections::BTreeSet;

use super::{AttachedPolicy, LivePolicy, Wanted};
use crate::domain::iam::{Effect, Selector, Statement, Truth};
use crate::domain::ident::AccountId;

/// The condition keys of a role's own tags, in lower case: keys have no case.
const TAG_KEYS: [&str; 2] = ["aws:resourcetag/", "iam:resourcetag/"];

impl LivePolicy {
    /// Whether a condition of this trust policy asks for the role's own tags, by a key or by a policy variable: only then
    /// are they worth a call. What is no policy asks for nothing.
    #[must_use]
    pub fn asks_for_tags(&self) -> bool {
        let Ok(policy) = &self.policy else { return false };
        let mentions = |text: &String| {
            let text = text.to_ascii_lowercase();
            TAG_KEYS.iter().any(|key| text.contains(key))
        };
        let mut conditions = policy.statements().iter().flat_map(|statement| &statement.conditions);
        conditions.any(|condition| mentions(&condition.key) || condition.values.iter().any(mentions))
    }
}

impl Wanted {
    /// The accounts of which every role has to be listed: those where the broker's policies may reach roles that nothing
    /// declares. An Allow of `sts:AssumeRole` whose `Resource` is not exactly a declared or recorded ARN reaches the account
    /// that its pattern names, or all of them when it names none.
    ///
    /// Each costs one call for every thousand roles of the account. Conditions, Denys and the boundary are not looked at:
    /// the list is what a rule holds them against.
    #[must_use]
    pub fn to_list(&self, policies: &[AttachedPolicy]) -> BTreeSet<AccountId> {
        let mut found = BTreeSet::new();
        for attached in policies {
            match &attached.document.policy {
                // Nothing can be told of it, so it may reach anything.
                Err(_) => return self.accounts.keys().cloned().collect(),
                Ok(policy) => {
                    for statement in policy.statements().iter().filter(|statement| may_assume(statement)) {
                        found.extend(self.reached(statement));
                    }
                }
            }
        }
        found
    }

    /// The accounts in which one statement reaches beyond what is declared.
    fn reached(&self, statement: &Statement) -> BTreeSet<AccountId> {
        let Some(Selector::Only(patterns)) = &statement.resource else {
            return self.accounts.keys().cloned().collect();
        };
        let declared: BTreeSet<&str> = self.roles().map(|arn| arn.as_str()).collect();
        let open: Vec<&String> = patterns.iter().filter(|pattern| !declared.contains(pattern.as_str())).collect();
        let reached = |id: &&AccountId| open.iter().any(|pattern| may_name_role_of(pattern, id));
        self.accounts.keys().filter(reached).cloned().collect()
    }
}

fn may_assume(statement: &Statement) -> bool {
    let covers =
        |least: Truth| statement.action.entries().iter().any(|pattern| pattern.matches("sts:AssumeRole") >= least);
    statement.effect == Effect::Allow
        && match statement.action {
            Selector::Only(_) => covers(Truth::Unknown),
            Selector::Except(_) => !covers(Truth::True),
        }
}

/// Whether the pattern of a `Resource` may match some role of the account. A part with a wildcard or a variable may be
/// anything.
fn may_name_role_of(pattern: &str, account: &AccountId) -> bool {
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let [_, _, service, region, id, resource] = parts[..] else { return pattern.contains(['*', '?', '$']) };
    let may_be = |part: &str, text: &str| part.contains(['*', '?', '$']) || part == text;
    let literal = resource.split(['*', '?', '$']).next().unwrap_or_default();
    may_be(service, "iam")
        && may_be(region, "")
        && may_be(id, account.as_str())
        && (literal.starts_with("role/") || (literal.len() < resource.len() && "role/".starts_with(literal)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::ident::{BrokerPrincipal, RoleArn};
    use crate::domain::world::WantedAccount;

    #[test]
    fn tags_are_asked_for_by_keys_and_by_variables() {
        let asks = |condition: &str| {
            let text = format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"*"}},"Action":"sts:AssumeRole","Condition":{condition}}}]}}"#
            );
            LivePolicy::read(&text).asks_for_tags()
        };
        assert!(asks(r#"{"StringEquals":{"aws:ResourceTag/team":"x"}}"#));
        assert!(asks(r#"{"StringEquals":{"IAM:resourcetag/team":"x"}}"#));
        assert!(asks(r#"{"StringEquals":{"aws:PrincipalTag/team":["a","${aws:ResourceTag/team}"]}}"#));
        assert!(!asks(r#"{"StringEquals":{"aws:PrincipalTag/team":"${aws:RequestTag/team}"}}"#));
        assert!(!asks("{}"));
        assert!(!LivePolicy::read(r#""aws:ResourceTag/team""#).asks_for_tags());
    }

    fn wanted() -> Wanted {
        let broker = BrokerPrincipal::parse("arn:aws:iam::111122223333:role/Broker").expect("a principal");
        let accounts = ["111122223333", "444455556666"].map(|id| {
            let role = RoleArn::parse(&format!("arn:aws:iam::{id}:role/app")).expect("a role");
            let account = WantedAccount { roles: BTreeSet::from([role]), ..WantedAccount::default() };
            (AccountId::parse(id).expect("an account"), account)
        });
        Wanted { broker, accounts: BTreeMap::from(accounts) }
    }

    fn to_list(statement: &str) -> Vec<String> {
        let document = LivePolicy::read(&format!(r#"{{"Version":"2012-10-17","Statement":{statement}}}"#));
        assert!(document.policy.is_ok(), "{statement}");
        let listed = wanted().to_list(&[AttachedPolicy { name: "p".to_owned(), document }]);
        listed.iter().map(|id| id.as_str()[..4].to_owned()).collect()
    }

    #[test]
    fn accounts_are_listed_where_more_than_what_is_declared_is_reached() {
        let app = "arn:aws:iam::111122223333:role/app";
        for (resource, accounts) in [
            (app, &[][..]),
            ("arn:aws:iam::444455556666:role/app", &[]),
            ("arn:aws:iam::111122223333:role/other", &["1111"]),
            ("arn:aws:iam::444455556666:role/*", &["4444"]),
            ("arn:aws:iam::444455556666:ro*", &["4444"]),
            ("arn:aws:iam::444455556666:user/*", &[]),
            ("arn:aws:iam::777788889999:role/*", &[]),
            ("arn:aws:iam::*:role/app", &["1111", "4444"]),
            ("arn:aws:s3:::bucket/*", &[]),
            ("*", &["1111", "4444"]),
            ("arn:aws:iam::111122223333:role/${aws:username}", &["1111"]),
            ("arn:aws:iam:", &[]),
        ] {
            let allow =
                |action| format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":["{app}","{resource}"]}}"#);
            for action in ["sts:AssumeRole", "STS:assume*", "*", "AssumeRole"] {
                assert_eq!(to_list(&allow(action)), accounts, "{action} on {resource}");
            }
            assert!(to_list(&allow("sts:TagSession")).is_empty());
            assert!(to_list(&allow("sts:AssumeRole").replace("Allow", "Deny")).is_empty());
        }
        for statement in [
            r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
            r#"{"Effect":"Allow","Action":"sts:*","NotResource":"arn:aws:iam::111122223333:role/app"}"#,
        ] {
            assert_eq!(to_list(statement), ["1111", "4444"]);
        }
        assert!(to_list(r#"{"Effect":"Allow","NotAction":"sts:*","Resource":"*"}"#).is_empty());
        let unread = AttachedPolicy { name: "p".to_owned(), document: LivePolicy::read("no policy") };
        assert_eq!(wanted().to_list(&[unread]).len(), 2);
    }
}
