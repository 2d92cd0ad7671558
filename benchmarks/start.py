"""Seconds until the embedded database answers and `stemma --help` is printed, and what an idle service weighs."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import machine
from graph.catalog import Catalog
from graph.store.provider import EmbeddedProvider

STEMMA = Path(sys.executable).with_name("stemma")
ROUNDS = 5


async def opened(folder: Path) -> float:
    began = time.perf_counter()
    catalog = await Catalog.open(EmbeddedProvider(folder), folder)
    seconds = time.perf_counter() - began
    await catalog.close()
    return seconds


def helped() -> float:
    began = time.perf_counter()
    subprocess.run([STEMMA, "--help"], check=True, capture_output=True)
    return time.perf_counter() - began


def weight(folder: Path) -> int:
    """Resident memory of an idle `stemma serve` in MiB, without its database, which is a process of its own."""
    settings = {"STEMMA_PORT": "0", "STEMMA_DATA_DIR": str(folder)}
    process = subprocess.Popen(
        [STEMMA, "serve"], env={**os.environ, **settings}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(10)
        status = Path(f"/proc/{process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) // 1024
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    print(machine.describe())
    with tempfile.TemporaryDirectory(prefix="stemma-bench-") as folder:
        first = asyncio.run(opened(Path(folder)))
        again = [asyncio.run(opened(Path(folder))) for _ in range(ROUNDS)]
        print(f"embedded start: first {first:.2f} s, again {machine.median(again):.2f} s (median of {ROUNDS})")
        print(f"stemma --help: {machine.median([helped() for _ in range(ROUNDS)]):.2f} s (median of {ROUNDS})")
        print(f"idle service: {weight(Path(folder))} MiB beside the database")


if __name__ == "__main__":
    main()
