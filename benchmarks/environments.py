"""Environments of their own for peers that can't share ours, in `.venvs/`, made once from hash-locked requirements."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MLMD_PYTHON = (3, 11)


class NoEnvironmentError(Exception):
    """The peer can't be installed here."""


def mlmd() -> Path:
    """The Python that has ml-metadata.

    Raises:
        NoEnvironmentError: no Python 3.11 is there, the newest that ml-metadata has a wheel for, or installing failed.
    """
    return _environment("mlmd", Path(__file__).with_name("requirements-mlmd.txt"))


def _environment(name: str, requirements: Path) -> Path:
    folder = ROOT / ".venvs" / name
    python = folder / "bin" / "python"
    made = folder / ".made"
    wanted = requirements.read_text()
    if made.exists() and made.read_text() == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    try:
        subprocess.run([_python(), "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--require-hashes"]
        subprocess.run([*pip, "-r", str(requirements)], check=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise NoEnvironmentError(f"{name} can't be installed: {error}") from error
    made.write_text(wanted)
    return python


def _python() -> str:
    if sys.version_info[:2] == MLMD_PYTHON:
        return sys.executable
    name = "python{}.{}".format(*MLMD_PYTHON)
    if (found := shutil.which(name)) is None:
        raise NoEnvironmentError(f"ml-metadata has no wheel for this Python, and {name} is not there")
    return found


if __name__ == "__main__":
    print(mlmd())
