//! Commands that tell about the program itself: no files, no AWS, no runtime.

use std::io::{self, Write};

use clap::CommandFactory as _;
use leasehold::app::{AppError, Failure, Meaning};
use leasehold::domain::rules;
use leasehold::domain::text::escape;
use leasehold::output::text::{self, RuleLine};
use leasehold::wire::{SCHEMAS, rules_v1};

use crate::args::{Cli, CompletionsArgs, ExplainArgs, Format, RulesArgs, SchemaArgs};
use crate::exit;
use crate::terminal::{Terminal, print};

pub(crate) fn rules(args: &RulesArgs, terminal: Terminal) -> Result<u8, AppError> {
    print(|out| match args.format {
        Format::Json => out.write_all(rules_v1::Document::all().to_json().as_bytes()),
        Format::Text => {
            let line = |rule: &'static rules::Rule| RuleLine {
                code: rule.code,
                name: rule.name,
                level: rule.level.as_str(),
                summary: rule.summary,
            };
            let lines: Vec<_> = rules::all().iter().map(|rule| line(rule)).collect();
            text::rules(&lines, &terminal.out_style(), out)
        }
    })?;
    Ok(exit::FINE)
}

pub(crate) fn explain(args: &ExplainArgs) -> Result<u8, AppError> {
    let Some(rule) = rules::find(&args.rule) else {
        let mut failure =
            Failure::new(Meaning::Usage, "no-such-rule", format!("there is no rule `{}`", escape(&args.rule)))
                .help("`leasehold rules` lists them");
        if let Some(near) = rules::nearest(&args.rule) {
            failure = failure.help(format!("did you mean `{near}`? `leasehold rules` lists them all"));
        }
        return Err(failure.into());
    };
    let page = rule.page();
    print(|out| {
        text::rule_page(&page, out)?;
        match page.contains("```json") {
            true => writeln!(out, "\nThe JSON is what was read of AWS; `leasehold schema world` tells its form."),
            false => Ok(()),
        }
    })?;
    Ok(exit::FINE)
}

pub(crate) fn schema(args: &SchemaArgs) -> Result<u8, AppError> {
    for (name, make) in SCHEMAS {
        if *name == args.name {
            let schema = make();
            print(|out| writeln!(out, "{schema:#}"))?;
        }
    }
    Ok(exit::FINE)
}

pub(crate) fn completions(args: &CompletionsArgs) -> Result<u8, AppError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "leasehold", &mut script);
    print(|out| out.write_all(&script))?;
    Ok(exit::FINE)
}

pub(crate) fn man() -> Result<u8, AppError> {
    print(write_man)?;
    Ok(exit::FINE)
}

fn write_man(out: &mut dyn Write) -> io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    out.write_all(&page)
}
