//! Standard output and standard error, and what they can show.

use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd;

use anstream::ColorChoice;
use leasehold::app::{Failure, Meaning};
use leasehold::output::Style;
use rustix::fs::{FileType, OFlags};

/// How wide plain output is when nobody looks.
const PIPED_WIDTH: usize = 100;

/// What the two standard streams are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    no_color: bool,
}

impl Terminal {
    pub(crate) fn new(no_color: bool) -> Self {
        Self { no_color }
    }

    /// Whether a person reads standard output.
    pub(crate) fn out_is_person(self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether a person reads standard error.
    pub(crate) fn err_is_person(self) -> bool {
        io::stderr().is_terminal()
    }

    /// Whether a person can be asked: both ends of the talk are a terminal.
    pub(crate) fn can_ask(self) -> bool {
        io::stdin().is_terminal() && self.err_is_person()
    }

    pub(crate) fn out_style(self) -> Style {
        let color = anstream::AutoStream::choice(&io::stdout());
        self.style(self.out_is_person().then(|| width_of(&io::stdout())), color)
    }

    pub(crate) fn err_style(self) -> Style {
        let color = anstream::AutoStream::choice(&io::stderr());
        self.style(self.err_is_person().then(|| width_of(&io::stderr())), color)
    }

    /// `width` is that of the terminal, `None` where nobody looks.
    fn style(self, width: Option<usize>, choice: ColorChoice) -> Style {
        let forced = matches!(choice, ColorChoice::Always | ColorChoice::AlwaysAnsi);
        let color = !self.no_color && choice != ColorChoice::Never && (width.is_some() || forced);
        let width = width.unwrap_or(PIPED_WIDTH);
        Style { color, unicode: unicode(), width }
    }
}

/// The terminal's own width; else what COLUMNS says; within what reads well.
fn width_of(stream: &impl AsFd) -> usize {
    let own =
        rustix::termios::tcgetwinsize(stream).ok().map(|size| usize::from(size.ws_col)).filter(|width| *width > 0);
    let told = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    own.or_else(told).unwrap_or(PIPED_WIDTH).clamp(40, 160)
}

/// A terminal that says it speaks something else than UTF-8 gets ASCII.
fn unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_default()
        .to_ascii_lowercase();
    locale.is_empty() || locale.contains("utf-8") || locale.contains("utf8")
}

/// Writes a whole text to standard output and makes sure that it arrived. A reader who left early is no failure.
pub(crate) fn print(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match render(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(output_failed(&error)),
    }
}

/// [`print`] for what must not get lost: a reader who left early is a failure. `lost` says what is lost then.
pub(crate) fn hand_over(
    lost: impl FnOnce() -> String,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    render(&mut out).and_then(|()| out.flush()).map_err(|error| output_failed(&error).because(lost()))
}

/// Refuses a closed standard output: what is written there is lost without an error, because Rust's runtime opens the
/// null device in its place, for reading and writing. A shell's `>/dev/null` opens it for writing alone, and is let be:
/// somebody chose it.
pub(crate) fn refuse_closed_output() -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt as _;

    let out = io::stdout();
    let both_ways = rustix::fs::fcntl_getfl(&out).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR);
    let device =
        |stat: rustix::fs::Stat| (FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice, stat.st_rdev);
    let null = std::fs::metadata("/dev/null").map(|null| (true, null.rdev()));
    let is_null = matches!((rustix::fs::fstat(&out).map(device), null), (Ok(out), Ok(null)) if out == null);
    if !(both_ways && is_null) {
        return Ok(());
    }
    Err(Failure::new(
        Meaning::Failed,
        "output-closed",
        "standard output is closed or leads nowhere, and the credential would be lost",
    )
    .help("nothing was issued; send standard output to what needs the credential"))
}

fn output_failed(error: &io::Error) -> Failure {
    Failure::new(Meaning::Failed, "output-failed", "the output could not be written").because(error.to_string())
}

/// Writes to standard error; nothing is left to be told if that fails.
pub(crate) fn eprint(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let mut err = io::BufWriter::new(io::stderr().lock());
    let _ = render(&mut err).and_then(|()| err.flush());
}
