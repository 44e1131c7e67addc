"""Numbers, colours and little charts for a terminal; plain words where the output goes elsewhere."""

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING

from sophia.cli.output import echo, paint

if TYPE_CHECKING:
    from sophia.analytics.figures.figures import Figure, Number

BARS = "▁▂▃▄▅▆▇█"
# A week of which nothing is known leaves a gap, which is no low bar.
GAP = "·"
NAMED_EVERY = 3
MISSING = "–"
MINUS = "−"


def sparkline(values: Sequence[float | None]) -> str:
    """One bar a value, from the lowest to the highest of them; nothing at all where no value is known."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), max(known) - min(known)
    return "".join(GAP if value is None else BARS[_bar(value - low, span)] for value in values)


def _bar(above: float, span: float) -> int:
    return len(BARS) // 2 if span == 0 else min(int(above / span * len(BARS)), len(BARS) - 1)


def figure(one: "Figure") -> str:
    """A figure as short as it can be said; bounds where people cannot be added up."""
    if one.value is not None:
        return _said(one, one.value)
    if one.at_least is not None and one.at_most is not None:
        return f"{_said(one, one.at_least)} … {_said(one, one.at_most)}"
    return MISSING


def _said(figure: "Figure", value: "Number") -> str:
    unit = figure.unit.value
    if unit == "percent":
        said = f"{float(value):.2f} %"
    elif unit == "money":
        said = f"{value:,} {figure.currency}"
    else:
        said = f"{value:,}" if isinstance(value, int) else f"{float(value):,.1f}"
    return said.replace("-", MINUS)


def heat_map(rows: Mapping[str, Sequence[float | None]], columns: Sequence[int]) -> list[str]:
    """A line for each row of factors, two signs a column, below a line that names every third column.

    1 is a bar of half height; what is farthest from 1, up or down, reaches the top or the bottom.
    """
    logs = [abs(log(value)) for row in rows.values() for value in row if value is not None]
    most, width = max(logs, default=0.0), max(map(len, rows))
    head = "".join(f"{column:<{2 * NAMED_EVERY}}" for column in columns[::NAMED_EVERY])
    lines = [f"{'':{width}}  {head}".rstrip()]
    for name, row in rows.items():
        cells = (GAP if value is None else _heat(log(value), most) for value in row)
        lines.append(f"{name:{width}}  {''.join(2 * cell for cell in cells)}")
    return lines


def _heat(away: float, most: float) -> str:
    return BARS[_bar(away + most, 2 * most)]


def changed(figure: "Figure") -> str:
    """A change in percent with its sign; a doubt is marked."""
    if figure.value is None:
        return MISSING
    mark = " ?" if figure.doubt else ""
    return f"{float(figure.value):+.0f} %{mark}".replace("-", MINUS)


def heading(text: str) -> None:
    echo(paint(text, "bold"))


def line(*parts: str) -> None:
    echo(*parts)
