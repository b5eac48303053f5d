//! GitLab's report of what an infrastructure change would do, for the widget of a merge request.

use std::io::{self, Write};

use serde::Serialize;

use crate::wire::json;
use crate::wire::plan_v1::{Document, Summary};

#[derive(Serialize)]
struct Report {
    create: u64,
    update: u64,
    delete: u64,
}

/// Writes `{"create": N, "update": N, "delete": N}`. A role of which only AWS's side changed is an update here, because
/// `apply` writes it; so is the Broker document, or a creation when it is recorded for the first time.
pub fn plan(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let Summary { create, update, refresh, delete, .. } = document.summary;
    let broker = u64::from(document.broker.is_some());
    let (new, changed) = if document.basis.record.is_none() { (broker, 0) } else { (0, broker) };
    let report = Report { create: create + new, update: update + refresh + changed, delete };
    out.write_all(json::pretty(&report).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::plan_v1::samples::{everything, first, unchanged};

    #[test]
    fn what_is_written_is_counted() {
        let shown = |plan| {
            let mut out = Vec::new();
            super::plan(&Document::from_plan(&plan), &mut out).expect("written");
            serde_json::from_slice::<serde_json::Value>(&out).expect("JSON").to_string()
        };
        assert_eq!(shown(unchanged()), r#"{"create":0,"delete":0,"update":0}"#);
        assert_eq!(shown(first()), r#"{"create":2,"delete":0,"update":0}"#);
        assert_eq!(shown(everything()), r#"{"create":1,"delete":1,"update":3}"#);
    }
}
