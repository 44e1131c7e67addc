"""What reports of one portfolio share is read once, and never longer than it is true."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.analytics.reports.conftest import MONDAY, WEEK, Agency, furnish
from tests.conftest import NOW, ON_BOTH, QueryCounter

from sophia.analytics.figures.schemas import response_json
from sophia.analytics.readings.models import EngagementMetric, Fetch, MetricSeries
from sophia.analytics.readings.runs_store import take_lease
from sophia.analytics.reports.gathering import make_report
from sophia.database.engine import Database
from sophia.portfolio.models import Account, Client, Post

ON_POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def said(database: Database, client: int) -> str:
    return response_json(make_report(database, client, WEEK, NOW))


def said_anew(database: Database, client: int) -> str:
    """What somebody says who has kept nothing."""
    fresh = Database(database.engine.url.render_as_string(hide_password=False))
    try:
        return said(fresh, client)
    finally:
        fresh.close()


def queries(database: Database, client: int) -> int:
    with QueryCounter(database) as counter:
        said(database, client)
    return counter.count


def commit_something_else(database: Database) -> None:
    """Commit a transaction that stores neither a reading nor a post, as every web request and every lease does."""
    with database.write() as session:
        take_lease(session, "a job", "this process", NOW, timedelta(minutes=5))


def others(agency: Agency) -> list[int]:
    """The accounts of the clients that are not Hats, which was furnished first."""
    with agency.filling.database.read() as session:
        found = session.query(Account.id).join(Client, Client.id == Account.client_id).where(Client.name != "Hats")
        return [number for (number,) in found.order_by(Account.id)]


@ON_BOTH
def test_the_portfolio_is_read_once_for_the_reports_of_all(agency: Agency) -> None:
    """J9, H11: the second report of a week asks four queries less, and says what it would have said alone."""
    database = agency.filling.database
    client, account = furnish(agency)
    first, again = queries(database, client), queries(database, client)
    assert again == first - 4
    assert queries(database, client + 1) == again
    assert said(database, client + 1) == said_anew(database, client + 1)
    commit_something_else(database)
    assert queries(database, client) == again
    agency.post(account, MONDAY + timedelta(days=3), {"reach": 10}, MONDAY + timedelta(days=4))
    assert queries(database, client) == first


@ON_BOTH
def test_what_is_stored_is_seen_by_the_next_report(agency: Agency) -> None:
    """A1, A13, G11: days of another client that Meta restated, its new posts, and a client that has gone change the split."""
    filling, database = agency.filling, agency.filling.database
    client, _ = furnish(agency)
    other, second, third = others(agency)[:3]
    told = [said(database, client)]

    def expect_news() -> None:
        told.append(said(database, client))
        assert told[-1] != told[-2]
        assert told[-1] == said_anew(database, client)

    with database.read() as session:
        mine = session.query(MetricSeries.id).where(MetricSeries.account_id == other, MetricSeries.post_id.is_(None))
        series = min(number for (number,) in mine)
    fetch = filling.fetch(other)
    for index in range(WEEK.days):
        filling.revise(series, MONDAY + timedelta(days=index), 9000, fetch)
    expect_news()
    theirs = said(database, client + 2)
    for index in range(5):
        agency.post(second, MONDAY + timedelta(days=1 + index), {"reach": 10}, MONDAY + timedelta(days=6))
    assert said(database, client + 2) != theirs
    assert said(database, client) == said_anew(database, client)
    with database.write() as session:
        session.query(Post).where(Post.account_id == third).delete()
        session.query(Account).where(Account.id == third).delete()
    expect_news()


@ON_POSTGRESQL
def test_who_began_first_and_ended_last_is_seen_too(agency: Agency) -> None:
    """A13, E4: numbers of rows are given when they are written and not when they are seen."""
    filling, database = agency.filling, agency.filling.database
    client, _ = furnish(agency)
    other, second = others(agency)[:2]
    run = filling.run(other, trigger="filled")
    with database.write() as slow:
        slow.add(
            Fetch(
                run_id=run,
                fetched_at=NOW,
                stored_at=NOW - timedelta(days=1),
                subject="insights",
                request="/insights",
                api_version="v22.0",
                sha256=b"0" * 32,
            )
        )
        mine = slow.query(MetricSeries.id).where(MetricSeries.account_id == other, MetricSeries.post_id.is_(None))
        slow.execute(
            update(EngagementMetric).where(EngagementMetric.series_id.in_(mine)).values(metric_value=9000)
        )  # fmt: skip
        slow.flush()
        filling.fetch(second)
        before = said(database, client)
    after = said(database, client)
    assert after != before
    assert after == said_anew(database, client)
