"""Formats figures and small charts for the terminal."""

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sophia.analytics.figures.figures import Figure, Number

BARS = "▁▂▃▄▅▆▇█"
# A week without data is a gap, not a low bar.
GAP = "·"
COLUMNS_PER_LABEL = 3
MISSING = "–"
MINUS = "−"


def sparkline(values: Sequence[float | None]) -> str:
    """Return one bar per value, scaled from the lowest to the highest; empty when no value is known."""
    numbers = [value for value in values if value is not None]
    if not numbers:
        return ""
    low, span = min(numbers), max(numbers) - min(numbers)
    return "".join(GAP if value is None else BARS[_bar_index(value - low, span)] for value in values)


def _bar_index(height: float, span: float) -> int:
    return len(BARS) // 2 if span == 0 else min(int(height / span * len(BARS)), len(BARS) - 1)


def format_figure(figure: "Figure") -> str:
    """Return a figure's value, or its bounds when only bounds are known."""
    if figure.value is not None:
        return _format_number(figure, figure.value)
    if figure.at_least is not None and figure.at_most is not None:
        return f"{_format_number(figure, figure.at_least)} … {_format_number(figure, figure.at_most)}"
    return MISSING


def _format_number(figure: "Figure", value: "Number") -> str:
    unit = figure.unit.value
    if unit == "percent":
        text = f"{float(value):.2f} %"
    elif unit == "money":
        text = f"{value:,} {figure.currency}"
    else:
        text = f"{value:,}" if isinstance(value, int) else f"{float(value):,.1f}"
    return text.replace("-", MINUS)


def format_change(figure: "Figure") -> str:
    """Return a change in percent with its sign; a large rise is a ratio, such as 3.3 ×."""
    from sophia.analytics.figures.figures import change_ratio

    if figure.value is None:
        return MISSING
    ratio = change_ratio(float(figure.value))
    return f"{float(figure.value):+.0f} %".replace("-", MINUS) if ratio is None else f"{ratio:,.1f} ×"


def heat_map(rows: Mapping[str, Sequence[float | None]], columns: Sequence[int]) -> list[str]:
    """Return a line that labels every third column, then a line per row with two characters per factor.

    The factor 1 is a bar of half height. The factor farthest from 1, up or down, reaches the top or the bottom.
    """
    logs = [abs(log(value)) for row in rows.values() for value in row if value is not None]
    largest, width = max(logs, default=0.0), max(map(len, rows))
    labels = "".join(f"{column:<{2 * COLUMNS_PER_LABEL}}" for column in columns[::COLUMNS_PER_LABEL])
    lines = [f"{'':{width}}  {labels}".rstrip()]
    for name, row in rows.items():
        cells = (GAP if value is None else BARS[_bar_index(log(value) + largest, 2 * largest)] for value in row)
        lines.append(f"{name:{width}}  {''.join(2 * cell for cell in cells)}")
    return lines
