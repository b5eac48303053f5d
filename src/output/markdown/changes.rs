//! What happens to each role, and what drifted.

use super::diff;
use super::inert::{code, html, prose};
use super::page::{Changes, Full, Others, Page};
use crate::domain::text::short;
use crate::output::count;
use crate::wire::plan_v1::{Action, BrokerStep, Document, Drift, Step};

/// Roles that one line names at most.
const NAMES_MAX: usize = 20;
/// Roles that a folded diff's own line names at most.
const FOLDED_MAX: usize = 3;
/// Characters of an ARN or another name of AWS at most.
const SUBJECT_MAX: usize = 200;
/// Drifted roles that are named when they are counted.
const COUNTED_MAX: usize = 3;

/// Everything that `apply` would do.
pub(super) fn changes(document: &Document, how: Changes, page: &mut Page) -> Result<(), Full> {
    if !document.summary.changes {
        return page.block(&format!(
            "**No changes.** The record holds what the manifests declare ({}).",
            count(document.summary.unchanged, "role")
        ));
    }
    page.block("### Changes")?;
    let Document { broker, steps, basis, .. } = document;
    if let Some(BrokerStep { after, changes: _ }) = broker {
        let what = if basis.record.is_none() { "is recorded: this is the first apply" } else { "changes" };
        page.line(&format!("- the **Broker** {} {what}", code(&short(&after.name, NAME_MAX))))?;
    }
    for action in [Action::Create, Action::Update, Action::Refresh, Action::Delete] {
        let names: Vec<&str> =
            steps.iter().filter(|step| step.action == action).map(|step| step.role.as_str()).collect();
        if !names.is_empty() {
            let most = if how == Changes::Names { usize::MAX } else { NAMES_MAX };
            let (verb, why) = words(action);
            let roles = count(names.len() as u64, "role");
            page.line(&format!("- **{verb}** {roles} ({why}): {}", some_names(&names, most)))?;
        }
    }
    page.push("\n")?;
    if how >= Changes::Names {
        return Ok(());
    }
    if let Some(BrokerStep { after: _, changes }) = broker
        && !changes.is_empty()
    {
        page.folded("the Broker", |page| page.block(diff::block(changes, how).trim_end()))?;
    }
    for group in groups(steps) {
        of_group(document, &group, how, page)?;
    }
    Ok(())
}

/// Characters of a role's name at most. Longer ones are none.
pub(super) const NAME_MAX: usize = 64;

fn words(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Create => ("create", "not in the record yet"),
        Action::Update => ("update", "the declaration changes"),
        Action::Refresh => ("refresh", "the declaration is the same, what AWS says or how it is judged is not"),
        Action::Delete => ("delete", "no longer declared, can be issued no more"),
    }
}

/// Names as code, the first `most` of them.
pub(super) fn some_names(names: &[&str], most: usize) -> String {
    let mut out = names.iter().take(most).map(|name| code(&short(name, NAME_MAX))).collect::<Vec<_>>().join(", ");
    if names.len() > most {
        out.push_str(&format!(" and {} more", names.len() - most));
    }
    out
}

/// Steps that do the same, with the same effects.
struct Group<'a> {
    first: &'a Step,
    roles: Vec<&'a str>,
}

/// Groups in the order of their first roles.
fn groups(steps: &[Step]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known = std::collections::BTreeMap::new();
    for step in steps {
        let Step { role, action, after: _, changes, effects, place: _ } = step;
        // Texts and JSON values always serialize; if they did not, each step would stand alone.
        let key = serde_json::to_string(&(action, changes, effects)).unwrap_or_else(|_| role.clone());
        let at = *known.entry(key).or_insert_with(|| {
            groups.push(Group { first: step, roles: Vec::new() });
            groups.len() - 1
        });
        groups[at].roles.push(role);
    }
    groups
}

fn of_group(document: &Document, group: &Group<'_>, how: Changes, page: &mut Page) -> Result<(), Full> {
    let Group { first, roles } = group;
    let (verb, _) = words(first.action);
    let named: Vec<_> = roles.iter().take(FOLDED_MAX).map(|role| in_html(role)).collect();
    let more = match roles.len().saturating_sub(FOLDED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more, all the same"),
    };
    page.folded(&format!("{verb} {}{more}", named.join(", ")), |page| {
        if roles.len() > FOLDED_MAX {
            page.block(&format!("The same for {}.", some_names(roles, usize::MAX)))?;
        }
        for effect in &first.effects {
            page.line(&format!("- {}", prose(effect)))?;
        }
        if !first.effects.is_empty() {
            page.push("\n")?;
        }
        if let (Some(place), 1) = (&first.place, roles.len()) {
            let path = document.repository_path(&place.path);
            page.block(&format!("Declared at {}.", code(&format!("{}:{}", short(&path, SUBJECT_MAX), place.line))))?;
        }
        if first.changes.is_empty() { Ok(()) } else { page.block(diff::block(&first.changes, how).trim_end()) }
    })
}

fn in_html(name: &str) -> String {
    format!("<code>{}</code>", html(&short(name, NAME_MAX)))
}

/// Live roles that are no longer as they were recorded.
pub(super) fn drift(drifts: &[Drift], diffs: Changes, how: Others, page: &mut Page) -> Result<(), Full> {
    if drifts.is_empty() {
        return Ok(());
    }
    let line = |drift: &Drift| {
        let Drift { role_arn, roles, gone, changes } = drift;
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        let what = match (gone, changes.len()) {
            (true, _) => "is gone".to_owned(),
            (false, facts) => format!("differs in {}", count(facts as u64, "fact")),
        };
        let issued = some_names(&roles, NAMES_MAX);
        format!("- {} {what}; it is issued by {issued}", code(&short(role_arn, SUBJECT_MAX)))
    };
    page.block("### Drift: AWS is no longer as it was when these roles were applied")?;
    if how == Others::Counts {
        let named: Vec<&str> = drifts.iter().map(|drift| drift.role_arn.as_str()).take(COUNTED_MAX).collect();
        let named: Vec<String> = named.into_iter().map(|arn| code(&short(arn, SUBJECT_MAX))).collect();
        let more = if drifts.len() > COUNTED_MAX { ", …" } else { "" };
        let roles = count(drifts.len() as u64, "live role");
        return page.block(&format!("- {roles}: {}{more}", named.join(", ")));
    }
    for drift in drifts {
        page.line(&line(drift))?;
    }
    page.push("\n")?;
    if how == Others::Lines || diffs >= Changes::Names {
        return Ok(());
    }
    for drift in drifts.iter().filter(|drift| !drift.changes.is_empty()) {
        page.folded(&format!("<code>{}</code>", html(&short(&drift.role_arn, SUBJECT_MAX))), |page| {
            page.block(diff::block(&drift.changes, diffs).trim_end())
        })?;
    }
    Ok(())
}
