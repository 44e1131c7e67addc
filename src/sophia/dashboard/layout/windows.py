"""The window of a page: kept in the address, chosen by presets or by two days."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query, Request

from sophia.access.web import RequestContext
from sophia.analytics.figures.figures import last_closed_week, last_months, month_of, week_of
from sophia.analytics.figures.requests import WindowQuery
from sophia.dashboard.layout.formatting import dates
from sophia.dashboard.layout.values import Link, Picker
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day


class PageQuery(WindowQuery):
    """The window of a page and, with `export`, the table to download."""

    export: Annotated[str | None, Query(max_length=60)] = None


def window_of(query: PageQuery, now: datetime) -> DateRange:
    """Return the window of the address, by default the last complete week."""
    return query.window_at(now) or last_closed_week(now)


def picker(request: Request, context: RequestContext, window: DateRange) -> Picker:
    """Return the choice of windows for a page, with the current one marked."""
    path = request.url.path
    presets = tuple(
        Link(f"{name} · {dates(preset)}", f"?start_date={preset.start}&end_date={last_day(preset)}", preset == window)
        for name, preset in preset_windows(context.now)
    )
    return Picker(
        label=dates(window),
        compared=f"vs {dates(window.previous)}",
        presets=presets,
        start_date=window.start.isoformat(),
        end_date=last_day(window).isoformat(),
        action=path,
    )


def preset_windows(now: datetime) -> list[tuple[str, DateRange]]:
    """Return (name, window) of every preset, the default first."""
    week, today = last_closed_week(now), reporting_day(now)
    month = last_months(today, 1)
    return [
        ("Last complete week", week),
        ("Week before", week.previous),
        ("This week so far", week_of(today)),
        ("Last 28 days", DateRange(today - 28 * ONE_DAY, today)),
        ("This month", month_of(today)),
        ("Last month", month),
        ("Last quarter", last_months(today, 3)),
    ]


def last_day(window: DateRange) -> date:
    """Return the last day inside a window."""
    return window.end - ONE_DAY
