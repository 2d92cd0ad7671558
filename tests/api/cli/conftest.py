"""The real program in a process of its own, on one embedded database that a test session keeps running."""

import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from graph.catalog import Catalog
from graph.store.provider import EmbeddedProvider
from tests.api.cli import forked

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
    """The program, with a folder to stand in, a data folder and an account.

    Attributes:
        started: Whether the installed program itself is started, instead of a process that has imported it already.
    """

    folder: Path
    data_dir: Path
    account: str
    started: bool = False

    def __call__(
        self,
        *arguments: str | Path,
        input: str = "",  # noqa: A002
        environment: dict[str, str] | None = None,
    ) -> Done:
        given = [str(argument) for argument in arguments]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")}
        variables |= {"STEMMA_DATA_DIR": str(self.data_dir), "STEMMA_ACCOUNT": self.account, **(environment or {})}
        done = (self._start if self.started else self._fork)(given, variables, input)
        assert "Traceback" not in done.err, done.err
        return done

    def ok(self, *arguments: str | Path, input: str = "") -> Any:  # noqa: A002
        done = self(*arguments, "--json", input=input)
        assert done.code == 0, done.err
        assert done.err == ""
        return done.json

    def _start(self, given: list[str], variables: dict[str, str], text: str) -> Done:
        command = [str(STEMMA), *given]
        done = subprocess.run(
            command, cwd=self.folder, env=variables, input=text, capture_output=True, text=True, timeout=60
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def _fork(self, given: list[str], variables: dict[str, str], text: str) -> Done:
        with tempfile.TemporaryDirectory() as name:
            files = Path(name)
            (files / "in").write_text(text)
            code = forked.run(given, variables, self.folder, files)
            return Done(code, (files / "out").read_text(), (files / "err").read_text())


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


@pytest.fixture
def program(kept: Path, account: str, tmp_path: Path) -> Stemma:
    """The installed program itself."""
    return Stemma(tmp_path, kept, account, started=True)
