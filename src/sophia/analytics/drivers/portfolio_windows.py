"""Reads two windows of all clients of a portfolio by platform: the input of the split into drivers.

The reports of all clients on one week need the same windows. The process keeps them until something is stored; the next
report only checks whether that has happened.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from threading import Lock
from types import MappingProxyType
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sophia.analytics.drivers.drivers import DriverSplit, split_drivers
from sophia.analytics.drivers.units import ClientWindows, DaysWindow
from sophia.analytics.figures.facts import (
    EXPOSURE,
    INTERACTIONS,
    MONITORED_METRICS,
    SECOND_EXPOSURE,
    AccountDays,
    dates_of,
)
from sophia.analytics.kpis.windows import MeasuredClient
from sophia.analytics.readings.account_days import account_days, posts_inside
from sophia.analytics.readings.account_days import store_version as state_of
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange

PortfolioWindows = Mapping[Platform, tuple[ClientWindows, ...]]
# One entry takes thirteen megabytes for 5,000 clients on two platforms.
MOST_CACHED = 8


class _Cache:
    """The windows read from one store since its last change."""

    def __init__(self) -> None:
        self._state: object = None
        self._windows: dict[object, PortfolioWindows] = {}
        self._lock = Lock()

    def get(self, state: object, key: object) -> PortfolioWindows | None:
        with self._lock:
            return self._windows.get(key) if state == self._state else None

    def put(self, state: object, key: object, portfolio_windows: PortfolioWindows) -> None:
        with self._lock:
            if state != self._state:
                self._state, self._windows = state, {}
            elif len(self._windows) >= MOST_CACHED:
                del self._windows[next(iter(self._windows))]
            self._windows[key] = portfolio_windows


_CACHES: WeakKeyDictionary[Engine, _Cache] = WeakKeyDictionary()


def portfolio_windows(
    session: Session,
    clients: Sequence[MeasuredClient],
    platforms: frozenset[Platform],
    before: DateRange,
    after: DateRange,
    as_of: datetime | None = None,
) -> PortfolioWindows:
    """Return {platform: both windows of every client with accounts there}, with four queries, or one if they are cached."""
    of_clients = tuple((client.id, tuple(client.accounts.items())) for client in clients)
    state, key = state_of(session), (of_clients, platforms, before, after, as_of)
    engine = session.get_bind().engine
    cache = _CACHES.get(engine) or _CACHES.setdefault(engine, _Cache())
    windows = cache.get(state, key)
    if windows is None:
        windows = _read(session, clients, platforms, before, after, as_of)
        cache.put(state, key, windows)
    return windows


def _read(
    session: Session,
    clients: Sequence[MeasuredClient],
    platforms: frozenset[Platform],
    before: DateRange,
    after: DateRange,
    as_of: datetime | None,
) -> PortfolioWindows:
    accounts = [
        account for client in clients for account, platform in client.accounts.items() if platform in platforms
    ]  # fmt: skip
    days = portfolio_days(session, accounts, DateRange(before.start, after.end), as_of)
    published = posts_inside(session, accounts, (before, after), as_of)
    rows_by_platform: dict[Platform, list[ClientWindows]] = {}
    for platform in sorted(platforms):
        for client in clients:
            client_accounts = [
                account for account, account_platform in client.accounts.items() if account_platform is platform
            ]
            if client_accounts:
                row = driver_windows(client.id, client_accounts, days, published, before, after)
                rows_by_platform.setdefault(platform, []).append(row)
    return {platform: tuple(rows) for platform, rows in rows_by_platform.items()}


def portfolio_days(
    session: Session, accounts: Sequence[int], window: DateRange, as_of: datetime | None = None
) -> dict[tuple[int, str], dict[date, int | float]]:
    """Return the monitored metrics of these accounts, and the reach of accounts without views."""
    definitions = metric_definitions(session, {*MONITORED_METRICS, SECOND_EXPOSURE})
    days = account_days(session, accounts, definitions, MONITORED_METRICS, window, as_of=as_of)
    without = [account for account in accounts if (account, EXPOSURE) not in days]
    return days | account_days(session, without, definitions, {SECOND_EXPOSURE}, window, as_of=as_of)


# Intervals are shown in whole percents, which more draws would not change.
DRIVER_DRAWS = 200

NO_DAYS: Mapping[date, float] = MappingProxyType({})
# {account: its posts in the previous window and in the window}.
PostCounts = Mapping[int, tuple[int, ...]]


@lru_cache(maxsize=16)
def split_portfolio(clients: tuple[ClientWindows, ...]) -> Mapping[int, DriverSplit]:
    """Return the split of every client. It is cached, since the reports of all clients on one week need the same split."""
    return MappingProxyType(split_drivers(clients, draws=DRIVER_DRAWS))


def driver_windows(
    client_id: int, accounts: Sequence[int], days: AccountDays, posts: PostCounts, before: DateRange, window: DateRange
) -> ClientWindows:
    """Return one client on one platform: the sums of its accounts' days, None on days on which one account has none."""
    # Views measure the exposure; if no account has views, reach does.
    exposure = EXPOSURE if any(days.get((account, EXPOSURE)) for account in accounts) else SECOND_EXPOSURE
    counts = [posts.get(account, (0, 0)) for account in accounts]
    exposure_days, engagement_days = (
        [days.get((account, metric), NO_DAYS) for account in accounts] for metric in (exposure, INTERACTIONS)
    )
    sides = (
        DaysWindow(_added(exposure_days, side), _added(engagement_days, side), sum(count[index] for count in counts))
        for index, side in enumerate((before, window))
    )
    return ClientWindows(client_id, *sides)


def _added(accounts: list[Mapping[date, float]], window: DateRange) -> tuple[float | None, ...]:
    """Return the sum over the accounts for each day, None if one of them has no value."""
    columns = [list(map(days.get, dates_of(window))) for days in accounts]
    if len(columns) == 1:  # the usual case
        return tuple(columns[0])
    return tuple(
        None if None in values else float(sum(value for value in values if value is not None))
        for values in zip(*columns, strict=True)
    )
