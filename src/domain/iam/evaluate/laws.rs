//! What must hold for every request and every set of policies, tried on generated ones.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::iam::{
    Caller, Context, Knowledge, Policy, StatementTrace, Template, Truth, Values, canonical, nearest_allow, trace,
};

const ROLE: &str = "arn:aws:iam::111122223333:role/Target";
const ELSEWHERE: &str = "arn:aws:iam::444455556666:role/Target";

/// The documents that one request meets.
#[derive(Debug, Clone)]
struct World {
    trust: Vec<Value>,
    identity: Vec<Value>,
    boundary: Option<Vec<Value>>,
    target: &'static str,
}

/// The policies of a world, read.
struct Parsed {
    trust: Policy,
    identity: Policy,
    boundary: Option<Policy>,
}

fn read(document: &Value) -> Policy {
    Policy::parse_value(document).unwrap_or_else(|error| panic!("{error}: {document}"))
}

impl World {
    fn documents(&self) -> [Option<Value>; 3] {
        let document = |statements: &Vec<Value>| json!({"Version": "2012-10-17", "Statement": statements});
        [Some(document(&self.trust)), Some(document(&self.identity)), self.boundary.as_ref().map(document)]
    }

    fn parse(&self, form: impl Fn(&Value) -> Value) -> Parsed {
        let [trust, identity, boundary] = self.documents().map(|it| it.map(|it| read(&form(&it))));
        Parsed { trust: trust.expect("always"), identity: identity.expect("always"), boundary }
    }
}

impl Parsed {
    fn verdict(&self, target: &str, context: &Context<'_>) -> Verdict {
        self.ask(target, context, |request, policies| evaluate(request, policies).verdict)
    }

    fn ask<T>(&self, target: &str, context: &Context<'_>, ask: impl FnOnce(&Request<'_>, &Policies<'_>) -> T) -> T {
        let caller = Caller {
            partition: "aws",
            account: "111122223333",
            principal_arn: "arn:aws:iam::111122223333:user/Runner",
            session_arn: None,
            unique_id: Some("AIDAEXAMPLEEXAMPLE123"),
        };
        fn named(policy: &Policy) -> NamedPolicy<'_> {
            NamedPolicy { name: "P", policy }
        }
        let policies = Policies {
            identity: Layer::Read(vec![named(&self.identity)]),
            resource: ResourcePolicy::Trust(named(&self.trust)),
            boundary: self.boundary.as_ref().map_or(Layer::None, |policy| Layer::Read(vec![named(policy)])),
            ..Policies::default()
        };
        ask(&Request::new(caller, "sts:AssumeRole").on(target).within(context), &policies)
    }
}

/// `Some(true)` allowed, `Some(false)` denied.
fn certain(verdict: &Verdict) -> Option<bool> {
    match verdict {
        Verdict::Allowed => Some(true),
        Verdict::DeniedExplicitly { .. } | Verdict::DeniedImplicitly { .. } => Some(false),
        Verdict::Depends(_) => None,
    }
}

fn width(verdict: &Verdict) -> u8 {
    match certain(verdict) {
        Some(false) => 0,
        None => 1,
        Some(true) => 2,
    }
}

/// Keys of one value.
const SINGLE: [&str; 2] = ["aws:SourceVpc", "aws:UserAgent"];

type Choice = (&'static str, &'static [&'static str]);

/// Operators for which [`evaluate`] promises that both outcomes of what depends can come about.
const EXACT: [Choice; 10] = [
    ("StringEquals", &["a", "b"]),
    ("StringNotEquals", &["a", "b"]),
    ("StringEqualsIfExists", &["a", "b"]),
    ("StringNotEqualsIfExists", &["a"]),
    ("StringLike", &["a*"]),
    ("StringLike", &["a", "a*"]),
    ("StringNotLike", &["a*"]),
    ("StringLikeIfExists", &["a*"]),
    ("Null", &["true"]),
    ("Null", &["false"]),
];

const EVERY: [Choice; 24] = [
    ("StringEquals", &["a", "7"]),
    ("StringNotEquals", &["a", "${l}"]),
    ("StringLike", &["a*", "?"]),
    ("StringNotLike", &["*a", "${l, 'a'}*"]),
    ("StringLikeIfExists", &["*"]),
    ("StringEqualsIgnoreCase", &["A", "é"]),
    ("StringNotEqualsIgnoreCase", &["A"]),
    ("NumericEquals", &["7"]),
    ("NumericNotEquals", &["7", "8"]),
    ("NumericLessThanIfExists", &["8", "x"]),
    ("NumericGreaterThanEquals", &["7"]),
    ("DateLessThan", &["2027-01-01"]),
    ("DateNotEquals", &["2027"]),
    ("Bool", &["true"]),
    ("BoolIfExists", &["false"]),
    ("BinaryEquals", &["QQ=="]),
    ("IpAddress", &["192.0.2.0/24"]),
    ("NotIpAddress", &["192.0.2.0/24", "2001:db8::/32"]),
    ("ArnLike", &["arn:aws:iam::*:role/${l}"]),
    ("ArnNotEquals", &["arn:aws:iam::1:role/*"]),
    ("Null", &["true"]),
    ("ForAllValues:StringLike", &["a*", "7"]),
    ("ForAnyValue:StringNotEqualsIfExists", &["a"]),
    ("Resembles", &["a"]),
];

fn statement(choices: &'static [Choice], keys: &'static [&'static str], trust: bool) -> impl Strategy<Value = Value> {
    let condition = (prop::sample::select(choices), prop::sample::select(keys));
    let resources = ["*", ROLE, ELSEWHERE, "arn:aws:iam::*:role/*", "arn:aws:iam::111122223333:role/Other"];
    let principals = ["*", "111122223333", "arn:aws:iam::111122223333:user/Runner", "444455556666"];
    (
        prop::bool::weighted(0.3),
        prop::sample::select(if trust { principals.to_vec() } else { resources.to_vec() }),
        prop_oneof![4 => Just("sts:AssumeRole"), 1 => Just("sts:*"), 1 => Just("sts:TagSession")],
        prop::collection::vec(condition, 0..3),
    )
        .prop_map(move |(deny, about, action, conditions)| {
            let mut block = json!({});
            for ((operator, values), key) in conditions {
                block[operator][key] = json!(values);
            }
            let effect = if deny { "Deny" } else { "Allow" };
            let mut value = json!({"Effect": effect, "Action": action, "Condition": block});
            if trust {
                value["Principal"] = json!({"AWS": about});
            } else {
                value["Resource"] = json!(about);
            }
            value
        })
}

fn world(choices: &'static [Choice], keys: &'static [&'static str]) -> impl Strategy<Value = World> {
    let statements = move |trust| prop::collection::vec(statement(choices, keys, trust), 1..4);
    (
        statements(true),
        statements(false),
        prop::option::weighted(0.3, statements(false)),
        prop_oneof![2 => Just(ROLE), 1 => Just(ELSEWHERE)],
    )
        .prop_map(|(trust, identity, boundary, target)| World { trust, identity, boundary, target })
}

/// One list of statements of a world, if it has it.
type List = fn(&mut World) -> Option<&mut Vec<Value>>;

/// What a completion gives a key: nothing, or these values.
type Given = Option<Vec<&'static str>>;

fn knowledge_of(given: &Given) -> Knowledge {
    given
        .as_ref()
        .map_or(Knowledge::ABSENT, |values| Knowledge::all(values.iter().map(|it| (*it).to_owned()).collect()))
}

/// Ways of knowing a key that a completion fulfils.
fn partial(given: &Given, how: u8) -> Knowledge {
    match (given, how) {
        (_, 0 | 1) => Knowledge::UNKNOWN,
        (None, _) => Knowledge::ABSENT,
        (Some(_), 2) => Knowledge::PRESENT,
        (Some(values), 3) if values.len() == 1 => Knowledge::is(values[0]).perhaps(),
        (Some(values), 4) if values.len() == 1 && values[0].starts_with('a') => {
            Knowledge::like(Template::new("a", 0, ""))
        }
        (Some(_), _) => knowledge_of(given),
    }
}

/// Whether a completion fulfils what is known.
fn fulfils(given: &Given, knowledge: &Knowledge) -> bool {
    match (given, &knowledge.values) {
        (None, _) => knowledge.present != Truth::True,
        (Some(_), _) if knowledge.present == Truth::False => false,
        (Some(_), Values::Unknown) => true,
        (Some(values), Values::Known(known)) => values == known,
        (Some(values), Values::Like(form)) => values.iter().all(|value| form.contains(value)),
    }
}

fn completions() -> Vec<Given> {
    let mut all: Vec<Given> = ["a", "b", "ax", "z"].map(|value| Some(vec![value])).to_vec();
    all.push(None);
    all
}

fn context(k: Knowledge, l: Knowledge) -> Context<'static> {
    Context::closed().with(SINGLE[0], k).with(SINGLE[1], l)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Every completion of the unknown keys is tried: the texts that the policies name, one that only the pattern
    /// matches, one that nothing matches, and none.
    #[test]
    fn certain_means_every_completion_and_depends_means_both(
        world in world(&EXACT, &SINGLE),
        k in prop::sample::select(completions()), l in prop::sample::select(completions()),
        how in (0_u8..6, 0_u8..6),
    ) {
        let parsed = world.parse(Value::clone);
        let (known_k, known_l) = (partial(&k, how.0), partial(&l, how.1));
        let before = parsed.verdict(world.target, &context(known_k.clone(), known_l.clone()));
        let (mut allowed, mut denied) = (0, 0);
        for k in completions().iter().filter(|given| fulfils(given, &known_k)) {
            for l in completions().iter().filter(|given| fulfils(given, &known_l)) {
                let after = parsed.verdict(world.target, &context(knowledge_of(k), knowledge_of(l)));
                match certain(&after) {
                    Some(true) => allowed += 1,
                    Some(false) => denied += 1,
                    None => prop_assert!(false, "all is known: {:?}", after),
                }
                if matches!(before, Verdict::DeniedExplicitly { .. }) {
                    prop_assert!(matches!(after, Verdict::DeniedExplicitly { .. }), "{:?}", after);
                }
            }
        }
        let expected = match (allowed, denied) {
            (_, 0) => Some(true),
            (0, _) => Some(false),
            _ => None,
        };
        prop_assert_eq!(certain(&before), expected, "{:?}", before);
    }

    #[test]
    fn what_is_certain_stays_so_when_more_is_known(
        world in world(&EVERY, &["k", "l", "aws:TagKeys"]),
        values in prop::collection::vec(prop::sample::select(vec![
            None, Some(vec!["a"]), Some(vec!["7"]), Some(vec!["A"]), Some(vec!["a", "7"]), Some(vec!["true"]),
            Some(vec!["192.0.2.9"]), Some(vec!["2026-12-31"]), Some(vec!["arn:aws:iam::1:role/a"]), Some(vec!["*"]),
            Some(vec!["É"]),
        ]), 3),
        how in prop::collection::vec(0_u8..6, 3),
    ) {
        let parsed = world.parse(Value::clone);
        let keys = ["k", "l", "aws:TagKeys"];
        let with = |knowledge: &dyn Fn(usize) -> Knowledge| {
            (0..3).fold(Context::closed(), |context, at| context.with(keys[at], knowledge(at)))
        };
        let before = parsed.verdict(world.target, &with(&|at| partial(&values[at], how[at])));
        let after = parsed.verdict(world.target, &with(&|at| knowledge_of(&values[at])));
        if let Some(told) = certain(&before) {
            prop_assert_eq!(Some(told), certain(&after), "{:?} became {:?}", before, after);
        }
    }

    #[test]
    fn a_certain_deny_wins_wherever_it_stands(mut world in world(&EVERY, &["k", "l"]), place in 0..3, at: prop::sample::Index) {
        let deny = |side: &str| json!({"Effect": "Deny", "Action": "STS:*", side: "*"});
        let (list, side) = match place {
            0 => (&mut world.trust, "Principal"),
            1 => (&mut world.identity, "Resource"),
            _ => (world.boundary.get_or_insert_default(), "Resource"),
        };
        list.insert(at.index(list.len() + 1), deny(side));
        let verdict = world.parse(Value::clone).verdict(world.target, &Context::open());
        prop_assert!(matches!(verdict, Verdict::DeniedExplicitly { .. }), "{:?}", verdict);
    }

    #[test]
    fn one_more_deny_or_one_less_allow_never_widens(
        world in world(&EXACT, &SINGLE), more in statement(&EXACT, &SINGLE, false),
        trust_more in statement(&EXACT, &SINGLE, true), at: prop::sample::Index,
        k in prop::sample::select(completions()), l in prop::sample::select(completions()),
        how in (0_u8..6, 0_u8..6),
    ) {
        let denying = |mut statement: Value| {
            statement["Effect"] = json!("Deny");
            statement
        };
        let mut narrowed = vec![world.clone(), world.clone()];
        narrowed[0].identity.insert(at.index(world.identity.len() + 1), denying(more.clone()));
        narrowed[1].trust.insert(at.index(world.trust.len() + 1), denying(trust_more));
        if let Some(boundary) = &world.boundary {
            let mut denied = world.clone();
            denied.boundary.insert(boundary.clone()).insert(at.index(boundary.len() + 1), denying(more));
            narrowed.push(denied);
        }
        let lists: [List; 3] =
            [|it| Some(&mut it.identity), |it| Some(&mut it.trust), |it| it.boundary.as_mut()];
        for list in lists {
            let mut fewer = world.clone();
            if let Some(statements) = list(&mut fewer).filter(|it| it.len() > 1)
                && statements.remove(at.index(statements.len()))["Effect"] == json!("Allow")
            {
                narrowed.push(fewer);
            }
        }
        for context in [Context::open(), context(partial(&k, how.0), partial(&l, how.1))] {
            let whole = world.parse(Value::clone).verdict(world.target, &context);
            for narrow in &narrowed {
                let after = narrow.parse(Value::clone).verdict(world.target, &context);
                prop_assert!(width(&after) <= width(&whole), "{:?} became {:?}", whole, after);
            }
        }
    }

    #[test]
    fn the_canonical_form_decides_alike(world in world(&EVERY, &["AWS:SourceVPC", "l"]), k in prop::sample::select(completions())) {
        let (plain, form) = (world.parse(Value::clone), world.parse(canonical));
        for context in [Context::open(), context(knowledge_of(&k), Knowledge::UNKNOWN)] {
            let (one, other) = (plain.verdict(world.target, &context), form.verdict(world.target, &context));
            prop_assert_eq!(certain(&one), certain(&other), "{:?} and {:?}", one, other);
        }
    }

    #[test]
    fn the_trace_tells_what_was_decided(world in world(&EVERY, &["k", "l"]), k in prop::sample::select(completions())) {
        let parsed = world.parse(Value::clone);
        let context = Context::open().with("k", knowledge_of(&k));
        let traces = parsed.ask(world.target, &context, trace);
        let denies: Vec<_> = traces.iter().filter(|it| it.effect == Effect::Deny).map(StatementTrace::applies).collect();
        match parsed.verdict(world.target, &context) {
            Verdict::DeniedExplicitly { place, statement, .. } => {
                let told = traces.iter().find(|it| it.place == place && it.statement == statement);
                prop_assert_eq!(told.map(StatementTrace::applies), Some(Truth::True));
            }
            Verdict::Allowed => prop_assert!(!denies.contains(&Truth::True)),
            Verdict::DeniedImplicitly { lacking } => {
                prop_assert!(!denies.contains(&Truth::True));
                for place in lacking {
                    let allows = nearest_allow(&traces, place);
                    prop_assert!(allows.is_none_or(|it| it.applies() != Truth::True));
                }
            }
            Verdict::Depends(_) => prop_assert!(!denies.contains(&Truth::True)),
        }
    }

    #[test]
    fn a_tree_has_no_part_of_its_own_kind_and_none_alone(world in world(&EVERY, &["k", "l"])) {
        fn check(tree: &Tree) {
            match tree {
                Tree::All(parts) => {
                    assert!(parts.len() > 1 && !parts.iter().any(|part| matches!(part, Tree::All(_))));
                    parts.iter().for_each(check);
                }
                Tree::Any(parts) => {
                    assert!(parts.len() > 1 && !parts.iter().any(|part| matches!(part, Tree::Any(_))));
                    parts.iter().for_each(check);
                }
                Tree::Not(part) => check(part),
                Tree::Statement { clause, .. } => assert!(!clause.open.is_empty()),
                Tree::Unread(_) => {}
            }
        }
        if let Verdict::Depends(tree) = world.parse(Value::clone).verdict(world.target, &Context::open()) {
            check(&tree);
            prop_assert!(!tree.lines().is_empty());
        }
    }

    #[test]
    fn nothing_panics(
        texts in prop::collection::vec(r#"[a-z:$\{\}'*?,./ \-0-9TZ=+é]{0,24}"#, 8),
        operator in prop::sample::select(crate::domain::iam::Test::ALL), prefix in prop::sample::select(vec!["", "ForAllValues:", "ForAnyValue:"]),
        how in 0_u8..6,
    ) {
        let condition = json!({format!("{prefix}{}", operator.as_str()): {&texts[0]: [&texts[1], &texts[2]]}});
        let allow = json!({"Effect": "Allow", "Action": &texts[3], "Resource": [&texts[4], "*"], "Condition": condition});
        let trust = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": condition});
        let world = World { trust: vec![trust], identity: vec![allow], boundary: None, target: ROLE };
        let knowledge = match how {
            0 => Knowledge::like(Template::new(&texts[5], 1, &texts[6])),
            1 => Knowledge::all(vec![texts[5].clone(), texts[6].clone()]),
            _ => Knowledge::is(texts[5].as_str()),
        };
        world.parse(Value::clone).verdict(&texts[7], &Context::open().with(&texts[0], knowledge));
    }
}
