use std::io::{self, BufRead as _};

use leasehold::app::{AppError, Applied, Expectation, Failure, Meaning, PlanRequest, Review, commit, probe, review};
use leasehold::domain::audit::Signer;
use leasehold::domain::digest::Digest;
use leasehold::domain::plan::PlanBasis;
use leasehold::domain::text::escape;
use leasehold::output::text;
use leasehold::wire::{apply_v1, plan_v1};

use super::{plan, saved_plan, signed};
use crate::args::{ApplyArgs, Format};
use crate::exit;
use crate::system::{self, RandomIds, SystemClock};
use crate::terminal::{Terminal, eprint, print};
use crate::wire_up::{self, Prefer, SigningKey};

pub(crate) async fn run(args: &ApplyArgs, terminal: Terminal) -> Result<u8, AppError> {
    let saved = args.plan.as_deref().map(saved_plan::read).transpose()?;
    let key = SigningKey::read(&args.signing)?;
    let (expectation, saved_target) = expectation(args, saved.as_ref())?;
    let manifests = wire_up::manifests(&args.source, Prefer::Commit, args.allow_dirty)?;
    let signed_by = match &args.require_signed_by {
        Some(file) => Some(signed::require(file, &args.source, &manifests)?),
        None => None,
    };
    let store = wire_up::state(&args.state, &args.source.dir).await?;
    let target = args.target.as_deref().or(saved_target.as_deref());
    let request = PlanRequest { target, allow_deletes: args.allow_deletes, max_calls: args.calls.max_calls() };
    let planned = plan::make(&args.source, &manifests, &store, &args.state, request).await?;

    // The plan is shown before anything can refuse it, so that a refusal can be understood.
    let document = plan_v1::Document::from_plan(&planned.plan);
    if args.format == Format::Text {
        print(|out| {
            text::plan_in_hand(&document, &terminal.out_style(), out)?;
            match &signed_by {
                Some(by) => writeln!(out, "Signed by: {} with {}.", escape(&by.principals), by.key.shown()),
                None => Ok(()),
            }
        })?;
    }
    let mut who = system::who();
    who.caller_arn = planned.plan.report.caller.as_ref().map(|caller| caller.arn.clone());
    let first = planned.head.is_none();
    let signer = match key {
        Some(key) => Some(key.signer(&store, args.state.timeout).await?),
        None => None,
    };
    let signing = wire_up::signing(&args.signing, signer.as_ref());
    signing.check(planned.head.as_ref())?;
    let writes = planned.plan.has_changes() || signing.changes(planned.head.as_ref());
    who.signed_by = signed_by.map(|by| Signer { key: by.key.fingerprint(), principals: by.principals });
    let review = review(planned, &expectation, args.allow_dirty)?;
    review.check_signing(&signing, &store)?;
    if let Some((saved, _)) = &saved {
        same_steps(saved, &document, &review)?;
    }
    if writes && !args.auto_approve {
        ask(&review, terminal)?;
    }
    if first && store.inner().is_shared() {
        // A store that ignores conditions seems fine until two writers meet: it is asked before anything is in it.
        probe(&store, &SystemClock, &RandomIds).await?;
    }
    let applied = Box::pin(commit(review, &store, &SystemClock, &RandomIds, &who, &signing)).await?;
    let Applied { head, roles, broker, stale, findings_block: _, violating, revoking, signed_by } = &applied;
    let document =
        apply_v1::Document::new(head.as_ref(), *broker, roles, stale, violating, revoking, signed_by.as_ref());
    print(|out| match args.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::applied(&document, &terminal.out_style(), out),
    })?;
    if let Some(head) = head {
        store.remember_head().await.map_err(|error| {
            Failure::from(error).because(format!("the plan itself is applied: the record has serial {}", head.serial))
        })?;
    }
    Ok(code(&applied))
}

fn expectation(
    args: &ApplyArgs,
    saved: Option<&(plan_v1::Document, PlanBasis)>,
) -> Result<(Expectation, Option<String>), Failure> {
    if let Some(hash) = &args.expect_plan {
        let hash = Digest::parse(hash).ok_or_else(|| {
            Failure::new(Meaning::Usage, "bad-plan-hash", "--expect-plan wants the hash that `plan` printed")
                .help("it is `sha256:` and 64 hex digits")
        })?;
        return Ok((Expectation::Hash(hash), None));
    }
    let Some((_, basis)) = saved else { return Ok((Expectation::Nothing, None)) };
    let target = basis.target.as_ref().map(ToString::to_string);
    Ok((Expectation::Saved(Box::new(basis.clone())), target))
}

/// What a reviewer read in the saved plan must be what would be done.
fn same_steps(saved: &plan_v1::Document, now: &plan_v1::Document, review: &Review) -> Result<(), Failure> {
    let steps = review.plan().steps.iter();
    let Some(step) = steps.map(|step| step.role.as_str()).find(|role| !saved.shows_like(now, role)) else {
        return Ok(());
    };
    Err(Failure::new(Meaning::Stale, "stale-plan", "this is not the plan that was reviewed")
        .because(format!("the saved plan shows something else for `{step}` than would be done: it was edited"))
        .help("make a new plan, review it, and apply that one"))
}

/// Asks a person; only `yes` goes on.
fn ask(review: &Review, terminal: Terminal) -> Result<(), Failure> {
    if !terminal.can_ask() {
        return Err(Failure::new(Meaning::Failed, "not-approved", "nobody can be asked whether to apply this plan")
            .help(format!("say --auto-approve, best together with --expect-plan {}", review.plan().hash)));
    }
    eprint(|out| {
        write!(out, "\nApply this plan? Only `yes` is accepted: ")?;
        out.flush()
    });
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && answer.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::new(Meaning::Failed, "not-approved", "the plan was not approved, and nothing was changed")
        .help("run apply again and answer `yes`, all of it, to apply what the plan says"))
}

fn code(applied: &Applied) -> u8 {
    if !applied.stale.is_empty() {
        exit::PARTLY_APPLIED
    } else if applied.findings_block || !applied.violating.is_empty() {
        exit::FINDINGS_BLOCK
    } else {
        exit::FINE
    }
}
