use super::document::Header;
use super::fault::Faults;
use super::value;
use crate::domain::desired::Account;
use crate::domain::ident::{AccountId, RoleArn};

/// Lowers an Account document.
pub(super) fn lower(header: &Header<'_, '_>, faults: &mut Faults<'_>) -> Option<Account> {
    let fields = header.spec.as_ref()?;
    let id = fields.parse("id", faults, |scalar| {
        AccountId::parse(scalar.text)
            .map(|id| (id, scalar.span))
            .map_err(|error| value::ident("bad-account-id", scalar.text, &error))
    });
    let reader = fields.parse("reader_role_arn", faults, |scalar| {
        RoleArn::parse(scalar.text)
            .map(|arn| (arn, scalar.span))
            .map_err(|error| value::ident("bad-arn", scalar.text, &error))
    });
    let external_id = fields.text("external_id", faults, value::external_id);
    let (id, span) = id?;
    Some(Account {
        name: header.name.clone()?,
        id: faults.located(id, span),
        reader_role_arn: reader.map(|(arn, span)| faults.located(arn, span)),
        external_id,
        place: faults.place(&header.kind),
    })
}
