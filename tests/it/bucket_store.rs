//! The state in a bucket, over HTTP: beside the emulator, and beside a double that loses messages and lies.

mod cli;
mod idle;
mod races;

use std::time::{Duration, Instant};

use leasehold::aws::{BucketSettings, BucketStore, Session, Settings};
use leasehold::ports::{Object, StateRead as _, StateStore as _, StoreError, Version};
use leasehold::testing::store_conformance;
use tokio::runtime::{Builder, Runtime};

use crate::bucket_server::{Asked, BUCKET, BucketServer, Fate};
use crate::emulator::{self, keys};

thread_local! {
    /// Connections belong to the runtime that made them, and a store is used for more than one call.
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(future))
}

fn settings(endpoint: &str, bucket: &str, prefix: &str) -> BucketSettings {
    BucketSettings {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        endpoint_url: Some(endpoint.to_owned()),
        kms_key_id: None,
        bucket_owner: None,
    }
}

/// Loading one makes no connection, so it may happen elsewhere: a store is also opened where a runtime is at work already.
fn session(region: &'static str, access_key: &str) -> Session {
    let credentials = keys(access_key, "test");
    let load = move || {
        let settings = Settings {
            region: Some(region.to_owned()),
            credentials: Some(credentials),
            // A busy machine is not what these tests are about.
            deadline: Duration::from_secs(600),
            ..Settings::default()
        };
        emulator::block_on(Session::load(settings))
    };
    std::thread::spawn(load).join().expect("no panic").expect("a session needs nothing but its settings")
}

fn open(settings: BucketSettings) -> BucketStore {
    BucketStore::open(&session("eu-central-1", "AKIAEXAMPLE000000000"), settings).expect("a good endpoint")
}

pub(crate) fn store(server: &BucketServer) -> BucketStore {
    open(settings(&server.endpoint, BUCKET, "team/prod"))
}

/// A server all of whose writes fare like this, and whose reads are good.
fn writes(fate: Fate) -> BucketServer {
    BucketServer::with(move |asked: &Asked| if asked.writes() { fate.clone() } else { Fate::Good })
}

fn lines(server: &BucketServer) -> Vec<String> {
    server.asked().iter().map(Asked::line).collect()
}

fn unusable<T: std::fmt::Debug>(result: Result<T, StoreError>) -> (String, String) {
    match result {
        Err(StoreError::Unusable { location, detail, help } | StoreError::Unreachable { location, detail, help }) => {
            assert_eq!(location, format!("s3://{BUCKET}/team/prod"));
            (detail, help)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn beside_the_double_it_is_a_store() {
    let fresh = || {
        let server = BucketServer::start();
        move || store(&server)
    };
    store_conformance::run_all(fresh, |job| wait(job));
}

#[test]
fn beside_the_emulator_it_is_a_store() {
    let Some(emulator) = emulator::shared() else { return };
    let account = emulator.account().id;
    let made = std::sync::atomic::AtomicU32::new(0);
    let fresh = || {
        let bucket = format!("state-{account}-{}", made.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        wait(async {
            let config = aws_sdk_s3::Config::builder()
                .behavior_version(aws_sdk_s3::config::BehaviorVersion::v2026_01_12())
                .region(aws_sdk_s3::config::Region::new("us-east-1"))
                .endpoint_url(&emulator.endpoint)
                .force_path_style(true)
                .credentials_provider(aws_sdk_s3::config::Credentials::new(&account, "test", None, None, "root"))
                .http_client(aws_smithy_http_client::Builder::new().build_http())
                .build();
            let client = aws_sdk_s3::Client::from_conf(config);
            client.create_bucket().bucket(&bucket).send().await.expect("S3 makes the bucket");
        });
        let account = account.clone();
        move || {
            let settings = settings(&emulator.endpoint, &bucket, "team/prod");
            BucketStore::open(&session("us-east-1", &account), settings).expect("a good endpoint")
        }
    };
    store_conformance::run_all(fresh, |job| wait(job));
}

#[test]
fn a_write_that_may_have_arrived_is_in_doubt_and_sent_once() {
    let version = Version("\"00000000000000000000000000000000\"".to_owned());
    for fate in [
        Fate::LoseRequest,
        Fate::LoseReply,
        Fate::NoTag,
        Fate::Refuse(500, "InternalError"),
        Fate::Refuse(503, "SlowDown"),
        Fate::Refuse(409, "ConditionalRequestConflict"),
    ] {
        let server = writes(fate.clone());
        let created = wait(store(&server).create("head.json", b"1"));
        assert!(
            matches!(&created, Err(StoreError::Ambiguous { key, .. }) if key == "head.json"),
            "{fate:?}: {created:?}"
        );
        assert_eq!(lines(&server), ["PUT team/prod/head.json"], "{fate:?}");
        if !matches!(fate, Fate::NoTag | Fate::LoseReply) {
            let replaced = wait(store(&server).replace("head.json", &version, b"2"));
            assert!(matches!(replaced, Err(StoreError::Ambiguous { .. })), "{fate:?}: {replaced:?}");
        }
    }
}

#[test]
fn a_write_that_certainly_failed_says_why_and_what_to_do() {
    for (status, code, help) in [
        (403, "AccessDenied", "policy store"),
        (404, "NoSuchBucket", "make the bucket"),
        (301, "PermanentRedirect", "another region"),
        (501, "NotImplemented", "conditional writes"),
        (400, "ExpiredToken", "renew"),
        (400, "KMS.DisabledException", "KMS key"),
    ] {
        let server = writes(Fate::Refuse(status, code));
        let (detail, told) = unusable(wait(store(&server).create("head.json", b"1")));
        assert!(detail.contains(code) && detail.contains("req-7") && told.contains(help), "{detail}; {told}");
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn a_server_that_is_not_there_is_tried_again_and_given_up() {
    // A port that no other test can be given.
    let endpoint = "http://127.0.0.1:1";
    let started = Instant::now();
    let asked = wait(open(settings(endpoint, BUCKET, "team/prod")).create("head.json", b"1"));
    assert!(matches!(asked, Err(StoreError::Unreachable { .. })), "{asked:?}");
    let (detail, help) = unusable(asked);
    assert!(detail.contains(endpoint) && help.contains("endpoint"), "{detail}; {help}");
    assert!(
        (Duration::from_millis(500)..Duration::from_secs(20)).contains(&started.elapsed()),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_removal_settles_its_own_doubts() {
    // Whether the message was lost on the way there or back, the object tells.
    for (fate, gone) in
        [(Fate::LoseReply, true), (Fate::LoseRequest, false), (Fate::Refuse(409, "OperationAborted"), false)]
    {
        let doubtful = fate.clone();
        let server =
            BucketServer::with(move |asked| if asked.method == "DELETE" { doubtful.clone() } else { Fate::Good });
        let store = store(&server);
        let version = wait(store.create("due/1.json", b"{}")).expect("created");
        let removed = wait(store.remove("due/1.json", &version));
        assert_eq!(removed.is_ok(), gone, "{fate:?}: {removed:?}");
        assert!(gone || matches!(removed, Err(StoreError::Ambiguous { .. })), "{fate:?}: {removed:?}");
        assert_eq!(server.objects().is_empty(), gone, "{fate:?}");
    }
}

#[test]
fn reads_are_repeated_until_they_are_answered() {
    for fate in [Fate::LoseReply, Fate::Refuse(500, "InternalError"), Fate::Refuse(503, "SlowDown")] {
        let server = BucketServer::with(move |asked| {
            if !asked.writes() && asked.number.is_multiple_of(2) { fate.clone() } else { Fate::Good }
        });
        server.put("team/prod/head.json", b"1");
        assert_eq!(wait(store(&server).get("head.json")).expect("read").expect("present").bytes, b"1");
        assert_eq!(wait(store(&server).list("")).expect("listed"), ["head.json"]);
    }
}

#[test]
fn an_answer_that_cannot_be_believed_is_no_object_and_no_list() {
    let damaged = |fate: Fate| BucketServer::with(move |asked| if asked.writes() { Fate::Good } else { fate.clone() });
    let server = damaged(Fate::Damage);
    wait(store(&server).create("head.json", b"{}")).expect("created");
    assert!(unusable(wait(store(&server).get("head.json"))).0.contains("checksum"));
    let server = damaged(Fate::NoTag);
    server.put("team/prod/head.json", b"{}");
    assert!(unusable(wait(store(&server).get("head.json"))).0.contains("entity tag"));
    let server = damaged(Fate::CutShort);
    server.put("team/prod/head.json", b"{}");
    assert!(unusable(wait(store(&server).list(""))).0.contains("does not end"));
    // A page of a proxy is no proof that an object is absent, and neither is a bucket that is not there.
    let server = damaged(Fate::Refuse(404, "NotFound"));
    unusable(wait(store(&server).get("head.json")));
    let server = damaged(Fate::Refuse(404, "NoSuchBucket"));
    unusable(wait(store(&server).get("head.json")));
    let server = damaged(Fate::Refuse(403, "AccessDenied"));
    assert!(unusable(wait(store(&server).get("head.json"))).1.contains("s3:ListBucket"));
}

#[test]
fn foreign_objects_are_named_and_folders_of_the_console_are_not_objects() {
    let server = BucketServer::start();
    server.put("team/prod/", b"");
    server.put("team/prod/lease/", b"");
    server.put("team/prod/lease/1.json", b"{}");
    server.put("team/prod-2/head.json", b"{}");
    assert_eq!(wait(store(&server).list("")).expect("listed"), ["lease/1.json"]);
    server.put("team/prod/lease/.hidden", b"");
    let (detail, help) = unusable(wait(store(&server).list("lease/")));
    assert!(detail.contains("not the name of an object of ours") && help.contains("prefix of its own"), "{detail}");
}

#[test]
fn a_list_up_to_a_key_asks_for_no_page_behind_it() {
    let server = BucketServer::start();
    for n in 0..12 {
        server.put(&format!("team/prod/due/{n:02}"), b"{}");
    }
    let store = store(&server);
    assert_eq!(wait(store.list("due/")).expect("listed").len(), 12);
    assert_eq!(server.asked().len(), 4);
    server.forget();
    assert_eq!(wait(store.list_before("due/", "due/02")).expect("listed"), ["due/00", "due/01"]);
    assert_eq!(server.asked().len(), 1);
    server.forget();
    assert_eq!(wait(store.list_before("due/", "due/")).expect("listed"), Vec::<String>::new());
    assert_eq!(server.asked().len(), 0, "nothing can sort before its own beginning");
}

#[test]
fn every_request_carries_owner_key_and_conditions() {
    let server = BucketServer::start();
    let store = open(BucketSettings {
        kms_key_id: Some("alias/state".to_owned()),
        bucket_owner: Some("111122223333".to_owned()),
        ..settings(&server.endpoint, BUCKET, "team/prod")
    });
    let first = wait(store.create("head.json", b"1")).expect("created");
    let second = wait(store.replace("head.json", &first, b"2")).expect("replaced");
    let Object { version, .. } = wait(store.get("head.json")).expect("read").expect("present");
    assert_eq!(version, second);
    wait(store.list("lease/")).expect("listed");
    wait(store.remove("head.json", &second)).expect("removed");
    let asked = server.asked();
    assert_eq!(asked.len(), 5);
    for request in &asked {
        assert_eq!(request.header("x-amz-expected-bucket-owner"), "111122223333", "{}", request.line());
        let encrypts = request.method == "PUT";
        assert_eq!(request.header("x-amz-server-side-encryption"), if encrypts { "aws:kms" } else { "" });
        let key = request.header("x-amz-server-side-encryption-aws-kms-key-id");
        assert_eq!(key, if encrypts { "alias/state" } else { "" });
        let conditions = (request.header("if-none-match"), request.header("if-match"));
        assert_eq!(request.writes(), conditions != ("", ""), "{}", request.line());
    }
    assert_eq!(asked[0].header("if-none-match"), "*");
    assert_eq!(asked[1].header("if-match"), first.0);
    assert_eq!(asked[4].header("if-match"), second.0);
    assert_eq!(asked[3].query["max-keys"], "1000");
}
