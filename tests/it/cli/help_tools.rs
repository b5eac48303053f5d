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
      revoker  Of the identity that revokes leases, and denies sessions that are still alive
      trust    The trust policies of a role's targets
      store    Of a state in S3: the bucket's policy, and what each identity needs there
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
    for identity in ["broker", "reader", "sweeper", "revoker"] {
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

    Exit code 8 when AWS drifted; what is pending in git is shown and is no drift.
    ");
}

#[test]
fn state() {
    assert_snapshot!(help(&["state", "check"]), @"
    Prove that a store can hold a state: that it looks at the conditions of a write

    Usage: leasehold state check [OPTIONS]

    Options:
      -h, --help     Print help
      -V, --version  Print version

    State and AWS:
          --state <URL>         Where record and leases are kept [default: the folder .leasehold at the
                                top of the repository] [env: LEASEHOLD_STATE=]
          --dir <DIR>           Folder whose repository holds the state, when --state is not given
                                [default: .]
          --timeout <DURATION>  Longest time to wait for a state in S3, in all [default: 30s]

    Global options:
          --no-color     Never colour the output (NO_COLOR does the same)
          --log <LEVEL>  Log to standard error: error, warn, info, debug or trace [env: LEASEHOLD_LOG=]
                         [possible values: error, warn, info, debug, trace]

    An object of its own is made, replaced and removed; nothing else is touched, and nothing is left
    behind.
    The first apply to a state in S3 does the same before it writes.
    ");
    assert_snapshot!(help(&["policy", "store"]), @"
    Of a state in S3: the bucket's policy, and what each identity needs there

    Usage: leasehold policy store [OPTIONS] --state <URL> <WHOSE>

    Arguments:
      <WHOSE>
              Whose policy

              Possible values:
              - bucket: The bucket's: nobody writes without a condition, and nobody rewrites history
              - plan:   Of plan, drift, why and lease: reads
              - apply:  Of apply and state check
              - issue:  Of issue and exec
              - sweep:  Of what ends leases

    Options:
          --state <URL>
              The state in S3, s3://bucket/prefix
              
              [env: LEASEHOLD_STATE=]

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

    The policy goes to standard output; what to know about it goes to standard error. No AWS is needed.
    The permissions are those for the state alone: `policy broker`, `reader` and `sweeper` print the
    rest.
    ");
}

#[test]
fn no_command_is_left_out() {
    let program = help(&[]);
    let listed = program.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let mut names: Vec<&str> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    names.retain(|name| *name != "help");
    assert_eq!(
        names,
        [
            "init",
            "validate",
            "plan",
            "render",
            "apply",
            "drift",
            "issue",
            "exec",
            "lease",
            "sweep",
            "audit",
            "state",
            "why",
            "policy",
            "simulate",
            "rules",
            "explain",
            "schema",
            "completions",
        ],
        "each needs a test here"
    );
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
