//! What must hold for every policy, tried on generated ones.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// A statement by its meaning; [`Spelling`] writes it in one of its many forms.
#[derive(Debug, Clone)]
struct Meant {
    deny: bool,
    not_principal: bool,
    principals: Vec<(&'static str, &'static str)>,
    not_action: bool,
    actions: Vec<&'static str>,
    conditions: Vec<(&'static str, &'static str, Vec<&'static str>)>,
}

const PRINCIPALS: [(&str, &str); 14] = [
    ("AWS", "*"),
    ("AWS", "111122223333"),
    ("AWS", "444455556666"),
    ("AWS", "arn:aws-cn:iam::111122223333:root"),
    ("AWS", "arn:aws:iam::111122223333:role/ci/Runner"),
    ("AWS", "arn:aws:iam::111122223333:user/Runner"),
    ("AWS", "arn:aws:sts::111122223333:assumed-role/Runner/job-1"),
    ("AWS", "arn:aws:sts::111122223333:assumed-role/Runner/job-2"),
    ("AWS", "AROAEXAMPLEEXAMPLE123"),
    ("AWS", "AROAOTHEROTHEROTHER12"),
    ("AWS", "arn:aws:iam::111122223333:role/*"),
    ("AWS", "of no known form"),
    ("Service", "ec2.amazonaws.com"),
    ("Federated", "accounts.google.com"),
];
const ACTIONS: [&str; 7] =
    ["*", "sts:*", "sts:AssumeRole", "sts:Assume*", "sts:TagSession", "AssumeRole", "s3:GetObject"];
const OPERATORS: [&str; 5] = ["StringEquals", "ForAnyValue:StringLike", "BoolIfExists", "NumericLessThan", "Resembles"];
const KEYS: [&str; 3] = ["sts:ExternalId", "aws:SourceIp", "aws:PrincipalTag/Team"];
const VALUES: [&str; 5] = ["true", "7", "a", "A", "${aws:username}"];

fn meant() -> impl Strategy<Value = Meant> {
    let some = |most| 1..=most;
    let condition = (
        prop::sample::select(&OPERATORS[..]),
        prop::sample::select(&KEYS[..]),
        prop::collection::vec(prop::sample::select(&VALUES[..]), 0..3),
    );
    (
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.1),
        prop::collection::vec(prop::sample::select(&PRINCIPALS[..]), some(3)),
        prop::bool::weighted(0.2),
        prop::collection::vec(prop::sample::select(&ACTIONS[..]), some(3)),
        prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(condition, 1..3)],
    )
        .prop_map(|(deny, not_principal, principals, not_action, actions, mut conditions)| {
            // A key stands once under its operator.
            conditions.sort();
            conditions.dedup_by(|a, b| (a.0, a.1) == (b.0, b.1));
            Meant { deny, not_principal, principals, not_action, actions, conditions }
        })
}

fn policies() -> impl Strategy<Value = Vec<Meant>> {
    prop::collection::vec(meant(), 1..5)
}

/// Choices of form, drawn from a seed.
struct Spelling(u64);

impl Spelling {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }

    fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    fn case(&mut self, text: &str) -> String {
        text.chars().map(|c| if self.flip() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }).collect()
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }

    /// A set as a list in any order with any duplicates, or as its one entry.
    fn set(&mut self, mut entries: Vec<Value>) -> Value {
        if !entries.is_empty() && self.flip() {
            let again = entries[self.below(entries.len())].clone();
            entries.push(again);
        }
        self.shuffle(&mut entries);
        match entries.as_slice() {
            [one] if self.flip() => one.clone(),
            _ => entries.into(),
        }
    }

    fn principals(&mut self, list: &[(&str, &str)]) -> Value {
        if list.iter().all(|it| *it == ("AWS", "*")) && self.flip() {
            return json!("*");
        }
        let mut map = Map::new();
        for kind in ["AWS", "Federated", "Service"] {
            let of_kind = list.iter().filter(|it| it.0 == kind).map(|(_, text)| match *text {
                "111122223333" if self.flip() => json!("arn:aws:iam::111122223333:root"),
                text => json!(text),
            });
            let of_kind: Vec<Value> = of_kind.collect();
            if !of_kind.is_empty() {
                map.insert(kind.to_owned(), self.set(of_kind));
            }
        }
        map.into()
    }

    fn statement(&mut self, meant: &Meant) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value| drop(map.insert(key.to_owned(), value));
        put("Effect", json!(if meant.deny { "Deny" } else { "Allow" }));
        put(if meant.not_principal { "NotPrincipal" } else { "Principal" }, self.principals(&meant.principals));
        let actions = meant.actions.iter().map(|it| json!(self.case(it))).collect();
        put(if meant.not_action { "NotAction" } else { "Action" }, self.set(actions));
        let mut block = Map::new();
        let mut spelled = std::collections::BTreeMap::new();
        for (operator, key, values) in &meant.conditions {
            let known = *operator != "Resembles";
            let name = spelled
                .entry(operator)
                .or_insert_with(|| if known { self.case(operator) } else { (*operator).to_owned() });
            let values = values.iter().map(|value| match *value {
                "true" if self.flip() => json!(true),
                "7" if self.flip() => json!(7),
                text => json!(text),
            });
            let values = values.collect();
            let keys = block.entry(name.clone()).or_insert_with(|| json!({}));
            keys[self.case(key)] = self.set(values);
        }
        if !block.is_empty() || self.flip() {
            put("Condition", block.into());
        }
        if self.flip() {
            put("Sid", json!(""));
        }
        map.into()
    }

    fn policy(&mut self, statements: &[Meant]) -> Value {
        let spelled = statements.iter().map(|it| self.statement(it)).collect();
        json!({"Version": "2012-10-17", "Statement": self.set(spelled)})
    }
}

fn callers() -> Vec<Caller<'static>> {
    let role = Caller {
        partition: "aws",
        account: "111122223333",
        principal_arn: "arn:aws:iam::111122223333:role/ci/Runner",
        session_arn: Some("arn:aws:sts::111122223333:assumed-role/Runner/job-1"),
        unique_id: Some("AROAEXAMPLEEXAMPLE123"),
    };
    let user = Caller {
        principal_arn: "arn:aws:iam::111122223333:user/Runner",
        session_arn: None,
        unique_id: Some("AIDAEXAMPLEEXAMPLE123"),
        ..role
    };
    let china = Caller {
        partition: "aws-cn",
        principal_arn: "arn:aws-cn:iam::111122223333:role/ci/Runner",
        session_arn: Some("arn:aws-cn:sts::111122223333:assumed-role/Runner/job-1"),
        ..role
    };
    vec![role, user, china, unknown(role)]
}

fn unknown(caller: Caller<'_>) -> Caller<'_> {
    Caller { session_arn: None, unique_id: None, ..caller }
}

fn read(document: &Value) -> Policy {
    Policy::parse_value(document).unwrap_or_else(|error| panic!("{error}: {document}"))
}

/// 0 denied, 1 depends, 2 allowed if the account lets, 3 allowed.
fn width(decision: &TrustDecision) -> u8 {
    match decision.decision {
        Decision::DeniedExplicitly { .. } | Decision::DeniedImplicitly => 0,
        Decision::Depends(_) => 1,
        Decision::Allowed if decision.delegated => 2,
        Decision::Allowed => 3,
    }
}

/// A decision without labels and texts, which the canonical form may count and spell anew.
fn gist(decision: &TrustDecision) -> (std::mem::Discriminant<Decision>, bool) {
    (std::mem::discriminant(&decision.decision), decision.delegated)
}

fn each_question(mut ask: impl FnMut(Request<'_>)) {
    for caller in callers() {
        for action in ["sts:AssumeRole", "sts:TagSession"] {
            ask(Request::new(caller, action));
        }
    }
}

proptest! {
    #[test]
    fn one_meaning_has_one_canonical_form(meant in policies(), a: u64, b: u64) {
        let (one, other) = (Spelling(a).policy(&meant), Spelling(b).policy(&meant));
        let form = canonical(&one);
        prop_assert_eq!(&form, &canonical(&other));
        prop_assert_eq!(&form, &canonical(&form));
        each_question(|request| {
            let expected = gist(&decide_trust(&read(&one), &request));
            assert_eq!(expected, gist(&decide_trust(&read(&form), &request)), "{one} against its form {form}");
            assert_eq!(expected, gist(&decide_trust(&read(&other), &request)), "{one} against {other}");
        });
    }

    #[test]
    fn two_meanings_that_decide_differently_have_two_forms(one in policies(), other in policies(), seed: u64) {
        let (one, other) = (Spelling(seed).policy(&one), Spelling(seed).policy(&other));
        let same = canonical(&one) == canonical(&other);
        each_question(|request| {
            let agree = gist(&decide_trust(&read(&one), &request)) == gist(&decide_trust(&read(&other), &request));
            assert!(agree || !same, "{one} and {other}");
        });
    }

    #[test]
    fn a_certain_deny_always_wins(mut meant in policies(), at: prop::sample::Index, seed: u64) {
        let deny = Meant {
            deny: true,
            not_principal: false,
            principals: vec![("AWS", "*")],
            not_action: false,
            actions: vec!["sts:*"],
            conditions: Vec::new(),
        };
        meant.insert(at.index(meant.len() + 1), deny);
        let policy = read(&Spelling(seed).policy(&meant));
        each_question(|request| {
            let decision = decide_trust(&policy, &request).decision;
            assert!(matches!(decision, Decision::DeniedExplicitly { .. }), "{decision:?}");
        });
    }

    #[test]
    fn one_more_deny_or_one_less_allow_never_widens(
        meant in policies(), more in meant(), at: prop::sample::Index, seed: u64,
    ) {
        let whole = read(&Spelling(seed).policy(&meant));
        let mut denied = meant.clone();
        denied.insert(at.index(meant.len() + 1), Meant { deny: true, ..more });
        let mut narrowed = vec![read(&Spelling(seed).policy(&denied))];
        let mut fewer = meant.clone();
        if !fewer.remove(at.index(meant.len())).deny && !fewer.is_empty() {
            narrowed.push(read(&Spelling(seed).policy(&fewer)));
        }
        each_question(|request| {
            for narrow in &narrowed {
                let (after, before) = (decide_trust(narrow, &request), decide_trust(&whole, &request));
                assert!(width(&after) <= width(&before), "{before:?} became {after:?}");
            }
        });
    }

    #[test]
    fn what_is_certain_stays_so_when_more_is_known(meant in policies(), seed: u64) {
        let policy = read(&Spelling(seed).policy(&meant));
        for caller in callers() {
            let before = decide_trust(&policy, &Request::new(unknown(caller), "sts:AssumeRole"));
            let after = decide_trust(&policy, &Request::new(caller, "sts:AssumeRole"));
            match &before.decision {
                Decision::Depends(_) => {}
                // A session or an id that turns out to be the caller's can only make an allowance more direct.
                Decision::Allowed => prop_assert!(width(&after) >= width(&before)),
                // What nobody allows may turn out to be denied as well.
                Decision::DeniedImplicitly => prop_assert_eq!(width(&after), 0),
                // An earlier Deny may turn out to be the first that does.
                Decision::DeniedExplicitly { .. } => prop_assert_eq!(gist(&before), gist(&after)),
            }
        }
    }

    #[test]
    fn a_residual_names_what_is_open(meant in policies(), seed: u64) {
        let policy = read(&Spelling(seed).policy(&meant));
        each_question(|request| {
            let Decision::Depends(residual) = decide_trust(&policy, &request).decision else { return };
            assert!(!residual.allow.is_empty() || !residual.deny.is_empty());
            assert_eq!(residual.lines().len(), residual.allow.len() + residual.deny.len());
            assert!(residual.allow.iter().all(|it| it.effect == Effect::Allow && !it.open.is_empty()));
            assert!(residual.deny.iter().all(|it| it.effect == Effect::Deny && !it.open.is_empty()));
        });
    }

    #[test]
    fn text_and_value_are_read_alike(meant in policies(), seed: u64) {
        let document = Spelling(seed).policy(&meant);
        let parsed = Policy::parse(&format!("{document:#}")).expect("as its value");
        prop_assert_eq!(parsed.document(), &document);
        prop_assert_eq!(parsed, read(&document));
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        check_error(&text);
    }

    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        let text = value.to_string();
        check_error(&text);
        let form = canonical(&value);
        prop_assert_eq!(&form, &canonical(&form));
        if Policy::parse_value(&value).is_err() {
            prop_assert_eq!(form, value);
        }
    }

    #[test]
    fn a_damaged_policy_is_read_or_refused(
        meant in policies(), seed: u64, at: prop::sample::Index, junk in r#"[\[\]{}",:\\a*é\u{202e}0]{0,3}"#,
    ) {
        let mut text = Spelling(seed).policy(&meant).to_string();
        let at = at.index(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
            text.replace_range(at..=at, &junk);
        }
        check_error(&text);
    }
}

/// Reads `text`; the place of an error must be a part of it.
fn check_error(text: &str) {
    if let Err(PolicyError { message, at }) = Policy::parse(text) {
        assert!(!message.is_empty());
        assert!(at.is_none_or(|at| text.get(at).is_some()), "{text}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = [
        "Version",
        "Id",
        "Statement",
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "Resource",
        "Condition",
        "AWS",
        "Allow",
        "Deny",
        "*",
        "2012-10-17",
        "StringEquals",
        "aws:x",
        "AWS:X",
        "allow",
        "",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(words.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(words.to_vec()), inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}
