//! Entity tags.

use crate::ports::Version;

/// Longest tag that is believed, in bytes; those of S3 have at most forty.
const LONGEST: usize = 128;

/// The tag that an answer came with; `None` for one that cannot be compared by: weak, unquoted, or not there.
pub(super) fn version(tag: Option<&str>) -> Option<Version> {
    let tag = tag?;
    is_strong(tag).then(|| Version(tag.to_owned()))
}

/// Whether a version is one that some object here could have. Nothing else may go into `If-Match`: `*` there would match
/// whatever is present.
pub(super) fn is_strong(tag: &str) -> bool {
    let inner = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    tag.len() <= LONGEST
        && inner.is_some_and(|inner| !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_graphic() && b != b'"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strong_tags_are_versions() {
        for good in ["\"9bb58f26192e4ba00f01e2e7b136bbd8\"", "\"d41d8cd98f00b204e9800998ecf8427e-2\""] {
            assert_eq!(version(Some(good)), Some(Version(good.to_owned())));
        }
        let long = format!("\"{}\"", "a".repeat(LONGEST));
        for bad in ["", "*", "\"", "\"\"", "abc", "W/\"abc\"", "\"a\"b\"", "\"a b\"", "\"a\n\"", "\"a\", \"b\"", &long]
        {
            assert_eq!(version(Some(bad)), None, "{bad:?}");
        }
        assert_eq!(version(None), None);
    }
}
