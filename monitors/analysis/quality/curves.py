"""Curves with a bounded number of points and exactly the area of the whole."""

from itertools import pairwise

import numpy as np

from monitors.analysis.quality.columns import NumberArray


def bounded(x: NumberArray, y: NumberArray, most: int) -> tuple[NumberArray, NumberArray]:
    """A curve of at most `most` points under which lies the area that lies under (x, y).

    The curve is cut where its length, |dx| + |dy|, has grown by equal steps. Each piece becomes the line between its ends
    with one point between them, as high as the piece's area asks; where that would lie outside of the piece's heights it
    becomes the flat line of its mean height, reached and left in a step. So areas are kept piece by piece, a rising curve
    still rises, and no point is further from the curve than a piece is high.

    Args:
        x: (n,), not falling.
        y: (n,).
        most: 3 or more.
    """
    if len(x) <= most:
        return x, y
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y)))])
    pieces = max(1, (most - 1) // 3)
    cuts = np.searchsorted(length, np.linspace(0, length[-1], pieces + 1)[1:-1])
    cuts = np.unique(np.concatenate([[0], cuts, [len(x) - 1]]))
    heights = (y[1:] + y[:-1]) / 2 * np.diff(x)
    area = np.concatenate([[0.0], np.cumsum(heights)])
    xs, ys = [x[0]], [y[0]]
    for begin, end in pairwise(cuts.tolist()):
        width = x[end] - x[begin]
        if width > 0:
            mean = float((area[end] - area[begin]) / width)
            low, high = float(y[begin : end + 1].min()), float(y[begin : end + 1].max())
            middle = 2 * mean - float(y[begin] + y[end]) / 2
            if low <= middle <= high:
                xs.append((x[begin] + x[end]) / 2)
                ys.append(middle)
            else:
                mean = min(max(mean, low), high)
                xs += [x[begin], x[end]]
                ys += [mean, mean]
        xs.append(x[end])
        ys.append(y[end])
    return np.array(xs), np.array(ys)


def area_under(x: NumberArray, y: NumberArray) -> float:
    """The trapezoids under a curve."""
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1])) / 2)
