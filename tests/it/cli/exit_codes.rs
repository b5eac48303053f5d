//! Every documented exit code, reached by a real run.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use leasehold::output::exit;

use crate::canned_aws::{CannedAws, manifests, two};
use crate::fault_server::error;
use crate::sandbox::{Done, Sandbox};
use crate::scene::{self, READ_ONLY, READ_WRITE};

const HOUR: &str = "max_sts_ttl: 1h";

/// A sandbox with both roles applied.
fn applied(aws: &CannedAws) -> Sandbox {
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    sandbox
}

fn fine() -> Done {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let done = sandbox.run(&["apply", "--auto-approve"]);
    assert_snapshot!(done.shown(), @"
    exit 0
    ── stdout
    Changes:

      + Broker prod will be recorded: this is the first apply
          name:               prod
          principal:          arn:aws:iam::111122223333:user/ci
          region:             ap-northeast-1
          deployment:         prod
          default_sts_ttl:    15m
          max_sts_ttl:        1h
          max_deletes:        5
          max_delete_percent: 30

      + app-readonly will be created: it is not in the record yet (prod.yaml:11)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppReadOnly
          default_sts_ttl: 15m
          max_sts_ttl:     1h

      + app-rw will be created: it is not in the record yet (prod.yaml:18)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppRW
          default_sts_ttl: 15m
          max_sts_ttl:     1h

    Compared: commit 30f67939ee38; no record yet; AWS as arn:aws:iam::111122223333:user/ci sees it (7
              calls).
    Plan: 2 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.
      recorded Broker
      created app-readonly
      created app-rw
    Applied: 2 roles, serial 1 from commit [commit].
    ");
    done
}

fn failed() -> Done {
    let sandbox = Sandbox::new();
    sandbox.commit(&manifests(&scene::role("app", READ_ONLY, "max_sts_tll: 1h")));
    let done = sandbox.run(&["validate"]);
    assert_snapshot!(done.shown(), @"
    exit 1
    ── stderr
    prod.yaml:14:3: error[unknown-field]: `max_sts_tll` is not a field here; help: did you mean `max_sts_ttl`?
    ");
    done
}

fn changes_pending() -> Done {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["plan"]).expect(exit::FINE);
    let done = sandbox.run(&["plan", "--detailed-exitcode"]);
    assert_snapshot!(done.shown(), @"
    exit 2
    ── stdout
    Changes:

      + Broker prod will be recorded: this is the first apply
          name:               prod
          principal:          arn:aws:iam::111122223333:user/ci
          region:             ap-northeast-1
          deployment:         prod
          default_sts_ttl:    15m
          max_sts_ttl:        1h
          max_deletes:        5
          max_delete_percent: 30

      + app-readonly will be created: it is not in the record yet (prod.yaml:11)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppReadOnly
          default_sts_ttl: 15m
          max_sts_ttl:     1h

      + app-rw will be created: it is not in the record yet (prod.yaml:18)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppRW
          default_sts_ttl: 15m
          max_sts_ttl:     1h

    Compared: commit 30f67939ee38; no record yet; AWS as arn:aws:iam::111122223333:user/ci sees it (7
              calls).
    Plan: 2 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.
    Next: leasehold apply --expect-plan sha256:[hash]
    ");
    done
}

fn findings_block() -> Done {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&scene::role("app", READ_ONLY, "max_sts_ttl: 2h")));
    let _ = sandbox.run(&["plan", "--detailed-exitcode"]).expect(exit::FINDINGS_BLOCK);
    let done = sandbox.run(&["apply", "--auto-approve"]);
    assert_snapshot!(done.shown(), @"
    exit 3
    ── stdout
    Changes:

      + Broker prod will be recorded: this is the first apply
          name:               prod
          principal:          arn:aws:iam::111122223333:user/ci
          region:             ap-northeast-1
          deployment:         prod
          default_sts_ttl:    15m
          max_sts_ttl:        1h
          max_deletes:        5
          max_delete_percent: 30

      + app will be created: it is not in the record yet (prod.yaml:11)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppReadOnly
          default_sts_ttl: 15m
          max_sts_ttl:     2h

    Findings:

    LH103 ttl-above-max-session-duration (hard) in app

      × role `app` allows `max_sts_ttl` 2h (7200 seconds), and
      │ `arn:aws:iam::111122223333:role/ProdAppReadOnly` has MaxSessionDuration 3600
        ╭─[prod.yaml:14:16]
     14 │   max_sts_ttl: 2h
        ·                ─┬
        ·                 ╰── ProdAppReadOnly allows 1h
        ╰────
      help: lower the maximum to `max_sts_ttl: 1h`, or allow it in AWS:
            `aws iam update-role --role-name ProdAppReadOnly --max-session-duration 7200` (raises
            MaxSessionDuration of arn:aws:iam::111122223333:role/ProdAppReadOnly to 7200)

    Compared: commit 110eabe519b7; no record yet; AWS as arn:aws:iam::111122223333:user/ci sees it (6
              calls).
    Plan: 1 to create, 0 to update, 0 to refresh, 0 to delete; 1 finding (1 blocking), 0 unknown.
    ── stderr
    error[findings-block]: a finding blocks this plan; because LH103 ttl-above-max-session-duration: role `app` allows `max_sts_ttl` 2h (7200 seconds), and `arn:aws:iam::111122223333:role/ProdAppReadOnly` has MaxSessionDuration 3600; help: mend them, or waive those that may be waived; `leasehold explain LH103` tells more
    ");
    done
}

fn stale_plan() -> Done {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&scene::role("app-rw", READ_WRITE, HOUR)));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["plan", "--out", "../plan.json"]).expect(exit::FINE);
    let other = sandbox.run(&["apply", "--auto-approve", "--expect-plan", &format!("sha256:{}", "0".repeat(64))]);
    assert!(other.expect(exit::STALE_PLAN).stderr.contains("was expected"));
    aws.put("ProdAppReadOnly", 7_200, &scene::trusting(crate::canned_aws::BROKER));
    let done = sandbox.run(&["apply", "--auto-approve", "../plan.json"]);
    assert_snapshot!(done.shown(), @"
    exit 4
    ── stdout
    Changes:

      + app-readonly will be created: it is not in the record yet (prod.yaml:11)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppReadOnly
          default_sts_ttl: 15m
          max_sts_ttl:     1h

    Compared: commit 10598211f55a; record 1; AWS as arn:aws:iam::111122223333:user/ci sees it (7 calls).
    Plan: 1 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.
    ── stderr
    error[stale-plan]: this is not the plan that was reviewed; because AWS changed since the plan was made, for: app-readonly; help: make a new plan, review it, and apply that one
    ");
    done
}

fn store_busy() -> Done {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    sandbox.commit(&manifests(&two("max_sts_ttl: 30m")));
    let mut options = std::fs::OpenOptions::new();
    let lock = options.create(true).truncate(false).write(true).open(sandbox.repo().join(".leasehold/.lock"));
    let lock = lock.expect("a file");
    lock.lock().expect("free");
    let done = sandbox.run(&["apply", "--auto-approve"]);
    assert_snapshot!(done.shown(), @"
    exit 5
    ── stdout
    Changes:

      ~ app-readonly will be updated: its declaration has changed (prod.yaml:11)
          max_sts_ttl: 1h → 30m
          • Max TTL 1h → 30m; no open lease outlives it.

      ~ app-rw will be updated: its declaration has changed (prod.yaml:18)
          max_sts_ttl: 1h → 30m
          • Max TTL 1h → 30m; no open lease outlives it.

    Compared: commit b1e22d61dcdd; record 1; AWS as arn:aws:iam::111122223333:user/ci sees it (7 calls).
    Plan: 0 to create, 2 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.
    ── stderr
    error[state-busy]: the state at file://[root]/repo/.leasehold is busy: another process holds it; help: wait until the other process is done, and run the command again
    ");
    done
}

fn partly_applied() -> Done {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two(HOUR)));
    let _ = sandbox.run(&["plan", "--out", "../plan.json"]).expect(exit::FINE);
    aws.put("ProdAppReadOnly", 7_200, &scene::trusting(crate::canned_aws::BROKER));
    let done = sandbox.run(&["apply", "--auto-approve", "../plan.json"]);
    assert_snapshot!(done.shown(), @"
    exit 6
    ── stdout
    Changes:

      + Broker prod will be recorded: this is the first apply
          name:               prod
          principal:          arn:aws:iam::111122223333:user/ci
          region:             ap-northeast-1
          deployment:         prod
          default_sts_ttl:    15m
          max_sts_ttl:        1h
          max_deletes:        5
          max_delete_percent: 30

      + app-readonly will be created: it is not in the record yet (prod.yaml:11)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppReadOnly
          default_sts_ttl: 15m
          max_sts_ttl:     1h

      + app-rw will be created: it is not in the record yet (prod.yaml:18)
          credential_type: assumed_role
          role_arns:       arn:aws:iam::111122223333:role/ProdAppRW
          default_sts_ttl: 15m
          max_sts_ttl:     1h

    Compared: commit 30f67939ee38; no record yet; AWS as arn:aws:iam::111122223333:user/ci sees it (7
              calls).
    Plan: 2 to create, 0 to update, 0 to refresh, 0 to delete; 0 findings (0 blocking), 0 unknown.
      recorded Broker
      created app-rw
      left out app-readonly: AWS changed since the plan was made; plan again
    Applied: 1 role, serial 1 from commit [commit].
    ");
    done
}

fn brake_refused() -> Done {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    sandbox.commit(&manifests(""));
    let _ = sandbox.run(&["plan", "--detailed-exitcode"]).expect(exit::BRAKE_REFUSED);
    let done = sandbox.run(&["apply", "--auto-approve"]);
    assert_snapshot!(done.shown(), @"
    exit 7
    ── stdout
    Changes:

      - app-readonly will be deleted: it is no longer declared
          • It can be issued no more.

      - app-rw will be deleted: it is no longer declared
          • It can be issued no more.

    Brakes: nothing of this plan will be applied.

      x empty-set
          the manifests declare no role at all, and 2 are recorded
          check that --dir and --ref point at the manifests; to end a deployment, delete its roles over
          several applies and keep one to the last

    Compared: commit 0708f6de9e21; record 1; AWS as arn:aws:iam::111122223333:user/ci sees it (7 calls).
    Plan: 0 to create, 0 to update, 0 to refresh, 2 to delete; 0 findings (0 blocking), 0 unknown.
    ── stderr
    error[empty-set]: the manifests declare no role at all, and 2 are recorded; help: check that --dir and --ref point at the manifests; to end a deployment, delete its roles over several applies and keep one to the last
    ");
    done
}

fn drift() -> Done {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    aws.put("ProdAppRW", 7_200, &scene::trusting(crate::canned_aws::BROKER));
    let done = sandbox.run(&["drift"]);
    assert_snapshot!(done.shown(), @"
    exit 8
    ── stdout
    Drift: AWS is no longer as it was when these roles were applied.

      ! arn:aws:iam::111122223333:role/ProdAppRW, issued by app-rw
          MaxSessionDuration: 3600 → 7200

    Compared: record 1; AWS as arn:aws:iam::111122223333:user/ci sees it (7 calls); commit 30f67939ee38.
    Drift: 1 of 2 live roles drifted, 0 unknown; 0 judged otherwise; 0 pending in git.
    Next: put AWS back, or review what it says now with `leasehold plan` and record it with
    `leasehold apply`.
    ");
    done
}

fn stuck() -> Done {
    let aws = CannedAws::start();
    aws.let_broker_make_users();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&(two(HOUR) + &scene::user_role("deployer", ""))));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    crate::leases::plant_failing(&sandbox.repo().join(".leasehold"), leasehold::domain::lease::STUCK_AFTER - 1);
    aws.fault(|request| match request.action() {
        "ListUsers" => Some(crate::iam_answers::page("ListUsers", &[], "", 1)),
        "ListAccessKeys" => Some(error(403, "AccessDenied", "not authorized")),
        _ => None,
    });
    let done = sandbox.run(&["sweep"]);
    let shown = done.shown();
    let (told, seconds) = shown.trim_end().rsplit_once('=').expect("the metrics");
    assert!(seconds.parse::<u64>().is_ok(), "{seconds}");
    assert_snapshot!(told, @"
    exit 9
    ── stdout
      stuck aws/creds/deployer/[ulid] (6 failures in a row): iam:ListAccessKeys: not authorized
    Sweep: due=1 ended=0 deleted=0 failed=1 stuck=1 left=0 unrecorded=0 foreign=0 oldest_overdue_seconds
    ");
    done
}

fn issue_refused() -> Done {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let done = sandbox.run(&["issue", "app-readonli"]);
    assert_snapshot!(done.shown(), @"
    exit 10
    ── stderr
    error[no-such-role]: there is no role `app-readonli` in the record; because `issue` hands out what was applied, and nothing else; help: did you mean `app-readonly`?
    ");
    let asked = aws.server.seen().len();
    let _ = sandbox.run(&["issue", "app-rw", "--ttl", "2h"]).expect(exit::ISSUE_REFUSED);
    assert_eq!(aws.server.seen().len(), asked, "a refusal by the record asks AWS nothing");
    done
}

fn refused_by_aws() -> Done {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    aws.fault(|request| {
        let denied = "User: arn:aws:iam::111122223333:user/ci is not authorized to perform: sts:AssumeRole on resource: \
                      arn:aws:iam::111122223333:role/ProdAppReadOnly";
        (request.action() == "AssumeRole").then(|| error(403, "AccessDenied", denied))
    });
    let done = sandbox.run(&["issue", "app-readonly"]);
    assert_snapshot!(done.shown(), @"
    exit 11
    ── stderr
    error[not-trusted]: AWS does not let arn:aws:iam::111122223333:user/ci issue `app-readonly` from arn:aws:iam::111122223333:role/ProdAppReadOnly; because the role's trust policy does not admit the identity that asks, or that identity's own policies do not allow it; help: check that the command runs as arn:aws:iam::111122223333:user/ci (aws sts get-caller-identity), and run `leasehold plan`: it reads the trust policy of arn:aws:iam::111122223333:role/ProdAppReadOnly and says what is missing; AWS said: AccessDenied: User: arn:aws:iam::111122223333:user/ci is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/ProdAppReadOnly (request req-7)
    ");
    done
}

fn aws_unreachable() -> Done {
    let mut sandbox = Sandbox::new();
    sandbox.commit(&manifests(&two(HOUR)));
    let started = Instant::now();
    let nobody = sandbox.run(&["plan"]);
    assert_snapshot!(nobody.expect(exit::AWS_UNREACHABLE).shown(), @"
    exit 12
    ── stderr
    error[no-credentials]: no AWS credentials were found; because nothing was found in the environment, a profile, a web identity, a container or an instance; help: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached (web identity, container or instance)
    ");
    sandbox.set("AWS_ACCESS_KEY_ID", "AKIAEXAMPLECALLER000");
    sandbox.set("AWS_SECRET_ACCESS_KEY", "x");
    let done = sandbox.run(&["plan"]);
    assert_snapshot!(done.shown(), @"
    exit 12
    ── stderr
    error[unreachable]: AWS could not be reached for sts:GetCallerIdentity; because http://127.0.0.1:1: client error (Connect): tcp connect error: Connection refused (os error 111); help: check the network, the proxy (HTTPS_PROXY) and AWS_ENDPOINT_URL; nothing was sent
    ");
    assert!(started.elapsed() < Duration::from_secs(5), "it took {:?}", started.elapsed());
    done
}

fn audit_not_writable() -> Done {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    // Tests may run as root, who may write to any folder: a file stands where the folder should be.
    std::fs::remove_dir_all(sandbox.repo().join(".leasehold/audit")).expect("it was there");
    std::fs::write(sandbox.repo().join(".leasehold/audit"), "").expect("written");
    let done = sandbox.run(&["issue", "app-rw"]);
    assert_snapshot!(done.shown(), @"
    exit 13
    ── stderr
    error[audit-not-writable]: the audit event could not be written, and without it nothing is handed out; because the state at file://[root]/repo/.leasehold cannot be used: `audit` in `/audit/[day]` is a file, not a folder; help: nothing here writes such a thing: find out who did, move it out of the state folder, and run again
    ");
    assert!(aws.sessions().is_empty(), "without an audit nothing is asked of STS");
    done
}

fn usage() -> Done {
    let done = Sandbox::new().run(&["aply"]);
    assert_snapshot!(done.shown(), @"
    exit 64
    ── stderr
    error: unrecognized subcommand 'aply'

      tip: some similar subcommands exist: 'policy', 'apply'

    Usage: leasehold [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    done
}

fn command_not_run() -> Done {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let done = sandbox.run(&["exec", "app-rw", "--", "./prod.yaml"]);
    assert_snapshot!(done.shown(), @"
    exit 126
    ── stderr
    error[command-not-run]: `./prod.yaml` could not be run; because Permission denied (os error 13); help: nothing was issued; check the command's name, and PATH
    ");
    assert!(aws.sessions().is_empty(), "no lease is spent on it");
    done
}

fn command_not_found() -> Done {
    let aws = CannedAws::start();
    let sandbox = applied(&aws);
    let done = sandbox.run(&["exec", "app-rw", "--", "terrafrom", "apply"]);
    assert_snapshot!(done.shown(), @"
    exit 127
    ── stderr
    error[command-not-run]: `terrafrom` could not be run; because there is no such command; help: nothing was issued; check the command's name, and PATH
    ");
    assert!(aws.sessions().is_empty(), "no lease is spent on it");
    done
}

#[test]
fn every_code_is_reached_by_a_real_run() {
    let runs: [(u8, fn() -> Done); 17] = [
        (exit::FINE, fine),
        (exit::FAILED, failed),
        (exit::CHANGES_PENDING, changes_pending),
        (exit::FINDINGS_BLOCK, findings_block),
        (exit::STALE_PLAN, stale_plan),
        (exit::STORE_BUSY, store_busy),
        (exit::PARTLY_APPLIED, partly_applied),
        (exit::BRAKE_REFUSED, brake_refused),
        (exit::DRIFT, drift),
        (exit::STUCK, stuck),
        (exit::ISSUE_REFUSED, issue_refused),
        (exit::REFUSED_BY_AWS, refused_by_aws),
        (exit::AWS_UNREACHABLE, aws_unreachable),
        (exit::AUDIT_NOT_WRITABLE, audit_not_writable),
        (exit::USAGE, usage),
        (exit::COMMAND_NOT_RUN, command_not_run),
        (exit::COMMAND_NOT_FOUND, command_not_found),
    ];
    assert_eq!(runs.map(|(code, _)| code), exit::ALL.map(|(code, _)| code), "a code has no run that reaches it");
    std::thread::scope(|scope| {
        for (code, run) in runs {
            scope.spawn(move || drop(run().expect(code)));
        }
    });
}
