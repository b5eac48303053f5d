//! What the rules say, grouped by rule.

use std::collections::BTreeMap;

use super::changes::NAME_MAX;
use super::inert::{code, fenced, prose};
use super::page::{Findings, Full, Page};
use super::remedy;
use crate::domain::text::{escape, short};
use crate::output::{against_base, count};
use crate::wire::common_v1::{Confidence, Finding, Level, Place};
use crate::wire::plan_v1::Document;

/// Characters of a code or of a rule's name at most.
const RULE_MAX: usize = 64;
/// Characters of a path at most.
const PATH_MAX: usize = 200;
/// Characters of a message or remedy that takes a line.
const LINE_MAX: usize = 300;
/// Characters of a message that takes a short line.
const SHORT_MAX: usize = 100;

/// A finding, and how it stands against the base of a pull request.
struct Seen<'a> {
    finding: &'a Finding,
    against_base: Option<&'static str>,
}

/// Findings of one rule that do the same to the plan.
struct Group<'a> {
    code: &'a str,
    rule: &'a str,
    level: Level,
    findings: Vec<&'a Seen<'a>>,
}

impl Group<'_> {
    fn heading(&self) -> String {
        let Self { code, rule, level, findings } = self;
        let (code, rule) = (prose(&short(code, RULE_MAX)), prose(&short(rule, RULE_MAX)));
        format!("{code} {rule} ({}): {}", level.as_str(), count(findings.len() as u64, "finding"))
    }
}

/// Whether a waiver silences it.
pub(super) fn is_waived(finding: &Finding) -> bool {
    finding.waived_by.is_some() && !finding.blocks
}

/// Groups in the order of what they do, then of their codes.
fn groups<'a>(findings: &[&'a Seen<'a>]) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<_, Group<'a>> = BTreeMap::new();
    for seen in findings {
        let Finding { code, rule, level, blocks, .. } = seen.finding;
        let rank = match level {
            Level::Hard => 0,
            Level::Blocking => 1,
            Level::Advisory => 2,
        };
        let new = || Group { code, rule, level: *level, findings: Vec::new() };
        groups.entry((!blocks, rank, code, rule)).or_insert_with(new).findings.push(seen);
    }
    groups.into_values().collect()
}

/// All of them: those that block open, the others folded.
pub(super) fn findings(document: &Document, how: Findings, page: &mut Page) -> Result<(), Full> {
    let all = document.findings.iter().enumerate();
    let all: Vec<Seen<'_>> =
        all.map(|(at, finding)| Seen { finding, against_base: against_base::standing(document, at) }).collect();
    let (waived, standing): (Vec<&Seen<'_>>, Vec<&Seen<'_>>) = all.iter().partition(|seen| is_waived(seen.finding));
    let (blocking, advisory): (Vec<&Seen<'_>>, Vec<&Seen<'_>>) = standing.iter().partition(|seen| seen.finding.blocks);
    if !standing.is_empty() {
        page.block("### Findings")?;
    }
    part(document, &blocking, how, page)?;
    if !advisory.is_empty() {
        let summary = format!("Blocking nothing: {}", count(advisory.len() as u64, "finding"));
        page.folded(&summary, |page| part(document, &advisory, how, page))?;
    }
    if !waived.is_empty() {
        let summary = format!("Waived: {}", count(waived.len() as u64, "finding"));
        page.folded(&summary, |page| part(document, &waived, how.max(Findings::Lines), page))?;
    }
    Ok(())
}

fn part(document: &Document, findings: &[&Seen<'_>], how: Findings, page: &mut Page) -> Result<(), Full> {
    let groups = groups(findings);
    if how == Findings::Totals && !groups.is_empty() {
        let total = |level| findings.iter().filter(|seen| seen.finding.level == level).count();
        let (hard, blocking, advisory) = (total(Level::Hard), total(Level::Blocking), total(Level::Advisory));
        let rules = count(groups.len() as u64, "rule");
        let total = count(findings.len() as u64, "finding");
        return page.block(&format!("- {total} of {rules}: {hard} hard, {blocking} blocking, {advisory} advisory"));
    }
    for group in &groups {
        if how == Findings::Counts {
            page.line(&format!("- {} in {}", group.heading(), count(names(group).len() as u64, "role")))?;
            continue;
        }
        page.block(&format!("#### {}", group.heading()))?;
        for seen in &group.findings {
            match how {
                Findings::Whole => whole(document, seen, page)?,
                Findings::Lines => page.line(&line(document, seen, LINE_MAX, true))?,
                Findings::Short => page.line(&line(document, seen, SHORT_MAX, false))?,
                Findings::Names | Findings::Counts | Findings::Totals => {}
            }
        }
        match (how, group.findings.first().map(|seen| seen.finding)) {
            (Findings::Lines, _) => page.push("\n")?,
            (Findings::Short | Findings::Names, Some(first)) => {
                if how == Findings::Names {
                    let names: Vec<String> = names(group).into_iter().map(counted).collect();
                    page.push(&fenced("text", &names.join(", ")))?;
                }
                page.push("\n")?;
                if !is_waived(first) && !first.remedy.is_empty() {
                    page.block(&format!("What to do, for the first: {}", prose(&one_line(&first.remedy, LINE_MAX))))?;
                }
            }
            _ => {}
        }
    }
    if how == Findings::Counts && !groups.is_empty() {
        page.push("\n")?;
    }
    Ok(())
}

/// The roles of a group, each with how many findings it has.
fn names<'a>(group: &Group<'a>) -> BTreeMap<&'a str, usize> {
    let mut names = BTreeMap::new();
    for seen in &group.findings {
        *names.entry(seen.finding.role.as_deref().unwrap_or("(no role)")).or_insert(0) += 1;
    }
    names
}

fn counted((name, times): (&str, usize)) -> String {
    let name = short(name, NAME_MAX);
    if times == 1 { name } else { format!("{name} ×{times}") }
}

/// Text of several lines on one, cut.
fn one_line(text: &str, max: usize) -> String {
    short(&text.split('\n').map(str::trim).collect::<Vec<_>>().join(" "), max)
}

/// Whom it is about.
fn subject(finding: &Finding) -> String {
    finding.role.as_ref().map_or_else(|| "the manifests".to_owned(), |role| code(&short(role, NAME_MAX)))
}

fn at(document: &Document, place: &Place) -> String {
    code(&format!("{}:{}", short(&document.repository_path(&place.path), PATH_MAX), place.line))
}

/// How it stands against the base.
fn against(seen: &Seen<'_>) -> String {
    seen.against_base.map(|words| format!(" ({words})")).unwrap_or_default()
}

fn whole(document: &Document, seen: &Seen<'_>, page: &mut Page) -> Result<(), Full> {
    let finding = seen.finding;
    let Finding { confidence, message, label, place, remedy, .. } = finding;
    let strict = match confidence {
        Confidence::Certain => "",
        Confidence::Strict => " (by the stricter reading of what AWS documents)",
    };
    let where_it_is = place.as_ref().map(|place| format!(" at {}", at(document, place))).unwrap_or_default();
    let against = against(seen);
    page.block(&format!("**In {}**{where_it_is}{against}: {}{strict}", subject(finding), prose(message)))?;
    if let Some(place) = place {
        page.block(fenced("text", &underlined(place, label)).trim_end())?;
    }
    remedy::remedy(remedy, page)
}

/// The line of the manifest, and under it what of it is meant.
fn underlined(place: &Place, label: &str) -> String {
    let Place { path: _, line, column: _, excerpt, underline } = place;
    let part = |from: usize, to: usize| escape(excerpt.get(from..to).unwrap_or_default()).into_owned();
    let (head, marked) = (part(0, underline.start), part(underline.start, underline.end));
    let tail = part(underline.end, excerpt.len());
    let number = line.to_string();
    let blank = |text: &str| " ".repeat(text.chars().count());
    let marks = "^".repeat(marked.chars().count().max(1));
    let under = format!("{} | {}{marks} {}", blank(&number), blank(&head), escape(label));
    format!("{number} | {head}{marked}{tail}\n{}", under.trim_end())
}

/// One finding on one line.
fn line(document: &Document, seen: &Seen<'_>, max: usize, with_remedy: bool) -> String {
    let finding = seen.finding;
    let Finding { message, place, remedy, waived_by, .. } = finding;
    let where_it_is = place.as_ref().map(|place| format!(" at {}", at(document, place))).unwrap_or_default();
    let waiver = match waived_by {
        Some(waiver) if is_waived(finding) => format!(", waived by {}", code(&short(waiver, NAME_MAX))),
        _ => String::new(),
    };
    let against = against(seen);
    let message = prose(&one_line(message, max));
    let mut out = format!("- in {}{where_it_is}{waiver}{against}: {message}", subject(finding));
    if with_remedy && !is_waived(finding) && !remedy.is_empty() {
        out.push_str(&format!(" — what to do: {}", prose(&one_line(remedy, max))));
    }
    out
}
