"""Every component of the pages in every state, for the eye and for axe; only the demo and tests have this page."""

import math
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.analytics.figures.figures import (
    Change,
    Coverage,
    Figure,
    FigureUnit,
    Interval,
    LateReading,
    change,
    figure,
    missing,
    unknown_change,
)
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, picker, window_of
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.charts.specifications import (
    CalibrationPoint,
    DayPoint,
    Line,
    Mark,
    bars,
    calibration,
    daily_lines,
    heat_map,
)
from sophia.display.figures import figure_card, kpi_card, kpi_cell, spark
from sophia.display.formatting import DASH, value_of
from sophia.display.values import Bar, Card, Cell, Chart, Choice, Column, Link, Notice, State, Table, Value
from sophia.errors import NotFoundError
from sophia.meta.reporting_zone import ONE_DAY
from sophia.reporting.document import GoalLine

router = APIRouter(route_class=PageRoute, include_in_schema=False)

FIRST_DAY, DAYS = date(2026, 9, 1), 60
STATES: tuple[State, ...] = ("coral", "amber", "sage", "none")
COUNT, PERCENT, PEOPLE = FigureUnit.COUNT, FigureUnit.PERCENT, FigureUnit.PEOPLE
NO_READINGS = "There are no readings for these days."


@dataclass(frozen=True, slots=True)
class Pattern:
    """A component in one state, with the name of the state."""

    name: str
    card: Card


@dataclass(frozen=True, slots=True)
class PatternsPage:
    """One field for each kind of component."""

    notices: tuple[Notice, ...]
    cards: tuple[Pattern, ...]
    goals: tuple[GoalLine, ...]
    charts: tuple[Chart, ...]
    states: tuple[State, ...]
    tables: tuple[Table, ...]
    filters: tuple[Link, ...]
    choices: tuple[Choice, ...]
    error: str


@router.get("/patterns")
def patterns(request: Request, context: ReadPage, query: Annotated[PageQuery, Query()]) -> Response:
    if not request.app.state.has_patterns:
        raise NotFoundError("This page belongs to the demo: start it with sophia demo.")
    page = PatternsPage(
        notices=(
            Notice("Nothing was collected for this period yet.", "Collect now", "#"),
            Notice("This period is still running."),
        ),
        cards=cards(),
        goals=goals(),
        charts=charts(request.app.state.chart_drawer),
        states=STATES,
        tables=(full_table(), Table("empty", "A table without rows", (Column("Name"),), (), "Nothing is recorded.")),
        filters=(Link("All formats", "?", current=True), Link("Reels", "?")),
        choices=(Choice("1", "First option", selected=True), Choice("2", "Second option")),
        error="Nothing was saved. Target: write a number, such as 2500 or 4.5.",
    )
    window = window_of(query, context.now)
    sections = (Link("Overview", "#", current=True), Link("Posts", "#"))
    outside = frame(request, context, "Patterns", picker(request, context, window, query.compare), sections)
    return respond(request, "patterns/page.html", outside, page)


def cards() -> tuple[Pattern, ...]:
    """Return the card of a KPI in every state."""
    many = figure(37_912, COUNT)
    bounds = Figure(value=None, unit=PEOPLE, reason="People cannot be added up.", at_least=22_720, at_most=28_886)
    at_least = Figure(value=None, unit=PEOPLE, reason="A day is missing.", at_least=22_720)
    rate = Figure(value=12.9, unit=PERCENT, n=17, interval=Interval(11.2, 14.8))
    short, before = (figure(number, COUNT, coverage=Coverage(6, 7)) for number in (33_000, 30_000))
    late = Figure(value=32_930, unit=PEOPLE, late=LateReading(date(2026, 11, 30), is_young=True))
    pairs: tuple[tuple[str, str, Figure, Change | None], ...] = (
        ("rise", "views", many, change(figure(30_000, COUNT), many)),
        ("fall", "views", many, change(figure(44_100, COUNT), many)),
        ("no change", "views", many, change(many, many)),
        ("ratio", "views", many, change(figure(12_000, COUNT), many)),
        ("points, with interval", "engagement_rate_by_reach", rate, change(figure(12.1, PERCENT), rate)),
        ("on the days compared", "views", many, change(before, short)),
        ("read after the period", "followers", late, change(late, late)),
        ("bounds", "reach", bounds, unknown_change(bounds, bounds, "Bounds cannot be compared.")),
        ("lower bound", "reach", at_least, None),
        ("no value", "net_new_followers", missing(PEOPLE, NO_READINGS), None),
    )
    made = [
        Pattern(label, kpi_card("", name, {name: value}, {} if moved is None else {name: moved}))
        for label, name, value, moved in pairs
    ]
    return (*made, Pattern("not compared", figure_card("Sentiment", rate)))


def goals() -> tuple[GoalLine, ...]:
    """Return a goal in every state."""
    words = ("missed", "behind", "on pace", "not known")
    return tuple(
        GoalLine(
            f"Goal {word}",
            "Views",
            Value(DASH, reason=NO_READINGS) if state == "none" else Value("368K", "367,912"),
            "of 500K",
            state,
            word,
            None if state == "none" else Bar(0.0, 73.6, 80.0, "73.6 % of the target; 80 % of its days are over"),
            "1–30 Nov 2026",
        )
        for state, word in zip(STATES, words, strict=True)
    )


def charts(drawer: ChartDrawer) -> tuple[Chart, ...]:
    """Return every kind of chart; the lines have a gap, provisional days and marks."""
    days = [FIRST_DAY + index * ONE_DAY for index in range(DAYS)]
    lines = tuple(
        Line(
            label,
            colour,
            tuple(
                DayPoint(day, None if 20 <= index < 23 else size * (2 + math.sin(index / size)), index >= DAYS - 2)  # noqa: PLR2004
                for index, day in enumerate(days)
            ),
        )
        for label, colour, size in (("Instagram", "instagram", 9), ("Facebook", "facebook", 4))
    )
    marks = (Mark(days[35], "New shop window", "second"), Mark(days[48], "unusual", "coral"))
    hours = {("Mon", "09"): 1.4, ("Mon", "18"): 0.8, ("Sat", "09"): 1.1}
    points = [CalibrationPoint(20, 28, 12, 45), CalibrationPoint(70, 64, 50, 80)]
    empty = (Line("Instagram", "instagram", ()),)
    drawn = drawer.draw(
        [
            daily_lines(lines, marks),
            daily_lines(empty),
            bars(["18–24", "25–34", "35–44"], [12.0, 44.5, None], colour="audience", unit="%"),
            heat_map(["Mon", "Sat"], ["09", "18"], hours, {("Mon", "09"): "+"}, domain=(0.5, 1.5), unit="factor"),
            calibration(points),
        ]
    )
    names = ("Lines with a gap, provisional days and marks", "No values", "Bars", "Heat map", "Calibration")
    return tuple(
        Chart(f"chart-{index}", name, f"{name}, as an example", svg, day_table(f"chart-{index}", is_empty=svg == ""))
        for index, (name, svg) in enumerate(zip(names, drawn, strict=True))
    )


def day_table(name: str, *, is_empty: bool) -> Table:
    rows = () if is_empty else ((Cell(Value("1 Sep", "2026-09-01")), Cell(Value("18"))),)
    return Table(
        name, "Values of the chart", (Column("Day"), Column("Value", numeric=True)), rows, "No day was collected."
    )


def full_table() -> Table:
    """Return a table with every kind of cell."""
    value, before = figure(12_045, COUNT), figure(16_700, COUNT)
    line = spark((4.0, 5.0, None, 3.0, 8.0, 6.0, 7.0, 5.0))
    columns = (
        Column("Client"), Column("State"), Column("Views", numeric=True, href="#"), Column("Effect", numeric=True),
        Column("8 weeks"), Column("Not reported", numeric=True),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(Value(f"Client {number}"), "#", note="reel · Instagram"),
            Cell(Value(""), state=state, sort=number),
            kpi_cell(value, change(before, value)),
            Cell(Value("0.9–1.4 ×"), bar=Bar(20.0, 40.0, 38.0, "95 % interval 0.90 × to 1.40 ×")),
            Cell(Value(""), line=line),
            Cell(value_of(missing(COUNT, NO_READINGS))),
        )
        for number, state in enumerate(STATES, 1)
    )
    return Table("full", "Every kind of cell", columns, rows, "No client.", "A footnote says what is compared.")
