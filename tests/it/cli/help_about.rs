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
      <NAME>  Which form [possible values: manifest, plan, findings, apply, state, credentials, lease,
              error, rules, world]

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
