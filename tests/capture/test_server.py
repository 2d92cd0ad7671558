"""The middleware in a real model server under uvicorn: killed, cut off from its destination, and read by our monitors."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import orjson
import pytest
from moto.server import ThreadedMotoServer

from monitors.analysis import CaptureLayout, open_dataset, profile_dataset

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    process: subprocess.Popen[bytes]
    client: httpx.Client

    def ask(self, inference_id: str, body: str = "1,2,3") -> str:
        headers = {"Content-Type": "text/csv", "X-Amzn-SageMaker-Inference-Id": inference_id}
        return self.client.post("/invocations", content=body, headers=headers).raise_for_status().text

    @property
    def statistics(self) -> dict[str, Any]:
        return dict(self.client.get("/statistics").raise_for_status().json())

    def until(self, name: str, least: int) -> dict[str, Any]:
        end = time.monotonic() + 30
        while (known := self.statistics)[name] < least:
            assert time.monotonic() < end, known
            time.sleep(0.02)
        return known


@contextmanager
def serving(destination: str, spool: Path, **environment: str) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "tests.capture.model_server:app",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    surroundings = {
        **os.environ,
        "DESTINATION": destination,
        "SPOOL": str(spool),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'capture'}",
        **environment,
    }
    process = subprocess.Popen(command, env=surroundings, cwd=ROOT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            server = Server(process, client)
            end = time.monotonic() + 60
            while True:
                try:
                    assert server.statistics["accepted"] == 0
                    break
                except httpx.TransportError:
                    assert process.poll() is None
                    assert time.monotonic() < end
                    time.sleep(0.05)
            yield server
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def uploaded(folder: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for path in sorted(folder.rglob("*.jsonl")) for line in path.read_bytes().splitlines()]


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [item["eventMetadata"]["inferenceId"] for item in records]


def test_what_was_asked_and_answered_lies_as_sagemaker_has_it_and_monitors_read_it(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with serving(str(lake), tmp_path / "spool") as server:
        for number in range(20):
            assert server.ask(f"i{number}", f"{number},x,3") == "3"
        server.until("durable_through", 20)
    records = uploaded(lake)
    assert ids(records) == [f"i{number}" for number in range(20)]
    first = records[0]
    assert first["captureData"] == {
        "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": "0,x,3", "encoding": "CSV"},
        "endpointOutput": {
            "observedContentType": "text/csv; charset=utf-8",
            "mode": "OUTPUT",
            "data": "3",
            "encoding": "CSV",
        },
    }
    assert first["eventVersion"] == "0"
    assert set(first["eventMetadata"]) == {"eventId", "inferenceId", "inferenceTime"}
    path = next(lake.rglob("*.jsonl")).relative_to(lake)
    assert path.parts[:2] == ("shop", "AllTraffic")
    at = time.strptime(first["eventMetadata"]["inferenceTime"], "%Y-%m-%dT%H:%M:%SZ")
    assert "/".join(path.parts[2:6]) == time.strftime("%Y/%m/%d/%H", at)
    assert not list((tmp_path / "spool").iterdir())
    profile = profile_dataset(open_dataset(lake, "capture", layout=CaptureLayout(("said", "a", "b", "c"))))
    assert (profile.rows, list(profile.columns)) == (20, ["said", "a", "b", "c"])


@pytest.mark.soak
def test_no_durable_event_is_lost_by_kill_9(tmp_path: Path) -> None:
    rounds = 3 * int(os.environ.get("STEMMA_SOAK", "1"))
    lake, spool = tmp_path / "lake", tmp_path / "spool"
    durable: list[str] = []
    accepted = lost = 0
    for turn in range(rounds):
        with serving(str(lake), spool, SEGMENT_SECONDS=str((turn % 3) * 0.2 + 0.05)) as server:
            asked = []
            for number in range(60 + 20 * (turn % 3)):
                asked.append(f"{turn}-{number}")
                server.ask(asked[-1])
                if number == 20:
                    server.until("durable_through", 1)
            # Those of the last moments are still in the queue.
            known = server.statistics
            server.process.kill()
            server.process.wait()
        accepted += known["accepted"]
        lost += known["lost"]
        durable += asked[: known["durable_through"]]
        assert known["accepted"] == len(asked)
    with serving(str(lake), spool) as server:
        end = time.monotonic() + 30
        while list(spool.glob("run-*/*.jsonl")) and time.monotonic() < end:
            server.ask("awake")
            time.sleep(0.2)
        known = server.statistics
        lost += known["lost"]
    found = [name for name in ids(uploaded(lake)) if name != "awake"]
    assert len(found) == len(set(found))
    assert set(durable) <= set(found)
    assert len(durable) >= rounds
    assert accepted - len(found) <= lost
    assert not list(spool.iterdir())


def test_an_event_is_durable_within_200_ms(tmp_path: Path) -> None:
    with serving(str(tmp_path / "lake"), tmp_path / "spool", SEGMENT_SECONDS="60") as server:
        server.ask("first")
        server.until("durable_through", 1)
        waits = []
        for number in range(10):
            server.ask(f"i{number}")
            begin = time.monotonic()
            server.until("durable_through", number + 2)
            waits.append(time.monotonic() - begin)
        # The machine's disk may be busy with others' tests.
        assert sorted(waits)[2] < 0.2
        assert not list((tmp_path / "lake").rglob("*.jsonl"))
    assert len(uploaded(tmp_path / "lake")) == 11


def test_a_destination_that_is_away_delays_nothing_and_gets_all_once_it_is_back(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    lake.write_text("no folder")
    with serving(str(lake), tmp_path / "spool", SEGMENT_SECONDS="0.1") as server:
        for number in range(30):
            assert server.ask(f"i{number}") == "3"
        known = server.until("durable_through", 30)
        end = time.monotonic() + 20
        while server.statistics["failure"] is None and time.monotonic() < end:
            time.sleep(0.05)
        known = server.statistics
        assert known["failure"].startswith(f"{lake}: ")
        assert known["waiting_bytes"] > 0
        lake.unlink()
        server.until("uploaded", 1)
    assert sorted(ids(uploaded(lake))) == sorted(f"i{number}" for number in range(30))


def test_uploads_to_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        url = "http://{}:{}".format(*moto.get_host_and_port())
        for name, value in keys.items():
            monkeypatch.setenv(name, value)
        client = boto3.client("s3", endpoint_url=url)
        client.create_bucket(Bucket="captured-by-middleware")
        with serving("s3://captured-by-middleware/live/", tmp_path / "spool", S3_ENDPOINT=url) as server:
            for number in range(5):
                server.ask(f"i{number}")
            server.until("uploaded", 1)
        listed = client.list_objects_v2(Bucket="captured-by-middleware")["Contents"]
        assert all(held["Key"].startswith("live/shop/AllTraffic/20") for held in listed)
        bodies = [client.get_object(Bucket="captured-by-middleware", Key=held["Key"])["Body"].read() for held in listed]
        found = [orjson.loads(line) for body in bodies for line in body.splitlines()]
        assert sorted(ids(found)) == [f"i{number}" for number in range(5)]
    finally:
        moto.stop()
