//! The machine's clock, its source of ids, its files, and what its environment says about who asks.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use leasehold::app::audit::Who;
use leasehold::domain::Timestamp;
use leasehold::domain::audit::CiRun;
use leasehold::ports::{Clock, Ids, Timer};

/// The text of a file; `None` if it has more than `most` bytes, of which no more are read than show that.
pub(crate) fn read_at_most(file: &Path, most: usize) -> io::Result<Option<String>> {
    text_at_most(File::open(file)?, most)
}

/// [`read_at_most`] of what is open already.
pub(crate) fn text_at_most(source: impl Read, most: usize) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    source.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Ok(None);
    }
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::new(io::ErrorKind::InvalidData, format!("it is not UTF-8 at byte {at}"))
    })
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

impl Timer for SystemClock {
    async fn sleep(&self, duration: jiff::SignedDuration) {
        // A negative duration is over already.
        tokio::time::sleep(duration.try_into().unwrap_or_default()).await;
    }
}

/// ULIDs from the operating system's random numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RandomIds;

impl Ids for RandomIds {
    fn ulid(&self, now: Timestamp) -> String {
        let random = ulid::Ulid::generate().random();
        ulid::Ulid::from_parts(u64::try_from(now.as_millisecond()).unwrap_or_default(), random).to_string()
    }
}

/// Who asks, as far as the environment tells.
pub(crate) fn who() -> Who {
    let ci = ci_run(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    Who { ci, ..Who::default() }
}

/// Whether a CI system runs this process.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| is_yes(&value.to_string_lossy()))
}

/// Whether the value of a variable that says yes or no says yes.
fn is_yes(value: &str) -> bool {
    !["", "0", "false", "no"].iter().any(|no| value.eq_ignore_ascii_case(no))
}

/// Longest text that is taken from one variable, in characters.
const VARIABLE_MAX: usize = 300;

/// The run, by the variables that each system documents. What a variable may hold besides a name is left out: the clone URL
/// of Buildkite's `BUILDKITE_REPO` can carry a password.
fn ci_run(var: impl Fn(&str) -> Option<String>) -> Option<CiRun> {
    let var = |name: &str| Some(var(name)?.chars().take(VARIABLE_MAX).collect::<String>());
    let run = |system: &str, run: String| CiRun {
        system: system.to_owned(),
        run,
        repository: None,
        reference: None,
        actor: None,
    };
    if var("GITHUB_ACTIONS").is_some() {
        let (server, repository, id) = (var("GITHUB_SERVER_URL")?, var("GITHUB_REPOSITORY")?, var("GITHUB_RUN_ID")?);
        return Some(CiRun {
            reference: var("GITHUB_REF"),
            // Whoever runs a workflow again is not always who set it off at first.
            actor: var("GITHUB_TRIGGERING_ACTOR").or_else(|| var("GITHUB_ACTOR")),
            repository: Some(repository.clone()),
            ..run("github-actions", format!("{server}/{repository}/actions/runs/{id}"))
        });
    }
    if var("GITLAB_CI").is_some() {
        return Some(CiRun {
            repository: var("CI_PROJECT_PATH"),
            reference: var("CI_COMMIT_REF_NAME"),
            actor: var("GITLAB_USER_LOGIN"),
            ..run("gitlab-ci", var("CI_JOB_URL")?)
        });
    }
    if var("BUILDKITE").is_some() {
        return Some(CiRun {
            reference: var("BUILDKITE_TAG").or_else(|| var("BUILDKITE_BRANCH")),
            actor: var("BUILDKITE_BUILD_CREATOR"),
            ..run("buildkite", var("BUILDKITE_BUILD_URL")?)
        });
    }
    if var("CIRCLECI").is_some() {
        let repository = var("CIRCLE_PROJECT_USERNAME").zip(var("CIRCLE_PROJECT_REPONAME"));
        return Some(CiRun {
            repository: repository.map(|(owner, name)| format!("{owner}/{name}")),
            reference: var("CIRCLE_TAG").or_else(|| var("CIRCLE_BRANCH")),
            actor: var("CIRCLE_USERNAME"),
            ..run("circleci", var("CIRCLE_BUILD_URL")?)
        });
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_so_that_it_can_be_opened() {
        let github = |name: &str| match name {
            "GITHUB_ACTIONS" => Some("true".to_owned()),
            "GITHUB_SERVER_URL" => Some("https://git.example".to_owned()),
            "GITHUB_REPOSITORY" => Some("org/repo".to_owned()),
            "GITHUB_RUN_ID" => Some("42".to_owned()),
            "GITHUB_REF" => Some("refs/heads/main".to_owned()),
            "GITHUB_ACTOR" => Some("first".to_owned()),
            "GITHUB_TRIGGERING_ACTOR" => Some("again".to_owned()),
            _ => None,
        };
        let run = ci_run(github).expect("a run");
        assert_eq!(
            (run.system.as_str(), run.run.as_str()),
            ("github-actions", "https://git.example/org/repo/actions/runs/42")
        );
        assert_eq!(run.repository.as_deref(), Some("org/repo"));
        assert_eq!(run.reference.as_deref(), Some("refs/heads/main"));
        assert_eq!(run.actor.as_deref(), Some("again"));
        assert_eq!(ci_run(|_| None), None);
    }

    #[test]
    fn no_clone_url_is_kept_and_nothing_without_end() {
        let buildkite = |name: &str| match name {
            "BUILDKITE_REPO" => Some("https://user:password@git.example/repo".to_owned()),
            "BUILDKITE_BUILD_CREATOR" => Some("x".repeat(5_000)),
            _ => Some("set".to_owned()).filter(|_| name.starts_with("BUILDKITE")),
        };
        let run = ci_run(buildkite).expect("a run");
        assert!(!format!("{run:?}").contains("password"));
        assert_eq!(run.actor.expect("an actor").len(), VARIABLE_MAX);
    }

    #[test]
    fn no_more_is_read_than_shows_that_it_is_too_much() {
        let read = |bytes: &'static [u8], most| text_at_most(bytes, most).map_err(|error| error.to_string());
        assert_eq!(read(b"abc", 3), Ok(Some("abc".to_owned())));
        assert_eq!(read(b"", 0), Ok(Some(String::new())));
        assert_eq!(read(b"abcd", 3), Ok(None));
        assert_eq!(read("abc\u{e9}".as_bytes(), 3), Ok(None), "a cut inside of a character is too long, not damaged");
        assert_eq!(read(b"a\xff", 3), Err("it is not UTF-8 at byte 1".to_owned()));
        assert_eq!(
            text_at_most(io::repeat(b'x'), 3).expect("readable"),
            None,
            "what never ends is read up to the limit"
        );
    }

    #[test]
    fn no_is_said_in_more_ways_than_one() {
        assert!(["true", "1", "yes", "TRUE", "woodpecker"].into_iter().all(is_yes));
        assert!(!["", "0", "false", "False", "NO"].into_iter().any(is_yes));
    }

    #[test]
    fn ids_carry_the_time_they_are_given() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().expect("valid");
        let (first, second) = (RandomIds.ulid(now), RandomIds.ulid(now));
        assert_eq!(first[..10], second[..10]);
        assert_ne!(first, second);
    }
}
