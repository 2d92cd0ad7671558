"""What was measured on, and how numbers are brought together."""

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def describe() -> str:
    """The machine, the versions and the load, in one line each."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    packages = ", ".join(f"{name} {version(name)}" for name in ("neo4j", "arcadedb-embedded"))
    return (
        f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}, {packages}\n"
        f"load before (1, 5, 15 minutes): {load}"
    )


def ms(seconds: Sequence[float]) -> str:
    """Median and quartiles in milliseconds."""
    low, middle, high = statistics.quantiles(seconds, n=4)
    return f"{middle * 1000:7.1f} ms ({low * 1000:.1f} – {high * 1000:.1f})"


def median(seconds: Sequence[float]) -> float:
    return statistics.median(seconds)
