//! SHA-256 digests with one text form, and the canonical JSON they are taken over.

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest, written `sha256:<64 hex digits>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(7 + 64);
        text.push_str("sha256:");
        for byte in Sha256::digest(bytes) {
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
        Self(text)
    }

    /// The digest of a JSON value's canonical bytes.
    #[must_use]
    pub fn of_json(value: &Value) -> Self {
        Self::of_bytes(canonical_json(value).as_bytes())
    }

    /// [`of_json`](Self::of_json) of a list, without making the JSON value first. For what is made of lists, texts,
    /// numbers and JSON values alone: the fields of a struct would not be in byte order.
    #[must_use]
    pub fn of_list(list: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(1_024);
        // Neither a Vec nor anything in such a list can fail.
        let _ = serde_json::to_writer(&mut bytes, list);
        Self::of_bytes(&bytes)
    }

    /// Reads the text form back; `None` unless it is exactly `sha256:` and 64 lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        let well_formed = hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 hex digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[7..19]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// JSON without white space and with object keys in byte order: the same value always gives the same bytes.
///
/// `serde_json`'s map is sorted as long as its `preserve_order` feature is off; a test here fails should some
/// dependency ever switch it on.
#[must_use]
pub fn canonical_json(value: &Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_whatever_order_they_were_written_in() {
        let value: Value = serde_json::from_str(r#"{"b":1,"a":{"d":[2,1],"c":null}}"#).expect("valid");
        assert_eq!(canonical_json(&value), r#"{"a":{"c":null,"d":[2,1]},"b":1}"#);
    }

    #[test]
    fn a_list_has_the_digest_of_its_json() {
        let document: Value = serde_json::from_str(r#"{"b":1,"a":"é\n"}"#).expect("valid");
        let list = ("create", None::<&str>, vec![("x", &document)]);
        let json = serde_json::json!(["create", null, [["x", {"a": "é\n", "b": 1}]]]);
        assert_eq!(Digest::of_list(&list), Digest::of_json(&json));
    }

    #[test]
    fn the_text_form_reads_back_and_nothing_else_does() {
        let digest = Digest::of_bytes(b"");
        assert_eq!(digest.as_str(), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(Digest::parse(digest.as_str()), Some(digest.clone()));
        assert_eq!(Digest::parse(&digest.as_str().to_uppercase()), None);
        assert_eq!(Digest::parse("sha256:00"), None);
    }
}
