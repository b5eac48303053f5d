//! What calls to AWS come to when AWS or the network fails.

use std::time::{Duration, Instant};

use leasehold::aws::{AwsIssuer, AwsReader, Session, Settings};
use leasehold::domain::ident::RoleArn;
use leasehold::domain::secret::Secret;
use leasehold::ports::{AssumeRole, CloudError, CloudErrorKind, CloudRead as _, Issued, Issuer as _, Mfa};

use crate::emulator::{REGION, assume, block_on, keys};
use crate::fault_server::{ACCOUNT, FaultServer, Reply, assumed, error, identity};

const EXPIRES: &str = "2026-11-23T12:00:00Z";

pub(crate) async fn session(endpoint: &str, deadline: Duration, max_attempts: u32) -> Session {
    let settings = Settings {
        region: Some(REGION.to_owned()),
        endpoint_url: Some(endpoint.to_owned()),
        credentials: Some(keys("AKIAEXAMPLE", "caller-secret")),
        deadline,
        max_attempts,
    };
    Session::load(settings).await.expect("a session needs nothing but its settings")
}

fn request() -> AssumeRole {
    assume(&RoleArn::parse(&format!("arn:aws:iam::{ACCOUNT}:role/app")).expect("valid"))
}

/// Asks who the caller is; gives the outcome and how many attempts were counted.
fn identify(server: &FaultServer, max_attempts: u32) -> (Result<String, CloudError>, u32) {
    block_on(async {
        let reader = AwsReader::new(&session(&server.endpoint, Duration::from_secs(20), max_attempts).await);
        let outcome = reader.caller_identity().await.map(|caller| caller.arn);
        (outcome, reader.calls())
    })
}

fn issue(server: &FaultServer, request: &AssumeRole) -> Result<Issued, CloudError> {
    block_on(async {
        let issuer = AwsIssuer::new(&session(&server.endpoint, Duration::from_secs(20), 4).await);
        issuer.assume_role(request).await
    })
}

fn refused(server: &FaultServer, request: &AssumeRole) -> CloudError {
    match issue(server, request) {
        Ok(_) => panic!("issued"),
        Err(error) => error,
    }
}

#[test]
fn passing_faults_are_asked_again_and_every_attempt_is_counted() {
    for fault in ["throttle", "500", "503 without a body", "reset", "half"] {
        let server = FaultServer::start(move |request| match (request.number, fault) {
            (2.., _) => Reply::Answer(200, identity()),
            (_, "throttle") => error(400, "Throttling", "Rate exceeded"),
            (_, "500") => error(500, "InternalFailure", "sorry"),
            (_, "503 without a body") => Reply::Answer(503, String::new()),
            (_, "reset") => Reply::Reset,
            _ => Reply::Half(200, identity()),
        });
        let (outcome, calls) = identify(&server, 8);
        assert_eq!(outcome, Ok(format!("arn:aws:iam::{ACCOUNT}:user/ci")), "{fault}");
        assert_eq!((calls, server.seen().len()), (3, 3), "{fault}");
    }
}

#[test]
fn faults_that_do_not_pass_keep_their_class() {
    for (fault, kind) in [
        ("throttle", CloudErrorKind::Throttled),
        ("500", CloudErrorKind::ServiceFault),
        ("502 from a proxy", CloudErrorKind::ServiceFault),
        ("reset", CloudErrorKind::LostReply),
        ("half", CloudErrorKind::LostReply),
    ] {
        let server = FaultServer::start(move |_| match fault {
            "throttle" => error(400, "Throttling", "Rate exceeded"),
            "500" => error(500, "InternalFailure", "sorry"),
            "502 from a proxy" => Reply::Answer(502, "<html>Bad Gateway</html>".to_owned()),
            "reset" => Reply::Reset,
            _ => Reply::Half(200, identity()),
        });
        let (outcome, calls) = identify(&server, 2);
        assert_eq!(outcome.expect_err(fault).kind, kind, "{fault}");
        assert_eq!(calls, 2, "{fault}");
    }
}

#[test]
fn refusals_are_final_and_keep_awss_words() {
    for (status, code, message, kind) in [
        (403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole", CloudErrorKind::AccessDenied),
        (403, "ExpiredToken", "The security token included in the request is expired", CloudErrorKind::ExpiredToken),
        (403, "InvalidClientTokenId", "The security token is invalid", CloudErrorKind::InvalidCredentials),
        (403, "SignatureDoesNotMatch", "The request signature we calculated", CloudErrorKind::InvalidCredentials),
        (403, "SignatureDoesNotMatch", "Signature expired: 2026 is now earlier than 2027", CloudErrorKind::ClockSkew),
        (400, "RequestExpired", "Request has expired", CloudErrorKind::ClockSkew),
        (400, "ValidationError", "exceeds the MaxSessionDuration set for this role.", CloudErrorKind::Refused),
        (400, "MalformedPolicyDocument", "Syntax errors in policy.", CloudErrorKind::Refused),
        (400, "PackedPolicyTooLarge", "consumes 142% of allotted space.", CloudErrorKind::Refused),
        (403, "RegionDisabledException", "STS is not activated in this region", CloudErrorKind::Refused),
        (409, "LimitExceeded", "Cannot exceed quota for X: 2", CloudErrorKind::Refused),
    ] {
        let server = FaultServer::start(move |_| error(status, code, message));
        let told = refused(&server, &request());
        assert_eq!(told.kind, kind, "{code}");
        assert_eq!(told.code.as_deref(), Some(code));
        assert_eq!(told.message, message);
        assert_eq!((told.operation, told.request_id.as_deref()), ("sts:AssumeRole", Some("req-7")));
        assert_eq!(server.seen().len(), 1, "{code}");
    }
}

#[test]
fn an_answer_that_makes_no_sense_is_malformed() {
    for body in ["", "not XML", "<GetCallerIdentityResponse>", "<a><b></a></b>", "<Other/>"] {
        let server = FaultServer::start(move |_| Reply::Answer(200, body.to_owned()));
        let (outcome, calls) = identify(&server, 3);
        let told = outcome.expect_err(body);
        assert_eq!(told.kind, CloudErrorKind::Malformed, "{body}: {told:?}");
        assert_eq!(calls, 1, "{body}");
    }
}

#[test]
fn credentials_longer_than_any_of_sts_are_not_read_to_their_end() {
    let server = FaultServer::start(|_| {
        let whole = assumed("s3cret", EXPIRES);
        Reply::Flood(whole.split("token</SessionToken>").next().unwrap_or_default().to_owned(), 60 << 20)
    });
    let started = Instant::now();
    let told = refused(&server, &request());
    assert_eq!(told.kind, CloudErrorKind::Malformed, "{told:?}");
    assert!(told.message.contains("longer than 1048576 bytes"), "{}", told.message);
    assert_eq!(server.seen().len(), 1);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn parts_of_an_answer_that_aws_never_gives_are_malformed() {
    let long = |length: usize| "a".repeat(length);
    let whole = || assumed("s3cret", EXPIRES);
    let id = "ASIAEXAMPLE000000000";
    for damaged in [
        whole().replace(id, "ASIA"),
        whole().replace(id, &long(129)),
        whole().replace(id, "ASIAEXAMPLE/00000000"),
        whole().replace("s3cret", ""),
        whole().replace("s3cret", "s3&#x1;cret"),
        whole().replace("s3cret", "s3&#10;cret"),
        whole().replace(">token<", &format!(">{}<", long((64 << 10) + 1))),
        whole().replace(">token<", ">to&#x7f;ken<"),
    ] {
        let server = FaultServer::start(move |_| Reply::Answer(200, damaged.clone()));
        let told = refused(&server, &request());
        assert_eq!(told.kind, CloudErrorKind::Malformed, "{told:?}");
    }
    let fits = whole().replace(">token<", &format!(">{}<", long(64 << 10))).replace(id, &long(128));
    let server = FaultServer::start(move |_| Reply::Answer(200, fits.clone()));
    assert!(issue(&server, &request()).is_ok());
    for (part, other) in [
        ("user/ci", long(2_049)),
        ("arn:aws", "nra:aws".to_owned()),
        ("user/ci", "user/c&#x1b;[2Ji".to_owned()),
        ("AIDAEXAMPLE", String::new()),
        ("<Account>111122223333", "<Account>11112222333".to_owned()),
    ] {
        let damaged = identity().replace(part, &other);
        let server = FaultServer::start(move |_| Reply::Answer(200, damaged.clone()));
        let told = identify(&server, 3).0.expect_err(part);
        assert_eq!(told.kind, CloudErrorKind::Malformed, "{told:?}");
    }
}

#[test]
fn credentials_that_no_request_can_hold_are_not_sent() {
    let server = FaultServer::start(|_| Reply::Answer(200, identity()));
    block_on(async {
        let session = session(&server.endpoint, Duration::from_secs(20), 8).await;
        for bad in
            [keys("AKIA\n", "canary"), keys("AKIA", "canary\r"), keys("AKIA\u{7f}", "canary"), keys("", "canary")]
        {
            let reader = AwsReader::new(&session.with_credentials(&bad));
            let told = reader.caller_identity().await.expect_err("unusable");
            assert!(!told.kind.may_have_acted() && !format!("{told:?}").contains("canary"), "{told:?}");
            assert_eq!(reader.calls(), 1);
            let settings = Settings {
                region: Some(REGION.to_owned()),
                endpoint_url: Some(server.endpoint.clone()),
                credentials: Some(bad),
                ..Settings::default()
            };
            let Err(told) = Session::load(settings).await else { panic!("loaded") };
            assert_eq!(told.kind, CloudErrorKind::CredentialsFailed);
        }
    });
    assert!(server.seen().is_empty());
}

#[test]
fn an_answer_that_does_not_end_is_not_believed() {
    for cut in ["</GetCallerIdentityResponse>", "</GetCallerIdentityResult></GetCallerIdentityResponse>"] {
        let server = FaultServer::start(move |_| Reply::Open(200, identity().replace(cut, "")));
        assert_eq!(identify(&server, 3).0.expect_err(cut).kind, CloudErrorKind::Malformed);
    }
    for cut in ["</AssumeRoleResponse>", "</AssumeRoleResult></AssumeRoleResponse>"] {
        let server = FaultServer::start(move |_| Reply::Open(200, assumed("s3cret", EXPIRES).replace(cut, "")));
        assert_eq!(refused(&server, &request()).kind, CloudErrorKind::Malformed);
    }
}

#[test]
fn every_parameter_of_assume_role_is_sent() {
    let server = FaultServer::start(|_| Reply::Answer(200, assumed("s3cret", EXPIRES)));
    let mut request = request();
    request.external_id = Some("ticket-7".to_owned());
    request.source_identity = Some("alice".to_owned());
    request.tags.insert("team".to_owned(), "payments".to_owned());
    request.transitive_tag_keys.push("team".to_owned());
    request.policy = Some("{}".to_owned());
    request.policy_arns.push("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
    request.mfa = Some(Mfa { serial_number: "GAHT12345678".to_owned(), token_code: Secret::new("123456".to_owned()) });
    let issued = issue(&server, &request).expect("issued");
    assert_eq!(issued.credentials.secret_access_key.expose(), "s3cret");
    assert_eq!(issued.credentials.expires_at.map(|at| at.to_string()).as_deref(), Some(EXPIRES));
    assert_eq!(issued.packed_policy_size, Some(6));
    let seen = &server.seen()[0];
    for (name, value) in [
        ("Action", "AssumeRole"),
        ("RoleArn", "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fapp"),
        ("RoleSessionName", "leasehold-test"),
        ("DurationSeconds", "900"),
        ("ExternalId", "ticket-7"),
        ("SourceIdentity", "alice"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "payments"),
        ("TransitiveTagKeys.member.1", "team"),
        ("Policy", "%7B%7D"),
        ("PolicyArns.member.1.arn", "arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FReadOnlyAccess"),
        ("SerialNumber", "GAHT12345678"),
        ("TokenCode", "123456"),
    ] {
        assert_eq!(seen.field(name), value, "{name}");
    }
}

#[test]
fn a_lost_session_is_asked_for_again_under_the_same_name() {
    let server = FaultServer::start(|request| match request.number {
        0 => Reply::Reset,
        _ => Reply::Answer(200, assumed("s3cret", EXPIRES)),
    });
    assert!(issue(&server, &request()).is_ok());
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].field("RoleSessionName"), seen[1].field("RoleSessionName"));
}

#[test]
fn doubt_about_a_lost_session_outlives_a_later_refusal() {
    let server = FaultServer::start(|request| match request.number {
        0 => Reply::Reset,
        _ => error(403, "AccessDenied", "not any more"),
    });
    let told = refused(&server, &request());
    assert_eq!(told.kind, CloudErrorKind::LostReply);
    assert!(told.kind.may_have_acted());
    assert!(told.message.ends_with("asked again: not any more"), "{}", told.message);
}

#[test]
fn an_mfa_code_is_not_sent_twice_after_a_lost_reply() {
    let server = FaultServer::start(|_| Reply::Reset);
    let mut request = request();
    request.mfa = Some(Mfa { serial_number: "GAHT12345678".to_owned(), token_code: Secret::new("123456".to_owned()) });
    assert_eq!(refused(&server, &request).kind, CloudErrorKind::LostReply);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn no_error_repeats_a_secret_of_the_answer() {
    for body in [assumed("canary-secret", "not a time"), assumed("canary-secret", "x").replace("</Credentials>", "")] {
        let server = FaultServer::start(move |_| Reply::Answer(200, body.clone()));
        let told = refused(&server, &request());
        assert_eq!(told.kind, CloudErrorKind::Malformed);
        assert!(!format!("{told} {told:?}").contains("canary"), "{told:?}");
    }
}

#[test]
fn the_time_limit_ends_a_call_that_hangs_and_every_call_after_it() {
    for stalls in [false, true] {
        let server = FaultServer::start(move |_| match stalls {
            false => Reply::Hang(Duration::from_secs(60)),
            true => Reply::Stall(Duration::from_secs(60), identity()),
        });
        let started = Instant::now();
        block_on(async {
            let reader = AwsReader::new(&session(&server.endpoint, Duration::from_millis(700), 8).await);
            for _ in 0..2 {
                let told = reader.caller_identity().await.expect_err("it hangs");
                assert_eq!(told.kind, CloudErrorKind::TimedOut, "{told:?}");
            }
            assert_eq!(reader.calls(), 1, "the second call had no time left to be asked");
        });
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}

#[test]
fn a_throttle_ends_before_a_pause_would_pass_the_time_limit() {
    let server = FaultServer::start(|_| error(400, "Throttling", "Rate exceeded"));
    let told = block_on(async {
        let reader = AwsReader::new(&session(&server.endpoint, Duration::from_secs(1), 100).await);
        reader.caller_identity().await.expect_err("throttled")
    });
    assert_eq!(told.kind, CloudErrorKind::Throttled, "{told:?}");
}

#[test]
fn what_cannot_be_reached_is_told_within_five_seconds() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let closed = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    for endpoint in [closed.as_str(), "http://no-such-host.invalid:4566", &closed.replace("http:", "https:")] {
        let started = Instant::now();
        let told = block_on(async {
            let reader = AwsReader::new(&session(endpoint, Duration::from_secs(30), 8).await);
            reader.caller_identity().await.expect_err("nobody is there")
        });
        assert_eq!(told.kind, CloudErrorKind::Unreachable, "{told:?}");
        assert!(!told.kind.may_have_acted());
        assert!(told.message.starts_with(endpoint), "{}", told.message);
        assert!(started.elapsed() < Duration::from_secs(5), "{endpoint}: {:?}", started.elapsed());
    }
}

#[test]
fn a_server_that_speaks_no_tls_was_never_reached() {
    let server = FaultServer::start(|_| Reply::Answer(200, identity()));
    let told = block_on(async {
        let endpoint = server.endpoint.replace("http:", "https:");
        let issuer = AwsIssuer::new(&session(&endpoint, Duration::from_secs(20), 2).await);
        match issuer.assume_role(&request()).await {
            Ok(_) => panic!("issued"),
            Err(error) => error,
        }
    });
    assert_eq!(told.kind, CloudErrorKind::Unreachable, "{told:?}");
}
