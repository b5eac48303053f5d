//! Saved plans: any text is read to an end, and what was read is written and read again as the same.

#![no_main]

use leasehold::wire::plan_v1::Document;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(document) = Document::read(text) else { return };
    let written = document.to_json();
    let again = Document::read(&written).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(again.to_json(), written);
    let _ = document.is_refused();
});
