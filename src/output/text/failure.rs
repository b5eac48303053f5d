//! A failed command.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use miette::Diagnostic;

use super::problem::render;
use crate::domain::text::{escape, escape_lines};
use crate::output::Style;
use crate::output::inert::Inert;
use crate::wire::error_v1::Document;

/// Writes what went wrong, the chain of causes, what to do, and AWS's own words last.
pub fn failure(document: &Document, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let Document { format: _, exit_code: _, kind, message, causes, help, aws } = document;
    let mut cause = None;
    for text in causes.iter().rev() {
        cause = Some(Box::new(Told { kind: None, message: escape(text).into_owned(), help: None, cause }));
    }
    let help = help.as_deref().map(|help| escape_lines(help).into_owned());
    let aws = aws.as_deref().map(|aws| format!("AWS said: {}", escape(aws)));
    let help = match (help, aws) {
        (Some(help), Some(aws)) => Some(format!("{help}\n{aws}")),
        (help, aws) => help.or(aws),
    };
    let told =
        Told { kind: Some(format!("error[{}]", escape(kind))), message: escape(message).into_owned(), help, cause };
    render(&told, *style, &mut Inert::new(out))
}

struct Told {
    kind: Option<String>,
    message: String,
    help: Option<String>,
    cause: Option<Box<Told>>,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Told {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl Diagnostic for Told {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.kind.as_ref().map(|kind| Box::new(kind) as Box<dyn fmt::Display>)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_help_and_awss_words_come_in_that_order_and_escaped() {
        let mut document = Document::new(11, "not-trusted", "AWS does not let `a\u{1b}[31m` in");
        document.causes = vec!["first".into(), "second".into()];
        document.help = Some("do this".into());
        document.aws = Some("AccessDenied: no\u{202e}".into());
        let mut out = Vec::new();
        failure(&document, &Style::PLAIN, &mut out).expect("a Vec takes it");
        insta::assert_snapshot!(String::from_utf8(out).expect("UTF-8"), @r"
        error[not-trusted]

          × AWS does not let `a\u{1b}[31m` in
          ├─▶ first
          ╰─▶ second
          help: do this
                AWS said: AccessDenied: no\u{202e}
        ");
    }
}
