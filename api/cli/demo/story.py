"""The demonstration's course: train, record, monitor, ask; each step checks what came of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from rich.console import Console

from api.cli.call import DONE, Call, Session, console
from api.cli.demo import report
from api.cli.demo.census import Census, load, save
from api.cli.demo.lineage import ASSOCIATED, CONTRIBUTED, DERIVED, Records, numbers
from api.cli.demo.model import PARAMETERS, Model, framework, train
from api.cli.demo.monitoring import Quarter, learn, watch
from api.cli.demo.production import Production, produce
from graph.errors import StemmaError
from graph.lineage import Direction, Lineage, walk
from graph.registry.standing import standing
from graph.verification import verify

DRIFTED = ("2017-q4", "2018-q1")
"""The quarters in which residents of group quarters (dormitories, nursing homes) were delivered as one block."""


class DemoError(StemmaError):
    """A step of the demonstration did not come out as it must."""


@dataclass(slots=True)
class Arns:
    """The entities that the demonstration asks about."""

    train: str
    runs: Production


async def run(call: Call, session: Session) -> int:
    """Run the demonstration.

    Raises:
        DemoError: a step did not come out as it must.
        NotFoundError: the data are not installed.
    """
    screen = console(stderr=True) if call.json else console()
    folder = (session.settings.data_dir / "tables").resolve()
    async with step(screen, "Read the census: 2015 to train on, the quarters of 2016 to 2018 to monitor"):
        census = load()
    async with step(screen, f"Train gradient boosting on {census.train.height:,} records ({framework()})"):
        model = train(census.train)
        metrics = model.evaluate(census.validation)
        check(metrics["auc"] > 0.85, f"the model's AUC is {metrics['auc']}")
    async with step(
        screen, f"Record data and jobs; register, approve, deploy (AUC {metrics['auc']:.3f} on held-out records)"
    ):
        arns, tables = await record(session, census, model, metrics, folder)
    async with step(screen, "Learn the baselines of data, quality and bias from the held-out records"):
        learnt = await learn(session, folder, metrics)
        check(len(learnt.data.constraints.features) == len(census.later["2016-q1"].columns) + 1, "columns are missing")
    async with step(screen, f"Monitor {len(tables)} quarters, {sum(t.height for t in tables.values()):,} records"):
        quarters = [await watch(session, name, folder, learnt, arns.runs.version) for name in tables]
        for kind in ("data", "quality", "bias"):
            found = {quarter.name: len(getattr(quarter, kind).violations) for quarter in quarters}
            check({name for name, count in found.items() if count} == set(DRIFTED), f"{kind}: violations in {found}")
    async with step(screen, "Ask the graph, and verify its ledger"):
        answers = await ask(session, arns, quarters)
    document = report.document(session, learnt, quarters, answers)
    call.emit(document, lambda shown: report.show(shown, session, quarters, answers))
    return DONE


@asynccontextmanager
async def step(screen: Console, what: str) -> AsyncIterator[None]:
    """Say what is being done and, when it is, how long it took."""
    import time

    began = time.monotonic()
    with screen.status(what):
        yield
    screen.print(f"[green]✓[/green] {what} [dim]{time.monotonic() - began:.1f} s[/dim]")


async def record(
    session: Session, census: Census, model: Model, metrics: dict[str, float], folder: Path
) -> tuple[Arns, dict[str, pl.DataFrame]]:
    """Write the tables, record where they came from, and let the model into production."""
    tables = {name: model.score(records) for name, records in census.later.items()}
    records = Records(session.place)
    reference = records.file(census.reference_file, "DataSet", period="2015")
    analysis = records.file(census.analysis_file, "DataSet", period="2016 to 2018")
    trained_on = records.file(save(census.train, folder / "train.parquet"), "DataSet", rows=str(census.train.height))
    held_out = records.file(save(census.validation, folder / "validation.parquet"), "DataSet")
    records.job("processing", "employment-prepare", [reference], [trained_on, held_out])
    code = records.file(Path(__file__).with_name("model.py"), "Code")
    stored = session.artifacts.put(model.content, "model.pkl")
    data = records.stored(stored, "ModelData", framework=framework())
    records.job("training", "employment-train", [trained_on, code], [data], parameters=numbers(PARAMETERS))
    scored = records.file(save(model.score(census.validation), folder / "baseline.parquet"), "DataSet")
    judged = records.file(save(model.judge(census.validation), folder / "baseline-outcomes.parquet"), "DataSet")
    metrics_file = session.artifacts.put(orjson.dumps(metrics), "evaluation.json")
    told = {key: repr(value) for key, value in metrics.items()}
    evaluation = records.stored(metrics_file, "Evaluation", **told)
    records.job(
        "processing", "employment-evaluate", [held_out, data], [evaluation, scored, judged], parameters=numbers(metrics)
    )
    await session.write(records.commands, "demo")
    runs = await produce(session, stored.uri, metrics_file.uri, stored.digest)
    records = Records(session.place)
    outcomes = records.file(census.outcomes_file, "GroundTruth", period="2016 to 2018")
    for quarter, table in tables.items():
        captured = records.file(save(table, folder / f"{quarter}.parquet"), "CapturedData", window=quarter)
        records.connect(analysis, DERIVED, captured)
        records.connect(runs.deployment, CONTRIBUTED, captured)
        records.connect(captured, ASSOCIATED, runs.endpoint)
        judged = records.file(
            save(model.judge(census.later[quarter]), folder / f"{quarter}-outcomes.parquet"), "DataSet", window=quarter
        )
        records.connect(captured, DERIVED, judged)
        records.connect(outcomes, DERIVED, judged)
    await session.write(records.commands, "demo")
    return Arns(trained_on, runs), tables


async def ask(session: Session, arns: Arns, quarters: list[Quarter]) -> dict[str, Any]:
    """The two questions, how the version stands now, and whether the ledger is in order."""
    violations = {arn for quarter in quarters for arn in quarter.violation_arns}
    first = min(
        arn
        for quarter in quarters
        for arn, found in zip(quarter.data.violation_arns, quarter.data.violations, strict=True)
        if quarter.name == DRIFTED[0] and found.feature_name == "RELP"
    )
    upstream = await walked(session, first, Direction.ASCENDANTS)
    above = {node.arn for node in upstream.nodes}
    for arn in (arns.train, arns.runs.version, arns.runs.deployment):
        check(arn in above, f"{arn} is not upstream of {first}")
    downstream = await walked(session, arns.train, Direction.DESCENDANTS)
    below = {node.arn for node in downstream.nodes}
    check(violations | {arns.runs.endpoint} <= below, "the training table does not lead to every violation")
    version = await session.catalog.entity(session.account, arns.runs.version)
    stands = await standing(session.catalog.store, session.place, version)
    check({reason.arn for reason in stands.stale} == violations, "the approval is not stale by every violation")
    verdict = await verify(session.catalog.store, session.catalog.checkpoints, session.account)
    check(verdict.problem is None, f"the ledger is broken: {verdict.problem}")
    return {
        "violation": first,
        "table": arns.train,
        "upstream": upstream,
        "downstream": downstream,
        "verdict": verdict,
        "version": arns.runs.name,
        "standing": stands,
    }


async def walked(session: Session, arn: str, direction: Direction) -> Lineage:
    """The whole cone of one entity, now."""
    when = await session.catalog.moment(session.account)
    return await walk(session.catalog.store, session.account, [arn], direction, when)


def check(right: bool, problem: str) -> None:
    """Fail the demonstration when a step went wrong.

    Raises:
        DemoError: it did.
    """
    if not right:
        raise DemoError(f"the demo failed: {problem}")
