"""Users' scripts around an analysis: before it, on each captured record; after it, on what it made.

A script runs as the worker's user, in a process of its own: with the run's limits, nothing of ours in its environment, and no
network where the kernel lets an ordinary process leave it. What it says is kept beside the results.
"""

import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson

from graph.errors import ForbiddenError, InvalidError, NotFoundError
from monitors.analysis.json_lines import flat
from monitors.processing import script_host
from monitors.processing.batch_records import CONTENT, Side
from monitors.processing.captured import TRUTH
from monitors.processing.outcomes import SCRIPT_LOG
from monitors.processing.plans import Plan
from monitors.reading import Reading

SETTING = "STEMMA_JOB_SCRIPTS"
SECONDS = 1_800.0
MEGABYTES = 4_096
SAID_BYTES = 1 << 20
ROW_BYTES = 1 << 34
SHOWN = 500
ROWS = Reading(format="jsonl", workers=1)
"""How rows are read that a script made."""


def preprocess(plan: Plan, records: Path, names: Sequence[str]) -> Path:
    """The rows that a script makes of captured records: a file of JSON Lines.

    Args:
        plan: With the script.
        records: A folder with capture files.
        names: The columns in order, for rows without names.

    Raises:
        InvalidError: the script fails, or makes rows that are none.
        NotFoundError: it made no row.
    """
    work = Path(plan.output).parent / "script"
    work.mkdir()
    raw, table = work / "rows", work / "table.jsonl"
    with raw.open("wb") as rows:
        _run(plan, "preprocess", plan.preprocessor or "", work, rows, _lines(records))
    count = 0
    with raw.open("rb") as rows, table.open("wb") as out:
        for line in rows:
            out.write(orjson.dumps(_row(orjson.loads(line), names)) + b"\n")
            count += 1
    if not count:
        raise NotFoundError(f"preprocess_handler made no row of the records in {plan.looked}")
    return table


def check(plan: Plan, *, allowed: bool) -> None:
    """Refuse scripts where the operator does not let them run.

    Raises:
        ForbiddenError: there is one.
    """
    if not allowed and (plan.preprocessor is not None or plan.postprocessor is not None):
        raise ForbiddenError(
            "the job has a pre- or post-processing script, and scripts are not run here: they are code of whoever may write, "
            f"run as the worker's user. Whoever runs Stemma allows them with {SETTING}=true"
        )


def as_records(plan: Plan, target: Path) -> Path:
    """The lines of a data set as captured records, of which a baseline's script makes rows as of those of a window.

    Raises:
        InvalidError: it is not made of lines.
    """
    if plan.format not in CONTENT:
        raise InvalidError(
            f"record_preprocessor_script takes lines, {' or '.join(CONTENT)}; the data set is {plan.format}",
            path="dataset_format",
        )
    content, encoding = CONTENT[plan.format]
    data = Path(plan.data)
    files = [data] if data.is_file() else sorted(each for each in data.rglob("*") if each.is_file())
    target.mkdir()
    with (target / "records.jsonl").open("wb") as out:
        for path in files:
            lines = Side(path, plan.format, header=plan.header and plan.format == "csv").lines()
            for number, line in enumerate(lines):
                text = line.decode("utf-8", "replace")
                given = {"observedContentType": content, "mode": "INPUT", "data": text, "encoding": encoding}
                metadata = {"eventId": f"{path.name}:{number}"}
                out.write(orjson.dumps({"captureData": {"endpointInput": given}, "eventMetadata": metadata}) + b"\n")
    return target


def postprocess(plan: Plan) -> None:
    """Run a script where the results lie.

    Raises:
        InvalidError: the script fails.
    """
    work = Path(plan.output)
    with (work.parent / "nothing").open("wb") as nowhere:
        _run(plan, "postprocess", plan.postprocessor or "", work, nowhere, iter(()))


def _lines(records: Path) -> Iterator[bytes]:
    for file in sorted(each for each in records.rglob("*") if each.is_file()):
        with file.open("rb") as lines:
            for line in lines:
                yield line if line.endswith(b"\n") else line + b"\n"


def _row(made: dict[str, object], names: Sequence[str]) -> dict[str, object]:
    row = made["row"]
    if isinstance(row, dict) and row and all(key.isdecimal() for key in row):
        # Numbers as names are how scripts say an order, by the texts.
        row = [row[key] for key in sorted(row)]
    if isinstance(row, list):
        if names and len(names) != len(row):
            raise InvalidError(
                f"preprocess_handler made a row of {len(row)} values without names; expected are the columns "
                + ", ".join(map(repr, names[:40])),
                path="RecordPreprocessorSourceUri",
            )
        row = {names[place] if names else f"_c{place}": value for place, value in enumerate(row)}
    if not isinstance(row, dict):
        raise InvalidError(
            f"preprocess_handler made {str(row)[:80]!r}; an object, a list of values, or a list of those is needed",
            path="RecordPreprocessorSourceUri",
        )
    found = flat(row)
    return found if made["truth"] is None or TRUTH in found else {**found, TRUTH: made["truth"]}


def _run(plan: Plan, stage: str, script: str, work: Path, out: BinaryIO, given: Iterator[bytes]) -> None:
    held = resource.getrlimit(resource.RLIMIT_DATA)[0]
    megabytes = MEGABYTES if held == resource.RLIM_INFINITY else held >> 20
    command = [sys.executable, "-m", "monitors.processing.confined", "--offline", str(megabytes), str(int(SECONDS))]
    command += [str(ROW_BYTES), sys.executable, "-I", script_host.__file__, stage, script, str(out.fileno())]
    log = Path(plan.output) / SCRIPT_LOG
    with log.open("ab") as said:
        begun = said.tell()
        process = subprocess.Popen(  # noqa: S603
            command, cwd=work, stdin=subprocess.PIPE, stdout=said, stderr=said, pass_fds=(out.fileno(),)
        )
        try:
            assert process.stdin is not None
            # A script that ended early says by its code why.
            with contextlib.suppress(BrokenPipeError):
                for line in given:
                    process.stdin.write(line)
                process.stdin.close()
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise InvalidError(f"{stage}_handler took longer than {SECONDS:g} s", path=f"{stage}_handler") from None
        finally:
            process.kill()
            process.wait()
    if log.stat().st_size > SAID_BYTES:
        os.truncate(log, SAID_BYTES)
    if code:
        raise InvalidError(f"{stage}_handler failed ({_why(code)}): {_last(log, begun)}", path=f"{stage}_handler")


def _why(code: int) -> str:
    return f"signal {-code}: a limit of time or memory was reached" if code < 0 else f"exit code {code}"


def _last(path: Path, begun: int) -> str:
    with path.open("rb") as file:
        file.seek(begun)
        lines = file.read(SAID_BYTES).decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:SHOWN] if lines else "it said nothing"
