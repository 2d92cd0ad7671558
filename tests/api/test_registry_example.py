"""The registry's example as the how-to shows it: what it prints is what the page says."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from graph.access import Role
from tests.api.keys import Keys

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "registry.md"


async def test_the_example_prints_what_the_how_to_shows(keys: Keys) -> None:
    roles = {"rhea": Role.ADMIN, "tess": Role.APPROVER, "ana": Role.APPROVER}
    made = {name: await keys.make(name, role) for name, role in roles.items()}
    people = {name.upper(): f"{key.key.id}:{key.secret}" for name, key in made.items()}
    url = str(keys.service.client.base_url).rstrip("/")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(ROOT / "examples" / "registry.py")],
        env={**os.environ, **people, "STEMMA_URL": url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = (
        PAGE.read_text(encoding="utf-8")
        .partition("<!-- test: what the script prints -->\n```\n")[2]
        .partition("```")[0]
    )
    assert done.stdout == said
