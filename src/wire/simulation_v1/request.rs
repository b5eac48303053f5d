//! Reading a request, strictly.

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::REQUEST_FORMAT;
use super::knowledge::Known;
use super::limits::{self, MAX_BYTES};
use super::names::{Actions, Principal, Resource, some};
use super::policies::Policies;
use crate::domain::simulation::{OfResource, Simulation};
use crate::domain::text::{escape, short};
use crate::wire::json::{self, Fault};

/// Why a text is no request. One sentence, with line and column where there are any, parts of the text escaped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct RequestError {
    /// What is wrong.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    format: String,
    #[serde(borrow)]
    principal: &'a RawValue,
    #[serde(borrow)]
    actions: &'a RawValue,
    #[serde(default, borrow, deserialize_with = "some")]
    resource: Option<&'a RawValue>,
    #[serde(default, borrow)]
    context: Known<'a>,
    #[serde(default, borrow)]
    policies: Policies<'a>,
}

/// Reads a request: unknown fields, keys that stand twice, values that AWS does not know and policies that IAM refuses are
/// errors, and so is a request that would take long to judge.
pub fn read(text: &str) -> Result<Simulation, RequestError> {
    if text.len() > MAX_BYTES {
        return Err(whole(&format!("has {} bytes, and at most {MAX_BYTES} are read", text.len())));
    }
    let request: Request<'_> = serde_json::from_str(text).map_err(|error| unread(text, &error))?;
    json::check_format(&request.format, REQUEST_FORMAT).map_err(|fault| told(&fault, ""))?;
    let Request { format: _, principal, actions, resource, context, policies } = request;
    let (context, lengths) = context.lower(text)?;
    let Policies { identity, resource: of_resource, boundary, session, scps, rcps } = policies;
    let simulation = Simulation {
        principal: part::<Principal>(text, principal)?.0,
        actions: part::<Actions>(text, actions)?.0,
        resource: resource.map(|resource| part::<Resource>(text, resource)).transpose()?.map(|resource| resource.0),
        context,
        identity: identity.lower(text)?,
        resource_policy: of_resource.map_or(Ok(OfResource::None), |policy| policy.lower(text))?,
        boundary: boundary.lower(text)?,
        session: session.lower(text)?,
        scps: scps.lower(text)?,
        rcps: rcps.lower(text)?,
    };
    limits::check(&simulation, &lengths).map_err(|why| whole(&why))?;
    Ok(simulation)
}

pub(super) fn whole(why: &str) -> RequestError {
    RequestError { message: format!("the request {why}") }
}

fn unread(text: &str, error: &serde_json::Error) -> RequestError {
    told(&json::diagnose(text.as_bytes(), REQUEST_FORMAT, error), &error.to_string())
}

fn told(fault: &Fault, error: &str) -> RequestError {
    match fault {
        Fault::Empty => whole("is empty"),
        Fault::Truncated => whole(&format!("ends too early: {}", short(error, 400))),
        Fault::NotJson(detail) => whole(&format!("is not JSON: {}", short(detail, 400))),
        Fault::Foreign => whole(&format!("is none of leasehold: its `format` should be `{REQUEST_FORMAT}`")),
        Fault::Newer(format) => whole(&format!("is `{}`, which this version does not know", short(format, 80))),
        Fault::Malformed(detail) => RequestError { message: short(detail, 600) },
    }
}

/// Reads a part of the request, `text`. What is wrong with its value is told where the value begins.
pub(super) fn part<'a, T: Deserialize<'a>>(text: &str, raw: &'a RawValue) -> Result<T, RequestError> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let message = message.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&message);
        let before: usize = raw.get().split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        at(text, start(text, raw) + before + column.saturating_sub(1), message)
    })
}

/// Where a part of the request, `text`, begins.
pub(super) fn start(text: &str, raw: &RawValue) -> usize {
    (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// A fault at a byte of the request.
pub(super) fn at(text: &str, offset: usize, message: &str) -> RequestError {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    RequestError { message: format!("{} at line {line} column {column}", escape(message)) }
}
