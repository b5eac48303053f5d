use super::document::{Header, name};
use super::fault::{Fault, Faults};
use super::value;
use crate::domain::desired::Waiver;

/// Lowers a Waiver document. Whether its rule and its roles exist is for the rules to say.
pub(super) fn lower(header: &Header<'_, '_>, faults: &mut Faults<'_>) -> Option<Waiver> {
    let fields = header.spec.as_ref()?;
    let rule = fields.parse("rule", faults, |scalar| {
        filled(scalar.text)?;
        Ok((scalar.text.to_owned(), scalar.span))
    });
    let mut roles = Vec::new();
    for entry in fields.list("roles", faults) {
        let role = faults.take(entry.span, name(entry.text));
        roles.extend(role.map(|role| faults.located(role, entry.span)));
    }
    let reason = fields.text("reason", faults, filled);
    let owner = fields.text("owner", faults, filled);
    let expires = fields.parse("expires", faults, value::date);
    let (rule, span) = rule?;
    Some(Waiver {
        name: header.name.clone()?,
        rule: faults.located(rule, span),
        roles,
        reason: reason?,
        owner: owner?,
        expires: expires?,
        place: faults.place(&header.kind),
    })
}

fn filled(text: &str) -> Result<(), Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new("bad-value", "this is empty", "says nothing", "write what a reviewer needs to know"));
    }
    Ok(())
}
