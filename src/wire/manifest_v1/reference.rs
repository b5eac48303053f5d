use std::fmt::Write as _;

use super::fields::{self, FieldDoc, KINDS, Mark, Shape};
use crate::domain::credential::CredentialType;

/// The manifest reference as Markdown: one table for each kind, and one of the Role fields by credential type. The same
/// bytes every time.
#[must_use]
pub fn reference() -> String {
    let mut out = String::new();
    for kind in &KINDS {
        line(&mut out, format_args!("### {}\n\n{}\n", kind.name, kind.doc));
        line(&mut out, format_args!("| field | value | required | meaning |\n|---|---|---|---|"));
        rows(&mut out, "metadata.", kind.metadata);
        rows(&mut out, "spec.", kind.spec);
        line(&mut out, format_args!(""));
    }
    line(&mut out, format_args!("### Role fields by credential type\n"));
    let types = CredentialType::ALL.map(|kind| format!("`{kind}`")).join(" | ");
    line(&mut out, format_args!("| field | {types} |\n|---|---|---|---|---|"));
    for field in fields::role() {
        let cells = field.types.map(cell).join(" | ");
        line(&mut out, format_args!("| `{}` | {cells} |", field.name));
    }
    line(
        &mut out,
        format_args!(
            "\nA field marked “—” is refused for that type. Of those marked “one of”, at least one is required. “By rule” means \
             that a rule asks for it, which a waiver may silence."
        ),
    );
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

fn rows(out: &mut String, prefix: &str, fields: &[FieldDoc]) {
    for field in fields {
        let required = if field.required {
            "yes"
        } else if field.types.contains(&Mark::Never) {
            "by type"
        } else {
            "no"
        };
        line(out, format_args!("| `{prefix}{}` | {} | {required} | {} |", field.name, value(field.shape), field.doc));
        if let Shape::Object(inner) = field.shape {
            rows(out, &format!("{prefix}{}.", field.name), inner);
        }
    }
}

fn value(shape: Shape) -> String {
    match shape {
        Shape::Text | Shape::Prose => "text".to_owned(),
        Shape::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Shape::Duration => "duration".to_owned(),
        Shape::Date => "date".to_owned(),
        Shape::Bool => "`true` or `false`".to_owned(),
        Shape::Count(u32::MAX) => "whole number".to_owned(),
        Shape::Count(max) => format!("0 to {max}"),
        Shape::List => "list of text".to_owned(),
        Shape::Map => "mapping of text to text".to_owned(),
        Shape::Levels => "mapping of rules to `advisory` or `blocking`".to_owned(),
        Shape::Policy => "mapping, or JSON text".to_owned(),
        Shape::Object(_) => "mapping".to_owned(),
    }
}

fn cell(mark: Mark) -> &'static str {
    match mark {
        Mark::Never => "—",
        Mark::May => "allowed",
        Mark::Must => "required",
        Mark::OneOf => "one of",
        Mark::Ruled => "by rule",
    }
}
