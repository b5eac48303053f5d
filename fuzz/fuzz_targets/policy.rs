//! Policies: any text is read to an end; what was read is brought to its canonical form, judged, solved and traced, and
//! the laws hold that make a decision worth something.
//!
//! An input is up to six parts with a line `%%` between them: trust policy, identity policy, boundary, session policy,
//! what is known of condition keys (a line each: `key = value`, `key ~ prefix`, `key ? value`, `key !`, `key +`), and
//! the action. An empty part is a policy that the request does not meet.

#![no_main]

use leasehold::domain::iam::{
    Caller, Context, Knowledge, Layer, NamedPolicy, Place, Policies, Policy, Request, ResourcePolicy, Template, Truth,
    Verdict, canonical, decide_trust, evaluate, nearest_allow, trace,
};
use libfuzzer_sys::fuzz_target;

const CALLER: Caller<'static> = Caller {
    partition: "aws",
    account: "111122223333",
    principal_arn: "arn:aws:iam::111122223333:role/ci/Runner",
    session_arn: Some("arn:aws:sts::111122223333:assumed-role/Runner/ci"),
    unique_id: Some("AROAEXAMPLERUNNER0001"),
};
const TARGETS: [&str; 2] = ["arn:aws:iam::111122223333:role/Target", "arn:aws:iam::444455556666:role/apps/Target"];

fuzz_target!(|text: &str| {
    let parts: Vec<&str> = text.split("\n%%\n").collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let policies: Vec<Option<Policy>> = (0..4).map(|at| read(part(at))).collect();
    let action = if part(5).is_empty() { "sts:AssumeRole" } else { part(5) };
    let known = context(part(4));
    let canonical = policies.iter().map(|policy| Some(again(policy.as_ref()?))).collect::<Vec<_>>();
    for target in TARGETS {
        let open = ask(&policies, target, action, &Context::open());
        let told = ask(&policies, target, action, &known);
        // What is certain stays so when more becomes known.
        assert!(open.is_none() || open == told, "{open:?} became {told:?}");
        assert_eq!(ask(&canonical, target, action, &known), told, "the canonical form decides otherwise");
    }
});

/// The policy, if it is one; the place of an error is in the text.
fn read(text: &str) -> Option<Policy> {
    if text.is_empty() {
        return None;
    }
    match Policy::parse(text) {
        Ok(policy) => Some(policy),
        Err(error) => {
            assert!(error.at.is_none_or(|at| text.get(at).is_some()), "an error outside the text");
            None
        }
    }
}

/// The policy in canonical form, which is one too, and its own canonical form.
fn again(policy: &Policy) -> Policy {
    let form = canonical(policy.document());
    assert_eq!(canonical(&form), form, "not canonical yet");
    Policy::parse_value(&form).unwrap_or_else(|error| panic!("{error}: {form}"))
}

fn context(lines: &str) -> Context<'static> {
    lines.lines().take(16).fold(Context::open(), |context, line| {
        let mut words = line.splitn(3, ' ');
        let (key, kind, value) = (words.next().unwrap_or_default(), words.next(), words.next().unwrap_or_default());
        let values = || value.split('|').map(str::to_owned).collect();
        match kind {
            Some("=") => context.with(key, Knowledge::all(values())),
            Some("~") => context.with(key, Knowledge::like(Template::new(value, 1, ""))),
            Some("?") => context.with(key, Knowledge::all(values()).perhaps()),
            Some("!") => context.with(key, Knowledge::ABSENT),
            Some("+") => context.with(key, Knowledge::PRESENT),
            _ => context,
        }
    })
}

/// Whether it is allowed for certain, or denied for certain.
fn ask(policies: &[Option<Policy>], target: &str, action: &str, context: &Context<'_>) -> Option<bool> {
    let named = |at: usize| policies[at].as_ref().map(|policy| NamedPolicy { name: "P", policy });
    let layer = |at: usize| named(at).map_or(Layer::None, |named| Layer::Read(vec![named]));
    let met = Policies {
        identity: layer(1),
        resource: named(0).map_or(ResourcePolicy::None, ResourcePolicy::Trust),
        boundary: layer(2),
        session: layer(3),
        ..Policies::default()
    };
    let request = Request::new(CALLER, action).on(target).within(context);
    let traces = trace(&request, &met);
    for place in [Place::Resource, Place::Identity] {
        let _ = nearest_allow(&traces, place);
    }
    if let Some(trust) = named(0) {
        let _ = decide_trust(trust.policy, &request);
    }
    let denied = traces.iter().any(|it| it.effect.as_str() == "Deny" && it.applies() == Truth::True);
    match evaluate(&request, &met).verdict {
        Verdict::Allowed => {
            assert!(!denied || is_always_allowed(action), "allowed in spite of a Deny");
            Some(true)
        }
        Verdict::DeniedExplicitly { .. } => {
            assert!(denied, "no Deny applies");
            Some(false)
        }
        Verdict::DeniedImplicitly { .. } => Some(false),
        Verdict::Depends(tree) => {
            assert!(!tree.lines().is_empty());
            None
        }
    }
}

fn is_always_allowed(action: &str) -> bool {
    ["sts:GetCallerIdentity", "sts:GetSessionToken"].iter().any(|it| it.eq_ignore_ascii_case(action))
}
