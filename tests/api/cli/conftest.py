"""The real program in a process of its own, on one embedded database that a test session keeps running."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from graph.catalog import Catalog
from graph.store.provider import EmbeddedProvider

STEMMA = Path(sys.executable).with_name("stemma")


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)

    @property
    def error(self) -> Any:
        return orjson.loads(self.err)["error"]


@dataclass(frozen=True)
class Stemma:
    """The program, with a data folder and an account."""

    folder: Path
    data_dir: Path
    account: str

    def __call__(
        self,
        *arguments: str | Path,
        input: str | None = None,  # noqa: A002
        environment: dict[str, str] | None = None,
    ) -> Done:
        given: Sequence[str] = [str(argument) for argument in arguments]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")}
        variables |= {"STEMMA_DATA_DIR": str(self.data_dir), "STEMMA_ACCOUNT": self.account, **(environment or {})}
        done = subprocess.run(
            [STEMMA, *given], cwd=self.folder, env=variables, input=input, capture_output=True, text=True, timeout=60
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str | Path, input: str | None = None) -> Any:  # noqa: A002
        done = self(*arguments, "--json", input=input)
        assert done.code == 0, done.err
        assert done.err == ""
        return done.json


@pytest_asyncio.fixture(scope="session")
async def kept(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """A data directory whose database runs, so that each command attaches instead of starting one."""
    data_dir = tmp_path_factory.mktemp("cli")
    catalog = await Catalog.open(EmbeddedProvider(data_dir), data_dir)
    yield data_dir
    await catalog.close()


@pytest.fixture
def stemma(kept: Path, account: str, tmp_path: Path) -> Stemma:
    return Stemma(tmp_path, kept, account)
