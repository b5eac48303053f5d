use std::io::{self, Read};
use std::path::Path;

use leasehold::app::{self, AppError, Failure, Meaning};
use leasehold::output::text;
use leasehold::wire::simulation_v1;

use crate::args::{Format, SimulateArgs};
use crate::exit;
use crate::terminal::{Terminal, print};

pub(crate) fn run(args: &SimulateArgs, terminal: Terminal) -> Result<u8, AppError> {
    let request = request(&args.request).map_err(|error| {
        let shown = args.request.to_string_lossy();
        Failure::new(Meaning::Failed, "request-unreadable", format!("the request {shown} could not be read"))
            .because(error.to_string())
            .help("--request names a file with a request as JSON, or is `-` for standard input")
    })?;
    let document = app::simulate(&request)?;
    print(|out| match args.format {
        Format::Json => out.write_all(document.to_json().as_bytes()),
        Format::Text => text::simulation(&document, &terminal.out_style(), out),
    })?;
    Ok(exit::FINE)
}

/// The text of a request. What is too long is read as far as shows that it is.
fn request(from: &Path) -> io::Result<String> {
    let most = simulation_v1::MAX_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if from == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        std::fs::File::open(from)?.take(most).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 == most {
        // The cut may lie inside a character.
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::new(io::ErrorKind::InvalidData, format!("it is not UTF-8 at byte {at}"))
    })
}
