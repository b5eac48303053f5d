//! The files of a new repository: manifests, and the workflows of `examples/ci/` made its own.

use serde_json::json;

use crate::domain::ident::{BrokerPrincipal, Name, RoleArn};

const ACTION: &str = include_str!("../../.github/actions/leasehold/action.yml");
const GITHUB: &str = include_str!("../../examples/ci/github/leasehold.yaml");
const GITLAB: &str = include_str!("../../examples/ci/gitlab/leasehold.yml");
const GITHUB_SWEEP: &str = include_str!("../../examples/ci/github/leasehold-sweep.yaml");
const GITLAB_SWEEP: &str = include_str!("../../examples/ci/gitlab/leasehold-sweep.yml");

/// What the examples in `examples/ci/` say where a repository says its own.
const DIR_LINE: &str = "  LEASEHOLD_DIR: \".\"\n";
const BRANCHES_LINE: &str = "    branches: [\"main\"]\n";

/// Where workflows are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

/// What a new repository is about.
#[derive(Debug, Clone, Copy)]
pub struct Scaffold<'a> {
    /// `metadata.name` of the Broker, and its `deployment`.
    pub deployment: &'a Name,
    /// Who issues.
    pub principal: &'a BrokerPrincipal,
    /// Region of the STS endpoint.
    pub region: &'a str,
    /// The first role.
    pub role: &'a Name,
    /// What it assumes.
    pub role_arn: &'a RoleArn,
    /// The folder of the manifests below the top of the repository, with slashes; empty for the top itself.
    pub folder: &'a str,
    /// For which system.
    pub ci: Option<Ci>,
    /// The branch whose merges are applied.
    pub branch: &'a str,
}

/// A file to be written: its path below the top of the repository, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// With slashes.
    pub path: String,
    /// All of it.
    pub text: String,
}

impl Scaffold<'_> {
    /// The manifests: what `validate` will read.
    #[must_use]
    pub fn manifests(&self) -> Vec<NewFile> {
        vec![
            self.below("broker.yaml", self.broker()),
            self.below(&format!("roles/{}.yaml", self.role), self.first_role()),
        ]
    }

    /// The files of the chosen CI system.
    #[must_use]
    pub fn workflows(&self) -> Vec<NewFile> {
        let dir = format!("  LEASEHOLD_DIR: {}\n", json!(if self.folder.is_empty() { "." } else { self.folder }));
        let new = |path: &str, text: String| NewFile { path: path.to_owned(), text };
        match self.ci {
            None => Vec::new(),
            Some(Ci::Github) => {
                let branches = format!("    branches: [{}]\n", json!(self.branch));
                let workflow = GITHUB.replacen(DIR_LINE, &dir, 1).replacen(BRANCHES_LINE, &branches, 1);
                vec![
                    new(".github/actions/leasehold/action.yml", ACTION.to_owned()),
                    new(".github/workflows/leasehold.yaml", workflow),
                    new(".github/workflows/leasehold-sweep.yaml", GITHUB_SWEEP.to_owned()),
                ]
            }
            Some(Ci::Gitlab) => vec![
                new(".gitlab/leasehold.yml", GITLAB.replacen(DIR_LINE, &dir, 1)),
                new(".gitlab/leasehold-sweep.yml", GITLAB_SWEEP.to_owned()),
            ],
        }
    }

    fn below(&self, path: &str, text: String) -> NewFile {
        let path = if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) };
        NewFile { path, text }
    }

    fn broker(&self) -> String {
        let Self { deployment, principal, region, .. } = self;
        let deployment = scalar(deployment.as_str());
        let region = scalar(region);
        format!(
            "# yaml-language-server: $schema=./.leasehold.schema.json\n\
             # Who issues, and what judges every change here: let people who answer for it own this file.\n\
             apiVersion: leasehold/v1\n\
             kind: Broker\n\
             metadata:\n  name: {deployment}\n\
             spec:\n  principal: {principal}\n  region: {region}\n  deployment: {deployment}\n  \
             defaults:\n    default_sts_ttl: 15m\n    max_sts_ttl: 1h\n  \
             limits:\n    max_deletes: 5\n    max_delete_percent: 30\n"
        )
    }

    fn first_role(&self) -> String {
        let Self { role, role_arn, .. } = self;
        let role = scalar(role.as_str());
        format!(
            "# yaml-language-server: $schema=../.leasehold.schema.json\n\
             apiVersion: leasehold/v1\n\
             kind: Role\n\
             metadata:\n  name: {role}\n\
             spec:\n  credential_type: assumed_role\n  role_arns:\n    - {role_arn}\n  \
             default_sts_ttl: 15m\n  max_sts_ttl: 1h\n"
        )
    }
}

/// The account in AWS's own examples.
pub const PLACEHOLDER_ACCOUNT: &str = "111122223333";

/// A name as YAML reads it back: in quotes where it could be something else than text.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain =
        text.starts_with(|c: char| c.is_ascii_alphabetic()) && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { json!(text).to_string() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::span::SourceFile;
    use crate::wire::manifest_v1;

    #[test]
    fn the_examples_have_the_lines_that_are_replaced() {
        for text in [GITHUB, GITLAB] {
            assert_eq!(text.matches(DIR_LINE).count(), 1);
        }
        assert_eq!(GITHUB.matches(BRANCHES_LINE).count(), 1);
    }

    proptest! {
        #[test]
        fn whatever_it_is_about_it_reads_back(
            deployment in "[A-Za-z0-9_]([A-Za-z0-9_.-]{0,10}[A-Za-z0-9_])?",
            role in "[A-Za-z0-9_]([A-Za-z0-9_.-]{0,10}[A-Za-z0-9_])?|true|NULL|0x1f|1e3|2027-01-31|~",
            arn in "(path-[a-z!-.]{1,6}/)?[A-Za-z0-9_+=,.@-]{1,30}",
        ) {
            let role_arn = format!("arn:aws:iam::111122223333:role/{arn}");
            let parsed = (Name::parse(&deployment), Name::parse(&role), RoleArn::parse(&role_arn));
            let (Ok(deployment), Ok(role), Ok(role_arn)) = parsed else { return Ok(()) };
            let principal = BrokerPrincipal::parse("arn:aws:iam::111122223333:role/VaultRunner").expect("valid");
            let (region, folder, branch) = ("eu-west-1", "a b/c", "main");
            let scaffold = Scaffold {
                deployment: &deployment, principal: &principal, region, role: &role, role_arn: &role_arn, folder,
                ci: None, branch,
            };
            let files = scaffold.manifests().into_iter();
            let files: Vec<_> = files.map(|NewFile { path, text }| Arc::new(SourceFile { path, text })).collect();
            let desired = manifest_v1::read(&files);
            let desired = desired.map_err(|errors| TestCaseError::fail(format!("{errors:?}")))?;
            prop_assert_eq!((&desired.broker.spec.name, &desired.broker.spec.deployment), (&deployment, &deployment));
            prop_assert_eq!(&desired.roles[0].spec.name, &role);
            prop_assert_eq!(desired.roles[0].spec.credential.role_arns(), std::slice::from_ref(&role_arn));
        }

        #[test]
        fn a_folder_and_a_branch_stay_text(folder in "[ -~]{1,20}", branch in "[ -~]{1,20}") {
            let name = Name::parse("prod").expect("valid");
            let principal = BrokerPrincipal::parse("arn:aws:iam::111122223333:role/VaultRunner").expect("valid");
            let role_arn = RoleArn::parse("arn:aws:iam::111122223333:role/App").expect("valid");
            for ci in [Ci::Github, Ci::Gitlab] {
                let scaffold = Scaffold {
                    deployment: &name, principal: &principal, region: "eu-west-1", role: &name, role_arn: &role_arn,
                    folder: &folder, ci: Some(ci), branch: &branch,
                };
                let files = scaffold.workflows();
                let is_it = |file: &&NewFile| file.path.ends_with("/leasehold.yaml") || file.path.ends_with("/leasehold.yml");
                let file = files.iter().find(is_it).expect("a workflow");
                let value: serde_json::Value = serde_yaml::from_str(&file.text).expect("YAML");
                let of = if ci == Ci::Github { "env" } else { "variables" };
                prop_assert_eq!(&value[of]["LEASEHOLD_DIR"], &json!(folder));
                prop_assert!(ci == Ci::Gitlab || value["on"]["push"]["branches"] == json!([branch]));
            }
        }
    }
}
