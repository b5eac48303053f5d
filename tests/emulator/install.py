"""Makes a virtual environment for tests, once, however many processes ask at the same time.

Nothing but what the requirements pin by content goes in, dependencies included: each must be listed. An environment
made from other requirements, or by an installation that did not end, is made anew.

Usage: install.py FOLDER [REQUIREMENTS]; without them, the emulator's.
"""

import fcntl
import pathlib
import shutil
import subprocess
import sys


def main() -> int:
    folder, *other = sys.argv[1:]
    home = pathlib.Path(folder)
    requirements = pathlib.Path(*other) if other else pathlib.Path(__file__).resolve().with_name("requirements.txt")
    wanted = requirements.read_text()
    installed = home / "installed-requirements.txt"
    home.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{home}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if installed.is_file() and installed.read_text() == wanted:
            return 0
        shutil.rmtree(home, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(home)])
        pip = [str(home / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        # A package may want a newer Python than the one part of it that is used, and dependencies that are not.
        narrow = ["--no-deps", "--ignore-requires-python"] if other else []
        run(pip + narrow + ["--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements)])
        installed.write_text(wanted)
    return 0


def run(command: list[str]) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"the packages that tests need cannot be installed: {error}")
