//! AWS that tells readers late: a lease that is revoked a second after it was issued.

use jiff::SignedDuration;
use leasehold::app::{IssueRequest, KeyWait, RevokeRequest, Selection};
use leasehold::testing::Lag;

use super::process::Process;
use super::{applied, full_role, size, sweep_out};
use crate::scene::request;

#[test]
fn whatever_readers_learn_late_no_user_is_forgotten() {
    let (mut early, runs) = (0_u64, size(26, 2_000));
    for run in 0..runs {
        let when = format!("run {run}");
        let (scene, store) = applied(&full_role());
        let longest = SignedDuration::from_millis((run * 15_000 / runs.saturating_sub(1)).cast_signed());
        scene.cloud.lag(Some(Lag { longest, seed: (run % 10 != 0).then_some(run), outlasts_patience: run % 25 == 24 }));
        let process = Process::new(&scene, &store, &when);
        // A lag that outlasts all patience makes the issue fail; what it made is the sweep's.
        let issued = scene.issue_as(&process, IssueRequest { wait: KeyWait::Skip, ..request("deployer") });
        assert!(issued.is_ok() || run % 25 == 24, "{when}");
        scene.clock.advance(SignedDuration::from_secs(1));
        let revoke = RevokeRequest { selection: Selection::All, deny_session: false, deny_older: false };
        scene.revoke(&process, &revoke).unwrap_or_else(|failure| panic!("{when}: {failure:?}"));
        early += u64::from(!scene.cloud.live_users().is_empty());
        sweep_out(&scene, &store, &when);
    }
    println!("read lag of 0 to 15 s: {runs} runs, {early} whose revoke left the user to the sweep, 0 forgotten");
    assert!(early > runs / 20, "only {early} of {runs} runs met the lag");
}
