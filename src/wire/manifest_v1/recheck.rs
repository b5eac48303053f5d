use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, MergeKeyPolicy, Options};

use super::fault::{Fault, Faults, Span};
use super::index::{self, Content, Document, Node, is_null};

/// The one set of options under which YAML is read here: nothing is guessed, nothing is expanded.
pub(super) fn strict() -> Options {
    serde_yaml::options! {
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
        budget: serde_yaml::budget! {
            max_aliases: 0,
            max_anchors: 0,
            // The index counts containers only; one level is spare so that its clearer error comes first.
            max_depth: index::DEPTH_MAX + 1,
            max_documents: 1,
            max_nodes: index::NODES_MAX,
            max_events: 3 * index::NODES_MAX,
        },
    }
}

/// Reads the document again through serde_yaml, step by step along the index, and refuses it unless both read the same.
///
/// The index has the places, serde_yaml has the strict reading; a difference between the two would be a manifest that
/// is reviewed as one thing and applied as another.
pub(super) fn recheck(document: &Document<'_>, faults: &mut Faults<'_>) {
    let slice = &faults.text()[document.slice.clone()];
    let result =
        serde_yaml::with_deserializer_from_str_with_options(slice, strict(), |de| Same(&document.root).deserialize(de));
    if let Err(error) = result {
        let span = error.location().and_then(|location| {
            let start = document.slice.start + usize::try_from(location.span().byte_offset()?).ok()?;
            let length = usize::try_from(location.span().byte_len().unwrap_or(0)).ok()?;
            Some(start..start + length)
        });
        let span: Span = span.unwrap_or_else(|| document.root.span.clone());
        faults.push(
            &span,
            Fault::new(
                "yaml",
                format!("this is not strict YAML: {error}"),
                "refused here",
                "write it plainly, with quotes around text that could be something else",
            ),
        );
    }
}

struct Same<'n, 'a>(&'n Node<'a>);

impl<'de> DeserializeSeed<'de> for Same<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match &self.0.content {
            Content::Scalar { text, plain: true } if is_null(text) => deserializer.deserialize_unit(self),
            Content::Scalar { .. } => deserializer.deserialize_str(self),
            Content::List(_) => deserializer.deserialize_seq(self),
            Content::Map(_) => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Same<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.kind())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, read: &str) -> Result<(), E> {
        match &self.0.content {
            Content::Scalar { text, .. } if text == read => Ok(()),
            _ => Err(E::custom("this value can be read in two ways")),
        }
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        let Content::List(items) = &self.0.content else { return Err(S::Error::custom("this is not a list")) };
        for item in items {
            seq.next_element_seed(Same(item))?.ok_or_else(|| S::Error::custom("this list can be read in two ways"))?;
        }
        match seq.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(S::Error::custom("this list can be read in two ways")),
        }
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let Content::Map(entries) = &self.0.content else { return Err(M::Error::custom("this is not a mapping")) };
        for entry in entries {
            match map.next_key::<String>()? {
                Some(key) if key == entry.key.text => map.next_value_seed(Same(&entry.value))?,
                _ => return Err(M::Error::custom("this mapping can be read in two ways")),
            }
        }
        match map.next_key::<String>()? {
            None => Ok(()),
            Some(_) => Err(M::Error::custom("this mapping can be read in two ways")),
        }
    }
}
