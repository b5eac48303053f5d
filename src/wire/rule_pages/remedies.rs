//! Follows each rule's remedy by its own words: what it quotes is put where it says, and the finding has to go.

mod edit;

use super::*;
use edit::{Line, filled, quoted_json};

/// How a reader follows a remedy. Where it leaves a choice, this is the first that changes something.
enum Follow {
    /// Each statement that it quotes goes into the trust policy: in the place of the one that it names, or beside the others.
    Trust,
    /// The statement that it names goes out of the trust policy.
    OutOfTrust,
    /// The trust policy becomes the statement that it quotes, alone.
    WholeTrust,
    /// The statement that it quotes goes into the broker's policies.
    Identity,
    /// The broker's policies become the statements that it quotes, alone.
    WholeIdentity,
    /// The manifest line that it quotes goes into the document that the finding points into.
    Field,
    /// What it quotes takes the place of what is underlined.
    Underlined,
    /// The same within the brackets that are underlined.
    Within,
    /// Its command is run.
    Command,
    /// The roles are recorded as they are.
    Record,
    /// It leaves to its reader what only a person knows, and this is what one would do.
    By(fn(&Shown, &Finding) -> Shown),
    /// Nobody can follow it here, and why.
    Prose(&'static str),
}

use Follow::{
    By, Command, Field, Identity, OutOfTrust, Prose, Record, Trust, Underlined, WholeIdentity, WholeTrust, Within,
};

/// Every rule has to be here: a new one says how its remedy is followed, or why nobody can do so in a test.
#[rustfmt::skip]
const TABLE: &[(&str, Follow)] = &[
    ("LH101", Field),
    ("LH102", Field),
    ("LH103", Field),
    ("LH103", Command),
    ("LH104", Field),
    ("LH105", Underlined),
    ("LH106", By(|shown, _| shown.without_line("iam_groups").with_line("policy_arns: [arn:aws:iam::aws:policy/ReadOnlyAccess]"))),
    ("LH107", By(|shown, said| shown.replaced(r#"Action: "*", Resource: "*""#, &format!("{}, Resource: \"arn:aws:s3:::reports/*\"", part(said, "Action:"))))),
    ("LH108", By(|shown, said| shown.without_line("policy_document").with_line(&part(said, "policy_arns:")))),
    ("LH109", Field),
    ("LH110", By(|shown, said| shown.replaced("Statement: [", &format!("Statement: [{}, ", part(said, "{"))))),
    ("LH111", Command),
    ("LH113", Field),
    ("LH115", By(|shown, said| shown.with_line(&part(said, "id:")).with_line(&part(said, "reader_role_arn:")))),
    ("LH116", Field),
    ("LH201", Trust),
    ("LH202", Trust),
    ("LH203", Trust),
    ("LH204", Trust),
    ("LH205", Trust),
    ("LH206", WholeTrust),
    ("LH207", Trust),
    ("LH208", Trust),
    ("LH209", Trust),
    ("LH210", Trust),
    ("LH211", Trust),
    ("LH212", OutOfTrust),
    ("LH212", By(|shown, said| shown.with_document(&format!("kind: Account\nmetadata: {{name: vendor}}\nspec:\n  {}\n", part(said, "id:"))))),
    ("LH213", Trust),
    ("LH214", Field),
    ("LH215", By(|shown, _| shown.replaced("111122223333-readonly", "5b1f0c9e7a3d48e2b6c4f8a19d7e3052"))),
    ("LH216", Trust),
    ("LH217", Trust),
    ("LH218", WholeTrust),
    ("LH219", Trust),
    ("LH220", Trust),
    ("LH221", Trust),
    ("LH222", By(|shown, said| shown.with_line(&format!("{}: arn:aws:iam::111122223333:mfa/leasehold", part(said, "mfa_serial_number"))))),
    ("LH223", Trust),
    ("LH224", Trust),
    ("LH225", Trust),
    ("LH226", By(|shown, said| shown.with_version(&part(said, "\"Version\"")))),
    ("LH227", Trust),
    ("LH228", Trust),
    ("LH229", Trust),
    ("LH230", Trust),
    ("LH231", Field),
    ("LH233", WholeTrust),
    ("LH234", Trust),
    ("LH301", Command),
    ("LH302", Underlined),
    ("LH303", Underlined),
    // The next plan reads the role that is named now.
    ("LH304", By(|shown, said| Shown { world: examples(rules::find("LH304").expect("a rule")).1.world, ..shown.with_underlined(said, &part(said, "arn:")) })),
    ("LH305", By(|shown, said| shown.with_spec(&part(said, "spec: ")))),
    ("LH306", Prose("what the identity that plans may read is no part of a manifest or of the world")),
    ("LH307", Identity),
    ("LH308", Prose("what the identity that plans may read is no part of a manifest or of the world")),
    ("LH309", WholeIdentity),
    ("LH310", By(|shown, said| shown.with_line(&part(said, "principal:")).with_broker())),
    ("LH311", Underlined),
    ("LH312", Within),
    ("LH313", Underlined),
    ("LH314", WholeIdentity),
    ("LH315", WholeIdentity),
    ("LH316", Record),
    ("LH401", Field),
    ("LH402", Field),
    ("LH403", By(|shown, said| shown.with_line(&format!("{} the vendor's tool cannot use session tokens", part(said, "justification:"))))),
    ("LH404", Prose("which users or roles nobody needs is their owners' to say")),
    ("LH405", Field),
    ("LH406", By(|shown, said| shown.without_line("policy_arns").with_line(&format!(
        "policy_document: {{Version: 2012-10-17, Statement: [{{Effect: Allow, {}, Resource: \"arn:aws:s3:::reports/*\"}}]}}",
        part(said, "Action:")
    )))),
    ("LH407", Within),
    ("LH408", Prose("which users or roles nobody needs is their owners' to say")),
    ("LH501", Field),
    ("LH502", Field),
    ("LH503", Field),
    ("LH601", Field),
    ("LH602", Underlined),
    ("LH603", Field),
    ("LH604", Field),
    ("LH610", Field),
    ("LH611", Field),
    ("LH612", Field),
];

/// What the remedy quotes that begins so.
fn part(finding: &Finding, begins: &str) -> String {
    let found = quoted(&finding.remedy).find(|it| it.starts_with(begins));
    found.unwrap_or_else(|| panic!("{}: no `{begins}…` in {}", finding.code, finding.remedy)).to_owned()
}

/// What the example is once the remedy was followed; `None` where nobody can.
fn followed(shown: &Shown, finding: &Finding, follow: &Follow) -> Option<Shown> {
    Some(match follow {
        Trust => shown.with_trust(finding, |statements| edit::write_statements(statements, &finding.remedy)),
        OutOfTrust => shown.with_trust(finding, |statements| edit::take_statement(statements, &finding.remedy)),
        WholeTrust => shown.with_whole_trust(finding),
        Identity => shown.with_identity(|statements| statements.extend(quoted_json(&finding.remedy))),
        WholeIdentity => shown.with_identity(|statements| *statements = quoted_json(&finding.remedy)),
        Field => {
            let line = quoted(&finding.remedy).find_map(Line::read).expect("a line");
            shown.with_line_at(finding, &line)
        }
        Underlined => {
            let quoted = quoted(&finding.remedy).next().expect("a value");
            shown.with_underlined(finding, Line::read(quoted).map_or(quoted, |line| line.value))
        }
        Within => {
            let place = finding.place.as_ref().expect("a place").text();
            let (open, close) = (&place[..1], &place[place.len() - 1..]);
            let quoted = quoted(&finding.remedy).next().expect("a value");
            shown.with_underlined(finding, &format!("{open}{quoted}{close}"))
        }
        Command => quoted(&finding.remedy).find_map(|it| shown.after(it.strip_prefix("aws iam ")?)).expect("a command"),
        By(edit) => edit(shown, finding),
        Record => shown.clone(),
        Prose(_) => return None,
    })
}

fn judged(rule: &Rule, shown: &Shown, recorded: Option<&Snapshot>) -> Vec<Finding> {
    match recorded {
        Some(recorded) => {
            let (desired, world) = (desired(rule, shown), world(rule, shown));
            let recorded = Some(recorded);
            rules::judge(RuleInput { desired: &desired, world: &world, now: now(), base: None, recorded })
        }
        None => judge(rule, shown),
    }
}

#[test]
fn every_rule_says_how_its_remedy_is_followed() {
    let mut listed: Vec<&str> = TABLE.iter().map(|(code, _)| *code).collect();
    listed.dedup();
    let all: Vec<&str> = rules::all().iter().map(|rule| rule.code).collect();
    assert_eq!(listed, all);
}

#[test]
fn a_remedy_that_was_followed_mends_and_breaks_nothing_else() {
    let mut wrong = Vec::new();
    for (code, follow) in TABLE {
        let rule = rules::find(code).expect("a rule");
        let failing = examples(rule).0;
        let before = judge(rule, &failing);
        let finding = before.iter().find(|finding| finding.code == *code).expect("the example fails");
        if let Prose(why) = follow {
            assert!(!why.is_empty(), "{code}");
            continue;
        }
        let filled = Finding { remedy: filled(&finding.remedy), ..finding.clone() };
        let after = followed(&failing, &filled, follow).expect("it can be followed");
        let recorded = matches!(follow, Record).then(|| applied(rule, &failing));
        // A page about manifests alone shows no world, and then nothing was read.
        let unread = |it: &Finding| after.world.is_none() && rules::UNPROVEN.contains(&it.code);
        let was_there = |it: &Finding| before.iter().any(|old| old.code == it.code && old.message == it.message);
        let left: Vec<_> = judged(rule, &after, recorded.as_ref())
            .into_iter()
            .filter(|it| it.code == *code || (it.level != Level::Advisory && !unread(it) && !was_there(it)))
            .collect();
        wrong.extend(left.iter().map(|it| format!("{code}: `{}` leaves {}: {}", filled.remedy, it.code, it.message)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
