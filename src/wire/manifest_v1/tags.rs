use std::collections::{BTreeMap, BTreeSet};

use super::fault::{Fault, Faults};
use super::shape::{Fields, near};
use super::value;
use crate::domain::lease::TAGS_OF_OURS;
use crate::domain::limits;

/// Tags that a role may give its users: what AWS takes, less our own.
pub(super) const IAM_TAGS_MAX: usize = limits::USER_TAGS_MAX - TAGS_OF_OURS;

/// `session_tags`.
pub(super) fn of_session(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> BTreeMap<String, String> {
    let most = limits::SESSION_TAGS_MAX;
    read(fields, "session_tags", (most, &format!("AWS takes {most}")), faults)
}

/// `iam_tags`.
pub(super) fn of_user(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> BTreeMap<String, String> {
    let (all, ours) = (limits::USER_TAGS_MAX, TAGS_OF_OURS);
    let why = format!("AWS takes {all}, and {ours} are those of leasehold: {IAM_TAGS_MAX} are left");
    read(fields, "iam_tags", (IAM_TAGS_MAX, &why), faults)
}

/// Tags as AWS takes them: at most so many, keys that differ in more than case.
fn read(
    fields: &Fields<'_, '_>,
    name: &str,
    (most, why): (usize, &str),
    faults: &mut Faults<'_>,
) -> BTreeMap<String, String> {
    let entries = fields.map(name);
    if let Some((key, _)) = entries.get(most) {
        let count = entries.len();
        faults.push(
            key.span,
            Fault::new("too-many", format!("`{name}` has {count} tags: {why}"), "one too many", "remove some"),
        );
    }
    let mut tags = BTreeMap::new();
    let mut folded = BTreeMap::new();
    for (key, value) in entries {
        faults.take(key.span, value::tag_key(key.text));
        faults.take(value.span, value::tag_value(value.text));
        if let Some(first) = folded.insert(key.text.to_lowercase(), key.text) {
            let problem =
                format!("differs from `{}` only in case, and AWS takes the two for one key", value::quoted(first));
            faults.push(key.span, value::said("duplicate-key", key.text, &problem, "again", "keep one of the two"));
        }
        tags.insert(key.text.to_owned(), value.text.to_owned());
    }
    tags
}

/// `transitive_tag_keys`: each a key of `session_tags`.
pub(super) fn transitive_keys(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> Vec<String> {
    let entries = fields.map("session_tags");
    let tags: BTreeSet<_> = entries.iter().map(|(key, _)| key.text).collect();
    let mut keys = Vec::new();
    for entry in fields.list("transitive_tag_keys", faults) {
        if tags.contains(entry.text) {
            keys.push(entry.text.to_owned());
            continue;
        }
        if faults.is_full() {
            continue;
        }
        let problem = "is not a key of `session_tags`";
        let short = tags.iter().copied().filter(|tag| tag.len() <= limits::TAG_KEY_MAX).take(limits::SESSION_TAGS_MAX);
        let near = near(entry.text, short);
        let help = match near {
            Some(near) => format!("did you mean `{}`?", value::quoted(near)),
            None => "only tags of this session can be handed on: add it to `session_tags`".to_owned(),
        };
        faults.push(entry.span, value::said("bad-value", entry.text, problem, "no such tag", &help));
    }
    keys
}
