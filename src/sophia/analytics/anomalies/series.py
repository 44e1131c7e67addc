"""Prepares the daily values of one client or of a whole portfolio for the detector."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sophia.analytics.anomalies.detection import PROVISIONAL_DAYS, detect_anomalies
from sophia.analytics.anomalies.expectation import WINDOW as HISTORY_DAYS
from sophia.analytics.anomalies.records import MonitoringState, PortfolioEvent, SeriesAnomaly, SeriesDays, series_name
from sophia.analytics.anomalies.state import past_state
from sophia.analytics.figures.facts import MONITORED_METRICS, AccountDays, PostsADay, dates_of
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange

# A new level becomes visible after up to a week.
BEFORE_DAYS = 7
# An event that began before the first judged day seems to begin on that day.
LATE_DAYS = 3
# Five series that move alike count as a portfolio, so series of one client are judged in smaller groups.
CLIENT_SERIES_TOGETHER = 4


@dataclass(frozen=True, slots=True)
class AccountSeries:
    """A series to monitor: an account's daily values of one metric."""

    account_id: int
    platform: Platform
    metric: str

    @property
    def name(self) -> str:
        return series_name(self.account_id, self.metric)


def monitored_days(window: DateRange, today: date) -> DateRange:
    """Return the days needed to monitor a window: its days that are over, and the past on which they are judged."""
    first = window.start - timedelta(days=BEFORE_DAYS + HISTORY_DAYS)
    return DateRange(first, max(min(window.end, today), first + ONE_DAY))


def anomalies_of_client(
    accounts: Mapping[int, Platform], days: AccountDays, posts: PostsADay, window: DateRange, today: date
) -> tuple[SeriesAnomaly, ...]:
    """Return the anomalies of the window in the series of one client alone."""
    series = [
        AccountSeries(account, platform, metric)
        for account, platform in sorted(accounts.items())
        for metric in MONITORED_METRICS
    ]
    size = CLIENT_SERIES_TOGETHER
    groups = (series[index : index + size] for index in range(0, len(series), size))
    return in_order(
        anomaly for group in groups for anomaly in portfolio_anomalies(group, days, posts, window, today)[0]
    )


def in_order(anomalies: Iterable[SeriesAnomaly]) -> tuple[SeriesAnomaly, ...]:
    """Sort anomalies by their first day, account, metric and kind."""
    return tuple(
        sorted(
            anomalies,
            key=lambda anomaly: (anomaly.anomaly.since, anomaly.account_id, anomaly.metric, anomaly.anomaly.kind),
        )
    )


def portfolio_anomalies(
    series: Sequence[AccountSeries], days: AccountDays, posts: PostsADay, window: DateRange, today: date
) -> tuple[list[SeriesAnomaly], list[PortfolioEvent]]:
    """Return the anomalies of the window, and its days on which most of the series moved alike.

    The detector judges the days of the window and of the week before it; it only learns from earlier days.
    """
    needed = monitored_days(window, today)
    first = needed.start + timedelta(days=HISTORY_DAYS)
    with_data = {
        account_series.name: account_series
        for account_series in series
        if any(day in needed for day in days.get((account_series.account_id, account_series.metric), ()))
    }
    if not with_data or first >= needed.end:
        return [], []
    past, new = DateRange(needed.start, first), DateRange(first, needed.end)
    past_states = tuple(
        past_state(series_days(account_series, days, posts, past)) for account_series in with_data.values()
    )
    result = detect_anomalies(
        [series_days(account_series, days, posts, new) for account_series in with_data.values()],
        MonitoringState(first - ONE_DAY, past_states),
        last_day=needed.end - ONE_DAY,
        # Meta may still restate the last two days that are over.
        provisional_days=max(0, PROVISIONAL_DAYS - (today - needed.end).days),
    )
    anomalies = [
        SeriesAnomaly(account_series.account_id, account_series.platform, account_series.metric, anomaly)
        for anomaly in result.anomalies
        if _touches(anomaly.since, anomaly.until, window) and (account_series := with_data[anomaly.series])
    ]
    return anomalies, [event for event in result.events if belongs_to(event, window, LATE_DAYS)]


def belongs_to(event: PortfolioEvent, window: DateRange, late: int = BEFORE_DAYS) -> bool:
    """Whether a report of the window mentions the event: a new level is news in its first week and the week after."""
    if event.is_level and event.since < window.start - timedelta(days=late):
        return False
    return _touches(event.since, event.until, window)


def _touches(since: date, until: date | None, window: DateRange) -> bool:
    return since < window.end and (until is None or until >= window.start)


def series_days(
    account_series: AccountSeries,
    days: AccountDays,
    posts: PostsADay,
    window: DateRange,
    expected_days: Collection[date] = (),
) -> SeriesDays:
    """Return the series in the window for the detector; a day without posts has 0, since all posts are known."""
    values = days.get((account_series.account_id, account_series.metric), {})
    published = posts.get(account_series.account_id, {})
    dates = dates_of(window)
    return SeriesDays(
        series=account_series.name,
        measured="count",
        first_day=window.start,
        values=tuple(None if value is None else float(value) for value in map(values.get, dates)),
        posts=tuple([float(published.get(day, 0)) for day in dates]),
        expected_days=frozenset(expected_days),
    )
