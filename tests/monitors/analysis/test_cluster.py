"""A real cluster: a scheduler and workers that are processes of their own, on this machine."""

import datetime
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed import Client

from monitors.analysis import (
    Cluster,
    MalformedDataError,
    WorkersError,
    open_dataset,
    profile_dataset,
    statistics_of,
)
from tests.monitors.analysis import test_folding

ROOT = Path(__file__).parents[3]


class Running:
    """A scheduler and two workers."""

    def __init__(self, folder: Path, *security: str) -> None:
        self.file = folder / "scheduler.json"
        self.log = (folder / "log").open("w")
        scheme = "tls" if security else "tcp"
        self.processes = [
            self._start("scheduler", "--host", f"{scheme}://127.0.0.1", "--port", "0", "--no-dashboard", *security)
        ]
        while not self.file.exists():
            assert self.processes[0].poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        for _ in range(2):
            self.processes.append(self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", *security))

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + kind, "--scheduler-file", str(self.file), *options]
        return subprocess.Popen(command, cwd=ROOT, stdout=self.log, stderr=self.log)

    @property
    def address(self) -> str:
        import json

        return str(json.loads(self.file.read_text())["address"])

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self.log.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    cluster = Running(tmp_path)
    yield cluster
    cluster.stop()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    dice = np.random.default_rng(1)
    for position in range(8):
        pl.DataFrame(
            {"x": dice.normal(size=20_000), "n": dice.integers(0, 10**9, 20_000), "t": dice.choice(["a", "b"], 20_000)}
        ).write_parquet(folder / f"{position}.parquet")
    return folder


def test_a_cluster_gives_the_same_bytes(running: Running, data: Path) -> None:
    told: list[tuple[int, int]] = []
    dataset = open_dataset(data)
    there = profile_dataset(dataset, lambda rows, read: told.append((rows, read)), cluster=Cluster(running.address))
    assert statistics_of(there).to_json() == statistics_of(profile_dataset(dataset)).to_json()
    assert told[-1] == (160_000, dataset.total_bytes)
    assert len(told) == 8


def test_the_parts_of_a_lost_worker_are_computed_again(running: Running, data: Path) -> None:
    dataset = open_dataset(data)
    with Client(running.address) as client:
        client.wait_for_workers(2)
    lost: list[int] = []

    def lose_one(rows: int, read: int) -> None:
        if not lost:
            victim = running.processes.pop()
            lost.append(victim.pid)
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()

    there = profile_dataset(dataset, lose_one, cluster=Cluster(running.address))
    assert lost
    assert statistics_of(there).to_json() == statistics_of(profile_dataset(dataset)).to_json()


def test_model_quality_and_bias_have_the_same_bytes_there_and_where_a_worker_is_lost(
    running: Running, tmp_path: Path
) -> None:
    folder = test_folding.written(tmp_path / "quality", rows=30_000)
    cluster = Cluster(running.address)
    with Client(running.address) as client:
        client.wait_for_workers(2)
    config = test_folding.CONFIGS["binary"]
    assert test_folding.quality(config, folder, cluster=cluster) == test_folding.quality(config, folder)
    lost: list[int] = []

    def lose_one(rows: int, read: int) -> None:
        if not lost:
            victim = running.processes.pop()
            lost.append(victim.pid)
            victim.kill()
            victim.wait()

    there = test_folding.bias(folder, cluster=cluster, on_progress=lose_one)
    assert lost
    assert there == test_folding.bias(folder)


def test_errors_of_the_data_come_back(running: Running, data: Path) -> None:
    (data / "9.parquet").write_bytes(b"PAR1 it is not")
    with pytest.raises(MalformedDataError, match=r"9\.parquet can't be read as Parquet"):
        profile_dataset(open_dataset(data), cluster=Cluster(running.address))


def test_certificates_are_needed_and_used(tmp_path: Path, data: Path) -> None:
    ca, certificate, key = certificates(tmp_path)
    running = Running(tmp_path, "--tls-ca-file", str(ca), "--tls-cert", str(certificate), "--tls-key", str(key))
    try:
        address = running.address
        assert address.startswith("tls://")
        dataset = open_dataset(data)
        there = profile_dataset(dataset, cluster=Cluster(address, ca, certificate, key))
        assert statistics_of(there).to_json() == statistics_of(profile_dataset(dataset)).to_json()
    finally:
        running.stop()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://10.0.0.7:8786", "without TLS"),
        ("tcp://scheduler:8786", "without TLS"),
        ("tls://scheduler:8786", "needs a CA"),
        ("http://127.0.0.1:1", "no address of a dask scheduler"),
        ("tcp://127.0.0.1", "no address of a dask scheduler"),
    ],
)
def test_an_address_that_can_t_be_trusted_is_refused(address: str, message: str) -> None:
    with pytest.raises(WorkersError, match=message):
        Cluster(address)


def test_a_scheduler_that_is_not_there_is_said(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitors.analysis.cluster._SECONDS", 1)
    with pytest.raises(WorkersError, match="No dask scheduler answers"):
        profile_dataset(open_dataset(data), cluster=Cluster("tcp://127.0.0.1:9"))


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """A self-signed certificate, which is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stemma test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, pem, secret
