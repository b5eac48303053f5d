use std::collections::BTreeMap;

use serde_json::json;

use super::{Lease, LeaseId, credential_name, date};
use crate::domain::Timestamp;
use crate::domain::credential::OnRemoval;
use crate::domain::digest::canonical_json;
use crate::domain::ident::Name;
use crate::domain::least_privilege::{TAG_DEPLOYMENT, lease_user_path};
use crate::domain::limits::SESSION_NAME_MAX;

/// What every tag of ours begins with.
pub const TAG_PREFIX: &str = "leasehold:";
/// Key of the tag that names the role.
pub const TAG_ROLE: &str = "leasehold:role";
/// Key of the tag that names the lease.
pub const TAG_LEASE: &str = "leasehold:lease";
/// Key of the tag that names the record whose role it was issued from, by its lineage: another state may have the same
/// deployment.
pub const TAG_LINEAGE: &str = "leasehold:lineage";
/// Key of the tag that says when the user's own policy began to deny everything, as it was when it was made.
pub const TAG_EXPIRES: &str = "leasehold:expires";

/// So many tags of a user are ours.
pub const TAGS_OF_OURS: usize = 5;

/// Name of the inline policy that ends a user by itself.
pub const EXPIRY_POLICY: &str = "leasehold-expiry";
/// Name of the inline policy that holds the role's `policy_document`.
pub const LEASE_POLICY: &str = "leasehold-policy";

/// The IAM user of one lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseUser {
    /// Its name, which ends in the lease's id.
    pub name: String,
    /// Its path, below the deployment's own.
    pub path: String,
    /// Whether it gets [`LEASE_POLICY`]: not where its role declares no document.
    pub inline_policy: bool,
    /// The managed policies that are attached to it, by ARN.
    pub policy_arns: Vec<String>,
    /// The groups that it joins.
    pub groups: Vec<String>,
    /// What becomes of it when its role leaves the record, as the record said when it was issued.
    pub on_removal: OnRemoval,
    /// The process that makes it asks AWS for nothing after this.
    pub asking_until: Timestamp,
    /// It may be renewed up to this and no further: the role's `max_ttl`, counted from the beginning.
    pub renewable_until: Timestamp,
}

impl LeaseUser {
    /// Name and path of a lease's user.
    #[must_use]
    pub fn named(role: &Name, lease: &LeaseId, deployment: &Name, user_path: Option<&str>) -> (String, String) {
        (credential_name(role, lease, SESSION_NAME_MAX), lease_user_path(deployment, user_path))
    }
}

/// Whose a user is: one state's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The deployment.
    pub deployment: &'a Name,
    /// The lineage of its record.
    pub lineage: &'a str,
}

/// The tags of a lease's user: ours, and those that the role declares.
#[must_use]
pub fn tags(
    owner: Owner<'_>,
    role: &Name,
    lease: &LeaseId,
    expires_at: Timestamp,
    declared: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let mut tags = declared.clone();
    tags.insert(TAG_DEPLOYMENT.to_owned(), owner.deployment.to_string());
    tags.insert(TAG_LINEAGE.to_owned(), owner.lineage.to_owned());
    tags.insert(TAG_ROLE.to_owned(), role.to_string());
    tags.insert(TAG_LEASE.to_owned(), lease.to_string());
    tags.insert(TAG_EXPIRES.to_owned(), date(expires_at));
    tags
}

/// Whether a live user is provably of this state: its path, its name and its tags all say so, and say the same.
/// Answers the lease that it belongs to.
#[must_use]
pub fn is_ours(owner: Owner<'_>, name: &str, path: &str, tags: &BTreeMap<String, String>) -> Option<(Name, LeaseId)> {
    let Owner { deployment, lineage } = owner;
    let tagged = tags.get(TAG_DEPLOYMENT)? == deployment.as_str() && tags.get(TAG_LINEAGE)? == lineage;
    if !tagged || !path.starts_with(&lease_user_path(deployment, None)) {
        return None;
    }
    let role = Name::parse(tags.get(TAG_ROLE)?).ok()?;
    let lease = LeaseId::parse(tags.get(TAG_LEASE)?)?;
    (credential_name(&role, &lease, SESSION_NAME_MAX) == name).then_some((role, lease))
}

/// The inline policy that denies everything from `at` on: an expired user is powerless even if nobody ever ends it.
/// `aws:CurrentTime` is in every request.
#[must_use]
pub fn expiry_deny(at: Timestamp) -> String {
    canonical_json(&json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "LeaseholdExpiry",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": date(at)}},
        }],
    }))
}

/// Characters that [`expiry_deny`] takes of a user's inline policies, for any instant of this era.
#[must_use]
pub fn expiry_chars() -> usize {
    expiry_deny(Timestamp::UNIX_EPOCH).chars().count()
}

impl Lease {
    /// Whether this live user is the one of this lease, by everything that is known of both.
    #[must_use]
    pub fn has_user(&self, deployment: &Name, name: &str, path: &str, tags: &BTreeMap<String, String>) -> bool {
        let Some(user) = &self.request.user else { return false };
        let owner = Owner { deployment, lineage: &self.lineage };
        user.name == name
            && user.path == path
            && is_ours(owner, name, path, tags).is_some_and(|(role, lease)| role == self.role && lease == self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).expect("valid")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("valid")
    }

    #[test]
    fn a_user_is_ours_only_if_everything_says_so() {
        let lease = LeaseId::parse("01KAQ000000000000000000001").expect("a ULID");
        let (user, path) = LeaseUser::named(&name("deployer"), &lease, &name("prod"), Some("/ci/"));
        assert_eq!((user.as_str(), path.as_str()), ("deployer-01KAQ000000000000000000001", "/leasehold/prod/ci/"));
        let (prod, test) = (name("prod"), name("test"));
        let ours = Owner { deployment: &prod, lineage: "01KAQ000000000000000000000" };
        let tags = tags(ours, &name("deployer"), &lease, at("2026-11-26T10:00:00.9Z"), &BTreeMap::new());
        assert_eq!(tags.len(), TAGS_OF_OURS);
        assert!(tags.keys().all(|key| key.starts_with(TAG_PREFIX)));
        assert_eq!(tags[TAG_EXPIRES], "2026-11-26T10:00:00Z");
        assert_eq!(is_ours(ours, &user, &path, &tags), Some((name("deployer"), lease.clone())));

        assert_eq!(is_ours(ours, &user, "/leasehold/prod-2/ci/", &tags), None, "another deployment's path");
        assert_eq!(is_ours(ours, &user, "/leasehold/prod", &tags), None, "beside the path");
        assert_eq!(
            is_ours(Owner { deployment: &test, ..ours }, &user, "/leasehold/test/ci/", &tags),
            None,
            "another deployment's tag"
        );
        assert_eq!(is_ours(ours, "deployer-2", &path, &tags), None, "another name");
        let theirs = Owner { lineage: "01KAQ000000000000000000009", ..ours };
        assert_eq!(is_ours(theirs, &user, &path, &tags), None, "another state of the same deployment");
        for key in [TAG_DEPLOYMENT, TAG_LINEAGE, TAG_ROLE, TAG_LEASE] {
            let mut less = tags.clone();
            less.remove(key);
            assert_eq!(is_ours(ours, &user, &path, &less), None, "without {key}");
            less.insert(key.to_owned(), "other".to_owned());
            assert_eq!(is_ours(ours, &user, &path, &less), None, "another {key}");
        }
    }

    #[test]
    fn the_expiry_takes_as_many_characters_as_are_kept_for_it() {
        for instant in ["1970-01-01T00:00:00Z", "2026-11-26T10:00:00.999999999Z", "9999-12-30T22:00:00Z"] {
            assert_eq!(expiry_deny(at(instant)).chars().count(), expiry_chars(), "{instant}");
        }
    }
}
