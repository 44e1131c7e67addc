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
from sophia.analytics.forecasts.points import Floats
from sophia.analytics.forecasts.series import levels_before, week_values, weeks_before
from sophia.analytics.forecasts.weekly import FEWEST_WEEKS, MOST_WEEKS, fit, outlook
from sophia.analytics.kpis.follower_totals import followers
from sophia.analytics.kpis.kpis import KPIS
from sophia.analytics.kpis.queries import client_snapshots
from sophia.analytics.kpis.trends import NO_WEEK
from sophia.analytics.kpis.windows import MeasuredClient, client_windows, measured_clients, of_accounts
from sophia.meta.reporting_zone import ONE_WEEK, DateRange, reporting_day

SHORTEST, LONGEST, USUAL = 4, 12, 8
HISTORY_WEEKS = 26
# KPIs of a client and of an account that can be forecast, besides followers.
FORECAST_KPIS = ("views", "engagements", "conversions", "revenue")
NET_NEW = "net_new_followers"
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
    """Forecast `weeks` complete weeks after the last one. Four queries and those of one window."""
    today = reporting_day(now)
    past = weeks_before(today, MOST_WEEKS)
    snapshots = client_snapshots(session, client_id, past, account_id=account_id)
    by_kpi: dict[str, dict[date, Figure]] = {}
    for snapshot in snapshots:
        for kpi, figure in snapshot.kpis.items():
            by_kpi.setdefault(kpi, {})[snapshot.week.start] = figure
    kpis = [kpi for kpi in FORECAST_KPIS if kpi in by_kpi]
    forecasts = [forecast_kpi(kpi, past, by_kpi[kpi], weeks) for kpi in kpis]
    measured = next((client for client in measured_clients(session) if client.id == client_id), None)
    if measured is not None and measured.accounts:
        level = _followers_now(session, measured, past[-1], now, account_id)
        forecasts.append(forecast_followers(past, by_kpi.get(NET_NEW, {}), level, weeks))
    return ClientForecasts(client_id, account_id, 100 * COVERAGE, tuple(forecasts))


def _followers_now(
    session: Session, client: MeasuredClient, week: DateRange, now: datetime, account_id: int | None
) -> Figure:
    window = client_windows(session, [client], {week}, now, metrics=(FOLLOWERS,), events=False)[client.id][week]
    if account_id is not None:
        window = of_accounts(window, {account_id: client.accounts[account_id]})
    return followers(window)[0]


def forecast_kpi(kpi: str, past: Sequence[DateRange], figures: Mapping[date, Figure], weeks: int) -> KpiForecast:
    """Forecast a KPI that counts what happened in a week, from {Monday: figure}."""
    currencies = {figure.currency for figure in figures.values() if figure.currency is not None}
    values = week_values(kpi, past, figures) if len(currencies) <= 1 else np.full(len(past), np.nan)
    unit = _UNITS[kpi]
    history = [PastWeek(week, figures.get(week.start) or missing(unit, NO_WEEK)) for week in past]
    return _forecast(kpi, unit, values, history, weeks, currency=next(iter(currencies), None))


def forecast_followers(
    past: Sequence[DateRange], net_new: Mapping[date, Figure], level: Figure, weeks: int
) -> KpiForecast:
    """Forecast the number of followers, from {Monday: net new followers} and the newest number."""
    unit = FigureUnit.PEOPLE
    newest = np.nan if level.value is None else float(level.value)
    values = levels_before(newest, week_values(NET_NEW, past, net_new))
    history = [
        PastWeek(week, missing(unit, level.reason or NO_WEEK) if np.isnan(value) else Figure(value=value, unit=unit))
        for week, value in zip(past, values.tolist(), strict=True)
    ]
    return _forecast(FOLLOWERS, unit, values, history, weeks, is_level=True)


def _forecast(
    kpi: str,
    unit: FigureUnit,
    values: Floats,
    history: Sequence[PastWeek],
    weeks: int,
    *,
    currency: str | None = None,
    is_level: bool = False,
) -> KpiForecast:
    count = int((~np.isnan(values)).sum())
    fitted = fit(values, weeks, is_level=is_level)
    result = None if fitted is None else outlook(fitted)
    first = history[-1].week.end
    return KpiForecast(
        kpi=kpi,
        unit=unit,
        currency=currency,
        n=count,
        history=tuple(history[-HISTORY_WEEKS:]),
        weeks=()
        if result is None
        else tuple(
            ForecastWeek(DateRange(first + step * ONE_WEEK, first + (step + 1) * ONE_WEEK), *bounds)
            for step, bounds in enumerate(
                zip(result.middle.tolist(), result.low.tolist(), result.high.tolist(), strict=True)
            )
        ),
        reason=None if result is not None else why_no_forecast(count),
    )


def why_no_forecast(weeks: int) -> str:
    """Return the reason for a missing forecast of a series with so many complete weeks."""
    return NOTHING_RECENT if weeks >= FEWEST_WEEKS else TOO_SHORT.format(fewest=FEWEST_WEEKS, weeks=weeks)
