//! A saved plan in another form: no AWS, no state, no manifests, no runtime.

use std::path::Path;

use leasehold::app::AppError;

use super::saved_plan;
use crate::args::RenderArgs;
use crate::exit;
use crate::terminal::{Terminal, print};

/// Answers whether it was shown: what the plan comes to is for the exit code of `plan` to say.
pub(crate) fn run(args: &RenderArgs, terminal: Terminal) -> Result<u8, AppError> {
    let (document, _) =
        if args.plan == Path::new("-") { saved_plan::read_stdin()? } else { saved_plan::read(&args.plan)? };
    print(|out| args.format.write(&document, &[], &terminal.out_style(), out))?;
    Ok(exit::FINE)
}
