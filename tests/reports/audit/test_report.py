"""Audit reports: the same question has the same answer for ever, and what they say is what the graph says."""

import csv
import hashlib
import io
import json
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from api.audit_reports import Audited, audit
from graph.access import Caller, Role
from graph.artifacts import ArtifactStore
from graph.canonical import canonical
from graph.catalog import Catalog
from graph.commands import create_artifact, delete, update
from graph.entities import Kind
from graph.errors import InvalidError, NotFoundError
from graph.ledger import merkle_root
from graph.lineage import Direction, walk
from graph.records import leaf_digest, revision_content
from graph.registry import decisions
from graph.verification import verify as verify_ledger
from reports.audit.covered import REPORT_TYPE
from reports.audit.forms import Form
from reports.audit.verification import verify
from tests.reports.audit.story import HOSTILE, tell
from tests.reports.pdfs import squeezed, text_of

SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "schemas" / "audit-report.schema.json"


async def made(
    catalog: Catalog, caller: Caller, asked: str, form: Form, *, sequence: int | None = None, **more: Any
) -> Audited:
    at = more.pop("as_of", None)
    when = await catalog.moment(caller.account, sequence=sequence, as_of=at)
    return await audit(catalog, caller, asked, when, form=form, **more)


def document(found: Audited) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(found.file.content)
    return loaded


def tables(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        part["caption"]: part for section in report["sections"] for part in section["parts"] if part["kind"] == "table"
    }


def said(report: dict[str, Any], heading: str) -> list[str]:
    return [
        part.get("text") or part.get("title")
        for section in report["sections"]
        if section["heading"] == heading
        for part in section["parts"]
        if part["kind"] in ("paragraph", "notice")
    ]


async def test_a_report_is_the_same_bytes_after_other_writes(catalog: Catalog, caller: Caller, tmp_path: Path) -> None:
    story = await tell(catalog, caller)
    store = ArtifactStore(tmp_path / "artifacts")
    first = {form: await made(catalog, caller, story.version, form) for form in Form}
    scope = first[Form.JSON].scope
    # What is asked without a moment, too, is printed as it was resolved, so that it can be asked again.
    moments = {form: found.scope.when for form, found in first.items()}
    await made(catalog, caller, story.version, Form.ZIP, artifacts=store)
    await catalog.write(caller, [update(story.train, Kind.ARTIFACT, tags={"owner": "somebody else"})], operation="test")
    late = create_artifact(catalog.place(caller.account), "s3://late/1")
    await catalog.write(caller, [late], operation="test")
    for form, before in first.items():
        again = await audit(catalog, caller, story.version, moments[form], form=form)
        assert again.file == before.file
    later = document(await made(catalog, caller, story.version, Form.JSON))
    assert later["scope"]["knownAtSequence"] > scope.head.sequence
    assert later["ledger"]["head"] != document(first[Form.JSON])["ledger"]["head"]


async def test_it_says_what_the_graph_says(catalog: Catalog, caller: Caller) -> None:
    story = await tell(catalog, caller)
    report = document(await made(catalog, caller, story.version, Form.JSON))
    jsonschema.validate(report, orjson.loads(SCHEMA.read_bytes()))
    when = await catalog.moment(caller.account, sequence=report["scope"]["knownAtSequence"])
    arn = await catalog.lineage_arn(story.version)
    ways = {}
    for caption, way in (("What it came from", Direction.ASCENDANTS), ("What it touches", Direction.DESCENDANTS)):
        lineage = await walk(catalog.store, caller.account, [arn], way, when)
        ways[caption] = {node.arn for node in lineage.nodes} - {arn}
        cited = {report["sources"][number - 1].partition(" ")[0] for number in tables(report)[caption]["sources"]}
        assert cited == ways[caption]
    assert {story.train, story.job} <= ways["What it came from"]
    assert {story.violation, story.run, story.deployment} <= ways["What it touches"]
    shown = tables(report)
    (decided,) = await decisions.decisions(catalog.store, caller.account, arn, when)
    assert shown["Decisions on churn/1"]["rows"] == [
        [shown["Decisions on churn/1"]["rows"][0][0], "ana", "Approved", decided.description, "passed"]
    ]
    assert [row[:3] for row in shown["What the gates found when churn/1 was approved"]["rows"]] == [
        ["metric", "auc >= 0.9", "yes"]
    ]
    # The place of an evaluation is none of its own.
    assert shown["What evaluations say"]["rows"] == [["evaluation.json@efefefefefef", "auc", "0.93"]]
    assert shown["Deployments"]["rows"][0][:3] == ["churn", "main", "churn/1"]
    assert shown["Deployments"]["rows"][0][4] == "still runs"
    assert [row[1:3] for row in shown["Violations"]["rows"]] == [["age", "completeness_check"]]
    assert "sha256:" + "ab" * 32 in {row[2] for row in shown["Data, code and model data that went in"]["rows"]}
    missing = said(report, "What is missing")
    assert any("Nothing is recorded that was done since the first violation" in text for text in missing)
    assert any("No digest is known of Code" in text for text in missing)
    assert "When the training churn-train-aws-training-job began and ended is not recorded." in missing
    assert not any("No training job" in text or "gave no reason" in text for text in missing)
    assert "data-team (of train.parquet@abababababab)" in json.dumps(report["sections"][0])


async def test_every_sentence_about_an_entity_names_its_source(catalog: Catalog, caller: Caller) -> None:
    story = await tell(catalog, caller)
    report = document(await made(catalog, caller, story.version, Form.JSON))
    silent = []
    for section in report["sections"]:
        for part in section["parts"]:
            if part["kind"] in ("table", "facts", "paragraph", "notice") and not part["sources"]:
                silent.append(part.get("text") or part.get("caption") or str(part["pairs"]))
            if part["kind"] == "table":
                assert len(part["sources"]) == len(part["rows"]), part["caption"]
    # These speak of the report and the ledger, not of an entity.
    allowed = ("Everything above stands", "To make this report", "To check", "[['Head'", "Each entity that was met")
    assert [text for text in silent if not text.startswith(allowed)] == []
    held = {revision["source"] for revision in report["ledger"]["revisions"]}
    assert set(report["sources"]) <= held


async def test_a_past_moment_shows_what_was_known_then(catalog: Catalog, caller: Caller) -> None:
    story = await tell(catalog, caller)
    when = await catalog.moment(caller.account)
    await catalog.write(caller, [update(story.train, Kind.ARTIFACT, tags={"owner": "new"})], operation="test")
    then = document(await made(catalog, caller, story.train, Form.JSON, sequence=when.sequence))
    now = document(await made(catalog, caller, story.train, Form.JSON))
    assert tables(then)["Tags"]["rows"] == [["owner", "data-team"]]
    assert tables(now)["Tags"]["rows"] == [["owner", "new"]]
    with pytest.raises(NotFoundError, match="ask as of a time at which it was"):
        await made(catalog, caller, story.train, Form.JSON, as_of=1_000)


@pytest.mark.parametrize("which", ["endpoint", "train", "job", "violation", "deployment"])
async def test_any_entity_has_a_report(catalog: Catalog, caller: Caller, which: str) -> None:
    story = await tell(catalog, caller)
    report = document(await made(catalog, caller, getattr(story, which), Form.JSON))
    shown = tables(report)
    assert "Decisions on churn/1" in shown
    if which != "train":
        assert "What it came from" in shown
    # An endpoint is the end of the road: what is found of its data is found through what ran there.
    if which == "endpoint":
        assert [row[1] for row in shown["Violations"]["rows"]] == ["age"]
        assert "What its parts touch" in shown


async def test_what_is_alone_has_a_report_that_says_so(catalog: Catalog, caller: Caller) -> None:
    alone = create_artifact(catalog.place(caller.account), "s3://alone/1", name="alone")
    await catalog.write(caller, [alone], operation="test")
    found = await made(catalog, caller, alone.arn, Form.JSON)
    missing = said(document(found), "What is missing")
    assert any("Nobody is named as its owner" in text for text in missing)
    assert any("No digest is known of artifact alone" in text for text in missing)
    assert any("No monitor has looked at it" in text for text in missing)
    for form in (Form.PDF, Form.HTML, Form.ZIP):
        assert (await made(catalog, caller, alone.arn, form)).file.content
    await catalog.write(caller, [delete(alone.arn)], operation="test")
    with pytest.raises(NotFoundError, match="is not there"):
        await made(catalog, caller, alone.arn, Form.PDF)
    again = await audit(catalog, caller, alone.arn, found.scope.when, form=Form.JSON)
    assert again.file == found.file


async def test_a_report_is_recorded_and_in_no_report(catalog: Catalog, caller: Caller, tmp_path: Path) -> None:
    story = await tell(catalog, caller)
    store = ArtifactStore(tmp_path / "artifacts")
    first = await made(catalog, caller, story.version, Form.HTML, artifacts=store)
    assert first.stored is not None
    kept, arn = first.stored
    assert store.read(kept.uri) == first.file.content
    entity = await catalog.entity(caller.account, arn)
    assert (entity.type, entity.source_uri) == (REPORT_TYPE, kept.uri)
    assert (entity.properties or {})["subject"] == await catalog.lineage_arn(story.version)
    when = await catalog.moment(caller.account)
    above = await walk(catalog.store, caller.account, [arn], Direction.ASCENDANTS, when, depth=1)
    assert {story.train, story.violation} <= {node.arn for node in above.nodes}
    later = document(await made(catalog, caller, story.version, Form.JSON))
    assert arn not in json.dumps(later)
    # The same question again finds the same report.
    await audit(catalog, caller, story.version, first.scope.when, form=Form.HTML, artifacts=store)
    assert (await catalog.moment(caller.account)).sequence == when.sequence
    assert (await verify_ledger(catalog.store, catalog.checkpoints, caller.account)).problem is None


async def test_who_may_only_read_gets_a_report_that_is_not_kept(
    catalog: Catalog, caller: Caller, tmp_path: Path
) -> None:
    story = await tell(catalog, caller)
    reader = replace(caller, role=Role.READER)
    before = await catalog.moment(caller.account)
    found = await made(catalog, reader, story.version, Form.HTML, artifacts=ArtifactStore(tmp_path / "artifacts"))
    assert found.stored is None
    assert found.file.content
    assert (await catalog.moment(caller.account)).sequence == before.sequence
    with pytest.raises(NotFoundError):
        await made(catalog, replace(reader, account="000000000001"), story.version, Form.HTML)


async def test_hostile_names_are_text(catalog: Catalog, caller: Caller) -> None:
    story = await tell(catalog, caller)
    page = (await made(catalog, caller, story.version, Form.HTML)).file.content.decode()
    assert "<img" not in page
    assert "&lt;img" in page
    assert "\u202e" not in page
    paper = text_of((await made(catalog, caller, story.version, Form.PDF)).file.content)
    assert squeezed("<img src=x onerror=") in paper
    zipped = zipfile.ZipFile(io.BytesIO((await made(catalog, caller, story.version, Form.CSV)).file.content))
    cells = [
        cell
        for name in zipped.namelist()
        if name.endswith(".csv")
        for row in csv.reader(io.StringIO(zipped.read(name).decode()))
        for cell in row
    ]
    assert any("<img" in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    assert HOSTILE.isprintable() is False


async def test_a_question_is_printed_and_bounded(catalog: Catalog, caller: Caller) -> None:
    story = await tell(catalog, caller)
    asked = "Why  did it run\nin March?"
    report = document(await made(catalog, caller, story.version, Form.JSON, question=asked))
    assert report["scope"]["question"] == "Why did it run in March?"
    with pytest.raises(InvalidError, match="501 characters"):
        await made(catalog, caller, story.version, Form.JSON, question="x" * 501)
    with pytest.raises(InvalidError, match="printable"):
        await made(catalog, caller, story.version, Form.JSON, question="a\x00b")


@pytest.fixture
async def file(catalog: Catalog, caller: Caller, tmp_path: Path) -> Path:
    """A whole report, as a zip."""
    story = await tell(catalog, caller)
    path = tmp_path / "audit.zip"
    path.write_bytes((await made(catalog, caller, story.version, Form.ZIP)).file.content)
    return path


def changed(path: Path, name: str, edit: Any) -> Path:
    """A copy of a zip in which one file is another, and the manifest is as it was."""
    with zipfile.ZipFile(path) as zipped:
        files = {each: zipped.read(each) for each in zipped.namelist()}
    files[name] = edit(files[name])
    return _zipped(path, files)


def _zipped(path: Path, files: dict[str, bytes]) -> Path:
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return target


def refitted(path: Path, edit: Any) -> Path:
    """A copy in which files are others and the manifest is made to fit, as somebody who cheats would."""
    with zipfile.ZipFile(path) as zipped:
        files = {each: zipped.read(each) for each in zipped.namelist()}
    edit(files)
    manifest = orjson.loads(files["manifest.json"])
    for each in manifest["files"]:
        each["sha256"] = hashlib.sha256(files[each["name"]]).hexdigest()
        each["bytes"] = len(files[each["name"]])
    files["manifest.json"] = orjson.dumps(manifest)
    return _zipped(path, files)


def forged(path: Path, edit: Any) -> Path:
    """A copy in which the excerpt says something else, everywhere where it stands, and all digests fit."""

    def everywhere(files: dict[str, bytes]) -> None:
        report = orjson.loads(files["report.json"])
        edit(report["ledger"])
        files["ledger.json"] = orjson.dumps(report["ledger"])
        files["report.json"] = orjson.dumps(report)

    return refitted(path, everywhere)


def rewritten(ledger: dict[str, Any]) -> None:
    """A revision says something else, its entry is made to fit, and the chain from there on is said to be too long."""
    revision = next(each for each in ledger["revisions"] if '"ana"' in each["body"])
    revision["body"] = revision["body"].replace('"ana"', '"eve"')
    sequence, leaf = int(revision["key"].split("/")[1]), revision["leaf"]
    content = revision_content(
        *(revision[name] for name in ("key", "arn", "operation", "replaces", "body", "valid_from", "valid_to"))
    )
    entry = next(each for each in ledger["entries"] if each["sequence"] == sequence)
    leaves = bytearray.fromhex(entry["leaves"])
    leaves[leaf * 32 : (leaf + 1) * 32] = bytes.fromhex(leaf_digest(revision["salt"], content))
    entry["leaves"] = leaves.hex()
    body = orjson.loads(entry["body"])
    body["root"] = merkle_root([bytes(leaves[at : at + 32]) for at in range(0, len(leaves), 32)])
    entry["body"] = canonical(body).decode()
    ledger["linked"] = False


async def test_a_whole_report_is_checked_without_a_database(catalog: Catalog, file: Path) -> None:
    found = verify(file, catalog.checkpoints.public_key())
    assert found.problem is None
    assert any("follow one another" in line for line in found.checked)
    assert found.checked[-1].endswith("is signed with the given key")
    with zipfile.ZipFile(file) as zipped:
        alone = file.with_name("report.json")
        alone.write_bytes(zipped.read("report.json"))
        names = zipped.namelist()
    assert {"manifest.json", "report.pdf", "report.html", "report.json", "ledger.json", "tables/associations.csv"} <= {
        *names
    }
    assert verify(alone).problem is None


async def test_what_was_tampered_with_is_found(file: Path) -> None:
    def body(ledger: dict[str, Any]) -> None:
        revision = next(each for each in ledger["revisions"] if "ana" in each["body"])
        revision["body"] = revision["body"].replace('"ana"', '"eve"')

    def entry(ledger: dict[str, Any]) -> None:
        ledger["entries"][1]["body"] = ledger["entries"][1]["body"].replace('"test"', '"tess"')

    def root(ledger: dict[str, Any]) -> None:
        first = next(each for each in ledger["entries"] if "leaves" in each)
        first["leaves"] = "00" * 32 + first["leaves"][64:]

    def cut(ledger: dict[str, Any]) -> None:
        ledger["entries"].pop(2)

    def head(ledger: dict[str, Any]) -> None:
        ledger["head"]["recorded"] += 1

    def signature(ledger: dict[str, Any]) -> None:
        ledger["signature"] = ledger["signature"][::-1]

    def revisions(ledger: dict[str, Any]) -> None:
        ledger["revisions"].pop()

    def shape(ledger: dict[str, Any]) -> None:
        ledger["entries"] = "none"

    for edit, problem in (
        (body, "the ledger says something else"),
        (entry, "does not follow the entry before it|is not the head|the chain does not end"),
        (root, "Merkle root"),
        (cut, "is missing|has no such change"),
        (head, "is not the head"),
        (signature, "is not signed"),
        (revisions, "the excerpt says nothing"),
        (shape, "damaged"),
    ):
        found = verify(forged(file, edit))
        assert found.problem is not None, edit.__name__
        assert re.search(problem, found.problem), (edit.__name__, found.problem)
    found = verify(changed(file, "report.pdf", lambda content: content + b" "))
    assert found.problem is not None
    assert "report.pdf was changed" in found.problem
    with zipfile.ZipFile(file) as zipped:
        files = {each: zipped.read(each) for each in zipped.namelist()}
    assert "no manifest" in (verify(_zipped(file, {"a": b""})).problem or "")
    less = {name: content for name, content in files.items() if name != "report.html"}
    assert "missing from the zip" in (verify(_zipped(file, less)).problem or "")
    assert "not in its manifest" in (verify(_zipped(file, {**files, "more": b""})).problem or "")
    half = _zipped(file, files)
    os.truncate(half, 5_000)
    assert "can't be read" in (verify(half).problem or "")


async def test_what_was_tampered_with_and_made_to_fit_is_found(catalog: Catalog, file: Path) -> None:
    def pdf(files: dict[str, bytes]) -> None:
        files["report.pdf"] = b"%PDF-1.7 all of it was approved"

    def table(files: dict[str, bytes]) -> None:
        files["tables/associations.csv"] += b"more\n"

    def sentence(files: dict[str, bytes]) -> None:
        report = orjson.loads(files["report.json"])
        section = next(each for each in report["sections"] if each["heading"] == "What is missing")
        section["parts"] = [
            {"kind": "paragraph", "text": "Nothing that this report looks for is missing.", "sources": []}
        ]
        files["report.json"] = orjson.dumps(report)
        file.with_name("alone.json").write_bytes(files["report.json"])

    key = catalog.checkpoints.public_key()
    for given in (key, None):
        for edit, problem in (
            (pdf, r"manifest\.json was changed"),
            (table, r"manifest\.json was changed"),
            (sentence, "the report was changed"),
        ):
            assert re.match(problem, verify(refitted(file, edit), given).problem or ""), (edit.__name__, given)
        assert "the report was changed" in (verify(file.with_name("alone.json"), given).problem or "")
        found = verify(forged(file, rewritten), given).problem or ""
        assert re.search("does not follow the entry before it|is not the head|the chain does not end", found)


async def test_tables_alone_are_signed(catalog: Catalog, caller: Caller, tmp_path: Path) -> None:
    story = await tell(catalog, caller)
    path = tmp_path / "tables.zip"
    path.write_bytes((await made(catalog, caller, story.version, Form.CSV)).file.content)
    key = catalog.checkpoints.public_key()
    assert verify(path, key).problem is None
    assert "is not signed with" in (verify(path, "AAAA").problem or "")
    edited = refitted(path, lambda files: files.update({"tables/associations.csv": b"none"}))
    assert "manifest.json was changed" in (verify(edited, key).problem or "")


async def test_a_wrong_key_and_what_is_no_report(file: Path, tmp_path: Path) -> None:
    found = verify(file, "AAAA")
    assert found.problem is not None
    assert "is not signed with the public key AAAA" in found.problem
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")
    with pytest.raises(InvalidError, match="checked by the zip"):
        verify(tmp_path / "x.pdf")
    with pytest.raises(InvalidError, match="No such file"):
        verify(tmp_path / "none.zip")
    (tmp_path / "x.json").write_text("{")
    assert "is no JSON" in (verify(tmp_path / "x.json").problem or "")
