//! What a story's commands work on, and what they show.

use std::collections::BTreeMap;
use std::sync::Arc;

use leasehold::app::audit::Who;
use leasehold::app::{
    AppError, Applied, Expectation, Failure, HeadSigning, LeaseFilter, PlanRequest, Planned, commit, explain, issue,
    list_leases, make_plan, review, validate,
};
use leasehold::domain::digest::Digest;
use leasehold::domain::ident::BrokerPrincipal;
use leasehold::domain::record::Basis;
use leasehold::domain::span::SourceFile;
use leasehold::domain::ttl::Ttl;
use leasehold::domain::world::World;
use leasehold::output::plan_format::PlanFormat;
use leasehold::output::{Style, plain, text};
use leasehold::ports::{Clock as _, ManifestSet};
use leasehold::testing::{CountingIds, FakeCloud, FixedClock, MemoryStore, block_on};
use leasehold::wire::{apply_v1, error_v1, findings_v1, lease_v1, plan_v1, why_v1, world_v1};

use super::cloud::WorldCloud;
use crate::scene::request;

/// A deployment between two commands.
pub(super) struct Stage {
    files: BTreeMap<String, String>,
    world: Option<World>,
    store: MemoryStore,
    clock: FixedClock,
    ids: CountingIds,
}

impl Stage {
    pub(super) fn new() -> Self {
        let noon = "2026-11-23T12:00:00Z".parse().expect("an instant");
        let (files, store, ids) = (BTreeMap::new(), MemoryStore::new(), CountingIds::new());
        Self { files, world: None, store, clock: FixedClock::at(noon), ids }
    }

    pub(super) fn manifest(&mut self, path: &str, text: &str) {
        self.files.insert(path.to_owned(), text.to_owned());
    }

    pub(super) fn world(&mut self, text: &str) -> Result<(), world_v1::WorldError> {
        self.world = Some(world_v1::read(text)?);
        Ok(())
    }

    /// Runs one command line; answers what it prints, with a placeholder for the plan's hash.
    pub(super) fn run(&mut self, command: &str) -> String {
        let words: Vec<&str> = command.split_whitespace().collect();
        let mut out = Vec::new();
        let outcome = match words.as_slice() {
            ["plan", options @ ..] => self.plan(options, &mut out).map(drop),
            ["apply", options @ ..] => self.apply(options, &mut out),
            ["issue", role] => self.issue(role, &mut out),
            ["leases"] => self.leases(&mut out),
            ["why", role] => self.why(role, &mut out),
            ["wait", time] => {
                let time = Ttl::parse(time).expect("a duration");
                self.clock.advance(jiff::SignedDuration::from_secs(time.seconds().into()));
                Ok(())
            }
            _ => panic!("a story cannot `{command}`"),
        };
        if let Err(error) = outcome {
            show_error(&error, &mut out);
        }
        hide_hashes(&String::from_utf8(out).expect("UTF-8"))
    }

    fn cloud(&self) -> WorldCloud<'_> {
        WorldCloud { world: self.world.as_ref().expect("a story shows its world first"), now: self.clock.now() }
    }

    fn set(&self) -> ManifestSet {
        let file = |(path, text): (&String, &String)| SourceFile { path: path.clone(), text: text.clone() };
        let files: Vec<_> = self.files.iter().map(file).map(Arc::new).collect();
        let all: String = files.iter().map(|file| format!("{}\n{}", file.path, file.text)).collect();
        let manifest_digest = Digest::of_bytes(all.as_bytes());
        let basis = Basis { commit: Some("1".repeat(40)), tree: Some("2".repeat(40)), dirty: false, manifest_digest };
        ManifestSet { files, problems: Vec::new(), basis }
    }

    fn plan(&self, options: &[&str], out: &mut Vec<u8>) -> Result<Planned, AppError> {
        let (format, options) = match options {
            ["--format", format, options @ ..] => (*format, options),
            options => ("text", options),
        };
        let request = match options {
            [] => PlanRequest::default(),
            ["--target", role] => PlanRequest { target: Some(role), ..PlanRequest::default() },
            ["--allow-deletes", n] => {
                PlanRequest { allow_deletes: Some(n.parse().expect("a number")), ..PlanRequest::default() }
            }
            _ => panic!("a story's plan has no options {options:?}"),
        };
        let set = self.set();
        let desired = validate(&set)?;
        let planned = block_on(make_plan(set.basis, desired, &self.cloud(), &self.store, self.clock.now(), request))?;
        let format = PlanFormat::find(format).expect("a format of plans");
        format.write(&plan_v1::Document::from_plan(&planned.plan), &[], &Style::PLAIN, out).expect("memory");
        Ok(planned)
    }

    fn apply(&self, options: &[&str], out: &mut Vec<u8>) -> Result<(), AppError> {
        let mut shown = Vec::new();
        let planned = self.plan(options, &mut shown)?;
        let review = review(planned, &Expectation::Nothing, false)?;
        let who = Who::default();
        let applied = block_on(commit(review, &self.store, &self.clock, &self.ids, &who, &HeadSigning::none()))?;
        let Applied { head, roles, broker, stale, findings_block: _, violating, revoking, signed_by } = &applied;
        let document =
            apply_v1::Document::new(head.as_ref(), *broker, roles, stale, violating, revoking, signed_by.as_ref());
        text::applied(&document, &Style::PLAIN, out).expect("memory");
        Ok(())
    }

    fn issue(&self, role: &str, out: &mut Vec<u8>) -> Result<(), AppError> {
        let connect = async |_: &str| Ok::<_, Failure>((self.cloud(), FakeCloud::new(&self.clock, principal())));
        let issued = block_on(issue(&self.store, connect, &self.clock, &self.ids, &Who::default(), request(role)))?;
        let lease = lease_v1::Lease::new(&issued.lease, self.clock.now());
        text::credential_summary(&lease, &Style::PLAIN, out).expect("memory");
        Ok(())
    }

    fn why(&self, role: &str, out: &mut Vec<u8>) -> Result<(), AppError> {
        let desired = validate(&self.set())?;
        let answer = block_on(explain(&desired, &self.cloud(), &self.store, self.clock.now(), role, None))?;
        text::why(&why_v1::Document::new(&answer), &Style::PLAIN, out).expect("memory");
        Ok(())
    }

    fn leases(&self, out: &mut Vec<u8>) -> Result<(), AppError> {
        let now = self.clock.now();
        let leases = block_on(list_leases(&self.store, now, LeaseFilter { role: None, all: false }))?;
        text::leases(&lease_v1::Document::new(&leases, now), "memory://", &Style::PLAIN, out).expect("memory");
        Ok(())
    }
}

fn show_error(error: &AppError, out: &mut Vec<u8>) {
    match error {
        AppError::Manifests(errors) => plain::problems(&findings_v1::Document::new(errors, &[]), out),
        AppError::Failed(failure) => {
            let mut document = error_v1::Document::new(1, failure.kind, &failure.message);
            document.causes.clone_from(&failure.causes);
            document.help.clone_from(&failure.help);
            plain::failure(&document, out)
        }
    }
    .expect("memory");
}

/// The hash covers the rules' version and every byte of the manifests: it would change with each edit of a story.
fn hide_hashes(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out += "sha256:…";
        out += part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    out
}

/// Whoever the broker is: no story makes users in AWS.
fn principal() -> BrokerPrincipal {
    BrokerPrincipal::parse("arn:aws:iam::111122223333:user/broker").expect("a principal")
}
