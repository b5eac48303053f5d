//! Endpoints that replace AWS's own.

use std::ffi::OsStr;
use std::net::Ipv6Addr;

const SHAPE: &str = "write `https://host` or `http://host:port`";
/// More than any host, port and path that somebody wrote on purpose.
const LONGEST: usize = 2_048;
/// The variables that the SDK reads endpoints from, for the services that may be asked.
const VARIABLES: [&str; 7] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
];

/// Checks an endpoint URL and gives the form that messages show. `setting` says where it was written.
///
/// `http://` or `https://`, a host, perhaps a port and a path. No user information: a password there would end up in
/// every message. No query and no fragment, which no service of AWS has. No character that a URL cannot hold: the SDK
/// finds those only once it puts a signed request together.
pub(super) fn check(setting: &str, url: &str) -> Result<String, String> {
    if url.len() > LONGEST {
        return Err(format!("{setting} is longer than {LONGEST} bytes: {SHAPE}"));
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(format!("{setting} is not a URL: {SHAPE}"));
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(format!("{setting} has a scheme that AWS does not speak: {SHAPE}"));
    }
    if rest.contains('@') {
        return Err(format!("{setting} holds a user name or password: {SHAPE}"));
    }
    if rest.contains(['?', '#']) {
        return Err(format!("{setting} has a query or a fragment: {SHAPE}"));
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if !is_authority(authority) {
        return Err(format!("{setting} names no host: {SHAPE}"));
    }
    if !is_path(path) {
        return Err(format!("{setting} has a character that a URL cannot hold: {SHAPE}"));
    }
    Ok(format!("{}://{authority}", scheme.to_ascii_lowercase()))
}

/// Checks the endpoints that the environment holds, given as it holds them. The SDK overlooks what is not UTF-8 and asks
/// AWS itself instead.
pub(super) fn check_environment<V: AsRef<OsStr>>(get: impl Fn(&'static str) -> Option<V>) -> Result<(), String> {
    for variable in VARIABLES {
        let Some(value) = get(variable) else { continue };
        match value.as_ref().to_str() {
            None => return Err(format!("{variable} is not UTF-8: {SHAPE}")),
            Some("") => {}
            Some(url) => drop(check(variable, url)?),
        }
    }
    Ok(())
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`.
fn is_authority(text: &str) -> bool {
    let (host_is_good, rest) = match text.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((v6, rest)) => (v6.parse::<Ipv6Addr>().is_ok(), rest),
        None => {
            let (host, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
            let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            (!host.is_empty() && host.bytes().all(word), rest)
        }
    };
    let digits = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    host_is_good && (rest.is_empty() || rest.strip_prefix(':').is_some_and(digits))
}

/// Empty, or the characters of RFC 3986's `path`.
fn is_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    let whole = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => whole(at),
        byte => byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:".contains(byte),
    })
}

/// Whether a region's name can stand in a host name.
pub(super) fn is_region(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.len() <= 32 && text.bytes().all(word) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_http_with_a_host() {
        for (url, shown) in [
            ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
            ("http://127.0.0.1:4566/", "http://127.0.0.1:4566"),
            ("HTTPS://sts.example.com/base/a%20b", "https://sts.example.com"),
            ("http://[::1]:4566", "http://[::1]:4566"),
            ("http://[::1]", "http://[::1]"),
            ("http://a_b.local", "http://a_b.local"),
        ] {
            assert_eq!(check("AWS_ENDPOINT_URL", url).as_deref(), Ok(shown));
        }
        for url in [
            "",
            "localhost:4566",
            "ftp://host",
            "http://",
            "http://:80",
            "http://h:",
            "http://h:+80",
            "http://h:99999",
            "http://[::1",
            "http://[h]",
            "http://[::1]x",
            "http://u:pw@h",
            "http://h/u:pw@x",
            "http://a b",
            "http://h/a b",
            "http://h/a\nb",
            "http://h\n",
            "http://h/\u{1}",
            "http://h/\u{7f}",
            "http://h/é",
            "http://h/%zz",
            "http://h/a\\b",
            "http://h?x",
            "http://h/?x",
            "http://h/#x",
            &format!("http://h/{}", "a".repeat(LONGEST)),
        ] {
            let error = check("AWS_ENDPOINT_URL", url).expect_err(url);
            assert!(error.starts_with("AWS_ENDPOINT_URL ") && !error.contains("pw"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_passes_is_a_uri(url in "https?://[ -~é\\x00-\\x1f]{0,12}(:[0-9]{0,6})?(/[ -~]{0,12})?") {
            if check("x", &url).is_ok() {
                let mut request = aws_smithy_runtime_api::client::orchestrator::HttpRequest::empty();
                proptest::prop_assert!(request.set_uri(url.as_str()).is_ok(), "{}", url);
            }
        }
    }

    #[test]
    fn regions_are_host_labels() {
        assert!(is_region("ap-northeast-1"));
        for bad in ["", "-a", "a-", "evil.example.com/", "us east", "US-EAST-1", "a@b"] {
            assert!(!is_region(bad), "{bad}");
        }
    }
}
