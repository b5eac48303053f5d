"""The AWS side of this example: plain IAM and STS calls, no leasehold.

Talks to AWS_ENDPOINT_URL and to nothing else. Usage: cloud.py seed | give ROLE PURPOSE LEASEHOLD | session ROLE | whoami |
read ROLE | users | denies ROLE | hold PORT FILE
"""

import json
import pathlib
import re
import socket
import subprocess
import threading
import urllib.parse

import botocore.exceptions

from stage import ENDPOINT, ROOT, arn, as_environment, client, main, wait

HELD = b"Action=CreateAccessKey"


def document(effect: str, actions: str, **more: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": actions, **more}]})


def seed() -> None:
    wait()
    iam = client("iam")
    trusted = {role: ROOT for role in ("LeaseholdReader", "VaultRunner", "LeaseholdSweeper", "LeaseholdRevoker")}
    trusted["ProdAppReadOnly"] = arn("VaultRunner")
    for role, principal in trusted.items():
        trust = document("Allow", "sts:AssumeRole", Principal={"AWS": principal})
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust, MaxSessionDuration=3600)
        print(f"   role {role}: trusts {principal}")
    reading = document("Allow", "iam:GetRole", Resource=arn("ProdAppReadOnly"))
    iam.put_role_policy(RoleName="ProdAppReadOnly", PolicyName="work", PolicyDocument=reading)
    iam.create_policy(PolicyName="Boundary", PolicyDocument=document("Allow", "iam:GetRole", Resource="*"))
    print("   policy Boundary: no user may do more than iam:GetRole")


def give(role: str, purpose: str, leasehold: str) -> None:
    """Gives a role what leasehold itself prints for this purpose, and nothing else.

    Two things are widened, because the emulator knows less than AWS: it has no iam:PermissionsBoundary, AWS's guard that a
    broker makes no user without its boundary, and it leaves the path out of a user's ARN. A plan knows the path, so both ARNs
    are allowed.
    """
    printed = subprocess.run([leasehold, "policy", purpose, "--format", "json"], check=True, stdout=subprocess.PIPE).stdout
    for policy in json.loads(printed)["policies"]:
        for statement in policy["document"]["Statement"]:
            for conditions in statement.get("Condition", {}).values():
                conditions.pop("iam:PermissionsBoundary", None)
            bare = (re.sub(":user/.*/", ":user/", resource) for resource in statement["Resource"])
            statement["Resource"] = sorted({*statement["Resource"], *bare})
        client("iam").put_role_policy(
            RoleName=role, PolicyName=policy["name"], PolicyDocument=json.dumps(policy["document"])
        )
        print(f"   role {role}: may do what `leasehold policy {purpose}` says ({policy['characters']} characters)")


def read(role: str) -> None:
    """The work that the credentials are for, or the code of the error."""
    try:
        as_environment("iam").get_role(RoleName=role)
        print("allowed")
    except botocore.exceptions.ClientError as error:
        print(error.response["Error"]["Code"])


def users() -> None:
    """Every user, with the number of its keys."""
    iam = client("iam")
    for user in iam.list_users()["Users"]:
        keys = iam.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]
        print(f"{user['Path']}{user['UserName']} keys={len(keys)}")


def denies(role: str) -> None:
    """The documents of leasehold's denies on a role, one per line."""
    iam = client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        if name.startswith("leasehold-deny-"):
            text = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            print(name, text if isinstance(text, str) else json.dumps(text))


def hold(port: str, told: str) -> None:
    """Stands before the emulator and passes everything on but the making of a key, which it keeps and tells in a file."""
    there = urllib.parse.urlsplit(ENDPOINT)

    def relay(source: socket.socket, sink: socket.socket, watched: bool) -> None:
        waiting = b""
        while chunk := source.recv(65536):
            if watched and HELD in waiting + chunk:
                pathlib.Path(told).touch()
                return
            waiting = chunk[-len(HELD) :]
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", int(port))) as server:
        while True:
            asking, _ = server.accept()
            answering = socket.create_connection((there.hostname, there.port))
            for pair in ((asking, answering, True), (answering, asking, False)):
                threading.Thread(target=relay, args=pair, daemon=True).start()


if __name__ == "__main__":
    main(seed, give, read, users, denies, hold)
