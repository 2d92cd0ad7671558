"""A window of captured records, joined with its ground truth and profiled, beside polars reading the same files:
`python -m benchmarks.window [--records N] [--rounds N]`.

Every side is a process of its own, from its start to its end. The peer parses the captures' JSON Lines and the CSV in their
payloads, and does nothing with them.
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import uuid
from pathlib import Path

import numpy as np
import orjson

from benchmarks import machine
from benchmarks.statistics import Side, measure

HOURS = 24
PEER = """
import io, sys
import polars as pl
from pathlib import Path
for path in sorted(Path(sys.argv[1], "captured").rglob("*.jsonl")):
    captured = pl.read_ndjson(path)["captureData"].struct
    for name in ("endpointInput", "endpointOutput"):
        texts = captured.field(name).struct.field("data")
        pl.read_csv(io.BytesIO("\\n".join(texts).encode()), has_header=False)
"""
MERGE = """
import sys, tempfile
from pathlib import Path
from monitors.capture.labels import labels
from monitors.capture.merging import Counts, Merge, gather
from monitors.reading import Reading
if __name__ == "__main__":
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    counts, merge = Counts(), Merge(out)
    with labels() as known:
        gather(Reading(format="capture").open(folder / "truth"), known, counts, lambda _: None)
        merge.write(Reading(format="capture").open(folder / "captured"), known, counts, lambda _: None)
        merge.finish()
    assert counts.merged == counts.captured == counts.labels, counts
"""
STATISTICS = """
from monitors.analysis import statistics_of
if __name__ == "__main__":
    reading = Reading(format="capture").captured(("p", "a", "b", "c", "d", "e", "f"), "truth")
    data = reading.open(out / "merge")
    found = statistics_of(reading.profile(data))
    assert found.item_count == counts.merged, found.item_count
    found.to_json()
"""


def make(folder: Path, records: int) -> None:
    """Captures of a day, one file an hour, each record's input 6 values and its answer one, and a label for each."""
    dice = np.random.default_rng(1)
    each = records // HOURS
    (folder / "truth").mkdir(parents=True)
    for hour in range(HOURS):
        place = folder / f"captured/shop/AllTraffic/2026/03/01/{hour:02}"
        place.mkdir(parents=True)
        count = each + (records % HOURS if hour == 0 else 0)
        values = np.round(dice.normal(size=(count, 6)), 4).tolist()
        chances = np.round(dice.random(count), 4).tolist()
        with (
            (place / "00-00-000-a.jsonl").open("wb") as captured,
            (folder / f"truth/{hour:02}.jsonl").open("wb") as truth,
        ):
            for row, chance in zip(values, chances, strict=True):
                event = str(uuid.UUID(bytes=dice.bytes(16)))
                metadata = {"eventId": event, "inferenceTime": f"2026-03-01T{hour:02}:30:00Z"}
                data = {
                    "endpointInput": {
                        "observedContentType": "text/csv",
                        "mode": "INPUT",
                        "data": ",".join(map(str, row)),
                        "encoding": "CSV",
                    },
                    "endpointOutput": {
                        "observedContentType": "text/csv; charset=utf-8",
                        "mode": "OUTPUT",
                        "data": str(chance),
                        "encoding": "CSV",
                    },
                }
                line = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
                captured.write(orjson.dumps(line) + b"\n")
                label = {"data": str(int(chance > 0.5)), "encoding": "CSV"}
                labelled = {"groundTruthData": label, "eventMetadata": {"eventId": event}, "eventVersion": "0"}
                truth.write(json.dumps(labelled).encode() + b"\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made, or kept from the last time")
    arguments = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary) / "window"
        if not folder.exists():
            maker = multiprocessing.get_context("spawn").Process(target=make, args=(folder, arguments.records))
            maker.start()
            maker.join()
        here = [sys.executable, "-c"]
        sides = [
            Side("polars, captures and payloads", [*here, PEER, str(folder)]),
            Side("Stemma, merge", [*here, MERGE, str(folder), str(Path(temporary) / "merged")]),
            Side(
                "Stemma, merge and statistics", [*here, MERGE + STATISTICS, str(folder), str(Path(temporary) / "all")]
            ),
        ]
        title = f"{arguments.records:,} captured records and as many labels in {HOURS} files"
        measure(title, sides, arguments.rounds, {"Stemma, merge and statistics": "aim ≤ 1.6"})


if __name__ == "__main__":
    main()
