"""All bias metrics but FT beside polars' own count of the same columns: `python -m benchmarks.bias [--rows N]`."""

import argparse
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from benchmarks import machine
from monitors.analysis.bias import FLIP_TEST, NAMES, BiasConfig, Facet, bias_report

ROUNDS = 7
AIM = 2.0


def table(rows: int) -> pl.DataFrame:
    """Two facets, labels, predictions and a group variable."""
    rng = np.random.default_rng(1)
    return pl.DataFrame(
        {
            "sex": pl.Series(rng.choice(["female", "male"], rows)),
            "race": pl.Series(rng.choice(["a", "b", "c", "d", "e"], rows)),
            "age": rng.integers(18, 90, rows),
            "label": rng.integers(0, 2, rows),
            "predicted": rng.integers(0, 2, rows),
            "region": pl.Series(rng.choice(["north", "east", "south", "west"], rows)),
        }
    )


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    arguments = parser.parse_args()
    print(machine.describe())
    frame = table(arguments.rows)
    metrics = tuple(name for name in NAMES["post_training"] if name != FLIP_TEST)
    for name, facets in (
        ("two facets of 2 and 5 values", (Facet("sex"), Facet("race"))),
        ("these and an age of 72 with a threshold", (Facet("sex"), Facet("race"), Facet("age", (40,), "continuous"))),
    ):
        config = BiasConfig(
            *("label", (1,), facets), predicted_label="predicted", group_variable="region", post_training=metrics
        )
        columns = [*config.columns]
        counts, reports = [], []
        for _ in range(ROUNDS):
            counts.append(timed(lambda names=columns: frame.group_by(names).len()))  # type: ignore[misc]
            reports.append(timed(lambda asked=config: bias_report(frame, asked)))  # type: ignore[misc]
        ratio = machine.median(reports) / machine.median(counts)
        print(f"{name}, {arguments.rows:,} rows, {ROUNDS} rounds")
        print(f"  polars group_by of the same columns  {machine.ms(counts)}")
        print(f"  all {len(NAMES['pre_training']) + len(metrics)} metrics of every group        {machine.ms(reports)}")
        print(f"  ratio {ratio:.2f} (aim {AIM})", flush=True)


if __name__ == "__main__":
    main()
