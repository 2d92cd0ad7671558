"""Environments of their own, in `.venvs/`, for packages whose pins disagree with ours, from hash-locked requirements.

`python -m tests.servers.environments NAME …` makes them beforehand and prints where each one's Python is.
"""

import contextlib
import fcntl
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
VERSIONS = {"mlmd": ((3, 11), (3, 11))}
"""The oldest and the newest Python of environments that can't have ours."""


class NoEnvironmentError(Exception):
    """An environment can't be made here."""


def python(name: str) -> Path:
    """The Python of the environment that `requirements/<name>.txt` describes, made when it is not there or has changed.

    Several processes may ask at the same time; one makes it, the others wait.

    Raises:
        NoEnvironmentError: no Python that its packages have wheels for is there, or installing failed.
    """
    interpreter = _interpreter(name)
    requirements = ROOT / "requirements" / f"{name}.txt"
    folder = ROOT / ".venvs" / name
    made = folder / ".made"
    found = folder / "bin" / "python"
    # One and the same Python has several names, depending on how we were started.
    wanted = f"# {Path(interpreter).resolve()} {platform.python_version()}\n{requirements.read_text(encoding='utf-8')}"
    with _alone(name):
        if made.exists() and made.read_text(encoding="utf-8") == wanted and found.exists():
            return found
        shutil.rmtree(folder, ignore_errors=True)
        # --only-binary: no package's build script runs here.
        install = [
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--quiet",
            "install",
            "--require-hashes",
            "--only-binary",
            ":all:",
        ]
        try:
            subprocess.run([interpreter, "-m", "venv", str(folder)], check=True)
            subprocess.run([str(found), *install, "-r", str(requirements)], check=True)
        except (subprocess.CalledProcessError, OSError) as error:
            raise NoEnvironmentError(f"{name} can't be installed: {error}") from error
        made.write_text(wanted, encoding="utf-8")
    return found


@contextlib.contextmanager
def _alone(name: str) -> Iterator[None]:
    folder = ROOT / ".venvs"
    folder.mkdir(exist_ok=True)
    with (folder / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _interpreter(name: str) -> str:
    """The Python that makes the environment: ours, if its version will do."""
    ours = (sys.version_info.major, sys.version_info.minor)
    oldest, newest = VERSIONS.get(name, (ours, ours))
    if oldest <= ours <= newest:
        return sys.executable
    other = "python{}.{}".format(*newest)
    if (found := shutil.which(other)) is None:
        raise NoEnvironmentError(f"{name} has no wheels for this Python, and {other} is not there")
    return found


if __name__ == "__main__":
    for given in sys.argv[1:]:
        print(f"{given}: {python(given)}")
