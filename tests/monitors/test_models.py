"""Model quality and bias end to end: files in, results in the store, and exactly the right graph, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
import pytest_asyncio

from graph.access import Caller
from graph.artifacts import ArtifactStore
from graph.catalog import Catalog
from graph.commands import create_artifact
from graph.errors import InvalidError, NotFoundError
from graph.lineage import Direction, walk
from graph.verification import verify
from monitors import bias, data_quality, model_quality
from monitors.analysis.bias import BiasConfig, Facet, parse_analysis
from monitors.analysis.quality import QualityConfig, parse_quality_statistics, quality_statistics

QUALITY = QualityConfig("BinaryClassification", "label", prediction="said", probability="p", segments=("sex",))
BIAS = BiasConfig("label", (1,), (Facet("sex", ("f",)),), predicted_label="said", excluded=("label",))


@dataclass
class Bench:
    """A monitor's surroundings."""

    catalog: Catalog
    artifacts: ArtifactStore
    caller: Caller
    folder: Path

    def predictions(self, name: str, *, worse: bool = False) -> Path:
        """Predictions of a calibrated model; of a worse one that refuses women."""
        rng = np.random.default_rng(7)
        chance = rng.random(1_500)
        label = rng.random(1_500) < chance
        sex = rng.choice(["f", "m"], 1_500)
        shown = np.where(sex == "f", chance / 2, chance) if worse else chance
        self.folder.mkdir(exist_ok=True)
        path = self.folder / name
        frame = pl.DataFrame({"label": label.astype(int), "said": (shown > 0.5).astype(int), "p": shown, "sex": sex})
        frame.write_csv(path) if name.endswith("csv") else frame.write_parquet(path)
        return path

    async def upstream(self, arn: str) -> set[str]:
        when = await self.catalog.moment(self.caller.account)
        found = await walk(self.catalog.store, self.caller.account, [arn], Direction.ASCENDANTS, when)
        return {f"{node.type} {node.name}".split("-aws-")[0] for node in found.nodes}


@pytest_asyncio.fixture
async def bench(catalog: Catalog, caller: Caller, tmp_path: Path) -> AsyncIterator[Bench]:
    yield Bench(catalog, ArtifactStore(tmp_path / "artifacts"), caller, tmp_path / "data")
    assert (await verify(catalog.store, None, caller.account)).problem is None


async def test_model_quality(bench: Bench) -> None:
    room = (bench.catalog, bench.artifacts, bench.caller)
    train, july = bench.predictions("train.csv"), bench.predictions("july.parquet", worse=True)
    made = await model_quality.baseline(*room, train, QUALITY)
    files = {name: bench.artifacts.read(stored.uri) for name, (_, stored) in made.recorded.files.items()}
    assert set(files) == {"analysis_config.json", "statistics.json", "constraints.json"}
    # What lies in the store is what the analysis says of the frame itself, although CSV gives texts.
    expected = quality_statistics(pl.read_csv(train), QUALITY)
    assert parse_quality_statistics(files["statistics.json"]).metrics == expected.metrics
    model = create_artifact(bench.catalog.place(bench.caller.account), "s3://models/1", name="model", type="Model")
    await bench.catalog.write(bench.caller, [model], operation="test")
    quiet = await model_quality.run(*room, train, made.recorded.arn)
    assert quiet.violations == ()
    loud = await model_quality.run(*room, july, made.recorded.files["constraints.json"][0], model=model.arn)
    assert {"recall", "auc", "accuracy"} <= {violation.metric_name for violation in loud.violations}
    assert len(loud.recorded.violation_arns) == len(loud.violations)
    document = orjson.loads(bench.artifacts.read(loud.recorded.files["constraint_violations.json"][1].uri))
    assert [item["metric_name"] for item in document["violations"]] == [v.metric_name for v in loud.violations]
    arn = loud.recorded.violation_arns[[v.metric_name for v in loud.violations].index("recall")]
    upstream = await bench.upstream(arn)
    assert {"DataSet train.csv", "DataSet july.parquet", "Model model", "Column said", "Column label"} <= upstream
    assert f"SageMakerProcessingJob {loud.recorded.job}" in upstream
    violation = await bench.catalog.entity(bench.caller.account, arn)
    assert violation.name == "recall LessThanThreshold"
    again = await model_quality.run(*room, july, made.recorded.arn, model=model.arn)
    assert (again.recorded.arn, again.recorded.created) == (loud.recorded.arn, False)


async def test_bias(bench: Bench) -> None:
    room = (bench.catalog, bench.artifacts, bench.caller)
    train, july = bench.predictions("train.csv"), bench.predictions("july.csv", worse=True)
    made = await bias.baseline(*room, train, BIAS, replicates=50)
    assert set(made.recorded.files) == {"analysis_config.json", "analysis.json"}
    stored = parse_analysis(bench.artifacts.read(made.recorded.files["analysis.json"][1].uri))
    assert stored == made.report
    assert (await bias.run(*room, train, made.recorded.arn)).violations == ()
    loud = await bias.run(*room, july, made.recorded.files["analysis.json"][0])
    found = {violation.metric_name for violation in loud.violations}
    assert {"DI", "DPPL", "RD"} <= found
    assert not found & {"CI", "DPL", "KL"}
    literal = await bias.run(*room, july, made.recorded.arn, mode="aws")
    assert literal.recorded.arn != loud.recorded.arn
    assert "DI" not in {violation.metric_name for violation in literal.violations}
    arn = loud.recorded.violation_arns[[v.metric_name for v in loud.violations].index("DI")]
    upstream = await bench.upstream(arn)
    assert {"DataSet train.csv", "DataSet july.csv", "Column sex"} <= upstream
    assert (await bench.catalog.entity(bench.caller.account, arn)).name == "sex=f DI bias_drift_check"


async def test_what_does_not_fit_is_refused(bench: Bench) -> None:
    room = (bench.catalog, bench.artifacts, bench.caller)
    train = bench.predictions("train.csv")
    with pytest.raises(InvalidError, match="'absent'"):
        await model_quality.baseline(*room, train, QualityConfig("Regression", "label", prediction="absent"))
    with pytest.raises(InvalidError, match="Column 'sex' must hold numbers"):
        await model_quality.baseline(*room, train, QualityConfig("Regression", "label", prediction="sex"))
    with pytest.raises(InvalidError, match="'high'"):
        await bias.baseline(*room, train, BiasConfig("label", ("high",), (Facet("sex"),)))
    with pytest.raises(NotFoundError):
        await bias.baseline(*room, bench.folder / "absent.csv", BIAS)
    of_data = await data_quality.baseline(*room, train)
    for monitor in (model_quality, bias):
        with pytest.raises(InvalidError, match="no baseline"):
            await monitor.run(*room, train, of_data.arn)
    of_bias = await bias.baseline(*room, train, BIAS)
    with pytest.raises(InvalidError):
        await model_quality.run(*room, train, of_bias.recorded.arn)
