//! Questions to ask of both: policies and requests, made from a fixed seed.
//!
//! Texts hold `{…}` for what the emulator chooses: see [`super::lanes::Lane::render`].

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Numbers that look random and are always the same (SplitMix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("below a bound that is one")
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// One question: may the broker assume the role with this request?
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// The role's trust policy.
    pub(super) trust: Value,
    /// The broker's identity policy.
    pub(super) identity: Value,
    /// Whether the role is in another account than the broker.
    pub(super) across: bool,
    pub(super) external_id: Option<&'static str>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) transitive_tag_keys: Vec<String>,
    pub(super) source_identity: Option<&'static str>,
}

type Condition = (&'static str, &'static str, &'static str);

/// Operator, key and values as JSON: every operator, and every key of which something is known.
const CONDITIONS: &[Condition] = &[
    ("StringEquals", "sts:ExternalId", r#""ticket-7""#),
    ("StringEquals", "sts:ExternalId", r#"["other", "ticket-7"]"#),
    ("StringNotEquals", "sts:ExternalId", r#""ticket-8""#),
    ("StringEqualsIfExists", "sts:ExternalId", r#""ticket-7""#),
    ("stringequals", "STS:EXTERNALID", r#""ticket-7""#),
    ("StringEquals", "sts:ExternalId", "[]"),
    ("StringNotEquals", "sts:ExternalId", "[]"),
    ("Null", "sts:ExternalId", r#""false""#),
    ("Null", "sts:ExternalId", r#""true""#),
    ("Resembles", "sts:ExternalId", r#""ticket-7""#),
    ("StringLike", "sts:RoleSessionName", r#""leasehold-*""#),
    ("StringNotLike", "sts:RoleSessionName", r#"["ci-*", "*-ci"]"#),
    ("StringEqualsIgnoreCase", "sts:RoleSessionName", r#""LEASEHOLD-TEST""#),
    ("StringLike", "sts:RoleSessionName", r#""${aws:username}-*""#),
    ("StringEquals", "sts:RoleSessionName", r#""${aws:username, 'leasehold-test'}""#),
    ("StringEquals", "aws:username", r#""{name}""#),
    ("StringNotEqualsIgnoreCase", "aws:username", r#""DEPLOYER""#),
    ("StringLike", "aws:userid", r#""{id}*""#),
    ("StringEquals", "aws:PrincipalTag/team", r#""payments""#),
    ("StringNotEquals", "aws:PrincipalTag/team", r#""payments""#),
    ("StringLike", "aws:PrincipalTag/Team", r#"["pay*", "x"]"#),
    ("ForAllValues:StringLike", "aws:PrincipalTag/team", r#""p*""#),
    ("StringEquals", "aws:PrincipalAccount", r#""{account}""#),
    ("StringEquals", "aws:PrincipalType", r#""User""#),
    ("ArnEquals", "aws:PrincipalArn", r#""{broker}""#),
    ("ArnLike", "aws:PrincipalArn", r#""arn:aws:iam::{account}:*/ci/*""#),
    ("ArnNotLike", "aws:PrincipalArn", r#""arn:aws:iam::*:user/*""#),
    ("ArnNotEquals", "aws:PrincipalArn", r#""{broker}""#),
    ("StringEquals", "aws:RequestTag/team", r#""payments""#),
    ("StringEquals", "aws:RequestTag/team", r#""${aws:PrincipalTag/team}""#),
    ("StringEqualsIfExists", "aws:RequestTag/TEAM", r#""payments""#),
    ("Null", "aws:RequestTag/team", r#""true""#),
    ("Null", "aws:RequestTag/team", r#""false""#),
    ("NumericEquals", "aws:RequestTag/size", "7"),
    ("NumericNotEquals", "aws:RequestTag/size", r#"["7", "8"]"#),
    ("NumericLessThan", "aws:RequestTag/size", r#""7.5""#),
    ("NumericLessThanEquals", "aws:RequestTag/size", r#""6""#),
    ("NumericGreaterThan", "aws:RequestTag/size", r#""6""#),
    ("NumericGreaterThanEqualsIfExists", "aws:RequestTag/size", r#""7""#),
    ("BinaryEquals", "aws:RequestTag/key", r#""QQ==""#),
    ("ForAllValues:StringEquals", "aws:TagKeys", r#"["team", "size", "key"]"#),
    ("ForAllValues:StringEquals", "aws:TagKeys", r#""team""#),
    ("ForAnyValue:StringEquals", "aws:TagKeys", r#""size""#),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", r#""team""#),
    ("StringEquals", "aws:TagKeys", r#""team""#),
    ("StringNotEquals", "aws:TagKeys", r#""secret""#),
    ("Null", "aws:TagKeys", r#""true""#),
    ("Null", "aws:TagKeys", r#""false""#),
    ("ForAllValues:StringEquals", "sts:TransitiveTagKeys", r#""team""#),
    ("ForAnyValue:StringLike", "sts:TransitiveTagKeys", r#""te*""#),
    ("StringEquals", "sts:SourceIdentity", r#""ci-bot""#),
    ("Null", "sts:SourceIdentity", r#""true""#),
    ("Bool", "aws:SecureTransport", r#""FALSE""#),
    ("Bool", "aws:SecureTransport", "true"),
    ("StringEquals", "aws:SecureTransport", "false"),
    ("Bool", "aws:MultiFactorAuthPresent", r#""true""#),
    ("BoolIfExists", "aws:MultiFactorAuthPresent", r#""true""#),
    ("NumericLessThan", "aws:MultiFactorAuthAge", "3600"),
    ("NumericLessThanIfExists", "aws:MultiFactorAuthAge", "3600"),
    ("DateGreaterThan", "aws:CurrentTime", r#""2020-04-01T00:00:00Z""#),
    ("DateGreaterThanEquals", "aws:CurrentTime", r#""2099-01-01""#),
    ("DateLessThan", "aws:EpochTime", r#""4000000000""#),
    ("DateLessThanEquals", "aws:CurrentTime", r#""2020-04-01T00:00:00+02:00""#),
    ("DateEquals", "aws:CurrentTime", r#""2020-04-01T00:00:00Z""#),
    ("DateNotEquals", "aws:CurrentTime", r#""2020-04-01T00:00:00Z""#),
    ("DateLessThan", "aws:TokenIssueTime", r#""2020-04-01T00:00:00Z""#),
    ("IpAddress", "aws:SourceIp", r#""127.0.0.0/8""#),
    ("IpAddress", "aws:SourceIp", r#"["192.0.2.0/24", "2001:db8::/32"]"#),
    ("NotIpAddress", "aws:SourceIp", r#"["192.0.2.0/24", "127.0.0.1"]"#),
    ("StringEquals", "aws:ResourceAccount", r#""{target account}""#),
    ("StringEquals", "iam:ResourceTag/stage", r#""prod""#),
    ("StringEquals", "aws:ResourceTag/Stage", r#""prod""#),
    ("StringNotEquals", "aws:ResourceTag/stage", r#""prod""#),
    ("StringEquals", "aws:RequestedRegion", r#""ap-northeast-1""#),
    ("StringEquals", "aws:PrincipalOrgID", r#""o-example1234""#),
    ("Null", "aws:PrincipalOrgID", r#""true""#),
    ("Bool", "aws:PrincipalIsAWSService", r#""false""#),
    ("Bool", "aws:ViaAWSService", r#""false""#),
    ("StringNotEquals", "aws:SourceVpc", r#""vpc-1""#),
    ("Null", "aws:SourceVpce", r#""false""#),
    ("ArnLike", "aws:SourceArn", r#""arn:aws:sqs:*:*:*""#),
    ("NumericLessThanEquals", "sts:DurationSeconds", "3600"),
];

/// Entries of `Principal` with how often each is thrown: what names the broker, and what does not.
const PRINCIPALS: &[(usize, &str)] = &[
    (16, r#"{"AWS": "{broker}"}"#),
    (4, r#"{"AWS": "{account}"}"#),
    (4, r#"{"AWS": "arn:aws:iam::{account}:root"}"#),
    (4, r#""*""#),
    (2, r#"{"AWS": "*"}"#),
    (3, r#"{"AWS": "{session}"}"#),
    (2, r#"{"AWS": ["arn:aws:iam::{account}:user/Nobody", "{broker}"], "Service": "lambda.amazonaws.com"}"#),
    (2, r#"{"AWS": "{id}"}"#),
    (1, r#"{"AWS": "{other account}"}"#),
    (1, r#"{"AWS": "arn:aws:iam::{account}:user/Nobody"}"#),
    (1, r#"{"AWS": "arn:aws:sts::{account}:assumed-role/Runner/somebody-else"}"#),
    (1, r#"{"AWS": "AROAEXAMPLEEXAMPLE123"}"#),
    (1, r#"{"Service": "lambda.amazonaws.com"}"#),
    (1, r#"{"Federated": "arn:aws:iam::{account}:oidc-provider/idp.example"}"#),
    (2, r#"{"AWS": "{elsewhere}"}"#),
    (2, r#"{"AWS": "{other case}"}"#),
    (2, r#"{"AWS": "arn:aws:*::{account}:*/*"}"#),
    (2, r#"{"AWS": "arn:aws-cn:iam::{account}:root"}"#),
];

const ALL_THREE: &str = r#"["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]"#;

/// `Action` or `NotAction` with how often each is thrown.
const ACTIONS: &[(usize, &str, &str)] = &[
    (5, "Action", r#""sts:AssumeRole""#),
    (12, "Action", ALL_THREE),
    (2, "Action", r#"["STS:assumerole", "sts:tag*"]"#),
    (2, "Action", r#""sts:*""#),
    (1, "Action", r#""*""#),
    (1, "Action", r#""sts:?ssumeRole""#),
    (1, "Action", r#""sts:TagSession""#),
    (1, "Action", r#""sts:AssumeRoleWithSAML""#),
    (1, "Action", r#""AssumeRole""#),
    (1, "Action", r#""sts: AssumeRole""#),
    (1, "NotAction", r#"["sts:TagSession", "s3:*"]"#),
    (1, "NotAction", r#""iam:*""#),
    (1, "NotAction", r#""sts:Assume*""#),
    (1, "NotAction", r#""AssumeRole""#),
];

/// `Resource` or `NotResource` of the broker's policies, with how often each is thrown.
const RESOURCES: &[(usize, &str, &str)] = &[
    (14, "Resource", r#""{target}""#),
    (6, "Resource", r#""*""#),
    (2, "Resource", r#"["arn:aws:s3:::x", "arn:aws:iam::{target account}:role/*"]"#),
    (1, "Resource", r#""arn:aws:iam::*:role/apps/payments-?*""#),
    (1, "Resource", r#""arn:aws:iam::{target account}:role/Apps/*""#),
    (1, "Resource", r#""arn:aws:iam::{target account}:role/Other""#),
    (2, "Resource", r#""arn:aws:iam::{target account}:role/apps/${aws:PrincipalTag/team}-*""#),
    (1, "Resource", r#""arn:aws:iam::{target account}:role/apps/${aws:username, 'payments'}-*""#),
    (1, "Resource", r#""arn:aws:iam::{target account}*""#),
    (1, "Resource", r#""arn:*:role/apps/*""#),
    (1, "NotResource", r#""arn:aws:iam::*:role/Sealed""#),
    (1, "NotResource", r#""{target}""#),
];

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn weighed<'t, T>(dice: &mut Dice, from: &'t [T], weight: impl Fn(&T) -> usize) -> &'t T {
    let mut left = dice.below(from.iter().map(&weight).sum());
    from.iter()
        .find(|entry| {
            let found = left < weight(entry);
            left = left.wrapping_sub(weight(entry));
            found
        })
        .expect("below the sum")
}

fn statement(dice: &mut Dice, effect: &str, of_role: bool) -> Value {
    let mut statement = json!({"Effect": effect});
    if of_role {
        statement["Principal"] = parsed(weighed(dice, PRINCIPALS, |it| it.0).1);
    } else {
        let (_, element, text) = weighed(dice, RESOURCES, |it| it.0);
        statement[element] = parsed(text);
    }
    let (_, element, text) = weighed(dice, ACTIONS, |it| it.0);
    statement[element] = parsed(text);
    let conditions = *dice.pick(&[0, 0, 1, 1, 2]);
    if conditions > 0 {
        statement["Condition"] = json!({});
        for _ in 0..conditions {
            let (operator, key, values) = dice.pick(CONDITIONS);
            let block = statement["Condition"].as_object_mut().expect("just made");
            // IAM refuses names that differ in case alone.
            block.retain(|other, _| other == operator || !other.eq_ignore_ascii_case(operator));
            block.insert((*operator).to_owned(), json!({*key: parsed(values)}));
        }
    }
    statement
}

fn policy(dice: &mut Dice, of_role: bool) -> Value {
    let mut statements = vec![statement(dice, "Allow", of_role)];
    if dice.one_in(3) {
        statements.push(statement(dice, "Allow", of_role));
    }
    if dice.one_in(4) {
        let at = dice.below(statements.len() + 1);
        statements.insert(at, statement(dice, "Deny", of_role));
    }
    match dice.below(8) {
        0 => json!({"Statement": statements}),
        1 => json!({"Version": "2008-10-17", "Statement": statements}),
        _ => json!({"Version": "2012-10-17", "Statement": statements}),
    }
}

/// The next question.
pub(super) fn next(dice: &mut Dice) -> Case {
    let tags = match dice.below(4) {
        0 => json!({"team": "payments"}),
        1 => json!({"team": "payments", "size": "7", "key": "QQ=="}),
        _ => json!({}),
    };
    let tags: BTreeMap<String, String> = serde_json::from_value(tags).expect("texts");
    let transitive_tag_keys = if tags.is_empty() || dice.one_in(2) { Vec::new() } else { vec!["team".to_owned()] };
    // A plain policy on one side lets the other side decide.
    let plain = dice.below(6);
    let trust = match plain {
        0..3 => json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": "{account}"}, "Action": parsed(ALL_THREE)}]}),
        _ => policy(dice, true),
    };
    let identity = match plain {
        3..5 => json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": parsed(ALL_THREE), "Resource": "{target}"}]}),
        _ => policy(dice, false),
    };
    Case {
        trust,
        identity,
        across: dice.one_in(3),
        external_id: *dice.pick(&[None, Some("ticket-7"), Some("ticket-7"), Some("ticket-8")]),
        tags,
        transitive_tag_keys,
        source_identity: *dice.pick(&[None, None, None, Some("ci-bot")]),
    }
}
