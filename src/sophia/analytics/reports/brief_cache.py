"""Keeps the briefs of the last windows in memory for as long as the store has not changed.

While accounts are collected, the store changes several times a second. A brief is then made again every few seconds, and
not for every reader; changes by requests of this process show at once.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select

from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.figures.figures import last_closed_week
from sophia.analytics.readings.permissions import ClientScope
from sophia.analytics.readings.run_models import Lease
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.brief_records import Brief
from sophia.database.engine import Database
from sophia.meta.reporting_zone import DateRange, reporting_day

MOST_BRIEFS = 8
# Without changes in the store, only the age of the last collection changes.
LONGEST_SECONDS = 300.0
# While accounts are collected: one reader makes it again after the first, the others wait for it after the second.
FRESH_SECONDS, STALE_SECONDS = 10.0, 30.0


@dataclass(frozen=True, slots=True)
class _Kept:
    brief: Brief
    version: Any
    writes: int
    made_at: float


@dataclass(frozen=True, slots=True)
class _Key:
    allowed_clients: ClientScope
    window: DateRange
    comparison: Comparison
    today: date


class BriefCache:
    """The briefs of one store. `monotonic` measures their age in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._briefs: OrderedDict[_Key, _Kept] = OrderedDict()
        self._lock = Lock()
        self._making: dict[_Key, Lock] = {}

    def brief(
        self,
        database: Database,
        allowed_clients: ClientScope,
        now: datetime,
        window: DateRange | None = None,
        comparison: Comparison = Comparison.PREVIOUS,
    ) -> Brief:
        """Return the brief as `make_brief` does with stored anomalies, up to 30 seconds older during a collection."""
        window = window or last_closed_week(now)
        key = _Key(allowed_clients, window, comparison, reporting_day(now))
        kept = self._usable(database, key, now, FRESH_SECONDS)
        if kept is not None:
            return kept
        with self._lock:
            making = self._making.setdefault(key, Lock())
        # Whoever waits for another reader's brief takes it; meanwhile an older one will do.
        if not making.acquire(blocking=False):
            kept = self._usable(database, key, now, STALE_SECONDS)
            if kept is not None:
                return kept
            making.acquire()
        try:
            kept = self._usable(database, key, now, FRESH_SECONDS)
            return kept if kept is not None else self._make(database, key, now)
        finally:
            making.release()

    def _usable(self, database: Database, key: _Key, now: datetime, seconds: float) -> Brief | None:
        with self._lock:
            kept = self._briefs.get(key)
        if kept is None or kept.writes != database.versions.writes:
            return None
        age = self._monotonic() - kept.made_at
        if age < LONGEST_SECONDS and kept.version == database.versions.current():
            return kept.brief
        return kept.brief if age < seconds and is_collecting(database, now) else None

    def _make(self, database: Database, key: _Key, now: datetime) -> Brief:
        # Read first: a change during the work makes the brief outdated, never the other way round.
        version, writes = database.versions.current(), database.versions.writes
        brief = make_brief(database, key.allowed_clients, now, key.window, comparison=key.comparison, use_stored=True)
        with self._lock:
            self._briefs[key] = _Kept(brief, version, writes, self._monotonic())
            self._briefs.move_to_end(key)
            while len(self._briefs) > MOST_BRIEFS:
                dropped, _ = self._briefs.popitem(last=False)
                self._making.pop(dropped, None)
        return brief


_CACHES: WeakKeyDictionary[Engine, BriefCache] = WeakKeyDictionary()


def brief_cache(database: Database) -> BriefCache:
    """Return the cache of a store."""
    return _CACHES.setdefault(database.engine, BriefCache())


def is_collecting(database: Database, now: datetime) -> bool:
    """Return whether a process holds the lease of an account."""
    query = select(Lease.name).where(Lease.name.startswith("account:"), Lease.expires_at > now).limit(1)
    with database.read() as session:
        return session.scalar(query) is not None
