"""The forecast of one client: what to expect in the next weeks, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import dropwhile
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from sophia.access.pages import ReadPage
from sophia.analytics.figures.figures import FigureUnit
from sophia.analytics.figures.requests import Id
from sophia.analytics.forecasts.client_forecasts import (
    LONGEST,
    SHORTEST,
    USUAL,
    ClientForecasts,
    ForecastWeek,
    KpiForecast,
    client_forecasts,
)
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.layout.clients import client_sections
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.charts.specifications import BandPoint, DayPoint, Specification, forecast_chart
from sophia.display.figures import label_of
from sophia.display.formatting import dates, day, number_text, value_of
from sophia.display.values import Cell, Chart, Column, Link, Table, Value
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Client

router = APIRouter(route_class=PageRoute, include_in_schema=False)

CHOICES = (SHORTEST, USUAL, LONGEST)
METHOD = (
    "The forecast averages several simple forecasts, weighted by how well each did for this client so far: levels, "
    "trends and, after a year, the same weeks of last year. The interval comes from the errors that the same forecasts "
    "would have made in the past, and four of five weeks lie inside it. Events that never happened before are not in it."
)


class ForecastPageQuery(PageQuery):
    """The number of coming weeks. The window of the other pages is kept, and does not matter here."""

    weeks: Annotated[int, Field(ge=SHORTEST, le=LONGEST)] = USUAL


@dataclass(frozen=True, slots=True)
class ForecastPage:
    """The page. `without` lists the KPIs without a forecast, with the reasons."""

    name: str
    lead: str
    choices: tuple[Link, ...]
    charts: tuple[Chart, ...]
    without: Table
    method: str


@router.get("/clients/{client_id}/forecast")
def forecast(
    request: Request, context: ReadPage, client_id: Annotated[Id, Path()], query: Annotated[ForecastPageQuery, Query()]
) -> Response:
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
        forecasts = client_forecasts(session, client_id, context.now, weeks=query.weeks)
    page = forecast_page(name, forecasts, query.weeks, request.app.state.chart_drawer)
    outside = frame(request, context, f"Forecast of {name}", sections=client_sections(request, context, client_id))
    return respond(request, "forecast/page.html", outside, page)


def forecast_page(name: str, forecasts: ClientForecasts, weeks: int, drawer: ChartDrawer) -> ForecastPage:
    """Return the page of a client's forecasts."""
    with_weeks = [kpi_forecast for kpi_forecast in forecasts.forecasts if kpi_forecast.weeks]
    svgs = drawer.draw([drawing_of(kpi_forecast) for kpi_forecast in with_weeks])
    return ForecastPage(
        name=name,
        lead=lead(with_weeks),
        choices=tuple(Link(f"{count} weeks", f"?weeks={count}", count == weeks) for count in CHOICES),
        charts=tuple(chart(kpi_forecast, svg) for kpi_forecast, svg in zip(with_weeks, svgs, strict=True)),
        without=reason_table(forecasts.forecasts),
        method=METHOD,
    )


def lead(forecasts: Sequence[KpiForecast]) -> str:
    """Return one sentence: the last week of the first forecast."""
    if not forecasts:
        return "There is no forecast yet: it needs ten complete weeks."
    first = forecasts[0]
    return f"{label_of(first.kpi)} {expectation(first)}."


def expectation(forecast: KpiForecast) -> str:
    """Say what the last week of a forecast brings."""
    last = forecast.weeks[-1]
    low, high = (text_of(forecast, bound, short=True) for bound in (last.low, last.high))
    return (
        f"in the week of {day(last.week.start)}: about {text_of(forecast, last.middle, short=True)}, "
        f"with 80 % probability {low} to {high}"
    )


def text_of(forecast: KpiForecast, number: float, *, short: bool = False) -> str:
    return number_text(number, forecast.unit, forecast.currency, short=short)


def chart(forecast: KpiForecast, svg: str) -> Chart:
    label = label_of(forecast.kpi)
    return Chart(
        name=f"forecast-{forecast.kpi}",
        title=f"{label}: {text_of(forecast, forecast.weeks[-1].middle, short=True)} expected in the week of "
        f"{day(forecast.weeks[-1].week.start)}",
        description=f"{label} by week, and the forecast with its 80 % interval",
        svg=svg,
        table=week_table(forecast, label),
    )


def reason_table(forecasts: Sequence[KpiForecast]) -> Table:
    """Return the KPIs that cannot be forecast yet."""
    rows = tuple(
        (Cell(Value(label_of(kpi_forecast.kpi))), Cell(Value(kpi_forecast.reason)))
        for kpi_forecast in forecasts
        if kpi_forecast.reason is not None
    )
    columns = (Column("KPI"), Column("Reason"))
    return Table("without-forecast", "Not forecast yet", columns, rows, "Every KPI of this page is forecast.")


def week_table(forecast: KpiForecast, label: str) -> Table:
    """Return the coming weeks and the complete weeks before them, newest first."""
    columns = (
        Column("Week"),
        Column("Kind"),
        Column(label, numeric=True),
        Column("Low", numeric=True),
        Column("High", numeric=True),
    )
    coming = [forecast_row(forecast, week) for week in reversed(forecast.weeks)]
    past = [
        (week_cell(week.week), Cell(Value("actual")), Cell(value_of(week.figure)), Cell(Value("")), Cell(Value("")))
        for week in reversed(forecast.history)
    ]
    return Table(f"forecast-{forecast.kpi}", label, columns, (*coming, *past), "No week is complete yet.")


def forecast_row(forecast: KpiForecast, week: ForecastWeek) -> tuple[Cell, ...]:
    numbers = (Cell(Value(text_of(forecast, number)), sort=number) for number in (week.middle, week.low, week.high))
    return (week_cell(week.week), Cell(Value("forecast")), *numbers)


def week_cell(week: DateRange) -> Cell:
    return Cell(Value(dates(week), week.start.isoformat()), sort=week.start.toordinal())


def drawing_of(forecast: KpiForecast) -> Specification:
    points = [
        DayPoint(week.week.start, None if week.figure.value is None else float(week.figure.value))
        for week in forecast.history
    ]
    # Weeks before the first value would leave half of the chart empty.
    history = tuple(dropwhile(lambda point: point.value is None, points))
    band = tuple(BandPoint(week.week.start, week.middle, week.low, week.high) for week in forecast.weeks)
    return forecast_chart(history, band, from_zero=forecast.unit is not FigureUnit.PEOPLE)
