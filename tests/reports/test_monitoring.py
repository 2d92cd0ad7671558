"""Reports of monitors: made beside the files, of the same numbers, and of nothing that must not be told."""

import html
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest
import pytest_asyncio

from graph import listing
from graph.access import Caller
from graph.artifacts import ArtifactStore
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.verification import verify
from monitors import bias, data_quality, model_quality
from monitors.analysis.bias import BiasConfig, Facet
from monitors.analysis.quality import QualityConfig
from monitors.data_quality import DataFound
from monitors.reading import Reading
from monitors.runs import Recorded, Subject
from reports.monitoring.subjects import command
from reports.monitoring.writing import bias_pages, data_pages, quality_pages
from reports.numbers import number
from tests.reports.pdfs import metadata, squeezed, text_of

HOSTILE = '<img src=x onerror="alert(1)"> #panic() \u202egnp'
QUALITY = QualityConfig("BinaryClassification", "label", prediction="said", probability="p", segments=("sex",))
BIAS = BiasConfig("label", (1,), (Facet("sex", ("f",)), Facet("town")), predicted_label="said", excluded=("town",))


@dataclass
class Bench:
    """A monitor's surroundings."""

    catalog: Catalog
    artifacts: ArtifactStore
    caller: Caller
    folder: Path

    @property
    def room(self) -> tuple[Catalog, ArtifactStore, Caller]:
        return self.catalog, self.artifacts, self.caller

    def save(self, name: str, frame: pl.DataFrame) -> Path:
        self.folder.mkdir(exist_ok=True)
        frame.write_parquet(self.folder / name)
        return self.folder / name

    def predictions(self, name: str, *, worse: bool = False) -> Path:
        rng = np.random.default_rng(7)
        chance = rng.random(1_500)
        sex = rng.choice(["f", "m"], 1_500)
        shown = np.where(sex == "f", chance / 2, chance) if worse else chance
        town = np.where(np.arange(1_500) < 12, "hamlet", "city")
        label = (rng.random(1_500) < chance).astype(int)
        columns = {"label": label, "said": (shown > 0.5).astype(int), "p": shown, "sex": sex, "town": town}
        return self.save(name, pl.DataFrame(columns))

    def pages(self, recorded: Recorded) -> tuple[str, bytes]:
        """The page as text, and the PDF."""
        read = {name: self.artifacts.read(stored.uri) for name, (_, stored) in recorded.files.items()}
        return read["report.html"].decode(), read["report.pdf"]

    def document(self, recorded: Recorded, name: str) -> dict[str, list[dict[str, object]]]:
        made: dict[str, list[dict[str, object]]] = orjson.loads(self.artifacts.read(recorded.files[name][1].uri))
        return made


@pytest_asyncio.fixture
async def bench(catalog: Catalog, caller: Caller, tmp_path: Path) -> AsyncIterator[Bench]:
    yield Bench(catalog, ArtifactStore(tmp_path / "artifacts"), caller, tmp_path / "data")
    assert (await verify(catalog.store, None, caller.account)).problem is None


def text(page: str) -> str:
    return squeezed(html.unescape(re.sub(r"<[^>]*>", "", page)))


async def test_a_run_leaves_its_report_and_finds_it_again(bench: Bench) -> None:
    rows = pl.DataFrame({"age": list(range(400)), HOSTILE: ["a", "b"] * 200, "same": [1] * 400})
    later = rows.with_columns(pl.col("age") + 300, pl.lit("c").alias(HOSTILE))
    made = await data_quality.baseline(*bench.room, bench.save("train.parquet", rows), pages=data_pages)
    path = bench.save("later.parquet", later)
    run = await data_quality.run(*bench.room, path, made.arn, pages=data_pages)
    page, pdf = bench.pages(run.recorded)
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata(pdf)
    assert "CreateDate" not in metadata(pdf)
    for said in (text(page), text_of(pdf)):
        assert squeezed(f"{len(run.violations)} violations") in said
        assert run.data.digest in said
        assert made.files["constraints.json"][0] in said
        assert run.arn in said
        assert squeezed(HOSTILE.replace("\u202e", "⟨U+202E⟩")) in said
        for item in run.violations:
            assert squeezed(number(item.observed)) in said
    assert "<img" not in page
    assert "\u202e" not in page
    when = await bench.catalog.moment(bench.caller.account)
    produced = await listing.associations(
        bench.catalog.store,
        bench.caller.account,
        run.arn,
        when,
        outgoing=True,
        types=[AssociationType.PRODUCED],
        first=50,
    )
    kept = {edge.destination for _, edge in produced.items}
    assert {run.files["report.html"][0], run.files["report.pdf"][0]} <= kept
    constraints = made.files["constraints.json"][0]
    again = await data_quality.run(
        *bench.room, path, constraints, reading=Reading(format="parquet", workers=1), pages=data_pages
    )
    assert (again.created, again.files) == (False, run.files)
    entity = await bench.catalog.entity(bench.caller.account, run.arn)
    assert entity.outputs is not None
    assert entity.outputs["report.pdf"]["media_type"] == "application/pdf"
    assert entity.outputs["report.html"]["media_type"] == "text/html"


async def test_values_of_sensitive_columns_stand_in_no_report(bench: Bench) -> None:
    secrets = ["diabetes-7f3a", "asthma-91bc", "healthy-0d2e"]
    rows = pl.DataFrame(
        {"illness": secrets * 100, "income": [float(31_337 + i) for i in range(300)], "age": range(300)}
    )
    later = rows.with_columns(
        pl.lit("cancer-55aa").alias("illness"), pl.col("income") * -1.0, pl.col("age").cast(pl.Int64) + 500
    )
    hidden = Reading(sensitive=frozenset({"illness", "income"}))
    # The baseline was made before anyone thought of marking them.
    made = await data_quality.baseline(*bench.room, bench.save("open.parquet", rows), pages=data_pages)
    closed = await data_quality.baseline(
        *bench.room, bench.save("train.parquet", rows), reading=hidden, pages=data_pages
    )
    path = bench.save("later.parquet", later)
    for arn in (made.arn, closed.arn):
        run = await data_quality.run(*bench.room, path, arn, reading=hidden, pages=data_pages)
        page, pdf = bench.pages(run.recorded)
        for said in (page, text(page), text_of(pdf)):
            assert not any(value in said for value in (*secrets, "cancer", "31337", "31,337", "31636", "31,636"))
        assert "Counted,neverlisted" in text_of(pdf)
        assert "illness" in text_of(pdf)


async def test_a_report_on_bias_says_what_its_files_say(bench: Bench) -> None:
    made = await bias.baseline(*bench.room, bench.predictions("train.parquet"), BIAS, replicates=50, pages=bias_pages)
    page, pdf = bench.pages(made.recorded)
    assert "Abaseline" in text_of(pdf)
    assert "Smallgroups" in text_of(pdf)
    assert "town=hamlet(12rows)" in text(page)
    later = bench.predictions("later.parquet", worse=True)
    run = await bias.run(*bench.room, later, made.arn, replicates=50, pages=bias_pages)
    page, pdf = bench.pages(run.recorded)
    violations = bench.document(run.recorded, "constraint_violations.json")["violations"]
    assert violations
    for said in (text(page), text_of(pdf)):
        assert squeezed(f"{len(violations)} violations") in said
        for item in violations:
            assert squeezed(number(float(str(item["observed"])))) in said
    document = bench.artifacts.read(run.files["analysis.json"][1].uri)
    for group in orjson.loads(document)["post_training_bias_metrics"]["facets"]["sex"]:
        for metric in group["metrics"]:
            if metric["name"] != "DI" and isinstance(metric["value"], float):
                assert squeezed(number(metric["value"])) in text(page)
    again = await bias.run(*bench.room, later, made.arn, replicates=50, pages=bias_pages)
    assert (again.created, again.files) == (False, run.files)


async def test_a_report_on_model_quality_says_what_its_files_say(bench: Bench) -> None:
    made = await model_quality.baseline(*bench.room, bench.predictions("train.parquet"), QUALITY, pages=quality_pages)
    run = await model_quality.run(
        *bench.room, bench.predictions("later.parquet", worse=True), made.arn, pages=quality_pages
    )
    page, pdf = bench.pages(run.recorded)
    assert page.count("<svg") == 6
    for said in (text(page), text_of(pdf)):
        assert squeezed(f"{len(run.violations)} violations") in said
        for metric in run.statistics.metrics.values():
            assert squeezed(number(metric.value)) in said
        for name in ("ROC curve", "Confusion matrix", "Precision over recall", "Calibration", "f1 by sex"):
            assert squeezed(name) in said


async def test_a_run_without_violations_says_so_first(bench: Bench) -> None:
    train = bench.predictions("train.parquet")
    made = await model_quality.baseline(*bench.room, train, QUALITY, pages=quality_pages)
    run = await model_quality.run(*bench.room, train, made.arn, pages=quality_pages)
    assert "Noviolations" in text(bench.pages(run.recorded)[0])


@pytest.mark.parametrize("option", ["--sensitive", "--no-header", "--group-by"])
async def test_how_to_do_it_again_is_the_command(bench: Bench, option: str) -> None:
    seen: list[str] = []

    async def pages(subject: Subject, found: DataFound) -> dict[str, bytes]:
        seen.append(command(subject))
        return {}

    frame = pl.DataFrame({"a b": [1, 2, 3], "c": ["x", "y", "x"]})
    reading = Reading(
        sensitive=frozenset({"a b"} if option == "--sensitive" else ()),
        header=option != "--no-header",
        group_by="c" if option == "--group-by" else None,
    )
    path = bench.save("a b.parquet", frame)
    made = await data_quality.baseline(*bench.room, path, reading=reading, pages=pages)
    words = shlex.split(seen[0])
    assert words[:4] == ["stemma", "monitor", "baseline", made.data.uri]
    assert option in words
    assert ("a b" in words) == (option == "--sensitive")
