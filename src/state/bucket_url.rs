//! `s3://bucket/prefix?option=value`.

use super::url::{StateUrlError, no};
use crate::domain::text;
use crate::ports::check_key;

/// Where in S3 the state is, and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketUrl {
    /// A general purpose bucket.
    pub bucket: String,
    /// What every key begins with, without slashes at either end; empty for the whole bucket.
    pub prefix: String,
    /// `region`: the bucket's.
    pub region: Option<String>,
    /// `endpoint`: an `http://` or `https://` URL that replaces S3's own.
    pub endpoint: Option<String>,
    /// `kms_key_id`: a KMS key's id, alias or ARN.
    pub kms_key_id: Option<String>,
    /// `bucket_owner`: twelve digits.
    pub bucket_owner: Option<String>,
}

const FORM: &str = "write `s3://bucket/prefix`, and after a `?` what is needed of region=…, kms_key_id=…, bucket_owner=… and \
                    endpoint=…, with `&` between them";

/// What may follow the `?`.
const OPTIONS: [&str; 4] = ["region", "endpoint", "kms_key_id", "bucket_owner"];

/// S3 allows keys of 1,024 bytes, ours have up to 512, and a slash stands between.
const PREFIX_MAX: usize = 500;

/// Reads what follows `s3:`.
pub(super) fn parse(rest: &str) -> Result<BucketUrl, StateUrlError> {
    let Some(rest) = rest.strip_prefix("//") else {
        return no("the URL of the state lacks the two slashes after `s3:`".to_owned(), FORM);
    };
    // Before anything is shown: what stands before an `@` may be somebody's secret key.
    if rest.contains('@') {
        return no(
            "the URL of the state holds an `@`, as if credentials stood in it".to_owned(),
            "leave them out: they come from the environment or a profile, as for every AWS tool, and URLs end up in logs",
        );
    }
    let shown = text::short(rest, 200);
    if let Some(odd) = rest.chars().find(|c| matches!(c, '%' | '#' | '+') || !c.is_ascii_graphic()) {
        return no(format!("`s3://{shown}` holds `{odd}`, which is not taken here: nothing is percent-decoded"), FORM);
    }
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    if let Err(why) = check_bucket(bucket) {
        return no(format!("`s3://{shown}`: the bucket {why}"), FORM);
    }
    if prefix.len() > PREFIX_MAX {
        return no(format!("`s3://{shown}`: the prefix is longer than {PREFIX_MAX} bytes"), FORM);
    }
    if !prefix.is_empty()
        && let Err(why) = check_key(prefix)
    {
        return no(format!("`s3://{shown}`: the prefix {why}"), FORM);
    }
    let mut url = BucketUrl {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        region: None,
        endpoint: None,
        kms_key_id: None,
        bucket_owner: None,
    };
    query.into_iter().flat_map(|query| query.split('&')).try_for_each(|option| set(&mut url, option))?;
    Ok(url)
}

fn set(url: &mut BucketUrl, option: &str) -> Result<(), StateUrlError> {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let BucketUrl { bucket: _, prefix: _, region, endpoint, kms_key_id, bucket_owner } = url;
    let (field, is_good, form): (_, fn(&str) -> bool, _) = match name {
        "region" => (region, is_region, "the name of a region, such as `eu-central-1`"),
        "endpoint" => (endpoint, is_endpoint, "an `https://` or `http://` URL without a query"),
        "kms_key_id" => (kms_key_id, is_kms_key, "a KMS key's id, `alias/…` or ARN"),
        "bucket_owner" => (bucket_owner, is_account, "an account's twelve digits"),
        other => {
            let other = text::short(other, 60);
            let help = match text::nearest(&other, OPTIONS) {
                Some(near) => format!("did you mean `{near}`? {FORM}"),
                None => FORM.to_owned(),
            };
            return no(format!("the URL of the state has an option `{other}`, which there is not"), &help);
        }
    };
    if field.is_some() {
        return no(format!("the URL of the state says `{name}` twice"), FORM);
    }
    if !is_good(value) {
        return no(format!("`{name}={}` in the URL of the state is not {form}", text::short(value, 100)), FORM);
    }
    *field = Some(value.to_owned());
    Ok(())
}

/// The error completes "the bucket …". The rules for names of general purpose buckets, in the user guide's "bucket naming
/// rules"; other kinds of bucket, and access points, do not promise what a state needs.
fn check_bucket(name: &str) -> Result<(), String> {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if !(3..=63).contains(&name.len()) {
        return Err("has not between 3 and 63 characters".to_owned());
    }
    if !name.bytes().all(|b| word(b) || matches!(b, b'-' | b'.')) {
        return Err("has a character other than lower-case letters, digits, `-` and `.`".to_owned());
    }
    if !(name.starts_with(|c: char| word(c as u8)) && name.ends_with(|c: char| word(c as u8))) || name.contains("..") {
        return Err("does not begin and end with a letter or digit, or has two dots in a row".to_owned());
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err("has the form of an IP address".to_owned());
    }
    if name.ends_with("--x-s3") {
        return Err(
            "is a directory bucket, which does not list its keys in order: take a general purpose bucket".to_owned()
        );
    }
    if let Some(end) = ["-s3alias", "--ol-s3", ".mrap", "--table-s3"].into_iter().find(|end| name.ends_with(end)) {
        return Err(format!("ends with `{end}`, so it is no general purpose bucket"));
    }
    Ok(())
}

fn is_region(value: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=32).contains(&value.len()) && value.bytes().all(word) && !value.starts_with('-') && !value.ends_with('-')
}

/// The adapter looks closer; here it is told apart from what cannot be one.
fn is_endpoint(value: &str) -> bool {
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains('?'))
}

fn is_kms_key(value: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b"-_/:".contains(&b);
    (1..=2_048).contains(&value.len()) && value.bytes().all(word)
}

fn is_account(value: &str) -> bool {
    value.len() == 12 && value.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> BucketUrl {
        parse(text.strip_prefix("s3:").expect("s3")).expect(text)
    }

    fn error(text: &str) -> StateUrlError {
        parse(text.strip_prefix("s3:").expect("s3")).expect_err(text)
    }

    #[test]
    fn a_bucket_a_prefix_and_options() {
        let BucketUrl { bucket, prefix, region, endpoint, kms_key_id, bucket_owner } = url("s3://my-bucket");
        assert_eq!((bucket.as_str(), prefix.as_str()), ("my-bucket", ""));
        assert_eq!((region, endpoint, kms_key_id, bucket_owner), (None, None, None, None));
        assert_eq!(url("s3://my.bucket/team/prod/").prefix, "team/prod");
        let all = url("s3://b-1/p?region=eu-central-1&kms_key_id=arn:aws:kms:eu-central-1:111122223333:alias/state&\
             bucket_owner=111122223333&endpoint=http://127.0.0.1:9000");
        assert_eq!(all.region.as_deref(), Some("eu-central-1"));
        assert_eq!(all.kms_key_id.as_deref(), Some("arn:aws:kms:eu-central-1:111122223333:alias/state"));
        assert_eq!(all.bucket_owner.as_deref(), Some("111122223333"));
        assert_eq!(all.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
    }

    #[test]
    fn whatever_is_odd_is_refused_with_one_reason() {
        for (text, part) in [
            ("s3:bucket", "two slashes"),
            ("s3://", "between 3 and 63"),
            ("s3://ab", "between 3 and 63"),
            ("s3://Bucket/p", "lower-case"),
            ("s3://-bucket", "begin and end"),
            ("s3://a..b", "two dots"),
            ("s3://192.168.0.1/x", "IP address"),
            ("s3://state--usw2-az1--x-s3/p", "directory bucket"),
            ("s3://point-abc-s3alias/p", "no general purpose"),
            ("s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/x", "lower-case"),
            ("s3://bucket//p", "empty part"),
            ("s3://bucket/.p", "begins with a dot"),
            ("s3://bucket/a%20b", "percent-decoded"),
            ("s3://bucket/p#x", "holds `#`"),
            ("s3://bucket/p?", "option ``"),
            ("s3://bucket/p?regoin=x", "`regoin`"),
            ("s3://bucket/p?region", "not the name of a region"),
            ("s3://bucket/p?region=EU", "not the name of a region"),
            ("s3://bucket/p?region=a&region=b", "`region` twice"),
            ("s3://bucket/p?bucket_owner=1234", "twelve digits"),
            ("s3://bucket/p?endpoint=localhost", "`https://`"),
            ("s3://bucket/p?kms_key_id=", "KMS key"),
        ] {
            assert!(error(text).message.contains(part), "{text}: {}", error(text).message);
        }
        assert!(error("s3://bucket/p?regoin=x").help.contains("did you mean `region`"));
        assert!(error(&format!("s3://bucket/{}", "a/".repeat(251))).message.contains("longer than"));
    }

    #[test]
    fn credentials_in_a_url_are_refused_and_not_repeated() {
        for text in ["s3://AKIAEXAMPLE:hunter2@bucket/p", "s3://bucket/p?endpoint=http://u:hunter2@host"] {
            let StateUrlError { message, help } = error(text);
            assert!(!message.contains("hunter2") && !help.contains("hunter2"), "{message}");
        }
    }
}
