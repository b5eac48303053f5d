"""Runs the emulator until standard input ends.

A test binary cannot run code when it is killed, but the system closes its pipes: the end of input is the one sign that
comes in every case. The log is removed then; it is kept when the emulator ends by itself. Whatever else the emulator
writes goes with a folder beside the log. Usage: serve.py LOG
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading


def main() -> int:
    (log_path,) = sys.argv[1:]
    command = [sys.executable, "-m", "ministack"]
    with tempfile.TemporaryDirectory(prefix="emulator-", dir=os.path.dirname(log_path)) as folder:
        environment = dict(os.environ, TMPDIR=folder, STATE_DIR=folder, S3_DATA_DIR=folder)
        with open(log_path, "ab") as log:
            child = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return supervise(child, log_path)


def supervise(child: subprocess.Popen, log_path: str) -> int:
    def watch() -> None:
        while os.read(0, 4096):
            pass
        stop(child)
        os.unlink(log_path)

    signal.signal(signal.SIGTERM, lambda *_: stop(child))
    signal.signal(signal.SIGINT, lambda *_: None)
    threading.Thread(target=watch, daemon=True).start()
    return child.wait()


def stop(child: subprocess.Popen) -> None:
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    sys.exit(main())
