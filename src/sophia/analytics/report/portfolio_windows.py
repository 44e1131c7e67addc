"""What the split into drivers is computed from: two windows of all clients of a portfolio, by platform.

The reports of all clients on one week need the same. So what was read is kept in the process for as long as nothing was
stored, and the next report asks for no more than whether that is so.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from sophia.analytics.measures.driver_figures import ClientWindows
from sophia.analytics.measures.figures import Window
from sophia.analytics.queries.meanings import meanings
from sophia.analytics.queries.portfolio_days import account_days, posts_inside
from sophia.analytics.queries.portfolio_days import state_of_the_store as state_of
from sophia.analytics.queries.windows import MeasuredClient
from sophia.analytics.report.watching import EXPOSURE, SECOND_EXPOSURE, WATCHED, driver_windows
from sophia.meta.catalogue import Platform

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

    def put(self, state: object, key: object, found: PortfolioWindows) -> None:
        with self._lock:
            if state != self._state:
                self._state, self._found = state, {}
            elif len(self._found) >= MOST_KEPT:
                del self._found[next(iter(self._found))]
            self._found[key] = found


_KEPT: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def portfolio_windows(
    session: Session,
    clients: Sequence[MeasuredClient],
    platforms: frozenset[Platform],
    before: Window,
    after: Window,
    as_of: datetime | None = None,
) -> PortfolioWindows:
    """{platform: both windows of every client that has accounts there}; four queries, or one when they are kept."""
    of_clients = tuple((one.id, tuple(one.accounts.items())) for one in clients)
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
    before: Window,
    after: Window,
    as_of: datetime | None,
) -> PortfolioWindows:
    accounts = [
        account for one in clients for account, platform in one.accounts.items() if platform in platforms
    ]  # fmt: skip
    days = portfolio_days(session, accounts, Window(before.start, after.end), as_of)
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
    session: Session, accounts: Sequence[int], window: Window, as_of: datetime | None = None
) -> dict[tuple[int, str], dict[date, int | float]]:
    """What is watched of these accounts, and the reach of those that have no views."""
    means = meanings(session, {*WATCHED, SECOND_EXPOSURE})
    days = account_days(session, accounts, means, WATCHED, window, as_of=as_of)
    without = [account for account in accounts if (account, EXPOSURE) not in days]
    return days | account_days(session, without, means, {SECOND_EXPOSURE}, window, as_of=as_of)
