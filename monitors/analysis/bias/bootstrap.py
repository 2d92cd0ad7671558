"""Bootstrap intervals of bias metrics, drawn from the counts themselves.

Resampling rows with replacement and counting them is one multinomial draw of the counts, so a replicate costs as much
as the counts have cells, whatever the number of rows.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from monitors.analysis.bias.metrics import METRICS
from monitors.analysis.replicates import Interval, percentile_interval

if TYPE_CHECKING:
    from monitors.analysis.bias.cells import GroupCells

_CELLS_AT_ONCE = 4_000_000


def intervals(
    held: "GroupCells", names: Sequence[str], replicates: int, confidence: float, seed: int
) -> dict[str, Interval]:
    """Percentile bootstrap intervals by metric (Efron, Tibshirani, "An Introduction to the Bootstrap", 1993).

    Replicates in which a metric is undefined, as when a small group is drawn empty, are left out of its interval; a
    metric that is defined in none has no interval.

    Args:
        held: The counts.
        names: The metrics; FT, which is not made of counts, is passed over.
        replicates: How many samples are drawn.
        confidence: The intervals' level, between 0 and 1.
        seed: The same seed and counts give the same intervals.
    """
    from monitors.analysis.bias.cells import cells_from

    flat = held.counts.ravel()
    total = int(flat.sum())
    wanted = [name for name in names if name in METRICS]
    if total == 0:
        return {}
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    # Empty cells stay empty, so they are not drawn.
    filled = np.flatnonzero(flat)
    step = max(1, _CELLS_AT_ONCE // len(flat))
    for begin in range(0, replicates, step):
        size = min(step, replicates - begin)
        sample = np.zeros((size, len(flat)))
        sample[:, filled] = rng.multinomial(total, flat[filled] / total, size=size)
        cells = cells_from(sample.reshape(size, *held.counts.shape), held.strata, held.predicted)
        for name in wanted:
            drawn[name].append(METRICS[name].values(cells))
    made = {}
    for name in wanted:
        interval = percentile_interval(np.concatenate(drawn[name]), confidence)
        if interval is not None:
            made[name] = interval
    return made
