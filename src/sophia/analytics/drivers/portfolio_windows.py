"""Reads the days and posts of all clients of a portfolio by platform: the input of the split into drivers.

The reports of all clients and the brief of one week need the same days. The process keeps them, and their split, until
something is stored; the next report only checks whether that has happened.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from threading import Lock
from types import MappingProxyType
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sophia.analytics.conversions.post_coverage import PostCoverage, post_coverage
from sophia.analytics.drivers.drivers import DriverSplit, split_drivers
from sophia.analytics.drivers.series import OLDEST_AGE, ClientDays, Periods, PublishedPost
from sophia.analytics.figures.facts import (
    ENGAGEMENTS,
    EXPOSURE,
    INTERACTIONS,
    SECOND_EXPOSURE,
    AccountDays,
    PostFacts,
    dates_of,
)
from sophia.analytics.kpis.measured_clients import MeasuredClient
from sophia.analytics.readings.account_days import account_days, organic_views, store_version
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.posts import StoredPost, facts_at_age, observed_posts
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.reporting_zone import DateRange, day_start

# So many days before the previous period show how a client's exposure follows its posts, and how much it scatters.
HISTORY_DAYS = 84
# Posts are compared at this age in days.
POST_AGE = 7
# The values of so many posts, the newest of the portfolio, show what each format usually gets.
MOST_POSTS_READ = 2000
# A view from an advertisement brings about this many of the interactions of an organic view.
PAID_RESPONSE = 0.3
# Intervals are shown in whole percents, which more draws would not change.
DRIVER_DRAWS = 400
# One entry of 200 clients takes a megabyte.
MOST_CACHED = 16

NO_DAYS: Mapping[date, float] = MappingProxyType({})
# {client: its holidays and the days of its campaigns}.
SpecialDays = Mapping[int, frozenset[date]]


@dataclass(frozen=True, eq=False)
class PlatformDays:
    """The days of every client with accounts on one platform. The split is computed once."""

    clients: tuple[ClientDays, ...]
    periods: Periods

    @cached_property
    def splits(self) -> Mapping[int, DriverSplit]:
        """Return {client: its split}."""
        return MappingProxyType(split_drivers(self.clients, self.periods, draws=DRIVER_DRAWS))


PortfolioWindows = Mapping[Platform, PlatformDays]


class _Cache:
    """The days read from one store since its last change."""

    def __init__(self) -> None:
        self._state: object = None
        self._days: dict[object, PlatformDays] = {}
        self._lock = Lock()

    def get(self, state: object, key: object) -> PlatformDays | None:
        with self._lock:
            return self._days.get(key) if state == self._state else None

    def put(self, state: object, key: object, platform_days: PlatformDays) -> None:
        with self._lock:
            if state != self._state:
                self._state, self._days = state, {}
            elif len(self._days) >= MOST_CACHED:
                del self._days[next(iter(self._days))]
            self._days[key] = platform_days


_CACHES: WeakKeyDictionary[Engine, _Cache] = WeakKeyDictionary()


def portfolio_windows(
    session: Session,
    clients: Sequence[MeasuredClient],
    platforms: frozenset[Platform],
    before: DateRange,
    after: DateRange,
    special: SpecialDays,
    as_of: datetime | None = None,
) -> PortfolioWindows:
    """Return {platform: the days of every client with accounts there}, with two queries if they are cached, else nine."""
    coverage = post_coverage(session, [client.id for client in clients], as_of)
    of_clients = tuple(
        (
            client.id,
            tuple(client.accounts.items()),
            tuple(sorted(coverage[client.id].covered_days.items())),
            special.get(client.id),
        )
        for client in clients
    )
    engine = session.get_bind().engine
    cache = _CACHES.get(engine) or _CACHES.setdefault(engine, _Cache())
    state = store_version(session)
    keys = {platform: (of_clients, platform, before, after, as_of) for platform in sorted(platforms)}
    cached = {platform: cache.get(state, key) for platform, key in keys.items()}
    missing = frozenset(platform for platform, days in cached.items() if days is None)
    days_read = _read(session, clients, missing, before, after, special, coverage, as_of) if missing else {}
    for platform, platform_days in days_read.items():
        cache.put(state, keys[platform], platform_days)
    all_days = {platform: days_read.get(platform) or cached[platform] for platform in sorted(platforms)}
    return {platform: days for platform, days in all_days.items() if days is not None}


def _read(
    session: Session,
    clients: Sequence[MeasuredClient],
    platforms: frozenset[Platform],
    before: DateRange,
    after: DateRange,
    special: SpecialDays,
    coverage: Mapping[int, PostCoverage],
    as_of: datetime | None,
) -> dict[Platform, PlatformDays]:
    window = DateRange(before.start - timedelta(days=HISTORY_DAYS), after.end)
    accounts = [account for client in clients for account, platform in client.accounts.items() if platform in platforms]
    days = portfolio_days(session, accounts, window, as_of)
    organic = organic_views(session, accounts, window, as_of) if Platform.FACEBOOK in platforms else {}
    separated = {
        account
        for account, views in organic.items()
        if (account, EXPOSURE) in days
        and all(day in views for day in days.get((account, EXPOSURE), ()) if day in before or day in after)
    }
    for account in separated:
        _leave_out_advertisements(days, account, organic[account])
    longer = DateRange(window.start - timedelta(days=OLDEST_AGE), window.end)
    posts = _published(session, observed_posts(session, accounts, [longer], as_of), window, as_of)
    periods = Periods((before.start - window.start).days, (after.start - window.start).days, before.days)
    rows_by_platform: dict[Platform, list[ClientDays]] = defaultdict(list)
    for platform in sorted(platforms):
        for client in clients:
            on_platform = [account for account, found in client.accounts.items() if found is platform]
            if on_platform:
                covered = coverage[client.id].covered_days
                listed = _listed([covered.get(account) for account in on_platform], window)
                row = client_days(
                    client.id, on_platform, days, posts, window, listed, special.get(client.id, frozenset())
                )
                row = replace(row, is_organic=separated.issuperset(on_platform))
                rows_by_platform[platform].append(row)
    return {platform: PlatformDays(tuple(rows), periods) for platform, rows in rows_by_platform.items()}


def _leave_out_advertisements(
    days: dict[tuple[int, str], dict[date, float]], account: int, organic: Mapping[date, float]
) -> None:
    """Replace the views of an account by its organic ones, and its interactions by those that organic views brought.

    Meta does not separate interactions. Days without organic views are unknown.
    """
    views, interactions = days[account, EXPOSURE], days.get((account, INTERACTIONS), {})
    paid = {day: max(views[day] - organic[day], 0.0) for day in views if day in organic}
    days[account, EXPOSURE] = {day: organic[day] for day in paid}
    days[account, INTERACTIONS] = {
        day: value * organic[day] / (organic[day] + PAID_RESPONSE * paid[day]) if organic[day] > 0 else value
        for day, value in interactions.items()
        if day in paid
    }


def portfolio_days(
    session: Session, accounts: Sequence[int], window: DateRange, as_of: datetime | None = None
) -> dict[tuple[int, str], dict[date, float]]:
    """Return the views and interactions of these accounts, and the reach of accounts without views."""
    definitions = metric_definitions(session, {EXPOSURE, INTERACTIONS, SECOND_EXPOSURE})
    days = account_days(session, accounts, definitions, {EXPOSURE, INTERACTIONS}, window, as_of=as_of)
    without = [account for account in accounts if (account, EXPOSURE) not in days]
    return days | account_days(session, without, definitions, {SECOND_EXPOSURE}, window, as_of=as_of)


def _published(
    session: Session, posts: Sequence[StoredPost], window: DateRange, as_of: datetime | None
) -> dict[int, list[PublishedPost]]:
    """Return {account: its posts, with days counted from the start of the window}; stories are no posts."""
    # Convert time zones once per day and not once per post.
    first = window.start - timedelta(days=OLDEST_AGE)
    ends = [day_start(first + timedelta(days=day + 1)) for day in range(OLDEST_AGE + window.days)]
    days = {post.id: bisect_right(ends, post.published_at) - OLDEST_AGE for post in posts}
    grown = [post for post in posts if days[post.id] + POST_AGE < window.days and post.kind is not ObjectKind.STORY]
    newest = sorted(grown, key=lambda post: (post.published_at, post.id))[-MOST_POSTS_READ:]
    definitions = metric_definitions(session, {EXPOSURE, *ENGAGEMENTS})
    facts = facts_at_age(session, newest, POST_AGE, definitions, as_of) if newest else {}
    published: dict[int, list[PublishedPost]] = defaultdict(list)
    for post in posts:
        if post.kind is not ObjectKind.STORY:
            values = _values(facts.get(post.id))
            published[post.account_id].append(PublishedPost(days[post.id], post.kind.value, *values))
    return published


def _values(facts: PostFacts | None) -> tuple[float | None, float | None]:
    """Return the exposure and the engagements of a post, None if one of them is unknown."""
    exposure, engagements = (None, None) if facts is None else (facts.values.get(EXPOSURE), facts.engagements)
    if exposure is None or engagements is None:
        return None, None
    return float(exposure), float(engagements)


def _listed(covered: Sequence[DateRange | None], window: DateRange) -> tuple[int, int] | None:
    """Return the days of the window on which the posts of all accounts are known, or None."""
    starts, ends = [], []
    for days in covered:
        if days is None:
            return None
        starts.append((days.start - window.start).days)
        ends.append((days.end - window.start).days)
    first, last = max(*starts, 0), min(*ends, window.days)
    return (first, last) if first < last else None


def client_days(
    client_id: int,
    accounts: Sequence[int],
    days: AccountDays,
    posts: Mapping[int, Sequence[PublishedPost]],
    window: DateRange,
    listed: tuple[int, int] | None,
    special: frozenset[date],
) -> ClientDays:
    """Return one client on one platform: the sums of its accounts' days, None on days on which one account has none."""
    # Views measure the exposure; if no account has views, reach does.
    exposure = EXPOSURE if any(days.get((account, EXPOSURE)) for account in accounts) else SECOND_EXPOSURE
    exposure_days, engagement_days = (
        [days.get((account, metric), NO_DAYS) for account in accounts] for metric in (exposure, INTERACTIONS)
    )
    return ClientDays(
        client_id,
        _added(exposure_days, window),
        _added(engagement_days, window),
        tuple(post for account in accounts for post in posts.get(account, ())),
        listed,
        frozenset((day - window.start).days for day in special if day in window),
    )


def _added(accounts: list[Mapping[date, float]], window: DateRange) -> tuple[float | None, ...]:
    """Return the sum over the accounts for each day, None if one of them has no value."""
    columns = [list(map(days.get, dates_of(window))) for days in accounts]
    if len(columns) == 1:  # the usual case
        return tuple(columns[0])
    return tuple(
        None if None in values else float(sum(value for value in values if value is not None))
        for values in zip(*columns, strict=True)
    )
