"""The AWS side of the quickstart: plain IAM and STS calls, no leasehold.

Talks to AWS_ENDPOINT_URL and to nothing else. Usage: cloud.py seed | session ROLE | whoami | extend ROLE SECONDS |
open-up ROLE
"""

import json

from stage import ROOT, arn, client, main, wait


def trusting(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allowing(actions: str | list[str], roles: list[str]) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": [arn(role) for role in roles]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def seed() -> None:
    wait()
    iam = client("iam")
    broker = arn("VaultRunner")
    targets = {"ProdAppReadOnly": broker, "ProdAppRW": broker, "ProdAppAdmin": arn("BreakGlass")}

    def role(name: str, trusted: str, description: str) -> None:
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trusting(trusted), MaxSessionDuration=3600, Description=description
        )
        print(f"   role {name}: trusts {trusted}, MaxSessionDuration 3600")

    role("LeaseholdReader", ROOT, "plans")
    role("VaultRunner", ROOT, "issues")
    for name, trusted in targets.items():
        role(name, trusted, "a target")
    # The minimal policies of the README: who plans may read the declared roles and the broker, who issues may assume them.
    iam.put_role_policy(
        RoleName="LeaseholdReader", PolicyName="plan", PolicyDocument=allowing("iam:GetRole", [*targets, "VaultRunner"])
    )
    policies = ["iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"]
    iam.put_role_policy(
        RoleName="LeaseholdReader", PolicyName="broker", PolicyDocument=allowing(policies, ["VaultRunner"])
    )
    iam.put_role_policy(
        RoleName="VaultRunner", PolicyName="issue", PolicyDocument=allowing("sts:AssumeRole", ["ProdAppReadOnly", "ProdAppRW"])
    )


def extend(role: str, seconds: str) -> None:
    iam = client("iam")
    # UpdateRole would reset a description that is left out.
    description = iam.get_role(RoleName=role)["Role"].get("Description", "")
    iam.update_role(RoleName=role, Description=description, MaxSessionDuration=int(seconds))
    print(f"   role {role}: MaxSessionDuration {seconds}")


def open_up(role: str) -> None:
    client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=trusting(ROOT))
    print(f"   role {role}: trusts {ROOT}")


if __name__ == "__main__":
    main(seed, extend, open_up)
