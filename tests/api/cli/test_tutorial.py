"""The tutorial's commands, run as the page has them: what they print and draw is what stands there."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.api.cli.conftest import Stemma

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "tutorial" / "monitors.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
MARK = "=== command {} ==="


def commands(text: str) -> list[tuple[str, str]]:
    """Each command with what the page says it prints."""
    found: list[tuple[str, str]] = []
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def fits(shown: str, printed: str) -> bool:
    """Whether a page's lines, in which `…` inside a name stands for anything, are what was printed."""
    pattern = ".*?".join(re.escape(piece) for piece in re.split(r"(?<=[:-])…(?=[:-])", shown))
    return re.fullmatch(pattern, printed) is not None


async def test_the_page_says_what_its_commands_do(stemma: Stemma) -> None:
    asked = commands(PAGE.read_text(encoding="utf-8"))
    assert len(asked) > 10
    (stemma.folder / "examples").symlink_to(ROOT / "examples")
    script = "\n".join(
        f"{command}\nstatus=$?; echo '{MARK.format(position)}'; (exit $status)"
        for position, (command, _) in enumerate(asked)
    )
    # The session's database is running already; the page's own folder would start another.
    script = script.replace(
        "export STEMMA_DATA_DIR=$PWD/build/tutorial/data", f"export STEMMA_DATA_DIR='{stemma.data_dir}'"
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", script],
        cwd=stemma.folder,
        env={**os.environ, "PATH": path, "STEMMA_ACCOUNT": stemma.account},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    printed = re.split(r"=== command \d+ ===\n", done.stdout)
    assert len(printed) == len(asked) + 1, done.stderr
    for (command, shown), got in zip(asked, printed, strict=False):
        assert fits(shown, got), f"{command}\n{got}\n{done.stderr}"
    drawn = {path.name: path.read_bytes() for path in (stemma.folder / "build" / "tutorial" / "pictures").glob("*.svg")}
    assert drawn == {path.name: path.read_bytes() for path in PAGE.parent.glob("*.svg")}
    assert set(drawn) == set(re.findall(r"\]\(([\w-]+\.svg)\)", PAGE.read_text(encoding="utf-8")))
