//! Reading AWS for one plan.

use super::{AppError, Failure, Meaning};
use crate::domain::desired::Desired;
use crate::domain::ident::Name;
use crate::domain::record::Record;
use crate::domain::world::calls::fewest_calls;
use crate::domain::world::{Wanted, World};
use crate::ports::CloudRead;

/// Reads everything the plan judges: every declared and every recorded role ARN, or those of `target` alone. Fails only
/// when nobody can be asked at all, or when it would take more than `max_calls`: then one call was made.
pub async fn read_world<C: CloudRead>(
    cloud: &C,
    desired: &Desired,
    record: Option<&Record>,
    target: Option<&Name>,
    max_calls: Option<u32>,
) -> Result<World, AppError> {
    let caller = cloud.caller_identity().await.map_err(Failure::from)?;
    let wanted = Wanted::of(desired, record, target);
    let fewest = fewest_calls(&wanted, &caller.account);
    if let Some(most) = max_calls.filter(|most| *most < fewest) {
        return Err(Failure::new(
            Meaning::Failed,
            "too-many-calls",
            format!("this plan takes {fewest} calls to AWS at least, and --max-calls allows {most}"),
        )
        .help(format!(
            "say --max-calls {fewest} or more: what the broker's policies, long lists and repeated calls add is not known \
             beforehand; or plan one role with --target"
        ))
        .into());
    }
    Ok(cloud.world(&caller, &wanted).await)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use crate::domain::ident::{AccountId, Name};
    use crate::domain::span::SourceFile;
    use crate::domain::world::Wanted;
    use crate::wire::manifest_v1;

    const MANIFESTS: &str = r#"
apiVersion: leasehold/v1
kind: Broker
metadata: {name: prod}
spec: {principal: "arn:aws:iam::111122223333:user/leasehold", region: eu-west-1, deployment: prod}
---
apiVersion: leasehold/v1
kind: Account
metadata: {name: data}
spec: {id: "444455556666", reader_role_arn: "arn:aws:iam::444455556666:role/Reader", external_id: abcdef}
---
apiVersion: leasehold/v1
kind: Account
metadata: {name: idle}
spec: {id: "777788889999"}
---
apiVersion: leasehold/v1
kind: Role
metadata: {name: both}
spec:
  credential_type: assumed_role
  role_arns: ["arn:aws:iam::111122223333:role/A", "arn:aws:iam::444455556666:role/B"]
  policy_arns: ["arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::444455556666:policy/P"]
---
apiVersion: leasehold/v1
kind: Role
metadata: {name: user}
spec:
  credential_type: iam_user
  max_ttl: 1h
  user_path: /ci/
  permissions_boundary_arn: arn:aws:iam::111122223333:policy/Boundary
  justification: a legacy tool
  iam_groups: [deployers]
"#;

    fn wanted(target: Option<&str>) -> Wanted {
        let file = SourceFile { path: "roles.yaml".to_owned(), text: MANIFESTS.to_owned() };
        let desired = manifest_v1::read(&[Arc::new(file)]).expect("valid");
        Wanted::of(&desired, None, target.map(|name| Name::parse(name).expect("a name")).as_ref())
    }

    fn texts<T: ToString>(items: &BTreeSet<T>) -> Vec<String> {
        items.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_declared_is_wanted_in_its_own_account() {
        let wanted = wanted(None);
        let ids: Vec<&str> = wanted.accounts.keys().map(AccountId::as_str).collect();
        assert_eq!(ids, ["111122223333", "444455556666"], "an account that nothing is in is not read");
        let [own, data] = [ids[0], ids[1]].map(|id| &wanted.accounts[&AccountId::parse(id).expect("an account")]);
        assert_eq!(texts(&own.roles), ["arn:aws:iam::111122223333:role/A"]);
        assert_eq!(
            texts(&own.policies),
            ["arn:aws:iam::111122223333:policy/Boundary", "arn:aws:iam::aws:policy/ReadOnlyAccess"]
        );
        assert_eq!(texts(&own.groups), ["deployers"]);
        assert!(own.summary && own.reader.is_none());
        assert_eq!(texts(&data.roles), ["arn:aws:iam::444455556666:role/B"]);
        assert_eq!(texts(&data.policies), ["arn:aws:iam::444455556666:policy/P"]);
        assert!(!data.summary && data.groups.is_empty());
        let reader = data.reader.as_ref().expect("declared");
        assert_eq!(reader.role_arn.as_str(), "arn:aws:iam::444455556666:role/Reader");
        assert_eq!(reader.external_id.as_deref(), Some("abcdef"));
    }

    #[test]
    fn one_role_wants_what_it_needs() {
        let wanted = wanted(Some("user"));
        assert_eq!(wanted.accounts.len(), 1);
        assert_eq!(wanted.roles().count(), 0);
        assert!(wanted.accounts.values().all(|own| own.policies.len() == 1 && own.summary));
    }
}
