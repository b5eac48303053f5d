//! The official JSON Schema of SARIF 2.1.0 and a JSON Schema validator, both from pinned Python packages: neither is
//! copied into this repository.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

pub(super) struct OfficialSchema {
    python: PathBuf,
}

/// `None`, after saying so, when tests that need a package index are to be skipped.
pub(super) fn get() -> Option<OfficialSchema> {
    if crate::emulator::skips_live() {
        return None;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-venv");
    let requirements = root.join("tests/report/requirements.txt");
    let output = Command::new("python3")
        .arg(root.join("tests/emulator/install.py"))
        .args([&home, &requirements])
        .stdin(Stdio::null())
        .output()
        .expect("python3");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the schema's packages cannot be installed:\n{said}");
    Some(OfficialSchema { python: home.join("bin/python") })
}

impl OfficialSchema {
    /// For each value: null if it fits, else what is wrong first.
    pub(super) fn faults(&self, values: &[Value]) -> Vec<Value> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/sarif_faults.py");
        let mut child = Command::new(&self.python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the validator starts");
        let input = serde_json::to_vec(values).expect("JSON");
        // The script reads all of its input before it writes, so neither waits for the other.
        child.stdin.take().expect("piped").write_all(&input).expect("written");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "the validator failed");
        let faults: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(faults.len(), values.len());
        faults
    }
}
