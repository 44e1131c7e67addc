"""Timing and formats of one client: when its posts get the most engagement, and which formats and pillars do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.analytics.figures.requests import Id
from sophia.analytics.posting_times.group_effects import DAYS, HOURS, Effect, GroupEffect, HourEffect, WeekHour
from sophia.analytics.posting_times.router import USUAL_DAYS
from sophia.analytics.posting_times.service import FormatEffects, PostingTimes, measure_formats, measure_posting_times
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.format_averages import format_table
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, picker
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.charts.specifications import heat_map
from sophia.display.figures import figure_cell, format_label, interval_cells
from sophia.display.formatting import dates, value_of
from sophia.display.values import Cell, Chart, Column, Notice, Table, Value
from sophia.portfolio.models import Client

router = APIRouter(route_class=PageRoute, include_in_schema=False)

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SIGNS = {Effect.BETTER: "+", Effect.WORSE: "−"}
# Factors of the weakest and the strongest colour.
SCALE = (0.5, 1.5)
MOST_TIMES = 2
METHOD = (
    "A factor of 1.20 × means a fifth more engagement from the same number of people reached. The fewer posts there are, "
    "the closer it is drawn to 1. Better and worse mean that the 95 % interval excludes 1."
)


@dataclass(frozen=True, slots=True)
class TimingPage:
    """The page. `chart` is None while too few posts can be compared; `notices` say why."""

    name: str
    lead: str
    compared: str
    notices: tuple[Notice, ...]
    chart: Chart | None
    formats: Table
    averages: Table
    pillars: Table
    method: str


@router.get("/clients/{client_id}/timing")
def timing(
    request: Request, context: ReadPage, client_id: Annotated[Id, Path()], query: Annotated[PageQuery, Query()]
) -> Response:
    """Show the posting times and formats, by default from the posts of 90 days."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
    window = query.window_at(context.now, USUAL_DAYS)
    times = measure_posting_times(context.database, client_id, window, context.now)
    formats = measure_formats(context.database, client_id, window, context.now)
    drawer: ChartDrawer = request.app.state.chart_drawer
    outside = frame(
        request,
        context,
        f"Timing and formats of {name}",
        # Nothing on this page is compared with an earlier period.
        picker(request, context, times.window),
        client_sections(request, context, client_id),
    )
    return respond(
        request, "timing/page.html", outside, timing_page(context.settings.path_prefix, name, times, formats, drawer)
    )


def timing_page(prefix: str, name: str, times: PostingTimes, formats: FormatEffects, drawer: ChartDrawer) -> TimingPage:
    """Return the page of a client's posting times and formats."""
    return TimingPage(
        name=name,
        lead=lead(times, formats),
        compared=f"{times.compared} of {posts_text(times.posts)} of {dates(times.window)} can be compared. "
        f"Hours are those of {times.zone}; hours without a colour had no post that can be compared.",
        notices=notices(times),
        chart=None if times.reason is not None else hours_chart(times, drawer),
        formats=effect_table("formats", "Formats", "Format", formats.formats, "No post was published in this period."),
        averages=format_table(prefix, formats.averages, "Averages of formats"),
        pillars=effect_table(
            "pillars",
            "Content pillars",
            "Pillar",
            formats.pillars,
            "No post of this period has a content pillar. Drafts that are made in Sophia have one.",
            f"Posts without a pillar: {formats.without_pillar}.",
        ),
        method=METHOD,
    )


def posts_text(count: int) -> str:
    return "1 post" if count == 1 else f"{count} posts"


def lead(times: PostingTimes, formats: FormatEffects) -> str:
    """Return the first sentence: the best hours and the best format."""
    if times.posts == 0:
        return "No post was published in this period."
    better = [(name, effect) for name, effect in formats.formats.items() if effect.effect is Effect.BETTER]
    best_format = max(better, key=lambda pair: float(pair[1].factor.value or 0), default=None)
    hours = " and ".join(hour_text(hour) for hour in times.best[:MOST_TIMES])
    if best_format is None:
        return f"Best time to post: {hours}." if hours else "No hour and no format is clearly better than the others."
    format_name, effect = best_format
    first = f"Best time to post: {hours}." if hours else "No hour is clearly better than the others."
    return f"{first} Best format: {format_name}, {value_of(effect.factor).text} the usual engagement rate."


def notices(times: PostingTimes) -> tuple[Notice, ...]:
    if times.reason is None:
        return ()
    if times.window.days < USUAL_DAYS:
        return (Notice(times.reason, f"Show {USUAL_DAYS} days", "?"),)
    return (Notice(times.reason),)


def hour_text(hour: WeekHour) -> str:
    """Return an hour of the week, such as Monday 20:00."""
    return f"{WEEKDAYS[hour.weekday]} {hour.hour:02d}:00"


def hours_chart(times: PostingTimes, drawer: ChartDrawer) -> Chart:
    """Return the heat map of the hours in which posts were published."""
    measured = {
        (WEEKDAYS[hour.weekday], f"{hour.hour:02d}"): hour for hour in times.hours if hour.factor.value is not None
    }
    specification = heat_map(
        [WEEKDAYS[index] for index in DAYS],
        [f"{hour:02d}" for hour in HOURS],
        {place: float(hour.factor.value or 0) for place, hour in measured.items()},
        {place: SIGNS[hour.effect] for place, hour in measured.items() if hour.effect in SIGNS},
        domain=SCALE,
        unit="factor",
    )
    (svg,) = drawer.draw([specification])
    best = hour_text(times.best[0]) if times.best else None
    title = (
        f"Posts of {best} get the most engagement" if best else "Engagement by hour of the week: no clear difference"
    )
    description = "Engagement per person reached by weekday and hour: stronger is more, + is better, − is worse"
    return Chart("hours", title, description, svg, hour_table(times.hours))


def hour_table(hours: tuple[HourEffect, ...]) -> Table:
    """Return the hours, the largest factor first."""
    ordered = sorted(hours, key=lambda hour: -float(hour.factor.value or 0))
    intervals = interval_cells([hour.factor for hour in ordered])
    rows = tuple(
        (
            Cell(Value(hour_text(hour)), sort=hour.weekday * len(HOURS) + hour.hour),
            *effect_cells(hour, interval),
            figure_cell(hour.reach),
        )
        for hour, interval in zip(ordered, intervals, strict=True)
    )
    columns = (*effect_columns("Hour"), Column("Mean reach of a post", numeric=True))
    return Table("hours", "Hours of the week", columns, rows, "No post was published in this period.")


def effect_table(
    name: str, caption: str, label: str, effects: Mapping[str, GroupEffect], empty: str, footnote: str = ""
) -> Table:
    """Return groups of posts with their factors, the largest first."""
    ordered = sorted(effects.items(), key=lambda pair: -float(pair[1].factor.value or 0))
    intervals = interval_cells([effect.factor for _, effect in ordered])
    rows = tuple(
        (Cell(Value(format_label(group))), *effect_cells(effect, interval))
        for (group, effect), interval in zip(ordered, intervals, strict=True)
    )
    return Table(name, caption, effect_columns(label), rows, empty, footnote)


def effect_columns(label: str) -> tuple[Column, ...]:
    return (
        Column(label),
        Column("Posts compared", numeric=True),
        Column("Factor", numeric=True),
        Column("95 % interval", numeric=True),
        Column("Against all posts"),
    )


def effect_cells(effect: GroupEffect | HourEffect, interval: Cell) -> tuple[Cell, ...]:
    factor = effect.factor
    return (
        Cell(Value(str(factor.n or 0)), sort=float(factor.n or 0)),
        Cell(value_of(factor), sort=None if factor.value is None else float(factor.value)),
        interval,
        Cell(Value(effect.effect.value)),
    )
