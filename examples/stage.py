"""What both examples ask of the emulated AWS: clients, ARNs, and a session as CI would have one.

`stage.sh` puts this folder on Python's path. Talks to AWS_ENDPOINT_URL and to nothing else.
"""

import os
import pathlib
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import botocore.exceptions
import botocore.session

ACCOUNT = "111122223333"
REGION = "ap-northeast-1"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
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


def as_environment(service: str):
    """A client with whatever credentials the environment holds."""
    return botocore.session.get_session().create_client(service, region_name=REGION, endpoint_url=ENDPOINT)


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


def session(role: str) -> None:
    """Prints what a CI system would put into a job's environment: a session of this role, one value per line."""
    example = pathlib.Path(sys.argv[0]).resolve().parent.name
    answer = client("sts").assume_role(RoleArn=arn(role), RoleSessionName=example)["Credentials"]
    print(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], sep="\n")


def whoami() -> None:
    """GetCallerIdentity with whatever credentials the environment holds, or the code of the error."""
    try:
        print(as_environment("sts").get_caller_identity()["Arn"])
    except botocore.exceptions.ClientError as error:
        print(error.response["Error"]["Code"])


def main(*commands: Callable[..., None]) -> None:
    """Runs the command that the arguments name: one of an example's own, or one of those above."""
    named = {command.__name__.replace("_", "-"): command for command in (session, whoami, *commands)}
    name, *arguments = sys.argv[1:]
    named[name](*arguments)
