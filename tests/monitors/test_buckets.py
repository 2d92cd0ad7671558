"""Data sets in S3, on moto's server over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from moto.server import ThreadedMotoServer

from graph.errors import InvalidError, NotFoundError, UnavailableError
from graph.reach.s3 import Credentials
from monitors.buckets import Objects
from monitors.datasets import observe
from monitors.reading import Reading


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    monkeypatch.setenv("LAKE_ID", "id")
    monkeypatch.setenv("LAKE_SECRET", "secret")
    # The buckets of all of moto's servers are one process's: each test has a name of its own.
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Objects(Credentials("lake", None, "LAKE_ID", "LAKE_SECRET", f"http://{host}:{port}", "us-east-1"))
    server.stop()


def test_a_prefix_is_read_like_a_folder(lake: Objects, tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": range(3000), "b": ["x", "y", None] * 1000})
    client = lake.credentials.client()
    client.create_bucket(Bucket="plain")
    # More than S3 lists at once.
    for position in range(1003):
        client.put_object(Bucket="plain", Key=f"small/{position:04}.csv", Body=b"a\n1\n")
    (tmp_path / "sub").mkdir()
    for name, part in [("1.parquet", frame.head(1000)), ("sub/2.parquet", frame.tail(2000))]:
        part.write_parquet(tmp_path / name)
        client.upload_file(str(tmp_path / name), "plain", f"day/{name}")
    here = observe(tmp_path)
    for path in ("s3://plain/day", "s3://plain/day/**/*.parquet"):
        there = observe(path, Reading(source=lake))
        assert there.uri == path
        assert (there.digest, there.size, there.files) == (here.digest, here.size, 2)
        assert there.statistics.to_json() == here.statistics.to_json()
    spread = observe("s3://plain/day/", Reading(source=lake, workers=2))
    assert spread.statistics.to_json() == here.statistics.to_json()
    one = observe("s3://plain/day/1.parquet", Reading(source=lake))
    assert one.digest == observe(tmp_path / "1.parquet").digest
    assert observe("s3://plain/small/", Reading(source=lake)).statistics.item_count == 1003


def test_what_is_not_there_is_said(lake: Objects) -> None:
    client = lake.credentials.client()
    client.create_bucket(Bucket="moor")
    with pytest.raises(NotFoundError, match="no file or folder s3://moor/gone"):
        observe("s3://moor/gone", Reading(source=lake))
    with pytest.raises(NotFoundError, match="nothing at s3://other"):
        observe("s3://other/day", Reading(source=lake))
    with pytest.raises(NotFoundError, match=r"nothing at s3://moor/a\.csv"):
        lake.open("s3://moor/a.csv")
    with pytest.raises(InvalidError, match="not of the form"):
        list(lake.list("s3:/lake"))


def test_an_endpoint_that_is_not_there_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKE_ID", "id")
    monkeypatch.setenv("LAKE_SECRET", "secret")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    nowhere = Objects(Credentials("lake", None, "LAKE_ID", "LAKE_SECRET", "http://127.0.0.1:9", "us-east-1"))
    with pytest.raises(UnavailableError, match="can't be reached"):
        observe("s3://moor/day", Reading(source=nowhere))
