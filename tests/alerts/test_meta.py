"""Every kind of alert is caused on the simulated Meta, arrives once, and ends once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import stamina
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import delete, update
from tests.alerts.conftest import Hook
from tests.conftest import ONE_DAY, plain_settings
from tests.meta.conftest import Meta
from tests.portfolio.conftest import Agency

from sophia.alerts.routes import NewRoute, add_route
from sophia.analytics.goals.store import NewGoal, set_goal
from sophia.database.engine import Database
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import AlgorithmChange
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


@contextmanager
def agency_of(world: World, now: datetime, folder: Path, database: Database, *, initial_days: int) -> Iterator[Agency]:
    """All clients of a world, connected; Meta's clock is Sophia's."""
    served = Meta(GraphApi(world, Truth(world), clock=lambda: now))
    with running_server(served) as served.base_url, stamina.set_testing(testing=True, attempts=1):
        settings = plain_settings(
            graph_base_url=served.base_url,
            facebook_app_id=world.app_id,
            facebook_app_secret=world.app_secret,
            data_dir=folder,
            initial_days=initial_days,
        )
        agency = Agency(served, database, Vault([Fernet.generate_key().decode()]), settings, now)
        served.api.simulation.clock = agency.clock
        agency.connect(len(world.businesses))
        yield agency


@pytest.fixture
def watched(tmp_path: Path, hook: Hook, sqlite_database: Database) -> Iterator[Agency]:
    """Two clients with a few days of history."""
    with agency_of(build(2, 10), NOON, tmp_path, sqlite_database, initial_days=3) as agency:
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
    watched.meta.api.faults.append(
        Fault(r".", status=500, body={"error": {"message": "Service temporarily unavailable", "code": 2}})
    )
    for _ in range(3):
        watched.now += ONE_DAY
        run(watched, "collect_daily")
    assert [title.rpartition(": ")[2] for title in hook.titles] == ["a collection failed"]
    [post] = hook.posts
    assert post["message"].count(": a collection failed") == 4
    assert "overdue" not in post["message"]
    watched.meta.api.faults.clear()
    watched.now += timedelta(hours=2)
    run(watched, "collect_daily")
    assert len(hook.posts) == 2
    assert hook.posts[1]["message"].count("Ended: ") == 4


def test_an_overdue_collection_is_no_failed_collection(watched: Agency, hook: Hook) -> None:
    """No job collected for two days: nothing failed."""
    run(watched, "collect_daily")
    watched.now += timedelta(hours=35)
    run(watched)
    assert hook.posts == []
    watched.now += timedelta(hours=14)
    run(watched)
    [post] = hook.posts
    assert post["message"].count(": a collection is overdue") == 4
    assert "failed" not in post["message"]
    run(watched, "collect_daily")
    assert len(hook.posts) == 2
    assert hook.posts[1]["message"].count("Ended: ") == 4


@pytest.fixture
def portfolio(tmp_path: Path, hook: Hook, sqlite_database: Database) -> Iterator[Agency]:
    """Five Pages with a history, the fewest that make an event. One has a viral day; eight days later Meta shows all of them far less."""
    world = build(5, 120)
    change = AlgorithmChange(world.viral_day.day + 8 * ONE_DAY, 0.3)
    world = replace(world, plan=replace(world.plan, algorithm_change=change))
    with agency_of(world, noon_after(world.viral_day.day), tmp_path, sqlite_database, initial_days=40) as agency:
        with agency.database.write() as session:
            session.execute(delete(Account).where(Account.platform == "instagram"))
        add(agency, hook)
        yield agency


def noon_after(day: date) -> datetime:
    """The moment at which a day of Meta's zone has been over for some hours."""
    return datetime(day.year, day.month, day.day, 20, tzinfo=UTC) + ONE_DAY


def test_a_viral_day_and_a_change_of_the_platform(portfolio: Agency, hook: Hook) -> None:
    """The viral day is news of one client, the change is one event of the portfolio and no news of any client."""
    world = portfolio.meta.world
    name = world.businesses[world.viral_day.business_number].name
    run(portfolio, "collect_daily", "keep_anomalies")
    [post] = hook.posts
    assert f"{name}: Views on Facebook were unusually high from {world.viral_day.day} on" in post["message"]
    assert post["message"].count(": unusual values") == post["message"].count(f"{name}: unusual values") > 0
    found = post["message"].count(": unusual values")
    portfolio.now = noon_after(world.viral_day.day + 7 * ONE_DAY)
    run(portfolio, "collect_daily", "keep_anomalies")
    assert len(hook.posts) == 2
    assert hook.posts[1]["message"].count("Ended: ") == found
    portfolio.now = noon_after(world.algorithm_change.day + 2 * ONE_DAY)
    run(portfolio, "collect_daily", "keep_anomalies")
    assert hook.titles[2:] == ["All clients: a change of the platform"]
    assert f"Since {world.algorithm_change.day}" in hook.posts[2]["message"]
    assert "lower than expected" in hook.posts[2]["message"]


def test_a_goal_in_danger(watched: Agency, hook: Hook) -> None:
    """The KPI is the collected one; a goal that the client reaches ends the alert, and the end says so."""
    run(watched, "collect_daily")
    today = watched.now.date()
    goal = NewGoal("views", 10**9, today - 3 * ONE_DAY, today + 30 * ONE_DAY)
    with watched.database.write() as session:
        set_goal(session, 1, "Autumn", goal, watched.now)
    run(watched)
    assert [title.rpartition(": ")[2] for title in hook.titles] == ["a goal is in danger"]
    assert "Goal Autumn (views): behind, " in hook.posts[0]["message"]
    watched.now += timedelta(minutes=5)
    with watched.database.write() as session:
        set_goal(session, 1, "Autumn", replace(goal, target=1.0), watched.now)
    run(watched)
    assert len(hook.posts) == 2
    assert hook.titles[1].startswith("Ended: ")
    assert "Goal Autumn (views): reached, " in hook.posts[1]["message"]
