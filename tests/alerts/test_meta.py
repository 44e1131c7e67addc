"""Every kind of alert is caused on the simulated Meta, arrives once, and ends once."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import stamina
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select, update
from tests.alerts.conftest import Hook
from tests.conftest import ONE_DAY, plain_settings
from tests.meta.conftest import Meta
from tests.portfolio.conftest import Agency

from sophia.alerts.routes import NewRoute, Timing, add_route
from sophia.analytics.anomalies.daily import keep_anomalies
from sophia.analytics.goals.store import NewGoal, set_goal
from sophia.database.engine import Database
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import World, build_world
from sophia.demo.server import running_server
from sophia.jobs.alerts import look_for_alerts, send_due_alerts
from sophia.jobs.table import JOBS
from sophia.portfolio.models import Account
from sophia.vault import Vault

NOON = datetime(2026, 11, 20, 15, tzinfo=UTC)
JOBS_BY_NAME = {job.name: job for job in JOBS}


def build(businesses: int, days: int) -> World:
    return build_world(businesses=businesses, posts_per_account=1, days=days, now=NOON)


@pytest.fixture
def watched(tmp_path: Path, hook: Hook, sqlite_database: Database) -> Iterator[Agency]:
    """Three connected clients, with a route for the portfolio; Meta's clock is Sophia's."""
    world = build(3, 10)
    served = Meta(GraphApi(world, Truth(world), clock=lambda: NOON))
    with running_server(served) as served.base_url, stamina.set_testing(testing=True, attempts=1):
        settings = plain_settings(
            graph_base_url=served.base_url,
            facebook_app_id=world.app_id,
            facebook_app_secret=world.app_secret,
            data_dir=tmp_path,
            initial_days=3,
        )
        agency = Agency(served, sqlite_database, Vault([Fernet.generate_key().decode()]), settings, NOON)
        served.api.simulation.clock = agency.clock
        agency.connect()
        add(agency, hook)
        yield agency


def add(agency: Agency, hook: Hook) -> None:
    with agency.database.write() as session:
        new = NewRoute(name="Team", address=SecretStr(hook.address))
        add_route(session, agency.vault, None, new, agency.now)


def run(agency: Agency, *names: str) -> None:
    """Run jobs as the scheduler does, and send what they found, twice."""
    for name in names:
        agency.run(JOBS_BY_NAME[name].run)
    for _ in range(2):
        agency.run(look_for_alerts)
        agency.run(send_due_alerts)


def test_a_token_that_died_at_meta(watched: Agency, hook: Hook) -> None:
    """The collection notices it; connecting the account again ends it."""
    watched.meta.api.dead_token(watched.meta.world.pages[0].id, watched.now - timedelta(hours=1))
    run(watched, "collect_daily")
    name = watched.meta.world.businesses[0].name
    [post] = hook.posts
    assert post["title"].startswith("2 alerts, first: ")
    assert post["message"].count(f"{name}: an account must be connected again") == 2
    assert "Page in Sophia: /connect" in post["message"]
    with watched.database.write() as session:
        session.execute(update(Account).values(status="active", status_reason=None))
    watched.now += timedelta(minutes=5)
    run(watched)
    assert len(hook.posts) == 2
    assert hook.posts[1]["message"].count("Ended: ") == 2


def test_a_token_that_ends_soon(watched: Agency, hook: Hook) -> None:
    run(watched, "collect_daily")
    assert hook.posts == []
    with watched.database.write() as session:
        session.execute(
            update(Account).where(Account.id == 1).values(token_expires_at=watched.now + timedelta(days=13))
        )
    run(watched)
    [post] = hook.posts
    assert post["title"].endswith("a token ends soon")
    assert "The token ends on 2026-12-03." in post["message"]


def test_a_failed_collection_is_no_overdue_collection(watched: Agency, hook: Hook) -> None:
    """The server of Meta fails for days: one alert per account, of one kind, and one end."""
    run(watched, "collect_daily")
    watched.meta.api.faults.append(Fault(r".", code=2, status=500, times=None))
    for _ in range(3):
        watched.now += ONE_DAY
        run(watched, "collect_daily")
    assert [title.rpartition(": ")[2] for title in hook.titles] == ["a collection failed"]
    [post] = hook.posts
    assert post["message"].count(": a collection failed") == 6
    assert "overdue" not in post["message"]
    watched.meta.api.faults.clear()
    watched.now += timedelta(hours=2)
    run(watched, "collect_daily")
    assert len(hook.posts) == 2
    assert hook.posts[1]["message"].count("Ended: ") == 6


def test_an_overdue_collection_is_no_failed_collection(watched: Agency, hook: Hook) -> None:
    """No job collected for two days: nothing failed."""
    run(watched, "collect_daily")
    watched.now += timedelta(hours=35)
    run(watched)
    assert hook.posts == []
    watched.now += timedelta(hours=14)
    run(watched)
    [post] = hook.posts
    assert post["message"].count(": a collection is overdue") == 6
    assert "failed" not in post["message"]
    run(watched, "collect_daily")
    assert len(hook.posts) == 2
    assert hook.posts[1]["message"].count("Ended: ") == 6
