"""Makes the emulator's virtual environment, once, however many processes ask at the same time.

Nothing but what requirements.txt pins by content goes in. An environment made from other requirements, or by an
installation that did not end, is made anew. Usage: install.py FOLDER
"""

import fcntl
import pathlib
import shutil
import subprocess
import sys


def main() -> int:
    (folder,) = sys.argv[1:]
    home = pathlib.Path(folder)
    requirements = pathlib.Path(__file__).resolve().with_name("requirements.txt")
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
        run(pip + ["--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements)])
        installed.write_text(wanted)
    return 0


def run(command: list[str]) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"the emulator cannot be installed: {error}")
