"""The program as a whole: help, versions, settings, wrong use, and errors without tracebacks."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import orjson
import pytest

from tests.api.cli.conftest import STEMMA, Stemma

ROOT = Path(__file__).parents[3]
REFERENCE = "docs/reference/cli.md"


def test_help_says_what_there_is(program: Stemma) -> None:
    done = program("--help")
    assert done.code == 0
    for word in ("monitor", "lineage", "serve", "demo", "verify", "entity", "ingest", "path", "config", "Exit codes"):
        assert word in done.out


def test_every_command_has_help_and_json(stemma: Stemma) -> None:
    commands = ["demo", "serve", "verify", "config", "lineage", "path", "ingest", "monitor baseline", "monitor run"]
    commands += [f"entity {name}" for name in ("show", "create-artifact", "associate")]
    for command in commands:
        done = stemma(*command.split(), "--help")
        assert done.code == 0, command
        for option in ("--json", "--data-dir", "--database"):
            assert option in done.out, command


def test_the_committed_reference_is_the_true_one(tmp_path: Path) -> None:
    written = tmp_path / "cli.md"
    title = ("--title", "The command line")
    command = ["-m", "typer", "api.cli.program", "utils", "docs", "--name", "stemma", *title, "--output"]
    subprocess.run([sys.executable, *command, written], cwd=ROOT, check=True, capture_output=True)
    committed = (ROOT / REFERENCE).read_text(encoding="utf-8")
    assert committed == written.read_text(encoding="utf-8"), (
        f"run: python {' '.join(command).replace(title[1], repr(title[1]))} {REFERENCE}"
    )


def test_version(program: Stemma) -> None:
    assert program("--version").out == "stemma 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bogus"], "No such command 'bogus'. See stemma --help."),
        (["lineage"], "Missing argument 'ARN...'. See stemma lineage --help."),
        (["lineage", "x", "--depth", "-1"], "Invalid value for '--depth'"),
        (["lineage", "x", "--direction", "sideways"], "Invalid value for '--direction'"),
        (["entity", "show", "--bogus", "x"], "No such option"),
        (["monitor", "run", "x.csv"], "Missing option '--baseline'"),
        (["--database", "mysql://host", "verify"], "STEMMA_DATABASE is 'mysql://host'"),
        (["entity", "show", "not an arn"], "'not an arn' is not an ARN"),
        (["lineage", "artifact/x", "--as-of", "yesterday"], "--as-of 'yesterday' is no time"),
        (["lineage", "artifact/x", "--tag", "red"], "--tag 'red' is not of the form key=value"),
        (["lineage", "artifact/x", "--kind", "thing"], "--kind 'thing' is none of"),
    ],
)
def test_wrong_use_is_one_line(stemma: Stemma, arguments: list[str], message: str) -> None:
    done = stemma(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("stemma: ")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_errors_as_json(program: Stemma) -> None:
    unknown = program("--json", "bogus")
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.error == {"code": "INVALID", "message": "No such command 'bogus'. See stemma --help."}
    absent = program("entity", "show", "artifact/absent", "--json")
    assert (absent.code, absent.error["code"]) == (1, "NOT_FOUND")


def test_bad_settings_are_named(program: Stemma) -> None:
    done = program("config", environment={"STEMMA_PORT": "many"})
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("stemma: STEMMA_PORT (environment): ")
    (program.folder / "stemma.toml").write_text("port = [")
    assert "is not TOML" in program("config").err


def test_config_tells_where_values_come_from(stemma: Stemma) -> None:
    (stemma.folder / "stemma.toml").write_text('port = 9000\ndatabase_password = "hush"\n')
    done = stemma("config", "--json", "--data-dir", "elsewhere")
    rows = {row["variable"]: row for row in done.json}
    assert (rows["STEMMA_PORT"]["value"], rows["STEMMA_PORT"]["source"]) == (9000, "stemma.toml")
    assert (rows["STEMMA_DATA_DIR"]["value"], rows["STEMMA_DATA_DIR"]["source"]) == ("elsewhere", "option")
    assert rows["STEMMA_ACCOUNT"]["source"] == "environment"
    assert rows["STEMMA_HOST"] == {
        "variable": "STEMMA_HOST",
        "value": "127.0.0.1",
        "source": "default",
        "description": rows["STEMMA_HOST"]["description"],
    }
    assert "hush" not in done.out + stemma("config").out


def test_a_database_that_is_not_there(program: Stemma) -> None:
    done = program("--database", "bolt://127.0.0.1:9", "verify", environment={"STEMMA_RETRY_SECONDS": "0"})
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("stemma: the database at bolt://127.0.0.1:9 did not answer")


def test_a_reader_that_has_seen_enough(stemma: Stemma) -> None:
    variables = {**os.environ, "STEMMA_DATA_DIR": str(stemma.data_dir)}
    command = f"{STEMMA} config | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=variables, cwd=stemma.folder)
    assert done.stderr == ""


def test_verify_finds_the_ledger_in_order_or_not(stemma: Stemma) -> None:
    stemma.ok("entity", "create-context", "one")
    assert stemma.ok("verify")["entries"] == 1
    assert "is in order: 1 entries" in stemma("verify").out
    checkpoint = stemma.data_dir / "checkpoints" / f"{stemma.account}.json"
    checkpoint.write_text(checkpoint.read_text().replace('"sequence": 1', '"sequence": 2'))
    done = stemma("verify", "--json")
    assert done.code == 3
    assert "checkpoint" in done.json["problem"]
    assert "is broken" in stemma("verify").out


@contextlib.contextmanager
def started(command: list[str], variables: dict[str, str], folder: Path) -> "Iterator[subprocess.Popen[str]]":
    """A process that ends with the test, whatever becomes of it."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables, cwd=folder
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_serve_answers_until_it_is_told_to_end(program: Stemma) -> None:
    arn = program.ok("entity", "create-context", "ep", "--type", "Endpoint")["arn"]
    # Other tests make keys in the same database.
    variables = {**os.environ, "STEMMA_DATA_DIR": str(program.data_dir), "STEMMA_ACCOUNT": program.account}
    variables["STEMMA_KEYS"] = "off"
    command = [str(STEMMA), "serve", "--port", "0", "--json"]
    with started(command, variables, program.folder) as server:
        assert server.stdout is not None
        # A server that did not start ends its output instead.
        lines = "".join(takewhile(lambda line: line != "}\n", server.stdout)) + "}"
        address = orjson.loads(lines)["address"]
        body = orjson.dumps({"query": f'{{ entity(arn: "{arn}") {{ name type }} }}'})
        request = urllib.request.Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert orjson.loads(answer.read())["data"] == {"entity": {"name": "ep", "type": "Endpoint"}}
        taken = program("serve", "--port", address.rsplit(":", 1)[1])
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
    assert taken.code == 2
    assert "can't listen on 127.0.0.1" in taken.err


def until_it_reads(process: "subprocess.Popen[str]", name: str) -> None:
    """Wait until a process has a file open."""
    for _ in range(400):
        with contextlib.suppress(FileNotFoundError):
            if any(name in str(held.readlink()) for held in Path(f"/proc/{process.pid}/fd").iterdir()):
                return
        time.sleep(0.05)
    raise AssertionError(f"the program did not open {name} in 20 s")


def test_an_interrupt_is_no_traceback(program: Stemma) -> None:
    variables = {**os.environ, "STEMMA_DATA_DIR": str(program.data_dir)}
    with started([str(STEMMA), "serve", "--port", "0"], variables, program.folder) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("Stemma serves http://127.0.0.1:")
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0
        assert server.stderr is not None
        assert "Traceback" not in server.stderr.read()
    (program.folder / "long.csv").write_text("a,b\n" + "1,x\n" * 5_000_000)
    command = [str(STEMMA), "monitor", "baseline", str(program.folder / "long.csv")]
    with started(command, variables, program.folder) as reading:
        until_it_reads(reading, "long.csv")
        reading.send_signal(signal.SIGINT)
        assert reading.wait(20) == 130
        assert reading.stderr is not None
        assert reading.stderr.read().splitlines()[-1] == "stemma: interrupted"
