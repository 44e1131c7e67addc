"""Vega-Lite specifications as plain data, made from the values of pages and from nothing else.

Colours are those of the light scheme; `drawing` replaces each with the variable of the stylesheet, so that one drawing
fits both schemes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sophia.display.languages import ENGLISH, LanguageCode

COLOURS = {
    "facebook": "#2563a8",
    "instagram": "#b0478a",
    "portfolio": "#8a8f98",
    "algorithm": "#6b5bb5",
    "audience": "#2f8f83",
    "text": "#1d1f23",
    "second": "#5d646f",
    "border": "#e6e2db",
    "coral": "#c2402d",
}
VARIABLES = {colour: f"var(--{name})" for name, colour in COLOURS.items()}
WIDTH, HEIGHT = 640, 200
# Scaled down to the width of a phone, the labels of a wide drawing are too small to read.
PHONE = {"width": 280, "height": 170}
HALF_WIDTH = 420
FONT_SIZE = 12

# The names by which the drawing library knows how a language writes numbers and months.
D3_LOCALES: Mapping[LanguageCode, str] = {"en": "en-GB", "de": "de-DE", "fr": "fr-FR", "es": "es-ES", "pt": "pt-BR"}

Specification = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DayPoint:
    """The value of a series on one day; None where there is none, which breaks the line."""

    day: date
    value: float | None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A series of a chart. `colour` is a name in COLOURS."""

    label: str
    colour: str
    points: tuple[DayPoint, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A day with a text: an annotation, an anomaly or a portfolio event."""

    day: date
    label: str
    colour: str = "algorithm"


def daily_lines(
    lines: Sequence[Line], marks: Sequence[Mark] = (), *, unit: str = "", locale: LanguageCode = ENGLISH
) -> Specification:
    """Return a chart of daily values from zero, each line labelled at its end, with marked days as vertical rules.

    Provisional days are drawn thinner. `unit` is the title of the vertical axis, `locale` the language of both axes.
    """
    rows = [
        {"day": point.day.isoformat(), "value": point.value, "series": line.label, "provisional": point.provisional}
        for line in lines
        for point in line.points
    ]
    ends = [_end(line) for line in lines if any(point.value is not None for point in line.points)]
    scale = {"domain": [line.label for line in lines], "range": [COLOURS[line.colour] for line in lines]}
    colour = {"field": "series", "type": "nominal", "scale": scale, "legend": None}
    x = {"field": "day", "type": "temporal", "axis": _day_axis(locale), "title": None}
    y = {
        "field": "value",
        "type": "quantitative",
        "axis": _value_axis(),
        "title": unit or None,
        "scale": {"zero": True},
    }
    layers: list[Specification] = [
        {
            "data": {"values": rows},
            "mark": {"type": "line", "strokeWidth": 2, "invalid": "break-paths-show-domains"},
            "encoding": {"x": x, "y": y, "color": colour},
        },
        {
            "data": {"values": [row for row in rows if row["provisional"] and row["value"] is not None]},
            "mark": {"type": "point", "size": 28, "filled": False, "strokeWidth": 1},
            "encoding": {"x": x, "y": y, "color": colour},
        },
        {
            "data": {"values": ends},
            "mark": {"type": "text", "align": "right", "dy": -8, "fontSize": FONT_SIZE},
            "encoding": {"x": x, "y": y, "text": {"field": "series"}, "color": colour},
        },
    ]
    if marks:
        layers += _mark_layers(marks, x)
    return _chart({"layer": layers, "usermeta": {"phone": PHONE, "is_empty": not ends, "locale": D3_LOCALES[locale]}})


@dataclass(frozen=True, slots=True)
class BandPoint:
    """A forecast that begins on a day, with the bounds of its interval."""

    day: date
    middle: float
    low: float
    high: float


def forecast_chart(history: Sequence[DayPoint], band: Sequence[BandPoint], *, from_zero: bool) -> Specification:
    """Return a chart of past values as a line, and of a forecast as a dashed line inside its interval."""
    past = [{"day": point.day.isoformat(), "value": point.value} for point in history]
    known = [row for row in past if row["value"] is not None]
    coming = [
        {"day": point.day.isoformat(), "value": point.middle, "low": point.low, "high": point.high} for point in band
    ]
    # The dashed line begins where the past ends.
    joined = [{**row, "low": row["value"], "high": row["value"]} for row in known[-1:]] + coming
    x = {"field": "day", "type": "temporal", "axis": {**_day_axis(), "tickCount": 6}, "title": None}
    y = {
        "field": "value",
        "type": "quantitative",
        "axis": _value_axis(),
        "title": None,
        "scale": {"zero": from_zero, "nice": True},
    }
    interval = {
        "data": {"values": joined},
        "mark": {"type": "area", "color": COLOURS["audience"], "opacity": 0.2},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }
    expected = {
        "data": {"values": joined},
        "mark": {"type": "line", "strokeDash": [5, 4], "strokeWidth": 2, "color": COLOURS["audience"]},
        "encoding": {"x": x, "y": y},
    }
    actual = {
        "data": {"values": past},
        "mark": {
            "type": "line",
            "strokeWidth": 2,
            "color": COLOURS["second"],
            "invalid": "break-paths-show-domains",
        },
        "encoding": {"x": x, "y": y},
    }
    return _chart({"layer": [interval, expected, actual]})


def bars(
    categories: Sequence[str], values: Sequence[float | None], *, colour: str, unit: str = "", width: int = WIDTH
) -> Specification:
    """Return a chart of one bar per category, in the given order."""
    rows = [
        {"category": name, "value": value} for name, value in zip(categories, values, strict=True) if value is not None
    ]
    return _chart(
        {
            "data": {"values": rows},
            "mark": {"type": "bar", "color": COLOURS[colour], "cornerRadiusEnd": 2},
            "encoding": {
                "x": {
                    "field": "category",
                    "type": "nominal",
                    "sort": list(categories),
                    "title": None,
                    "axis": _names(),
                },
                "y": {"field": "value", "type": "quantitative", "axis": _value_axis(), "title": unit or None},
            },
            "width": width,
        }
    )


def heat_map(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[str, str], float],
    signs: Mapping[tuple[str, str], str],
    *,
    domain: tuple[float, float],
    unit: str,
) -> Specification:
    """Return a map of rows and columns; the stronger the colour, the larger the value. `signs` are drawn on cells.

    `domain` holds the values of the weakest and strongest colour, so that small differences look small.
    """
    values = [
        {"row": row, "column": column, "value": value, "sign": signs.get((row, column), "")}
        for (row, column), value in cells.items()
    ]
    x = {"field": "column", "type": "ordinal", "scale": {"domain": list(columns)}, "title": None, "axis": _names()}
    y = {"field": "row", "type": "ordinal", "scale": {"domain": list(rows)}, "title": None, "axis": _names()}
    opacity = {
        "field": "value",
        "type": "quantitative",
        "title": unit,
        "legend": None,
        "scale": {"domain": list(domain), "range": [0.1, 1], "clamp": True},
    }
    area = {
        "mark": {"type": "rect", "color": COLOURS["audience"], "cornerRadius": 2},
        "encoding": {"x": x, "y": y, "opacity": opacity},
    }
    text = {
        "mark": {"type": "text", "fontSize": FONT_SIZE + 2, "fontWeight": "bold", "color": COLOURS["text"]},
        "encoding": {"x": x, "y": y, "text": {"field": "sign"}},
    }
    return _chart({"data": {"values": values}, "layer": [area, text]})


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """The mean of predicted probabilities, how often they came true, and its 95 % interval; all in percent."""

    predicted: float
    observed: float
    low: float
    high: float


def calibration(points: Sequence[CalibrationPoint]) -> Specification:
    """Return a chart of predicted and observed percentages; on the dashed diagonal they are equal."""
    values = [
        {"predicted": point.predicted, "observed": point.observed, "low": point.low, "high": point.high}
        for point in points
    ]
    axis = {**_value_axis(), "tickCount": 5}
    scale = {"domain": [0, 100]}
    x = {"field": "predicted", "type": "quantitative", "title": "predicted, in %", "axis": axis, "scale": scale}
    y = {"field": "observed", "type": "quantitative", "title": "came true, in %", "axis": axis, "scale": scale}
    ends = [{"predicted": end, "observed": end} for end in scale["domain"]]
    diagonal = {
        "data": {"values": ends},
        "mark": {"type": "line", "strokeDash": [4, 4], "color": COLOURS["second"], "strokeWidth": 1},
        "encoding": {"x": x, "y": y},
    }
    interval = {
        "data": {"values": values},
        "mark": {"type": "rule", "color": COLOURS["audience"], "strokeWidth": 2},
        "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }
    estimate = {
        "data": {"values": values},
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1, "color": COLOURS["audience"]},
        "encoding": {"x": x, "y": y},
    }
    return _chart({"layer": [diagonal, interval, estimate], "width": HALF_WIDTH, "height": 240})


def _chart(content: Specification) -> Specification:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": WIDTH,
        "height": HEIGHT,
        "background": None,
        "config": {
            "view": {"stroke": None},
            "font": "system-ui, sans-serif",
            "axis": {"labelColor": COLOURS["second"], "titleColor": COLOURS["second"], "labelFontSize": 11},
        },
        **content,
    }


def _day_axis(locale: LanguageCode = ENGLISH) -> Specification:
    return {
        "format": "%-d. %b" if locale == "de" else "%-d %b",
        "grid": False,
        "domainColor": COLOURS["border"],
        "tickColor": COLOURS["border"],
        "labelOverlap": True,
        "labelSeparation": 12,
    }


def _value_axis() -> Specification:
    return {"format": "~s", "gridColor": COLOURS["border"], "domain": False, "tickCount": 4}


def _names() -> Specification:
    return {"labelAngle": 0, "domainColor": COLOURS["border"], "tickColor": COLOURS["border"]}


def _end(line: Line) -> Specification:
    point = next(point for point in reversed(line.points) if point.value is not None)
    return {"day": point.day.isoformat(), "value": point.value, "series": line.label}


def _mark_layers(marks: Sequence[Mark], x: Specification) -> list[Specification]:
    layers = []
    for index, mark in enumerate(marks):
        data = {"values": [{"day": mark.day.isoformat(), "label": mark.label}]}
        colour = COLOURS[mark.colour]
        layers.append(
            {"data": data, "mark": {"type": "rule", "strokeDash": [3, 3], "color": colour}, "encoding": {"x": x}}
        )
        text = {"type": "text", "align": "right", "dx": -4, "y": 8 + 14 * (index % 3), "fontSize": 11, "color": colour}
        layers.append({"data": data, "mark": text, "encoding": {"x": x, "text": {"field": "label"}}})
    return layers
