use std::io;
use std::path::Path;

use leasehold::app::{self, AppError, Failure, Meaning};
use leasehold::output::text;
use leasehold::wire::simulation_v1;

use crate::args::{Format, SimulateArgs};
use crate::terminal::{Terminal, print};
use crate::{exit, system};

pub(crate) fn run(args: &SimulateArgs, terminal: Terminal) -> Result<u8, AppError> {
    let request = request(&args.request)?;
    let document = app::simulate(&request)?;
    print(|out| match args.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::simulation(&document, &terminal.out_style(), out),
    })?;
    Ok(exit::FINE)
}

/// The text of a request.
fn request(from: &Path) -> Result<String, Failure> {
    const MOST: usize = simulation_v1::MAX_BYTES;
    let read = if from == Path::new("-") {
        system::text_at_most(io::stdin().lock(), MOST)
    } else {
        system::read_at_most(from, MOST)
    };
    let why = match read {
        Ok(Some(text)) => return Ok(text),
        Ok(None) => format!("it has more than {MOST} bytes"),
        Err(error) => error.to_string(),
    };
    let shown = from.to_string_lossy();
    Err(Failure::new(Meaning::Failed, "request-unreadable", format!("the request {shown} could not be read"))
        .because(why)
        .help("--request names a file with a request as JSON, or is `-` for standard input"))
}
