//! Worlds as JSON: any text is read to an end, and a refusal is one line that no terminal obeys.

#![no_main]

use leasehold::wire::world_v1;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = world_v1::read(text) {
        assert!(!error.message.is_empty() && !error.message.chars().any(char::is_control), "{:?}", error.message);
    }
});
