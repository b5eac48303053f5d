//! `--help` of the program and of every command that does something, word for word.

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

pub(super) fn help(command: &[&str]) -> String {
    let args: Vec<&str> = command.iter().copied().chain(["--help"]).collect();
    let done = Sandbox::new().run(&args).expect(0);
    assert_eq!(done.stderr, "");
    done.stdout
}

#[test]
fn the_program() {
    assert_snapshot!(help(&[]), @"
    Git declares who may hold which AWS credentials, and for how long. `plan` proves it against live
    IAM, `apply` records what was reviewed, `issue` hands out what was applied

    Usage: leasehold [OPTIONS] <COMMAND>

    Commands:
      init         Write a first Broker and Role, and workflows for CI; nothing that is there changes
      validate     Check the manifests, and judge what can be judged without AWS and without state
      plan         Show what apply would do, and every reason why it would fail or should not be done
      render       Show a saved plan in another form
      apply        Record what was reviewed
      drift        Tell what changed in AWS since the last apply, apart from what is pending in git
      issue        Hand out one credential of an applied role
      exec         Run a command with one credential of an applied role in its environment
      lease        List, show, renew and revoke leases
      sweep        End what is due: IAM users, and denies of sessions that are over
      audit        Look at the audit, and find out whether it is whole
      state        Look at the store that holds the state
      why          Explain why a role may or may not be issued
      policy       Print the least that each identity must be allowed, as IAM policies
      simulate     Tell what AWS would say to a request under policies that you bring along
      rules        List the rules that plan judges by
      explain      Print the page of one rule
      schema       Print the JSON Schema of a text form
      completions  Print a completion script
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --no-color     Never colour the output (NO_COLOR does the same)
          --log <LEVEL>  Log to standard error: error, warn, info, debug or trace [env: LEASEHOLD_LOG=]
                         [possible values: error, warn, info, debug, trace]

    In a pull request:   leasehold plan
    On merge:            leasehold apply --auto-approve
    In a pipeline:       leasehold exec ROLE -- COMMAND
    Every few minutes:   leasehold sweep

    Every finding has a page: leasehold explain LH103. Exit codes are in the README.
    ");
}

#[test]
fn validate() {
    assert_snapshot!(help(&["validate"]), @"
    Check the manifests, and judge what can be judged without AWS and without state

    Usage: leasehold validate [OPTIONS]

    Options:
          --format <FORMAT>
              Form of the output

              Possible values:
              - text: For people
              - json: For programs; versioned
              
              [default: text]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Manifests:
          --dir <DIR>
              Folder of the manifests; may be a bare repository together with --ref
              
              [default: .]

          --ref <REV>
              Read DIR as it is at this commit, out of git's object database, instead of its files

          --path <PATH>
              Folder of the manifests inside the repository, when DIR is a bare one

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]
    ");
}

#[test]
fn plan() {
    assert_snapshot!(help(&["plan"]), @"
    Show what apply would do, and every reason why it would fail or should not be done

    Usage: leasehold plan [OPTIONS]

    Options:
          --target <ROLE>
              Plan this role and no other

          --allow-deletes <N>
              Say how many deletions are meant, when there are more than the limits allow

          --out <FILE>
              Save the plan, to be applied as it is

          --detailed-exitcode
              Exit with 2 when there are changes to apply

          --format <FORMAT>
              Form of the output

              Possible values:
              - text:                For people at a terminal
              - json:                For programs; versioned; what render reads
              - markdown:            A comment for a pull request, at most 60,000 bytes
              - html:                One page with the trust map, for a browser; it loads nothing
              - github:              Annotations of GitHub Actions, as workflow commands
              - github-summary:      A page for GITHUB_STEP_SUMMARY
              - gitlab-code-quality: GitLab's code quality report
              - gitlab-terraform:    GitLab's report of what would change
              - junit:               JUnit's XML, for whatever shows test results
              - sarif:               SARIF 2.1.0, for code scanning
              
              [default: text]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Manifests:
          --dir <DIR>
              Folder of the manifests; may be a bare repository together with --ref
              
              [default: .]

          --ref <REV>
              Read DIR as it is at this commit, out of git's object database, instead of its files

          --path <PATH>
              Folder of the manifests inside the repository, when DIR is a bare one

          --base <REV>
              Tell what a pull request changes against this commit, and judge it by the Broker, Account
              and Waiver documents there as well as by its own

    State and AWS:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --timeout <DURATION>
              Longest time to wait for AWS, in all
              
              [default: 30s]

          --head-key <FILE|PEM>
              Believe the record only if its head is signed with this public key: a PEM file, or PEM
              itself; may be said again
              
              [env: LEASEHOLD_HEAD_KEY]

          --head-memory <DIR>
              Remember the newest head in this folder, outside of the state, and refuse an older one or
              another lineage
              
              [env: LEASEHOLD_HEAD_MEMORY=]

          --max-calls <N>
              Make at most this many calls to AWS, retries included; what is left then is not known

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]
    ");
}

#[test]
fn render() {
    assert_snapshot!(help(&["render"]), @"
    Show a saved plan in another form

    Usage: leasehold render [OPTIONS] <PLAN>

    Arguments:
      <PLAN>
              A plan saved by plan --out; - reads standard input

    Options:
          --format <FORMAT>
              Form of the output

              Possible values:
              - text:                For people at a terminal
              - json:                For programs; versioned; what render reads
              - markdown:            A comment for a pull request, at most 60,000 bytes
              - html:                One page with the trust map, for a browser; it loads nothing
              - github:              Annotations of GitHub Actions, as workflow commands
              - github-summary:      A page for GITHUB_STEP_SUMMARY
              - gitlab-code-quality: GitLab's code quality report
              - gitlab-terraform:    GitLab's report of what would change
              - junit:               JUnit's XML, for whatever shows test results
              - sarif:               SARIF 2.1.0, for code scanning
              
              [default: text]

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

#[test]
fn apply() {
    assert_snapshot!(help(&["apply"]), @"
    Record what was reviewed

    Usage: leasehold apply [OPTIONS] [PLAN]

    Arguments:
      [PLAN]
              A plan saved by plan --out: roles that changed in AWS since are left out

    Options:
          --expect-plan <HASH>
              Refuse unless the plan has this hash

          --target <ROLE>
              Apply this role and no other

          --allow-deletes <N>
              Say how many deletions are meant, when there are more than the limits allow

          --auto-approve
              Do not ask

          --allow-dirty
              Apply the files as they are although they are not those of a commit; the record says so

          --require-signed-by <FILE>
              Refuse unless the commit is signed with SSH by a key in this list: git's allowed-signers
              format, a file that no commit to the repository can change

          --sign-with <FILE|ARN>
              Sign the head with this private key: a PEM file, or the ARN of a key in KMS
              
              [env: LEASEHOLD_SIGN_WITH]

          --drop-signature
              Leave the head without a signature from now on

          --format <FORMAT>
              Form of the output

              Possible values:
              - text: For people
              - json: For programs; versioned
              
              [default: text]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Manifests:
          --dir <DIR>
              Folder of the manifests; may be a bare repository together with --ref
              
              [default: .]

          --ref <REV>
              Read DIR as it is at this commit, out of git's object database, instead of its files

          --path <PATH>
              Folder of the manifests inside the repository, when DIR is a bare one

    State and AWS:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --timeout <DURATION>
              Longest time to wait for AWS, in all
              
              [default: 30s]

          --head-key <FILE|PEM>
              Believe the record only if its head is signed with this public key: a PEM file, or PEM
              itself; may be said again
              
              [env: LEASEHOLD_HEAD_KEY]

          --head-memory <DIR>
              Remember the newest head in this folder, outside of the state, and refuse an older one or
              another lineage
              
              [env: LEASEHOLD_HEAD_MEMORY=]

          --max-calls <N>
              Make at most this many calls to AWS, retries included; what is left then is not known

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]
    ");
}

#[test]
fn issue() {
    assert_snapshot!(help(&["issue"]), @r#"
    Hand out one credential of an applied role

    Usage: leasehold issue [OPTIONS] <ROLE>

    Arguments:
      <ROLE>
              The role's name

    Options:
          --ttl <DURATION>
              Lifetime, like 15m or 1h30m [default: the role's default]

          --clamp
              Take the longest lifetime allowed when --ttl asks for more, instead of refusing

          --role-arn <ARN>
              Which of the role's role_arns to assume [default: the first]

          --session-name <NAME>
              Session name, taken as it is [default: <role>-<lease id>]

          --mfa-code <CODE>
              Six digits of the role's MFA device (LEASEHOLD_MFA_CODE keeps them off the process list)
              
              [env: LEASEHOLD_MFA_CODE]

          --wait <verify|none|DURATION>
              Of a new IAM user's key, before it is handed over: verify that it works, none, or wait
              this long
              
              [default: verify]

          --reason <TEXT>
              Why it is asked for, up to 500 characters: kept in the audit

          --format <FORMAT>
              Form of the credentials

              Possible values:
              - json:               The response of Vault's aws/creds/<role>
              - credential-process: What the AWS CLI and SDKs expect of a credential_process
              - env:                export lines for a POSIX shell: eval "$(leasehold issue ROLE
                --format env)"
              
              [default: json]

          --show
              Print the secrets although standard output is a terminal

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    State and AWS:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --timeout <DURATION>
              Longest time to wait for AWS, in all
              
              [default: 30s]

          --head-key <FILE|PEM>
              Believe the record only if its head is signed with this public key: a PEM file, or PEM
              itself; may be said again
              
              [env: LEASEHOLD_HEAD_KEY]

          --head-memory <DIR>
              Remember the newest head in this folder, outside of the state, and refuse an older one or
              another lineage
              
              [env: LEASEHOLD_HEAD_MEMORY=]

          --dir <DIR>
              Folder whose repository holds the state, when --state is not given
              
              [default: .]

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]
    "#);
}

#[test]
fn exec() {
    assert_snapshot!(help(&["exec"]), @"
    Run a command with one credential of an applied role in its environment

    Usage: leasehold exec [OPTIONS] <ROLE> -- <COMMAND>...

    Arguments:
      <ROLE>        The role's name
      <COMMAND>...  The command and its arguments, after --. It is looked up before anything is issued:
                    exit 127 if there is none, 126 if it cannot be run, else its own exit code

    Options:
          --ttl <DURATION>               Lifetime, like 15m or 1h30m [default: the role's default]
          --clamp                        Take the longest lifetime allowed when --ttl asks for more,
                                         instead of refusing
          --role-arn <ARN>               Which of the role's role_arns to assume [default: the first]
          --session-name <NAME>          Session name, taken as it is [default: <role>-<lease id>]
          --mfa-code <CODE>              Six digits of the role's MFA device (LEASEHOLD_MFA_CODE keeps
                                         them off the process list) [env: LEASEHOLD_MFA_CODE]
          --wait <verify|none|DURATION>  Of a new IAM user's key, before it is handed over: verify that
                                         it works, none, or wait this long [default: verify]
          --reason <TEXT>                Why it is asked for, up to 500 characters: kept in the audit
      -h, --help                         Print help
      -V, --version                      Print version

    State and AWS:
          --state <URL>          Where record and leases are kept [default: the folder .leasehold at the
                                 top of the repository] [env: LEASEHOLD_STATE=]
          --timeout <DURATION>   Longest time to wait for AWS, in all [default: 30s]
          --head-key <FILE|PEM>  Believe the record only if its head is signed with this public key: a
                                 PEM file, or PEM itself; may be said again [env: LEASEHOLD_HEAD_KEY]
          --head-memory <DIR>    Remember the newest head in this folder, outside of the state, and
                                 refuse an older one or another lineage [env: LEASEHOLD_HEAD_MEMORY=]
          --dir <DIR>            Folder whose repository holds the state, when --state is not given
                                 [default: .]

    Global options:
          --no-color     Never colour the output (NO_COLOR does the same)
          --log <LEVEL>  Log to standard error: error, warn, info, debug or trace [env: LEASEHOLD_LOG=]
                         [possible values: error, warn, info, debug, trace]
    ");
}
