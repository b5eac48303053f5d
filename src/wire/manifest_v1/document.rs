use super::fault::{Fault, Faults, Span};
use super::fields::{KINDS, KindDoc};
use super::index::{Content, Document, Entry, Node};
use super::shape::{Fields, missing, unknown};
use super::value::{self, Lines};
use crate::domain::ident::Name;

/// The only version of the manifest form.
pub(super) const API_VERSION: &str = "leasehold/v1";

const TOP: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// A document whose kind is known, its parts held against that kind's fields.
#[derive(Debug)]
pub(super) struct Header<'n, 'a> {
    pub(super) doc: &'static KindDoc,
    /// Where `kind` was written: it stands for the whole document.
    pub(super) kind: Span,
    pub(super) name: Option<Name>,
    pub(super) metadata: Option<Fields<'n, 'a>>,
    /// Where the key `spec` stands.
    pub(super) spec_key: Span,
    pub(super) spec: Option<Fields<'n, 'a>>,
}

/// First step of reading a document: which kind it is. Everything it says is then read as that kind and no other.
pub(super) fn header<'n, 'a>(document: &'n Document<'a>, faults: &mut Faults<'_>) -> Option<Header<'n, 'a>> {
    let root = &document.root;
    let Content::Map(entries) = &root.content else {
        faults.push(&root.span, value::wrong_type(root, "a mapping"));
        return None;
    };
    let Some(first) = entries.first() else {
        faults.push(&root.span, missing("kind"));
        return None;
    };
    let get = |name: &str| entries.iter().find(|entry| entry.key.text == name);

    let version = get("apiVersion").map(|entry| read_version(&entry.value, faults));
    let kind = get("kind").map(|entry| (entry, read_kind(&entry.value, faults)));
    // Without these two, what the rest should look like is a guess.
    let owner = kind.as_ref().map_or(&first.key.span, |(entry, _)| &entry.value.span);
    if version.is_none() {
        faults.push(owner, Fault { help: format!("write `apiVersion: {API_VERSION}`"), ..missing("apiVersion") });
    }
    if kind.is_none() {
        faults.push(&first.key.span, missing("kind"));
    }
    let (Some(true), Some((kind, Some(doc)))) = (version, kind) else { return None };

    for entry in entries.iter().filter(|entry| !TOP.contains(&&*entry.key.text)) {
        faults.push(
            &entry.key.span,
            unknown("unknown-field", "is not a field here", "unknown field", &entry.key.text, &TOP),
        );
    }
    let kind = kind.value.span.clone();
    let mut part = |name: &str, table| match get(name) {
        Some(entry) => Fields::read(&entry.value, table, &entry.key.span, faults),
        None => {
            faults.push(&kind, missing(name));
            None
        }
    };
    let (metadata, spec) = (part("metadata", doc.metadata), part("spec", doc.spec));
    let name = metadata.as_ref().and_then(|fields| fields.parse("name", faults, |scalar| name(scalar.text)));
    let spec_key = get("spec").map_or_else(|| kind.clone(), |entry: &Entry<'_>| entry.key.span.clone());
    Some(Header { doc, kind, name, metadata, spec_key, spec })
}

/// A name, or what is wrong with it.
pub(super) fn name(text: &str) -> Result<Name, Fault> {
    Name::parse(text).map_err(|error| value::ident("bad-name", text, &error))
}

fn read_version(node: &Node<'_>, faults: &mut Faults<'_>) -> bool {
    let version = value::scalar(node, Lines::One).and_then(|scalar| match scalar.text {
        API_VERSION => Ok(()),
        other => Err(value::said(
            "unknown-api-version",
            other,
            "is not a version that is read here",
            "unknown version",
            &format!("write `{API_VERSION}`"),
        )),
    });
    faults.take(&node.span, version).is_some()
}

fn read_kind(node: &Node<'_>, faults: &mut Faults<'_>) -> Option<&'static KindDoc> {
    let doc = value::scalar(node, Lines::One).and_then(|scalar| {
        KINDS.iter().find(|kind| kind.name == scalar.text).ok_or_else(|| {
            unknown(
                "unknown-kind",
                "is not a kind of document",
                "unknown kind",
                scalar.text,
                &KINDS.each_ref().map(|kind| kind.name),
            )
        })
    });
    faults.take(&node.span, doc)
}
