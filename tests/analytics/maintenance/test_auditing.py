"""Faults planted in a collected store are found; a wrong parse is found and mended from Meta's own answers."""

import zlib
from collections.abc import Callable

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session
from tests.conftest import ON_POSTGRESQL_BY_HAND, ONE_DAY, store_of
from tests.portfolio.conftest import Agency

from sophia.analytics.maintenance.recomputing import Recomputed, recompute
from sophia.analytics.maintenance.verifying import verify_store
from sophia.analytics.readings.models import AccountTotal, EngagementMetric, Fetch, MetricRevision, MetricSeries
from sophia.analytics.readings.run_models import CollectionRun
from sophia.analytics.readings.runs_store import forget_raw_answers, take_lease
from sophia.database.engine import Database
from sophia.jobs.collecting import collect_daily
from sophia.portfolio.models import Post


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/maintenance/test_auditing.py -m campaign`, but for what says that it wants both."""
    return store_of(request)


@pytest.fixture
def collected(agency: Agency) -> Agency:
    """One client, collected once."""
    agency.connect(1)
    agency.run(collect_daily)
    return agency


def wrong(agency: Agency) -> set[str]:
    return {check.name for check in verify_store(agency.database) if check.wrong}


def infinite(session: Session) -> None:
    """What the table's own check keeps out, as a file that was damaged, or a table without it, would hold it."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA ignore_check_constraints = ON"))
        session.execute(text("UPDATE engagement_metrics SET metric_value = 9e999"))
        session.execute(text("PRAGMA ignore_check_constraints = OFF"))
        return
    constraint = "ck_engagement_metrics_metric_value_possible"
    session.execute(text(f"ALTER TABLE engagement_metrics DROP CONSTRAINT {constraint}"))
    session.execute(text("UPDATE engagement_metrics SET metric_value = 'Infinity'"))


def strange_series(session: Session) -> None:
    post = session.scalars(select(Post).where(Post.account_id == 1)).first()
    series = session.scalars(select(MetricSeries).where(MetricSeries.account_id == 2, MetricSeries.post_id.is_(None)))
    series.all()[0].post_id = post.id if post else None


FAULTS: dict[str, Callable[[Session], object]] = {
    "totals equal counts": lambda s: s.execute(update(AccountTotal).values(readings=AccountTotal.readings + 1)),
    "every reading has its answer": lambda s: s.execute(delete(Fetch).where(Fetch.subject.in_(("page_insights",)))),
    "raw answers match their hashes": lambda s: s.execute(update(Fetch).values(body=zlib.compress(b"{}"))),
    "values are finite and not negative": infinite,
    "series belong to their post's account": strange_series,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(collected: Agency, name: str) -> None:
    """K8: a store as the collector leaves it is whole; each fault is found by its own check and by no other."""
    assert wrong(collected) == set()
    with collected.database.write() as session:
        FAULTS[name](session)
    # SQLite's own check of the file knows the tables' checks, too.
    assert wrong(collected) - {"the database file is whole"} == {name}


def test_totals_of_accounts_without_readings_are_found(agency: Agency) -> None:
    agency.connect()
    with agency.database.write() as session:
        session.add(AccountTotal(account_id=1, readings=3))
    assert wrong(agency) == {"totals equal counts"}


def again(agency: Agency, *, apply: bool = False) -> Recomputed:
    return recompute(agency.database, agency.clock, apply=apply)


def test_meta_s_answers_say_today_what_they_said_then(collected: Agency) -> None:
    """A14, K8: reading the kept answers again finds every stored reading and no difference, restated days included."""
    collected.now += ONE_DAY
    collected.run(collect_daily)
    result = again(collected)
    assert result.differences == []
    assert (result.unreadable, result.busy) == (0, [])
    assert result.answers == collected.count("fetches")["fetches"]
    assert result.readings == collected.count("engagement_metrics")["engagement_metrics"]


def spoil(agency: Agency) -> tuple[int, int | float]:
    """A reading as a wrong parse would have left it, and one that it would have missed; returns series and truth."""
    with agency.database.write() as session:
        readings = session.scalars(select(EngagementMetric).where(EngagementMetric.metric_value > 0)).unique().all()
        first, last = readings[0], readings[-1]
        truth = first.metric_value
        first.metric_value = truth + 1
        session.execute(
            delete(EngagementMetric).where(
                EngagementMetric.series_id == last.series_id, EngagementMetric.metric_date == last.metric_date
            )
        )
        total = session.get_one(AccountTotal, last.series.account_id)
        total.readings -= 1
        return first.series_id, truth


def test_a_wrong_parse_is_found_and_left_alone(collected: Agency) -> None:
    """K8: without --apply nothing is written."""
    _, truth = spoil(collected)
    before = collected.count("engagement_metrics", "collection_runs")
    result = again(collected)
    assert {one.stored for one in result.differences} == {truth + 1, None}
    assert collected.count("engagement_metrics", "collection_runs") == before


def test_a_wrong_parse_is_mended_as_a_run_of_its_own(collected: Agency) -> None:
    """K8, A14: the value of before stays as a revision, the run says why it is there, and the store is whole."""
    series, truth = spoil(collected)
    result = again(collected, apply=True)
    assert (len(result.differences), result.applied) == (2, 2)
    with collected.database.read() as session:
        [revision] = session.scalars(select(MetricRevision)).all()
        assert (revision.series_id, revision.metric_value) == (series, truth + 1)
        fetch = session.get_one(Fetch, revision.replaced_by_fetch_id)
        assert session.get_one(CollectionRun, fetch.run_id).trigger == "recompute"
    assert again(collected).differences == []
    assert wrong(collected) == set()


def test_what_a_recomputing_wrote_can_be_recomputed(collected: Agency) -> None:
    """K8: the second correction of a parser reaches values that the first one wrote."""
    series, truth = spoil(collected)
    again(collected, apply=True)
    with collected.database.write() as session:
        session.execute(update(EngagementMetric).where(EngagementMetric.series_id == series).values(metric_value=0))
    assert any(one.computed == truth for one in again(collected).differences)


def test_what_cannot_be_judged_is_left_alone(collected: Agency) -> None:
    """K8: a value from an answer that is no longer kept is not overwritten by an older answer that is."""
    collected.change(raw_answer_days=0)
    collected.now += ONE_DAY
    collected.run(collect_daily)
    with collected.database.write() as session:
        newest = session.scalars(select(Fetch.id).where(Fetch.body.is_(None))).all()
        changed = update(EngagementMetric).where(EngagementMetric.fetch_id.in_(newest))
        session.execute(changed.values(metric_value=EngagementMetric.metric_value + 7))
    assert again(collected).differences == []
    forget_raw_answers(collected.database, collected.now)
    assert again(collected).answers == 0


def test_an_account_being_collected_is_left_alone(collected: Agency) -> None:
    """E2: recomputing and collecting the same account exclude each other."""
    spoil(collected)
    with collected.database.write() as session:
        for number in (1, 2):
            take_lease(session, f"account:{number}", "a run", collected.now, ONE_DAY)
    result = again(collected, apply=True)
    assert (result.busy, result.applied) == ([1, 2], 0)


def test_an_answer_that_today_s_code_cannot_read_is_counted(collected: Agency) -> None:
    with collected.database.write() as session:
        session.execute(update(Fetch).where(Fetch.id == 1).values(subject="something_old"))
    assert again(collected).unreadable == 1
