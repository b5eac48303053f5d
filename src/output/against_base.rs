//! What every form for people says of a pull request held against its base. Nothing of it is escaped.

use super::count;
use crate::wire::plan_v1::{AgainstBase, By, Document, Judge, Standing};

/// What is said when the planned commit does not contain the base.
pub(super) const NOT_CONTAINED: &str = "the planned commit does not contain the base: what was merged there since counts as \
    removed here. Plan the merge of both, or name the commit that the branch began at.";

/// The base's object id, cut.
pub(super) fn commit(against: &AgainstBase) -> String {
    against.commit.chars().take(12).collect()
}

/// Who judged, and why.
pub(super) fn judged_by(against: &AgainstBase) -> String {
    let base = commit(against);
    let of = |by: By| against.standings.iter().filter(|standing| standing.by == by).count() as u64;
    match against.judge {
        Judge::Same => {
            format!(
                "the Broker, Account and Waiver documents of the base {base}, which this pull request leaves alone."
            )
        }
        Judge::Own => format!(
            "this pull request's own Broker, Account and Waiver documents, because there are no manifests in the base {base}."
        ),
        Judge::Both => {
            let alone = |n: u64, whose: &str| match n {
                0 => String::new(),
                n => format!(" Only by {whose}: {}.", count(n, "finding")),
            };
            format!(
                "the Broker, Account and Waiver documents of the base {base} and this pull request's own, because it changes \
                 them (LH604); the stricter judgement counts. After the merge, apply judges by the merged ones.{}{}",
                alone(of(By::Base), "the base's"),
                alone(of(By::Own), "its own")
            )
        }
    }
}

/// What the pull request changes and brings, in numbers.
pub(super) fn numbers<'a>(against: &AgainstBase, blocks: impl Iterator<Item = &'a bool>) -> String {
    let AgainstBase { roles, standings, .. } = against;
    let new = standings.iter().filter(|standing| standing.new).count() as u64;
    let blocking = blocks.zip(standings).filter(|(blocks, standing)| standing.new && **blocks).count();
    let before = standings.len() as u64 - new;
    format!(
        "{}; {} ({blocking} blocking), {before} there before.",
        count(roles.len() as u64, "changed role"),
        count(new, "new finding")
    )
}

/// How one finding stands, in a few words; `None` when the plan was held against no base.
pub(super) fn standing(document: &Document, at: usize) -> Option<&'static str> {
    let Standing { new, by } = document.base.as_ref()?.standings.get(at)?;
    Some(match (new, by) {
        (true, By::Both) => "new",
        (true, By::Base) => "new, by the base's documents alone",
        (true, By::Own) => "new, by its own documents alone",
        (false, By::Both) => "in the base as well",
        (false, By::Base) => "in the base as well, by the base's documents alone",
        (false, By::Own) => "in the base as well, by its own documents alone",
    })
}
