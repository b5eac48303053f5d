//! What the environment decides: region, endpoint, credentials, certificate authorities.
//!
//! A process has one environment, so each case runs this test binary again with its own.

use std::process::Command;
use std::time::{Duration, Instant};

use leasehold::aws::{AwsReader, Session, Settings};
use leasehold::ports::CloudRead as _;

use crate::emulator::block_on;
use crate::fault_server::{FaultServer, Reply, assumed, identity};

const CHILD: &str = "LEASEHOLD_TEST_IDENTIFY";
const ENDPOINT: &str = "LEASEHOLD_TEST_ENDPOINT";

/// A name, an environment, and how the outcome begins.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str);

struct Outcome {
    /// `ok <region>`, or `<kind> <message>`.
    said: String,
    took: Duration,
}

fn child_command() -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "aws_environment::the_environment_decides", "--nocapture"])
        .env_clear()
        .env("HOME", "/nonexistent")
        .env(CHILD, "1");
    command
}

/// Loads a session from this environment alone and asks who the caller is.
fn identify(environment: &[(&str, &str)]) -> Outcome {
    let started = Instant::now();
    let output = child_command().envs(environment.iter().copied()).output().expect("it runs again");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = text.lines().find_map(|line| line.split_once("RESULT ")).map(|(_, said)| said.to_owned());
    let errors = String::from_utf8_lossy(&output.stderr);
    Outcome { said: said.unwrap_or_else(|| panic!("{text}\n{errors}")), took: started.elapsed() }
}

#[cfg(unix)]
#[test]
fn an_endpoint_that_is_not_text_is_not_overlooked() {
    use std::os::unix::ffi::OsStrExt as _;
    let output = child_command()
        .envs(KEYS)
        .env("AWS_REGION", "ap-northeast-1")
        .env("AWS_ENDPOINT_URL", std::ffi::OsStr::from_bytes(b"http://127.0.0.1:1/\xff"))
        .output()
        .expect("it runs again");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("RESULT Unreachable AWS_ENDPOINT_URL is not UTF-8"), "{text}");
}

fn child() {
    let outcome = block_on(async {
        let settings = Settings { endpoint_url: std::env::var(ENDPOINT).ok(), ..Settings::default() };
        let session = Session::load(settings).await?;
        AwsReader::new(&session).caller_identity().await?;
        Ok(session.region().to_owned())
    });
    match outcome {
        Ok(region) => println!("RESULT ok {region}"),
        Err(leasehold::ports::CloudError { kind, message, .. }) => println!("RESULT {kind:?} {message}"),
    }
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "canary-secret")];

fn with<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    base.iter().chain(more).copied().collect()
}

/// `sts:AssumeRoleWithWebIdentity`, for a caller that sent this token.
fn federated(token: &str) -> String {
    assert_eq!(token, "a.b.c");
    assumed("x", "2099-01-01T00:00:00Z").replace("AssumeRole", "AssumeRoleWithWebIdentity")
}

#[test]
fn the_environment_decides() {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    let server = FaultServer::start(|request| match request.action() {
        "AssumeRole" => Reply::Answer(200, assumed("x", "2099-01-01T00:00:00Z")),
        "AssumeRoleWithWebIdentity" => Reply::Answer(200, federated(request.field("WebIdentityToken"))),
        _ => Reply::Answer(200, identity()),
    });
    let http = server.endpoint.as_str();
    let https = http.replace("http:", "https:");
    let machine = FaultServer::start(|request| {
        let keys = r#"{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"x","Token":"t","LastUpdated":"2026-01-01T00:00:00Z","Expiration":"2099-01-01T00:00:00Z"}"#;
        let role = "/latest/meta-data/iam/security-credentials";
        match request.line.as_str() {
            "PUT /latest/api/token" => Reply::Answer(200, "a-token".to_owned()),
            line if line.trim_end_matches('/') == format!("GET {role}") => Reply::Answer(200, "ci".to_owned()),
            line if line == format!("GET {role}/ci") || line == "GET /container" => Reply::Answer(200, keys.to_owned()),
            _ => Reply::Answer(404, String::new()),
        }
    });
    let container = format!("{}/container", machine.endpoint);
    let silent = FaultServer::start(|_| Reply::Hang(Duration::from_secs(60)));
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let profile = path(
        "config",
        &format!(
            "[default]\nregion = eu-west-1\nendpoint_url = {http}\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n"
        ),
    );
    let spaced = format!("{http}/a b");
    let spaced_profile = path("spaced", &format!("[default]\nregion = eu-west-1\nendpoint_url = {spaced}\n"));
    let process = path("process", "[default]\ncredential_process = /bin/false\nregion = eu-west-1\n");
    let garbled = path("garbled", "{\"Version\":1,\"SecretAccessKey\":\"canary-secret\"");
    let garbled_process = path("garbling", &format!("[default]\ncredential_process = /bin/cat {garbled}\n"));
    let endless = "canary".repeat(100);
    let breaking = path(
        "breaking",
        r#"{"Version":1,"AccessKeyId":"AKIAEXAMPLE\n","SecretAccessKey":"canary-secret","SessionToken":"canary"}"#,
    );
    let breaking_process = path("breaks", &format!("[default]\ncredential_process = /bin/cat {breaking}\n"));
    let breaking_chain = path(
        "breaking-chain",
        "[profile base]\naws_access_key_id = AKIA\u{1}canary\naws_secret_access_key = x\n\
         [profile ci]\nsource_profile = base\nrole_arn = arn:aws:iam::111122223333:role/ci\n",
    );
    let chained = path(
        "chained",
        "[profile base]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = x\n\
         [profile ci]\nsource_profile = base\nrole_arn = arn:aws:iam::111122223333:role/ci\n",
    );
    let token = path("token", "a.b.c");
    let role = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/ci");
    let token_file = ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str());
    // A port that no test is ever given, so nobody can begin to listen there meanwhile.
    let closed = "http://127.0.0.1:1";
    let at_closed = format!("Unreachable {closed}: ");
    let no_certificate = path("empty.pem", "nothing here\n");
    let bad = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    let bad_certificate = path("bad.pem", bad);
    let region = ("AWS_REGION", "ap-northeast-1");
    let cases: Vec<Case<'_>> = vec![
        (
            "region and endpoint of every service",
            with(&KEYS, &[region, ("AWS_ENDPOINT_URL", http)]),
            "ok ap-northeast-1",
        ),
        ("endpoint of STS alone", with(&KEYS, &[region, ("AWS_ENDPOINT_URL_STS", http)]), "ok ap-northeast-1"),
        (
            "default region",
            with(&KEYS, &[("AWS_DEFAULT_REGION", "us-east-2"), ("AWS_ENDPOINT_URL", http)]),
            "ok us-east-2",
        ),
        ("profile", vec![("AWS_CONFIG_FILE", &profile)], "ok eu-west-1"),
        ("no region", with(&KEYS, &[("AWS_ENDPOINT_URL", http)]), "NoRegion no region is set"),
        ("no host name", with(&KEYS, &[("AWS_REGION", "a b"), ("AWS_ENDPOINT_URL", http)]), "NoRegion `a b` is not"),
        (
            "no credentials",
            vec![region, ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_ENDPOINT_URL", http)],
            "NoCredentials",
        ),
        (
            "silent metadata service",
            vec![region, ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &silent.endpoint), ("AWS_ENDPOINT_URL", http)],
            "NoCredentials nothing was found",
        ),
        (
            "half of the keys",
            vec![KEYS[0], region, ("AWS_ENDPOINT_URL", http)],
            "CredentialsFailed AWS_ACCESS_KEY_ID is set",
        ),
        (
            "line break after the key id",
            with(&KEYS, &[region, ("AWS_ACCESS_KEY_ID", "AKIAcanary\n"), ("AWS_ENDPOINT_URL", http)]),
            "CredentialsFailed AWS_ACCESS_KEY_ID holds",
        ),
        (
            "carriage return in the secret",
            with(&KEYS, &[region, ("AWS_SECRET_ACCESS_KEY", "canary\rx"), ("AWS_ENDPOINT_URL", http)]),
            "CredentialsFailed AWS_SECRET_ACCESS_KEY holds",
        ),
        (
            "control character in the token",
            with(&KEYS, &[region, ("AWS_SESSION_TOKEN", "canary\u{1}"), ("AWS_ENDPOINT_URL", http)]),
            "CredentialsFailed AWS_SESSION_TOKEN holds",
        ),
        (
            "delete in the key id",
            with(&KEYS, &[region, ("AWS_ACCESS_KEY_ID", "AKIA\u{7f}canary"), ("AWS_ENDPOINT_URL", http)]),
            "CredentialsFailed AWS_ACCESS_KEY_ID holds",
        ),
        (
            "key id without end",
            with(&KEYS, &[region, ("AWS_ACCESS_KEY_ID", &endless), ("AWS_ENDPOINT_URL", http)]),
            "CredentialsFailed AWS_ACCESS_KEY_ID is longer",
        ),
        (
            "process with a line break in the key id",
            vec![region, ("AWS_CONFIG_FILE", &breaking_process), ("AWS_ENDPOINT_URL", http)],
            "CredentialsFailed of what the profile, process, container or instance gave, the access key id holds",
        ),
        (
            "role of a profile with a control character in its key id",
            vec![region, ("AWS_CONFIG_FILE", &breaking_chain), ("AWS_PROFILE", "ci"), ("AWS_ENDPOINT_URL", http)],
            "CredentialsFailed aws_access_key_id of the profile `base` holds",
        ),
        ("process that fails", vec![("AWS_CONFIG_FILE", &process), ("AWS_ENDPOINT_URL", http)], "CredentialsFailed"),
        (
            "process that garbles",
            vec![region, ("AWS_CONFIG_FILE", &garbled_process), ("AWS_ENDPOINT_URL", http)],
            "CredentialsFailed",
        ),
        (
            "role of a profile",
            vec![region, ("AWS_CONFIG_FILE", &chained), ("AWS_PROFILE", "ci"), ("AWS_ENDPOINT_URL", http)],
            "ok ap-northeast-1",
        ),
        (
            "container",
            vec![region, ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container), ("AWS_ENDPOINT_URL", http)],
            "ok ap-northeast-1",
        ),
        (
            "instance",
            vec![region, ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &machine.endpoint), ("AWS_ENDPOINT_URL", http)],
            "ok ap-northeast-1",
        ),
        ("web identity", vec![region, role, token_file, ("AWS_ENDPOINT_URL", http)], "ok ap-northeast-1"),
        ("web identity, nobody there", vec![region, role, token_file, ("AWS_ENDPOINT_URL", closed)], "Unreachable"),
        (
            "no metadata service",
            vec![region, ("AWS_EC2_METADATA_SERVICE_ENDPOINT", closed), ("AWS_ENDPOINT_URL", http)],
            "NoCredentials nothing was found",
        ),
        (
            "proxy that loopback does not need",
            with(&KEYS, &[region, ("AWS_ENDPOINT_URL", http), ("HTTP_PROXY", closed), ("HTTPS_PROXY", closed)]),
            "ok ap-northeast-1",
        ),
        (
            "proxy that AWS needs",
            with(&KEYS, &[region, ("HTTPS_PROXY", closed)]),
            "Unreachable STS in ap-northeast-1: ",
        ),
        (
            "endpoint that was asked for, over those of the environment",
            with(&KEYS, &[region, (ENDPOINT, http), ("AWS_ENDPOINT_URL_STS", closed), ("AWS_ENDPOINT_URL", closed)]),
            "ok ap-northeast-1",
        ),
        (
            "endpoint that was asked for, and is closed",
            with(&KEYS, &[region, (ENDPOINT, closed), ("AWS_ENDPOINT_URL_STS", http)]),
            &at_closed,
        ),
        ("no scheme", with(&KEYS, &[region, ("AWS_ENDPOINT_URL", "localhost:4566")]), "Unreachable AWS_ENDPOINT_URL"),
        (
            "another scheme",
            with(&KEYS, &[region, ("AWS_ENDPOINT_URL_STS", "ftp://h")]),
            "Unreachable AWS_ENDPOINT_URL_STS has a scheme",
        ),
        (
            "endpoint with a space",
            with(&KEYS, &[region, ("AWS_ENDPOINT_URL", &spaced)]),
            "Unreachable AWS_ENDPOINT_URL",
        ),
        (
            "endpoint with a space, of a web identity",
            vec![region, role, token_file, ("AWS_ENDPOINT_URL_STS", &spaced)],
            "Unreachable AWS_ENDPOINT_URL_STS has a character",
        ),
        (
            "endpoint with a space, of a profile",
            vec![("AWS_CONFIG_FILE", &spaced_profile)],
            "Unreachable AWS_ENDPOINT_URL for STS has a character",
        ),
        (
            "endpoint with a space, which is to be ignored",
            with(
                &KEYS,
                &[
                    region,
                    ("AWS_ENDPOINT_URL", &spaced),
                    ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
                    (ENDPOINT, http),
                ],
            ),
            "ok ap-northeast-1",
        ),
        (
            "missing bundle",
            with(&KEYS, &[region, ("AWS_ENDPOINT_URL", &https), ("AWS_CA_BUNDLE", "/nonexistent.pem")]),
            "Unreachable ",
        ),
        (
            "bundle without a certificate",
            with(&KEYS, &[region, ("AWS_ENDPOINT_URL", &https), ("SSL_CERT_FILE", &no_certificate)]),
            "Unreachable ",
        ),
        (
            "bundle with a bad certificate",
            with(&KEYS, &[region, ("AWS_ENDPOINT_URL", &https), ("AWS_CA_BUNDLE", &bad_certificate)]),
            "Unreachable ",
        ),
        (
            "bundle that plain HTTP does not need",
            with(&KEYS, &[region, ("AWS_ENDPOINT_URL", http), ("AWS_CA_BUNDLE", &bad_certificate)]),
            "ok ap-northeast-1",
        ),
    ];
    for (case, environment, expected) in cases {
        let outcome = identify(&environment);
        assert!(outcome.said.starts_with(expected), "{case}: {}", outcome.said);
        assert!(!outcome.said.contains("canary"), "{case}: {}", outcome.said);
        if case.contains("bundle") && expected.starts_with("Unreachable") {
            assert!(outcome.said.contains(".pem): "), "{case}: {}", outcome.said);
        }
        assert!(outcome.took < Duration::from_secs(5), "{case}: {:?}", outcome.took);
        println!("{case}: {:?} {}", outcome.took, outcome.said);
    }
}
