"""Gives the measures of drivers and anomalies their days: those of one client, or of a whole portfolio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sophia.analytics.anomalies.detection import PROVISIONAL_DAYS, watch
from sophia.analytics.anomalies.expectation import WINDOW as HISTORY_DAYS
from sophia.analytics.anomalies.queries import StoredPortfolioEvent
from sophia.analytics.anomalies.records import MonitoringState, PortfolioEvent, SeriesAnomaly, SeriesDays
from sophia.analytics.anomalies.state import past_state
from sophia.analytics.figures.facts import WATCHED, AccountDays, PostsADay, each_day
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange

# A new level shows after up to a week.
BEFORE_DAYS = 7
# What began before the first days that are judged looks as if it had begun on them.
LATE_DAYS = 3
# Five series that move alike are taken for a portfolio; those of one client are none.
CLIENTS_SERIES_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Watch:
    """One series to watch: an account's daily values of one metric."""

    account_id: int
    platform: Platform
    metric: str

    @property
    def name(self) -> str:
        return f"{self.account_id} {self.metric}"


def watched_days(window: DateRange, today: date) -> DateRange:
    """The days that must be known to watch a window: its own as far as they are over, and the past to judge them on."""
    first = window.start - timedelta(days=BEFORE_DAYS + HISTORY_DAYS)
    return DateRange(first, max(min(window.end, today), first + ONE_DAY))


def watches(accounts: Mapping[int, Platform]) -> list[Watch]:
    return [Watch(account, platform, metric) for account, platform in sorted(accounts.items()) for metric in WATCHED]


def anomalies_of_client(
    accounts: Mapping[int, Platform], days: AccountDays, posts: PostsADay, window: DateRange, today: date
) -> tuple[SeriesAnomaly, ...]:
    """What is unusual in the window, in the series of one client alone."""
    every, size = watches(accounts), CLIENTS_SERIES_AT_ONCE
    chunks = (every[place : place + size] for place in range(0, len(every), size))
    found = [one for chunk in chunks for one in watch_together(chunk, days, posts, window, today)[0]]
    return tuple(sorted(found, key=lambda one: (one.anomaly.since, one.account_id, one.metric, one.anomaly.kind)))


def watch_together(
    series: Sequence[Watch], days: AccountDays, posts: PostsADay, window: DateRange, today: date
) -> tuple[list[SeriesAnomaly], list[PortfolioEvent]]:
    """What is unusual in the window, and the days of it on which most of the series moved alike.

    The days of the window and the week before it are judged; those before them are only learnt from.
    """
    whole = watched_days(window, today)
    first = whole.start + timedelta(days=HISTORY_DAYS)
    known = [one for one in series if any(day in whole for day in days.get((one.account_id, one.metric), ()))]
    if not known or first >= whole.end:
        return [], []
    past, new = DateRange(whole.start, first), DateRange(first, whole.end)
    state = MonitoringState(first - ONE_DAY, tuple(past_state(series_days(one, days, posts, past)) for one in known))
    given = [series_days(one, days, posts, new) for one in known]
    # Meta may still restate the last two days that are over.
    provisional = max(0, PROVISIONAL_DAYS - (today - whole.end).days)
    watched = watch(given, state, last_day=whole.end - ONE_DAY, provisional_days=provisional)
    by_name = {one.name: one for one in known}
    series_anomalies = [
        SeriesAnomaly(one.account_id, one.platform, one.metric, anomaly)
        for anomaly in watched.anomalies
        if _touches(anomaly.since, anomaly.until, window) and (one := by_name[anomaly.series])
    ]
    return series_anomalies, [event for event in watched.events if event_is_of(event, window, LATE_DAYS)]


def event_is_of(event: PortfolioEvent | StoredPortfolioEvent, window: DateRange, late: int = BEFORE_DAYS) -> bool:
    """Whether these days may tell of it: a level lasts for weeks, and is news in its own and in the week after."""
    if event.kind in ("rise", "fall") and event.since < window.start - timedelta(days=late):
        return False
    return _touches(event.since, event.until, window)


def _touches(since: date, until: date | None, window: DateRange) -> bool:
    return since < window.end and (until is None or until >= window.start)


def series_days(watch: Watch, days: AccountDays, posts: PostsADay, window: DateRange) -> SeriesDays:
    """The series in the window as the watch wants it; a day without posts has none, for all of them are known."""
    values, published = days.get((watch.account_id, watch.metric), {}), posts.get(watch.account_id, {})
    every = each_day(window)
    return SeriesDays(
        series=watch.name,
        measured="count",
        first_day=window.start,
        values=tuple(None if value is None else float(value) for value in map(values.get, every)),
        posts=tuple([float(published.get(day, 0)) for day in every]),
    )
