"""Forecasts of the KPIs of a client, or of one of its accounts, for the next weeks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import numpy as np
from pydantic import Field
from sqlalchemy.orm import Session

from sophia.analytics.figures.facts import FOLLOWERS
from sophia.analytics.figures.figures import Figure, FigureUnit, missing
from sophia.analytics.forecasts.intervals import COVERAGE
from sophia.analytics.forecasts.series import week_values, weeks_before
from sophia.analytics.forecasts.weekly import FEWEST_WEEKS, MOST_WEEKS, Outlook, fit, outlook
from sophia.analytics.kpis.kpis import KPIS
from sophia.analytics.kpis.queries import client_snapshots
from sophia.analytics.kpis.trends import NO_WEEK
from sophia.meta.reporting_zone import ONE_WEEK, DateRange, reporting_day

SHORTEST, LONGEST, USUAL = 4, 12, 8
HISTORY_WEEKS = 26
# KPIs of a client and of an account that can be forecast.
FORECAST_KPIS = ("views", "engagements", FOLLOWERS, "conversions", "revenue")
TOO_SHORT = "A forecast needs {fewest} complete weeks; there are {weeks}."
NOTHING_RECENT = "None of the last four weeks is complete."
_UNITS = {kpi.name: kpi.unit for kpi in KPIS}


@dataclass(frozen=True, slots=True)
class ForecastWeek:
    """A coming week. The value is as likely above `middle` as below, and between `low` and `high` with 80 %."""

    week: DateRange
    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PastWeek:
    """A complete week; its figure has a reason where it is unknown."""

    week: DateRange
    figure: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiForecast:
    """The forecast of one KPI. `reason` says why there is none; `n` is the number of weeks it rests on."""

    kpi: str
    unit: FigureUnit
    currency: str | None
    n: int
    history: tuple[PastWeek, ...]
    weeks: tuple[ForecastWeek, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class ClientForecasts:
    """The forecasts of a client, or of one account. Intervals hold with `coverage_percent`."""

    client_id: int
    account_id: int | None
    coverage_percent: Annotated[float, Field(description="The share of weeks that the intervals hold.")]
    forecasts: tuple[KpiForecast, ...]


def client_forecasts(
    session: Session, client_id: int, now: datetime, *, weeks: int = USUAL, account_id: int | None = None
) -> ClientForecasts:
    """Forecast `weeks` complete weeks after the last one, with one query."""
    today = reporting_day(now)
    past = weeks_before(today, MOST_WEEKS)
    snapshots = client_snapshots(session, client_id, past, account_id=account_id)
    by_kpi: dict[str, dict[date, Figure]] = {}
    for snapshot in snapshots:
        for kpi, figure in snapshot.kpis.items():
            by_kpi.setdefault(kpi, {})[snapshot.week.start] = figure
    kpis = [kpi for kpi in FORECAST_KPIS if kpi in by_kpi]
    forecasts = [forecast_kpi(kpi, past, by_kpi[kpi], weeks) for kpi in kpis]
    return ClientForecasts(client_id, account_id, 100 * COVERAGE, tuple(forecasts))


def forecast_kpi(kpi: str, past: Sequence[DateRange], figures: Mapping[date, Figure], weeks: int) -> KpiForecast:
    """Forecast a KPI from {Monday: figure}. Followers are a level at the end of a week, all others happened in it."""
    currencies = {figure.currency for figure in figures.values() if figure.currency is not None}
    values = week_values(kpi, past, figures) if len(currencies) <= 1 else np.full(len(past), np.nan)
    count = int((~np.isnan(values)).sum())
    fitted = fit(values, weeks, is_level=kpi == FOLLOWERS)
    result = None if fitted is None else outlook(fitted)
    unit = _UNITS[kpi]
    return KpiForecast(
        kpi=kpi,
        unit=unit,
        currency=next(iter(currencies), None),
        n=count,
        history=tuple(
            PastWeek(week, figures.get(week.start) or missing(unit, NO_WEEK)) for week in past[-HISTORY_WEEKS:]
        ),
        weeks=() if result is None else _coming(result, past[-1].end),
        reason=None if result is not None else why_no_forecast(count),
    )


def _coming(result: Outlook, first: date) -> tuple[ForecastWeek, ...]:
    """Return the weeks of a forecast, the first of which begins on a Monday."""
    bounds = zip(result.middle.tolist(), result.low.tolist(), result.high.tolist(), strict=True)
    return tuple(
        ForecastWeek(DateRange(first + step * ONE_WEEK, first + (step + 1) * ONE_WEEK), *values)
        for step, values in enumerate(bounds)
    )


def why_no_forecast(weeks: int) -> str:
    """Return the reason for a missing forecast of a series with so many complete weeks."""
    return NOTHING_RECENT if weeks >= FEWEST_WEEKS else TOO_SHORT.format(fewest=FEWEST_WEEKS, weeks=weeks)
