"""What a person does in the explorer, with a mouse or with the keyboard alone."""

import csv
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from graph.access import Role
from graph.monitoring import executions, measurements
from graph.monitoring.executions import Execution, ExecutionStatus
from graph.monitoring.measured import Measurement, Subject
from graph.times import now_ms
from reports.audit.verification import verify
from tests.api.keys import Keys
from tests.api.sagemaker.test_generated import send
from tests.api.sagemaker.test_monitoring import by_definition, definition
from tests.browser.conftest import Explorer, Open
from tests.servers.application import Serve, Service

HOSTILE = '<img src=x onerror="document.title=1">'
TURNED = "invoice\u202etxt.exe"
GROUP = "mutation($input: CreateModelGroupInput!) { createModelGroup(input: $input) { arn } }"
INGEST = "mutation($input: IngestInput!) { ingest(input: $input) { entities { arn } } }"


async def story(service: Service) -> dict[str, str]:
    """raw.csv → job → model.bin → deployment → live."""
    rows = [
        {"artifact": {"sourceUri": "s3://lake/raw.csv", "type": "DataSet", "tags": [{"key": "owner", "value": "ana"}]}},
        {"trialComponent": {"name": "train-job", "parameters": [{"key": "depth", "number": 6}]}},
        {"artifact": {"sourceUri": "s3://lake/model.bin", "type": "ModelData"}},
        {"action": {"name": "deploy", "type": "ModelDeployment"}},
        {"context": {"name": "live", "type": "Endpoint", "resourceArn": service.arn("endpoint/live")}},
    ]
    made = await service.data(INGEST, input={"entities": rows})
    arns = [row["arn"] for row in made["ingest"]["entities"]]
    await service.link(*pairwise(arns))
    return dict(zip(("data", "job", "model", "deployment", "endpoint"), arns, strict=True))


async def version(service: Service) -> None:
    await service.data(
        "mutation($input: CreateModelGroupInput!) { createModelGroup(input: $input) { arn } }", input={"name": "churn"}
    )
    await service.data(
        "mutation($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) { arn } }",
        input={"group": "churn", "containers": [{"image": "registry/churn:1", "modelDataUrl": "s3://lake/model.bin"}]},
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_accessible(explore: Open, service: Service, scheme: str) -> None:
    arns = await story(service)
    await version(service)
    explorer = await explore(service, color_scheme=scheme)
    for path, heading in (
        ("", "In production now"),
        ("lineage", "Lineage"),
        (f"entity/{arns['job']}", "train-job"),
        ("registry", "Model registry"),
        ("registry/churn", "Versions"),
        ("monitors", "Schedules"),
        ("nowhere", "There is no such page"),
    ):
        page = await explorer.open(path)
        await expect(page.get_by_role("heading", name=heading).first).to_be_attached()
        await explorer.accessible()
    page = await explorer.open("lineage?q=%2Blive")
    await expect(page.get_by_role("status")).to_have_text("5 entities, 4 associations")
    await expect(page.locator(".react-flow__edge")).to_have_count(4)
    await explorer.accessible()
    await page.get_by_role("button", name="Table").click()
    await expect(page.get_by_role("row")).to_have_count(5 + 1 + 4 + 1)
    await explorer.accessible()


async def test_what_is_typed_is_found_and_opened_by_keys_alone(explorer: Explorer, service: Service) -> None:
    await story(service)
    page = await explorer.open()
    await expect(page.get_by_role("heading", name="New")).to_be_visible()
    await page.keyboard.press("/")
    await page.keyboard.type("model")
    await expect(page.get_by_role("option", name="model.bin")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="model.bin", level=1)).to_be_visible()
    await expect(page.get_by_role("region", name="Came from").get_by_role("link", name="train-job")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name="New")).to_be_visible()


async def test_lineage_is_followed_and_the_address_holds_the_view(explorer: Explorer, service: Service) -> None:
    await story(service)
    page = await explorer.open("lineage")
    await page.get_by_label("Selection").fill("+live and not type:Endpoint")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_have_text("4 entities, 3 associations")
    await page.locator(".react-flow__node", has_text="train-job").click()
    drawer = page.get_by_role("complementary", name="Chosen entity")
    await expect(drawer.get_by_role("heading", name="train-job")).to_be_visible()
    await expect(page.locator(".react-flow__edge.lit")).to_have_count(3)
    address = page.url
    await drawer.get_by_role("link", name="Only its own lineage").click()
    await expect(page.get_by_role("status")).to_have_text("5 entities, 4 associations")
    await page.go_back()
    await expect(page.get_by_role("status")).to_have_text("4 entities, 3 associations")
    await page.goto(address)
    await expect(drawer.get_by_role("heading", name="train-job")).to_be_visible()


async def test_a_node_is_reached_by_the_keyboard(explorer: Explorer, service: Service) -> None:
    await story(service)
    page = await explorer.open("lineage?q=%2Blive")
    node = page.locator(".react-flow__node", has_text="raw.csv")
    await node.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("complementary").get_by_role("heading", name="raw.csv")).to_be_visible()


async def test_the_path_between_two_entities_is_shown(explorer: Explorer, service: Service) -> None:
    arns = await story(service)
    page = await explorer.open("lineage?q=%2Blive")
    await page.locator(".react-flow__node", has_text="job").focus()
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("complementary", name="Chosen entity")
    await drawer.get_by_role("button", name="Start a path here").press("Enter")
    await expect(drawer.get_by_text("It starts here.")).to_be_visible()
    await page.locator(".react-flow__node", has_text="deploy").click()
    path = drawer.get_by_role("region", name="Path")
    await expect(path.get_by_role("listitem")).to_have_text(
        ["●Trial component train-job", "Contributed to → ◆Artifact model.bin", "Contributed to → ▶Action deploy"]
    )
    await page.mouse.move(0, 0)
    await expect(page.locator(".react-flow__edge.lit")).to_have_count(2)
    await page.reload()
    await expect(path.get_by_role("listitem")).to_have_count(3)
    # Against the associations when there is no way along them.
    await page.locator(".react-flow__node", has_text="raw.csv").click()
    await expect(path.get_by_role("listitem")).to_have_text(
        ["●Trial component train-job", "Contributed to ← ◆Artifact raw.csv"]
    )
    await service.contexts("alone")
    await explorer.open(f"lineage?q=%2Blive+or+alone&path={arns['job']}&at={service.arn('context/alone')}")
    await expect(path.get_by_text("Nothing connects the two")).to_be_visible()
    await path.get_by_role("button", name="Leave the path").click()
    await expect(path).to_have_count(0)


async def test_a_slider_goes_through_the_moments_of_the_picture(explorer: Explorer, service: Service) -> None:
    await story(service)
    page = await explorer.open("lineage?q=%2Blive")
    await expect(page.get_by_role("status")).to_have_text("5 entities, 4 associations")
    slider = page.get_by_role("slider", name="Moment")
    await expect(slider).to_have_attribute("aria-valuetext", "now")
    await slider.focus()
    await page.keyboard.press("Home")
    await expect(page.get_by_role("status")).to_contain_text("1 entities, 0 associations as of")
    assert "asOf=" in page.url
    await page.keyboard.press("End")
    await expect(page.get_by_role("status")).to_have_text("5 entities, 4 associations")
    assert "asOf=" not in page.url


async def test_what_an_entity_touches_in_production_is_told(explorer: Explorer, service: Service) -> None:
    arns = await story(service)
    page = await explorer.open(f"entity/{arns['data']}")
    impact = page.get_by_role("region", name="What it touches")
    await expect(impact.get_by_role("list").first.get_by_role("listitem")).to_contain_text(["deploy"])
    await impact.get_by_role("link", name="Action deploy").click()
    await expect(page.get_by_role("heading", name="deploy")).to_be_visible()


async def test_an_audit_report_is_made_and_saved(explorer: Explorer, service: Service, tmp_path: Path) -> None:
    arns = await story(service)
    page = await explorer.open(f"entity/{arns['data']}")
    await page.get_by_label("Format of the audit report").select_option("ZIP")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Audit report").press("Enter")
    path = tmp_path / "report.zip"
    await (await waiting.value).save_as(path)
    await expect(page.get_by_role("status")).to_contain_text("entities.")
    assert verify(path).problem is None


async def test_a_mistake_in_a_selection_is_explained(explorer: Explorer, service: Service) -> None:
    page = await explorer.open("lineage?q=colour:red")
    await expect(page.get_by_role("alert")).to_contain_text("there is no key 'colour'")
    explorer.wrong = [text for text in explorer.wrong if "400" not in text]


async def test_what_was_shown_in_the_past_is_shown_again(explorer: Explorer, service: Service) -> None:
    arns = await story(service)
    before = (await service.data("{ lineage(start: [$a]) { asOf } }".replace("$a", json.dumps(arns["data"]))))[
        "lineage"
    ]["asOf"]
    rows = [{"artifact": {"sourceUri": "s3://lake/late.csv", "type": "DataSet"}}]
    late = (await service.data(INGEST, input={"entities": rows}))["ingest"]["entities"][0]["arn"]
    await service.link((late, arns["job"]))
    page = await explorer.open("lineage?q=%2Blive")
    await expect(page.get_by_role("status")).to_have_text("6 entities, 5 associations")
    await explorer.open(f"lineage?q=%2Blive&knownAt={before.replace('+', '%2B')}")
    await expect(page.get_by_role("status")).to_contain_text("5 entities, 4 associations as of")


async def test_two_moments_are_compared(explorer: Explorer, service: Service) -> None:
    arns = await story(service)
    before = (await service.data("query($a: ID!) { lineage(start: [$a]) { asOf } }", a=arns["data"]))["lineage"]["asOf"]
    await service.contexts("newcomer")
    await service.link((arns["endpoint"], service.arn("context/newcomer")))
    await service.data(
        "mutation($input: SetTagsInput!) { tag(input: $input) { arn } }",
        input={"arn": arns["data"], "tags": [{"key": "owner", "value": "bo"}]},
    )
    page = await explorer.open(f"lineage?q=%2Blive%2B&from={before.replace('+', '%2B')}")
    await expect(page.get_by_role("status")).to_contain_text("1 added, 0 removed, 1 changed")
    await expect(page.locator(".node.added")).to_contain_text("newcomer")
    await expect(page.locator(".node.changed")).to_contain_text("raw.csv")
    await expect(page.locator(".react-flow__edge.added")).to_have_count(1)
    await expect(page.get_by_role("row", name="newcomer")).to_contain_text("Added")
    await explorer.accessible()


async def test_files_hold_what_the_screen_shows(explorer: Explorer, service: Service) -> None:
    await story(service)
    page = await explorer.open("lineage?q=%2Blive")
    await expect(page.get_by_role("status")).to_have_text("5 entities, 4 associations")

    async def saved(form: str) -> bytes:
        async with page.expect_download() as waiting:
            await page.get_by_label("Save what is shown").select_option(form)
        path = await (await waiting.value).path()
        return path.read_bytes()

    document: Any = json.loads(await saved("json"))
    shown = (await service.data('{ select(query: "+live") { nodes { arn name } edges { source destination } } }'))[
        "select"
    ]
    assert [node["arn"] for node in document["nodes"]] == [node["arn"] for node in shown["nodes"]]
    rows = list(csv.DictReader((await saved("edges")).decode().splitlines()))
    assert [(row["source"], row["destination"]) for row in rows] == [
        (e["source"], e["destination"]) for e in shown["edges"]
    ]
    assert len(list(csv.DictReader((await saved("nodes")).decode().splitlines()))) == 5
    picture = (await saved("svg")).decode()
    assert picture.count("<rect") == 5 + 1
    assert all(node["name"] in picture for node in shown["nodes"])
    assert (await saved("png")).startswith(b"\x89PNG")


async def test_names_are_text_whatever_they_hold(explorer: Explorer, service: Service) -> None:
    rows = [
        {"artifact": {"sourceUri": f"s3://lake/{n}", "name": name, "type": name, "description": name}}
        for n, name in enumerate((HOSTILE, TURNED))
    ]
    arns = [row["arn"] for row in (await service.data(INGEST, input={"entities": rows}))["ingest"]["entities"]]
    await service.link((arns[0], arns[1]))
    for path in ("", f"lineage?q=arn:{arns[0]}%2B", f"lineage?q=arn:{arns[0]}%2B&view=table", f"entity/{arns[0]}"):
        page = await explorer.open(path)
        await expect(page.get_by_text(HOSTILE).locator("visible=true").first).to_be_visible()
        assert await page.locator("img[src=x]").count() == 0
        assert await page.title() != "1"
    # What turns the writing around ends with the name it is in.
    page = await explorer.open(f"entity/{arns[1]}")
    assert await page.locator("h1 bdi").inner_text() == TURNED


async def test_thousands_are_drawn_as_one_picture(explorer: Explorer, service: Service) -> None:
    arns: list[str] = []
    for begin in range(0, 1200, 400):
        rows = [{"context": {"name": f"step-{n:04d}"}} for n in range(begin, begin + 400)]
        made = await service.data(INGEST, input={"entities": rows})
        arns += [row["arn"] for row in made["ingest"]["entities"]]
    links = [(arns[(n - 1) // 3], arns[n]) for n in range(1, 1200)]
    for begin in range(0, len(links), 400):
        await service.link(*links[begin : begin + 400])
    page = await explorer.open("lineage?q=step-0000%2B")
    await expect(page.get_by_role("status")).to_have_text("1200 entities, 1199 associations")
    canvas = page.locator("canvas")
    await expect(canvas).to_be_visible()
    await canvas.focus()
    for key in ("+", "+", "ArrowLeft", "ArrowDown", "0"):
        await page.keyboard.press(key)
    # The first stands in the middle of the left edge.
    box = await canvas.bounding_box()
    assert box is not None
    size = (await service.data('{ select(query: "step-0000+") { layout { width height x y } } }'))["select"]["layout"]
    zoom = min(1, box["width"] / size["width"], box["height"] / size["height"])
    left, top = (box["width"] - size["width"] * zoom) / 2, (box["height"] - size["height"] * zoom) / 2
    await canvas.click(position={"x": left + size["x"][0] * zoom, "y": top + size["y"][0] * zoom})
    await expect(page.get_by_role("complementary").get_by_role("heading", name="step-0000")).to_be_visible()
    await explorer.accessible()


async def test_nothing_is_cut_off_on_a_phone(explore: Open, service: Service) -> None:
    arns = await story(service)
    await version(service)
    explorer = await explore(service)
    await explorer.page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        "",
        f"entity/{arns['model']}",
        "registry",
        "registry/churn",
        "lineage?q=%2Blive",
        "lineage?q=%2Blive&view=table",
    ):
        page = await explorer.open(path)
        await expect(page.get_by_role("main")).to_be_visible()
        await page.wait_for_timeout(300)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path


async def test_a_version_is_approved_with_a_reason(explorer: Explorer, service: Service) -> None:
    await version(service)
    page = await explorer.open("registry")
    await page.get_by_role("link", name="churn").click()
    await page.get_by_role("button", name="Approve version 1").click()
    await page.get_by_role("dialog").get_by_label("Reason").fill("better than the last")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    card = page.get_by_role("region", name="Version 1")
    await expect(card.get_by_text("better than the last")).to_be_visible()
    await expect(card.get_by_role("button", name="Approve version 1")).to_have_count(0)
    await card.get_by_role("button", name="Move an alias here").click()
    await page.get_by_role("dialog").get_by_label("Alias").fill("champion")
    await page.keyboard.press("Enter")
    await expect(card.locator(".badge.alias")).to_have_text("champion")
    found = await service.data(
        '{ modelVersion(group: "churn", version: "champion") { approval approvals { reason } } }'
    )
    assert found["modelVersion"] == {"approval": "APPROVED", "approvals": [{"reason": "better than the last"}]}


async def test_two_versions_are_held_side_by_side(explorer: Explorer, service: Service) -> None:
    arns = await story(service)
    await service.link((arns["job"], arns["model"]), association="PRODUCED")
    await version(service)
    await service.data(
        "mutation($input: RegisterModelVersionInput!) { registerModelVersion(input: $input) { arn } }",
        input={"group": "churn", "containers": [{"image": "registry/churn:2", "modelDataUrl": "s3://lake/other.bin"}]},
    )
    page = await explorer.open("registry/churn")
    await page.get_by_role("button", name="Side by side").press("Enter")
    await expect(page.get_by_role("heading", name="Versions 1 and 2 of churn")).to_be_visible()
    assert page.url.endswith("/registry/churn/compare?a=1&b=2")
    parameters = page.get_by_role("region", name="Parameters")
    await expect(parameters.get_by_role("row")).to_have_text(["NameVersion 1Version 2", "depth6.0–"])
    data = page.get_by_role("region", name="Data")
    await expect(data.get_by_role("row", name="s3://lake/other.bin")).to_be_visible()
    await expect(page.get_by_role("region", name="Only version 1 came from")).to_contain_text("raw.csv")
    await expect(page.get_by_role("region", name="Metrics")).to_contain_text("Nothing is recorded")
    await explorer.accessible()
    await page.get_by_role("button", name="Also what is the same").click()
    assert "all=" in page.url
    await explorer.open("registry/churn/compare?a=1&b=9")
    await expect(page.get_by_role("alert")).to_contain_text("churn/9 does not exist")


async def test_collections_are_a_tree_with_their_groups(explorer: Explorer, service: Service) -> None:
    await version(service)
    create = "mutation($input: CreateCollectionInput!) { createCollection(input: $input) { arn } }"
    await service.data(create, input={"name": "Risk"})
    await service.data(create, input={"name": "Credit", "parent": "Risk"})
    await service.data(
        "mutation($input: CollectionGroupsInput!) { addToCollection(input: $input) { arn } }",
        input={"collection": "Credit", "groups": ["churn"]},
    )
    page = await explorer.open("registry")
    tree = page.get_by_role("region", name="Collections")
    await tree.locator("summary", has_text="Credit").focus()
    await page.keyboard.press("Enter")
    await explorer.accessible()
    await tree.get_by_role("link", name="churn").press("Enter")
    await expect(page.get_by_role("heading", name="churn")).to_be_visible()


async def test_gates_are_shown_with_what_they_found(explorer: Explorer, service: Service) -> None:
    await version(service)
    await service.data(
        "mutation($input: SetGatesInput!) { setGates(input: $input) { arn } }",
        input={"group": "churn", "approvedModelCard": True},
    )
    page = await explorer.open("registry/churn")
    await page.get_by_text("Gates and evidence").focus()
    await page.keyboard.press("Enter")
    row = page.get_by_role("row", name="Model card")
    await expect(row).to_contain_text("Failed")
    await expect(page.get_by_text("Does not pass its gates now")).to_be_visible()
    await explorer.accessible()
    # The gate holds here, too, and says what it wants.
    await page.get_by_role("button", name="Approve version 1").click()
    await page.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("card")


async def schedule(service: Service) -> None:
    status, _ = await send(
        service,
        "sagemaker",
        "CreateDataQualityJobDefinition",
        {"JobDefinitionName": "churn", **definition("DataQuality")},
    )
    assert status == 200
    status, _ = await send(
        service,
        "sagemaker",
        "CreateMonitoringSchedule",
        {"MonitoringScheduleName": "Hourly", "MonitoringScheduleConfig": by_definition("churn")},
    )
    assert status == 200


async def test_what_a_schedule_measured_is_drawn_over_time(explorer: Explorer, service: Service) -> None:
    await schedule(service)
    store, account = service.catalog.store, service.account
    begin = 1_780_000_000_000
    for number, drift in enumerate((0.02, 0.05, 0.4)):
        at, job = begin + number * 3_600_000, f"run-{number}"
        run = Execution(
            *(account, job, at, at, ExecutionStatus.COMPLETED), schedule="Hourly", scheduled_at=at, type="DataQuality"
        )
        await executions.put(store, [run])
        measured = [
            Measurement(Subject.FEATURE, name, {"baseline_drift": drift, "completeness": 1}, {"baseline_drift": 0.1})
            for name in ("age", "<img onerror=alert(1)>")
        ]
        await measurements.put(store, account, "Hourly", at, job, measured)
    page = await explorer.open("monitors")
    await page.get_by_role("link", name="Over time of Hourly").press("Enter")
    trends = page.get_by_role("region", name="Over time: Hourly")
    await expect(trends.get_by_role("img")).to_have_attribute("alt", re.compile(r"held against 0\.1\. It violates at"))
    await trends.get_by_role("button", name="Table").click()
    await expect(trends.get_by_role("row")).to_have_count(4)
    await explorer.accessible()
    await trends.get_by_label("Measured of").select_option(label="age")
    await trends.get_by_label("Metric").select_option("completeness")
    await expect(trends.get_by_role("row").nth(1)).to_contain_text("1")
    assert "metric=completeness" in page.url
    await page.reload()
    await expect(trends.get_by_label("Metric")).to_have_value("completeness")
    await explorer.open("monitors?schedule=Nothing")
    await expect(page.get_by_text("No run of this schedule has come to results yet.")).to_be_visible()


async def test_a_schedule_is_run_stopped_and_started(explorer: Explorer, service: Service) -> None:
    await schedule(service)
    page = await explorer.open("monitors")
    await page.get_by_role("button", name="Run now Hourly").press("Enter")
    runs = page.get_by_role("region", name="Runs")
    await expect(runs.get_by_role("row", name="Hourly")).to_contain_text("Pending")
    await explorer.accessible()
    account, store = service.account, service.catalog.store
    ((_, run),) = (await executions.page(store, account)).items
    attempt = await executions.claim(store, run, "worker", now_ms())
    assert attempt == 1
    # What becomes of it shows by itself.
    await expect(runs.get_by_role("row", name="Hourly")).to_contain_text("In progress")
    schedules = page.get_by_role("region", name="Schedules")
    await page.get_by_role("button", name="Stop Hourly").click()
    await expect(schedules.get_by_role("row", name="Hourly")).to_contain_text("Stopped")
    await page.get_by_role("button", name="Start Hourly").click()
    await expect(page.get_by_role("button", name="Stop Hourly")).to_be_visible()
    await runs.get_by_label("Status").select_option("FAILED")
    await expect(runs.get_by_text("No run has this status.")).to_be_visible()
    assert page.url.endswith("/monitors?status=FAILED")
    await page.go_back()
    await runs.get_by_role("link", name="Hourly").click()
    about = page.get_by_role("region", name="What was looked at")
    await about.get_by_role("link", name="Hourly").click()
    await expect(page.get_by_role("heading", name="Runs of Hourly")).to_be_visible()
    await expect(runs.get_by_role("row", name="Hourly")).to_contain_text("In progress")
    await page.get_by_role("link", name="Runs of all schedules").click()
    await expect(page.get_by_role("heading", name="Runs", exact=True)).to_be_visible()


async def test_signing_in_takes_a_key_and_ends_with_it(explore: Open, serve: Serve, keys: Keys) -> None:
    reader = await keys.make("rita", Role.READER)
    explorer = await explore(keys.service)
    page = await explorer.open("registry")
    await expect(page.get_by_role("heading", name="Sign in to Stemma")).to_be_visible()
    await explorer.accessible()
    await page.get_by_label("Access key id").fill(reader.key.id)
    await page.get_by_label("Secret access key").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("does not open")
    await page.get_by_label("Secret access key").fill(reader.secret)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Model registry")).to_be_visible()
    (cookie,) = await page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("stemma_session", True, "Strict")
    assert reader.secret not in cookie["value"]
    await page.reload()
    await expect(page.get_by_text("person/rita")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in to Stemma")).to_be_visible()
    explorer.wrong = [text for text in explorer.wrong if "401" not in text]


async def test_a_reader_is_offered_no_decision(explore: Open, keys: Keys) -> None:
    admin = await keys.make("ada", Role.ADMIN)
    keys.service.headers["Authorization"] = keys.as_(admin)
    await version(keys.service)
    reader = await keys.make("rita", Role.READER)
    explorer = await explore(keys.service)
    page = await explorer.open("registry/churn")
    await page.get_by_label("Access key id").fill(reader.key.id)
    await page.get_by_label("Secret access key").fill(reader.secret)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Version 1")).to_be_visible()
    for name in ("Approve", "Reject", "Move an alias"):
        await expect(page.get_by_role("button", name=name)).to_have_count(0)
