"""What is reported is what stands in the store; what two processes make at once is there once."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from tests.conftest import Filling
from tests.reliability.ground import open_ground
from tests.reliability.machine import connections_ended, no_page_more

from sophia.analytics.campaigns.models import Campaign
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.analytics.readings.writer import AccountWriter, Owner, Saved
from sophia.database.engine import Database
from sophia.errors import ConflictError
from sophia.meta.catalogue.terms import ObjectKind, Period, Platform
from sophia.meta.records import Batch, ObservedPost, Reading, Source
from sophia.portfolio.models import Account, Client, Post
from sophia.portfolio.service import Connection, connect_account, find_or_create_client
from sophia.vault import Vault

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 21)


# -- E8 ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("database", "fail"), [("sqlite", no_page_more), ("postgresql", connections_ended)], indirect=["database"]
)
def test_what_a_failing_run_reports_is_what_is_stored(
    database: Database, fail: Callable[..., Any], tmp_path: Path
) -> None:
    """E8, C1: transactions that fail in the middle of a run are in no count that it reports."""
    with open_ground(database, tmp_path) as ground:
        fail(ground)
        ((readings, posts),) = ground.rows("SELECT sum(readings_new), sum(posts_new) FROM collection_runs")
        statuses = {status for (status,) in ground.rows("SELECT status FROM collection_runs")}
        stored = ground.count("engagement_metrics")
        assert statuses & {"partial", "failed"}
        assert (readings, posts) == (stored, ground.count("posts"))
        ground.api.latency_seconds = 0
        outcomes = ground.collect()
        assert sum(outcome.saved.new for outcome in outcomes) == ground.count("engagement_metrics") - stored > 0


# -- E6 ----------------------------------------------------------------------------------------------------------------


def at_once(database: Database, work: Callable[[Database], Any]) -> list[Any]:
    """What the work returns, or the error that it raises, for two that begin together with connections of their own."""
    url = database.engine.url.render_as_string(hide_password=False)
    start, results = threading.Barrier(2), list[Any]()

    def one() -> None:
        mine = Database(url)
        with mine.read() as session:
            session.connection()
        start.wait()
        try:
            results.append(work(mine))
        except (ConflictError, IntegrityError) as error:
            results.append(error)
        finally:
            mine.close()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def count(database: Database, *tables: type[Any]) -> Sequence[int]:
    with database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


@pytest.mark.parametrize("attempt", range(4))
def test_series_made_at_once_are_there_once(database: Database, attempt: int) -> None:
    """E6, K1: two writers bring the same new post, metrics and series; each exists once and is counted once."""
    filling = Filling(database)
    client = filling.client("Bakery")
    account = filling.account(client)
    run = filling.run(account)
    source = Source("page_insights", "GET /1/insights", NOW, "v22.0", b"{}")
    posts = [ObservedPost(f"1_{number}", ObjectKind.POST, NOW, None, None, None) for number in range(20)]
    names = ("post_clicks", "post_media_view", "post_reactions_like_total")
    readings = [Reading(post.external_id, name, Period.LIFETIME, "", DAY, 7) for post in posts for name in names]

    def save(mine: Database) -> Saved:
        owner = Owner(account, client, Platform.FACEBOOK)
        return AccountWriter(mine, owner, run, lambda: NOW, keep=False).save([Batch(readings, posts, [], [], source)])

    first, second = at_once(database, save)
    assert sorted((first.new, second.new)) == [0, 60]
    assert sorted((first.posts_new, second.posts_new)) == [0, 20]
    assert count(database, Post, StoredMetric, MetricSeries, EngagementMetric) == [20, 3, 60, 60]


@pytest.mark.parametrize("attempt", range(4))
def test_a_client_and_account_connected_at_once_are_there_once(database: Database, attempt: int) -> None:
    """E6, A3: two people connect the same Page to a client of the same name; who comes second finds it or is refused."""
    vault = Vault(["HgVbcYEAXyOlbWj0vKPJuTTUZA0wKXXpUp09RYdR0bw="])
    given = Connection("facebook", "101", "Bakery", None, SecretStr("token"), frozenset(), None, None, None)

    def connect(mine: Database) -> int:
        with mine.write() as session:
            client = find_or_create_client(session, "Bakery", "UTC", NOW)
            return connect_account(session, vault, client, given, NOW)[0]

    results = at_once(database, connect)
    assert count(database, Client, Account) == [1, 1]
    assert {one for one in results if isinstance(one, int)} == {1}


def test_a_campaign_made_at_once_is_there_once(database: Database) -> None:
    """E6, K1: the database refuses the second of two equal campaigns, whoever makes them."""
    client = Filling(database).client("Bakery")

    def make(mine: Database) -> None:
        with mine.write() as session:
            session.add(
                Campaign(
                    client_id=client, name="Tips", slug="tips-november", start_date=DAY, end_date=None, created_at=NOW
                )
            )

    results = at_once(database, make)
    assert count(database, Campaign) == [1]
    assert sorted(type(one).__name__ for one in results) == ["IntegrityError", "NoneType"]
