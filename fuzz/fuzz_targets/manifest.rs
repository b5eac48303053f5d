//! Manifests: any text is read to an end, and every error points into it.

#![no_main]

use std::sync::Arc;

use leasehold::domain::span::SourceFile;
use leasehold::wire::manifest_v1;
use libfuzzer_sys::fuzz_target;

/// Stands between two files: a set is more than one.
const NEXT_FILE: &str = "\n# next file\n";

fuzz_target!(|text: &str| {
    let file =
        |(number, text): (usize, &str)| Arc::new(SourceFile { path: format!("{number}.yaml"), text: text.to_owned() });
    let files: Vec<_> = text.split(NEXT_FILE).enumerate().map(file).collect();
    if let Err(errors) = manifest_v1::read(&files) {
        assert!(!errors.is_empty(), "refused without saying why");
        for place in errors.iter().filter_map(|error| error.place.as_ref()) {
            assert!(files.iter().any(|file| Arc::ptr_eq(file, place.file())), "in no file");
            assert!(place.file().text.get(place.start()..place.end()).is_some(), "outside its file");
        }
    }
});
