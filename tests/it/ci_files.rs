//! What runs in somebody's CI: our own workflow, the action, and the examples that `init` writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const ACTION: &str = ".github/actions/leasehold/action.yml";
const GITHUB: &str = "examples/ci/github/leasehold.yaml";
const GITHUB_SWEEP: &str = "examples/ci/github/leasehold-sweep.yaml";
const GITLAB_SWEEP: &str = "examples/ci/gitlab/leasehold-sweep.yml";
const GITLAB: &str = "examples/ci/gitlab/leasehold.yml";
const OWN: &str = ".github/workflows/ci.yml";

fn yaml(path: &str) -> Value {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is there");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().expect("jobs").iter()
}

/// Every step of a workflow or of a composite action.
fn steps(document: &Value) -> Vec<&Value> {
    match document["runs"]["steps"].as_array() {
        Some(steps) => steps.iter().collect(),
        None => jobs(document).flat_map(|(_, job)| job["steps"].as_array().expect("steps")).collect(),
    }
}

/// Every script of a GitLab file.
fn gitlab_scripts(document: &Value) -> Vec<String> {
    let jobs = document.as_object().expect("a mapping").values().filter(|job| job.is_object());
    let lines =
        jobs.flat_map(|job| ["before_script", "script"].map(|key| job[key].as_array().cloned().unwrap_or_default()));
    lines.flatten().map(|line| line.as_str().expect("text").to_owned()).collect()
}

/// Every file of these folders of the repository that git tracks or would.
fn files(folder: &str) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() { walk(&entry.path(), found) } else { found.push(entry.path()) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    let mut found: Vec<String> =
        found.iter().map(|path| path.strip_prefix(root).expect("below").to_str().expect("UTF-8").to_owned()).collect();
    found.sort();
    found
}

#[test]
fn no_file_is_passed_over() {
    assert_eq!(files(".github/workflows"), [OWN]);
    assert_eq!(files(".github/actions"), [ACTION]);
    let examples = files("examples/ci");
    assert_eq!(
        examples.iter().filter(|path| path.contains(".y")).collect::<Vec<_>>(),
        [GITHUB_SWEEP, GITHUB, GITLAB_SWEEP, GITLAB]
    );
}

#[test]
fn no_value_is_ever_part_of_a_script() {
    for path in [ACTION, GITHUB, GITHUB_SWEEP, OWN] {
        let document = yaml(path);
        let scripts: Vec<&str> = steps(&document).iter().filter_map(|step| step["run"].as_str()).collect();
        assert!(!scripts.is_empty(), "{path}");
        for script in scripts {
            assert!(!script.contains("${{"), "{path}: {script}");
        }
    }
    for script in [GITLAB, GITLAB_SWEEP].iter().flat_map(|path| gitlab_scripts(&yaml(path))) {
        assert!(!script.contains("$[[") && !script.contains("eval"), "{script}");
    }
}

#[test]
fn whatever_is_used_is_local_or_pinned_by_digest() {
    let pinned = |used: &str| {
        let digest = used.rsplit_once('@').map(|(_, digest)| digest).unwrap_or_default();
        digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    assert!(
        pinned(&format!("owner/action@{}", "a1".repeat(20))) && !pinned("owner/action@v4"),
        "or this tells nothing"
    );
    for path in [ACTION, GITHUB, GITHUB_SWEEP, OWN] {
        let document = yaml(path);
        for used in steps(&document).iter().filter_map(|step| step["uses"].as_str()) {
            assert!(used.starts_with("./") || pinned(used), "{path}: {used}");
        }
    }
    for document in [GITLAB, GITLAB_SWEEP].map(yaml) {
        assert!(document.get("include").is_none() && !document.to_string().contains("\"image\""), "{document}");
    }
}

#[test]
fn a_token_may_do_nothing_but_what_its_job_needs() {
    let read = json!({"contents": "read"});
    let plan = json!({"contents": "read", "id-token": "write", "pull-requests": "write"});
    let document = yaml(GITHUB);
    assert_eq!(document["permissions"], json!({}));
    let granted: BTreeMap<&str, &Value> =
        jobs(&document).map(|(name, job)| (name.as_str(), &job["permissions"])).collect();
    assert_eq!(granted, BTreeMap::from([("plan", &plan), ("preview", &read), ("apply", &read), ("drift", &read)]));
    assert_eq!(yaml(OWN)["permissions"], json!({}));
    let sweep = yaml(GITHUB_SWEEP);
    assert_eq!((&sweep["permissions"], &sweep["jobs"]["sweep"]["permissions"]), (&json!({}), &json!({})));
    assert_eq!(sweep["on"].as_object().expect("events").keys().collect::<Vec<_>>(), ["schedule"]);
}

#[test]
fn a_strangers_pull_request_reaches_no_credentials() {
    let document = yaml(GITHUB);
    let events: Vec<&String> = document["on"].as_object().expect("events").keys().collect();
    assert_eq!(events, ["pull_request", "push", "schedule"], "none that lends a fork the rights of the base");
    assert_eq!(document["on"]["push"]["branches"], json!(["main"]));
    for (name, job) in jobs(&document) {
        let condition = job["if"].as_str().expect("each job says when it runs");
        let of_fork = "github.event.pull_request.head.repo.full_name == github.repository";
        match name.as_str() {
            "plan" => assert!(condition.contains("== 'pull_request'") && condition.contains(of_fork), "{condition}"),
            "apply" => assert_eq!((&job["needs"], &job["environment"]), (&json!("preview"), &json!("leasehold"))),
            _ => assert!(["github.event_name == 'push'", "github.event_name == 'schedule'"].contains(&condition)),
        }
        // What a pull request can change never runs where the record is.
        assert_eq!(job["runs-on"] == json!(["self-hosted", "leasehold"]), name != "plan", "{name}");
    }
    let document = yaml(GITLAB);
    let on = |job: &str| document[job]["rules"][0]["if"].as_str().expect("each job says when it runs").to_owned();
    assert_eq!(on("leasehold-plan"), r#"$CI_PIPELINE_SOURCE == "merge_request_event""#);
    for job in ["leasehold-preview", "leasehold-apply", "leasehold-drift"] {
        assert!(on(job).contains("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"), "{job}");
        assert_eq!(document[job]["tags"], json!(["leasehold"]));
    }
    assert_ne!(document["leasehold-plan"]["tags"], json!(["leasehold"]));
    assert_eq!(document["leasehold-apply"]["rules"][0]["when"], "manual");
}

#[test]
fn every_script_is_one_and_stops_at_its_first_fault() {
    let mut scripts = Vec::new();
    for path in [ACTION, GITHUB, GITHUB_SWEEP, OWN] {
        let document = yaml(path);
        for step in steps(&document) {
            scripts.extend(step["run"].as_str().map(|script| (path, "set -euo pipefail", script.to_owned())));
        }
    }
    scripts.extend(gitlab_scripts(&yaml(GITLAB)).into_iter().map(|script| (GITLAB, "set -eu", script)));
    for (path, first, script) in scripts {
        let shell = if path == GITLAB { "sh" } else { "bash" };
        let checked = Command::new(shell).args(["-n", "-c", &script]).output().expect("a shell");
        assert!(checked.status.success(), "{path}: {}", String::from_utf8_lossy(&checked.stderr));
        // Bash of a workflow stops by itself; what is longer than a line says so all the same.
        let several = script.trim_end().contains('\n') && path != OWN;
        assert!(!several || script.starts_with(first), "{path}: {script}");
    }
}

/// The action, run step by step as a runner does, with stand-ins for the programs that it calls.
struct Runner {
    sandbox: Sandbox,
    inputs: BTreeMap<String, String>,
}

/// Writes its arguments to a log, a line each, and does what `leasehold` would.
const LEASEHOLD: &str = r#"#!/usr/bin/env bash
printf 'leasehold\n' >>"$LOG"; printf '  %s\n' "$@" >>"$LOG"
[[ "$1" != plan ]] || { printf '  role %s\n' "${AWS_ROLE_ARN-none}" >>"$LOG"; }
for option in "$@"; do
  case "$option" in
    --out=*) [[ "$CODE_OF_PLAN" == 1 ]] || echo '{}' >"${option#--out=}" ;;
    --format=markdown) printf '<!-- leasehold plan prod -->\nthe page\n' ;;
    --format=*) echo "as ${option#--format=}" ;;
  esac
done
[[ "$1" != plan ]] || exit "$CODE_OF_PLAN"
"#;

const GH: &str = r#"#!/usr/bin/env bash
printf 'gh as %s\n' "$GH_TOKEN" >>"$LOG"; printf '  %s\n' "$@" >>"$LOG"
case "$*" in *--paginate*) printf '%s' "$COMMENTS" ;; esac
"#;

impl Runner {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let folder = sandbox.path("bin");
        std::fs::create_dir(&folder).expect("a folder");
        for (name, text) in [("leasehold", LEASEHOLD), ("gh", GH)] {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::write(folder.join(name), text).expect("written");
            std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o755)).expect("set");
        }
        let defaults = yaml(ACTION)["inputs"].as_object().expect("inputs").clone();
        let default = |input: &Value| input["default"].as_str().expect("every input has a default").to_owned();
        let inputs = defaults.iter().map(|(name, input)| (name.clone(), default(input))).collect();
        Self { sandbox, inputs }
    }

    fn input(mut self, name: &str, value: &str) -> Self {
        assert!(self.inputs.insert(name.to_owned(), value.to_owned()).is_some(), "{name} is an input");
        self
    }

    /// Runs every step until one fails; answers that step and its code, and the log.
    fn run(&self, code_of_plan: &str, comments: &str) -> (Option<(String, i32)>, String) {
        let path = |name: &str| self.sandbox.path(name).to_str().expect("UTF-8").to_owned();
        for file in ["output", "summary", "path", "log"] {
            std::fs::write(self.sandbox.path(file), "").expect("written");
        }
        let mut ended = None;
        for step in yaml(ACTION)["runs"]["steps"].as_array().expect("steps") {
            if !self.holds(step["if"].as_str()) {
                continue;
            }
            assert_eq!(step["shell"], "bash");
            let mut command = Command::new("bash");
            command.args([
                "--noprofile",
                "--norc",
                "-e",
                "-o",
                "pipefail",
                "-c",
                step["run"].as_str().expect("a script"),
            ]);
            command.env_clear().current_dir(self.sandbox.repo()).stdin(Stdio::null());
            command.env("PATH", format!("{}:/usr/bin:/bin", path("bin")));
            for (name, value) in
                [("RUNNER_TEMP", "tmp"), ("GITHUB_OUTPUT", "output"), ("GITHUB_PATH", "path"), ("LOG", "log")]
            {
                command.env(name, path(value));
            }
            command
                .env("GITHUB_STEP_SUMMARY", path("summary"))
                .env("GITHUB_REPOSITORY", "owner/repo")
                .env("GITHUB_RUN_ID", "7");
            command.env("CODE_OF_PLAN", code_of_plan).env("COMMENTS", comments);
            for (name, value) in step["env"].as_object().into_iter().flatten() {
                command.env(name, self.value(value.as_str().expect("text")));
            }
            let done = command.output().expect("bash runs");
            if !done.status.success() {
                ended = Some((step["name"].as_str().expect("named").to_owned(), done.status.code().expect("a code")));
                break;
            }
        }
        (ended, std::fs::read_to_string(path("log")).expect("a log"))
    }

    fn holds(&self, condition: Option<&str>) -> bool {
        let Some(condition) = condition else { return true };
        let name = condition.strip_prefix("inputs.").and_then(|rest| rest.strip_suffix(" != ''"));
        !self.inputs[name.unwrap_or_else(|| panic!("a condition of another form: {condition}"))].is_empty()
    }

    /// What an expression stands for.
    fn value(&self, expression: &str) -> String {
        if !expression.contains("${{") {
            return expression.to_owned();
        }
        let inner = expression.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}"));
        let inner = inner.unwrap_or_else(|| panic!("more than an expression: {expression}"));
        if let Some(name) = inner.strip_prefix("inputs.") {
            return self.inputs[name].clone();
        }
        let name = inner.strip_prefix("steps.plan.outputs.").expect("an output of the plan");
        let output = std::fs::read_to_string(self.sandbox.path("output")).expect("it was made");
        let line = output.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_default().to_owned()
    }
}

#[test]
fn the_action_tells_everybody_what_the_plan_says_and_ends_as_it_ended() {
    let runner =
        Runner::new().input("comment", "12").input("token", "t").input("sarif", "out.sarif").input("base", "HEAD^1");
    let (ended, log) = runner.run("3", "");
    assert_eq!(ended, Some(("End as the plan ended".to_owned(), 3)));
    for line in
        ["--dir=.", "--ref=HEAD", "--base=HEAD^1", "--format=github", "role none", "--format=sarif", "gh as t", "POST"]
    {
        assert!(log.lines().any(|logged| logged.trim() == line), "{line}: {log}");
    }
    assert!(!log.contains("--state=") && !log.contains("--path="), "{log}");
    let read = |path: &str| std::fs::read_to_string(runner.sandbox.path(path)).expect("written");
    assert_eq!((read("summary").as_str(), read("repo/out.sarif").as_str()), ("as github-summary\n", "as sarif\n"));
    let (ended, log) = runner.run("0", "77\n78\n");
    assert_eq!(ended, None);
    assert!(log.contains("PATCH\n  repos/owner/repo/issues/comments/77\n") && !log.contains("POST"), "{log}");
    // Without a plan, nothing is told of one.
    let (ended, log) = runner.run("1", "");
    assert_eq!(ended, Some(("Plan".to_owned(), 1)));
    assert!(!log.contains("render") && !log.contains("gh as"), "{log}");
}

#[test]
fn no_input_of_the_action_is_ever_run() {
    let evil = "x'\"; touch pwned; $(touch pwned) `touch pwned` ${{ github.token }}\n--allow-deletes=9\n";
    let inputs: Vec<String> = Runner::new().inputs.into_keys().collect();
    for input in inputs {
        let runner = Runner::new().input("comment", "1").input("sarif", "a.sarif").input(&input, evil);
        let (_, log) = runner.run("0", "");
        for file in ["pwned", "--allow-deletes=9"] {
            assert!(!runner.sandbox.repo().join(file).exists(), "{input} was run: {log}");
        }
        // Whatever it holds, it is one word, behind its own name.
        assert!(!log.lines().any(|line| line == "  touch" || line == "  ;"), "{input}: {log}");
        let output = std::fs::read_to_string(runner.sandbox.path("output")).expect("made");
        assert!(
            output.lines().all(|line| line.starts_with("exit-code=") || line.starts_with("plan=")),
            "{input}: {output}"
        );
    }
    // And none begins an option: what looks like one is the value of its own.
    let (_, log) = Runner::new().input("dir", "--allow-deletes=9").input("ref", "--out=x").run("0", "");
    assert!(log.contains("  --dir=--allow-deletes=9\n") && log.contains("  --ref=--out=x\n"), "{log}");
    let (ended, _) = Runner::new().input("comment", "1/../../x").run("0", "");
    assert_eq!(ended, Some(("Comment".to_owned(), 1)));
}

#[test]
fn leasehold_is_built_with_the_toolchain_that_it_promises() {
    let manifest =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("it is there");
    let promised = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'));
    let document = yaml(ACTION);
    let named = steps(&document)[0]["env"]["TOOLCHAIN"].as_str().expect("text").to_owned();
    assert_eq!(named, format!("{}.0", promised.expect("a version")));
}

#[test]
fn leasehold_is_built_only_from_a_whole_commit() {
    for (source, commit, built) in [
        ("", "", false),
        ("https://example.com/leasehold", "main", false),
        ("https://example.com/leasehold", "a1b2c3d", false),
        ("https://example.com/leasehold", &"a1".repeat(20), true),
    ] {
        let runner = Runner::new().input("source", source).input("source-commit", commit);
        let cargo = "#!/usr/bin/env bash\nprintf 'cargo\\n' >>\"$LOG\"; printf '  %s\\n' \"$@\" >>\"$LOG\"\n";
        let bin = runner.sandbox.path("bin");
        std::fs::write(bin.join("cargo"), cargo).expect("written");
        std::fs::copy(bin.join("gh"), bin.join("mode")).expect("copied");
        std::fs::set_permissions(bin.join("cargo"), std::fs::metadata(bin.join("mode")).expect("there").permissions())
            .expect("set");
        std::fs::remove_file(bin.join("leasehold")).expect("removed");
        let (ended, log) = runner.run("0", "");
        assert_eq!(log.contains("--rev=a1a1"), built, "{log}");
        // The stand-in builds nothing, so that a later step misses it.
        let (step, _) = ended.expect("it cannot go on");
        assert_eq!(step == "Find or build leasehold", !built);
    }
}
