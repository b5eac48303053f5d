use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::{Value, json};

use super::{Lease, LeaseId, date, later, whole};
use crate::domain::Timestamp;
use crate::domain::digest::canonical_json;

/// What the name of every inline policy begins with that denies sessions of ours on a target role.
pub const DENY_PREFIX: &str = "leasehold-deny-";
/// Name of the inline policy that denies every session of a role that was begun before some instant.
pub const OLDER_DENY: &str = "leasehold-deny-older";

/// Name of the inline policy that denies this lease's session.
#[must_use]
pub fn deny_policy_name(lease: &LeaseId) -> String {
    format!("{DENY_PREFIX}{lease}")
}

/// Which sessions one statement denies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// Those with one of these values of `aws:userid` (`AROA…:<session name>`), sorted, whenever they were begun.
    Sessions(Vec<String>),
    /// The one with this `aws:userid`, if it was begun before the instant: its name is not only its own.
    SessionBefore(String, Timestamp),
    /// All that were begun before the instant.
    Before(Timestamp),
}

/// An inline policy of a target role that denies sessions, and says itself when it is needed no more: AWS gives a policy no
/// other place to write that down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDeny {
    /// From then on every session it denies is over, in whole seconds.
    pub until: Timestamp,
    /// What it denies.
    pub denied: Vec<Denied>,
}

/// The deny of one lease's session.
///
/// `unique` says that nobody else ever gets the session's name: then the deny needs no date. Else it is held to sessions begun
/// before `now`, or before AWS gave this one, with a minute for clocks that differ.
#[must_use]
pub fn deny_session(lease: &Lease, unique: bool, now: Timestamp) -> Option<SessionDeny> {
    let user_id = lease.grant.as_ref()?.user_id.clone()?;
    let minute = jiff::SignedDuration::from_mins(1);
    let until = later(lease.request.dead_after.max(lease.lives_until()), minute);
    let denied = if unique {
        Denied::Sessions(vec![user_id])
    } else {
        let given = lease.lives_until().saturating_sub(lease.request.ttl.duration()).unwrap_or(now);
        Denied::SessionBefore(user_id, later(now.max(given), minute))
    };
    Some(SessionDeny { until: whole(until), denied: vec![denied] })
}

impl SessionDeny {
    /// Denies every session that was begun before `now`. It is needed until the longest session that AWS gives has ended.
    #[must_use]
    pub fn older_than(now: Timestamp) -> Self {
        let longest = jiff::SignedDuration::from_secs(crate::domain::limits::ASSUME_ROLE_MAX_SECONDS.into());
        Self { until: whole(later(now, longest)), denied: vec![Denied::Before(whole(now))] }
    }

    /// One policy in place of several: it denies whatever one of them does.
    #[must_use]
    pub fn merged(several: &[Self]) -> Option<Self> {
        let until = several.iter().map(|one| one.until).max()?;
        let mut sessions = Vec::new();
        let mut denied: Vec<Denied> = Vec::new();
        for one in several.iter().flat_map(|one| &one.denied) {
            match one {
                Denied::Sessions(ids) => sessions.extend(ids.iter().cloned()),
                Denied::SessionBefore(..) | Denied::Before(_) => denied.push(one.clone()),
            }
        }
        sessions.sort();
        sessions.dedup();
        if !sessions.is_empty() {
            denied.push(Denied::Sessions(sessions));
        }
        denied.sort();
        denied.dedup();
        Some(Self { until, denied })
    }

    /// Whether nothing that it denies can be alive.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.until
    }

    /// JSON text. The statement ids carry the end, because a policy has no tags.
    #[must_use]
    pub fn document(&self) -> String {
        let statements: Vec<Value> = self
            .denied
            .iter()
            .enumerate()
            .map(|(nth, denied)| {
                let condition = match denied {
                    Denied::Sessions(ids) => json!({"StringEquals": {"aws:userid": ids}}),
                    Denied::SessionBefore(id, before) => json!({
                        "StringEquals": {"aws:userid": [id]},
                        "DateLessThan": {"aws:TokenIssueTime": date(*before)},
                    }),
                    Denied::Before(before) => json!({"DateLessThan": {"aws:TokenIssueTime": date(*before)}}),
                };
                json!({
                    "Sid": format!("Until{}n{nth}", self.until.strftime(SID_FORM)),
                    "Effect": "Deny",
                    "Action": "*",
                    "Resource": "*",
                    "Condition": condition,
                })
            })
            .collect();
        canonical_json(&json!({"Version": "2012-10-17", "Statement": statements}))
    }

    /// Reads a policy back; `None` unless it is exactly what [`document`](Self::document) writes. Whoever changed it has
    /// made it theirs.
    #[must_use]
    pub fn parse(document: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(document).ok()?;
        let statements = value.get("Statement")?.as_array()?;
        let sid = statements.first()?.get("Sid")?.as_str()?;
        let until = sid.strip_prefix("Until")?.split('n').next()?;
        let until = Offset::UTC.to_timestamp(DateTime::strptime(SID_FORM, until).ok()?).ok()?;
        let denied = statements.iter().map(read).collect::<Option<_>>()?;
        let read = Self { until, denied };
        (canonical_json(&value) == read.document()).then_some(read)
    }
}

const SID_FORM: &str = "%Y%m%dT%H%M%SZ";

fn read(statement: &Value) -> Option<Denied> {
    let condition = statement.get("Condition")?;
    let ids = condition.pointer("/StringEquals/aws:userid").and_then(Value::as_array);
    let ids: Option<Vec<String>> = ids.map(|ids| ids.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let before = condition.pointer("/DateLessThan/aws:TokenIssueTime").and_then(Value::as_str);
    let before = before.map(|text| text.parse::<Timestamp>()).transpose().ok()?;
    match (ids, before) {
        (Some(ids), None) => Some(Denied::Sessions(ids)),
        (Some(ids), Some(before)) => Some(Denied::SessionBefore(ids.first()?.clone(), before)),
        (None, Some(before)) => Some(Denied::Before(before)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("valid")
    }

    fn sessions(until: &str, ids: &[&str]) -> SessionDeny {
        SessionDeny {
            until: at(until),
            denied: vec![Denied::Sessions(ids.iter().map(|id| (*id).to_owned()).collect())],
        }
    }

    #[test]
    fn a_policy_is_read_back_as_it_was_written() {
        let early = sessions("2026-11-26T10:00:00Z", &["AROA1:b"]);
        let late = SessionDeny {
            until: at("2026-11-26T11:00:00Z"),
            denied: vec![Denied::SessionBefore("AROA1:ci".to_owned(), at("2026-11-26T09:30:00Z"))],
        };
        let older = SessionDeny::older_than(at("2026-11-26T09:00:00.5Z"));
        let merged =
            SessionDeny::merged(&[early.clone(), late.clone(), sessions("2026-11-26T09:00:00Z", &["AROA1:a"])])
                .expect("not empty");
        assert_eq!(merged.until, late.until);
        assert!(merged.denied.contains(&Denied::Sessions(vec!["AROA1:a".to_owned(), "AROA1:b".to_owned()])));
        for one in [early, late, older, merged] {
            assert_eq!(SessionDeny::parse(&one.document()), Some(one.clone()));
            assert!(one.is_over(one.until) && !one.is_over(one.until - jiff::SignedDuration::from_secs(1)));
        }
        assert_eq!(SessionDeny::merged(&[]), None);
    }

    #[test]
    fn whatever_was_changed_is_not_ours() {
        let document = sessions("2026-11-26T10:00:00Z", &["AROA1:a"]).document();
        for (from, to) in
            [("Deny", "Allow"), ("\"*\"", "\"s3:*\""), ("StringEquals", "StringLike"), ("Until", "Since"), ("n0", "n1")]
        {
            assert_eq!(SessionDeny::parse(&document.replacen(from, to, 1)), None, "{from}");
        }
        for other in ["", "{}", "[]", r#"{"Statement":[]}"#] {
            assert_eq!(SessionDeny::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_hundred_sessions_fit_into_one_role() {
        let ids: Vec<String> = (0..100).map(|n| format!("AROAEXAMPLEROLEID1234:{n:064}")).collect();
        let merged = SessionDeny { until: at("2026-11-26T10:00:00Z"), denied: vec![Denied::Sessions(ids)] };
        assert!(merged.document().len() < 10_240, "{}", merged.document().len());
    }
}
