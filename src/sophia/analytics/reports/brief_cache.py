"""Keeps the briefs of the last windows in memory, and renews them when the store has changed.

A brief of all clients serves every viewer. In a server, a process of its own renews briefs, so that no other request waits
for Python's lock. Meanwhile readers get the last one, marked as not current: its `as_of` says of when it is.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.figures.figures import last_closed_week, last_months, month_of, week_of
from sophia.analytics.readings.permissions import ClientScope
from sophia.analytics.readings.run_models import Lease
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.brief_records import Brief
from sophia.analytics.reports.brief_summary import restrict_brief
from sophia.analytics.reports.brief_worker import BriefWorker
from sophia.database.engine import Database
from sophia.errors import BusyError, InvalidInputError, SophiaError
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange, reporting_day
from sophia.portfolio.models import Client

log = structlog.get_logger(__name__)
MOST_BRIEFS = 16
USUAL_WEEKS = 8
# Without changes in the store, only the age of the last collection changes.
LONGEST_SECONDS = 300.0
# The worker renews a brief no sooner than this: collections and pictures change the store several times a second.
FRESH_SECONDS = 10.0
# A reader waits so long for the renewal of a brief, and for a brief of which there is no earlier one.
PATIENCE_SECONDS, LONGEST_WAIT_SECONDS = 0.15, 20.0
# A renewal that takes longer has failed.
RENEWAL_SECONDS = 300.0
# With so many active clients, a first visit need not find its brief made.
FEW_CLIENTS = 30
TOO_LONG = "The figures of these days are still being computed. Try again in a moment."


@dataclass(frozen=True, slots=True)
class CachedBrief:
    """A brief as readers get it.

    `is_current`: nothing was stored since it was made. `has_failed`: the newest attempt to renew it failed.
    """

    brief: Brief
    is_current: bool
    has_failed: bool


@dataclass(frozen=True, slots=True)
class _Key:
    window: DateRange
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class _State:
    """The version of the store and the count of this process's writes, and when they were read, in seconds."""

    version: Any
    writes: int
    read_at: float


@dataclass(frozen=True, slots=True)
class _Kept:
    brief: Brief
    state: _State
    has_failed: bool = False


@dataclass(frozen=True, slots=True)
class _Renewal:
    future: Future[Brief]
    state: _State


class BriefMaker(Protocol):
    """Makes briefs of all clients elsewhere."""

    @property
    def is_running(self) -> bool: ...

    def submit(self, now: datetime, window: DateRange, comparison: Comparison) -> Future[Brief]: ...

    def close(self) -> None: ...


class BriefCache:
    """The briefs of one store. `monotonic` measures their age in seconds.

    The `worker` makes the briefs if there is one, except the first one of few clients, and otherwise a reader's thread.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        worker: BriefMaker | None = None,
        few_clients: int = FEW_CLIENTS,
    ) -> None:
        self._monotonic = monotonic
        self._worker = worker
        self._few_clients = few_clients
        self._briefs: OrderedDict[_Key, _Kept] = OrderedDict()
        self._renewals: dict[_Key, _Renewal] = {}
        self._lock = Lock()
        self._is_stopped = False

    def start_worker(self, database: Database) -> None:
        """Make the briefs of a large portfolio in a process of its own until `stop_worker`."""
        self._worker, self._is_stopped = BriefWorker(database.engine.url), False

    def stop_worker(self) -> None:
        """End the process. Readers who wait for it, and `refresh`, end with BusyError."""
        self._is_stopped = True
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        with self._lock:
            running = list(self._renewals.items())
        for key, renewal in running:
            self._fail(key, renewal, CancelledError())

    def brief(
        self,
        database: Database,
        allowed_clients: ClientScope,
        now: datetime,
        window: DateRange | None = None,
        comparison: Comparison = Comparison.PREVIOUS,
    ) -> CachedBrief:
        """Return the brief as `make_brief` does with stored anomalies, or the last one while it is renewed.

        After a change by a request of this process, and of the active clients, it is always current. Raises BusyError when there is no brief yet and
        making it takes longer than 20 seconds, and what `make_brief` raises.
        """
        key = _Key(window or last_closed_week(now), comparison)
        cached = self._cached(database, key, now)
        return replace(cached, brief=restrict_brief(cached.brief, allowed_clients))

    def refresh(self, database: Database, now: datetime) -> int:
        """Renew the briefs of the windows that readers usually open, one after the other; return how many.

        Of few clients it is only that of the last complete week, since the others take no time.
        """
        renewed = 0
        for window in usual_windows(now) if self._has_many_clients(database) else [last_closed_week(now)]:
            key, state = _Key(window, Comparison.PREVIOUS), self._state(database)
            kept = self._kept(key)
            if kept is None or not self._is_current(kept, state):
                self._made(database, key, now, state, RENEWAL_SECONDS)
                renewed += 1
            if self._is_stopped:
                break
        return renewed

    def _cached(self, database: Database, key: _Key, now: datetime) -> CachedBrief:
        state, kept = self._state(database), self._kept(key)
        if kept is not None and self._is_current(kept, state):
            return CachedBrief(kept.brief, is_current=True, has_failed=False)
        # A client that was added is never missing, and one that was deleted or archived never shown.
        clients = None if kept is None else {client.client_id for client in kept.brief.clients}
        if kept is None or kept.state.writes != state.writes or clients != active_clients(database):
            brief = self._made(database, key, now, state, LONGEST_WAIT_SECONDS)
            return CachedBrief(brief, is_current=True, has_failed=False)
        collecting = is_collecting(database, now)
        is_fresh = state.read_at - kept.state.read_at < FRESH_SECONDS
        if not (is_fresh and (collecting or self._worker is not None)):
            renewal = self._renew(database, key, now, state)
            wait([renewal.future], 0 if collecting else PATIENCE_SECONDS)
            kept = self._kept(key) or kept
        is_current = self._is_current(kept, state) or kept.state.read_at > state.read_at
        return CachedBrief(kept.brief, is_current, kept.has_failed)

    def _made(self, database: Database, key: _Key, now: datetime, state: _State, seconds: float) -> Brief:
        """Wait for a brief whose making began in this state of the store or later."""
        until = time.monotonic() + seconds
        while True:
            renewal = self._renew(database, key, now, state)
            try:
                brief = renewal.future.result(max(0.0, until - time.monotonic()))
            except (TimeoutError, CancelledError, BrokenProcessPool):
                raise BusyError(TOO_LONG) from None
            if renewal.state.writes >= state.writes:
                return brief

    def _renew(self, database: Database, key: _Key, now: datetime, state: _State) -> _Renewal:
        """Return the running renewal of a brief, or begin one."""
        renewal = _Renewal(Future(), state)
        with self._lock:
            running = self._renewals.get(key)
            if running is not None and state.read_at - running.state.read_at < RENEWAL_SECONDS:
                return running
            self._renewals[key] = renewal
        if running is not None:
            self._fail(key, running, TimeoutError(f"It took longer than {RENEWAL_SECONDS:.0f} s."))
        try:
            making = self._begin(database, key, now)
        except BaseException as error:
            self._fail(key, renewal, error)
            raise
        making.add_done_callback(partial(self._finish, key, renewal))
        return renewal

    def _begin(self, database: Database, key: _Key, now: datetime) -> Future[Brief]:
        """Begin to make a brief in the worker, or make it in this thread."""
        worker = self._worker
        # The process takes two seconds to start; the first brief of few clients is finished before.
        if worker is not None and (
            worker.is_running or self._kept(key) is not None or self._has_many_clients(database)
        ):
            return worker.submit(now, key.window, key.comparison)
        future: Future[Brief] = Future()
        try:
            future.set_result(make_brief(database, None, now, key.window, comparison=key.comparison, use_stored=True))
        except (SophiaError, SQLAlchemyError) as error:
            future.set_exception(error)
        return future

    def _finish(self, key: _Key, renewal: _Renewal, making: Future[Brief]) -> None:
        """Keep the brief that was made, then let its readers continue."""
        error = CancelledError() if making.cancelled() else making.exception()
        if error is not None:
            self._fail(key, renewal, error)
            return
        with self._lock:
            self._forget(key, renewal)
            kept = self._briefs.get(key)
            if kept is None or kept.state.read_at <= renewal.state.read_at:
                self._briefs[key] = _Kept(making.result(), renewal.state)
                self._briefs.move_to_end(key)
            while len(self._briefs) > MOST_BRIEFS:
                self._briefs.popitem(last=False)
        with suppress(InvalidStateError):
            renewal.future.set_result(making.result())

    def _fail(self, key: _Key, renewal: _Renewal, error: BaseException) -> None:
        """Report a failure in the log and to the readers; the next reader tries again, with a new process if it broke."""
        with self._lock:
            self._forget(key, renewal)
            kept = self._briefs.get(key)
            if kept is not None:
                self._briefs[key] = replace(kept, has_failed=True)
        if not isinstance(error, InvalidInputError | CancelledError):
            log.error("brief_not_renewed", start=key.window.start, end=key.window.end, error=repr(error))
        if isinstance(error, BrokenProcessPool | TimeoutError) and self._worker is not None:
            self._worker.close()
        with suppress(InvalidStateError):
            renewal.future.set_exception(error)

    def _forget(self, key: _Key, renewal: _Renewal) -> None:
        if self._renewals.get(key) is renewal:
            del self._renewals[key]

    def _has_many_clients(self, database: Database) -> bool:
        return len(active_clients(database)) > self._few_clients

    def _kept(self, key: _Key) -> _Kept | None:
        with self._lock:
            if key in self._briefs:
                self._briefs.move_to_end(key)
            return self._briefs.get(key)

    def _state(self, database: Database) -> _State:
        return _State(database.versions.current(), database.versions.writes, self._monotonic())

    @staticmethod
    def _is_current(kept: _Kept, state: _State) -> bool:
        same = (kept.state.version, kept.state.writes) == (state.version, state.writes)
        return same and state.read_at - kept.state.read_at < LONGEST_SECONDS


_CACHES: WeakKeyDictionary[Engine, BriefCache] = WeakKeyDictionary()


def brief_cache(database: Database) -> BriefCache:
    """Return the cache of a store."""
    return _CACHES.setdefault(database.engine, BriefCache())


def usual_windows(now: datetime) -> list[DateRange]:
    """Return the windows that readers usually open, the most usual first: weeks, 28 days and months."""
    today, week = reporting_day(now), last_closed_week(now)
    weeks = [DateRange(week.start - index * ONE_WEEK, week.end - index * ONE_WEEK) for index in range(USUAL_WEEKS)]
    longer = [DateRange(today - 28 * ONE_DAY, today), month_of(today), last_months(today, 1)]
    return list(dict.fromkeys([*weeks[:4], week_of(today), *weeks[4:], *longer]))


def active_clients(database: Database) -> set[int]:
    """Return the ids of the clients that a brief contains."""
    with database.read() as session:
        return set(session.scalars(select(Client.id).where(Client.status == "active")))


def is_collecting(database: Database, now: datetime) -> bool:
    """Return whether a process holds the lease of an account."""
    query = select(Lease.name).where(Lease.name.startswith("account:"), Lease.expires_at > now).limit(1)
    with database.read() as session:
        return session.scalar(query) is not None
