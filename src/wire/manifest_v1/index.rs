use std::borrow::Cow;
use std::collections::BTreeSet;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::fault::{Fault, Faults, Span};

/// Levels of nesting a manifest may have; a policy document, the deepest thing in one, needs about ten.
pub(super) const DEPTH_MAX: usize = 32;
/// Documents in one file.
pub(super) const DOCUMENTS_MAX: usize = 10_000;
/// Scalars, lists and mappings in one file.
pub(super) const NODES_MAX: usize = 300_000;

/// One YAML document and the bytes it was read from.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) root: Node<'a>,
    /// From the document's marker to the next one's.
    pub(super) slice: Span,
}

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) content: Content<'a>,
    pub(super) span: Span,
}

#[derive(Debug)]
pub(super) enum Content<'a> {
    Scalar {
        text: Cow<'a, str>,
        /// Neither quoted nor a block: only then can it be a null, a boolean or a number.
        plain: bool,
    },
    List(Vec<Node<'a>>),
    Map(Vec<Entry<'a>>),
}

#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) key: Key<'a>,
    pub(super) value: Node<'a>,
}

#[derive(Debug)]
pub(super) struct Key<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) span: Span,
}

impl Node<'_> {
    /// YAML's null: nothing at all, `~` or `null`, unquoted.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain: true } if is_null(text))
    }

    /// A list or a mapping without entries, or a null.
    pub(super) fn is_empty(&self) -> bool {
        match &self.content {
            Content::Scalar { .. } => self.is_null(),
            Content::List(items) => items.is_empty(),
            Content::Map(entries) => entries.is_empty(),
        }
    }

    /// What it is, for an error that wanted something else.
    pub(super) fn kind(&self) -> &'static str {
        match &self.content {
            _ if self.is_null() => "null",
            Content::Scalar { .. } => "a single value",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        }
    }
}

pub(super) fn is_null(plain: &str) -> bool {
    matches!(plain, "" | "~" | "null" | "Null" | "NULL")
}

/// Reads a file into its documents. Duplicate keys are reported and the first one kept; anything else that is refused
/// ends the file: nothing after it can be trusted to mean what it seems to mean.
pub(super) fn documents<'a>(faults: &mut Faults<'a>) -> Option<Vec<Document<'a>>> {
    let text = faults.text();
    if let Some((at, c)) = text.char_indices().find(|(at, c)| is_refused(text, *at, *c)) {
        faults.push(&(at..at + c.len_utf8()), super::value::unsafe_character(c));
        return None;
    }
    let mut builder = Builder::default();
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        flow_nesting_limit: DEPTH_MAX,
        block_nesting_limit: DEPTH_MAX,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        let result = match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or_default();
                builder.event(event, range.clone(), faults).map_err(|fault| (range, fault))
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
                Err((at..next_boundary(text, at), syntax(&error)))
            }
        };
        if let Err((span, fault)) = result {
            faults.push(&span, fault);
            return None;
        }
    }
    let mut documents = builder.documents;
    for at in 0..documents.len() {
        documents[at].slice.end = documents.get(at + 1).map_or(text.len(), |next| next.slice.start);
    }
    // `---` with nothing behind it says nothing, like a file of comments.
    documents.retain(|document| !(document.root.is_null() && document.root.span.is_empty()));
    Some(documents)
}

/// Characters that end or reorder lines for some readers and not for others, or are not text at all. Escaped ones in
/// quoted scalars are found later, where the field is known.
fn is_refused(text: &str, at: usize, c: char) -> bool {
    match c {
        '\t' | '\n' => false,
        '\r' => !text[at + 1..].starts_with('\n'),
        '\u{FEFF}' => at != 0,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        _ => c.is_control(),
    }
}

fn next_boundary(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(at, |c| at + c.len_utf8())
}

fn syntax(error: &granit_parser::ScanError) -> Fault {
    use granit_parser::ErrorKind;
    match error.kind() {
        ErrorKind::DirectiveDisallowed => Fault::new(
            "yaml",
            "YAML directives are not read in manifests",
            "a directive",
            "remove the line that begins with `%`",
        ),
        ErrorKind::RecursionLimitExceeded => too_deep(),
        _ => Fault::new(
            "yaml",
            format!("this is not valid YAML: {}", error.info()),
            "reading stopped here",
            "mend the syntax; the rest of this file was not read",
        ),
    }
}

fn too_deep() -> Fault {
    Fault::new(
        "too-deep",
        format!("this is nested more than {DEPTH_MAX} levels deep"),
        "one level too many",
        "no field of a manifest needs such depth; the rest of this file was not read",
    )
}

enum Frame<'a> {
    List {
        start: usize,
        flow: bool,
        items: Vec<Node<'a>>,
    },
    Map {
        start: usize,
        flow: bool,
        entries: Vec<Entry<'a>>,
        key: Option<Key<'a>>,
        seen: BTreeSet<Cow<'a, str>>,
        skip: bool,
    },
}

#[derive(Default)]
struct Builder<'a> {
    documents: Vec<Document<'a>>,
    document_start: usize,
    stack: Vec<Frame<'a>>,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn event(&mut self, event: Event<'a>, span: Span, faults: &mut Faults<'a>) -> Result<(), Fault> {
        match event {
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(..) => {
                self.document_start = span.start;
                if self.documents.len() >= DOCUMENTS_MAX {
                    return Err(too_large(&format!("more than {DOCUMENTS_MAX} documents")));
                }
                Ok(())
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) | Event::Anchor(..) => Err(alias()),
            Event::Scalar(text, style, anchor, tag) => {
                self.node(anchor, tag.is_some())?;
                self.scalar(text, style == ScalarStyle::Plain, span, faults)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.container(anchor, tag.is_some())?;
                self.stack.push(Frame::List {
                    start: span.start,
                    flow: style == StructureStyle::Flow,
                    items: Vec::new(),
                });
                Ok(())
            }
            Event::MappingStart(style, anchor, tag) => {
                self.container(anchor, tag.is_some())?;
                self.stack.push(Frame::Map {
                    start: span.start,
                    flow: style == StructureStyle::Flow,
                    entries: Vec::new(),
                    key: None,
                    seen: BTreeSet::new(),
                    skip: false,
                });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.close(&span);
                Ok(())
            }
            // The tokenizer may learn new events; what is not understood is not skipped.
            _ => Err(Fault::new(
                "yaml",
                "this is YAML of a kind that manifests do not use",
                "not understood",
                "write it plainly",
            )),
        }
    }

    fn node(&mut self, anchor: usize, tagged: bool) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(too_large(&format!("more than {NODES_MAX} values")));
        }
        if anchor != 0 {
            return Err(alias());
        }
        if tagged {
            return Err(Fault::new(
                "tag",
                "YAML tags are not read in manifests",
                "has a tag",
                "remove the word that begins with `!`; every field already knows its type",
            ));
        }
        Ok(())
    }

    fn container(&mut self, anchor: usize, tagged: bool) -> Result<(), Fault> {
        self.node(anchor, tagged)?;
        if matches!(self.stack.last(), Some(Frame::Map { key: None, .. })) {
            return Err(Fault::new(
                "wrong-type",
                "a key is a list or a mapping; every key here is text",
                "used as a key",
                "write `name: value`",
            ));
        }
        if self.stack.len() >= DEPTH_MAX {
            return Err(too_deep());
        }
        Ok(())
    }

    fn scalar(&mut self, text: Cow<'a, str>, plain: bool, span: Span, faults: &mut Faults<'a>) -> Result<(), Fault> {
        let Some(Frame::Map { key: key @ None, seen, skip, entries, .. }) = self.stack.last_mut() else {
            self.add(Node { content: Content::Scalar { text, plain }, span });
            return Ok(());
        };
        if plain && text == "<<" {
            return Err(Fault::new(
                "merge-key",
                "merge keys are not read in manifests",
                "a merge key",
                "write the fields out where they are needed",
            ));
        }
        if plain && is_null(&text) {
            return Err(Fault::new("null-value", "a key is null", "no name here", "write `name: value`"));
        }
        *skip = !seen.insert(text.clone());
        if *skip && !faults.is_full() {
            let first = entries.iter().find(|entry| entry.key.text == text).map(|entry| faults.place(&entry.key.span));
            let line = first.map_or(0, |place| place.line_column().0);
            faults.push(
                &span,
                Fault::new(
                    "duplicate-key",
                    format!("`{}` stands twice in one mapping, first on line {line}", super::value::quoted(&text)),
                    "again",
                    "keep one of the two",
                ),
            );
        }
        *key = Some(Key { text, span });
        Ok(())
    }

    fn close(&mut self, end: &Span) {
        let node = match self.stack.pop() {
            Some(Frame::List { start, flow, items }) => {
                let stop = if flow { end.end } else { items.last().map_or(start, |item| item.span.end) };
                Node { content: Content::List(items), span: start..stop.max(start) }
            }
            Some(Frame::Map { start, flow, entries, .. }) => {
                let stop = if flow { end.end } else { entries.last().map_or(start, |entry| entry.value.span.end) };
                Node { content: Content::Map(entries), span: start..stop.max(start) }
            }
            None => return,
        };
        self.add(node);
    }

    fn add(&mut self, mut node: Node<'a>) {
        match self.stack.last_mut() {
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { entries, key, skip, .. }) => {
                if let Some(key) = key.take()
                    && !*skip
                {
                    // A value that is not written has no place of its own.
                    if node.span.is_empty() {
                        node.span = key.span.clone();
                    }
                    entries.push(Entry { key, value: node });
                }
            }
            None => self.documents.push(Document { root: node, slice: self.document_start..self.document_start }),
        }
    }
}

fn alias() -> Fault {
    Fault::new(
        "alias",
        "YAML anchors and aliases are not read in manifests",
        "an anchor or an alias",
        "write the value out where it is needed, so that a review sees it there",
    )
}

fn too_large(what: &str) -> Fault {
    Fault::new("too-large", format!("this file holds {what}"), "one too many", "split the file")
}
