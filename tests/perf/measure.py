"""Runs the comparisons of tests/perf/run and prints one table. See tests/README.md for what each row means.

Commands of one comparison take turns, so that a machine that is busy for a while is busy for all of them. A row gives the
median and the least wall time, and the median of the processor time that the kernel charged to the process.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
BROKER = """apiVersion: leasehold/v1
kind: Broker
metadata: {name: prod}
spec:
  principal: arn:aws:iam::111122223333:role/VaultRunner
  region: ap-northeast-1
  deployment: prod
"""


def manifests(folder: Path, roles: int) -> Path:
    folder.mkdir(parents=True)
    (folder / "broker.yaml").write_text(BROKER)
    for first in range(0, roles, 50):
        documents = [
            f"---\napiVersion: leasehold/v1\nkind: Role\nmetadata: {{name: app-{index:05}}}\nspec:\n"
            f"  credential_type: assumed_role\n  role_arns: [arn:aws:iam::111122223333:role/App{index:05}]\n"
            "  default_sts_ttl: 30m\n  max_sts_ttl: 1h\n"
            for index in range(first, min(first + 50, roles))
        ]
        (folder / f"team-{first // 50:03}.yaml").write_text("".join(documents))
    return folder


class Endpoint:
    """The canned endpoint in a process of its own."""

    def __init__(self, roles: int, delay_ms: int) -> None:
        command = [sys.executable, str(HERE / "canned.py"), str(roles), str(delay_ms)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = f"127.0.0.1:{int(self.process.stdout.readline())}"

    def __enter__(self) -> "Endpoint":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stdin.close()
        self.process.wait()

    def environment(self, home: Path) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_ENDPOINT_URL": f"http://{self.address}",
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000000",
            "AWS_SECRET_ACCESS_KEY": "x" * 40,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


class Sample:
    """What one run of a command took: seconds of wall and processor time, and the most memory in MiB."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        sink = os.open(os.devnull, os.O_WRONLY)
        began = time.perf_counter()
        pid = os.posix_spawn(
            command[0], command, environment, file_actions=[(os.POSIX_SPAWN_DUP2, sink, 1)]
        )
        _, status, usage = os.wait4(pid, 0)
        self.wall = time.perf_counter() - began
        os.close(sink)
        if status != 0:
            raise SystemExit(f"failed with status {status}: {' '.join(command)}")
        self.processor = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss / 1024


def compare(title: str, runs: int, commands: dict[str, tuple[list[str], dict[str, str]]]) -> None:
    """Runs the commands in turns and prints a row for each; ratios are to the first."""
    for command, environment in commands.values():
        Sample(command, environment)
    samples: dict[str, list[Sample]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, (command, environment) in commands.items():
            samples[name].append(Sample(command, environment))
    print(f"\n{title}")
    base = statistics.median(sample.wall for sample in next(iter(samples.values())))
    for name, taken in samples.items():
        wall = [sample.wall * 1000 for sample in taken]
        processor = statistics.median(sample.processor for sample in taken) * 1000
        memory = max(sample.memory for sample in taken)
        print(
            f"  {name:42} median {statistics.median(wall):8.2f} ms  least {min(wall):8.2f}  cpu {processor:7.2f}"
            f"  peak {memory:6.1f} MiB  ratio {statistics.median(wall) / base / 1000:5.2f}"
        )


def system_calls(command: list[str], environment: dict[str, str], log: Path) -> list[str]:
    subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log), *command], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    return log.read_text(errors="replace").splitlines()


def count(calls: list[str], pattern: str) -> int:
    return sum(1 for call in calls if re.search(pattern, call))


def trace(binary: str, folder: Path, issue: list[str], environment: dict[str, str], work: Path) -> bool:
    """What three commands ask of the kernel. False if a command starts what it must not start."""
    if not shutil.which("strace"):
        print("\nSKIPPED: system calls (strace is not installed)")
        return True
    print("\nsystem calls")
    fine = True
    for name, command, offline in [
        ("--help", [binary, "--help"], True),
        ("validate", [binary, "validate", "--dir", str(folder)], True),
        ("issue", issue, False),
    ]:
        calls = system_calls(command, environment, work / "strace.log")
        runtime, sockets = count(calls, r"epoll_create|eventfd"), count(calls, r"\bsocket\(")
        threads, roots = count(calls, r"\bclone3?\("), count(calls, r"/etc/ssl|/etc/pki|\.pem")
        print(
            f"  {name:10} {len(calls):5} calls, {runtime} epoll/eventfd, {sockets} sockets, {threads} threads, "
            f"{roots} certificate paths, {count(calls, r'fsync|fdatasync')} fsyncs"
        )
        fine &= roots == 0 and not (offline and (runtime or sockets or threads))
    if not fine:
        print("error: a runtime, a socket, a thread or TLS roots where there must be none")
    return fine


def issuing(args: argparse.Namespace, work: Path) -> bool:
    folder = manifests(work / "small", 20)
    stores = {"disk": work / "state"}
    if Path("/dev/shm").is_dir():
        stores["memory"] = Path("/dev/shm") / work.name
    fine = True
    try:
        for delay in (0, 40):
            with Endpoint(20, delay) as endpoint:
                environment = endpoint.environment(work)
                for store in stores.values():
                    apply = [args.binary, "apply", "--dir", str(folder), "--state", f"file://{store}", "--allow-dirty"]
                    subprocess.run([*apply, "--auto-approve"], env=environment, check=True, stdout=subprocess.DEVNULL)
                issue = {
                    where: [args.binary, "issue", "app-00000", "--state", f"file://{store}"]
                    for where, store in stores.items()
                }
                Sample(issue["disk"], environment)
                request = work / "request"
                with urllib.request.urlopen(f"http://{endpoint.address}/last-request") as last:
                    request.write_bytes(last.read())
                commands = {"bare client, the same request": ([args.bare, endpoint.address, str(request)], environment)}
                if curl := shutil.which("curl"):
                    body = request.read_bytes().split(b"\r\n\r\n", 1)[1].decode()
                    commands["curl, the same form"] = ([curl, "-s", "-d", body, f"http://{endpoint.address}/"], environment)
                for where, command in issue.items():
                    commands[f"issue, state on {where}"] = (command, environment)
                compare(f"issue, endpoint answers after {delay} ms", args.runs, commands)
                if delay == 0:
                    fine = trace(args.binary, folder, issue["disk"], environment, work)
                    offline = {
                        "/bin/true": (["/bin/true"], environment),
                        "--help": ([args.binary, "--help"], environment),
                        "validate, 20 roles": ([args.binary, "validate", "--dir", str(folder)], environment),
                    }
                    compare("offline commands", args.runs, offline)
    finally:
        if memory := stores.get("memory"):
            shutil.rmtree(memory, ignore_errors=True)
    return fine


def planning(args: argparse.Namespace, work: Path) -> None:
    commands = {}
    endpoints = []
    try:
        for roles in (1_000, 10_000):
            folder = manifests(work / f"roles-{roles}", roles)
            endpoints.append(Endpoint(roles, 0))
            environment = endpoints[-1].environment(work)
            plan = [args.binary, "plan", "--dir", str(folder), "--state", f"file://{work / f'none-{roles}'}"]
            commands[f"plan, {roles} roles, all new"] = (plan, environment)
            commands[f"validate, {roles} roles"] = ([args.binary, "validate", "--dir", str(folder)], environment)
        compare("whole process, endpoint and disk included", 5, commands)
    finally:
        for endpoint in endpoints:
            endpoint.__exit__()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("bare")
    parser.add_argument("work", type=Path)
    parser.add_argument("--runs", type=int, default=60)
    args = parser.parse_args()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    size = os.path.getsize(args.binary) / 2**20
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load}; binary {size:.1f} MiB; {args.runs} runs in turns")
    fine = issuing(args, args.work)
    planning(args, args.work)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
