//! The trust map: the broker, the accounts, and in each account which declared role leads to which role of AWS.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::standing::Standing;
use super::write::Text;
use crate::output::count;
use crate::wire::common_v1::Finding;
use crate::wire::plan_v1::{Account, BrokerSeen, Document, Overview, PrincipalKind, RoleSeen};

/// Ways of one account up to which those without findings are not folded.
const OPEN: usize = 12;

/// One declared role, and what it leads to in one account.
struct Way<'a> {
    role: &'a RoleSeen,
    standing: Standing,
    to: Vec<To<'a>>,
}

enum To<'a> {
    /// A role of AWS, by its path and name.
    Role(&'a str),
    /// What a type without a target hands out.
    Own(&'static str),
}

pub(super) fn section(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let Some(overview) = &document.overview else { return Ok(()) };
    let Overview { broker, accounts, roles, waivers: _ } = overview;
    if roles.is_empty() {
        writeln!(out, "<p class=\"lead\">No role is declared.</p>")?;
    }
    let ways = by_account(broker, roles);
    writeln!(out, "<div class=\"map\">")?;
    origin(broker, &document.findings, out)?;
    writeln!(out, "<ul class=\"accounts\">")?;
    for (id, ways) in &ways {
        let name = accounts.iter().find(|account| account.id == *id).map(|Account { name, id: _ }| name.as_str());
        account(id, name, *id == broker.account, ways, out)?;
    }
    writeln!(out, "</ul>\n</div>")?;
    for Account { name, id } in accounts.iter().filter(|account| !ways.contains_key(account.id.as_str())) {
        writeln!(out, "<p class=\"who\">No role leads to the account {} ({}).</p>", Text(name), Text(id))?;
    }
    legend(out)
}

fn by_account<'a>(broker: &'a BrokerSeen, roles: &'a [RoleSeen]) -> BTreeMap<&'a str, Vec<Way<'a>>> {
    let mut accounts: BTreeMap<&str, Vec<Way<'_>>> = BTreeMap::new();
    for role in roles {
        let mut to: BTreeMap<&str, Vec<To<'_>>> = BTreeMap::new();
        for target in &role.targets {
            let name = target.role_arn.split_once(":role/").map_or(target.role_arn.as_str(), |(_, name)| name);
            to.entry(&target.account).or_default().push(To::Role(name));
        }
        if role.targets.is_empty() {
            to.entry(&broker.account).or_default().push(To::Own(own(&role.credential_type)));
        }
        let standing = Standing::of_role(&role.findings);
        for (account, to) in to {
            accounts.entry(account).or_default().push(Way { role, standing, to });
        }
    }
    for ways in accounts.values_mut() {
        ways.sort_by_key(|way| way.standing);
    }
    accounts
}

fn own(credential_type: &str) -> &'static str {
    match credential_type {
        "iam_user" => "an IAM user for each lease",
        "federation_token" => "a federated user",
        "session_token" => "the broker's own session",
        _ => "no role that is an ARN",
    }
}

fn origin(broker: &BrokerSeen, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    let BrokerSeen { name, principal, account, kind } = broker;
    let about_all = findings.iter().filter(|finding| finding.role.is_none());
    let standing = about_all.map(Standing::of_finding).min().unwrap_or(Standing::Fine);
    let short = principal.split_once(":role/").or_else(|| principal.split_once(":user/")).map_or("", |(_, name)| name);
    let kind = match kind {
        PrincipalKind::Role => "role, so each session ends within 1h",
        PrincipalKind::User => "user with long-term keys",
    };
    writeln!(
        out,
        "<div class=\"origin\"><div class=\"node edge {}\">\n<p class=\"kind\">Broker</p>\n<h3>{}</h3>\n{standing}\n\
         <p class=\"who\">{}<br>IAM {kind}<br>account {}</p>\n</div></div>",
        standing.word(),
        Text(name),
        Text(short),
        Text(account)
    )
}

fn account(id: &str, name: Option<&str>, own: bool, ways: &[Way<'_>], out: &mut dyn Write) -> io::Result<()> {
    let worst = ways.first().map_or(Standing::Fine, |way| way.standing);
    writeln!(out, "<li class=\"node edge {}\">\n<p class=\"kind\">Account</p>", worst.word())?;
    match name {
        Some(name) => write!(out, "<h3>{} <span class=\"who\">{}</span>", Text(name), Text(id))?,
        None => write!(out, "<h3>{}", Text(id))?,
    }
    let own = if own { " <span class=\"tag\">the broker's</span>" } else { "" };
    writeln!(out, "{own}</h3>")?;
    write!(out, "<p class=\"tally\">{}", count(ways.len() as u64, "role"))?;
    for standing in Standing::ALL {
        let number = ways.iter().filter(|way| way.standing == standing).count();
        if number > 0 {
            write!(out, " <span class=\"pair\">{number} {standing}</span>")?;
        }
    }
    writeln!(out, "</p>")?;
    let fine = ways.partition_point(|way| way.standing < Standing::Fine);
    let fold = ways.len() > OPEN && fine < ways.len();
    let (open, folded) = ways.split_at(if fold { fine } else { ways.len() });
    routes(open, out)?;
    if !folded.is_empty() {
        let number = count(folded.len() as u64, "role");
        writeln!(out, "<details class=\"fold\"><summary>{number} without findings</summary>")?;
        routes(folded, out)?;
        writeln!(out, "</details>")?;
    }
    writeln!(out, "</li>")
}

fn routes(ways: &[Way<'_>], out: &mut dyn Write) -> io::Result<()> {
    if ways.is_empty() {
        return Ok(());
    }
    writeln!(out, "<ul class=\"routes\">")?;
    for Way { role, standing, to } in ways {
        write!(
            out,
            "<li class=\"{}\"><span class=\"from\">{standing} <b>{}</b> <span class=\"who\">{}</span></span>",
            standing.word(),
            Text(&role.name),
            Text(&role.credential_type)
        )?;
        for to in to {
            write!(out, "<span class=\"to\">{ARROW}<span class=\"sr\">leads to </span>")?;
            match to {
                To::Role(name) => write!(out, "<span class=\"arn\">{}</span></span>", Text(name))?,
                To::Own(words) => write!(out, "<i>{words}</i></span>")?,
            }
        }
        writeln!(out, "</li>")?;
    }
    writeln!(out, "</ul>")
}

const ARROW: &str = "<svg class=\"arrow\" viewBox=\"0 0 28 10\" width=\"28\" height=\"10\" aria-hidden=\"true\">\
                     <path d=\"M0 5h24M20 1l5 4-5 4\"/></svg>";

fn legend(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<p class=\"legend\">{} stops apply, no waiver helps <span aria-hidden=\"true\">·</span> {} stops apply \
         unless waived <span aria-hidden=\"true\">·</span> {} stops nothing <span aria-hidden=\"true\">·</span> {} \
         accepted for now <span aria-hidden=\"true\">·</span> {} no finding</p>",
        Standing::Hard,
        Standing::Blocking,
        Standing::Advisory,
        Standing::Waived,
        Standing::Fine
    )
}
