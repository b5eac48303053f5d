//! Markdown for a comment on a pull request, and for a page beside the run of a job.
//!
//! Whoever reads it may know nothing of the manifests: whether it may be merged stands first, then what is in the way and
//! what to write instead, then what changes. A page that is too long is made again with less detail until it fits; what
//! it leaves out is said on it.

mod changes;
mod diff;
mod findings;
mod inert;
mod page;
mod remedy;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, Write};

use self::changes::some_names;
use self::inert::{code, fenced, prose};
use self::page::{Detail, Full, LADDER, Others, Page};
use super::verdict::{Verdict, summary as counted};
use super::{against_base, count};
use crate::domain::digest::Digest;
use crate::domain::ident::Name;
use crate::domain::text::short;
use crate::wire::plan_v1::{AgainstBase, Brake, Document, NotKnown};

/// Bytes of a comment. GitHub takes 65,536 characters, GitLab a million; the rest is for what a workflow adds.
pub const COMMENT_MAX: usize = 60_000;
/// Bytes of a job's summary. GitHub takes 1 MiB for all that one step writes.
pub const SUMMARY_MAX: usize = 1_000_000;

/// Characters of what the document says about itself.
const SELF_MAX: usize = 200;
/// Characters of a brake's or an unknown's text when it takes a line.
const LINE_MAX: usize = 200;
/// Codes that the verdict names.
const CODES_MAX: usize = 6;

/// Writes a comment of at most [`COMMENT_MAX`] bytes. Its first line is the [`marker`].
pub fn plan(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(fitted(document, &format!("{}\n", marker(&document.deployment)), COMMENT_MAX).as_bytes())
}

/// Writes a page of at most [`SUMMARY_MAX`] bytes, as a file that `GITHUB_STEP_SUMMARY` names takes it.
pub fn summary(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(fitted(document, "", SUMMARY_MAX).as_bytes())
}

/// The HTML comment by which a workflow finds the comment that it wrote before, to replace it: one for each deployment.
///
/// A deployment that is no [`Name`] stands as its digest, so that nothing it says can end the comment.
#[must_use]
pub fn marker(deployment: &str) -> String {
    let deployment = match Name::parse(deployment) {
        // Two hyphens may not stand within a comment.
        Ok(name) if !name.as_str().contains("--") => name.to_string(),
        _ => Digest::of_bytes(deployment.as_bytes()).to_string(),
    };
    format!("<!-- leasehold plan {deployment} -->")
}

/// The first rung of the ladder that fits. The last one always does: all it shows is counted or cut.
fn fitted(document: &Document, head: &str, limit: usize) -> String {
    let fits = LADDER.iter().find_map(|detail| written(document, *detail, head, limit).ok());
    fits.unwrap_or_else(|| format!("{head}**The plan does not fit.** {}\n", counted(&document.summary)))
}

fn written(document: &Document, detail: Detail, head: &str, limit: usize) -> Result<String, Full> {
    let Document { drift, findings, unknowns, brakes, summary, .. } = document;
    let page = &mut Page::new(limit);
    page.push(head)?;
    page.block(&format!("## leasehold plan: {}", code(&short(&document.deployment, SELF_MAX))))?;
    page.block(&verdict(document))?;
    page.block(&counted(summary))?;
    if let Some(base) = &document.base {
        against(document, base, page)?;
    }
    left_out(detail, page)?;
    braked(brakes, detail.others, page)?;
    findings::findings(document, detail.findings, page)?;
    if !findings.is_empty() {
        page.block("Each rule has a page: `leasehold explain CODE`.")?;
    }
    changes::changes(document, detail.changes, page)?;
    changes::drift(drift, detail.changes, detail.others, page)?;
    not_known(unknowns, detail.others, page)?;
    page.block("### Next")?;
    page.push(&next(document))?;
    page.block(&format!("Compared: {}", origin(document)))?;
    Ok(std::mem::replace(page, Page::new(0)).into_text())
}

/// Whether it may be merged, and why.
fn verdict(document: &Document) -> String {
    let blocking = count(document.summary.blocking, "blocking finding");
    match Verdict::of(document) {
        Verdict::FindingsRefuse => {
            let brakes = if document.brakes.is_empty() { "" } else { ", and a brake refuses it as well" };
            format!(
                "❌ **Do not merge: `apply` refuses this plan because of {blocking}** ({}){brakes}.",
                codes(document)
            )
        }
        Verdict::BrakesRefuse => {
            let names: Vec<&str> = document.brakes.iter().map(|brake| brake.name.as_str()).collect();
            format!(
                "❌ **Do not merge: `apply` refuses this plan because of a brake** ({}).",
                some_names(&names, CODES_MAX)
            )
        }
        Verdict::IssueRefuses => format!(
            "⚠ **May be merged: `apply` goes through, and `issue` refuses the roles below until they are mended.** What \
             this change touches is not in the way; {blocking} on other roles ({}).",
            codes(document)
        ),
        Verdict::Ready => "✅ **May be merged: nothing stands in the way of `apply`.**".to_owned(),
        Verdict::Nothing => "✅ **May be merged: there is nothing to apply, and nothing is wrong.**".to_owned(),
    }
}

/// The codes of what blocks, each with how often: `LH103, 2 × LH104`.
fn codes(document: &Document) -> String {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in document.findings.iter().filter(|finding| finding.blocks) {
        *codes.entry(&finding.code).or_insert(0) += 1;
    }
    let one = |(code, times): (&&str, &usize)| {
        let code = prose(&short(code, 64));
        if *times == 1 { code } else { format!("{times} × {code}") }
    };
    let more = if codes.len() > CODES_MAX { ", …" } else { "" };
    codes.iter().take(CODES_MAX).map(one).collect::<Vec<_>>().join(", ") + more
}

/// What a pull request changes and brings, who judged it, and what cannot be relied on.
fn against(document: &Document, base: &AgainstBase, page: &mut Page) -> Result<(), Full> {
    let numbers = against_base::numbers(base, document.findings.iter().map(|finding| &finding.blocks));
    page.block(&format!("Against the base: {}", prose(&numbers)))?;
    page.block(&format!("Judged by: {}", prose(&against_base::judged_by(base))))?;
    if base.is_ancestor == Some(false) {
        page.block(&format!("> Note: {}", prose(against_base::NOT_CONTAINED)))?;
    }
    Ok(())
}

/// What this page does not show, and where it stands.
fn left_out(detail: Detail, page: &mut Page) -> Result<(), Full> {
    let parts = detail.left_out();
    if parts.is_empty() {
        return Ok(());
    }
    page.block(&format!(
        "> This page is shortened to fit: {}. The saved plan has all of it: `leasehold plan --out plan.json`, then \
         `leasehold render plan.json --format text`.",
        parts.join("; ")
    ))
}

fn braked(brakes: &[Brake], how: Others, page: &mut Page) -> Result<(), Full> {
    if brakes.is_empty() {
        return Ok(());
    }
    page.block("### Brakes: nothing of this plan will be applied")?;
    if how == Others::Counts {
        let names: Vec<&str> = brakes.iter().map(|brake| brake.name.as_str()).collect();
        return page.block(&format!("- {}", some_names(&names, CODES_MAX)));
    }
    for Brake { name, message, remedy } in brakes {
        let name = prose(&short(name, 64));
        if how == Others::Lines {
            let (message, remedy) = (short(message, LINE_MAX), short(remedy, LINE_MAX));
            page.line(&format!("- **Brake** {name}: {} — what to do: {}", prose(&message), prose(&remedy)))?;
            continue;
        }
        page.block(&format!("**Brake** {name}: {}", prose(message)))?;
        remedy::remedy(remedy, page)?;
    }
    if how == Others::Lines { page.push("\n") } else { Ok(()) }
}

fn not_known(unknowns: &[NotKnown], how: Others, page: &mut Page) -> Result<(), Full> {
    if unknowns.is_empty() {
        return Ok(());
    }
    page.block("### Not known, and so neither allowed nor acted on")?;
    if how == Others::Counts {
        let subjects: Vec<&str> = unknowns.iter().map(|unknown| unknown.subject.as_str()).collect();
        let first: Vec<String> = subjects.iter().take(3).map(|subject| code(&short(subject, LINE_MAX))).collect();
        let more = if subjects.len() > 3 { ", …" } else { "" };
        return page.block(&format!("- {}: {}{more}", count(subjects.len() as u64, "thing"), first.join(", ")));
    }
    for NotKnown { subject, roles, why, detail } in unknowns {
        let (subject, why) = (code(&short(subject, LINE_MAX)), prose(&short(why, 64)));
        let detail = if how == Others::Lines { short(detail, LINE_MAX) } else { detail.clone() };
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        let concerns =
            if roles.is_empty() { String::new() } else { format!(" It concerns {}.", some_names(&roles, 20)) };
        page.line(&format!("- {subject} ({why}): {}.{concerns}", prose(&detail)))?;
    }
    page.push("\n")
}

/// What to do now, ready to be copied.
fn next(document: &Document) -> String {
    let target = match &document.basis.target {
        Some(target) => format!(" --target {}", short(target, 64)),
        None => String::new(),
    };
    let apply =
        || fenced("sh", &format!("leasehold apply{target} --expect-plan {}", short(&document.hash, SELF_MAX))) + "\n";
    let commit = if document.basis.manifests.dirty { "commit the manifests, " } else { "" };
    match Verdict::of(document) {
        Verdict::FindingsRefuse => {
            "Do what the blocking findings above say, push, and let the plan be made again.\n\n".to_owned()
        }
        Verdict::BrakesRefuse => "Do what the brakes above say, and let the plan be made again.\n\n".to_owned(),
        Verdict::IssueRefuses if !document.summary.changes => {
            "Mend the roles that the blocking findings name. There is nothing to apply.\n\n".to_owned()
        }
        Verdict::IssueRefuses => {
            format!(
                "Mend the roles that the blocking findings name. To apply the rest, {commit}merge, then run:\n\n{}",
                apply()
            )
        }
        Verdict::Ready => format!("To apply this plan and no other, {commit}merge, then run:\n\n{}", apply()),
        Verdict::Nothing => "There is nothing to apply.\n\n".to_owned(),
    }
}

/// What was compared with what.
fn origin(document: &Document) -> String {
    let basis = &document.basis;
    let manifests = match &basis.manifests.commit {
        Some(commit) => {
            let dirty = if basis.manifests.dirty { " with local changes" } else { "" };
            format!("commit {}{dirty}", code(&short(&commit.chars().take(12).collect::<String>(), SELF_MAX)))
        }
        None => "files that are in no commit".to_owned(),
    };
    let record = match &basis.record {
        Some(record) => format!("record {}", record.serial),
        None => "no record yet".to_owned(),
    };
    let world = match &document.caller {
        Some(caller) => {
            let calls = count(u64::from(document.calls), "call");
            format!("AWS as {} sees it ({calls})", code(&short(&caller.arn, SELF_MAX)))
        }
        None => "AWS not read".to_owned(),
    };
    let target = match &basis.target {
        Some(target) => format!("; only {}", code(&short(target, SELF_MAX))),
        None => String::new(),
    };
    format!("{manifests}; {record}; {world}{target}. Plan {}.", code(&short(&document.hash, SELF_MAX)))
}
