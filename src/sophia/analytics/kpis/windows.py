"""Reads windows of one client or of all as facts, with a fixed number of queries.

With `as_of`, all data is as it was known at that time: posts, readings with their values, and the names, zones and
industries of clients. Only the drafts of posts are those of today.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Integer, or_, select, true, type_coerce
from sqlalchemy.orm import Session

from sophia.analytics.conversions.commerce import count_new_customers
from sophia.analytics.conversions.post_coverage import PostCoverage, post_coverage
from sophia.analytics.figures.facts import (
    FOLLOWERS,
    RESPONSE_METRICS,
    ClientWindow,
    DayValue,
    OwnValue,
    PostFacts,
)
from sophia.analytics.kpis.client_events import ClientEvents, client_events
from sophia.analytics.kpis.follower_levels import LATEST_FOLLOWERS, follower_levels, without_levels
from sophia.analytics.kpis.measured_clients import MeasuredClient
from sophia.analytics.kpis.post_ages import ClientPostAges, aged_posts, client_post_ages
from sophia.analytics.kpis.post_values import post_facts, posts_by_window
from sophia.analytics.readings.metric_definitions import OWN_DAYS, MetricDefinition, metric_definitions
from sophia.analytics.readings.models import EngagementMetric, MetricSeries
from sophia.analytics.readings.posts import StoredPost, observed_posts
from sophia.analytics.readings.queries import CURRENT, value_at
from sophia.database.columns import day_number, day_of
from sophia.database.statements import among
from sophia.meta.catalogue.terms import Level, Period
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day


def client_windows(
    session: Session,
    clients: Sequence[MeasuredClient],
    windows: Collection[DateRange],
    now: datetime,
    *,
    as_of: datetime | None = None,
    metrics: Collection[str] | None = None,
    events: bool = True,
    ages: Collection[timedelta] = (),
    compared: Collection[DateRange] = (),
) -> dict[int, dict[DateRange, ClientWindow]]:
    """Return {client: {window: facts}}, with eleven queries for any number of clients, posts and disjoint windows.

    `now` determines the current day. A post has the values of its last snapshot before the end of the window, or else of
    its first later one, which costs one more query. `metrics`
    restricts the canonical metrics; None takes all, unknown ones too. Without `events`, conversions, decisions and costs
    are left out. Posts also have their values at `ages`, and those of the windows `compared` at the largest age that all
    of them have reached; this costs two more queries.
    """
    sorted_windows = sorted(set(windows))
    if not sorted_windows:
        return {client.id: {} for client in clients}
    spans = merge_ranges(sorted_windows)
    definitions = metric_definitions(session, None if metrics is None else {*metrics, FOLLOWERS})
    accounts = [account for client in clients for account in client.accounts]
    longer = merge_ranges([DateRange(span.start - LATEST_FOLLOWERS, span.end) for span in spans])
    days = _by_account(daily_values(session, accounts, definitions, longer, as_of=as_of))
    totals = _later_followers(session, accounts, definitions, days, sorted_windows, now, as_of)
    own = _own_values(session, accounts, definitions, sorted_windows, as_of)
    posts = observed_posts(session, accounts, spans, as_of)
    facts = posts_by_window(session, posts, sorted_windows, definitions, as_of)
    at_ages = client_post_ages(session, clients, posts, definitions, ages, compared, now, as_of)
    happened = client_events(session, [client.id for client in clients], spans, as_of) if events else {}
    coverage, today = post_coverage(session, [client.id for client in clients], as_of), reporting_day(now)
    return {
        client.id: {
            window: _client_window(
                client,
                window,
                today,
                days,
                totals,
                own,
                facts[window],
                happened.get(client.id),
                coverage[client.id],
                at_ages,
            )
            for window in sorted_windows
        }
        for client in clients
    }


def _client_window(
    client: MeasuredClient,
    window: DateRange,
    today: date,
    days: Mapping[int, Sequence[DayValue]],
    later_followers: Mapping[int, Sequence[DayValue]],
    own: Mapping[int, Sequence[OwnValue]],
    posts: Mapping[int, Sequence[PostFacts]],
    events: ClientEvents | None,
    coverage: PostCoverage,
    at_ages: ClientPostAges,
) -> ClientWindow:
    accounts = client.accounts
    window_posts = tuple(post for account in accounts for post in posts.get(account, ()))
    client_window = ClientWindow(
        window=window,
        today=today,
        zone=client.zone,
        accounts=accounts,
        posts=window_posts,
        days=tuple(value for account in accounts for value in days.get(account, ()) if value.day in window),
        own=tuple(value for account in accounts for value in own.get(account, ()) if value.window == window),
        followers=tuple(
            follower_levels(account, days.get(account, ()), window, later_followers.get(account, ()))
            for account in accounts
        ),
        listed=coverage.covered_days,
        events_since=coverage.events_since,
        at_ages={age: aged_posts(window_posts, values) for age, values in at_ages.get(client.id, {}).items()},
    )
    return client_window if events is None else _with_events(client_window, events)


def _with_events(client_window: ClientWindow, events: ClientEvents) -> ClientWindow:
    conversions = tuple(conversion for conversion in events.conversions if conversion.day in client_window.window)
    return replace(
        client_window,
        conversions=conversions,
        approvals=tuple(events.approvals),
        costs=tuple(events.costs),
        new_customers=count_new_customers((*events.purchases, *conversions), client_window.window),
    )


def merge_ranges(windows: Iterable[DateRange]) -> list[DateRange]:
    """Return the same days in as few windows as possible, oldest first."""
    ranges: list[DateRange] = []
    for window in sorted(windows):
        if ranges and window.start <= ranges[-1].end:
            ranges[-1] = DateRange(ranges[-1].start, max(ranges[-1].end, window.end))
        else:
            ranges.append(window)
    return ranges


def _by_account(values: Iterable[DayValue]) -> dict[int, list[DayValue]]:
    values_by_account: dict[int, list[DayValue]] = defaultdict(list)
    for value in values:
        values_by_account[value.account_id].append(value)
    return values_by_account


def daily_values(
    session: Session,
    accounts: Collection[int],
    definitions: Mapping[int, MetricDefinition],
    windows: Iterable[DateRange],
    *,
    as_of: datetime | None = None,
) -> list[DayValue]:
    """Return the daily values of accounts by canonical metric, the sum of its stored metrics, with one query."""
    metric_names = {
        number: definition.metric
        for number, definition in definitions.items()
        if definition.level is Level.ACCOUNT and definition.period == Period.DAY.value and definition.describes(None)
    }
    metric_date = EngagementMetric.metric_date
    inside = or_(*(metric_date.between(window.start, window.end - ONE_DAY) for window in windows))
    totals: dict[tuple[int, str, date], int | float] = {}
    for account, metric, day, value in _account_readings(session, accounts, metric_names, inside, as_of):
        key = account, metric_names[metric], day
        totals[key] = totals[key] + value if key in totals else value
    return [DayValue(account, day, metric, value) for (account, metric, day), value in sorted(totals.items())]


def _account_readings(
    session: Session,
    accounts: Collection[int],
    metrics: Iterable[int],
    on_days: ColumnElement[bool],
    as_of: datetime | None,
) -> list[tuple[int, int, date, int | float]]:
    value, fetch = CURRENT if as_of is None else value_at(as_of)
    rows = session.execute(
        select(
            MetricSeries.account_id,
            MetricSeries.metric_id,
            type_coerce(EngagementMetric.metric_date, Integer),
            value,
        )
        .select_from(MetricSeries)
        .join(EngagementMetric, EngagementMetric.series_id == MetricSeries.id)
        .where(
            among(MetricSeries.account_id, accounts),
            among(MetricSeries.metric_id, list(metrics)),
            MetricSeries.post_id.is_(None),
            on_days,
            true() if as_of is None else fetch.is_not(None),
        )
    )
    # With many rows, creating every date takes longer than reading it.
    calendar: dict[int, date] = {}
    readings = []
    for account, metric, number, amount in rows:
        day = calendar.get(number) or calendar.setdefault(number, day_of(number))
        readings.append((account, metric, day, amount))
    return readings


def _later_followers(
    session: Session,
    accounts: Sequence[int],
    definitions: Mapping[int, MetricDefinition],
    days: Mapping[int, Sequence[DayValue]],
    windows: Sequence[DateRange],
    now: datetime,
    as_of: datetime | None,
) -> dict[int, list[DayValue]]:
    """Return all follower totals since the first window of the accounts that lack one at an end of a window."""
    lacking = without_levels(accounts, days, windows)
    until = reporting_day(now) + ONE_DAY
    if until <= windows[0].start:
        return {}
    followers = {number: definition for number, definition in definitions.items() if definition.metric == FOLLOWERS}
    return _by_account(daily_values(session, lacking, followers, [DateRange(windows[0].start, until)], as_of=as_of))


def _own_values(
    session: Session,
    accounts: Collection[int],
    definitions: Mapping[int, MetricDefinition],
    windows: Iterable[DateRange],
    as_of: datetime | None,
) -> dict[int, list[OwnValue]]:
    """Return Meta's own counts for windows of 7 and 28 days; the value of a day is for the days that end with it."""
    lengths = {
        number: OWN_DAYS[definition.period]
        for number, definition in definitions.items()
        if definition.period in OWN_DAYS and definition.describes(None)
    }
    closing = {(window.end - ONE_DAY, window.days): window for window in windows if window.days in OWN_DAYS.values()}
    on_days = among(EngagementMetric.metric_date, sorted({day_number(day) for day, _ in closing}))
    values_by_account: dict[int, list[OwnValue]] = defaultdict(list)
    for account, metric, day, value in _account_readings(session, accounts, lengths, on_days, as_of):
        window = closing.get((day, lengths[metric]))
        if window is not None:
            values_by_account[account].append(OwnValue(account, definitions[metric].metric, window, value))
    return {
        account: sorted(values, key=lambda value: (value.window, value.metric))
        for account, values in values_by_account.items()
    }


HISTORY = timedelta(days=90)


def newest_facts(
    session: Session, client: MeasuredClient, window: DateRange, now: datetime, as_of: datetime | None = None
) -> tuple[list[PostFacts], list[StoredPost]]:
    """Return the posts of a window with their newest engagements and reach, with three queries."""
    posts = observed_posts(session, client.accounts, [window], as_of)
    facts = post_facts(
        session, {reporting_day(now) + ONE_DAY: posts}, metric_definitions(session, RESPONSE_METRICS), as_of
    )
    return list(facts.values()), posts
