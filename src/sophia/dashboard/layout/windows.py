"""The window of a page and its comparison: kept in the address, chosen by presets or by two days."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query, Request

from sophia.access.web import RequestContext
from sophia.analytics.figures.comparison import Comparison, quarter_of
from sophia.analytics.figures.figures import last_closed_week, last_months, month_of, week_of
from sophia.analytics.figures.requests import WindowQuery
from sophia.analytics.reports.building import compared_window
from sophia.display.formatting import dates, named_dates
from sophia.display.values import Choice, Link, Picker
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

# The parameters of the address that all pages share; links between pages keep them.
SHARED = ("start_date", "end_date", "compare")
# A new window has other tables and pages of a list.
NOT_KEPT = ("export", "before_id", "sort")
# The name of a table, its column counted from 0, and the direction.
ORDER_PATTERN = r"^([\w-]+)\.([0-9]{1,2})\.(ascending|descending)$"
COMPARISON_LABELS = {Comparison.PREVIOUS: "Previous period", Comparison.YEAR: "Same days a year before"}


class PageQuery(WindowQuery):
    """The window of a page, its comparison and, with `export`, the table to download.

    `sort` orders one table by one column.
    """

    compare: Comparison = Comparison.PREVIOUS
    export: Annotated[str | None, Query(max_length=60)] = None
    sort: Annotated[str | None, Query(max_length=80, pattern=ORDER_PATTERN)] = None


def window_of(query: PageQuery, now: datetime) -> DateRange:
    """Return the window of the address, by default the last complete week."""
    return query.window_at(now) or last_closed_week(now)


def picker(
    request: Request, context: RequestContext, window: DateRange, comparison: Comparison | None = None
) -> Picker:
    """Return the choice of windows for a page, with the current one marked; without `comparison` it compares nothing.

    Its links keep the filters of the page.
    """
    presets = tuple(
        Link(
            f"{name} · {dates(preset)}",
            address_with(request, start_date=str(preset.start), end_date=str(last_day(preset))),
            preset == window,
        )
        for name, preset in preset_windows(context.now)
    )
    compared, comparisons = "", tuple[Link, ...]()
    if comparison is not None:
        compared = f"vs {named_dates(compared_window(window, reporting_day(context.now), comparison), window)}"
        comparisons = tuple(
            Link(label, address_with(request, compare=choice.value), choice is comparison)
            for choice, label in COMPARISON_LABELS.items()
        )
    return Picker(
        label=dates(window),
        compared=compared,
        presets=presets,
        comparisons=comparisons,
        kept=tuple(
            Choice(text, name)
            for name, text in request.query_params.items()
            if name not in (*NOT_KEPT, "start_date", "end_date")
        ),
        start_date=window.start.isoformat(),
        end_date=last_day(window).isoformat(),
        action=page_address(request),
    )


def page_address(request: Request) -> str:
    """Return the path of this page for browsers. A proxy removes the prefix of all paths before requests arrive here."""
    prefix: str = request.app.state.app_state.settings.path_prefix
    return f"{prefix}{request.url.path}"


def address_with(request: Request, **parameters: str) -> str:
    """Return the query of this page's address with other parameters, and without those that belong to one window."""
    return f"?{request.url.remove_query_params(NOT_KEPT).include_query_params(**parameters).query}"


def shared_query(request: Request) -> str:
    """Return the query that links to other pages keep, or nothing."""
    kept = {name: request.query_params[name] for name in SHARED if name in request.query_params}
    return "?" + "&".join(f"{name}={text}" for name, text in kept.items()) if kept else ""


def preset_windows(now: datetime) -> list[tuple[str, DateRange]]:
    """Return (name, window) of every preset, the default first."""
    week, today = last_closed_week(now), reporting_day(now)
    quarter = quarter_of(today)
    return [
        ("Last complete week", week),
        ("Week before", week.previous),
        ("This week so far", week_of(today)),
        ("Last 28 days", DateRange(today - 28 * ONE_DAY, today)),
        ("This month", month_of(today)),
        ("Last month", last_months(today, 1)),
        ("This quarter", quarter),
        ("Last quarter", quarter_of(quarter.start - ONE_DAY)),
    ]


def last_day(window: DateRange) -> date:
    """Return the last day inside a window."""
    return window.end - ONE_DAY
