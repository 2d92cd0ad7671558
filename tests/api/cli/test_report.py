"""`stemma report audit` and `stemma report verify`."""

import json
import shlex
import zipfile
from pathlib import Path

import pytest

from tests.api.cli.conftest import Stemma
from tests.api.cli.test_registry import filled

__all__ = ["filled"]


def test_a_report_is_made_checked_and_made_again(filled: Stemma) -> None:
    made = filled.ok("report", "audit", "model-package/churn/3", "--format", "zip", "--question", "Who approved it?")
    file = filled.folder / made["file"]
    assert file.stat().st_size == made["bytes"]
    assert made["artifact"] is not None
    key = filled.ok("verify")["publicKey"]
    checked = filled.ok("report", "verify", file, "--public-key", key)
    assert checked["problem"] is None
    moment = ("--as-of", made["asOf"], "--known-at", str(made["knownAtSequence"]))
    question = ("--question", "Who approved it?")
    again = filled.ok(
        *("report", "audit", "model-package/churn/3", "--format", "zip", *moment, *question, "--no-record"),
        *("--output", "again.zip"),
    )
    assert (again["sha256"], again["artifact"]) == (made["sha256"], None)
    with zipfile.ZipFile(file) as zipped:
        report = json.loads(zipped.read("report.json"))
    printed = next(
        part["text"]
        for section in report["sections"]
        for part in section["parts"]
        if part["kind"] == "code" and part["text"].startswith("stemma report audit")
    )
    # What is printed is run as it stands, the question in it too.
    _, *words = shlex.split(printed)
    same = filled.ok(*words, "--format", "zip", "--no-record", "--output", "same.zip")
    assert same["sha256"] == made["sha256"]
    broken = bytearray(file.read_bytes())
    broken[broken.find(b"Who approved it?")] ^= 1
    file.write_bytes(broken)
    found = filled("report", "verify", file)
    assert (found.code, "is broken" in found.out) == (3, True)


@pytest.mark.parametrize("form", ["pdf", "html", "json", "csv"])
def test_each_format_has_its_file(filled: Stemma, form: str) -> None:
    done = filled("report", "audit", "model-package-group/churn", "--format", form, "--output", f"x.{form}")
    assert done.code == 0, done.err
    assert "entities, as of" in done.out
    begins = {"pdf": b"%PDF-", "html": b"<!doctype html>", "json": b"{", "csv": b"PK"}
    assert (filled.folder / f"x.{form}").read_bytes().startswith(begins[form])


def test_mistakes_are_said(filled: Stemma, tmp_path: Path) -> None:
    assert filled("report", "audit", "artifact/none").code == 1
    assert filled("report", "audit", "model-package/churn/3", "--format", "doc").code == 2
    assert filled("report", "audit", "model-package/churn/3", "--as-of", "yesterday").code == 2
    there = filled("report", "audit", "model-package/churn/3", "--format", "json", "--output", tmp_path / "no" / "x")
    assert (there.code, "can't be written" in there.err) == (2, True)
    assert filled("report", "verify", tmp_path / "none.zip").code == 2
