//! Our keys below a bucket's prefix, and lists of them.

use crate::ports::check_key;

/// What S3 calls the object of one of our keys.
pub(super) fn full(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}/{key}") }
}

/// One list in the making, page by page.
pub(super) struct Listing<'a> {
    root: String,
    wanted: &'a str,
    end: Option<&'a str>,
    last: Option<String>,
    keys: Vec<String>,
}

impl<'a> Listing<'a> {
    /// Keys that begin with `wanted` and sort before `end`, below the bucket's `prefix`.
    pub(super) fn new(prefix: &str, wanted: &'a str, end: Option<&'a str>) -> Self {
        Self { root: full(prefix, ""), wanted, end, last: None, keys: Vec::new() }
    }

    /// What S3 is asked for.
    pub(super) fn prefix(&self) -> String {
        format!("{}{}", self.root, self.wanted)
    }

    /// Whether no key can be in it: all that begin with `wanted` sort at or after the end.
    pub(super) fn is_empty(&self) -> bool {
        self.end.is_some_and(|end| end <= self.wanted)
    }

    /// Takes the next key of a page; the error completes "the list …". Answers whether keys after it are wanted.
    ///
    /// Keys must come in the order of their bytes, which S3 promises for general purpose buckets: otherwise a list up to a
    /// key could leave out what it should hold.
    pub(super) fn take(&mut self, full: &str) -> Result<bool, String> {
        let shown = || crate::domain::text::short(full, 200);
        if self.last.as_deref().is_some_and(|last| last >= full) {
            return Err(format!("is not in order at `{}`", shown()));
        }
        self.last = Some(full.to_owned());
        let Some(key) = full.strip_prefix(&self.root).filter(|key| key.starts_with(self.wanted)) else {
            return Err(format!("holds `{}`, which was not asked for", shown()));
        };
        if self.end.is_some_and(|end| key >= end) {
            return Ok(false);
        }
        // An object that stands for an empty folder, as the console and other tools make them.
        if key.is_empty() || key.ends_with('/') {
            return Ok(true);
        }
        if let Err(why) = check_key(key) {
            return Err(format!("holds `{}`, which is not the name of an object of ours: it {why}", shown()));
        }
        self.keys.push(key.to_owned());
        Ok(true)
    }

    pub(super) fn into_keys(self) -> Vec<String> {
        self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_below_the_prefix() {
        assert_eq!(full("", "head.json"), "head.json");
        assert_eq!(full("team/prod", "lease/1.json"), "team/prod/lease/1.json");
        assert_eq!(Listing::new("team", "lease/", None).prefix(), "team/lease/");
        assert_eq!(Listing::new("", "", None).prefix(), "");
    }

    #[test]
    fn a_list_is_ordered_asked_for_and_ours() {
        let mut list = Listing::new("p", "due/", Some("due/3"));
        assert_eq!(list.take("p/due/"), Ok(true), "a folder that the console made");
        assert_eq!(list.take("p/due/1"), Ok(true));
        assert!(list.take("p/due/1").expect_err("twice").contains("not in order"));
        assert!(list.take("p/head.json").expect_err("elsewhere").contains("not asked for"));
        assert_eq!(list.take("p/head.jsonx").map_err(|error| error.contains("not asked for")), Err(true));
        let mut list = Listing::new("p", "due/", Some("due/3"));
        assert_eq!((list.take("p/due/2"), list.take("p/due/3")), (Ok(true), Ok(false)));
        assert_eq!(list.into_keys(), ["due/2"]);
        let foreign = Listing::new("p", "", None).take("p/a b\u{1b}[31m").expect_err("foreign");
        assert!(foreign.contains("not the name of an object") && !foreign.contains('\u{1b}'), "{foreign}");
    }

    #[test]
    fn a_list_that_ends_before_it_begins_is_not_asked_for() {
        for (end, empty) in [("due/", true), ("a", true), ("due/1", false), ("due/\u{0}", false), ("e", false)] {
            assert_eq!(Listing::new("p", "due/", Some(end)).is_empty(), empty, "{end}");
        }
    }
}
