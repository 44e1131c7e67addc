"""A brief is kept while nothing changes. While a large one is renewed, the last is shown and marked; own changes show at once."""

import os
import signal
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs
from tests.analytics.reports.conftest import MONDAY, WEEK, Agency, furnish
from tests.conftest import NOW, ON_BOTH, ONE_DAY

from sophia.analytics.annotations.store import NewAnnotation, add_annotation
from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.readings.models import EngagementMetric
from sophia.analytics.readings.run_models import Lease
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.brief_cache import BriefCache, CachedBrief, is_collecting, usual_windows
from sophia.analytics.reports.brief_records import Brief
from sophia.analytics.reports.brief_worker import BriefWorker
from sophia.database.engine import Database
from sophia.errors import BusyError, InvalidInputError
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Client


class SlowMaker:
    """A worker that makes a brief only when the test lets it."""

    is_running = True

    def __init__(self, database: Database) -> None:
        self._database = database
        self.begun: list[tuple[Future[Brief], datetime, DateRange, Comparison]] = []
        self.closed = 0

    def submit(self, now: datetime, window: DateRange, comparison: Comparison) -> Future[Brief]:
        self.begun.append((Future(), now, window, comparison))
        return self.begun[-1][0]

    def finish(self) -> None:
        future, now, window, comparison = self.begun.pop(0)
        future.set_result(make_brief(self._database, None, now, window, comparison=comparison, use_stored=True))

    def fail(self, error: Exception) -> None:
        self.begun.pop(0)[0].set_exception(error)

    def close(self) -> None:
        self.closed += 1


class ReadyMaker(SlowMaker):
    """A worker that makes each brief at once, and counts them."""

    count = 0

    def submit(self, now: datetime, window: DateRange, comparison: Comparison) -> Future[Brief]:
        future = super().submit(now, window, comparison)
        self.finish()
        self.count += 1
        return future


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def views_of(cached: CachedBrief) -> object:
    return next(client for client in cached.brief.clients if client.name == "Hats").kpis["views"].value


def collect(agency: Agency) -> None:
    """Hold the lease of an account, as a collection does."""
    with agency.filling.database.write() as session:
        session.add(Lease(name="account:1", holder="another process", expires_at=NOW + timedelta(minutes=5)))


def restate(agency: Agency, factor: int) -> None:
    with agency.filling.database.write() as session:
        session.execute(update(EngagementMetric).values(metric_value=EngagementMetric.metric_value * factor))


@ON_BOTH
def test_it_is_kept_until_the_store_changes(agency: Agency) -> None:
    """G1: after any change of the store, also by hand, the next brief is that of the store."""
    furnish(agency)
    database, cache = agency.filling.database, BriefCache(Clock())
    first = cache.brief(database, None, NOW)
    assert cache.brief(database, None, NOW).brief is first.brief
    assert first.is_current
    assert first.brief == make_brief(database, None, NOW, use_stored=True)
    restate(agency, 2)
    second = cache.brief(database, None, NOW)
    assert views_of(second) == 2 * 3500
    assert second.is_current
    assert second.brief == make_brief(database, None, NOW, use_stored=True)


def test_each_window_comparison_and_scope_has_its_own(agency: Agency) -> None:
    client, _ = furnish(agency)
    database, cache = agency.filling.database, BriefCache(Clock())
    assert views_of(cache.brief(database, None, NOW)) == 3500
    assert views_of(cache.brief(database, None, NOW, WEEK.previous)) == 7000
    for allowed in (frozenset({client}), frozenset[int]()):
        limited = cache.brief(database, allowed, NOW).brief
        assert limited == make_brief(database, allowed, NOW, use_stored=True)
        assert [row.client_id for row in limited.clients] == list(allowed)
    year = cache.brief(database, None, NOW, comparison=Comparison.YEAR).brief
    assert year.before.start.year == MONDAY.year - 1
    assert len(cache.brief(database, None, NOW).brief.clients) == 7


def test_during_a_collection_it_is_made_again_every_few_seconds(agency: Agency) -> None:
    furnish(agency)
    clock = Clock()
    database, cache = agency.filling.database, BriefCache(clock)
    collect(agency)
    assert is_collecting(database, NOW)
    assert views_of(cache.brief(database, None, NOW)) == 3500
    restate(agency, 2)
    clock.seconds = 9.9
    early = cache.brief(database, None, NOW)
    assert views_of(early) == 3500
    assert not early.is_current
    clock.seconds = 10.1
    assert views_of(cache.brief(database, None, NOW)) == 7000
    # After the collection the brief is that of the store at once.
    restate(agency, 2)
    assert views_of(cache.brief(database, None, NOW + timedelta(minutes=6))) == 14000


def test_during_a_collection_a_request_sees_its_own_change(agency: Agency) -> None:
    furnish(agency)
    database, cache = agency.filling.database, BriefCache(Clock())
    collect(agency)
    assert cache.brief(database, None, NOW).brief.annotations == ()
    with database.within(20).write() as session:
        add_annotation(session, None, NewAnnotation(MONDAY, "A new rule"), "user Olga", NOW)
    assert [note.text for note in cache.brief(database, None, NOW).brief.annotations] == ["A new rule"]


def test_readers_at_the_same_time_share_the_work(agency: Agency) -> None:
    furnish(agency)
    database, cache = agency.filling.database, BriefCache(Clock())
    start, briefs = Barrier(8), list[Brief]()

    def read() -> None:
        start.wait()
        briefs.append(cache.brief(database, None, NOW).brief)

    threads = [Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(briefs) == 8
    assert all(brief is briefs[0] for brief in briefs)


def test_without_changes_it_is_made_again_after_five_minutes(agency: Agency) -> None:
    """The state of collection depends on the time: after a day without a collection, accounts are late."""
    furnish(agency)
    clock = Clock()
    database, cache = agency.filling.database, BriefCache(clock)
    first = cache.brief(database, None, NOW, WEEK).brief
    clock.seconds = 299.0
    assert cache.brief(database, None, NOW + timedelta(seconds=299), WEEK).brief is first
    clock.seconds = 86_400.0
    later = cache.brief(database, None, NOW + ONE_DAY, WEEK)
    assert (later.brief.as_of, later.is_current) == (NOW + ONE_DAY, True)


def test_an_error_is_not_kept(agency: Agency) -> None:
    furnish(agency)
    cache = BriefCache(Clock())
    future = DateRange(NOW.date() + 7 * ONE_DAY, NOW.date() + 14 * ONE_DAY)
    for _ in range(2):
        with pytest.raises(InvalidInputError):
            cache.brief(agency.filling.database, None, NOW, future)


def slow_cache(agency: Agency) -> tuple[BriefCache, SlowMaker, Clock]:
    """Return a cache with one brief, whose worker is slow from now on."""
    furnish(agency)
    database, clock = agency.filling.database, Clock()
    maker = SlowMaker(database)
    cache = BriefCache(clock, maker)
    first = Thread(target=cache.brief, args=(database, None, NOW))
    first.start()
    while not maker.begun:
        first.join(0.01)
    maker.finish()
    first.join()
    return cache, maker, clock


def test_while_it_is_renewed_readers_get_the_last_one_marked(agency: Agency) -> None:
    """The page never shows old figures without their time: the brief is not current, and `as_of` is when it was made."""
    cache, maker, clock = slow_cache(agency)
    database, later = agency.filling.database, NOW + timedelta(minutes=1)
    assert cache.brief(database, None, later).is_current
    restate(agency, 2)
    clock.seconds = 60.0
    for _ in range(2):
        old = cache.brief(database, None, later)
        assert (views_of(old), old.is_current, old.has_failed, old.brief.as_of) == (3500, False, False, NOW)
    assert len(maker.begun) == 1
    maker.finish()
    new = cache.brief(database, None, later)
    assert (views_of(new), new.is_current, new.brief.as_of) == (7000, True, later)


def test_a_failed_renewal_is_reported_and_tried_again(agency: Agency) -> None:
    cache, maker, clock = slow_cache(agency)
    database = agency.filling.database
    restate(agency, 2)
    clock.seconds = 60.0
    cache.brief(database, None, NOW)
    with capture_logs() as logged:
        maker.fail(BrokenProcessPool("killed"))
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("brief_not_renewed", "error")]
    assert maker.closed == 1
    failed = cache.brief(database, None, NOW)
    assert (views_of(failed), failed.is_current, failed.has_failed) == (3500, False, True)
    maker.finish()
    renewed = cache.brief(database, None, NOW)
    assert (views_of(renewed), renewed.is_current, renewed.has_failed) == (7000, True, False)


def test_a_renewal_without_an_end_is_given_up(agency: Agency) -> None:
    cache, maker, clock = slow_cache(agency)
    restate(agency, 2)
    with capture_logs() as logged:
        for seconds in (60.0, 361.0):
            clock.seconds = seconds
            cached = cache.brief(agency.filling.database, None, NOW)
    assert (cached.is_current, cached.has_failed) == (False, True)
    assert (len(maker.begun), maker.closed, len(logged)) == (2, 1, 1)


def test_an_own_change_waits_for_a_brief_that_contains_it(agency: Agency) -> None:
    """A renewal that began before the change does not count."""
    cache, maker, clock = slow_cache(agency)
    database = agency.filling.database
    restate(agency, 2)
    clock.seconds = 60.0
    cache.brief(database, None, NOW)
    with database.within(20).write() as session:
        add_annotation(session, None, NewAnnotation(MONDAY, "A new rule"), "user Olga", NOW)
    texts: list[str] = []
    reader = Thread(
        target=lambda: texts.extend(note.text for note in cache.brief(database, None, NOW).brief.annotations)
    )
    reader.start()
    reader.join(0.05)
    assert reader.is_alive()
    maker.finish()
    while not maker.begun:
        reader.join(0.01)
    maker.finish()
    reader.join()
    assert texts == ["A new rule"]


def test_the_first_reader_hears_that_the_worker_was_killed(agency: Agency) -> None:
    furnish(agency)
    maker = SlowMaker(agency.filling.database)
    cache = BriefCache(Clock(), maker)
    errors: list[BusyError] = []

    def read() -> None:
        try:
            cache.brief(agency.filling.database, None, NOW)
        except BusyError as error:
            errors.append(error)

    reader = Thread(target=read)
    reader.start()
    while not maker.begun:
        reader.join(0.01)
    with capture_logs() as logged:
        maker.fail(BrokenProcessPool("killed"))
    reader.join()
    assert len(errors) == len(logged) == 1


def test_the_usual_windows_are_made_before_readers_come(agency: Agency) -> None:
    furnish(agency)
    database = agency.filling.database
    small = BriefCache(Clock())
    assert small.refresh(database, NOW) == 1
    assert small.refresh(database, NOW) == 0
    worker = ReadyMaker(database)
    large = BriefCache(Clock(), worker, few_clients=0)
    windows = usual_windows(NOW)
    assert windows[:2] == [WEEK, WEEK.previous]
    assert len(set(windows)) == len(windows)
    assert large.refresh(database, NOW) == len(windows)
    for window in windows:
        cached = large.brief(database, None, NOW, window)
        assert cached.brief == make_brief(database, None, NOW, window, use_stored=True)
    assert worker.count == len(windows)


@ON_BOTH
def test_a_process_makes_the_same_brief_also_after_it_was_killed(agency: Agency) -> None:
    furnish(agency)
    database = agency.filling.database
    worker = BriefWorker(database.engine.url)
    try:
        expected = make_brief(database, None, NOW, WEEK, use_stored=True)
        assert worker.submit(NOW, WEEK, Comparison.PREVIOUS).result(60) == expected
        assert worker.process_id is not None
        os.kill(worker.process_id, signal.SIGKILL)
        broken = worker.submit(NOW, WEEK, Comparison.PREVIOUS).exception(60)
        if broken is not None:
            assert isinstance(broken, BrokenProcessPool)
            worker.close()
        assert worker.submit(NOW, WEEK, Comparison.PREVIOUS).result(60) == expected
    finally:
        worker.close()


def test_the_first_brief_of_few_clients_needs_no_process(agency: Agency) -> None:
    furnish(agency)
    database, maker, clock = agency.filling.database, SlowMaker(agency.filling.database), Clock()
    maker.is_running = False
    cache = BriefCache(clock, maker)
    assert cache.brief(database, None, NOW).is_current
    assert maker.begun == []
    restate(agency, 2)
    clock.seconds = 60.0
    assert not cache.brief(database, None, NOW).is_current
    assert len(maker.begun) == 1


def test_the_end_of_the_server_ends_the_waiting(agency: Agency) -> None:
    furnish(agency)
    maker = SlowMaker(agency.filling.database)
    cache = BriefCache(Clock(), maker, few_clients=0)
    errors: list[BusyError] = []

    def refresh() -> None:
        try:
            cache.refresh(agency.filling.database, NOW)
        except BusyError as error:
            errors.append(error)

    thread = Thread(target=refresh)
    thread.start()
    while not maker.begun:
        thread.join(0.01)
    cache.stop_worker()
    thread.join(10)
    assert not thread.is_alive()
    assert len(errors) == maker.closed == 1
    # The process may still finish its work.
    maker.finish()


def test_an_added_or_archived_client_shows_at_once(agency: Agency) -> None:
    """Also during a collection, and when another process changed it: a deleted client must not appear."""
    client, _ = furnish(agency)
    database = agency.filling.database
    cache = BriefCache(Clock(), ReadyMaker(database))
    collect(agency)
    assert len(cache.brief(database, None, NOW).brief.clients) == 7
    with database.write() as session:
        session.execute(update(Client).where(Client.id == client).values(status="archived"))
    cached = cache.brief(database, None, NOW)
    assert client not in [row.client_id for row in cached.brief.clients]
    assert cached.is_current
    with database.write() as session:
        session.execute(update(Client).where(Client.id == client).values(status="active"))
    assert client in [row.client_id for row in cache.brief(database, None, NOW).brief.clients]
