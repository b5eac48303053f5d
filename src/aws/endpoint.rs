//! Endpoints that replace AWS's own.

/// Checks an endpoint URL and gives the form that messages show. `setting` says where it was written.
///
/// Only `http://` and `https://`, a host, and no user information: a password there would end up in every message.
pub(super) fn check(setting: &str, url: &str) -> Result<String, String> {
    let shape = "write `https://host` or `http://host:port`";
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(format!("{setting} is not a URL: {shape}"));
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(format!("{setting} has the scheme `{scheme}`, which AWS does not speak: {shape}"));
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        return Err(format!("{setting} holds a user name or password: {shape}"));
    }
    let named = host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let port_is_wrong = named.len() < host.len() && host[named.len() + 1..].parse::<u16>().is_err();
    if named.is_empty() || port_is_wrong || host.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("{setting} names no host: {shape}"));
    }
    Ok(format!("{}://{host}", scheme.to_ascii_lowercase()))
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
            ("HTTPS://sts.example.com/base?x", "https://sts.example.com"),
            ("http://[::1]:4566", "http://[::1]:4566"),
            ("http://[::1]", "http://[::1]"),
        ] {
            assert_eq!(check("AWS_ENDPOINT_URL", url).as_deref(), Ok(shown));
        }
        for url in [
            "",
            "localhost:4566",
            "ftp://host",
            "http://",
            "http://:80",
            "http://h:99999",
            "http://u:pw@h",
            "http://a b",
        ] {
            let error = check("AWS_ENDPOINT_URL", url).expect_err(url);
            assert!(error.starts_with("AWS_ENDPOINT_URL ") && !error.contains("pw"), "{error}");
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
