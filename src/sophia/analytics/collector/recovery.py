"""Metrics with values again after a refusal or a silence: the days that they lack, and the requests for these."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import date, timedelta

from sophia.analytics.figures.schedule import split_days
from sophia.meta import facebook, instagram
from sophia.meta.catalogue.lookup import explain
from sophia.meta.catalogue.terms import Level, Platform
from sophia.meta.envelope import Answer
from sophia.meta.fallbacks import RunContext
from sophia.meta.reporting_zone import ONE_DAY, DateRange


def oldest_day(context: RunContext) -> date:
    """Return the oldest day that Meta still answers."""
    history = facebook.HISTORY_DAYS if context.platform is Platform.FACEBOOK else instagram.HISTORY_DAYS
    return context.today - timedelta(days=history - 1)


async def ask_days(context: RunContext, days: DateRange) -> AsyncGenerator[Answer, None]:
    """Yield the answers about the metrics in `context.only` for these days, in windows as long as Meta allows."""
    is_facebook = context.platform is Platform.FACEBOOK
    longest = facebook.LONGEST_WINDOW_DAYS if is_facebook else instagram.LONGEST_WINDOW_DAYS
    for window in split_days(days.start, days.end, longest, newest_first=False):
        series = facebook.insights if is_facebook else instagram.series
        requests = [series(context, window)]
        if not is_facebook:
            requests += [instagram.totals(context, day) for day in window]
        for answers in requests:
            async with aclosing(answers):
                async for answer in answers:
                    yield answer


def returned_metrics(
    platform: Platform, values: Mapping[str, date], stored: Mapping[str, date], first_asked: date
) -> dict[DateRange, frozenset[str]]:
    """Return {days: Meta's names of the metrics that have values again and lack these days}.

    `values` and `stored` are daily series by stored name: the first day with a value in this run, and the last day with
    a value before it. `first_asked` is the first day that this run requested. A metric that was silent for longer than
    the days that every run reads again leaves such a hole.
    """
    names_by_days: dict[DateRange, set[str]] = {}
    for name in values.keys() & stored.keys():
        explained = explain(platform, Level.ACCOUNT, name)
        if explained is not None and stored[name] < first_asked - ONE_DAY:
            # The last two days before the silence were not final when the run read them (GRAPH_API §1d).
            days = DateRange(stored[name] - ONE_DAY, first_asked)
            names_by_days.setdefault(days, set()).add(explained.metric.name)
    return {days: frozenset(names) for days, names in names_by_days.items()}
