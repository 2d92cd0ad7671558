"""How features are ranked, in the baseline and now."""

from collections.abc import Mapping

from reports.charts.axes import BAD, INK, MUTED, NOW, WIDTH, label, label_width, line
from reports.charts.svg import Element, chart
from reports.documents import Figure, Table
from reports.numbers import number

ROW = 24.0
MOST_FEATURES = 20


def ranks(caption: str, before: Mapping[str, float], now: Mapping[str, float], *, measure: str) -> Figure:
    """Features in the order of their values: the baseline's at the left, the current ones at the right, lines between.

    Those that moved by more than two ranks are marked. At most twenty are drawn, the first of either side.

    Args:
        caption: What the picture shows.
        before: Values of the baseline; ranked by size.
        now: Current values of the same features.
        measure: What the values are.
    """
    old, new = _ordered(before), _ordered(now)
    shown = [name for name in old if old.index(name) < MOST_FEATURES or name in new[:MOST_FEATURES]][:MOST_FEATURES]
    left_order = [name for name in old if name in shown]
    right_order = [name for name in new if name in shown]
    room = label_width(shown) + 56
    left, right, top = room, WIDTH - room, 44.0
    drawn: list[Element] = [
        label(left - 8, 20, "baseline", anchor="end"),
        label(right + 8, 20, "now"),
    ]
    for position, name in enumerate(left_order):
        y = top + ROW * position
        drawn.append(
            label(left - 8, y + 4, f"{_short(name)}  {number(before[name], 3)}", anchor="end", color=INK, most=46)
        )
        if name in right_order:
            moved = abs(old.index(name) - new.index(name)) > 2
            end = top + ROW * right_order.index(name)
            drawn.append(line(left, y, right, end, BAD if moved else NOW, 2.4 if moved else 1.4))
    for position, name in enumerate(right_order):
        text = f"{number(now[name], 3)}  {_short(name)}"
        drawn.append(label(right + 8, top + ROW * position + 4, text, color=INK, most=46))
    rows = tuple(
        (
            name,
            str(old.index(name) + 1),
            str(new.index(name) + 1) if name in now else "–",
            number(before[name]),
            number(now.get(name)),
        )
        for name in old
    )
    changed = [name for name in old if name in now and old.index(name) != new.index(name)]
    alt = f"{caption}: {len(old)} features; {len(changed)} changed their rank."
    if old and new:
        alt += f" First in the baseline: {old[0]}; first now: {new[0]}."
    columns = ("Feature", "rank in the baseline", "rank now", f"{measure}, baseline", f"{measure}, now")
    height = top + ROW * max(len(left_order), len(right_order)) + 4
    drawn.append(label(WIDTH / 2, 20, measure, anchor="middle", color=MUTED))
    return Figure(
        chart(WIDTH, height, caption, alt, drawn), alt, caption, Table(caption, columns, rows, frozenset({1, 2, 3, 4}))
    )


def _ordered(values: Mapping[str, float]) -> list[str]:
    return sorted(values, key=lambda name: (-values[name], name))


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:29]}…"
