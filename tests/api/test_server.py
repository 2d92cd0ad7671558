"""The server as a process of its own, its key, its logs and its schema."""

import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog

from api import logs
from api.gate import host_names
from api.graphql.schema import sdl
from api.server import bind
from graph.errors import SettingError

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
from pathlib import Path
from api.server import run_server
from api.settings import load
run_server(load(), lambda address: print(address, flush=True))
print("ended", flush=True)
"""


def start(folder: Path, **variables: str) -> "subprocess.Popen[str]":
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")},
        "STEMMA_DATA_DIR": str(folder),
        "STEMMA_PORT": "0",
        "STEMMA_LOG_FORMAT": "json",
        **variables,
    }
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
        made = httpx.post(
            f"{address}/graphql",
            json={"query": 'mutation { createContext(input: { name: "a" }) { sequence } }'},
            timeout=30,
            trust_env=False,
        )
        assert made.json() == {"data": {"createContext": {"sequence": 1}}}
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert output == "ended\n"
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["event"] for line in lines] == ["serving", "request", "stopped"]
    assert lines[1]["request_id"] == made.headers["x-request-id"]
    # The heads that were committed are signed before the process ends.
    assert json.loads((tmp_path / "checkpoints" / "123456789012.json").read_text())["sequence"] == 1


def test_beyond_loopback_it_needs_a_key(tmp_path: Path) -> None:
    process = start(tmp_path, STEMMA_HOST="0.0.0.0")
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    assert "stemma keys create --principal NAME --role admin" in errors


def test_an_address_in_use_is_said_so() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(SettingError, match="STEMMA_PORT"):
        bind("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(SettingError, match="STEMMA_HOST"):
        bind("host.invalid", 0)
    assert isinstance(taken, socket.socket)


def test_the_committed_schema_is_the_true_one() -> None:
    committed = (ROOT / "docs" / "reference" / "schema.graphql").read_text(encoding="utf-8")
    assert committed == sdl(), "run: python -m api.graphql.schema > docs/reference/schema.graphql"


@pytest.fixture
def _logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    before = structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.mark.usefixtures("_logging")
def test_lines_are_json_and_hold_no_secret() -> None:
    stream = io.StringIO()
    logs.configure("info", "auto", stream)
    structlog.get_logger("stemma.test").info("hello", authorization="Bearer x", database_password="y", plain=1)
    logging.getLogger("other").warning("%s of %d", "one", 2)
    logging.getLogger("neo4j").info("chatter")
    structlog.get_logger("stemma.test").debug("too fine")
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("stemma.test").exception("failed")
    first, second, third = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (first["event"], first["plain"], first["level"], first["logger"]) == ("hello", 1, "info", "stemma.test")
    assert first["authorization"] == first["database_password"] == logs.HIDDEN
    assert second["event"] == "one of 2"
    assert "ValueError: broken" in third["exception"]


@pytest.mark.usefixtures("_logging")
def test_lines_as_text() -> None:
    stream = io.StringIO()
    logs.configure("debug", "text", stream)
    structlog.get_logger("stemma.test").debug("hello", plain=1)
    assert "hello" in stream.getvalue()
    assert "plain=1" in stream.getvalue()


def test_names_of_a_service() -> None:
    assert "0.0.0.0" not in host_names("0.0.0.0", [])
    assert host_names("10.0.0.1", ["A.b"]) == {"127.0.0.1", "::1", "localhost", "a.b", "10.0.0.1"}
