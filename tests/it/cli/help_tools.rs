//! `--help` of the commands that look and generate, word for word.

use insta::assert_snapshot;

use super::help::help;

#[test]
fn policy() {
    assert_snapshot!(help(&["policy"]), @"
    Print the least that each identity must be allowed, as IAM policies

    Usage: leasehold policy [OPTIONS] <COMMAND>

    Commands:
      broker   Of the identity that runs issue and exec
      reader   Of the identity that runs plan, apply and drift; with --account, of the reader role there
      sweeper  Of the identity that ends leases
      trust    The trust policies of a role's targets
      help     Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --no-color     Never colour the output (NO_COLOR does the same)
          --log <LEVEL>  Log to standard error: error, warn, info, debug or trace [env: LEASEHOLD_LOG=]
                         [possible values: error, warn, info, debug, trace]
    ");
    assert_snapshot!(help(&["policy", "trust"]), @"
    The trust policies of a role's targets

    Usage: leasehold policy trust [OPTIONS] <ROLE>

    Arguments:
      <ROLE>
              The declared role

    Options:
          --account <ID>
              Generate for this account [default: the broker's, and for trust every one that the role
              has a target in]

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

    The policies go to standard output as IAM takes them, one after the other if there are several; what
    to know about them goes to standard error. --format json has both in one document.
    ");
    for identity in ["broker", "reader", "sweeper"] {
        let help = help(&["policy", identity]);
        assert!(help.contains("--account <ID>") && help.contains("--dir <DIR>"), "{help}");
    }
}

#[test]
fn simulate() {
    assert_snapshot!(help(&["simulate"]), @"
    Tell what AWS would say to a request under policies that you bring along

    Usage: leasehold simulate [OPTIONS] --request <FILE>

    Options:
          --request <FILE>
              The request as JSON: a file, or - for standard input

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

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]

    The verdict is the answer: exit code 0 whatever it is. No AWS, no repository and no state are
    needed.
    The forms of both ends: leasehold schema simulation-request, leasehold schema simulation
    ");
}

#[test]
fn drift() {
    assert_snapshot!(help(&["drift"]), @"
    Tell what changed in AWS since the last apply, apart from what is pending in git

    Usage: leasehold drift [OPTIONS]

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

    State and AWS:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --timeout <DURATION>
              Longest time to wait for AWS, in all
              
              [default: 30s]

          --max-calls <N>
              Make at most this many calls to AWS, retries included; what is left then is not known

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]

    Exit code 8 when AWS drifted; what is pending in git is shown and is no drift.
    ");
}

#[test]
fn audit() {
    assert_snapshot!(help(&["audit"]), @"
    Look at the audit, and find out whether it is whole

    Usage: leasehold audit [OPTIONS] <COMMAND>

    Commands:
      list    List events, oldest first
      show    Show one event
      verify  Find what was edited, removed, moved or cut off; exit 1 if anything was
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --no-color     Never colour the output (NO_COLOR does the same)
          --log <LEVEL>  Log to standard error: error, warn, info, debug or trace [env: LEASEHOLD_LOG=]
                         [possible values: error, warn, info, debug, trace]
    ");
}

#[test]
fn audit_list() {
    assert_snapshot!(help(&["audit", "list"]), @"
    List events, oldest first

    Usage: leasehold audit list [OPTIONS]

    Options:
          --role <ROLE>
              Only events of this role

          --lease <LEASE>
              Only events of this lease: its id, or its path aws/creds/<role>/<id>

          --since <TIME>
              Only events from this on: a day in UTC like 2026-11-23, or an instant like
              2026-11-23T10:00:00Z

          --action <ACTION>
              Only events that tell of this
              
              [possible values: issue-requested, issue-granted, issue-refused, apply-requested, applied,
              revoke-requested, ended, renewed, session-denied, stuck, orphan-ended, sweep-finished]

          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --dir <DIR>
              Folder whose repository holds the state, when --state is not given
              
              [default: .]

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
fn audit_verify() {
    assert_snapshot!(help(&["audit", "verify"]), @"
    Find what was edited, removed, moved or cut off; exit 1 if anything was

    Usage: leasehold audit verify [OPTIONS]

    Options:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --dir <DIR>
              Folder whose repository holds the state, when --state is not given
              
              [default: .]

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

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]
    ");
}
