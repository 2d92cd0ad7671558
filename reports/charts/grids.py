"""Confusion matrices."""

from collections.abc import Mapping

from reports.charts.axes import CHARACTER, GROUND, INK, NOW, box, label, turned
from reports.charts.svg import Element, chart
from reports.documents import Figure, Table
from reports.numbers import number, percent

CELL = 64.0
MOST_CLASSES = 12
"""Classes that are drawn; more are a table of the most frequent confusions."""


def confusion(caption: str, matrix: Mapping[str, Mapping[str, float]]) -> Figure | Table:
    """Counts by true class (rows) and predicted class (columns); the darker, the greater the share of the row.

    With more than twelve classes: the forty most frequent confusions as a table.
    """
    classes = list(matrix)
    if len(classes) > MOST_CLASSES:
        return _most_confused(caption, matrix)
    left = 40 + CHARACTER * min(18, max(len(name) for name in classes))
    top = 46.0
    drawn: list[Element] = [
        label(left + CELL * len(classes) / 2, 16, "predicted", anchor="middle"),
        turned(14, top + CELL * len(classes) / 2, "true"),
    ]
    for row, actual in enumerate(classes):
        total = sum(matrix[actual].values())
        drawn.append(label(left - 8, top + CELL * row + CELL / 2 + 4, actual, anchor="end", color=INK, most=18))
        drawn.append(label(left + CELL * row + CELL / 2, top - 8, actual, anchor="middle", color=INK, most=10))
        for column, predicted in enumerate(classes):
            count = matrix[actual].get(predicted, 0.0)
            drawn += _cell(left + CELL * column, top + CELL * row, count, count / total if total else 0.0)
    right = sum(matrix[name].get(name, 0.0) for name in classes)
    whole = sum(sum(cells.values()) for cells in matrix.values())
    alt = (
        f"{caption}: {len(classes)} classes; {percent(right / whole if whole else None)} of {number(whole)} are right."
    )
    rows = tuple((actual, *(number(matrix[actual].get(name, 0.0)) for name in classes)) for actual in classes)
    columns = ("true", *(f"predicted {name}" for name in classes))
    table = Table(caption, columns, rows, frozenset(range(1, len(columns))))
    size = max(left + CELL * len(classes) + 12, 260), top + CELL * len(classes) + 12
    return Figure(chart(*size, caption, alt, drawn), alt, caption, table)


def _cell(x: float, y: float, count: float, share: float) -> list[Element]:
    dark = round(share, 2)
    # From the ground to the blue of current values; the text changes its colour where it would no longer be read.
    ink = GROUND if dark > 0.55 else INK
    middle = x + CELL / 2
    ground = box(x + 1, y + 1, CELL - 2, CELL - 2, NOW)
    return [
        Element(ground.name, {**ground.attributes, "fill-opacity": dark}),
        label(middle, y + CELL / 2 + 1, number(count), anchor="middle", color=ink),
        label(middle, y + CELL / 2 + 16, percent(round(share, 3)), anchor="middle", color=ink),
    ]


def _most_confused(caption: str, matrix: Mapping[str, Mapping[str, float]]) -> Table:
    wrong = [
        (count, actual, predicted)
        for actual, cells in matrix.items()
        for predicted, count in cells.items()
        if actual != predicted and count
    ]
    wrong.sort(key=lambda item: (-item[0], item[1], item[2]))
    rows = tuple((actual, predicted, number(count)) for count, actual, predicted in wrong[:40])
    return Table(
        f"{caption}: the most frequent confusions of {len(matrix)} classes",
        ("true", "predicted", "rows"),
        rows,
        frozenset({2}),
    )
