"""An endpoint that always gives the answers of an account with some roles: enough of STS and IAM for plan, apply, issue.

Usage: canned.py ROLES DELAY_MS. Prints its port, and ends when standard input does. The last AssumeRole request is given
back, byte for byte, on `GET /last-request`.
"""

import datetime
import os
import socket
import sys
import threading
import time
import urllib.parse

ACCOUNT = "111122223333"
TRUST = urllib.parse.quote(
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/VaultRunner"},'
    '"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}]}',
    safe="",
)
PAGE = 1000
ID = "<ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>"
STS = "https://sts.amazonaws.com/doc/2011-06-15/"
IAM = "https://iam.amazonaws.com/doc/2010-05-08/"

last_request = b""


def role(index: int) -> str:
    return (
        f"<member><Path>/</Path><RoleName>App{index:05}</RoleName><RoleId>AROAEXAMPLE{index:010}</RoleId>"
        f"<Arn>arn:aws:iam::{ACCOUNT}:role/App{index:05}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>"
        f"<AssumeRolePolicyDocument>{TRUST}</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration></member>"
    )


def pages(roles: int) -> list[str]:
    """Every answer of ListRoles, made once."""
    answers = []
    for first in range(0, max(roles, 1), PAGE):
        end = min(first + PAGE, roles)
        more = f"<IsTruncated>true</IsTruncated><Marker>{end}</Marker>" if end < roles else "<IsTruncated>false</IsTruncated>"
        members = "".join(role(index) for index in range(first, end))
        result = f"<ListRolesResult>{more}<Roles>{members}</Roles></ListRolesResult>"
        answers.append(f'<ListRolesResponse xmlns="{IAM}">{result}{ID}</ListRolesResponse>')
    return answers


def assume_role(form: dict[str, list[str]]) -> str:
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=int(form["DurationSeconds"][0]))
    name = form["RoleSessionName"][0]
    return (
        f'<AssumeRoleResponse xmlns="{STS}"><AssumeRoleResult><AssumedRoleUser>'
        f"<AssumedRoleId>AROAEXAMPLE0000000000:{name}</AssumedRoleId>"
        f"<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/App00000/{name}</Arn></AssumedRoleUser><Credentials>"
        f"<AccessKeyId>ASIAEXAMPLE0000000000</AccessKeyId><SecretAccessKey>{'s' * 40}</SecretAccessKey>"
        f"<SessionToken>{'t' * 400}</SessionToken><Expiration>{end:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
        f"</AssumeRoleResult>{ID}</AssumeRoleResponse>"
    )


def answer(form: dict[str, list[str]], listed: list[str]) -> tuple[int, str]:
    match form.get("Action", [""])[0]:
        case "AssumeRole":
            return 200, assume_role(form)
        case "GetCallerIdentity":
            result = f"<UserId>AROAEXAMPLE:ci</UserId><Account>{ACCOUNT}</Account><Arn>arn:aws:sts::{ACCOUNT}:assumed-role/VaultRunner/ci</Arn>"
            result = f"<GetCallerIdentityResult>{result}</GetCallerIdentityResult>"
            return 200, f'<GetCallerIdentityResponse xmlns="{STS}">{result}{ID}</GetCallerIdentityResponse>'
        case "GetRole" if form["RoleName"][0].startswith("App"):
            found = role(int(form["RoleName"][0][3:])).replace("member>", "Role>")
            return 200, f'<GetRoleResponse xmlns="{IAM}"><GetRoleResult>{found}</GetRoleResult>{ID}</GetRoleResponse>'
        case "GetRole":
            error = "<Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no such role</Message></Error>"
            return 404, f'<ErrorResponse xmlns="{IAM}">{error}<RequestId>x</RequestId></ErrorResponse>'
        case "ListRoles":
            return 200, listed[int(form.get("Marker", ["0"])[0]) // PAGE]
        case other:
            return 400, f"<ErrorResponse><Error><Code>InvalidAction</Code><Message>{other}</Message></Error></ErrorResponse>"


def read_request(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """The head and the body of the next request; None at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, body = data.split(b"\r\n\r\n", 1)
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, value = line.split(b":", 1)
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        body += chunk
    return head, body


def serve(connection: socket.socket, listed: list[str], delay: float) -> None:
    global last_request
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        while request := read_request(connection):
            head, body = request
            if head.startswith(b"GET /last-request "):
                status, text = 200, last_request
            else:
                form = urllib.parse.parse_qs(body.decode())
                if form.get("Action") == ["AssumeRole"]:
                    last_request = head + b"\r\n\r\n" + body
                status, text = answer(form, listed)
                text = text.encode()
                time.sleep(delay)
            connection.sendall(b"HTTP/1.1 %d X\r\ncontent-type: text/xml\r\ncontent-length: %d\r\n\r\n" % (status, len(text)) + text)


def main() -> None:
    roles, delay = int(sys.argv[1]), int(sys.argv[2]) / 1000
    listed = pages(roles)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, listed, delay), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    while os.read(0, 4096):
        pass


if __name__ == "__main__":
    main()
