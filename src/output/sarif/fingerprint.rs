use std::collections::BTreeMap;

use serde_json::json;

use crate::domain::digest::Digest;
use crate::wire::common_v1::Finding;

/// Tells findings apart in a way that outlives a move of their lines: by rule, role, file and message, none of which
/// holds a line or a column. Of several that are alike, all but the first are numbered.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: BTreeMap<Digest, u32>,
}

impl Fingerprints {
    pub(super) fn of(&mut self, finding: &Finding) -> String {
        let Finding {
            code,
            rule: _,
            level: _,
            confidence: _,
            blocks: _,
            role,
            message,
            label: _,
            place,
            remedy: _,
            waived_by: _,
        } = finding;
        let path = place.as_ref().map(|place| &place.path);
        let digest = Digest::of_json(&json!([code, role, path, message]));
        let hex = digest.as_str().trim_start_matches("sha256:").to_owned();
        let count = self.seen.entry(digest).or_default();
        *count += 1;
        if *count == 1 { hex } else { format!("{hex}:{count}") }
    }
}
