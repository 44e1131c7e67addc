"""A brief is kept while nothing changes, and during a collection for some seconds; changes of people show at once."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import update
from tests.analytics.reports.conftest import MONDAY, WEEK, Agency, furnish
from tests.conftest import NOW, ON_BOTH, ONE_DAY

from sophia.analytics.annotations.store import NewAnnotation, add_annotation
from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.readings.models import EngagementMetric
from sophia.analytics.readings.run_models import Lease
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.brief_cache import BriefCache, is_collecting
from sophia.analytics.reports.brief_records import Brief


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def views_of(brief: Brief) -> object:
    return next(client for client in brief.clients if client.name == "Hats").kpis["views"].value


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
    assert cache.brief(database, None, NOW) is first
    assert first == make_brief(database, None, NOW, use_stored=True)
    restate(agency, 2)
    second = cache.brief(database, None, NOW)
    assert views_of(second) == 2 * 3500
    assert second == make_brief(database, None, NOW, use_stored=True)


def test_each_window_comparison_and_scope_has_its_own(agency: Agency) -> None:
    client, _ = furnish(agency)
    database, cache = agency.filling.database, BriefCache(Clock())
    assert views_of(cache.brief(database, None, NOW)) == 3500
    assert views_of(cache.brief(database, None, NOW, WEEK.previous)) == 7000
    assert [row.client_id for row in cache.brief(database, frozenset({client}), NOW).clients] == [client]
    year = cache.brief(database, None, NOW, comparison=Comparison.YEAR)
    assert year.before.start.year == MONDAY.year - 1
    assert len(cache.brief(database, None, NOW).clients) == 7


def test_during_a_collection_it_is_made_again_every_few_seconds(agency: Agency) -> None:
    furnish(agency)
    clock = Clock()
    database, cache = agency.filling.database, BriefCache(clock)
    collect(agency)
    assert is_collecting(database, NOW)
    assert views_of(cache.brief(database, None, NOW)) == 3500
    restate(agency, 2)
    clock.seconds = 9.9
    assert views_of(cache.brief(database, None, NOW)) == 3500
    clock.seconds = 10.1
    assert views_of(cache.brief(database, None, NOW)) == 7000
    # After the collection the brief is that of the store at once.
    restate(agency, 2)
    assert views_of(cache.brief(database, None, NOW + timedelta(minutes=6))) == 14000


def test_during_a_collection_a_request_sees_its_own_change(agency: Agency) -> None:
    furnish(agency)
    database, cache = agency.filling.database, BriefCache(Clock())
    collect(agency)
    assert cache.brief(database, None, NOW).annotations == ()
    with database.within(20).write() as session:
        add_annotation(session, None, NewAnnotation(MONDAY, "A new rule"), "user Olga", NOW)
    assert [note.text for note in cache.brief(database, None, NOW).annotations] == ["A new rule"]


def test_readers_at_the_same_time_share_the_work(agency: Agency) -> None:
    furnish(agency)
    database, cache = agency.filling.database, BriefCache(Clock())
    start, briefs = Barrier(8), list[Brief]()

    def read() -> None:
        start.wait()
        briefs.append(cache.brief(database, None, NOW))

    threads = [Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(briefs) == 8
    assert all(brief is briefs[0] for brief in briefs)


def test_the_next_day_has_its_own_brief(agency: Agency) -> None:
    furnish(agency)
    database, cache = agency.filling.database, BriefCache(Clock())
    first = cache.brief(database, None, NOW, WEEK)
    assert cache.brief(database, None, NOW + ONE_DAY, WEEK) is not first


def test_an_error_is_not_kept(agency: Agency) -> None:
    from sophia.errors import InvalidInputError  # noqa: PLC0415

    furnish(agency)
    cache = BriefCache(Clock())
    future = type(WEEK)(NOW.date() + 7 * ONE_DAY, NOW.date() + 14 * ONE_DAY)
    for _ in range(2):
        with pytest.raises(InvalidInputError):
            cache.brief(agency.filling.database, None, NOW, future)
