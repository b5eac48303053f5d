//! Manifests, version 1: YAML documents in, [`Desired`] out.
//!
//! A file is tokenized twice by the same tokenizer: once into an index that knows the place of every key and value, and
//! once by serde_yaml under its strictest options, which walks along that index and refuses the document unless both
//! read the same. The index is then held against one table of fields, which also makes the schema and the reference.
//! Nothing stops at the first error: all errors of all files come back from one call.

mod account;
mod broker;
mod document;
mod fault;
mod fields;
mod index;
mod levels;
mod policy;
mod recheck;
mod reference;
mod role;
mod schema;
mod shape;
mod tags;
mod value;
mod waiver;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use reference::reference;
pub use schema::schema;

use document::Header;
use fault::{Fault, Faults, Span};
use index::Document;

use crate::domain::desired::{Account, Broker, Desired, TtlPair, Waiver};
use crate::domain::finding::ManifestError;
use crate::domain::role::Role;
use crate::domain::span::{Place, SourceFile};

/// Reads all manifests of one deployment.
///
/// Roles come back with the Broker's defaults filled in. A default TTL that a role inherits is lowered to the role's own
/// maximum; one that it writes stays as written, for a rule to judge.
///
/// # Errors
///
/// Every fault of every file, sorted by [`ManifestError::order`]. A set without a Broker gives `no-broker`, without a
/// place, unless some document could not be identified: the Broker may be that one.
pub fn read(files: &[Arc<SourceFile>]) -> Result<Desired, Vec<ManifestError>> {
    let mut errors = Vec::new();
    let mut inputs: Vec<_> = files.iter().map(Faults::new).collect();
    let parsed: Vec<Option<Vec<Document<'_>>>> = inputs.iter_mut().map(parse).collect();
    let mut identified = parsed.iter().all(Option::is_some);

    // The Broker may stand in the last file, and roles inherit from it.
    let mut headers: Vec<(usize, Header<'_, '_>)> = Vec::new();
    for (at, document) in
        parsed.iter().enumerate().flat_map(|(at, documents)| documents.iter().flatten().map(move |d| (at, d)))
    {
        match document::header(document, &mut inputs[at]) {
            Some(header) => headers.push((at, header)),
            None => identified = false,
        }
    }

    let mut lowered = Lowered::default();
    let mut inherited = broker::built_in();
    for (at, header) in headers.iter().filter(|(_, header)| header.doc.name == "Broker") {
        let faults = &mut inputs[*at];
        lowered.broker_places.push((*at, header.kind.clone(), faults.place(&header.kind)));
        let defaults = broker::defaults(header, faults);
        inherited = defaults.or(inherited);
        lowered.broker = defaults.and_then(|defaults| broker::lower(header, defaults, faults)).or(lowered.broker);
    }
    if let Some(inherited) = inherited {
        for (at, header) in &headers {
            lowered.document(header, inherited, &mut inputs[*at]);
        }
    }
    lowered.report_duplicates(&mut inputs);

    errors.extend(inputs.into_iter().flat_map(Faults::into_errors));
    let Lowered { broker, broker_places, accounts, roles, waivers } = lowered;
    if broker_places.is_empty() && identified {
        errors.push(no_broker(files.is_empty()));
    }
    match broker {
        Some(broker) if errors.is_empty() => Ok(Desired { broker, accounts, roles, waivers }),
        _ => {
            errors.sort_by(|a, b| a.order().cmp(&b.order()));
            Err(errors)
        }
    }
}

fn parse<'a>(faults: &mut Faults<'a>) -> Option<Vec<Document<'a>>> {
    let documents = index::documents(faults)?;
    // What the index refused already, serde_yaml would only say again.
    if faults.count() == 0 {
        for document in &documents {
            recheck::recheck(document, faults);
        }
    }
    Some(documents)
}

#[derive(Default)]
struct Lowered {
    broker: Option<Broker>,
    broker_places: Vec<(usize, Span, Place)>,
    accounts: Vec<Account>,
    roles: Vec<Role>,
    waivers: Vec<Waiver>,
}

impl Lowered {
    fn document(&mut self, header: &Header<'_, '_>, inherited: TtlPair, faults: &mut Faults<'_>) {
        match header.doc.name {
            "Account" => self.accounts.extend(account::lower(header, faults)),
            "Role" => self.roles.extend(role::lower(header, inherited, faults)),
            "Waiver" => self.waivers.extend(waiver::lower(header, faults)),
            // Brokers were lowered before, for what the others inherit.
            _ => {}
        }
    }

    fn report_duplicates(&self, inputs: &mut [Faults<'_>]) {
        if let [(_, _, first), (_, _, second), ..] = self.broker_places.as_slice() {
            let (first, second) = (at_line(first), at_line(second));
            for (index, (at, span, _)) in self.broker_places.iter().enumerate() {
                inputs[*at].push(span, broker::several(if index == 0 { &second } else { &first }));
            }
        }
        let mut seen = BTreeMap::new();
        for account in &self.accounts {
            let Some(first) = seen.insert(&account.id.value, account) else { continue };
            let place = &account.id.place;
            let Some(faults) = inputs.iter_mut().find(|faults| faults.is_of(place)) else { continue };
            if faults.is_full() {
                continue;
            }
            let message =
                format!("account {} is declared twice, first at {}", account.id.value, at_line(&first.id.place));
            faults.push(
                &(place.start()..place.end()),
                Fault::new("duplicate-account", message, "again", "keep one Account document for each account"),
            );
        }
    }
}

fn at_line(place: &Place) -> String {
    format!("{}:{}", crate::domain::text::escape(place.path()), place.line_column().0)
}

fn no_broker(without_files: bool) -> ManifestError {
    ManifestError {
        kind: "no-broker",
        message: "no manifest is a Broker".to_owned(),
        label: String::new(),
        place: None,
        path: None,
        help: match without_files {
            true => "name the folder of the manifests with --dir; `leasehold init` writes the first ones",
            false => "write one document of kind `Broker`: it says who issues",
        }
        .to_owned(),
    }
}
