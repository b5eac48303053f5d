//! `--help` of the commands about leases, word for word.

use insta::assert_snapshot;

use super::help::help;

#[test]
fn lease() {
    assert_snapshot!(help(&["lease"]), @"
    List, show, renew and revoke leases

    Usage: leasehold lease [OPTIONS] <COMMAND>

    Commands:
      list    List the leases whose credentials may be alive
      show    Show one lease
      renew   Let an IAM user work longer, up to its role's max_ttl
      revoke  End leases before their time
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
fn lease_list() {
    assert_snapshot!(help(&["lease", "list"]), @"
    List the leases whose credentials may be alive

    Usage: leasehold lease list [OPTIONS]

    Options:
          --role <ROLE>
              Only leases of this role

          --all
              List those that are over as well

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

    State and AWS:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --dir <DIR>
              Folder whose repository holds the state, when --state is not given
              
              [default: .]

          --timeout <DURATION>
              Longest time to wait for a state in S3, in all
              
              [default: 30s]

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
fn lease_show() {
    assert_snapshot!(help(&["lease", "show"]), @"
    Show one lease

    Usage: leasehold lease show [OPTIONS] <LEASE>

    Arguments:
      <LEASE>
              The lease's id, or its path aws/creds/<role>/<id>

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

    State and AWS:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --dir <DIR>
              Folder whose repository holds the state, when --state is not given
              
              [default: .]

          --timeout <DURATION>
              Longest time to wait for a state in S3, in all
              
              [default: 30s]

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
fn lease_renew() {
    assert_snapshot!(help(&["lease", "renew"]), @"
    Let an IAM user work longer, up to its role's max_ttl

    Usage: leasehold lease renew [OPTIONS] --increment <DURATION> <LEASE>

    Arguments:
      <LEASE>
              The lease's id, or its path aws/creds/<role>/<id>

    Options:
          --increment <DURATION>
              How long it lives from now, like 15m or 1h30m

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

    State and AWS:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --timeout <DURATION>
              Longest time to wait for AWS, in all
              
              [default: 10m]

          --dir <DIR>
              Folder whose repository holds the state, when --state is not given
              
              [default: .]

          --via <ARN>
              Reach the target roles of another account through this role there; may be said once for
              each account

          --rate <N>
              Most requests a second to the IAM of one account
              
              [default: 10]

          --head-key <FILE|PEM>
              Believe the record only if its head is signed with this public key: a PEM file, or PEM
              itself; may be said again
              
              [env: LEASEHOLD_HEAD_KEY]

          --head-memory <DIR>
              Remember the newest head in this folder, outside of the state, and refuse an older one or
              another lineage
              
              [env: LEASEHOLD_HEAD_MEMORY=]

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]

    What STS gave cannot be extended: issue another when it ends. A lease is renewed from now, and never
    past its role's max_ttl counted from when it was issued.
    ");
}

#[test]
fn lease_revoke() {
    assert_snapshot!(help(&["lease", "revoke"]), @"
    End leases before their time

    Usage: leasehold lease revoke [OPTIONS] <LEASE|--role <ROLE>|--prefix <PREFIX>|--all>

    Arguments:
      [LEASE]
              The lease's id, or its path aws/creds/<role>/<id>

    Options:
          --role <ROLE>
              All leases of this role

          --prefix <PREFIX>
              All leases whose path begins so, like aws/creds/app

          --all
              All leases

          --deny-session
              Put a deny of exactly these sessions on their target roles; a sweep takes it off when they
              are over

          --deny-older
              Break the glass: deny every session of the target roles that was begun before now, whoever
              began it

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

    State and AWS:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --timeout <DURATION>
              Longest time to wait for AWS, in all
              
              [default: 10m]

          --dir <DIR>
              Folder whose repository holds the state, when --state is not given
              
              [default: .]

          --via <ARN>
              Reach the target roles of another account through this role there; may be said once for
              each account

          --rate <N>
              Most requests a second to the IAM of one account
              
              [default: 10]

          --head-key <FILE|PEM>
              Believe the record only if its head is signed with this public key: a PEM file, or PEM
              itself; may be said again
              
              [env: LEASEHOLD_HEAD_KEY]

          --head-memory <DIR>
              Remember the newest head in this folder, outside of the state, and refuse an older one or
              another lineage
              
              [env: LEASEHOLD_HEAD_MEMORY=]

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]

    An IAM user is deleted at once. AWS calls no session back: without --deny-session this command says
    how long it lives.
    ");
}

#[test]
fn sweep() {
    assert_snapshot!(help(&["sweep"]), @"
    End what is due: IAM users, and denies of sessions that are over

    Usage: leasehold sweep [OPTIONS]

    Options:
          --dry-run
              Look, and change nothing

          --max-duration <DURATION>
              Begin nothing new after this long [default: no limit]

          --grace <DURATION>
              How long AWS may take until a change is known everywhere: absence is no proof before
              
              [default: 5m]

          --parallel <N>
              Leases worked on at once
              
              [default: 4]

          --full
              Read every lease, not only those that the index has as due, and enter each into the index
              anew

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

    State and AWS:
          --state <URL>
              Where record and leases are kept [default: the folder .leasehold at the top of the
              repository]
              
              [env: LEASEHOLD_STATE=]

          --timeout <DURATION>
              Longest time to wait for AWS, in all
              
              [default: 10m]

          --dir <DIR>
              Folder whose repository holds the state, when --state is not given
              
              [default: .]

          --via <ARN>
              Reach the target roles of another account through this role there; may be said once for
              each account

          --rate <N>
              Most requests a second to the IAM of one account
              
              [default: 10]

          --head-key <FILE|PEM>
              Believe the record only if its head is signed with this public key: a PEM file, or PEM
              itself; may be said again
              
              [env: LEASEHOLD_HEAD_KEY]

          --head-memory <DIR>
              Remember the newest head in this folder, outside of the state, and refuse an older one or
              another lineage
              
              [env: LEASEHOLD_HEAD_MEMORY=]

    Global options:
          --no-color
              Never colour the output (NO_COLOR does the same)

          --log <LEVEL>
              Log to standard error: error, warn, info, debug or trace
              
              [env: LEASEHOLD_LOG=]
              [possible values: error, warn, info, debug, trace]

    It may run anywhere, at any time, and several at once. Exit code 9 when a lease is stuck: six
    attempts to end it failed; 6 when something was left for the next run.
    ");
}
