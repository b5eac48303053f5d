//! The command line with its state in a bucket.

use leasehold::output::exit;
use leasehold::testing::{CANARY_SECRET, CANARY_TOKEN};

use crate::bucket_server::{Asked, BucketServer, Fate};
use crate::canned_aws::{CannedAws, manifests, two};
use crate::sandbox::Sandbox;

fn sandbox(aws: &CannedAws, state: &BucketServer) -> Sandbox {
    let mut sandbox = aws.sandbox();
    sandbox.set("LEASEHOLD_STATE", &state.url("team/prod"));
    sandbox.commit(&manifests(&two("default_sts_ttl: 30m\nmax_sts_ttl: 1h")));
    sandbox
}

/// What was asked since the last time, ids and digests left out.
fn asked(state: &BucketServer) -> Vec<String> {
    let lines = state.asked();
    state.forget();
    let is_time = |word: &str| word.len() == 7 && word.ends_with('Z');
    let steady = |word: &str| word.len() >= 12 || is_time(word) || word.parse::<u64>().is_ok();
    let shown = |line: String| {
        let parts = line.split_inclusive(['/', '.', '-']).map(|part| {
            let word = part.trim_end_matches(['/', '.', '-']);
            if steady(word) { part.replace(word, "…") } else { part.to_owned() }
        });
        parts.collect::<String>().replace("team/prod/", "")
    };
    lines.iter().map(|asked| shown(asked.line())).collect()
}

#[test]
fn a_team_shares_one_state_and_each_command_asks_for_little() {
    let (aws, state) = (CannedAws::start(), BucketServer::start().with_pages_of(1_000));
    let first = sandbox(&aws, &state);
    let checked = first.run(&["state", "check"]).expect(exit::FINE);
    assert!(checked.stdout.contains("s3://team-state/team/prod"), "{}", checked.stdout);
    assert!(state.objects().is_empty(), "a probe leaves nothing");
    state.forget();

    let _ = first.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    assert!(state.objects().contains_key("team/prod/head.json"));
    assert!(asked(&state).iter().any(|line| line.contains("probe/")), "the first apply looks before it writes");

    // Somebody else, with nothing but the URL.
    let second = sandbox(&aws, &state);
    let _ = second.run(&["issue", "app-rw"]).expect(exit::FINE);
    let mut lines = asked(&state);
    // These two do not wait for each other.
    lines[3..5].sort();
    insta::assert_snapshot!(lines.join("\n"), @"
    LIST snap/
    GET head.json
    GET snap/…-….json
    PUT audit/…-…-…/….json
    PUT due/…-…-…/…-…-app-rw.json
    PUT lease/….json
    GET head.json
    PUT lease/….json
    GET head.json
    PUT audit/…-…-…/….json
    ");
    let listed = first.run(&["lease", "list"]).expect(exit::FINE);
    assert!(listed.stdout.contains("app-rw"), "{}", listed.stdout);
    state.forget();
    let _ = second.run(&["plan"]).expect(exit::FINE);
    assert!(state.asked().iter().all(|asked| !asked.writes()), "a plan only reads");
    let _ = second.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    assert!(asked(&state).iter().all(|line| !line.contains("probe/")), "only the first apply probes");

    for (key, bytes) in state.objects() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(CANARY_SECRET) && !text.contains(CANARY_TOKEN), "{key}");
    }
}

#[test]
fn a_store_that_does_not_look_at_conditions_is_refused_before_anything_is_written() {
    type Lie = fn(&Asked) -> bool;
    let lies: [(&str, Lie); 3] = [
        ("made an object twice", |asked| !asked.header("if-none-match").is_empty()),
        ("replaced an object", |asked| asked.method == "PUT" && !asked.header("if-match").is_empty()),
        ("removed an object", |asked| asked.method == "DELETE"),
    ];
    for (told, lie) in lies {
        let aws = CannedAws::start();
        let state = BucketServer::with(move |asked| if lie(asked) { Fate::IgnoreConditions } else { Fate::Good });
        let sandbox = sandbox(&aws, &state);
        for args in [&["state", "check"][..], &["apply", "--auto-approve"]] {
            let refused = sandbox.run(args).expect(exit::FAILED);
            assert!(refused.stderr.contains("error[state-without-conditions]"), "{told}: {}", refused.stderr);
            assert!(refused.stderr.contains(told), "{told}: {}", refused.stderr);
            assert_eq!(state.objects().into_keys().collect::<Vec<_>>(), Vec::<String>::new(), "{told}");
        }
    }
}

#[test]
fn init_probes_the_store_that_it_is_given_before_it_writes_files() {
    let state = BucketServer::with(|asked: &Asked| if asked.writes() { Fate::IgnoreConditions } else { Fate::Good });
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    let refused = sandbox.run(&["init", "new", "--state", &state.url("p")]).expect(exit::FAILED);
    assert!(refused.stderr.contains("error[state-without-conditions]"), "{}", refused.stderr);
    assert!(!sandbox.repo().join("new").exists());
    let honest = BucketServer::start();
    let _ = sandbox.run(&["init", "new", "--state", &honest.url("p")]).expect(exit::FINE);
    assert!(sandbox.repo().join("new").exists() && !honest.asked().is_empty() && honest.objects().is_empty());
}

#[test]
fn a_state_url_that_is_wrong_is_a_usage_error_and_a_missing_region_says_where_to_write_it() {
    let aws = CannedAws::start();
    let mut sandbox = aws.sandbox();
    let done = sandbox.run(&["lease", "list", "--state", "s3://AKIAEXAMPLE:hunter2@bucket/p"]).expect(exit::USAGE);
    assert!(done.stderr.contains("error[bad-state-url]") && !done.all().contains("hunter2"), "{}", done.stderr);
    let done = sandbox.run(&["lease", "list", "--state", "s3://bucket/p"]).expect(exit::AWS_UNREACHABLE);
    assert!(done.stderr.contains("?region="), "{}", done.stderr);
    sandbox.unset("AWS_ACCESS_KEY_ID");
    let state = BucketServer::start();
    let done = sandbox.run(&["lease", "list", "--state", &state.url("p")]).expect(exit::AWS_UNREACHABLE);
    assert!(done.stderr.contains("no AWS credentials"), "{}", done.stderr);
}

#[test]
fn where_every_reply_to_a_write_is_lost_everything_is_written_once() {
    let aws = CannedAws::start();
    let state =
        BucketServer::with(
            |asked| {
                if asked.writes() && !asked.key.contains("probe/") { Fate::LoseReply } else { Fate::Good }
            },
        );
    let sandbox = sandbox(&aws, &state);
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    let _ = sandbox.run(&["issue", "app-rw"]).expect(exit::FINE);
    let keys: Vec<String> = state.objects().into_keys().collect();
    let count = |part: &str| keys.iter().filter(|key| key.contains(part)).count();
    assert_eq!((count("/snap/"), count("/lease/"), count("/audit/")), (1, 1, 4), "{keys:?}");
}

#[test]
fn policies_of_the_store_are_the_same_bytes_each_time() {
    let sandbox = Sandbox::new();
    let state = "s3://team-state/prod?region=eu-central-1";
    let bucket = ["policy", "store", "bucket", "--state", state];
    insta::assert_snapshot!(sandbox.run(&bucket).shown(), @r#"
    exit 0
    ── stdout
    {
      "Version": "[day]",
      "Statement": [
        {
          "Sid": "OnlyConditionalWrites",
          "Effect": "Deny",
          "Principal": "*",
          "Action": [
            "s3:PutObject"
          ],
          "Resource": [
            "arn:aws:s3:::team-state/prod/*"
          ],
          "Condition": {
            "Null": {
              "s3:if-match": [
                "true"
              ],
              "s3:if-none-match": [
                "true"
              ]
            }
          }
        },
        {
          "Sid": "OnlyConditionalRemovals",
          "Effect": "Deny",
          "Principal": "*",
          "Action": [
            "s3:DeleteObject"
          ],
          "Resource": [
            "arn:aws:s3:::team-state/prod/*"
          ],
          "Condition": {
            "Null": {
              "s3:if-match": [
                "true"
              ]
            }
          }
        },
        {
          "Sid": "WriteHistoryOnce",
          "Effect": "Deny",
          "Principal": "*",
          "Action": [
            "s3:PutObject"
          ],
          "Resource": [
            "arn:aws:s3:::team-state/prod/audit/*",
            "arn:aws:s3:::team-state/prod/snap/*"
          ],
          "Condition": {
            "Null": {
              "s3:if-none-match": [
                "true"
              ]
            }
          }
        },
        {
          "Sid": "KeepHistory",
          "Effect": "Deny",
          "Principal": "*",
          "Action": [
            "s3:DeleteObject"
          ],
          "Resource": [
            "arn:aws:s3:::team-state/prod/audit/*",
            "arn:aws:s3:::team-state/prod/head.json",
            "arn:aws:s3:::team-state/prod/snap/*"
          ]
        },
        {
          "Sid": "OnlyOverTls",
          "Effect": "Deny",
          "Principal": "*",
          "Action": [
            "s3:*"
          ],
          "Resource": [
            "arn:aws:s3:::team-state",
            "arn:aws:s3:::team-state/prod/*"
          ],
          "Condition": {
            "Bool": {
              "aws:SecureTransport": [
                "false"
              ]
            }
          }
        }
      ]
    }
    ── stderr
    note: switch versioning on as well: a removed or replaced object can then be had again; nobody but the bucket's administrators needs s3:DeleteObjectVersion or s3:PutBucketPolicy
    "#);
    insta::assert_snapshot!(sandbox.run(&["policy", "store", "sweep", "--state", state]).shown(), @r#"
    exit 0
    ── stdout
    {
      "Version": "[day]",
      "Statement": [
        {
          "Sid": "List",
          "Effect": "Allow",
          "Action": [
            "s3:ListBucket"
          ],
          "Resource": [
            "arn:aws:s3:::team-state"
          ]
        },
        {
          "Sid": "Read",
          "Effect": "Allow",
          "Action": [
            "s3:GetObject"
          ],
          "Resource": [
            "arn:aws:s3:::team-state/prod/*"
          ]
        },
        {
          "Sid": "Write",
          "Effect": "Allow",
          "Action": [
            "s3:PutObject"
          ],
          "Resource": [
            "arn:aws:s3:::team-state/prod/audit/*",
            "arn:aws:s3:::team-state/prod/due/*",
            "arn:aws:s3:::team-state/prod/lease/*"
          ]
        },
        {
          "Sid": "Remove",
          "Effect": "Allow",
          "Action": [
            "s3:DeleteObject"
          ],
          "Resource": [
            "arn:aws:s3:::team-state/prod/due/*",
            "arn:aws:s3:::team-state/prod/lease/*"
          ]
        }
      ]
    }
    ── stderr
    note: s3:ListBucket shows the names of all objects in the bucket: give the state a bucket of its own
    "#);
    for whose in ["bucket", "plan", "apply", "issue", "sweep"] {
        let once = || sandbox.run(&["policy", "store", whose, "--state", state]).expect(exit::FINE).stdout;
        let text = once();
        assert_eq!(text, once());
        leasehold::domain::iam::Policy::parse(&text).expect("IAM would read it");
    }
    let folder = sandbox.run(&["policy", "store", "plan", "--state", ".leasehold"]).expect(exit::USAGE);
    assert!(folder.stderr.contains("error[state-not-in-s3]"), "{}", folder.stderr);
}

#[test]
fn a_state_that_cannot_be_reached_ends_like_an_aws_that_cannot() {
    let (aws, state) = (CannedAws::start(), BucketServer::start());
    let mut sandbox = sandbox(&aws, &state);
    sandbox.set("LEASEHOLD_STATE", &state.url("team/prod").replace(&state.endpoint, "http://127.0.0.1:1"));
    for command in [&["issue", "app-rw"][..], &["lease", "list"], &["sweep"]] {
        let done = sandbox.run(command).expect(exit::AWS_UNREACHABLE);
        assert!(done.stderr.contains("error[state-unreachable]"), "{}", done.shown());
        assert!(
            done.stderr.contains("127.0.0.1:1") && done.stderr.contains("help: check the network"),
            "{}",
            done.shown()
        );
    }
}
