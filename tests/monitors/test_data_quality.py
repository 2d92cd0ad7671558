"""Data quality end to end: files in, results in the store, and exactly the right graph, on both databases."""

import asyncio
import hashlib
import os
import subprocess
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
import pytest_asyncio

from graph import history
from graph.access import Caller, Role
from graph.artifacts import ArtifactStore
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.commands import create_artifact, delete
from graph.entities import Kind
from graph.errors import ConflictError, InvalidError, NotFoundError
from graph.lineage import Direction, Lineage, walk
from graph.verification import verify
from monitors import data_quality
from monitors.analysis import parse_constraints, parse_statistics
from monitors.data_quality import DataResult
from monitors.records import MOST_VIOLATIONS

FOUND = [
    ("age", "non_negative_check"),
    ("age", "baseline_drift_check"),
    ("city", "categorical_values_check"),
    ("city", "baseline_drift_check"),
]


@dataclass
class Bench:
    """A monitor's surroundings: graph, store and a folder of data."""

    catalog: Catalog
    artifacts: ArtifactStore
    caller: Caller
    folder: Path

    async def baseline(self, data: str | Path, **options: Any) -> DataResult:
        return await data_quality.baseline(self.catalog, self.artifacts, self.caller, data, **options)

    async def run(self, data: str | Path, baseline: str, **options: Any) -> DataResult:
        return await data_quality.run(self.catalog, self.artifacts, self.caller, data, baseline, **options)

    async def cone(self, arn: str, direction: Direction) -> Lineage:
        when = await self.catalog.moment(self.caller.account)
        return await walk(self.catalog.store, self.caller.account, [arn], direction, when)

    async def sequence(self) -> int:
        return (await history.head(self.catalog.store, self.caller.account)).sequence

    def csv(self, name: str, **columns: list[Any]) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(columns).write_csv(path)
        return path

    def train(self) -> Path:
        return self.csv("train.csv", age=[20, 30, 40] * 50, city=["Oslo", "Rome", "Bern"] * 50)

    def july(self) -> Path:
        return self.csv("july.csv", age=[-20, 30, 40] * 50, city=["Oslo", "Rome", "Wien"] * 50)


@pytest_asyncio.fixture
async def bench(catalog: Catalog, caller: Caller, tmp_path: Path) -> AsyncIterator[Bench]:
    yield Bench(catalog, ArtifactStore(tmp_path / "artifacts"), caller, tmp_path / "data")
    assert (await verify(catalog.store, None, caller.account)).problem is None


def kinds(found: Lineage) -> list[str]:
    """What an answer holds, by type and name, without what tells one run from another."""
    return sorted(
        f"{node.type} {node.name}"
        if node.kind is Kind.ARTIFACT
        else f"{node.type} {node.name.split('-aws-')[0].rsplit('-', 1)[0]}"
        for node in found.nodes
    )


def short(path: Path) -> str:
    return f"{path.name}@{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def manifest_digest(folder: Path, *names: str) -> str:
    """The digest of what coreutils print for some files."""
    printed = subprocess.run(["sha256sum", *names], cwd=folder, check=True, capture_output=True).stdout
    return hashlib.sha256(printed).hexdigest()


def replace(path: Path, old: bytes, new: bytes) -> None:
    path.write_bytes(path.read_bytes().replace(old, new))


async def test_a_baseline_is_two_files_of_one_job(bench: Bench) -> None:
    data = bench.train()
    made = await bench.baseline(data)
    assert made.created
    statistics = parse_statistics(bench.artifacts.read(made.files["statistics.json"][1].uri))
    constraints = parse_constraints(bench.artifacts.read(made.files["constraints.json"][1].uri))
    assert statistics.features["age"].numerical is not None
    assert statistics.features["age"].numerical.mean == 30.0
    assert constraints.features["city"].domains is not None
    assert set(constraints.features["city"].domains) == {"Oslo", "Rome", "Bern"}
    job = await bench.catalog.entity(bench.caller.account, made.arn)
    assert (job.kind, job.type, job.status) == (Kind.TRIAL_COMPONENT, "SageMakerProcessingJob", "COMPLETED")
    assert job.arn.endswith(f"/{made.job}-aws-processing-job")
    assert job.resource_arn == bench.catalog.place(bench.caller.account).arn(f"processing-job/{made.job}")
    assert await bench.catalog.lineage_arn(job.resource_arn or "") == job.arn
    assert job.started_at is not None
    assert job.started_at <= (job.ended_at or 0)
    upstream = await bench.cone(made.files["constraints.json"][0], Direction.ASCENDANTS)
    assert kinds(upstream) == sorted(
        [
            "Constraints constraints.json",
            "SageMakerProcessingJob data-quality-baseline",
            f"DataSet {short(data)}",
            "DataSet train.csv",
        ]
    )


async def test_a_run_attaches_what_it_found(bench: Bench) -> None:
    train, july = bench.train(), bench.july()
    learnt = await bench.baseline(train)
    result = await bench.run(july, learnt.arn)
    assert [(found.feature_name, found.constraint_check_type) for found in result.violations] == FOUND
    document = orjson.loads(bench.artifacts.read(result.files["constraint_violations.json"][1].uri))
    assert [item["feature_name"] for item in document["violations"]] == [v.feature_name for v in result.violations]
    arn = next(
        arn
        for arn, found in zip(result.violation_arns, result.violations, strict=True)
        if found.constraint_check_type == "non_negative_check"
    )
    violation = await bench.catalog.entity(bench.caller.account, arn)
    file = result.files["constraint_violations.json"][1].uri
    assert (violation.type, violation.source_uri) == ("Violation", f"{file}#age/non_negative_check")
    assert violation.properties is not None
    assert violation.properties["expected"] == "0"
    assert float(violation.properties["observed"]) == -20
    assert violation.properties["threshold"] == "0.0"
    assert violation.properties["sample_size"] == "150"
    assert "description" in violation.properties
    upstream = await bench.cone(arn, Direction.ASCENDANTS)
    assert kinds(upstream) == sorted(
        [
            "Violation age non_negative_check",
            "Column age",
            "Violations constraint_violations.json",
            "SageMakerProcessingJob data-quality",
            f"DataSet {short(july)}",
            "DataSet july.csv",
            "Constraints constraints.json",
            "Statistics statistics.json",
            "SageMakerProcessingJob data-quality-baseline",
            f"DataSet {short(train)}",
            "DataSet train.csv",
        ]
    )
    edges = {
        (names[edge.source], edge.association, names[edge.destination])
        for names in [{node.arn: node.name.split("@")[0].split("-aws-")[0] for node in upstream.nodes}]
        for edge in upstream.edges
    }
    assert edges == {
        ("july.csv", AssociationType.SAME_AS, "july.csv"),
        ("july.csv", AssociationType.CONTRIBUTED_TO, result.job),
        ("july.csv", AssociationType.DERIVED_FROM, "age"),
        ("age", AssociationType.CONTRIBUTED_TO, "age non_negative_check"),
        ("constraints.json", AssociationType.CONTRIBUTED_TO, result.job),
        ("statistics.json", AssociationType.CONTRIBUTED_TO, result.job),
        (result.job, AssociationType.PRODUCED, "constraint_violations.json"),
        ("constraint_violations.json", AssociationType.DERIVED_FROM, "age non_negative_check"),
        (learnt.job, AssociationType.PRODUCED, "constraints.json"),
        (learnt.job, AssociationType.PRODUCED, "statistics.json"),
        ("train.csv", AssociationType.CONTRIBUTED_TO, learnt.job),
        ("train.csv", AssociationType.SAME_AS, "train.csv"),
    }


async def test_the_same_again_changes_nothing(bench: Bench) -> None:
    learnt = await bench.baseline(bench.train())
    first = await bench.run(bench.july(), learnt.arn)
    before = await bench.sequence()
    again = await bench.baseline(bench.train())
    assert (again.arn, again.files, again.created) == (learnt.arn, learnt.files, False)
    second = await bench.run(bench.july(), again.files["constraints.json"][0])
    assert (second.arn, second.violation_arns, second.created) == (first.arn, first.violation_arns, False)
    assert await bench.sequence() == before


async def test_other_inputs_are_another_run(bench: Bench) -> None:
    learnt = await bench.baseline(bench.train())
    run = await bench.run(bench.train(), learnt.arn)
    assert run.violations == ()
    assert run.arn != (await bench.run(bench.train(), learnt.arn, name="nightly")).arn
    other = await bench.baseline(bench.train(), name="other-baseline")
    assert run.arn != (await bench.run(bench.train(), other.arn)).arn


async def test_a_model_leads_to_the_violations(bench: Bench) -> None:
    place = bench.catalog.place(bench.caller.account)
    resource = place.arn("model/churn")
    model = create_artifact(place, resource, type="Model", name="churn", resource_arn=resource)
    await bench.catalog.write(bench.caller, [model], operation="test")
    learnt = await bench.baseline(bench.train())
    result = await bench.run(bench.july(), learnt.arn, model=resource)
    below = {node.arn for node in (await bench.cone(model.arn, Direction.DESCENDANTS)).nodes}
    assert set(result.violation_arns) <= below
    assert result.arn in below
    without = await bench.run(bench.july(), learnt.arn)
    assert without.arn not in below
    assert not set(without.violation_arns) & below


async def test_runs_with_the_same_result_have_their_own_upstream(bench: Bench) -> None:
    learnt = await bench.baseline(bench.train())
    june = bench.csv("june.csv", age=[20, 30, 40] * 50)
    same = bench.csv("same.csv", age=[40, 30, 20] * 50)
    first, second = await bench.run(june, learnt.arn), await bench.run(same, learnt.arn)
    names = "constraint_violations.json"
    assert first.files[names][1] == second.files[names][1]
    assert first.files[names][0] != second.files[names][0]
    upstream = {node.arn for node in (await bench.cone(first.violation_arns[0], Direction.ASCENDANTS)).nodes}
    assert first.data_arn in upstream
    assert second.data_arn not in upstream


async def test_changed_data_is_new_content(bench: Bench) -> None:
    learnt = await bench.baseline(bench.train())
    first = await bench.run(bench.csv("live.csv", age=[-1] * 150, city=["Oslo"] * 150), learnt.arn)
    second = await bench.run(bench.csv("live.csv", age=[-2] * 150, city=["Rome"] * 150), learnt.arn)
    assert first.data_arn != second.data_arn
    below = {node.arn for node in (await bench.cone(first.data_arn, Direction.DESCENDANTS)).nodes}
    assert second.data_arn in below
    above = {node.arn for node in (await bench.cone(first.violation_arns[0], Direction.ASCENDANTS)).nodes}
    assert second.data_arn not in above


async def test_a_folder_and_a_pattern_have_the_digest_of_their_manifest(bench: Bench) -> None:
    bench.csv("parts/a.csv", x=[1, 2])
    bench.csv("parts/deep/b.csv", x=[3])
    (bench.folder / "parts" / "_SUCCESS").write_text("")
    folder = bench.folder / "parts"
    expected = f"sha256:{manifest_digest(folder, 'a.csv', 'deep/b.csv')}"
    by_folder = await bench.baseline(folder)
    by_pattern = await bench.baseline(f"{folder}/**/*.csv")
    for made, uri in ((by_folder, folder.as_uri()), (by_pattern, f"{folder.as_uri()}/**/*.csv")):
        entity = await bench.catalog.entity(bench.caller.account, made.data_arn)
        assert entity.source_types == (("Custom", expected),)
        assert entity.source_uri == uri
    assert by_folder.statistics.item_count == 3


async def test_own_constraints_are_a_baseline_of_their_own(bench: Bench) -> None:
    suggested = await bench.baseline(bench.train())
    document = orjson.loads(bench.artifacts.read(suggested.files["constraints.json"][1].uri))
    document["monitoring_config"]["evaluate_constraints"] = "Disabled"
    own = await bench.baseline(bench.train(), constraints=orjson.dumps(document))
    assert own.arn != suggested.arn
    for feature in document["features"]:
        feature["monitoring_config_overrides"] = {"evaluate_constraints": "Disabled"}
    quiet = await bench.baseline(bench.train(), constraints=orjson.dumps(document))
    assert (await bench.run(bench.july(), quiet.arn)).violations == ()
    with pytest.raises(InvalidError, match="not JSON"):
        await bench.baseline(bench.train(), constraints=b"{")


async def test_what_is_no_baseline_is_refused(bench: Bench) -> None:
    learnt = await bench.baseline(bench.train())
    run = await bench.run(bench.july(), learnt.arn)
    for arn in (learnt.data_arn, run.arn, run.files["statistics.json"][0]):
        with pytest.raises(InvalidError, match="is no baseline"):
            await bench.run(bench.july(), arn)
    with pytest.raises(NotFoundError):
        await bench.run(bench.july(), bench.catalog.place(bench.caller.account).arn("artifact/absent"))
    with pytest.raises(InvalidError, match="not an ARN"):
        await bench.run(bench.july(), "baseline")
    with pytest.raises(NotFoundError):
        await bench.run(bench.july(), learnt.arn, model=bench.catalog.place(bench.caller.account).arn("model/absent"))
    stranger = Caller(f"{int(bench.caller.account) ^ 1:012d}", "tester", "test", Role.WRITER)
    with pytest.raises(NotFoundError):
        await data_quality.run(bench.catalog, bench.artifacts, stranger, bench.july(), learnt.arn)


async def test_a_damaged_or_lost_baseline_is_named(bench: Bench) -> None:
    learnt = await bench.baseline(bench.train())
    path = Path(learnt.files["constraints.json"][1].uri.removeprefix("file://"))
    replace(path, b"Oslo", b"Bonn")
    with pytest.raises(ConflictError, match="changed or damaged"):
        await bench.run(bench.july(), learnt.arn)
    os.unlink(path)  # noqa: PTH108
    with pytest.raises(NotFoundError, match=r"constraints.json"):
        await bench.run(bench.july(), learnt.arn)
    gone = delete(learnt.files["constraints.json"][0], cascade="ASSOCIATIONS")
    await bench.catalog.write(bench.caller, [gone], operation="test")
    with pytest.raises(InvalidError, match="is no baseline"):
        await bench.run(bench.july(), learnt.arn)


async def test_bad_data_leaves_nothing_behind(bench: Bench) -> None:
    bench.folder.mkdir(parents=True)
    (bench.folder / "empty.csv").write_bytes(b"")
    (bench.folder / "noise.parquet").write_bytes(bytes(range(256)) * 9)
    for name, error in (("absent.csv", NotFoundError), ("empty.csv", InvalidError), ("noise.parquet", InvalidError)):
        with pytest.raises(error, match=name):
            await bench.baseline(bench.folder / name)
    for name in ("", "-x", "a b", "x" * 47):
        with pytest.raises(InvalidError, match="name"):
            await bench.baseline(bench.train(), name=name)
    assert await bench.sequence() == 0
    assert not list((bench.folder.parent / "artifacts").rglob("*.json"))


async def test_data_that_changes_while_it_is_read_is_refused(bench: Bench) -> None:
    data = bench.train()

    def meddle(stage: str, done: int, total: int) -> None:
        if stage == "profile":
            with data.open("a") as file:
                file.write("1,Oslo\n")

    with pytest.raises(ConflictError, match="changed while it was read"):
        await bench.baseline(data, on_progress=meddle)
    assert await bench.sequence() == 0


async def test_a_cancelled_run_stops_reading(bench: Bench) -> None:
    data = bench.csv("long.csv", x=list(range(1_000_000)))
    loop, begun, calls = asyncio.get_running_loop(), asyncio.Event(), 0

    def slow(stage: str, done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        loop.call_soon_threadsafe(begun.set)
        time.sleep(0.05)

    task = asyncio.create_task(bench.baseline(data, on_progress=slow))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.3)
    assert calls <= 2
    assert await bench.sequence() == 0


async def test_odd_column_names(bench: Bench) -> None:
    names = ["a b", "#/x", "ü✓", "x" * 2000, "tab\tname", "", "line\nbreak", "null"]
    columns: dict[str, list[Any]] = {name: [1, 2, 3] * 50 for name in names}
    learnt = await bench.baseline(bench.csv("odd.csv", **columns))
    result = await bench.run(bench.csv("worse.csv", **{name: [-1] * 150 for name in names}), learnt.arn)
    assert {found.feature_name for found in result.violations} == set(names)
    assert len(set(result.violation_arns)) == len(result.violations) == len(result.violation_arns)
    for arn in result.violation_arns:
        upstream = await bench.cone(arn, Direction.ASCENDANTS)
        assert [node.type for node in upstream.nodes].count("Column") == 1


async def test_very_many_violations_stay_one_transaction(bench: Bench) -> None:
    learnt = await bench.baseline(bench.csv("narrow.csv", a=[1, 2, 3]))
    wide = bench.csv("wide.csv", a=[1, 2, 3], **{f"c{number}": [1, 2, 3] for number in range(MOST_VIOLATIONS + 100)})
    before = await bench.sequence()
    result = await bench.run(wide, learnt.arn)
    assert len(result.violations) == MOST_VIOLATIONS + 100
    assert len(result.violation_arns) == MOST_VIOLATIONS
    assert await bench.sequence() == before + 1
    document = orjson.loads(bench.artifacts.read(result.files["constraint_violations.json"][1].uri))
    assert len(document["violations"]) == MOST_VIOLATIONS + 100
