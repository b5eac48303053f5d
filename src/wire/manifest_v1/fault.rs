use std::ops::Range;
use std::sync::Arc;

use crate::domain::finding::ManifestError;
use crate::domain::span::{Located, Place, SourceFile};

/// Bytes of a file.
pub(super) type Span = Range<usize>;

/// The words of one error; where it is comes beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: String,
}

impl Fault {
    pub(super) fn new(
        kind: &'static str,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { kind, message: message.into(), label: label.into(), help: help.into() }
    }
}

/// Errors one file may have before the rest goes unread: nobody mends more at once, and a hostile file could have a
/// hundred thousand.
pub(super) const ERRORS_MAX: usize = 1_000;

/// Collects the errors of one file.
#[derive(Debug)]
pub(super) struct Faults<'f> {
    file: &'f Arc<SourceFile>,
    errors: Vec<ManifestError>,
}

impl<'f> Faults<'f> {
    pub(super) fn new(file: &'f Arc<SourceFile>) -> Self {
        Self { file, errors: Vec::new() }
    }

    pub(super) fn text(&self) -> &'f str {
        &self.file.text
    }

    /// Whether a place is in this file.
    pub(super) fn is_of(&self, place: &Place) -> bool {
        Arc::ptr_eq(self.file, place.file())
    }

    pub(super) fn place(&self, span: &Span) -> Place {
        Place::new(Arc::clone(self.file), span.start, span.end)
    }

    pub(super) fn located<T>(&self, value: T, span: &Span) -> Located<T> {
        Located::new(value, self.place(span))
    }

    pub(super) fn push(&mut self, span: &Span, fault: Fault) {
        if self.is_full() {
            return;
        }
        let fault = if self.errors.len() + 1 == ERRORS_MAX { too_many() } else { fault };
        let Fault { kind, message, label, help } = fault;
        self.errors.push(ManifestError { kind, message, label, place: Some(self.place(span)), path: None, help });
    }

    /// The value, or nothing and one more error at `span`.
    pub(super) fn take<T>(&mut self, span: &Span, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.push(span, fault)).ok()
    }

    /// Whether further errors are no longer kept; the last one kept says so.
    pub(super) fn is_full(&self) -> bool {
        self.errors.len() >= ERRORS_MAX
    }

    pub(super) fn count(&self) -> usize {
        self.errors.len()
    }

    pub(super) fn into_errors(self) -> Vec<ManifestError> {
        self.errors
    }
}

fn too_many() -> Fault {
    Fault::new(
        "too-many-errors",
        format!("this file has {ERRORS_MAX} errors or more; further ones are not shown"),
        "one of them",
        "mend the others first",
    )
}
