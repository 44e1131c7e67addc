"""Converts figures to the JSON documents of KPI snapshots and back without loss."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sophia.analytics.figures.figures import Coverage, Figure, FigureUnit, Interval, LateReading, Number

_PLAIN = ("n", "reason", "doubt", "currency", "age_hours", "small_base", "mix")
_NUMBERS = ("value", "at_least", "at_most")
_MONEY_KEY = "decimal"


def figures_document(figures: Mapping[str, Figure]) -> dict[str, Any]:
    return {name: figure_document(figures[name]) for name in sorted(figures)}


def figure_document(figure: Figure) -> dict[str, Any]:
    """Return a figure as JSON without absent fields, except a null value; money is text, to keep it exact."""
    document: dict[str, Any] = {"value": None, "unit": figure.unit.value}
    for name in _NUMBERS:
        number: Number | None = getattr(figure, name)
        if number is not None:
            document[name] = {_MONEY_KEY: str(number)} if isinstance(number, Decimal) else number
    for name in _PLAIN:
        if getattr(figure, name) is not None:
            document[name] = getattr(figure, name)
    if figure.at_end:
        document["at_end"] = True
    if figure.interval is not None:
        document["interval"] = list(figure.interval)
    if figure.coverage is not None:
        document["coverage"] = [figure.coverage.days_with_data, figure.coverage.days]
    if figure.late is not None:
        document["late"] = [figure.late.day.isoformat(), figure.late.is_young]
    return document


def figure_of(document: Mapping[str, Any]) -> Figure:
    """Return the figure of a `figure_document`."""
    interval, coverage, late = (document.get(name) for name in ("interval", "coverage", "late"))
    value, at_least, at_most = (_number(document.get(name)) for name in _NUMBERS)
    return Figure(
        value=value,
        at_least=at_least,
        at_most=at_most,
        unit=FigureUnit(document["unit"]),
        interval=None if interval is None else Interval(*interval),
        coverage=None if coverage is None else Coverage(*coverage),
        at_end=document.get("at_end", False),
        late=None if late is None else LateReading(date.fromisoformat(late[0]), late[1]),
        **{name: document.get(name) for name in _PLAIN},
    )


def _number(stored: Any) -> Number | None:
    if isinstance(stored, Mapping):
        return Decimal(stored[_MONEY_KEY])
    number: Number | None = stored
    return number
