"""Captured records and their labels: in files, in the graph, on both databases."""

from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.errors import ConflictError, InvalidError, NotFoundError
from graph.lineage import Direction, walk
from monitors import merges
from monitors.analysis import json_lines
from monitors.analysis.broken import BrokenLines
from monitors.analysis.files import File
from monitors.analysis.lines import Piece
from monitors.capture import batches
from monitors.capture.labels import SCHEMA, labels
from monitors.capture.layout import hour_of_path, names, time_at, time_of
from monitors.capture.merging import Counts, Merge, gather
from monitors.capture.truth import read_labels
from monitors.reading import Reading
from tests.monitors.capture.recorded import HOUR, lines, record, truth, written


def read(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


async def test_labels_that_come_late_give_a_new_result_derived_from_the_one_before(
    catalog: Catalog, account: str, tmp_path: Path
) -> None:
    caller = Caller(account, "tests", "tests", Role.ADMIN)
    records = [
        record("1,2", "0.5", event="e0", inference="own-0"),
        *(record("3,4", "0.1", event=f"e{n}") for n in (1, 2)),
    ]
    written(tmp_path / "data", f"{HOUR}/12-00-000-a.jsonl", *records)
    written(tmp_path / "data", "shop/AllTraffic/2026/03/01/08/00-00-000-b.jsonl", record("5,6", "0.9", event="e3"))
    labelled = [truth("own-0", "1"), truth("e0", "never"), truth("e1", "0"), truth("e1", "1") | {"extra": 1}]
    written(tmp_path / "truth", "2026/03/02/00/a.jsonl", *labelled)

    async def merge() -> merges.Merged:
        return await merges.merge(catalog, caller, tmp_path / "data", tmp_path / "truth", tmp_path / "out")

    first = await merge()
    hour = tmp_path / "out/merge" / HOUR
    assert (first.folder, len(first.parts)) == (hour, 1)
    made = read(first.parts[0])
    assert [item["eventMetadata"] for item in made] == [item["eventMetadata"] for item in records[:2]]
    assert [item["captureData"] for item in made] == [item["captureData"] for item in records[:2]]
    assert [item["groundTruthData"] for item in made] == [{"data": "1", "encoding": "CSV"}] * 2
    counts = first.counts
    assert (counts.captured, counts.merged, counts.unlabelled) == (4, 2, 2)
    assert (counts.labels, counts.replaced, counts.unmatched) == (3, 1, 1)
    assert not (await merge()).created

    written(tmp_path / "truth", "2026/03/09/00/late.jsonl", truth("e2", "1"))
    second = await merge()
    assert second.created
    assert [path.name for path in hour.iterdir()] == [second.parts[0].name]
    assert len(read(second.parts[0])) == 3
    when = await catalog.moment(account)
    upstream = await walk(catalog.store, account, [second.data_arn], Direction.ASCENDANTS, when)
    arns = {node.arn for node in upstream.nodes}
    assert {first.data_arn, first.arn, second.arn} <= arns
    assert {"data", "truth"} <= {node.name for node in upstream.nodes}


async def test_names_stand_in_for_folders_and_hours_come_from_the_events(
    catalog: Catalog, account: str, tmp_path: Path
) -> None:
    caller = Caller(account, "tests", "tests", Role.ADMIN)
    late = record("1", "2", event="e1")
    late["eventMetadata"]["inferenceTime"] = "2026-03-02T01:59:59"
    written(tmp_path, "flat.jsonl", record("1", "2", event="e0"), late, {"captureData": {}})
    written(tmp_path, "truth.jsonl", truth("e0", "1"), truth("e1", "1"))

    async def merge(**named: Any) -> merges.Merged:
        room = (catalog, caller, tmp_path / "flat.jsonl", tmp_path / "truth.jsonl", tmp_path / "out")
        return await merges.merge(*room, reading=Reading(broken_share=0.2), **named)

    with pytest.raises(InvalidError, match="name the endpoint"):
        await merge()
    for wrong in ("../up", "", "a/b", "."):
        with pytest.raises(InvalidError, match="names no endpoint"):
            await merge(endpoint=wrong)
    made = await merge(endpoint="nightly")
    folders = [part.parent.relative_to(tmp_path / "out").as_posix() for part in made.parts]
    assert folders == ["merge/nightly/2026/03/01/07", "merge/nightly/2026/03/02/01"]
    assert made.counts.broken.examples[0].line == 3


async def test_nothing_is_left_behind_where_a_merge_fails(catalog: Catalog, account: str, tmp_path: Path) -> None:
    caller = Caller(account, "tests", "tests", Role.ADMIN)
    written(tmp_path / "data", f"{HOUR}/a.jsonl", *(record("1", "2", event=f"e{n}") for n in range(3)), {"odd": 1})
    written(tmp_path, "truth.jsonl", truth("e0", "1"))
    written(tmp_path, "others.jsonl", truth("x0", "1"))
    with pytest.raises(InvalidError, match=r"(?s)1 of 5 lines can't be read:.*a\.jsonl, line 4"):
        await merges.merge(catalog, caller, tmp_path / "data", tmp_path / "truth.jsonl", tmp_path / "out")
    asked = Reading(broken_share=0.5)
    with pytest.raises(NotFoundError, match="none of 3 captured records"):
        await merges.merge(
            catalog, caller, tmp_path / "data", tmp_path / "others.jsonl", tmp_path / "out", reading=asked
        )
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def of(*labels: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(labels, schema=SCHEMA, orient="row")


def test_of_several_labels_of_an_event_the_last_counts() -> None:
    with labels() as known:
        known.put(of(*((f"e{n}", "1") for n in range(70_000)), ("e6", "2")))
        known.put(of(("e5", "2")))
        known.put(of())
        found = known.take(pl.Series([f"e{n}" for n in range(60_000)]))
        assert (found.null_count(), found[4], found[5], found[6]) == (0, "1", "2", "2")
        assert (known.count, known.unused, known.given) == (70_000, 10_000, 70_002)
        assert known.take(pl.Series(["x", "e69999", "e5", "e69999"])).to_list() == [None, "1", "2", "1"]
        assert known.unused == 9_999
        with pytest.raises(ConflictError, match="after some were taken"):
            known.put(of(("late", "1")))
    with labels() as none:
        assert none.take(pl.Series(["a"])).to_list() == [None]
        assert (none.count, none.unused) == (0, 0)


def test_events_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    true = pl.Series.hash

    def poor(self: pl.Series, seed: int = 0) -> pl.Series:
        return true(self, seed) if seed else pl.Series([len(text) % 3 for text in self], dtype=pl.UInt64)

    monkeypatch.setattr(pl.Series, "hash", poor)
    with labels() as known:
        known.put(of(("a", "1"), ("b", "2"), ("a", "3"), ("dddd", "4")))
        assert known.take(pl.Series(["b", "a", "c", "dddd"])).to_list() == ["2", "3", None, "4"]
    with labels() as known:
        # One event a hash: there is nothing to tell apart but those that are asked for.
        known.put(of(("a", "1"), ("bb", "2"), ("a", "3")))
        assert known.take(pl.Series(["c", "bb", "a", "dddd"])).to_list() == [None, "2", "3", None]


def test_lines_of_any_kind_are_merged_alike(tmp_path: Path) -> None:
    """What is read at once and what is read record by record is the same; a number is no id, nor a label's data."""
    odd = [
        record("1,2", "0.5", event="{not json}"),
        record('"a\nb",2', '{"x": [1, {"y": "}"}]}', event='quo"te', encodings=("CSV", "JSON")),
        record("é,\u2028", "0.1", event="7", inference=""),
        record("1", "2", event="e3", inference="own"),
        record(None, "2", event="e4"),
        {"eventVersion": "0", **record("1", "2", event="e5")},
    ]
    events = [item["eventMetadata"].get("inferenceId") or item["eventMetadata"]["eventId"] for item in odd]
    truths = [truth(event, '{"a": "}"}') for event in events]
    truths[1]["groundTruthData"]["more"] = 1.5
    wrong = [
        {**record("1", "2"), "eventMetadata": {"eventId": 7}},
        {**record("1", "2"), "captureData": "text"},
        {**record("1", "2"), "captureData": None},
        {"captureData": {}},
    ]
    no_truths = [
        truth("e9", "1") | {"groundTruthData": {"data": 1}},
        truth("", "1"),
        truth("x", "1") | {"eventMetadata": {"eventId": 8}},
    ]
    made: dict[str, list[dict[str, object]]] = {}
    for kind, extra, more in (("at once", [], []), ("one by one", wrong, no_truths)):
        folder = tmp_path / kind
        written(folder / "data", f"{HOUR}/a.jsonl", *odd, *extra)
        written(folder / "truth", "a.jsonl", *truths, *more)
        counts, merge = Counts(), Merge(folder)
        reading = Reading(format="capture")
        with labels() as known:
            gather(reading.open(folder / "truth"), known, counts, lambda _: None)
            merge.write(reading.open(folder / "data"), known, counts, lambda _: None)
        assert (counts.captured, counts.merged, counts.labels, counts.unmatched) == (6, 6, 6, 0)
        assert counts.broken.count == len(extra) + len(more)
        (part,) = merge.finish()
        made[kind] = read(part)
        assert len(made[kind]) == 6
    assert made["at once"] == made["one by one"]
    for item, was, given in zip(made["at once"], odd, truths, strict=True):
        assert item == {**was, "groundTruthData": given["groundTruthData"]}


@pytest.mark.parametrize("kind", ["captured", "labels"])
def test_plain_lines_are_read_at_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lines, "records", lambda *_: pytest.fail("one by one"))
    of_kind = {"captured": [record("1,2", "3", event=str(n)) for n in range(3)]}
    of_kind["labels"] = [truth(str(n), "1") for n in range(3)]

    piece = Piece(lines(*of_kind[kind]), 5, 0)
    frame = getattr(batches, kind)(piece, File("a.jsonl", 1), BrokenLines())
    assert frame["event"].to_list() == ["0", "1", "2"]
    if kind == "captured":
        assert frame["number"].to_list() == [5, 6, 7]


def test_places_and_times() -> None:
    assert hour_of_path(f"s3://bucket/x/{HOUR}/12-00-000-a.jsonl") == hour_of_path(f"/srv/{HOUR}/b")
    for other in ("a/b/2026/13/01/07/x.jsonl", "a/b/2026/03/01/x.jsonl", "../../2026/03/01/07/x.jsonl", "x.jsonl"):
        assert hour_of_path(other) is None
    assert names("a", "b-1") == ("a", "b-1")
    assert time_at("2026-03-01T07:00:00") == time_at("2026-03-01T09:00:00+02:00")
    assert time_at("soon") is time_at(None) is time_of({"eventMetadata": {"inferenceTime": 3}}) is None


@pytest.mark.parametrize("depth", [260, 1_000])
def test_what_is_nested_deeper_than_is_written_is_told(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    told = b'{"eventId": "e0"}, "groundTruthData": {"data": "1", "more": %s}}' % deep
    label = b'{"eventMetadata": ' + told + b"\n"
    sent = b'{"captureData": {"endpointInput": {}, "more": %s}, "eventMetadata": {"eventId": "e0"}}\n' % deep
    # The second line has no plain form, so that lines are read one by one.
    odd_label, odd = b'{"eventMetadata": {"eventId": 1}}\n', b'{"captureData": 1}\n'
    for block, read_piece in ((label + odd_label, batches.labels), (sent + odd, batches.captured)):
        broken = BrokenLines()
        frame = read_piece(Piece(block, 1, len(block)), File("a.jsonl", 1), broken)
        assert frame.is_empty()
        assert [item.line for item in broken.examples] == [1, 2]
        assert broken.examples[0].reason == "it is nested more than 254 deep"
    with pytest.raises(InvalidError, match="label 1 can't be read: its label is nested more than 254 deep"):
        read_labels(b'{"inferenceId": "e0", "label": %s}' % deep)
