use std::io::{self, Write};

use super::ink::Ink;
use crate::domain::text::{escape, escape_lines};
use crate::output::Style;
use crate::output::inert::Inert;

/// One rule, as a table shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleLine<'a> {
    /// Stable code.
    pub code: &'a str,
    /// Stable kebab name.
    pub name: &'a str,
    /// `advisory`, `blocking` or `hard`.
    pub level: &'a str,
    /// What it says, in a few words.
    pub summary: &'a str,
}

/// Writes a table of rules in the order given.
pub fn rules(rules: &[RuleLine<'_>], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let out = &mut Inert::new(out);
    let width = |field: fn(&RuleLine<'_>) -> usize| rules.iter().map(field).max().unwrap_or(0);
    let (code_width, name_width) = (width(|rule| rule.code.len()), width(|rule| rule.name.len()));
    for RuleLine { code, name, level, summary } in rules {
        let ink = if *level == "advisory" { Ink::Yellow } else { Ink::Red };
        let (code, name, level) = (escape(code), escape(name), escape(level));
        let lead = format!("{code:code_width$}  {name:name_width$}  {level:8}  ");
        let text = style.sentences(0, &lead, summary);
        let painted = format!(
            "{}  {name:name_width$}  {}  ",
            style.ink(Ink::Bold, &format!("{code:code_width$}")),
            style.ink(ink, &format!("{level:8}"))
        );
        write!(out, "{painted}{}", text.strip_prefix(&lead).unwrap_or(&text))?;
    }
    Ok(())
}

/// Writes a rule's page, which is Markdown that reads well as it is.
pub fn rule_page(page: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", escape_lines(page.trim_end()))
}
