"""Captured records and their labels: in files, in the graph, on both databases."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.errors import InvalidError, NotFoundError
from graph.lineage import Direction, walk
from monitors import merges
from monitors.capture.labels import labels
from monitors.capture.layout import hour_of_path, names, time_of
from monitors.reading import Reading
from tests.monitors.capture.recorded import HOUR, record, truth, written


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


def test_more_events_than_a_statement_takes() -> None:
    with labels() as known:
        known.put((f"e{n}", b"1") for n in range(70_000))
        known.put([("e5", b"2")])
        found = known.take(f"e{n}" for n in range(60_000))
        assert (len(found), found["e5"], known.count, known.unused, known.given) == (
            60_000,
            b"2",
            70_000,
            10_000,
            70_001,
        )


def test_places_and_times() -> None:
    assert hour_of_path(f"s3://bucket/x/{HOUR}/12-00-000-a.jsonl") == hour_of_path(f"/srv/{HOUR}/b")
    for other in ("a/b/2026/13/01/07/x.jsonl", "a/b/2026/03/01/x.jsonl", "../../2026/03/01/07/x.jsonl", "x.jsonl"):
        assert hour_of_path(other) is None
    assert names("a", "b-1") == ("a", "b-1")
    plain, zoned = (
        {"eventMetadata": {"inferenceTime": text}} for text in ("2026-03-01T07:00:00", "2026-03-01T09:00:00+02:00")
    )
    assert time_of(plain) == time_of(zoned)
    assert time_of({"eventMetadata": {"inferenceTime": "soon"}}) is None
