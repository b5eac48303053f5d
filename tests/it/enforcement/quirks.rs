//! Where the emulator does not do as AWS documents, row by row.
//!
//! A row is no excuse in words: it says how the question looks to the emulator, and explains a disagreement only if our
//! evaluator, asked that question, says what the emulator did.

use leasehold::domain::iam::Knowledge;
use serde_json::{Value, json};

use super::ask::{Ask, IDENTITY, TAG};

/// One way in which the emulator is wrong or weaker.
pub(super) struct Quirk {
    pub(super) name: &'static str,
    /// What AWS does instead, and the section of AWS-FACTS.md that says so.
    pub(super) why: &'static str,
    /// The question as the emulator takes it.
    pub(super) seen: fn(&mut Ask),
}

/// All of them.
pub(super) const QUIRKS: &[Quirk] = &[
    Quirk {
        name: "the broker's own policies must always allow",
        why: "in one account a trust policy that names the caller is enough (4.2, point 2)",
        seen: |ask| ask.broker_must_allow = true,
    },
    Quirk {
        name: "aws:PrincipalArn is the session's ARN",
        why: "of a role's session it is the role's ARN (4.5)",
        seen: |ask| {
            if let Some(session) = &ask.session_arn {
                ask.known.insert("aws:PrincipalArn".to_owned(), Knowledge::is(session));
            }
        },
    },
    Quirk {
        name: "roles are compared by name, without their path",
        why: "a role's ARN has its path, and one without it names nobody (4.1)",
        seen: |ask| {
            same_principal(ask, |entry, name, _| entry.contains(":role/") && entry.ends_with(&format!("/{name}")));
        },
    },
    Quirk {
        name: "principals have wildcards, and no case",
        why: "AWS refuses a partial wildcard; names in principals are case-sensitive (1.2, 4.1)",
        seen: |ask| {
            same_principal(ask, |entry, _, callers| {
                callers.iter().any(|caller| leasehold::domain::iam::wildcard_match(entry, caller, true))
            });
        },
    },
    Quirk {
        name: "an account's root is compared without its partition",
        why: "partitions never cross (4.1)",
        seen: |ask| principals(&mut ask.trust, &|entry| entry.replacen("arn:aws-cn:", "arn:aws:", 1)),
    },
    Quirk {
        name: "unique ids name nobody",
        why: "AWS compares the id that it keeps (4.1)",
        seen: |ask| {
            let id = ask.unique_id.clone();
            principals(&mut ask.trust, &|entry| {
                if entry == id { "AROAEXAMPLENOBODY0001".to_owned() } else { entry.to_owned() }
            });
        },
    },
    Quirk {
        name: "the broker's own policies are not asked for sts:TagSession",
        why: "across accounts, and where only the account is trusted, they must allow it (4.2, point 5)",
        seen: |ask| ask.asks_broker_for.retain(|action| *action != TAG),
    },
    Quirk {
        name: "sts:SetSourceIdentity is not authorized",
        why: "it is an action of its own in both policies (4.2, point 5)",
        seen: |ask| ask.actions.retain(|action| *action != IDENTITY),
    },
    Quirk {
        name: "sts:SourceIdentity is not in the request",
        why: "it is, for AssumeRole and SetSourceIdentity (4.2, point 6)",
        seen: |ask| absent(ask, "sts:SourceIdentity"),
    },
    Quirk {
        name: "sts:TransitiveTagKeys is not in the request",
        why: "it is, for AssumeRole and TagSession (4.2, point 6)",
        seen: |ask| absent(ask, "sts:TransitiveTagKeys"),
    },
    Quirk {
        name: "aws:TagKeys is present without tags in trust policies",
        why: "a request without tags does not carry the key (4.5)",
        seen: |ask| {
            // An empty list is there, but matches as a missing key does.
            for statement in statements(&mut ask.trust).filter(|_| ask.tags.is_empty()) {
                if let Some(asked) = statement.pointer_mut("/Condition/Null/aws:TagKeys") {
                    let absent = *asked == json!("true");
                    *asked = json!(if absent { "false" } else { "true" });
                }
            }
        },
    },
    Quirk {
        name: "policy variables are plain text",
        why: "in version 2012-10-17 they stand for values (4.3)",
        seen: |ask| {
            for policy in [&mut ask.trust, &mut ask.identity] {
                policy["Version"] = json!("2008-10-17");
            }
        },
    },
    Quirk {
        name: "request keys of STS are not in the broker's context",
        why: "AssumeRole carries sts:ExternalId and sts:RoleSessionName on both sides (4.2, point 6)",
        seen: |ask| {
            for key in ["sts:externalid", "sts:rolesessionname"] {
                rename(&mut ask.identity, key, "test:NotSent");
            }
            ask.known.insert("test:NotSent".to_owned(), Knowledge::ABSENT);
        },
    },
    Quirk {
        name: "the role's tags are in the context of the broker's own policies alone, as aws:ResourceTag, in one account",
        why: "aws:ResourceTag and iam:ResourceTag are those of the role on both sides (4.2, point 6; 4.5)",
        seen: |ask| {
            rename(&mut ask.trust, "aws:resourcetag/", "test:NoRoleTags");
            if !ask.target.contains(&ask.account) {
                rename(&mut ask.identity, "aws:resourcetag/", "test:NoRoleTags");
            }
            for policy in [&mut ask.trust, &mut ask.identity] {
                rename(policy, "iam:resourcetag/", "test:NoRoleTags");
            }
            ask.known.insert("test:NoRoleTags".to_owned(), Knowledge::ABSENT);
        },
    },
    Quirk {
        name: "aws:PrincipalIsAWSService and aws:ViaAWSService are unknown keys",
        why: "both are in every request, with the value false (4.5)",
        seen: |ask| {
            absent(ask, "aws:PrincipalIsAWSService");
            absent(ask, "aws:ViaAWSService");
        },
    },
    Quirk {
        name: "a JSON boolean is compared as Python writes it",
        why: "values are text, and a boolean is true or false (4.4)",
        seen: |ask| {
            for policy in [&mut ask.trust, &mut ask.identity] {
                for_conditions(policy, &mut |operator, _, values| {
                    if let (false, Value::Bool(value)) = (operator.eq_ignore_ascii_case("Bool"), &*values) {
                        *values = json!(if *value { "True" } else { "False" });
                    }
                });
            }
        },
    },
];

fn absent(ask: &mut Ask, key: &str) {
    ask.known.insert(key.to_owned(), Knowledge::ABSENT);
}

fn statements(policy: &mut Value) -> impl Iterator<Item = &mut Value> {
    policy["Statement"].as_array_mut().expect("a list").iter_mut()
}

fn for_conditions(policy: &mut Value, change: &mut dyn FnMut(&str, &str, &mut Value)) {
    for statement in statements(policy) {
        let Some(block) = statement.get_mut("Condition").and_then(Value::as_object_mut) else { continue };
        for (operator, keys) in block {
            let keys = keys.as_object_mut().expect("keys");
            keys.iter_mut().for_each(|(key, values)| change(operator, key, values));
        }
    }
}

/// Gives every key that begins with `head` (in lower case) another name, which ends as it did.
fn rename(policy: &mut Value, head: &str, to: &str) {
    for statement in statements(policy) {
        let Some(block) = statement.get_mut("Condition").and_then(Value::as_object_mut) else { continue };
        for keys in block.values_mut() {
            let renamed = keys.as_object().expect("keys").iter().map(|(key, values)| {
                let key = if key.to_ascii_lowercase().starts_with(head) { to } else { key };
                (key.to_owned(), values.clone())
            });
            *keys = Value::Object(renamed.collect());
        }
    }
}

/// Changes every AWS principal of a trust policy.
fn principals(trust: &mut Value, change: &dyn Fn(&str) -> String) {
    for statement in statements(trust) {
        match statement["Principal"].get_mut("AWS") {
            Some(Value::String(entry)) => *entry = change(entry),
            Some(Value::Array(entries)) => {
                for entry in entries {
                    *entry = json!(change(entry.as_str().expect("text")));
                }
            }
            _ => {}
        }
    }
}

/// Takes each entry that `is` finds to be the broker's for the broker's ARN: it gets the entry, the broker's name and
/// the ARNs that the broker has.
fn same_principal(ask: &mut Ask, is: impl Fn(&str, &str, &[&str]) -> bool) {
    let Ask { trust, principal_arn, session_arn, .. } = ask;
    let name = principal_arn.rsplit('/').next().expect("a name");
    let caller = session_arn.as_deref().unwrap_or(principal_arn);
    principals(trust, &|entry| {
        let account = entry.len() == 12 || entry.ends_with(":root") || entry == "*";
        if !account && is(entry, name, &[caller]) { principal_arn.clone() } else { entry.to_owned() }
    });
}
