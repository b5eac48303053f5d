//! `--help` of the commands that tell about the program itself, word for word.

use insta::assert_snapshot;

use super::help::help;

#[test]
fn rules() {
    assert_snapshot!(help(&["rules"]), @"
    List the rules that plan judges by

    Usage: leasehold rules [OPTIONS]

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
fn explain() {
    assert_snapshot!(help(&["explain"]), @"
    Print the page of one rule

    Usage: leasehold explain [OPTIONS] <RULE>

    Arguments:
      <RULE>  Code or name of a rule, like LH103

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
fn schema() {
    assert_snapshot!(help(&["schema"]), @"
    Print the JSON Schema of a text form

    Usage: leasehold schema [OPTIONS] <NAME>

    Arguments:
      <NAME>  Which form [possible values: manifest, plan, drift, findings, apply, state, credentials,
              lease, revoke, sweep, audit, audit-verification, error, rules, policies,
              simulation-request, simulation, world, why]

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
fn why() {
    assert_snapshot!(help(&["why"]), @"
    Explain why a role may or may not be issued

    Usage: leasehold why [OPTIONS] <ROLE>

    Arguments:
      <ROLE>
              The role's name

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
    ");
}

#[test]
fn completions() {
    assert_snapshot!(help(&["completions"]), @"
    Print a completion script

    Usage: leasehold completions [OPTIONS] <SHELL>

    Arguments:
      <SHELL>  For this shell [possible values: bash, elvish, fish, powershell, zsh]

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
fn man() {
    assert_snapshot!(help(&["man"]), @"
    Print the manual page

    Usage: leasehold man [OPTIONS]

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --no-color     Never colour the output (NO_COLOR does the same)
          --log <LEVEL>  Log to standard error: error, warn, info, debug or trace [env: LEASEHOLD_LOG=]
                         [possible values: error, warn, info, debug, trace]
    ");
}
