//! IAM's answers about roles, as facts.

use std::collections::BTreeMap;

use aws_sdk_iam::types::Role;
use percent_encoding::percent_decode_str;

use crate::domain::ident::RoleArn;
use crate::domain::world::{Fact, LivePolicy, LiveRole, Unknown, Why};
use crate::ports::{CloudError, CloudErrorKind};

/// Wanted roles that a list of the account's roles is searched for.
pub(super) struct Search<'a> {
    wanted: &'a [RoleArn],
    /// Indexes into `wanted` by name in lower case: IAM holds names unique without regard to case.
    by_name: BTreeMap<String, Vec<usize>>,
    found: Vec<Option<Fact<LiveRole>>>,
}

impl<'a> Search<'a> {
    pub(super) fn new(wanted: &'a [RoleArn]) -> Self {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, arn) in wanted.iter().enumerate() {
            by_name.entry(arn.name().to_ascii_lowercase()).or_default().push(index);
        }
        Self { wanted, by_name, found: vec![None; wanted.len()] }
    }

    /// Takes one role of the list; those that nobody wants are not even decoded.
    pub(super) fn offer(&mut self, role: &Role) {
        let Some(indexes) = self.by_name.get(&role.role_name().to_ascii_lowercase()) else { return };
        let fact = live(role);
        for index in indexes {
            let exact = role.arn() == self.wanted[*index].as_str();
            let slot = &mut self.found[*index];
            if exact || slot.is_none() {
                *slot = Some(fact.clone());
            }
        }
    }

    /// Whether every wanted role was found under its exact ARN: the rest of the list cannot change anything.
    pub(super) fn is_settled(&self) -> bool {
        self.found
            .iter()
            .zip(self.wanted)
            .all(|(found, wanted)| matches!(found, Some(Fact::Present(live)) if live.arn == *wanted))
    }

    /// One fact for each wanted role; `missing` is what is known of those that the list did not hold.
    pub(super) fn finish(self, missing: &Fact<LiveRole>) -> impl Iterator<Item = (RoleArn, Fact<LiveRole>)> {
        self.wanted.iter().cloned().zip(self.found.into_iter().map(|found| found.unwrap_or_else(|| missing.clone())))
    }
}

/// One role as IAM describes it. Every part is needed: a role without its limit or its trust policy is not known.
pub(super) fn live(role: &Role) -> Fact<LiveRole> {
    match read(role) {
        Ok(live) => Fact::Present(live),
        Err(detail) => unknown(Why::Malformed, format!("IAM's answer about it {detail}")),
    }
}

fn read(role: &Role) -> Result<LiveRole, String> {
    let arn = RoleArn::parse(role.arn()).map_err(|error| format!("names the ARN `{}`, which {error}", role.arn()))?;
    let seconds = role.max_session_duration().ok_or("has no MaxSessionDuration")?;
    let max_session_duration = u32::try_from(seconds).map_err(|_| format!("has the MaxSessionDuration {seconds}"))?;
    let document = role.assume_role_policy_document().ok_or("has no AssumeRolePolicyDocument")?;
    let trust = LivePolicy::read(&decode(document)?);
    Ok(LiveRole { arn, role_id: role.role_id().to_owned(), max_session_duration, trust, tags: None })
}

/// Undoes RFC 3986 percent encoding, strictly: `+` is a plus sign, a broken escape is an error.
fn decode(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let whole = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if let Some((at, _)) = bytes.iter().enumerate().find(|(at, byte)| **byte == b'%' && !whole(*at)) {
        return Err(format!("has an AssumeRolePolicyDocument with a broken escape at byte {at}"));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| "has an AssumeRolePolicyDocument that is not UTF-8".to_owned())
}

pub(super) fn unknown(why: Why, detail: impl Into<String>) -> Fact<LiveRole> {
    Fact::Unknown(Unknown { why, detail: detail.into() })
}

/// What a failed read leaves unknown.
pub(super) fn unread(error: &CloudError) -> Fact<LiveRole> {
    unknown(why(error.kind), error.to_string())
}

/// Classes of failure as classes of not knowing. Whoever AWS does not accept was refused, whatever the reason.
pub(super) fn why(kind: CloudErrorKind) -> Why {
    match kind {
        CloudErrorKind::AccessDenied
        | CloudErrorKind::NoCredentials
        | CloudErrorKind::CredentialsFailed
        | CloudErrorKind::ExpiredToken
        | CloudErrorKind::InvalidCredentials
        | CloudErrorKind::ClockSkew
        | CloudErrorKind::NoRegion
        | CloudErrorKind::Refused => Why::AccessDenied,
        CloudErrorKind::Throttled => Why::Throttled,
        CloudErrorKind::Unreachable
        | CloudErrorKind::LostReply
        | CloudErrorKind::TimedOut
        | CloudErrorKind::ServiceFault => Why::Unreachable,
        CloudErrorKind::Malformed => Why::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn role(arn: &str) -> Role {
        let name = arn.rsplit('/').next().expect("a name");
        Role::builder()
            .path("/")
            .role_name(name)
            .role_id("AROA")
            .arn(arn)
            .create_date(DateTime::from_secs(0))
            .max_session_duration(3_600)
            .assume_role_policy_document("%7B%7D")
            .build()
            .expect("whole")
    }

    fn arn(name: &str) -> RoleArn {
        RoleArn::parse(&format!("arn:aws:iam::111122223333:role/{name}")).expect("valid")
    }

    #[test]
    fn decoding_is_rfc_3986_and_strict() {
        assert_eq!(decode("%7B%22a%22%3A%20%22b+c%22%7D").as_deref(), Ok(r#"{"a": "b+c"}"#));
        assert_eq!(decode("%E3%81%82").as_deref(), Ok("あ"));
        for bad in ["%", "%7", "%zz", "a%7", "%+1"] {
            assert!(decode(bad).expect_err("refused").contains("broken escape"), "{bad}");
        }
        assert!(decode("%ff%fe").expect_err("refused").contains("not UTF-8"));
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(text in ".*") {
            let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
            prop_assert_eq!(decode(&encoded), Ok(text));
        }

        #[test]
        fn decoding_never_panics(text in "[%0-9a-fA-F\\x00-\\xff]{0,40}") {
            let _ = decode(&text);
        }
    }

    #[test]
    fn a_role_of_another_case_or_path_is_present_with_its_live_arn() {
        let wanted = [arn("app"), arn("path/Deep"), arn("gone")];
        let mut search = Search::new(&wanted);
        for live in ["App", "Deep", "other"] {
            search.offer(&role(&format!("arn:aws:iam::111122223333:role/{live}")));
        }
        assert!(!search.is_settled());
        let facts: Vec<_> = search.finish(&Fact::Absent).collect();
        let live = |index: usize| facts[index].1.present().map(|live| live.arn.as_str().to_owned());
        assert_eq!(live(0).as_deref(), Some("arn:aws:iam::111122223333:role/App"));
        assert_eq!(live(1).as_deref(), Some("arn:aws:iam::111122223333:role/Deep"));
        assert_eq!(facts[2].1, Fact::Absent);
    }

    #[test]
    fn the_exact_arn_wins_in_any_order() {
        let wanted = [arn("app")];
        for order in [["app", "APP"], ["APP", "app"]] {
            let mut search = Search::new(&wanted);
            for name in order {
                search.offer(&role(&format!("arn:aws:iam::111122223333:role/{name}")));
            }
            assert!(search.is_settled());
        }
    }

    #[test]
    fn parts_that_make_no_sense_leave_the_role_unknown() {
        let mut broken = role("arn:aws:iam::111122223333:role/app");
        broken.assume_role_policy_document = Some("%f".to_owned());
        let mut endless = role("arn:aws:iam::111122223333:role/app");
        endless.max_session_duration = None;
        for (role, part) in
            [(broken, "broken escape"), (endless, "no MaxSessionDuration"), (role("arn:aws:iam::1:role/app"), "ARN")]
        {
            let Fact::Unknown(unknown) = live(&role) else { panic!("{part}") };
            assert_eq!(unknown.why, Why::Malformed);
            assert!(unknown.detail.contains(part), "{}", unknown.detail);
        }
    }
}
