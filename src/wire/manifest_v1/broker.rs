use super::document::{Header, name};
use super::fault::{Fault, Faults};
use super::fields::Shape;
use super::levels;
use super::shape::Fields;
use super::value;
use crate::domain::desired::{Broker, BrokerSpec, Limits, TtlPair};
use crate::domain::ident::BrokerPrincipal;
use crate::domain::ttl::Ttl;

/// TTLs of roles when neither they nor the Broker write any: 15 minutes, the least STS gives, and one hour, the most a
/// chained session may have.
pub(super) fn built_in() -> Option<TtlPair> {
    Some(TtlPair { default: Ttl::from_seconds(900)?, max: Ttl::from_seconds(3_600)? })
}

/// What roles inherit from this Broker document.
pub(super) fn defaults(header: &Header<'_, '_>, faults: &mut Faults<'_>) -> Option<TtlPair> {
    let built_in = built_in()?;
    let Some(fields) = header.spec.as_ref().and_then(|spec| spec.object("defaults")) else { return Some(built_in) };
    let max = fields.parse("max_sts_ttl", faults, value::ttl).unwrap_or(built_in.max);
    let default = fields.parse("default_sts_ttl", faults, |scalar| {
        let ttl = value::ttl(scalar)?;
        // No rule sees the Broker's own pair, so that it is judged here.
        if ttl > max {
            let problem = format!("is above `max_sts_ttl`, {max}");
            return Err(value::said(
                "bad-value",
                scalar.text,
                &problem,
                "above the maximum",
                "lower it, or raise `max_sts_ttl`",
            ));
        }
        Ok(ttl)
    });
    Some(TtlPair { default: default.unwrap_or(built_in.default.min(max)), max })
}

/// Lowers a Broker document.
pub(super) fn lower(header: &Header<'_, '_>, defaults: TtlPair, faults: &mut Faults<'_>) -> Option<Broker> {
    let fields = header.spec.as_ref()?;
    let principal = fields.parse("principal", faults, |scalar| {
        BrokerPrincipal::parse(scalar.text).map_err(|error| value::ident("bad-arn", scalar.text, &error))
    });
    let region = fields.text("region", faults, value::region);
    let deployment = fields.parse("deployment", faults, |scalar| name(scalar.text));
    let limits = limits(fields, faults);
    let rules = levels::lower(fields, faults);
    let principal_place = faults.place(fields.scalar("principal")?.span);
    let spec = BrokerSpec {
        name: header.name.clone()?,
        principal: principal?,
        region: region?,
        deployment: deployment?,
        defaults,
        limits,
        rules,
    };
    Some(Broker { spec, principal_place, place: faults.place(&header.kind) })
}

fn limits(fields: &Fields<'_, '_>, faults: &mut Faults<'_>) -> Limits {
    let built_in = Limits::default();
    let Some(fields) = fields.object("limits") else { return built_in };
    let mut read = |field: &str| fields.count(field, faults);
    Limits {
        max_deletes: read("max_deletes").unwrap_or(built_in.max_deletes),
        max_delete_percent: read("max_delete_percent").unwrap_or(built_in.max_delete_percent),
    }
}

impl Fields<'_, '_> {
    fn count(&self, name: &str, faults: &mut Faults<'_>) -> Option<u32> {
        let (field, _) = self.written().find(|(field, _)| field.name == name)?;
        let Shape::Count(max) = field.shape else { return None };
        self.parse(name, faults, |scalar| value::count(scalar, max))
    }
}

/// Both Brokers are pointed at: which one is meant only its author knows.
pub(super) fn several(other: &str) -> Fault {
    Fault::new(
        "several-brokers",
        format!("there is more than one Broker: another stands at {other}"),
        "one of several",
        "keep exactly one Broker document in a deployment",
    )
}
