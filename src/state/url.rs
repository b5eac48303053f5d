//! `--state URL`.

use std::path::PathBuf;

use thiserror::Error;

use super::bucket_url::{self, BucketUrl};
use crate::domain::text;

/// Where the state is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateUrl {
    /// A folder of this machine, for [`super::FileStore`].
    File(PathBuf),
    /// A bucket, for the store in `aws`.
    Bucket(BucketUrl),
}

/// A text that names no place for the state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct StateUrlError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// The schemes that mean something here.
const SCHEMES: [&str; 2] = ["file", "s3"];

const FORMS: &str = "write `s3://bucket/prefix`, `file:///absolute/folder`, `file://./relative/folder` or a plain path";

/// Reads `s3://bucket/prefix?option=value`, `file:///absolute`, `file://./relative`, `file://../relative` or a plain path.
/// A URL is taken literally: there is no percent-decoding, and `%` and `#` are refused, as is `?` after `file:`, because other programs would read
/// them differently.
pub fn parse_url(input: &str) -> Result<StateUrl, StateUrlError> {
    if input.trim().is_empty() {
        return no("the state's place is empty".to_owned(), FORMS);
    }
    // What stands before an `@` in a URL may be somebody's secret key.
    let shown =
        if input.contains("://") && input.contains('@') { "the URL".to_owned() } else { text::short(input, 200) };
    if input.chars().any(text::is_unsafe) {
        return no(format!("`{shown}` holds control or invisible characters"), FORMS);
    }
    let Some((scheme, rest)) = split_scheme(input) else {
        if input == "~" || input.starts_with("~/") {
            return no(
                format!("`{shown}` begins with `~`, which only a shell turns into the home folder"),
                "write the whole path, or `$HOME/…` where a shell reads it",
            );
        }
        return Ok(StateUrl::File(PathBuf::from(input)));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "file" => file(&shown, rest),
        "s3" => bucket_url::parse(rest).map(StateUrl::Bucket),
        other => match text::nearest(other, SCHEMES) {
            Some(near) => {
                no(format!("`{shown}`: there is no scheme `{other}`"), &format!("did you mean `{near}://`? {FORMS}"))
            }
            None => no(format!("`{shown}`: state cannot be kept at `{other}://`"), FORMS),
        },
    }
}

pub(super) fn no<T>(message: String, help: &str) -> Result<T, StateUrlError> {
    Err(StateUrlError { message, help: help.to_owned() })
}

/// `scheme:rest`, where the scheme is a word of at least two letters before any slash. `./a:b` is a plain path.
fn split_scheme(input: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = input.split_once(':')?;
    let word = scheme.len() >= 2
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    (word && (rest.starts_with('/') || SCHEMES.contains(&scheme.to_ascii_lowercase().as_str())))
        .then_some((scheme, rest))
}

fn file(shown: &str, rest: &str) -> Result<StateUrl, StateUrlError> {
    let Some(path) = rest.strip_prefix("//") else {
        return no(format!("`{shown}` lacks the two slashes after `file:`"), FORMS);
    };
    if path.is_empty() {
        return no(format!("`{shown}` names no folder"), FORMS);
    }
    if let Some(odd) = path.chars().find(|c| matches!(c, '%' | '?' | '#')) {
        return no(
            format!("`{shown}` holds `{odd}`, which means different things to different readers of URLs"),
            "write it as a plain path, without `file://`",
        );
    }
    let relative = path == "." || path == ".." || path.starts_with("./") || path.starts_with("../");
    if path.starts_with('/') || relative {
        return Ok(StateUrl::File(PathBuf::from(path)));
    }
    no(
        format!("`{shown}` names a host where the folder should begin"),
        &format!("did you mean `file://./{path}` or `file:///{path}`?"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(input: &str) -> PathBuf {
        match parse_url(input).expect(input) {
            StateUrl::File(path) => path,
            StateUrl::Bucket(_) => panic!("{input} is a folder"),
        }
    }

    fn error(input: &str) -> StateUrlError {
        parse_url(input).expect_err(input)
    }

    #[test]
    fn urls_and_plain_paths_name_folders() {
        assert_eq!(path("file:///var/lib/leasehold"), PathBuf::from("/var/lib/leasehold"));
        assert_eq!(path("FILE:///x"), PathBuf::from("/x"));
        assert_eq!(path("file://./state"), PathBuf::from("./state"));
        assert_eq!(path("file://../state"), PathBuf::from("../state"));
        assert_eq!(path(".leasehold"), PathBuf::from(".leasehold"));
        assert_eq!(path("/a b/100%"), PathBuf::from("/a b/100%"));
        assert_eq!(path("./odd:name"), PathBuf::from("./odd:name"));
        assert_eq!(path("odd:name"), PathBuf::from("odd:name"));
    }

    #[test]
    fn a_host_a_missing_slash_and_odd_characters_are_explained() {
        assert_eq!(error("file://state").help, "did you mean `file://./state` or `file:///state`?");
        assert!(error("file:/x").message.contains("two slashes"));
        assert!(error("file://").message.contains("names no folder"));
        assert!(error("file:///a%20b").help.contains("plain path"));
        assert!(error("").message.contains("empty"));
        assert!(error("~/state").help.contains("$HOME"));
        assert!(!error("file:///a\u{1b}[31m").message.contains('\u{1b}'));
    }

    #[test]
    fn other_schemes_are_refused_with_the_nearest_one() {
        assert!(matches!(parse_url("S3://bucket/prefix"), Ok(StateUrl::Bucket(_))));
        assert!(!error("s3://key:hunter2@bucket\u{200b}").message.contains("hunter2"));
        assert!(error("fiel:///x").help.contains("did you mean `file://`?"));
        assert!(error("https://example.com/x").message.contains("cannot be kept at `https://`"));
    }
}
