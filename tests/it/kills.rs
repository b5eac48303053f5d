//! The real binary, killed at any moment: the next command works, and no session is without a lease.
//!
//! The moments come from a seed, which is printed; `LEASEHOLD_TEST_SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::time::{Duration, Instant};

use leasehold::output::exit;
use serde_json::Value;

use crate::canned_aws::{CannedAws, manifests, two};
use crate::cli::live_leases::with_deployer;
use crate::emulator::{self, Account, block_on};
use crate::fault_server::Request;
use crate::sandbox::Sandbox;

const KILLS: usize = 10;
/// With `LEASEHOLD_LARGE_PROOFS=1`.
const MANY_KILLS: usize = 500;

/// xorshift64*: numbers that look random and can be had again.
struct Moments(u64);

impl Moments {
    fn new(test: &str) -> Self {
        let seed = match std::env::var("LEASEHOLD_TEST_SEED") {
            Ok(text) => text.parse().expect("LEASEHOLD_TEST_SEED is a number"),
            Err(_) => jiff::Timestamp::now().as_nanosecond().unsigned_abs() as u64 | 1,
        };
        println!("{test}: LEASEHOLD_TEST_SEED={seed}");
        Self(seed)
    }

    /// A moment before `end`.
    fn before(&mut self, end: Duration) -> Duration {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let random = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
        end.mul_f64(random as f64 / f64::from(u32::MAX))
    }
}

/// AWS that takes a little while for each answer, so that a kill can fall between request and answer.
fn slow() -> CannedAws {
    let aws = CannedAws::start();
    aws.fault(|_: &Request| {
        std::thread::sleep(Duration::from_millis(20));
        None
    });
    aws
}

/// Starts a command and kills it at that moment. Answers whether it was still running.
fn kill(sandbox: &Sandbox, args: &[&str], moment: Duration) -> bool {
    let mut command = sandbox.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    std::thread::sleep(moment);
    // SIGKILL: no handler runs, nothing is flushed.
    child.kill().expect("it is ours");
    child.wait().expect("it ended").code().is_none()
}

/// How long a command takes when nobody kills it.
fn whole(sandbox: &Sandbox, args: &[&str]) -> Duration {
    let started = Instant::now();
    let _ = sandbox.run(args).expect(exit::FINE);
    started.elapsed()
}

fn leases(sandbox: &Sandbox) -> Vec<Value> {
    let list = sandbox.run(&["lease", "list", "--all", "--format", "json"]).expect(exit::FINE);
    let list: Value = serde_json::from_str(&list.stdout).expect("JSON");
    list["leases"].as_array().expect("a list").clone()
}

#[test]
fn an_issue_killed_at_any_moment_leaves_a_name_for_every_session() {
    let mut moments = Moments::new("issue");
    let aws = slow();
    let sandbox = aws.sandbox();
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    let _ = sandbox.run(&["apply", "--auto-approve"]).expect(exit::FINE);
    let end = whole(&sandbox, &["issue", "app-rw"]);
    let mut killed = 0;
    for _ in 0..KILLS {
        killed += usize::from(kill(&sandbox, &["issue", "app-rw"], moments.before(end)));
        let _ = sandbox.run(&["issue", "app-readonly"]).expect(exit::FINE);
        let named: BTreeSet<String> =
            leases(&sandbox).iter().filter_map(|lease| lease["session_name"].as_str().map(str::to_owned)).collect();
        for session in aws.sessions() {
            assert!(
                named.contains(&session),
                "STS may have given {session}, and the ledger does not name it: {named:?}"
            );
        }
    }
    assert!(killed > 0, "every command ended before its kill: nothing was tested");
    let open = leases(&sandbox).iter().filter(|lease| lease["state"] == "intent").count();
    assert!(open <= killed, "only a killed issue leaves an intent");
    let _ = sandbox.run(&["plan"]).expect(exit::FINE);
}

#[test]
fn an_apply_killed_at_any_moment_happened_whole_or_not_at_all() {
    let mut moments = Moments::new("apply");
    let aws = slow();
    let sandbox = aws.sandbox();
    let apply = ["apply", "--auto-approve"];
    sandbox.commit(&manifests(&two("max_sts_ttl: 1h")));
    let end = whole(&sandbox, &apply);
    let mut killed = 0;
    for round in 0..KILLS {
        let ttl = if round % 2 == 0 { "30m" } else { "1h" };
        sandbox.commit(&manifests(&two(&format!("max_sts_ttl: {ttl}"))));
        killed += usize::from(kill(&sandbox, &apply, moments.before(end)));
        let plan = sandbox.run(&["plan", "--format", "json"]).expect(exit::FINE);
        let plan: Value = serde_json::from_str(&plan.stdout).expect("JSON");
        let left = plan["summary"]["update"].as_u64();
        assert!([Some(0), Some(2)].contains(&left), "half an apply: {}", plan["summary"]);
        let _ = sandbox.run(&["issue", "app-rw"]).expect(exit::FINE);
        let _ = sandbox.run(&apply).expect(exit::FINE);
        let _ = sandbox.run(&["plan", "--detailed-exitcode"]).expect(exit::FINE);
    }
    assert!(killed > 0, "every command ended before its kill: nothing was tested");
}

/// The IAM users of the deployment, by the leases that their names end in.
fn users(account: &Account) -> BTreeMap<String, String> {
    let listed = block_on(async { account.iam().list_users().path_prefix("/leasehold/").send().await });
    let listed = listed.expect("IAM lists").users;
    listed.into_iter().map(|user| (user.user_name[user.user_name.len() - 26..].to_owned(), user.user_name)).collect()
}

#[test]
fn an_issue_of_a_user_killed_at_any_moment_leaves_nothing_that_a_sweep_does_not_end() {
    let Some(emulator) = emulator::shared() else { return };
    let kills =
        if std::env::var_os("LEASEHOLD_LARGE_PROOFS").is_some_and(|value| value == "1") { MANY_KILLS } else { KILLS };
    let mut moments = Moments::new("issue of a user");
    let (account, sandbox) = with_deployer(emulator);
    let issue = ["issue", "deployer", "--wait", "none", "--timeout", "5s"];
    // The first is slower than those that follow.
    let end = whole(&sandbox, &issue).min(whole(&sandbox, &issue));
    let mut killed = 0;
    for _ in 0..kills {
        killed += usize::from(kill(&sandbox, &issue, moments.before(end)));
    }
    assert!(killed > 0, "every command ended before its kill: nothing was tested");
    let recorded: BTreeMap<String, String> = leases(&sandbox)
        .iter()
        .map(|lease| {
            let text = |name: &str| lease[name].as_str().expect("text").to_owned();
            (text("id"), text("state"))
        })
        .collect();
    let live = users(&account);
    for (lease, user) in &live {
        assert!(recorded.contains_key(lease), "no lease tells of {user}");
    }
    let of = |state: &str| recorded.values().filter(|known| *known == state).count();
    println!("{killed} of {kills} killed; {} users; {} intents, {} active", live.len(), of("intent"), of("active"));

    // Past the time limit of the last process, and the grace.
    std::thread::sleep(Duration::from_secs(7));
    let sweep = ["sweep", "--grace", "1s", "--format", "json", "--rate", "500"];
    let _ = sandbox.run(&sweep).expect(exit::FINE);
    for lease in users(&account).keys() {
        assert_eq!(recorded[lease], "active", "the sweep ends what has no key yet, and what has one at its expiry");
    }
    let _ = sandbox.run(&["lease", "revoke", "--all", "--rate", "500"]).expect(exit::FINE);
    assert_eq!(users(&account), BTreeMap::new());
    std::thread::sleep(Duration::from_secs(2));
    let _ = sandbox.run(&sweep).expect(exit::FINE);
    assert_eq!(users(&account), BTreeMap::new());
    for lease in leases(&sandbox) {
        assert_eq!(lease["state"], "ended", "{lease}");
    }
}
