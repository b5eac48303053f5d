//! The hand that follows a remedy: it edits an example's manifests and world.

use serde_json::json;

use super::*;

/// A line of a manifest.
pub(super) struct Line<'r> {
    key: &'r str,
    pub(super) value: &'r str,
}

impl<'r> Line<'r> {
    pub(super) fn read(text: &'r str) -> Option<Self> {
        let (key, value) = text.split_once(": ")?;
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        is_key.then_some(Self { key, value })
    }
}

/// The remedy with what its reader has to fill in.
pub(super) fn filled(remedy: &str) -> String {
    let blanks = [
        ("<role>", "Reader"),
        ("<organization>", "example"),
        ("<repository>", "app"),
        ("<branch>", "main"),
        ("role/NAME", "role/ProdAppReadOnly"),
    ];
    let filled = blanks.iter().fold(remedy.to_owned(), |text, (blank, word)| text.replace(blank, word));
    assert!(!filled.contains('<'), "a blank that nobody fills in: {filled}");
    filled
}

/// The statements that a remedy quotes.
pub(super) fn quoted_json(remedy: &str) -> Vec<Value> {
    let found: Vec<Value> =
        quoted(remedy).filter_map(|it| serde_json::from_str(it).ok()).filter(Value::is_object).collect();
    assert!(!found.is_empty(), "no statement in {remedy}");
    found
}

fn position(statements: &[Value], label: &str) -> usize {
    let by_number = label.strip_prefix('#').and_then(|number| number.parse::<usize>().ok());
    let found = by_number.map(|number| number - 1).or_else(|| statements.iter().position(|it| it["Sid"] == label));
    found.expect("a statement of that name")
}

/// ``write statement `#1` as: `{…}` `` writes it anew, and every other statement is added.
pub(super) fn write_statements(statements: &mut Vec<Value>, remedy: &str) {
    assert!(!quoted_json(remedy).is_empty());
    let parts: Vec<&str> = remedy.split('`').collect();
    for at in (1..parts.len()).step_by(2) {
        let Ok(statement @ Value::Object(_)) = serde_json::from_str(parts[at]) else { continue };
        if at >= 3 && parts[at - 1] == " as: " && parts[at - 3].ends_with("write statement ") {
            let named = position(statements, parts[at - 2]);
            statements[named] = statement;
        } else {
            statements.push(statement);
        }
    }
}

/// ``take statement `#1` out`` takes it out.
pub(super) fn take_statement(statements: &mut Vec<Value>, remedy: &str) {
    let (_, named) = remedy.split_once("take statement `").expect("a statement to take out");
    let label = named.split('`').next().expect("its name");
    statements.remove(position(statements, label));
}

/// A word behind this option of a command.
fn option<'c>(command: &'c str, name: &str) -> Option<&'c str> {
    let (_, rest) = command.split_once(name)?;
    let rest = rest.trim_start();
    match rest.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next(),
        None => rest.split(' ').next(),
    }
}

impl Shown {
    fn text(&self) -> &str {
        self.manifests.as_deref().expect("manifests")
    }

    fn with_text(&self, text: String) -> Self {
        assert_ne!(text, self.text(), "nothing was changed");
        Self { manifests: Some(text), world: self.world.clone() }
    }

    fn with_world(&self, edit: impl FnOnce(&mut Value)) -> Self {
        let before: Value = serde_json::from_str(self.world.as_deref().expect("a world")).expect("JSON");
        let mut world = before.clone();
        edit(&mut world);
        assert_ne!(world, before, "nothing was changed");
        Self { manifests: self.manifests.clone(), world: Some(world.to_string()) }
    }

    /// This text of the manifests, or of the world where it is there too, becomes another.
    pub(super) fn replaced(&self, from: &str, to: &str) -> Self {
        let shown = self.with_text(self.text().replace(from, to));
        Self { world: shown.world.map(|world| world.replace(from, to)), ..shown }
    }

    pub(super) fn with_underlined(&self, finding: &Finding, text: &str) -> Self {
        let place = finding.place.as_ref().expect("a place");
        let mut manifests = self.text().to_owned();
        manifests.replace_range(place.start()..place.end(), text);
        self.with_text(manifests)
    }

    /// Puts a line into the document that the finding points into, in the place of one with this key where there is one.
    pub(super) fn with_line_at(&self, finding: &Finding, line: &Line<'_>) -> Self {
        let place = finding.place.as_ref().expect("a place");
        let start = self.text()[..place.start()].rfind("---\n").map_or(0, |at| at + 4);
        let end = self.text()[place.start()..].find("---\n").map_or(self.text().len(), |at| place.start() + at);
        let document = put(&self.text()[start..end], line);
        self.with_text(format!("{}{document}{}", &self.text()[..start], &self.text()[end..]))
    }

    /// The same for the last document.
    fn put_last(&self, line: &Line<'_>) -> Self {
        let start = self.text().rfind("---\n").map_or(0, |at| at + 4);
        self.with_text(format!("{}{}", &self.text()[..start], put(&self.text()[start..], line)))
    }

    /// The same for the first document that has the key, or the last.
    pub(super) fn with_line(&self, line: &str) -> Self {
        let line = Line::read(line).expect("a line");
        let begins = format!("  {}: ", line.key);
        let Some(at) = self.text().find(&begins) else { return self.put_last(&line) };
        let end = self.text()[at..].find('\n').map_or(self.text().len(), |end| at + end);
        self.with_text(format!("{}{begins}{}{}", &self.text()[..at], line.value, &self.text()[end..]))
    }

    pub(super) fn without_line(&self, key: &str) -> Self {
        let begins = format!("{key}:");
        let kept: Vec<&str> = self.text().lines().filter(|line| !line.trim_start().starts_with(&begins)).collect();
        self.with_text(kept.join("\n") + "\n")
    }

    pub(super) fn with_document(&self, document: &str) -> Self {
        self.with_text(format!("{}---\napiVersion: leasehold/v1\n{document}", self.text()))
    }

    /// The last document gets this whole `spec: {…}`.
    pub(super) fn with_spec(&self, spec: &str) -> Self {
        let at = self.text().rfind("\nspec:").expect("a spec") + 1;
        self.with_text(format!("{}{spec}\n", &self.text()[..at]))
    }

    fn with_trust_of(&self, finding: &Finding, edit: impl FnOnce(&mut Value)) -> Self {
        self.with_world(|world| {
            let roles = world["roles"].as_object_mut().expect("roles");
            let named = finding.place.as_ref().expect("a place").text().to_owned();
            let arn = if roles.contains_key(&named) { named } else { roles.keys().next().expect("a role").clone() };
            edit(&mut roles[&arn]["trust"]);
        })
    }

    pub(super) fn with_trust(&self, finding: &Finding, edit: impl FnOnce(&mut Vec<Value>)) -> Self {
        self.with_trust_of(finding, |trust| edit(trust["Statement"].as_array_mut().expect("statements")))
    }

    pub(super) fn with_whole_trust(&self, finding: &Finding) -> Self {
        let statements = quoted_json(&finding.remedy);
        self.with_trust_of(finding, |trust| *trust = json!({"Version": "2012-10-17", "Statement": statements}))
    }

    /// `"Version": "2012-10-17"` in every trust policy.
    pub(super) fn with_version(&self, member: &str) -> Self {
        let member: Value = serde_json::from_str(&format!("{{{member}}}")).expect("a member of an object");
        self.with_world(|world| {
            for role in world["roles"].as_object_mut().expect("roles").values_mut() {
                role["trust"]["Version"] = member["Version"].clone();
            }
        })
    }

    pub(super) fn with_identity(&self, edit: impl FnOnce(&mut Vec<Value>)) -> Self {
        self.with_world(|world| {
            let policies = world["broker"]["policies"].as_array_mut().expect("the broker's policies");
            let mut statements = Vec::new();
            for policy in policies.iter_mut() {
                statements.append(policy["document"]["Statement"].as_array_mut().expect("statements"));
            }
            edit(&mut statements);
            *policies = vec![json!({
                "name": "issue", "document": {"Version": "2012-10-17", "Statement": statements},
            })];
        })
    }

    /// The broker that the manifests name is there, and was not read further.
    pub(super) fn with_broker(&self) -> Self {
        self.with_world(|world| drop(world.as_object_mut().expect("an object").remove("broker")))
    }

    /// The world after this command of IAM; `None` for one that changes nothing.
    pub(super) fn after(&self, command: &str) -> Option<Self> {
        let name = option(command, "--role-name ")?;
        let arn = format!("arn:aws:iam::111122223333:role/{name}");
        if command.starts_with("update-role ") {
            let seconds: u32 = option(command, "--max-session-duration ")?.parse().expect("seconds");
            return Some(self.with_world(|world| world["roles"][&arn]["max_session_duration"] = json!(seconds)));
        }
        if command.starts_with("create-role ") {
            let trust = option(command, "--assume-role-policy-document ")?;
            let trust: Value = serde_json::from_str(trust).expect("a trust policy");
            let role = json!({"role_id": "AROAEXAMPLENEWROLE001", "max_session_duration": 3600, "trust": trust});
            return Some(self.with_world(|world| world["roles"][&arn] = role));
        }
        None
    }
}

/// A document with this line.
fn put(document: &str, line: &Line<'_>) -> String {
    let (key, value) = (line.key, line.value);
    let begins = format!("{key}: ");
    for written in document.lines() {
        if let Some(indent) =
            written.strip_suffix(written.trim_start()).filter(|_| written.trim_start().starts_with(&begins))
        {
            return document.replacen(written, &format!("{indent}{begins}{value}"), 1);
        }
    }
    // Within a mapping on one line.
    for before in ["{", ", "] {
        if let Some(at) = document.find(&format!("{before}{begins}")) {
            let from = at + before.len();
            let end = document[from..].find([',', '}']).map_or(document.len(), |end| from + end);
            return format!("{}{begins}{value}{}", &document[..from], &document[end..]);
        }
    }
    document.replacen("spec:\n", &format!("spec:\n  {begins}{value}\n"), 1)
}
