"""Data-quality statistics beside polars' decoding and the peers: `python -m benchmarks.statistics [--rows N] [--rounds N]`.

Every side is a process of its own, from its start to its end, so imports count for all. Each round runs all sides once.
"""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import machine
from tests.servers import environments

PEERS = Path(__file__).with_name("peer_profilers.py")
DECODE = (
    "import polars as pl, polars.selectors as cs, sys\n"
    "pl.scan_parquet(sys.argv[1]).select(cs.numeric().sum(), cs.string().str.len_bytes().sum()).collect()"
)
CSV = "import polars as pl, sys; pl.read_csv(sys.argv[1])"
LINES = "import polars as pl, sys; pl.read_ndjson(sys.argv[1])"
OURS = (
    "import sys\n"
    "from monitors.analysis import open_dataset, profile_dataset, statistics_of\n"
    "if __name__ == '__main__': statistics_of(profile_dataset(open_dataset(sys.argv[1]))).to_json()"
)


@dataclass
class Side:
    """A command, and the seconds, CPU seconds and peak memory (MB) of its runs."""

    name: str
    command: Sequence[str]
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: float = 0.0
    most: int = 1_000

    def run(self) -> None:
        began = time.perf_counter()
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, self.command)
        self.seconds.append(time.perf_counter() - began)
        self.cpu.append(usage.ru_utime + usage.ru_stime)
        self.peak = max(self.peak, usage.ru_maxrss / 1024)


def table(rows: int) -> pl.DataFrame:
    """17 columns of numbers and 3 of texts, some of them without end."""
    dice = np.random.default_rng(1)
    columns: dict[str, object] = {f"normal_{i}": dice.normal(i, 1 + i, rows) for i in range(4)}
    columns |= {f"skewed_{i}": np.round(dice.lognormal(3, 1, rows), 2) for i in range(3)}
    columns |= {"rate_0": dice.random(rows), "rate_1": np.round(dice.random(rows), 4)}
    columns |= {"gap": np.where(dice.random(rows) < 0.1, np.nan, dice.normal(size=rows))}
    columns |= {f"count_{i}": dice.integers(0, high, rows) for i, high in enumerate((2, 50, 1000, 100_000, 10**9))}
    columns |= {"id": np.arange(rows), "age": dice.integers(18, 95, rows).astype(np.int32)}
    cities = np.array([f"city {i:03}" for i in range(300)])
    codes = np.array([f"C{i:06x}" for i in range(50_000)])
    return pl.DataFrame(columns).with_columns(
        pl.col("gap").fill_nan(None),
        city=pl.Series(cities[dice.zipf(1.5, rows) % 300]),
        flag=pl.Series(np.array(["yes", "no", "unknown"])[dice.integers(0, 3, rows)]),
        code=pl.Series(codes[dice.integers(0, 50_000, rows)]),
    )


def make(files: Sequence[Path], wide: Path, rows: int) -> None:
    """Write the tables."""
    frame = table(rows)
    frame.write_parquet(files[0], compression="zstd")
    frame.write_csv(files[1])
    frame.write_ndjson(files[2])
    dice = np.random.default_rng(2)
    pl.DataFrame({f"c{i}": dice.normal(size=100_000) for i in range(1000)}).write_parquet(wide, compression="zstd")


def measure(title: str, sides: Sequence[Side], rounds: int, aims: dict[str, str]) -> None:
    """Run the sides in turn, and print each beside the first."""
    print(f"\n{title}, {rounds} rounds")
    for number in range(rounds):
        for side in sides:
            if number < side.most:
                side.run()
    first = sides[0]
    for side in sides:
        wall = machine.median(side.seconds) / machine.median(first.seconds)
        cpu = machine.median(side.cpu) / machine.median(first.cpu)
        print(
            f"  {side.name:34} {machine.median(side.seconds):7.2f} s  {machine.median(side.cpu):7.2f} s CPU  "
            f"{side.peak:6.0f} MB  × {wall:6.2f}  × {cpu:6.2f} CPU  {aims.get(side.name, '')}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files are made, or kept from the last time")
    arguments = parser.parse_args()
    print(machine.describe())
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        compare(folder, arguments.rows, arguments.rounds)


def compare(folder: Path, rows: int, rounds: int) -> None:
    files = [folder / f"{rows}.{suffix}" for suffix in ("parquet", "csv", "jsonl")]
    wide = folder / "wide.parquet"
    if not all(file.exists() for file in (*files, wide)):
        # A process begins with its parent's memory as its peak, so this one must stay small.
        maker = multiprocessing.get_context("spawn").Process(target=make, args=(files, wide, rows))
        maker.start()
        maker.join()
    here = [sys.executable, "-c"]

    def ours(file: Path) -> Side:
        return Side("Stemma, full statistics", [*here, OURS, str(file)])

    sides = [Side("polars, decoding and sums", [*here, DECODE, str(files[0])]), ours(files[0])]
    try:
        peers = environments.python("profilers")
    except environments.NoEnvironmentError as error:
        print(f"  without whylogs and DuckDB: {error}")
    else:
        # -P: this folder's `statistics` is not the standard library's.
        there = [str(peers), "-P", str(PEERS)]
        sides.append(Side("DuckDB, SUMMARIZE", [*there, "duckdb", str(files[0])]))
        sides.append(Side("whylogs", [*there, "whylogs", str(files[0])], most=1))
    measure(f"{rows:,} rows × 20 columns, Parquet", sides, rounds, {"Stemma, full statistics": "aim ≤ 3, ≤ 1 GB"})
    for side in sides[2:]:
        ratio = machine.median(side.seconds) / machine.median(sides[1].seconds)
        aim = {"DuckDB, SUMMARIZE": 2, "whylogs": 18}[side.name]
        print(f"  {side.name} takes {ratio:.1f} × as long as Stemma (aim ≥ {aim})")
    for title, code, file in (("CSV", CSV, files[1]), ("JSON Lines", LINES, files[2])):
        pair = [Side("polars, parsing", [*here, code, str(file)]), ours(file)]
        measure(f"{rows:,} rows × 20 columns, {title}", pair, rounds, {"Stemma, full statistics": "aim ≤ 1.6"})
    pair = [Side("polars, decoding and sums", [*here, DECODE, str(wide)]), ours(wide)]
    measure("100,000 rows × 1,000 columns, Parquet", pair, rounds, {"Stemma, full statistics": "aim ≤ 3"})
    on_a_cluster(folder, rows)


def on_a_cluster(folder: Path, rows: int) -> None:
    """40 files by one dask worker and by four, each a process with one thread."""
    from distributed import LocalCluster

    from monitors.analysis import Cluster, open_dataset, profile_dataset, statistics_of

    parts = folder / f"{rows}-in-40"
    if not parts.exists():
        parts.mkdir()
        frame = pl.read_parquet(folder / f"{rows}.parquet")
        size = -(-rows // 40)
        for position in range(40):
            frame.slice(position * size, size).write_parquet(parts / f"{position:02}.parquet", compression="zstd")
    seconds, found = [], set()
    for workers in (1, 4):
        with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as running:
            cluster = Cluster(running.scheduler_address)
            profile_dataset(open_dataset(parts / "00.parquet"), cluster=cluster)  # imports
            began = time.perf_counter()
            found.add(statistics_of(profile_dataset(open_dataset(parts), cluster=cluster)).to_json())
            seconds.append(time.perf_counter() - began)
    print(f"\n{rows:,} rows in 40 files on dask.distributed")
    print(f"  one worker {seconds[0]:.2f} s, four {seconds[1]:.2f} s: {seconds[0] / seconds[1]:.2f} × as fast")
    print(
        f"  the same bytes: {len(found) == 1}; limited by {os.cpu_count()} cores, on which polars decodes with all as well"
    )


if __name__ == "__main__":
    main()
