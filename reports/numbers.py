"""Numbers as people read them."""

import math


def number(value: float | int | None, digits: int = 4) -> str:
    """A number with so many digits that count, and thousands apart; a dash where there is none.

    Example:
        >>> number(0.123456), number(1234567), number(12345.678), number(None), number(float("inf")), number(1e-7)
        ('0.1235', '1,234,567', '12,346', '–', '∞', '1e-07')
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = _finite(abs(value), digits)
    return f"−{text}" if value < 0 and text != "0" else text


def percent(value: float | None) -> str:
    """A share, in percent.

    Example:
        >>> percent(0.98765), percent(1.0), percent(0.00004)
        ('98.77 %', '100 %', '0.004 %')
    """
    if value is None or math.isnan(value):
        return "–"
    shown = 100 * value
    return f"{number(shown, 4 if abs(shown) >= 1 else 3)} %"


def interval(lower: float, upper: float) -> str:
    """Two ends.

    Example:
        >>> interval(-0.25, 1.5)
        '−0.25 to 1.5'
    """
    return f"{number(lower)} to {number(upper)}"


def _finite(value: float, digits: int) -> str:
    if value == int(value) and value < 1e15:
        return f"{int(value):,}"
    if value >= 1e15 or value < 1e-5:
        return f"{value:.{digits}g}"
    if value >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    rounded = f"{value:.{digits}g}"
    if "e" in rounded:
        rounded = f"{float(rounded):f}"
    return rounded.rstrip("0").rstrip(".") if "." in rounded else rounded
