//! Showing a failure: as a diagnostic in a terminal, on one line where a program reads, as JSON where it was asked for.

use leasehold::app::{AppError, Failure};
use leasehold::output::{plain, text};
use leasehold::wire::{error_v1, findings_v1};

use crate::exit;
use crate::terminal::{Terminal, eprint};

/// Shows an error on standard error and answers the exit code.
pub(crate) fn report(error: &AppError, terminal: Terminal, as_json: bool) -> u8 {
    let style = terminal.err_style();
    match error {
        AppError::Manifests(errors) => {
            let document = findings_v1::Document::new(errors, &[]);
            eprint(|out| match (as_json, terminal.err_is_person()) {
                (true, _) => out.write_all(document.to_json().as_bytes()),
                (false, true) => text::problems(&document, &style, out),
                (false, false) => plain::problems(&document, out),
            });
            exit::FAILED
        }
        AppError::Failed(failure) => report_as(failure, exit::code(failure.meaning), terminal, as_json),
    }
}

/// Shows a failure that has an exit code of its own, and answers that.
pub(crate) fn report_as(failure: &Failure, code: u8, terminal: Terminal, as_json: bool) -> u8 {
    let document = document(failure, code);
    eprint(|out| match (as_json, terminal.err_is_person()) {
        (true, _) => out.write_all(document.to_json().as_bytes()),
        (false, true) => text::failure(&document, &terminal.err_style(), out),
        (false, false) => plain::failure(&document, out),
    });
    code
}

fn document(failure: &Failure, code: u8) -> error_v1::Document {
    let Failure { meaning: _, kind, message, causes, help, aws } = failure;
    let mut document = error_v1::Document::new(code, kind, message);
    document.causes.clone_from(causes);
    document.help.clone_from(help);
    document.aws.clone_from(aws);
    document
}
