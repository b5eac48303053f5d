//! Holds a document against the table of its fields, and hands its values on.

use super::fault::{Fault, Faults, Span};
use super::fields::{FieldDoc, Shape};
use super::index::{Content, Entry, Node};
use super::value::{self, Lines, Scalar};

/// A mapping's known fields. What is asked of it was reported already where it is not as it should be.
#[derive(Debug)]
pub(super) struct Fields<'n, 'a> {
    entries: Vec<(&'static FieldDoc, &'n Entry<'a>)>,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// Reports unknown, missing and ill-shaped fields of `node`; `owner` is underlined when one is missing.
    pub(super) fn read(
        node: &'n Node<'a>,
        table: &'static [FieldDoc],
        owner: &Span,
        faults: &mut Faults<'_>,
    ) -> Option<Self> {
        if node.is_null() {
            faults.push(owner, value::null());
            return None;
        }
        let Content::Map(entries) = &node.content else {
            faults.push(&node.span, value::wrong_type(node, "a mapping"));
            return None;
        };
        let mut known = Vec::with_capacity(entries.len());
        for entry in entries {
            match table.iter().find(|field| field.name == entry.key.text) {
                Some(field) => {
                    check(field, entry, faults);
                    known.push((field, entry));
                }
                None if faults.is_full() => {}
                None => faults.push(&entry.key.span, unknown_field(&entry.key.text, table)),
            }
        }
        let fields = Self { entries: known };
        for field in table.iter().filter(|field| field.required) {
            fields.require(field.name, owner, faults);
        }
        Some(fields)
    }

    /// Reports that a field is missing unless something is written for it.
    pub(super) fn require(&self, name: &str, owner: &Span, faults: &mut Faults<'_>) {
        match self.entry(name) {
            None => faults.push(owner, missing(name)),
            Some((_, entry)) if matches!(&entry.value.content, Content::List(items) if items.is_empty()) => {
                faults.push(
                    &entry.value.span,
                    Fault::new(
                        "missing-field",
                        format!("`{name}` is empty"),
                        "nothing in it",
                        "write at least one entry",
                    ),
                );
            }
            Some(_) => {}
        }
    }

    fn entry(&self, name: &str) -> Option<(&'static FieldDoc, &'n Entry<'a>)> {
        self.entries.iter().find(|(field, _)| field.name == name).copied()
    }

    /// All that are written, in the order of the document.
    pub(super) fn written(&self) -> impl Iterator<Item = (&'static FieldDoc, &'n Entry<'a>)> {
        self.entries.iter().copied()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    pub(super) fn node(&self, name: &str) -> Option<&'n Node<'a>> {
        self.entry(name).map(|(_, entry)| &entry.value)
    }

    pub(super) fn scalar(&self, name: &str) -> Option<Scalar<'n>> {
        let (field, entry) = self.entry(name)?;
        value::scalar(&entry.value, lines(field.shape)).ok()
    }

    /// The scalar, turned into a value; what is wrong with it is reported at its place.
    pub(super) fn parse<T>(
        &self,
        name: &str,
        faults: &mut Faults<'_>,
        parse: impl FnOnce(Scalar<'n>) -> Result<T, Fault>,
    ) -> Option<T> {
        let scalar = self.scalar(name)?;
        faults.take(scalar.span, parse(scalar))
    }

    /// A field's text, once it passed a check.
    pub(super) fn text(
        &self,
        name: &str,
        faults: &mut Faults<'_>,
        check: impl FnOnce(&str) -> Result<(), Fault>,
    ) -> Option<String> {
        self.parse(name, faults, |scalar| check(scalar.text).map(|()| scalar.text.to_owned()))
    }

    /// The well-formed entries of a list of texts; an entry that stands there before is reported.
    pub(super) fn list(&self, name: &str, faults: &mut Faults<'_>) -> Vec<Scalar<'n>> {
        let mut entries: Vec<Scalar<'n>> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let Some(Content::List(items)) = self.node(name).map(|node| &node.content) else { return entries };
        for scalar in items.iter().filter_map(|item| value::scalar(item, Lines::One).ok()) {
            if seen.insert(scalar.text) {
                entries.push(scalar);
            } else {
                let problem = format!("stands twice in `{name}`");
                faults.push(
                    scalar.span,
                    value::said("duplicate-value", scalar.text, &problem, "again", "remove one of the two"),
                );
            }
        }
        entries
    }

    /// The well-formed entries of a mapping of texts: the key with its place, and the value.
    pub(super) fn map(&self, name: &str) -> Vec<(Scalar<'n>, Scalar<'n>)> {
        let Some(Content::Map(entries)) = self.node(name).map(|node| &node.content) else { return Vec::new() };
        let pair = |entry: &'n Entry<'_>| {
            let key = Scalar { text: value::key(&entry.key).ok()?, plain: false, span: &entry.key.span };
            Some((key, value::scalar(&entry.value, Lines::One).ok()?))
        };
        entries.iter().filter_map(pair).collect()
    }

    /// The fields of a mapping within this one; they were reported with it.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        let (field, entry) = self.entry(name)?;
        let (Shape::Object(table), Content::Map(entries)) = (field.shape, &entry.value.content) else { return None };
        let known = |entry| Some((table.iter().find(|field| field.name == Entry::name(entry))?, entry));
        Some(Self { entries: entries.iter().filter_map(known).collect() })
    }
}

impl Entry<'_> {
    fn name(&self) -> &str {
        &self.key.text
    }
}

fn lines(shape: Shape) -> Lines {
    match shape {
        Shape::Prose | Shape::Policy => Lines::Many,
        Shape::Text
        | Shape::Word(_)
        | Shape::Duration
        | Shape::Date
        | Shape::Bool
        | Shape::Count(_)
        | Shape::List
        | Shape::Map
        | Shape::Levels
        | Shape::Object(_) => Lines::One,
    }
}

/// Reports whatever is not of the field's shape. Grammar and limits of single values come later.
fn check(field: &FieldDoc, entry: &Entry<'_>, faults: &mut Faults<'_>) {
    let node = &entry.value;
    if node.is_null() {
        faults.push(&node.span, value::null());
        return;
    }
    match (field.shape, &node.content) {
        (
            Shape::Text | Shape::Prose | Shape::Word(_) | Shape::Duration | Shape::Date | Shape::Bool | Shape::Count(_),
            Content::Scalar { .. },
        )
        | (Shape::Policy, Content::Scalar { .. }) => {
            faults.take(&node.span, value::scalar(node, lines(field.shape)));
        }
        (Shape::List, Content::List(items)) => {
            for item in items {
                // An entry that is not written has no place of its own.
                let span = if item.span.is_empty() { &entry.key.span } else { &item.span };
                faults.take(span, value::scalar(item, Lines::One));
            }
        }
        (Shape::Map | Shape::Levels, Content::Map(entries)) => {
            for entry in entries {
                faults.take(&entry.key.span, value::key(&entry.key));
                faults.take(&entry.value.span, value::scalar(&entry.value, Lines::One));
            }
        }
        (Shape::Object(table), Content::Map(_)) => {
            Fields::read(node, table, &entry.key.span, faults);
        }
        // Its inside is read where it is lowered.
        (Shape::Policy, Content::Map(_)) => {}
        (shape, _) => {
            let mut fault = value::wrong_type(node, wanted(shape));
            fault.message =
                format!("`{}` is {}, where {} is expected", value::quoted(&entry.key.text), node.kind(), wanted(shape));
            faults.push(&node.span, fault);
        }
    }
}

fn wanted(shape: Shape) -> &'static str {
    match shape {
        Shape::Text | Shape::Prose => "text",
        Shape::Word(_) => "one word",
        Shape::Duration => "a duration",
        Shape::Date => "a date",
        Shape::Bool => "`true` or `false`",
        Shape::Count(_) => "a whole number",
        Shape::List => "a list",
        Shape::Map | Shape::Levels | Shape::Object(_) => "a mapping",
        Shape::Policy => "a mapping or JSON text",
    }
}

/// Says what is missing.
pub(super) fn missing(name: &str) -> Fault {
    Fault::new(
        "missing-field",
        format!("`{name}` is missing"),
        format!("has no `{name}`"),
        format!("write `{name}` here"),
    )
}

fn unknown_field(written: &str, table: &[FieldDoc]) -> Fault {
    let names = || table.iter().map(|field| field.name);
    unknown("unknown-field", "is not a field here", "unknown field", written, &names().collect::<Vec<_>>())
}

/// The candidate nearest to what was written. Nothing is near to a text that is much longer than any name, and
/// comparing it would cost its length many times over.
pub(super) fn near<'c>(written: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if written.len() > 256 { None } else { crate::domain::text::nearest(written, candidates) }
}

/// Says that a word is unknown, and which known one it is nearest to.
pub(super) fn unknown(kind: &'static str, problem: &str, label: &str, written: &str, known: &[&'static str]) -> Fault {
    let help = match near(written, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")),
    };
    value::said(kind, written, problem, label, &help)
}
