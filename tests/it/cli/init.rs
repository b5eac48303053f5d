//! `init`.

use std::os::unix::fs::symlink;

use insta::assert_snapshot;
use leasehold::output::exit;

use super::help::help;
use crate::canned_aws::{BROKER, CannedAws};
use crate::sandbox::{Sandbox, binary};
use crate::scene::READ_ONLY;

/// What is in the repository beside git's own folder.
fn tree(sandbox: &Sandbox) -> Vec<String> {
    let root = sandbox.repo();
    let files = sandbox.files("repo").into_keys().filter(|path| !path.starts_with(root.join(".git")));
    files.map(|path| path.strip_prefix(&root).expect("below").to_str().expect("UTF-8").to_owned()).collect()
}

#[test]
fn what_it_writes_passes_and_what_is_left_to_do_is_told() {
    let sandbox = Sandbox::new();
    let done = sandbox.run(&["init"]).expect(exit::FINE);
    assert_snapshot!(done.shown(), @r#"
    exit 0
    ── stdout
    Wrote 4 files in [root]/repo:
      .gitignore
      .leasehold.schema.json
      broker.yaml
      roles/app-readonly.yaml

    Placeholders, to be replaced in the manifests before a plan can say anything true:
      the broker arn:aws:iam::111122223333:role/VaultRunner
      the region us-east-1
      the target arn:aws:iam::111122223333:role/ProdAppReadOnly

    What AWS must allow:

      Trust policy of arn:aws:iam::111122223333:role/ProdAppReadOnly:
        {
          "Version": "[day]",
          "Statement": [
            {
              "Sid": "AssumeRole",
              "Effect": "Allow",
              "Principal": {
                "AWS": "arn:aws:iam::111122223333:role/VaultRunner"
              },
              "Action": [
                "sts:AssumeRole"
              ]
            }
          ]
        }

      Identity policy of the broker, arn:aws:iam::111122223333:role/VaultRunner:
        {
          "Version": "[day]",
          "Statement": [
            {
              "Sid": "AssumeRoles",
              "Effect": "Allow",
              "Action": [
                "sts:AssumeRole"
              ],
              "Resource": [
                "arn:aws:iam::111122223333:role/ProdAppReadOnly"
              ]
            }
          ]
        }

      Identity policy of whoever plans and applies:
        {
          "Version": "[day]",
          "Statement": [
            {
              "Sid": "ReadTargets",
              "Effect": "Allow",
              "Action": [
                "iam:GetRole"
              ],
              "Resource": [
                "arn:aws:iam::111122223333:role/ProdAppReadOnly"
              ]
            },
            {
              "Sid": "ReadBroker",
              "Effect": "Allow",
              "Action": [
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListRolePolicies"
              ],
              "Resource": [
                "arn:aws:iam::111122223333:role/VaultRunner"
              ]
            },
            {
              "Sid": "ReadPolicies",
              "Effect": "Allow",
              "Action": [
                "iam:GetPolicy",
                "iam:GetPolicyVersion"
              ],
              "Resource": [
                "arn:aws:iam::111122223333:policy/*",
                "arn:aws:iam::aws:policy/*"
              ]
            }
          ]
        }

    Next:
      leasehold validate
      git -C [root]/repo add . && git -C [root]/repo commit -m 'Declare app-readonly'
      leasehold plan
    "#);
    assert_eq!(tree(&sandbox), [".gitignore", ".leasehold.schema.json", "broker.yaml", "roles/app-readonly.yaml"]);
    let valid = sandbox.run(&["validate"]).expect(exit::FINE);
    assert!(
        valid.stdout.ends_with(
            "2 files: 1 Broker, 0 Accounts, 1 Role, 0 Waivers. No errors; 0 findings (0 blocking) without asking AWS.\n"
        ),
        "{}",
        valid.stdout
    );
    let schema = sandbox.run(&["schema", "manifest"]).expect(exit::FINE).stdout;
    assert_eq!(std::fs::read_to_string(sandbox.repo().join(".leasehold.schema.json")).expect("written"), schema);
    let before = sandbox.files("repo");
    assert_snapshot!(sandbox.run(&["init", "--ci", "github"]).expect(exit::FAILED).shown(), @"
    exit 1
    ── stderr
    error[init-exists]: 3 of the files are already there, and nothing was written; because .leasehold.schema.json, broker.yaml, roles/app-readonly.yaml; help: move them away, or name another folder: leasehold init DIR
    ");
    assert_eq!(sandbox.files("repo"), before);
}

#[test]
fn a_repository_begun_with_it_can_be_applied() {
    let aws = CannedAws::start();
    let sandbox = aws.sandbox();
    let options = ["--principal", BROKER, "--role-arn", READ_ONLY, "--region", "eu-west-1", "--role", "on"];
    let started = sandbox.run(&[&["init", "deploy/creds"][..], &options].concat()).expect(exit::FINE);
    assert!(!started.stdout.contains("Placeholders"), "{}", started.stdout);
    sandbox.git(&["add", "--all"]);
    sandbox.git(&["commit", "--quiet", "--message", "Begin"]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let _ = sandbox.run(&["apply", "--dir", "deploy/creds", "--auto-approve"]).expect(exit::FINE);
    let _ = sandbox.run(&["issue", "on", "--dir", "deploy/creds"]).expect(exit::FINE);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "the state is ignored");
}

#[test]
fn workflows_stand_at_the_top_and_name_the_folder_and_the_branch() {
    for (ci, workflow, more) in [
        ("github", ".github/workflows/leasehold.yaml", ".github/actions/leasehold/action.yml"),
        ("gitlab", ".gitlab/leasehold.yml", ".gitlab/leasehold.yml"),
    ] {
        let sandbox = Sandbox::new();
        std::fs::create_dir_all(sandbox.repo().join("deploy")).expect("a folder");
        let mut command = sandbox.command(&["init", "creds: \"x\"", "--ci", ci, "--branch", "re'lease"]);
        let done = sandbox
            .done(&command.current_dir(sandbox.repo().join("deploy")).output().expect("it runs"))
            .expect(exit::FINE);
        assert!(done.stdout.contains(workflow), "{}", done.stdout);
        let read = |path: &str| std::fs::read_to_string(sandbox.repo().join(path)).expect("written");
        assert!(!read(more).is_empty());
        let value: serde_json::Value = serde_yaml::from_str(&read(workflow)).expect("YAML");
        let of = if ci == "github" { "env" } else { "variables" };
        assert_eq!(value[of]["LEASEHOLD_DIR"], "deploy/creds: \"x\"");
        assert!(ci == "gitlab" || value["on"]["push"]["branches"] == serde_json::json!(["re'lease"]));
        let _ = sandbox.run(&["validate", "--dir", "deploy/creds: \"x\""]).expect(exit::FINE);
    }
}

#[test]
fn nothing_that_is_there_is_changed_and_nothing_is_left_half_done() {
    let refused = |make: &dyn Fn(&Sandbox), args: &[&str], kind: &str, named: &str| {
        let sandbox = Sandbox::new();
        make(&sandbox);
        let before = tree(&sandbox);
        let done = sandbox.run(&[&["init"][..], args].concat()).expect(exit::FAILED);
        assert!(done.stderr.contains(&format!("error[{kind}]")) && done.stderr.contains(named), "{}", done.stderr);
        assert_eq!((tree(&sandbox), done.stdout.as_str()), (before, ""));
    };
    let link = |sandbox: &Sandbox| symlink("nowhere", sandbox.repo().join("broker.yaml")).expect("a link");
    refused(&|sandbox| sandbox.write("roles", "a file"), &[], "init-exists", "roles (not a folder)");
    refused(&link, &[], "init-exists", "broker.yaml");
    refused(
        &|sandbox| sandbox.write(".github/workflows/leasehold.yaml", "x"),
        &["c", "--ci", "github"],
        "init-exists",
        "workflows",
    );
    refused(&|sandbox| sandbox.write("compose.yml", "x: 1\n"), &[], "init-not-empty", "compose.yml");
    refused(&|sandbox| sandbox.write("file", "x"), &["file"], "init-folder", "is not a folder");
    refused(&|_| {}, &["no/such/../way"], "init-folder", "leads through");

    // A disk that is full in the middle: the first file fits, the schema does not.
    let sandbox = Sandbox::new();
    let script = format!("trap '' XFSZ; ulimit -f 4; exec '{}' init new/creds", binary());
    let done = sandbox.run_plain("sh", &["-c", &script]).expect(exit::FAILED);
    assert!(done.stderr.contains("error[init-not-written]") && done.stderr.contains("schema.json"), "{}", done.stderr);
    assert_eq!(tree(&sandbox), Vec::<String>::new());
    assert!(!sandbox.repo().join("new").exists(), "nor a folder");
}

#[test]
fn an_ignore_file_that_is_there_is_left_alone_and_completed_by_hand() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "/target/\n");
    let done = sandbox.run(&["init", "creds"]).expect(exit::FINE);
    assert!(done.shown().contains("echo '/.leasehold/' >> [root]/repo/.gitignore\n"), "{}", done.shown());
    assert_eq!(std::fs::read_to_string(sandbox.repo().join(".gitignore")).expect("there"), "/target/\n");
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", ".leasehold/\n");
    assert!(!sandbox.run(&["init", "creds"]).expect(exit::FINE).stdout.contains("echo"));
}

#[test]
fn outside_of_a_repository_it_says_so() {
    let sandbox = Sandbox::new();
    let done = sandbox.run(&["init", "../elsewhere", "--ci", "gitlab"]).expect(exit::FINE);
    assert!(done.shown().contains("  git init [root]/elsewhere\n"), "{}", done.shown());
    assert!(
        sandbox.path("elsewhere/.gitlab/leasehold.yml").is_file() && sandbox.path("elsewhere/broker.yaml").is_file()
    );
    let _ = sandbox.run(&["validate", "--dir", "../elsewhere"]).expect(exit::FINE);
}

#[test]
fn options_that_cannot_be_or_contradict_each_other_are_refused() {
    let sandbox = Sandbox::new();
    let run = |options: &[&str]| sandbox.run(&[&["init"][..], options].concat()).expect(exit::USAGE).stderr;
    let china = "arn:aws-cn:iam::111122223333:role/VaultRunner";
    let contradiction = run(&["--principal", china, "--role-arn", READ_ONLY]);
    assert_snapshot!(contradiction.trim(), @"error[init-contradicts]: what these options say would not pass `validate`, and nothing was written; because LH303 role-arn-partition: `arn:aws:iam::111122223333:role/ProdAppReadOnly` is in partition `aws`, and the broker `arn:aws-cn:iam::111122223333:role/VaultRunner` in `aws-cn`: no session leads from one to the other; help: write `arn:aws-cn:iam::111122223333:role/ProdAppReadOnly` if the partition is a slip; else issue this role from a broker of its own partition");
    for (options, words) in [
        (&["--principal", "arn:aws:iam::1:root"][..], "arn:aws:iam::1:root"),
        (&["--role-arn", BROKER], "for '--role-arn"),
        (&["--role=-x-"], "must begin and end"),
        (&["--deployment", "a\u{1b}[31mb"], "\\u{1b}"),
        (&["--ci", "jenkins"], "github, gitlab, none"),
        (&["--principal", "arn:aws-eusc:iam::111122223333:role/X"], "say which with --region"),
        (&[".hidden"], "names that begin with a dot"),
    ] {
        let stderr = run(options);
        assert!(stderr.contains(words) && !stderr.contains('\u{1b}'), "{options:?}: {stderr}");
    }
    let region = sandbox.run(&["init", "--region", "Not A Region"]).expect(exit::FAILED).stderr;
    assert!(region.contains("is not the name of a region"), "{region}");
    assert_eq!(tree(&sandbox), Vec::<String>::new());
    let _ = sandbox.run(&["init", "--principal", china]).expect(exit::FINE);
    let _ = sandbox.run(&["validate"]).expect(exit::FINE);
}

#[test]
fn its_help() {
    assert_snapshot!(help(&["init"]), @"
    Write a first Broker and Role, and workflows for CI; nothing that is there changes

    Usage: leasehold init [OPTIONS] [DIR]

    Arguments:
      [DIR]
              Folder for the manifests; made if it is not there
              
              [default: .]

    Options:
          --ci <CI>
              Write workflows for this CI system as well

              Possible values:
              - github: GitHub Actions
              - gitlab: GitLab CI
              - none:   No workflows
              
              [default: none]

          --deployment <NAME>
              Name of the deployment, and of the Broker
              
              [default: prod]

          --principal <ARN>
              ARN of the IAM role or user that issues [default: a placeholder]

          --region <REGION>
              Region of the STS endpoint [default: a placeholder]

          --role <NAME>
              Name of the first role
              
              [default: app-readonly]

          --role-arn <ARN>
              ARN of the IAM role that the first role assumes [default: a placeholder]

          --branch <BRANCH>
              The protected branch, whose merges are applied
              
              [default: main]

          --state <URL>
              Prove first that the store at this URL can hold a state, as `state check` does

          --timeout <DURATION>
              Longest time to wait for that store, in all
              
              [default: 30s]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]
    ");
}
