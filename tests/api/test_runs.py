"""What a monitor's run found, through GraphQL: of each monitor, from the files that the run left."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import pytest_asyncio
import skops.io
from sklearn.linear_model import LinearRegression

from graph.access import Caller, Role
from graph.artifacts import ArtifactStore
from graph.catalog import Catalog
from graph.reach import Policy
from monitors import attribution, bias, data_quality, findings, model_quality
from monitors.analysis.attribution import AttributionConfig
from monitors.analysis.bias import BiasConfig, Facet
from monitors.analysis.quality import QualityConfig
from monitors.predictors import load
from monitors.reading import Reading
from monitors.runs import Result
from tests.api.conftest import Service

FOUND = """query($run: ID!) { monitoringRun(run: $run) {
  job monitoringType violationCount
  execution { job } data { arn name } baseline { type } others { name }
  notices { __typename ... on DocumentText { text } }
  sections { heading level parts { __typename ... on DocumentFigure { svg alt table { columns rows } } } }
  violations { nodes { subject check description document entity { arn } column { arn name } } pageInfo { hasNextPage } }
} }"""
FEATURES = """query($run: ID!, $contains: String, $violating: Boolean! = false, $first: Int! = 2, $after: String) {
  monitoringRun(run: $run) { features(contains: $contains, violating: $violating, first: $first, after: $after) {
    nodes { name type violates distance threshold statistics { columns rows } figure { svg } column { name } }
    pageInfo { hasNextPage endCursor } } } }"""


@dataclass
class Bench:
    service: Service
    artifacts: ArtifactStore
    folder: Path

    @property
    def room(self) -> tuple[Catalog, ArtifactStore, Caller]:
        caller = Caller(self.service.account, "ana", "test", Role.WRITER)
        return self.service.catalog, self.artifacts, caller

    def save(self, name: str, frame: pl.DataFrame) -> Path:
        frame.write_parquet(self.folder / name)
        return self.folder / name

    def people(self, name: str, *, worse: bool = False) -> Path:
        rng = np.random.default_rng(7)
        chance, sex = rng.random(800), rng.choice(["f", "m"], 800)
        shown = np.where(sex == "f", chance / 2, chance) if worse else chance
        label = (rng.random(800) < chance).astype(int)
        return self.save(name, pl.DataFrame({"label": label, "said": (shown > 0.5) * 1, "p": shown, "sex": sex}))

    async def found(self, result: Result) -> Any:
        """What GraphQL says of a run, checked against what the run itself returned."""
        run = (await self.service.data(FOUND, run=result.arn))["monitoringRun"]
        assert run["job"] == result.job
        assert [entity["arn"] for entity in run["data"]] == [result.data_arn]
        named = [violation["entity"]["arn"] for violation in run["violations"]["nodes"]]
        assert (run["violationCount"], named) == (len(named), list(result.violation_arns))
        return run


@pytest_asyncio.fixture
async def bench(service: Service, tmp_path: Path) -> Bench:
    return Bench(service, ArtifactStore(service.settings.artifact_location), tmp_path)


def figures(run: Any) -> list[Any]:
    return [part for section in run["sections"] for part in section["parts"] if part["__typename"] == "DocumentFigure"]


def spoil(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"50", b"51"))


async def test_data_quality_feature_by_feature(bench: Bench) -> None:
    rows = pl.DataFrame({"same": [1.5] * 400, "age": list(range(400)), "town": ["a", "b"] * 200, "secret": ["x"] * 400})
    later = rows.with_columns(pl.col("age") + 300, pl.lit("<c>").alias("town"))
    reading = Reading(sensitive=frozenset({"secret"}))
    made = await data_quality.baseline(*bench.room, bench.save("train.parquet", rows), reading=reading)
    run = await data_quality.run(*bench.room, bench.save("later.parquet", later), made.arn, reading=reading)
    told = await bench.found(run)
    assert told["monitoringType"] == "DATA_QUALITY"
    assert {entity["type"] for entity in told["baseline"]} == {"Constraints", "Statistics"}
    assert [row["subject"] for row in told["violations"]["nodes"]] == [item.feature_name for item in run.violations]
    assert {row["column"]["name"] for row in told["violations"]["nodes"]} == {"age", "town"}
    assert told["violations"]["nodes"][0]["document"]["observed"] == run.violations[0].observed
    assert "2 of 3 violate" in figures(told)[0]["alt"]

    first = (await bench.service.data(FEATURES, run=run.arn))["monitoringRun"]["features"]
    assert {feature["name"] for feature in first["nodes"]} == {"age", "town"}
    assert all(feature["violates"] and feature["column"] for feature in first["nodes"])
    age = next(feature for feature in first["nodes"] if feature["name"] == "age")
    said = {name: (now, before) for name, now, before in age["statistics"]["rows"]}
    assert age["distance"] == pytest.approx(0.75)
    assert said["Median"] == ("499", "199")
    assert said["Greatest"] == ("699", "399")
    assert said["Missing"] == ("0 %", "0 %")
    assert "<c>" not in "".join(feature["figure"]["svg"] for feature in first["nodes"])
    after = first["pageInfo"]["endCursor"]
    rest = (await bench.service.data(FEATURES, run=run.arn, after=after))["monitoringRun"]["features"]
    assert [feature["name"] for feature in rest["nodes"]] == ["same", "secret"]
    assert rest["pageInfo"]["hasNextPage"] is False
    hidden = rest["nodes"][1]
    assert (hidden["figure"], [row[0] for row in hidden["statistics"]["rows"]]) == (
        None,
        ["Values", "Missing", "Different values"],
    )
    only = await bench.service.data(FEATURES, run=run.arn, contains="AG", violating=True)
    assert [feature["name"] for feature in only["monitoringRun"]["features"]["nodes"]] == ["age"]
    assert (await bench.service.ask(FEATURES, run=run.arn, first=501)).code == "INVALID"
    # A cursor of another list is no cursor of this one.
    assert (await bench.service.ask(FEATURES, run=made.arn, after=after)).code == "INVALID"
    baseline = await bench.found(made)
    assert (baseline["baseline"], baseline["violationCount"]) == ([], 0)


async def test_model_quality_with_confusions_and_curves(bench: Bench) -> None:
    config = QualityConfig("BinaryClassification", "label", prediction="said", probability="p", segments=("sex",))
    made = await model_quality.baseline(*bench.room, bench.people("train.parquet"), config)
    run = await model_quality.run(*bench.room, bench.people("later.parquet", worse=True), made.arn)
    told = await bench.found(run)
    assert told["monitoringType"] == "MODEL_QUALITY"
    assert told["violations"]["nodes"][0]["subject"] == run.violations[0].metric_name
    headings = [section["heading"] for section in told["sections"]]
    assert headings == ["Metrics", "Confusions and curves", "Segments"]
    alts = [figure["alt"] for figure in figures(told)]
    for begin in (
        "Metrics and their thresholds",
        "Confusion matrix",
        "ROC curve",
        "Precision over recall",
        "Calibration",
    ):
        assert any(alt.startswith(begin) for alt in alts), begin
    features = (await bench.service.data(FEATURES, run=run.arn))["monitoringRun"]["features"]
    assert features["nodes"] == []


async def test_bias_by_facet_with_its_bounds(bench: Bench) -> None:
    config = BiasConfig("label", (1,), (Facet("sex", ("f",)),), predicted_label="said")
    made = await bias.baseline(*bench.room, bench.people("train.parquet"), config)
    later = bench.people("later.parquet", worse=True)
    run = await bias.run(*bench.room, later, made.arn, tolerance=0.02)
    told = await bench.found(run)
    assert told["monitoringType"] == "MODEL_BIAS"
    assert told["violations"]["nodes"][0]["column"]["name"] == "sex"
    after = next(figure for figure in figures(told) if "after training" in figure["alt"])
    names = [row[0] for row in after["table"]["rows"] if row[-1] == "yes"]
    assert {item.metric_name for item in run.violations if item.stage == "post_training"} == {
        "DI" if name == "ln DI" else name for name in names
    }
    bound = dict(zip(after["table"]["columns"], after["table"]["rows"][0], strict=True))["threshold"]
    assert bound != "–"


async def test_attributions_with_their_ranks(bench: Bench) -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    skops.io.dump(LinearRegression().fit(x, x @ [4.0, 2.0, 0.1]), bench.folder / "m.skops")
    predictor = load(Policy(local_user=True), bench.service.account, str(bench.folder / "m.skops"))

    def students(name: str, spread: tuple[float, ...]) -> Path:
        drawn = np.random.default_rng(1).normal(size=(200, 3)) * spread
        return bench.save(name, pl.DataFrame(drawn, schema=["sat", "gpa", "rank"]))

    config = AttributionConfig(clusters=2, seed=3, most_rows=100)
    made = await attribution.baseline(*bench.room, students("train.parquet", (1, 1, 1)), predictor, config)
    run = await attribution.run(*bench.room, students("july.parquet", (0.01, 1, 60)), made.arn, predictor)
    told = await bench.found(run)
    assert told["monitoringType"] == "MODEL_EXPLAINABILITY"
    ranked = next(figure for figure in figures(told) if figure["alt"].startswith("Ranks of the features"))
    assert next(row[:3] for row in ranked["table"]["rows"]) == ["sat", "1", "3"]
    assert told["others"][0]["name"].startswith("m.skops")


async def test_what_is_no_run_or_can_not_be_read_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = bench.service.ask
    (context,) = await bench.service.contexts("live")
    assert (await ask(FOUND, run=context)).code == "INVALID"
    assert (await ask(FOUND, run=bench.service.arn("processing-job/gone"))).code == "NOT_FOUND"
    rows = pl.DataFrame({"age": list(range(50))})
    made = await data_quality.baseline(*bench.room, bench.save("train.parquet", rows))
    monkeypatch.setattr(findings, "LARGEST", 100)
    large = await ask(FOUND, run=made.arn)
    assert (large.code, "Open the file itself" in large.error["message"]) == ("TOO_EXPENSIVE", True)
    monkeypatch.undo()
    stored = made.files["statistics.json"][1]
    path = Path(stored.uri.removeprefix("file://"))
    spoil(path)
    assert (await ask(FOUND, run=made.arn)).code == "CONFLICT"
    path.unlink()  # noqa: ASYNC240  # a test's file
    assert (await ask(FOUND, run=made.arn)).code == "NOT_FOUND"
    # How it stands is told all the same.
    state = await bench.service.data(
        "query($run: ID!) { monitoringRun(run: $run) { component { status } } }", run=made.arn
    )
    assert state["monitoringRun"]["component"]["status"] == "COMPLETED"
