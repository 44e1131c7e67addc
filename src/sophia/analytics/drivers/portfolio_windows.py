"""What the split into drivers is computed from: two windows of all clients of a portfolio, by platform.

The reports of all clients on one week need the same. So what was read is kept in the process for as long as nothing was
stored, and the next report asks for no more than whether that is so.
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
from sophia.analytics.figures.estimation import Known
from sophia.analytics.figures.facts import EXPOSURE, INTERACTIONS, SECOND_EXPOSURE, WATCHED, AccountDays, each_day
from sophia.analytics.kpis.windows import MeasuredClient
from sophia.analytics.readings.account_days import account_days, posts_inside
from sophia.analytics.readings.account_days import store_version as state_of
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange

PortfolioWindows = Mapping[Platform, tuple[ClientWindows, ...]]
# Of 5,000 clients on two platforms each takes thirteen megabytes.
MOST_KEPT = 8


class _Kept:
    """What was read from one store since anything was stored in it."""

    def __init__(self) -> None:
        self._state: object = None
        self._found: dict[object, PortfolioWindows] = {}
        self._lock = Lock()

    def get(self, state: object, key: object) -> PortfolioWindows | None:
        with self._lock:
            return self._found.get(key) if state == self._state else None

    def put(self, state: object, key: object, portfolio_windows: PortfolioWindows) -> None:
        with self._lock:
            if state != self._state:
                self._state, self._found = state, {}
            elif len(self._found) >= MOST_KEPT:
                del self._found[next(iter(self._found))]
            self._found[key] = portfolio_windows


_KEPT: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def portfolio_windows(
    session: Session,
    clients: Sequence[MeasuredClient],
    platforms: frozenset[Platform],
    before: DateRange,
    after: DateRange,
    as_of: datetime | None = None,
) -> PortfolioWindows:
    """{platform: both windows of every client that has accounts there}; four queries, or one when they are kept."""
    of_clients = tuple((client.id, tuple(client.accounts.items())) for client in clients)
    state, key = state_of(session), (of_clients, platforms, before, after, as_of)
    engine = session.get_bind().engine
    kept = _KEPT.get(engine) or _KEPT.setdefault(engine, _Kept())
    found = kept.get(state, key)
    if found is None:
        found = _read(session, clients, platforms, before, after, as_of)
        kept.put(state, key, found)
    return found


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
    found: dict[Platform, list[ClientWindows]] = {}
    for platform in sorted(platforms):
        for one in clients:
            mine = [account for account, where in one.accounts.items() if where is platform]
            if mine:
                row = driver_windows(one.id, mine, days, published, before, after)
                found.setdefault(platform, []).append(row)
    return {platform: tuple(rows) for platform, rows in found.items()}


def portfolio_days(
    session: Session, accounts: Sequence[int], window: DateRange, as_of: datetime | None = None
) -> dict[tuple[int, str], dict[date, int | float]]:
    """What is watched of these accounts, and the reach of those that have no views."""
    means = metric_definitions(session, {*WATCHED, SECOND_EXPOSURE})
    days = account_days(session, accounts, means, WATCHED, window, as_of=as_of)
    without = [account for account in accounts if (account, EXPOSURE) not in days]
    return days | account_days(session, without, means, {SECOND_EXPOSURE}, window, as_of=as_of)


# Of intervals whose ends are shown in whole percents more would change nothing that is read.
DRIVER_DRAWS = 200

NOTHING: Mapping[date, float] = MappingProxyType({})
# By account: in the window before, and in the window.
PostsInBoth = Mapping[int, tuple[int, ...]]


@lru_cache(maxsize=16)
def split_portfolio(clients: tuple[ClientWindows, ...]) -> Mapping[int, DriverSplit]:
    """The split of every client. Kept, because the reports of all clients on one week ask for the same one; what was
    stored since makes other windows, and so another split.
    """
    return MappingProxyType(split_drivers(clients, draws=DRIVER_DRAWS))


def driver_windows(
    client_id: int, accounts: Sequence[int], days: AccountDays, posts: PostsInBoth, before: DateRange, window: DateRange
) -> ClientWindows:
    """One client on one platform for the split into drivers: its accounts' days added up, unknown where one is."""
    # Views are the exposure; reach stands in where no account has any.
    exposure = EXPOSURE if any(days.get((account, EXPOSURE)) for account in accounts) else SECOND_EXPOSURE
    counts = [posts.get(account, (0, 0)) for account in accounts]
    shown, answered = (
        [days.get((account, metric), NOTHING) for account in accounts] for metric in (exposure, INTERACTIONS)
    )
    sides = (
        DaysWindow(_added(shown, side), _added(answered, side), sum(count[index] for count in counts))
        for index, side in enumerate((before, window))
    )
    return ClientWindows(client_id, *sides)


def _added(accounts: list[Mapping[date, float]], window: DateRange) -> tuple[Known, ...]:
    """Day by day over the accounts; unknown where one of them is."""
    columns = [list(map(days.get, each_day(window))) for days in accounts]
    if len(columns) == 1:  # nearly always, and of hundreds of clients
        return tuple(columns[0])
    return tuple(
        None if None in values else float(sum(value for value in values if value is not None))
        for values in zip(*columns, strict=True)
    )
