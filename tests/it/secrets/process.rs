//! The real process, with everything said aloud, while it issues the key of an IAM user and AWS or a signal gets in its way:
//! no secret is in what it says, in what it stores, or in a core file.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leasehold::testing::CANARY_SECRET;
use rustix::process::{Pid, Signal, kill_process};

use super::{CALLER_SECRET, CALLER_TOKEN, clean};
use crate::canned_aws::caller;
use crate::canned_users::Users;
use crate::fault_server::{FaultServer, Reply, Request, error, identity};
use crate::lease_proofs::{applied, into_folder, size};
use crate::sandbox::{Sandbox, binary};
use crate::scene::user_role;

/// What befalls one call to AWS.
#[derive(Debug, Clone, Copy)]
enum Wrong {
    Throttled,
    Refused,
    RequestLost,
    AnswerLost,
    AnswerCutShort,
    /// The answer, secret and all, in a form that nobody reads.
    AnswerGarbled,
    /// The process is ended after AWS acted: by -9, or by a signal that leaves a core file.
    Ended(Signal),
}

const WRONGS: [Wrong; 9] = [
    Wrong::Throttled,
    Wrong::Refused,
    Wrong::RequestLost,
    Wrong::AnswerLost,
    Wrong::AnswerCutShort,
    Wrong::AnswerGarbled,
    Wrong::Ended(Signal::KILL),
    Wrong::Ended(Signal::ABORT),
    // What is sent as a fault of memory, the runtime takes once for a full stack, and goes on.
    Wrong::Ended(Signal::QUIT),
];
/// Calls of an issue that waits until its key works: who we are, the user, its deny, its policy, its key, and the key's use.
const CALLS: usize = 7;

/// A shell that becomes a program which may leave core files of any length, as far as this machine lets it.
const WITH_CORES: &str = r#"ulimit -S -c "$(ulimit -H -c)"; exec "$@""#;

fn with_cores(sandbox: &Sandbox, command: &[&str]) -> Command {
    sandbox.plain("/bin/sh", &[&["-c", WITH_CORES, "sh"], command].concat())
}

fn answer(users: &mut Users, request: &Request) -> Reply {
    match request.action() {
        "GetCallerIdentity" => Reply::Answer(200, identity()),
        _ => users.answer(request).unwrap_or_else(|| error(404, "NoSuchEntity", "The user cannot be found.")),
    }
}

/// Issues once, with this going wrong at the call of this number. Answers how the process ended, and how many bytes were looked
/// at.
fn issue(wrong: Wrong, at: usize) -> (ExitStatus, usize) {
    let (_, store) = applied(&user_role("deployer", ""));
    let (users, running) = (Mutex::new(Users::default()), Arc::new(AtomicI32::new(0)));
    let process = Arc::clone(&running);
    let server = FaultServer::start(move |request| {
        let mut users = users.lock().expect("no thread panics with it");
        if request.number != at {
            return answer(&mut users, request);
        }
        match (wrong, wrong.reply(|| answer(&mut users, request))) {
            (Wrong::Ended(signal), reply) => {
                let pid = loop {
                    match Pid::from_raw(process.load(Ordering::SeqCst)) {
                        Some(pid) => break pid,
                        None => std::thread::sleep(Duration::from_millis(1)),
                    }
                };
                kill_process(pid, signal).expect("it is ours, and waits for an answer");
                reply
            }
            (_, reply) => reply,
        }
    });
    let mut sandbox = Sandbox::at(&server.endpoint, &caller());
    into_folder(&store, &sandbox);
    for (name, value) in [
        ("AWS_SECRET_ACCESS_KEY", CALLER_SECRET),
        ("AWS_SESSION_TOKEN", CALLER_TOKEN),
        ("LEASEHOLD_LOG", "trace"),
        ("RUST_LOG", "trace"),
        ("RUST_BACKTRACE", "full"),
    ] {
        sandbox.set(name, value);
    }
    let mut command = with_cores(&sandbox, &[binary(), "issue", "deployer", "--timeout", "5s"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    running.store(child.id().cast_signed(), Ordering::SeqCst);
    let output = child.wait_with_output().expect("it ends");
    let when = format!("{wrong:?} at call {at}");
    assert!(!output.status.core_dumped(), "{when} left a core file");
    if let Wrong::Ended(signal) = wrong {
        assert_eq!(output.status.signal(), Some(signal.as_raw()), "{when}");
    }
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        assert_eq!(stdout.matches(CANARY_SECRET).count(), 1, "{when}: handed over once");
    } else {
        clean(&format!("{when}: standard output"), &stdout);
    }
    clean(&format!("{when}: standard error"), &String::from_utf8_lossy(&output.stderr));
    let mut looked_at = output.stdout.len() + output.stderr.len();
    for folder in ["repo", "home", "tmp"] {
        for (path, bytes) in sandbox.files(folder) {
            looked_at += bytes.len();
            clean(&format!("{when}: {}", path.display()), &String::from_utf8_lossy(&bytes));
        }
    }
    (output.status, looked_at)
}

impl Wrong {
    /// What AWS answers, and whether it has acted.
    fn reply(self, act: impl FnOnce() -> Reply) -> Reply {
        match self {
            Self::Throttled => error(400, "Throttling", "Rate exceeded"),
            Self::Refused => error(403, "AccessDenied", "User: ci is not authorized"),
            Self::RequestLost => Reply::Reset,
            Self::AnswerLost | Self::Ended(_) => {
                let _ = act();
                Reply::Reset
            }
            Self::AnswerCutShort => match act() {
                Reply::Answer(status, body) => Reply::Half(status, body),
                other => other,
            },
            Self::AnswerGarbled => match act() {
                Reply::Answer(status, body) => Reply::Answer(status, body.replace('<', "[")),
                other => other,
            },
        }
    }
}

#[test]
fn no_secret_of_a_real_process_is_told_or_stored_whatever_befalls_it() {
    let runs = size(27, 2_000);
    let (next, ended) = (Mutex::new(0..runs), Mutex::new((0_u64, 0_u64, 0_usize)));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(run) = next.lock().expect("no panic").next() else { return };
                    let nth = usize::try_from(run).expect("few");
                    // The two lengths have no common divisor, so that all pairs come.
                    let (status, looked_at) = issue(WRONGS[nth % WRONGS.len()], nth % CALLS);
                    let mut ended = ended.lock().expect("no panic");
                    ended.0 += u64::from(status.success());
                    ended.1 += u64::from(status.signal().is_some());
                    ended.2 += looked_at;
                }
            });
        }
    });
    let (issued, killed, looked_at) = ended.into_inner().expect("no panic");
    println!("{runs} faults of real processes, {issued} issued, {killed} killed, {looked_at} bytes looked at: 0 hits");
    assert!(issued > 0 && killed > 0, "each has to happen: {issued}, {killed}");
}

/// What is written here when a program that does not mind is ended in the same way.
#[test]
fn a_program_ended_by_a_signal_leaves_a_core_file_and_ours_does_not() {
    let sandbox = Sandbox::new();
    let other = with_cores(&sandbox, &["/bin/sh", "-c", "kill -ABRT $$"]).status().expect("it runs");
    assert_eq!(other.signal(), Some(Signal::ABORT.as_raw()));
    if !other.core_dumped() {
        println!("no program leaves core files here, so that this proves nothing");
    }
    // Its key is in its memory by then. It is held to leaving none wherever it is run.
    let _ = issue(Wrong::Ended(Signal::ABORT), CALLS - 1);
}
