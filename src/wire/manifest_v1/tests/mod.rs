mod errors;
mod golden;
mod hostile;
mod laws;
mod levels;
mod text;

use std::sync::Arc;

use super::read;
use crate::domain::credential::CredentialSpec;
use crate::domain::desired::Desired;
use crate::domain::finding::ManifestError;
use crate::domain::span::SourceFile;

const BROKER: &str = "\
apiVersion: leasehold/v1
kind: Broker
metadata: {name: prod}
spec: {principal: arn:aws:iam::111122223333:role/VaultRunner, region: ap-northeast-1, deployment: prod}
";

fn file(path: &str, text: impl Into<String>) -> Arc<SourceFile> {
    Arc::new(SourceFile { path: path.to_owned(), text: text.into() })
}

/// Reads `text` as `b.yaml` beside a file with a Broker.
fn read_beside_broker(text: impl Into<String>) -> Result<Desired, Vec<ManifestError>> {
    read(&[file("a.yaml", BROKER), file("b.yaml", text)])
}

fn document(kind: &str, spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("apiVersion: leasehold/v1\nkind: {kind}\nmetadata: {{name: x}}\nspec:\n{spec}")
}

/// `kind line:column text under the line`, for each error.
fn shown(errors: &[ManifestError]) -> Vec<String> {
    let show = |error: &ManifestError| match &error.place {
        Some(place) => {
            let excerpt = place.excerpt();
            let underlined = &excerpt.text[excerpt.underline.clone()];
            format!("{} {}:{} {underlined}", error.kind, excerpt.line, excerpt.column)
        }
        None => error.kind.to_owned(),
    };
    errors.iter().map(show).collect()
}

fn errors(text: impl Into<String>) -> Vec<ManifestError> {
    read_beside_broker(text).expect_err("refused")
}

fn credential(text: &str) -> CredentialSpec {
    let mut desired = read_beside_broker(text).expect("valid");
    desired.roles.remove(0).spec.credential
}
