"""The page of a monitor's run: what it found, and how it goes while it runs."""

import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from playwright.async_api import expect

from graph import jobs
from graph.access import Caller, Role
from graph.artifacts import ArtifactStore
from graph.entities import Status
from graph.jobs import JobKind
from monitors import data_quality
from monitors.runs import Result
from tests.browser.conftest import Explorer, Open
from tests.servers.application import Service

HOSTILE = '<img src=x onerror="document.title=1">'


async def monitored(service: Service, folder: Path) -> Result:
    """A run that finds two of eight features violating, one of them in two ways."""
    room = (
        service.catalog,
        ArtifactStore(service.settings.artifact_location),
        Caller(service.account, "ana", "test", Role.WRITER),
    )
    rows = {
        "age": list(range(200)),
        HOSTILE: ["a", "b"] * 100,
        **{f"same{n}": [float(n), n + 0.5] * 100 for n in range(6)},
    }
    train = pl.DataFrame(rows)
    train.write_parquet(folder / "train.parquet")
    train.with_columns(pl.col("age") + 150, pl.lit("c").alias(HOSTILE)).write_parquet(folder / "later.parquet")
    made = await data_quality.baseline(*room, folder / "train.parquet")
    return await data_quality.run(*room, folder / "later.parquet", made.arn)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_what_a_run_found(explore: Open, service: Service, tmp_path: Path, scheme: str) -> None:
    run = await monitored(service, tmp_path)
    explorer = await explore(service, color_scheme=scheme)
    page = await explorer.open(f"entity/{run.arn}")
    await page.get_by_role("link", name="What it found").click()
    await expect(page.get_by_role("status").filter(has_text="3 violations.")).to_be_visible()
    violations = page.get_by_role("region", name="Violations")
    await expect(violations.get_by_role("row", name=re.compile("^age "))).to_contain_text("Baseline drift")
    cards = page.locator(".columns > .card")
    await expect(cards).to_have_count(6)
    picture = cards.get_by_role("img", name="age: 20 bins")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.naturalWidth") > 0
    # Drawn in the colours of the theme.
    assert ("%2379bfe8" in (await picture.get_attribute("src") or "")) == (scheme == "dark")
    await explorer.accessible()
    await page.get_by_role("button", name="More features").press("Enter")
    await expect(cards).to_have_count(8)
    await page.get_by_label("Only those that violate").press("Space")
    await expect(cards).to_have_count(2)
    assert "violating=1" in page.url
    await page.get_by_label("Named").fill("AG")
    await expect(cards).to_have_count(1)
    await page.get_by_role("button", name="Table of age").press("Enter")
    shown = [await row.locator("th, td").all_inner_texts() for row in await cards.get_by_role("row").all()]
    await cards.locator("summary").press("Enter")
    await expect(cards.get_by_role("row", name="Median")).to_contain_text("249")
    await explorer.accessible()
    for form in ("csv", "json", "svg", "png"):
        async with page.expect_download() as waiting:
            await page.get_by_label("Save age", exact=True).select_option(form)
        content = (await (await waiting.value).path()).read_bytes()
        if form == "csv":
            assert list(csv.reader(content.decode().splitlines())) == shown
        elif form == "json":
            document = json.loads(content)
            assert [document["columns"], *document["rows"]] == shown
        else:
            assert content.startswith(b"<svg width" if form == "svg" else b"\x89PNG")
    # From the violation to what it came from.
    await violations.get_by_role("link", name=re.compile("What it came from ?: age")).click()
    await expect(page.locator(".react-flow__node", has_text="train.parquet").first).to_be_visible()


async def test_names_of_features_are_text_and_nothing_is_cut_off(
    explorer: Explorer, service: Service, tmp_path: Path
) -> None:
    run = await monitored(service, tmp_path)
    await explorer.page.set_viewport_size({"width": 390, "height": 844})
    page = await explorer.open(f"monitors/run/{run.arn}?violating=1")
    await expect(page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    assert await page.locator("img[src=x]").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def test_a_run_shows_by_itself_how_it_goes(explorer: Explorer, service: Service, tmp_path: Path) -> None:
    caller = Caller(service.account, "ana", "test", Role.WRITER)
    place = service.catalog.place(service.account)
    created = jobs.create(place, JobKind.PROCESSING, "nightly", specification="{}", started_at=datetime.now(UTC))
    await service.catalog.write(caller, created, operation="test")

    async def report(status: Status, step: str, message: str) -> None:
        said = jobs.report(place, JobKind.PROCESSING, "nightly", status, step=step, message=message)
        await service.catalog.write(caller, said, operation="test")

    await report(Status.IN_PROGRESS, "Downloading", "12 files")
    page = await explorer.open(f"monitors/run/{service.arn('processing-job/nightly')}")
    state = page.get_by_role("status")
    await expect(state).to_contain_text("In progress Downloading. 12 files")
    await explorer.accessible()
    await report(Status.IN_PROGRESS, "Computing", "3 of 12 files")
    await expect(state).to_contain_text("Computing. 3 of 12 files")
    await report(Status.FAILED, "Failed", "no captured data")
    await expect(state).to_contain_text("Failed no captured data")
    await expect(page.get_by_role("alert")).to_have_count(0)
