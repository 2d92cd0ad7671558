"""`stemma monitor schedule` and `stemma worker`, in processes of their own."""

from datetime import UTC, datetime, timedelta

import pytest

from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.monitoring import definitions
from graph.monitoring.names import Monitor
from graph.store.provider import EmbeddedProvider
from tests.api.cli.conftest import Stemma
from tests.api.sagemaker.test_monitoring import definition

COMMAND = ("monitor", "schedule")


@pytest.fixture
async def schedule(stemma: Stemma) -> str:
    catalog = await Catalog.open(EmbeddedProvider(stemma.data_dir), stemma.data_dir)
    made = definitions.create(catalog.place(stemma.account), Monitor.DATA_QUALITY, "Drift", definition("DataQuality"))
    await catalog.write(Caller(stemma.account, "ana", "test", Role.WRITER), [made], operation="test")
    await catalog.close()
    put = ("--definition", "drift", "--when", "cron(0 * ? * * *)")
    shown = stemma.ok(*COMMAND, "put", "hourly", *put)
    assert (shown["status"], shown["definition"], shown["endpoint"]) == ("Scheduled", "Drift", "churn")
    return "hourly"


async def test_a_schedule_is_put_steered_and_run(stemma: Stemma, schedule: str) -> None:
    shown = stemma.ok(*COMMAND, "show", schedule)
    following = datetime.fromisoformat(shown["next"])
    assert (following.minute, following > datetime.now(UTC), shown["alert"]) == (0, True, "OK")
    assert stemma.ok(*COMMAND, "stop", schedule)["status"] == "Stopped"
    assert stemma.ok(*COMMAND, "show", schedule)["next"] is None
    assert stemma.ok(*COMMAND, "start", schedule)["status"] == "Scheduled"
    again = stemma.ok(*COMMAND, "put", schedule, "--definition", "drift", "--when", "rate(5 minutes)")
    assert again["expression"] == "rate(5 minutes)"
    assert [row["name"] for row in stemma.ok(*COMMAND, "list")] == ["hourly"]
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    times = ("--from", (hour - timedelta(minutes=15)).isoformat(), "--to", hour.isoformat())
    assert stemma.ok(*COMMAND, "backfill", schedule, *times)["new"] == 3
    assert stemma.ok(*COMMAND, "backfill", schedule, *times)["new"] == 0
    assert stemma.ok(*COMMAND, "run-now", schedule)["new"] == 1
    rows = stemma.ok(*COMMAND, "executions", schedule)
    assert [row["status"] for row in rows] == ["Pending"] * 4
    # What the worker says goes to its log, on standard error.
    assert stemma("worker", "--once", "--account", stemma.account).code == 0
    rows = stemma.ok(*COMMAND, "executions", schedule, "--status", "Failed")
    assert len(rows) == 4
    assert all("Could not find endpoint" in row["failure"] for row in rows)
    assert stemma.ok(*COMMAND, "show", schedule)["alert"] == "InAlert"
    (raised,) = stemma.ok("monitor", "alert", "list", "--schedule", schedule)
    assert (raised["alert"], raised["told"]) == ("InAlert", True)
    assert "/acknowledged-" in stemma.ok("monitor", "alert", "ack", raised["id"], "--reason", "no endpoint yet")["arn"]
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert (
        stemma.ok("monitor", "alert", "silence", schedule, "--until", end, "--reason", "being set up")["until"] == end
    )
    assert stemma.ok("monitor", "alert", "unsilence", schedule, "--reason", "done") == {"ended": 1}
    refused = stemma("monitor", "alert", "silence", schedule, "--until", "2020-01-01", "--reason", "late")
    assert (refused.code, "from now to a year ahead" in refused.err) == (2, True)
    assert stemma.ok(*COMMAND, "delete", schedule) == {"deleted": "hourly"}
    assert len(stemma.ok(*COMMAND, "executions")) == 4


async def test_a_mistake_is_named(stemma: Stemma, schedule: str) -> None:
    put = ("put", "other", "--definition", "drift", "--when")
    for arguments, code, problem in (
        ((*put, "hourly"), 2, "schedule expression"),
        ((*put, "cron(0 * ? * * *)", "--type", "ModelBias"), 1, "Could not find job definition"),
        (("put", "-x", "--definition", "drift", "--when", "rate(1 hour)"), 2, "-x"),
        (("run-now", "none"), 1, "Could not find Monitoring Schedule"),
        (("backfill", schedule, "--from", "2027-01-01", "--to", "2026-01-01"), 2, "none in the past"),
    ):
        done = stemma(*COMMAND, *arguments)
        assert done.code == code, done.err
        assert problem in done.err, done.err
