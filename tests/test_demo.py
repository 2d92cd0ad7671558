"""The demonstration as a person starts it, and the exact answers of its graph to six questions."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from graph.catalog import Catalog
from graph.entities import Kind
from graph.lineage import Direction, walk
from graph.listing import Filter, entities
from graph.store.provider import EmbeddedProvider

ACCOUNT = "123456789012"
STEMMA = Path(sys.executable).with_name("stemma")
QUARTERS = [f"{year}-q{part}" for year in (2016, 2017, 2018) for part in (1, 2, 3, 4)]
DRIFTED = ("2017-q4", "2018-q1")
BIAS_METRICS = ("DCA", "DI", "DPPL", "TE")

CENSUS_2015 = Counter({"DataSet employment_MA_reference.pq": 1, "DataSet employment_MA_reference.pq@*": 1})
LATER = Counter({"DataSet employment_MA_analysis.pq": 1, "DataSet employment_MA_analysis.pq@*": 1})
PREPARED = Counter({"SageMakerProcessingJob employment-prepare-*": 1})
TRAINING = Counter(
    {
        "DataSet train.parquet": 1,
        "DataSet train.parquet@*": 1,
        "Code model.py": 1,
        "Code model.py@*": 1,
        "SageMakerTrainingJob employment-train-*": 1,
        "ModelData model.pkl": 1,
        "ModelData model.pkl@*": 1,
    }
)
EVALUATION = Counter(
    {
        "DataSet validation.parquet": 1,
        "DataSet validation.parquet@*": 1,
        "SageMakerProcessingJob employment-evaluate-*": 1,
    }
)
BASELINE = Counter(
    {
        "DataSet baseline.parquet": 1,
        "DataSet baseline.parquet@*": 1,
        "SageMakerProcessingJob employment-baseline-*": 1,
        "Constraints constraints.json": 1,
        "Statistics statistics.json": 1,
    }
)
JUDGED_BASELINES = Counter(
    {
        "DataSet baseline-outcomes.parquet@*": 1,
        "SageMakerProcessingJob employment-quality-baseline-*": 1,
        "SageMakerProcessingJob employment-bias-baseline-*": 1,
        "AnalysisConfig analysis_config.json": 2,
        "Constraints constraints.json": 1,
        "Statistics statistics.json": 1,
        "Constraints analysis.json": 1,
    }
)
"""What the baselines of model quality and bias left, and what they read."""
MODEL = Counter(
    {
        "Model employment/1": 1,
        "ModelPackageCreation employment-1": 1,
        "Approval employment-1-approval-*": 1,
        "Model employment-*": 1,
        "ModelDeployment employment-main-deployment-*": 1,
    }
)
GATES = EVALUATION + Counter(
    {"GateResult employment-1 gates": 1, "Evaluation evaluation.json": 1, "Evaluation evaluation.json@*": 1}
)
"""What let the version pass, and where that came from."""
ENDPOINT = Counter({"Endpoint employment": 1})


def captured(quarters: list[str]) -> Counter[str]:
    """The contents that the endpoint captured in some quarters."""
    return Counter({f"CapturedData {quarter}.parquet@*": 1 for quarter in quarters})


def monitored(quarters: list[str]) -> Counter[str]:
    """What the monitor left of some quarters."""
    found = Counter(
        {
            "SageMakerProcessingJob employment-monitor-*": len(quarters),
            "Statistics statistics.json": len(quarters),
            "Violations constraint_violations.json": len(quarters),
        }
    )
    drifted = len(set(quarters) & set(DRIFTED))
    for column in ("RELP", "probability"):
        found[f"Column {column}"] = found[f"Violation {column} baseline_drift_check"] = drifted
    return +(found + judged(quarters))


def judged(quarters: list[str]) -> Counter[str]:
    """What the monitors of model quality and bias left of some quarters, and what they read."""
    drifted = len(set(quarters) & set(DRIFTED))
    found = Counter({f"DataSet {quarter}-outcomes.parquet@*": 1 for quarter in quarters})
    found["SageMakerProcessingJob employment-quality-monitor-*"] = len(quarters)
    found["SageMakerProcessingJob employment-bias-monitor-*"] = len(quarters)
    found["Statistics statistics.json"] = found["BiasAnalysis analysis.json"] = len(quarters)
    found["Violations constraint_violations.json"] = 2 * len(quarters)
    found["Violation accuracy LessThanThreshold"] = drifted
    for metric in BIAS_METRICS:
        found[f"Violation SEX=2 {metric} bias_drift_check"] = drifted
    for column in ("employed", "prediction", "SEX"):
        found[f"Column {column}"] = drifted
    return +found


@dataclass
class Demo:
    """The demonstration's graph and what it printed."""

    catalog: Catalog
    data_dir: Path
    document: dict[str, Any]

    async def answer(self, arn: str, direction: Direction) -> Counter[str]:
        """The types and names of a whole cone, with digests blotted out."""
        when = await self.catalog.moment(ACCOUNT)
        found = await walk(self.catalog.store, ACCOUNT, [arn], direction, when)
        assert not found.truncated
        names = (node.name.split("-aws-")[0] for node in found.nodes)
        blotted = (re.sub(r"[0-9a-f]{12,16}", "*", name) for name in names)
        return Counter(f"{node.type} {name}" for node, name in zip(found.nodes, blotted, strict=True))

    async def arn(self, kind: Kind, *, type: str | None = None, name: str | None = None) -> str:  # noqa: A002
        """The one entity of a type or a name."""
        when = await self.catalog.moment(ACCOUNT)
        page = await entities(self.catalog.store, ACCOUNT, kind, when, filter=Filter(type, name), first=500)
        found = [entity.arn for _, entity in page.items]
        assert len(found) == 1, (type, name, found)
        return found[0]

    def violation(self, quarter: str, column: str) -> str:
        """The ARN of one violation."""
        found = next(item for item in self.document["quarters"] if item["name"] == quarter)
        arn: str = next(item["arn"] for item in found["violations"] if item["feature_name"] == column)
        return arn


def run(data_dir: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    variables = {name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")}
    command = [str(STEMMA), "demo", "--data-dir", str(data_dir), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=variables, cwd=data_dir)


@pytest_asyncio.fixture(scope="module")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    data_dir = tmp_path_factory.mktemp("demo")
    catalog = await Catalog.open(EmbeddedProvider(data_dir), data_dir)
    done = run(data_dir, "--json")
    assert done.returncode == 0, done.stderr
    yield Demo(catalog, data_dir, orjson.loads(done.stdout))
    await catalog.close()


async def test_it_finds_the_block_of_group_quarters(demo: Demo) -> None:
    quarters = demo.document["quarters"]
    assert [quarter["name"] for quarter in quarters] == QUARTERS
    assert sum(quarter["rows"] for quarter in quarters) == 208_892
    found = {quarter["name"]: {item["feature_name"] for item in quarter["violations"]} for quarter in quarters}
    assert found == {name: {"RELP", "probability"} if name in DRIFTED else set() for name in QUARTERS}
    of_quality = {
        quarter["name"]: [item["metric_name"] for item in quarter["qualityViolations"]] for quarter in quarters
    }
    assert of_quality == {name: ["accuracy"] if name in DRIFTED else [] for name in QUARTERS}
    of_bias = {quarter["name"]: [item["metric_name"] for item in quarter["biasViolations"]] for quarter in quarters}
    assert of_bias == {name: [*BIAS_METRICS] if name in DRIFTED else [] for name in QUARTERS}
    accuracies = {quarter["name"]: quarter["accuracy"] for quarter in quarters}
    assert sorted(accuracies, key=lambda name: accuracies[name])[:2] == list(DRIFTED)


async def test_where_a_violation_came_from(demo: Demo) -> None:
    expected = CENSUS_2015 + LATER + PREPARED + TRAINING + GATES + BASELINE + MODEL
    expected += captured(["2017-q4"]) + Counter(
        {
            "CapturedData 2017-q4.parquet": 1,
            "SageMakerProcessingJob employment-monitor-*": 1,
            "Violations constraint_violations.json": 1,
            "Column RELP": 1,
            "Violation RELP baseline_drift_check": 1,
        }
    )
    assert await demo.answer(demo.violation("2017-q4", "RELP"), Direction.ASCENDANTS) == expected


async def test_where_a_loss_of_quality_came_from(demo: Demo) -> None:
    expected = CENSUS_2015 + LATER + PREPARED + TRAINING + GATES + MODEL + captured(["2017-q4"]) + JUDGED_BASELINES
    for other in (
        "SageMakerProcessingJob employment-bias-baseline-*",
        "Constraints analysis.json",
        "Statistics statistics.json",
    ):
        del expected[other]
    expected += Counter(
        {
            "AnalysisConfig analysis_config.json": -1,
            "CapturedData 2017-q4.parquet": 1,
            "DataSet baseline-outcomes.parquet": 1,
            "DataSet 2017-q4-outcomes.parquet": 1,
            "DataSet 2017-q4-outcomes.parquet@*": 1,
            "GroundTruth employment_MA_analysis_target.pq": 1,
            "GroundTruth employment_MA_analysis_target.pq@*": 1,
            "SageMakerProcessingJob employment-quality-monitor-*": 1,
            "Violations constraint_violations.json": 1,
            "Column employed": 1,
            "Column prediction": 1,
            "Violation accuracy LessThanThreshold": 1,
        }
    )
    quarter = next(item for item in demo.document["quarters"] if item["name"] == "2017-q4")
    (found,) = quarter["qualityViolations"]
    assert await demo.answer(found["arn"], Direction.ASCENDANTS) == expected


async def test_what_the_training_table_touches(demo: Demo) -> None:
    expected = captured(QUARTERS) + monitored(QUARTERS) + MODEL + ENDPOINT + BASELINE + JUDGED_BASELINES
    expected += Counter(
        {
            "DataSet train.parquet@*": 1,
            "SageMakerTrainingJob employment-train-*": 1,
            "ModelData model.pkl@*": 1,
            "SageMakerProcessingJob employment-evaluate-*": 1,
            "Evaluation evaluation.json@*": 1,
            "ModelGroup employment": 1,
        }
    )
    del expected["DataSet baseline.parquet"]
    assert await demo.answer(demo.document["table"], Direction.DESCENDANTS) == expected


async def test_what_made_the_endpoint(demo: Demo) -> None:
    endpoint = await demo.arn(Kind.CONTEXT, type="Endpoint")
    expected = CENSUS_2015 + LATER + PREPARED + TRAINING + GATES + MODEL + ENDPOINT + captured(QUARTERS)
    expected += Counter({f"CapturedData {quarter}.parquet": 1 for quarter in QUARTERS})
    assert await demo.answer(endpoint, Direction.ASCENDANTS) == expected


async def test_what_the_later_census_touches(demo: Demo) -> None:
    file = await demo.arn(Kind.ARTIFACT, name="employment_MA_analysis.pq")
    expected = LATER + captured(QUARTERS) + monitored(QUARTERS) + ENDPOINT
    assert await demo.answer(file, Direction.DESCENDANTS) == expected


async def test_where_the_baseline_came_from(demo: Demo) -> None:
    walked = await demo.answer(demo.document["baseline"], Direction.ASCENDANTS)
    expected = CENSUS_2015 + PREPARED + TRAINING + EVALUATION + BASELINE
    del expected["Statistics statistics.json"], expected["Constraints constraints.json"]
    assert walked == expected


async def test_what_a_quiet_quarter_touches(demo: Demo) -> None:
    location = await demo.arn(Kind.ARTIFACT, name="2016-q2.parquet")
    expected = captured(["2016-q2"]) + monitored(["2016-q2"]) + ENDPOINT + Counter({"CapturedData 2016-q2.parquet": 1})
    assert await demo.answer(location, Direction.DESCENDANTS) == expected


async def test_again_it_changes_nothing_and_prints_tables(demo: Demo) -> None:
    before = (await demo.catalog.moment(ACCOUNT)).sequence
    done = run(demo.data_dir)
    assert done.returncode == 0, done.stderr
    assert (await demo.catalog.moment(ACCOUNT)).sequence == before
    for words in (
        "Violations",
        "upstream",
        "downstream",
        "stemma serve --data-dir",
        "its approval is stale by now",
        "curl -s",
        "The ledger is in order",
    ):
        assert words in done.stdout
    assert re.search(r"2017-q4\s+data\s+RELP\s+≤ 0.1\s+0\.20\d+\s+17,408", done.stdout)


async def test_a_failed_step_fails_it(demo: Demo) -> None:
    checkpoint = demo.data_dir / "checkpoints" / f"{ACCOUNT}.json"
    genuine = checkpoint.read_text()
    checkpoint.write_text(genuine.replace('"sequence": ', '"sequence": 1'))
    try:
        done = run(demo.data_dir)
    finally:
        checkpoint.write_text(genuine)
    assert done.returncode == 1
    assert done.stderr.startswith("stemma: the demo failed: the ledger is broken: ")
    assert "Look further" not in done.stdout


def served(demo: Demo) -> "subprocess.Popen[str]":
    """`stemma serve` on the demo's graph, on a free port."""
    command = [str(STEMMA), "serve", "--data-dir", str(demo.data_dir)]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("STEMMA_")}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**variables, "STEMMA_PORT": "0"})


def test_the_readme_example_gives_the_readme_answer(demo: Demo) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    command = re.search(r"<!-- test: the command -->\n```sh\n(.*?)```", readme, re.DOTALL)
    answer = re.search(r"<!-- test: its answer -->\n```json\n(.*?)\n```", readme, re.DOTALL)
    assert command is not None
    assert answer is not None
    with served(demo) as server:
        try:
            assert server.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
            assert address is not None
            pasted = command[1].replace("http://127.0.0.1:8440", address[0])
            done = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, timeout=60)
        finally:
            server.terminate()
    # The digest of the model file may differ on another processor, and actions have names of their own.
    digest = re.compile(r"(employment|approval|deployment)-[0-9a-f]{12,13}")
    assert digest.sub("*", done.stdout) == digest.sub("*", answer[1])
