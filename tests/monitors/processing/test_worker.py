"""Workers that die, are slow or lose the database: a run is done at least once, and its results count once."""

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from graph.errors import TimeLimitError, TooExpensiveError
from graph.monitoring import executions
from graph.monitoring.executions import Execution, ExecutionStatus
from graph.reach.policy import Policy
from graph.times import now_ms
from monitors.processing import processes
from monitors.processing.plans import Analysis, Plan
from monitors.processing.processes import Limits
from monitors.processing.worker import ATTEMPTS, FORGET_MS, Worker
from tests.api.sagemaker.conftest import Aws
from tests.monitors.processing.conftest import LIMITS, Lake
from tests.monitors.processing.test_baselines import request, table


async def test_only_one_of_many_workers_takes_a_run(aws: Aws, lake: Lake) -> None:
    store, account = aws.service.catalog.store, aws.service.account
    now = now_ms()
    seen = Execution(account, "one", now, now, ready_at=now)
    await executions.put(store, [seen])
    claims = await asyncio.gather(*(executions.claim(store, seen, f"worker-{n}", now) for n in range(12)))
    assert [claim for claim in claims if claim is not None] == [1]
    assert await executions.renew(store, account, "one", 1, now + 5) is ExecutionStatus.IN_PROGRESS
    assert await executions.renew(store, account, "one", 2, now + 5) is None


async def test_a_run_is_taken_over_and_the_first_attempt_is_heard_no_more(aws: Aws, lake: Lake) -> None:
    catalog, account = aws.service.catalog, aws.service.account
    uri = lake.put("a.csv", table().write_csv())
    await aws("create_processing_job", ProcessingJobName="job", **request(lake, uri, "out"))
    policy = Policy.load(lake.policy)
    slow = Worker(catalog, policy, LIMITS, name="slow", lease=1, accounts=[account])
    fast = Worker(catalog, policy, LIMITS, name="fast", accounts=[account])
    frozen = asyncio.Event()

    perform = slow._perform

    async def unguarded(run: Execution, work: Callable[[], Awaitable[None]]) -> None:
        await work()

    async def late(run: Execution, told: Mapping[str, Any]) -> None:
        await frozen.wait()
        await perform(run, told)

    slow._guarded = unguarded  # type: ignore[method-assign]  # as if it had not run for a while
    slow._perform = late  # type: ignore[method-assign]
    assert await slow.take()
    await asyncio.sleep(0.3)
    await fast.drain()
    done = await aws("describe_processing_job", ProcessingJobName="job")
    assert done["ProcessingJobStatus"] == "Completed"
    before = (await catalog.moment(account)).sequence
    frozen.set()
    await asyncio.gather(*slow._running)
    assert (await catalog.moment(account)).sequence == before
    held = (await executions.find(catalog.store, account, ["job"]))["job"]
    assert (held.status, held.attempt, held.worker) == (ExecutionStatus.COMPLETED, 2, "fast")
    component = await aws("describe_trial_component", TrialComponentName="job-aws-processing-job")
    assert component["Status"]["PrimaryStatus"] == "Completed"


async def test_a_run_whose_workers_die_has_failed_in_the_end(aws: Aws, lake: Lake, worker: Worker) -> None:
    store, account = aws.service.catalog.store, aws.service.account
    uri = lake.put("a.csv", table().write_csv())
    await aws("create_processing_job", ProcessingJobName="job", **request(lake, uri, "out"))
    for _ in range(ATTEMPTS):
        seen = (await executions.find(store, account, ["job"]))["job"]
        assert await executions.claim(store, seen, "dead", now_ms(), lease=0) is not None
    await worker.drain()
    done = await aws("describe_processing_job", ProcessingJobName="job")
    assert done["ProcessingJobStatus"] == "Failed"
    assert "died in each of 3 attempts" in done["FailureReason"]


async def test_what_was_never_recorded_is_forgotten(aws: Aws, lake: Lake, worker: Worker) -> None:
    store, account = aws.service.catalog.store, aws.service.account
    now = now_ms()
    old, new = (
        Execution(account, name, at, at, ready_at=at) for name, at in (("old", now - 2 * FORGET_MS), ("new", now))
    )
    await executions.put(store, [old, new])
    await worker.drain()
    held = await executions.find(store, account, ["old", "new"])
    assert list(held) == ["new"]
    assert (held["new"].status, held["new"].attempt, held["new"].ready_at > now) == (ExecutionStatus.PENDING, 0, True)


def plan(tmp_path: Path, data: Path) -> Plan:
    (tmp_path / "output").mkdir()
    return Plan(Analysis.DATA_QUALITY, str(data), "s3://b/data.csv", str(tmp_path / "output"), format="csv")


async def test_a_process_that_takes_too_long_ends_with_all_that_it_started(tmp_path: Path) -> None:
    code = "import subprocess, sys; subprocess.Popen(['sleep', '60']); print(1); subprocess.run(['sleep', '60'])"
    with pytest.raises(TimeLimitError, match="longer than 1 s"):
        await processes.run([sys.executable, "-c", code], b"", tmp_path, 1)
    assert _left(tmp_path) == []


def _left(folder: Path) -> list[str]:
    return [each.name for each in Path("/proc").iterdir() if each.name.isdecimal() and _stands_in(each, folder)]


def _stands_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder
    except OSError:
        return False


async def test_a_process_sees_neither_credentials_nor_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("STEMMA_SECRETS_KEY", "secret")
    code = "import os, json; open('seen', 'w').write(json.dumps(dict(os.environ)))"
    assert await processes.run([sys.executable, "-c", code], b"", tmp_path, 20) == (0, "")
    seen = json.loads((tmp_path / "seen").read_text())
    assert "secret" not in seen.values()
    assert seen["HOME"] == str(tmp_path)


async def test_memory_is_limited(tmp_path: Path) -> None:
    wide = tmp_path / "wide.csv"
    wide.write_text(",".join(f"c{n}" for n in range(100)) + "\n" + (",".join(["x" * 50] * 100) + "\n") * 20_000)
    with pytest.raises(TooExpensiveError, match="STEMMA_JOB_MEMORY_MB"):
        await processes.compute(plan(tmp_path, wide), tmp_path, Limits(megabytes=300, seconds=60))


async def test_a_process_ends_with_its_worker(tmp_path: Path) -> None:
    ours = (
        "import asyncio, pathlib, sys\n"
        "from monitors.processing import processes\n"
        "code = 'import threading, os, time; from monitors.processing.child import follow; '\n"
        'code += \'open("pid", "w").write(str(os.getpid())); follow(os.getppid())\'\n'
        "asyncio.run(processes.run([sys.executable, '-c', code], b'', pathlib.Path(sys.argv[1]), 60))\n"
    )
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", ours, str(tmp_path))
    file = tmp_path / "pid"

    async def until(holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():  # noqa: ASYNC110  # what happens there sends nothing here
                await asyncio.sleep(0.05)

    await until(lambda: file.exists() and file.read_text() != "")
    child = Path("/proc") / file.read_text()
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    await until(lambda: not child.exists())
