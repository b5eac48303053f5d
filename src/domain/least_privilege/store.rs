//! What a state in S3 needs: the policy of its bucket, and what each identity does there.

use serde_json::{Map, Value, json};

use crate::domain::ident::partition_of_region;

/// Where in S3 the state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatePlace {
    /// The bucket.
    pub bucket: String,
    /// What every key begins with, without slashes at either end; empty for the whole bucket.
    pub prefix: String,
    /// The bucket's region, which tells the partition; `aws` when it is not said.
    pub region: Option<String>,
    /// The KMS key that objects are encrypted with: an id, an alias or an ARN.
    pub kms_key_id: Option<String>,
}

/// Whose policy for the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorePolicy {
    /// The bucket's own.
    Bucket,
    /// Who plans, looks for drift, explains and lists leases.
    Plan,
    /// Who applies, and who has a store prove itself.
    Apply,
    /// Who issues.
    Issue,
    /// Who ends leases.
    Sweep,
}

/// The policy, in IAM's language.
///
/// The bucket's refuses every write without a condition (`s3:if-none-match` and `s3:if-match` are there when the request
/// has the header: S3's user guide, "enforce conditional writes" and "enforce conditional deletes"), lets nobody replace
/// what is written once, and lets nobody remove history. The parts of a multipart upload carry no condition and are
/// refused with the rest: nothing of ours is uploaded in parts.
///
/// `s3:ListBucket` is given without a condition on the prefix. A request for one object carries none, and where
/// `s3:ListBucket` is not allowed S3 answers for an absent object as for a forbidden one.
#[must_use]
pub fn store(whose: StorePolicy, place: &StatePlace) -> Value {
    let StatePlace { bucket: _, prefix: _, region: _, kms_key_id } = place;
    let mut statements = match whose {
        StorePolicy::Bucket => bucket(place),
        StorePolicy::Plan => Vec::new(),
        StorePolicy::Apply => vec![
            allow(
                "Write",
                &["s3:PutObject"],
                &objects(place, &["audit", "due", "head.json", "lease", "probe", "snap"]),
            ),
            allow("RemoveProbe", &["s3:DeleteObject"], &objects(place, &["probe"])),
        ],
        StorePolicy::Issue => vec![allow("Write", &["s3:PutObject"], &objects(place, &["audit", "due", "lease"]))],
        StorePolicy::Sweep => vec![
            allow("Write", &["s3:PutObject"], &objects(place, &["audit", "due", "lease"])),
            allow("Remove", &["s3:DeleteObject"], &objects(place, &["due", "lease"])),
        ],
    };
    if whose != StorePolicy::Bucket {
        statements.insert(0, allow("List", &["s3:ListBucket"], &[bucket_arn(place)]));
        statements.insert(1, allow("Read", &["s3:GetObject"], &[format!("{}/*", root(place))]));
        if let Some(key) = kms_key_id.as_ref().filter(|key| is_key_arn(key)) {
            let mut actions = vec!["kms:Decrypt"];
            if whose != StorePolicy::Plan {
                actions.push("kms:GenerateDataKey");
            }
            statements.push(allow("UseKey", &actions, std::slice::from_ref(key)));
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Whether a KMS key is named by an ARN that a policy can name it by: an alias's ARN is none.
#[must_use]
pub fn is_key_arn(key: &str) -> bool {
    let mut parts = key.splitn(6, ':');
    parts.next() == Some("arn") && parts.nth(1) == Some("kms") && parts.nth(2).is_some_and(|it| it.starts_with("key/"))
}

fn bucket(place: &StatePlace) -> Vec<Value> {
    let all = [format!("{}/*", root(place))];
    let absent = |keys: &[&str]| {
        let keys: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), json!(["true"]))).collect();
        json!({ "Null": keys })
    };
    let history = objects(place, &["audit", "snap"]);
    let kept = objects(place, &["audit", "head.json", "snap"]);
    let everything = [bucket_arn(place), all[0].clone()];
    vec![
        deny("OnlyConditionalWrites", &["s3:PutObject"], &all, Some(absent(&["s3:if-match", "s3:if-none-match"]))),
        deny("OnlyConditionalRemovals", &["s3:DeleteObject"], &all, Some(absent(&["s3:if-match"]))),
        deny("WriteHistoryOnce", &["s3:PutObject"], &history, Some(absent(&["s3:if-none-match"]))),
        deny("KeepHistory", &["s3:DeleteObject"], &kept, None),
        deny("OnlyOverTls", &["s3:*"], &everything, Some(json!({ "Bool": { "aws:SecureTransport": ["false"] } }))),
    ]
}

fn root(place: &StatePlace) -> String {
    let arn = bucket_arn(place);
    if place.prefix.is_empty() { arn } else { format!("{arn}/{}", place.prefix) }
}

fn bucket_arn(place: &StatePlace) -> String {
    let partition = place.region.as_deref().map_or("aws", partition_of_region);
    format!("arn:{partition}:s3:::{}", place.bucket)
}

/// Objects of these names, and below these folders; sorted as they are given.
fn objects(place: &StatePlace, names: &[&str]) -> Vec<String> {
    let root = root(place);
    let arn = |name: &&str| if name.contains('.') { format!("{root}/{name}") } else { format!("{root}/{name}/*") };
    names.iter().map(arn).collect()
}

fn allow(sid: &str, actions: &[&str], resources: &[String]) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources })
}

fn deny(sid: &str, actions: &[&str], resources: &[String], condition: Option<Value>) -> Value {
    let mut statement =
        json!({ "Sid": sid, "Effect": "Deny", "Principal": "*", "Action": actions, "Resource": resources });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::iam::{
        Caller, Context, Knowledge, Layer, NamedPolicy, Policies, Policy, Request, ResourcePolicy, Verdict, evaluate,
    };

    fn place() -> StatePlace {
        let key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        StatePlace {
            bucket: "team-state".to_owned(),
            prefix: "team/prod".to_owned(),
            region: Some("eu-central-1".to_owned()),
            kms_key_id: Some(key.to_owned()),
        }
    }

    fn parsed(whose: StorePolicy) -> Policy {
        Policy::parse(&store(whose, &place()).to_string()).expect("a policy")
    }

    /// What becomes of a request of this identity under both policies. `header` is the one that the request has.
    fn outcome(whose: StorePolicy, action: &str, key: &str, header: Option<&str>, tls: bool) -> bool {
        allowed(&parsed(whose), action, key, header, tls)
    }

    /// Within one account an identity policy is enough, and a bucket policy that grants nothing can only deny.
    fn allowed(identity: &Policy, action: &str, key: &str, header: Option<&str>, tls: bool) -> bool {
        let bucket = parsed(StorePolicy::Bucket);
        let named = |policy| NamedPolicy { name: "p", policy };
        let identity = Layer::Read(vec![named(identity)]);
        let granted = Policies { identity, ..Policies::default() };
        let with_bucket = Policies { resource: ResourcePolicy::Attached(named(&bucket)), ..granted.clone() };
        let caller = Caller {
            partition: "aws",
            account: "111122223333",
            principal_arn: "arn:aws:iam::111122223333:role/Ci",
            session_arn: None,
            unique_id: None,
        };
        let mut context = Context::closed().with("aws:SecureTransport", Knowledge::is(tls.to_string()));
        if let Some(header) = header {
            context.set(header, Knowledge::is("x"));
        }
        let resource = match key {
            "" => "arn:aws:s3:::team-state".to_owned(),
            key => format!("arn:aws:s3:::team-state/{key}"),
        };
        let request = Request::new(caller, action).on(&resource).within(&context);
        let granted = evaluate(&request, &granted).verdict;
        let denied = evaluate(&request, &with_bucket).verdict;
        for verdict in [&granted, &denied] {
            assert!(!matches!(verdict, Verdict::Depends(_)), "{action} on {key} is open: {verdict:?}");
        }
        granted == Verdict::Allowed && !matches!(denied, Verdict::DeniedExplicitly { .. })
    }

    const MAKE: Option<&str> = Some("s3:if-none-match");
    const SWAP: Option<&str> = Some("s3:if-match");

    #[test]
    fn each_identity_may_do_what_it_does_and_no_more() {
        use StorePolicy::{Apply, Issue, Plan, Sweep};
        let all = [Plan, Apply, Issue, Sweep];
        for (action, key, header, who) in [
            ("s3:GetObject", "head.json", None, &all[..]),
            ("s3:PutObject", "head.json", MAKE, &[Apply]),
            ("s3:PutObject", "head.json", SWAP, &[Apply]),
            ("s3:PutObject", "snap/0000000001-abc.json", MAKE, &[Apply]),
            ("s3:PutObject", "audit/2026-11-26/1.json", MAKE, &[Apply, Issue, Sweep]),
            ("s3:PutObject", "due/2026-11-26/1", MAKE, &[Apply, Issue, Sweep]),
            ("s3:PutObject", "lease/1.json", MAKE, &[Apply, Issue, Sweep]),
            ("s3:PutObject", "lease/1.json", SWAP, &[Apply, Issue, Sweep]),
            ("s3:PutObject", "probe/1.json", SWAP, &[Apply]),
            ("s3:PutObject", "other", MAKE, &[]),
            ("s3:DeleteObject", "probe/1.json", SWAP, &[Apply]),
            ("s3:DeleteObject", "due/2026-11-26/1", SWAP, &[Sweep]),
            ("s3:DeleteObject", "lease/1.json", SWAP, &[Sweep]),
            ("s3:DeleteObjectVersion", "lease/1.json", SWAP, &[]),
        ] {
            for whose in all {
                let full = format!("team/prod/{key}");
                assert_eq!(
                    outcome(whose, action, &full, header, true),
                    who.contains(&whose),
                    "{whose:?} {action} {key}"
                );
                assert!(!outcome(whose, action, &full, header, false), "without TLS: {whose:?} {action} {key}");
                assert!(!outcome(whose, action, &format!("team/{key}"), header, true), "elsewhere: {whose:?} {action}");
            }
        }
        for whose in all {
            assert!(outcome(whose, "s3:ListBucket", "", None, true));
            assert!(!outcome(whose, "s3:PutBucketPolicy", "", None, true));
        }
    }

    #[test]
    fn the_bucket_refuses_it_even_to_those_who_may_do_everything() {
        let everything = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let everything = Policy::parse(everything).expect("a policy");
        for (action, key, header, outcome) in [
            ("s3:PutObject", "head.json", None, false),
            ("s3:PutObject", "head.json", SWAP, true),
            ("s3:PutObject", "lease/1.json", None, false),
            ("s3:PutObject", "snap/0000000001-abc.json", SWAP, false),
            ("s3:PutObject", "snap/0000000001-abc.json", MAKE, true),
            ("s3:PutObject", "audit/2026-11-26/1.json", SWAP, false),
            ("s3:DeleteObject", "lease/1.json", None, false),
            ("s3:DeleteObject", "lease/1.json", SWAP, true),
            ("s3:DeleteObject", "head.json", SWAP, false),
            ("s3:DeleteObject", "snap/0000000001-abc.json", SWAP, false),
            ("s3:DeleteObject", "audit/2026-11-26/1.json", SWAP, false),
        ] {
            let full = format!("team/prod/{key}");
            assert_eq!(allowed(&everything, action, &full, header, true), outcome, "{action} {key} {header:?}");
            assert!(!allowed(&everything, action, &full, header, false), "without TLS: {action} {key}");
            let elsewhere = allowed(&everything, action, "another/head.json", None, true);
            assert!(elsewhere, "other prefixes of the bucket are not our business");
        }
    }

    #[test]
    fn the_key_is_named_where_a_policy_can_name_it() {
        let text =
            |whose, key: &str| store(whose, &StatePlace { kms_key_id: Some(key.to_owned()), ..place() }).to_string();
        let arn = place().kms_key_id.expect("a key");
        assert!(text(StorePolicy::Plan, &arn).contains("kms:Decrypt"));
        assert!(!text(StorePolicy::Plan, &arn).contains("kms:GenerateDataKey"));
        assert!(text(StorePolicy::Issue, &arn).contains("kms:GenerateDataKey"));
        for other in ["alias/state", "1234abcd", "arn:aws:kms:eu-central-1:111122223333:alias/state"] {
            assert!(!text(StorePolicy::Apply, other).contains("kms:"), "{other}");
        }
    }

    #[test]
    fn the_partition_follows_the_region() {
        let place = StatePlace { region: Some("cn-north-1".to_owned()), prefix: String::new(), ..place() };
        assert!(store(StorePolicy::Plan, &place).to_string().contains("\"arn:aws-cn:s3:::team-state/*\""));
    }
}
