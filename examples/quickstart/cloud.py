"""The AWS side of the quickstart: plain IAM and STS calls, no leasehold.

Talks to AWS_ENDPOINT_URL and to nothing else. Usage: cloud.py seed | session ROLE | whoami | extend ROLE SECONDS |
open-up ROLE
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request

import botocore.session

ACCOUNT = "111122223333"
REGION = "ap-northeast-1"
ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
HEALTHY_WITHIN = 60  # seconds


def arn(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


def client(service: str):
    # The emulator takes a twelve-digit access key id for the root of that account.
    return botocore.session.get_session().create_client(
        service,
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="root-of-the-emulated-account",
    )


def trusting(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allowing(actions: str | list[str], roles: list[str]) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": [arn(role) for role in roles]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def wait() -> None:
    until = time.monotonic() + HEALTHY_WITHIN
    no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with no_proxy.open(f"{ENDPOINT}/_ministack/health", timeout=2):
                return
        except (OSError, urllib.error.URLError):
            if time.monotonic() > until:
                sys.exit(f"the emulator was not healthy within {HEALTHY_WITHIN} s")
            time.sleep(0.1)


def seed() -> None:
    wait()
    iam = client("iam")
    root = f"arn:aws:iam::{ACCOUNT}:root"
    broker = arn("VaultRunner")
    targets = {"ProdAppReadOnly": broker, "ProdAppRW": broker, "ProdAppAdmin": arn("BreakGlass")}

    def role(name: str, trusted: str, description: str) -> None:
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trusting(trusted), MaxSessionDuration=3600, Description=description
        )
        print(f"   role {name}: trusts {trusted}, MaxSessionDuration 3600")

    role("LeaseholdReader", root, "plans")
    role("VaultRunner", root, "issues")
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


def session(role: str) -> None:
    """Prints what a CI system would put into a job's environment: a session of this role, one value per line."""
    answer = client("sts").assume_role(RoleArn=arn(role), RoleSessionName="quickstart")["Credentials"]
    print(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], sep="\n")


def whoami() -> None:
    """GetCallerIdentity with whatever credentials the environment holds."""
    sts = botocore.session.get_session().create_client("sts", region_name=REGION, endpoint_url=ENDPOINT)
    print(sts.get_caller_identity()["Arn"])


def extend(role: str, seconds: str) -> None:
    iam = client("iam")
    # UpdateRole would reset a description that is left out.
    description = iam.get_role(RoleName=role)["Role"].get("Description", "")
    iam.update_role(RoleName=role, Description=description, MaxSessionDuration=int(seconds))
    print(f"   role {role}: MaxSessionDuration {seconds}")


def open_up(role: str) -> None:
    root = f"arn:aws:iam::{ACCOUNT}:root"
    client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=trusting(root))
    print(f"   role {role}: trusts {root}")


COMMANDS = {"seed": seed, "session": session, "whoami": whoami, "extend": extend, "open-up": open_up}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    COMMANDS[name](*arguments)
