"""Collections that meet each other, and accounts that must not harm each other, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select, update
from tests.conftest import ON_BOTH
from tests.portfolio.conftest import Agency

from sophia.analytics.collector.plan import Plan
from sophia.analytics.readings.models import Fetch
from sophia.analytics.readings.run_models import CollectionRun, Lease
from sophia.analytics.readings.runs_store import RunOutcome, forget_raw_answers
from sophia.jobs.collecting import (
    Order,
    catch_up,
    collect_at_start,
    collect_daily,
    collect_fresh,
    collect_orders,
)
from sophia.jobs.context import JobContext
from sophia.jobs.table import publish_due
from sophia.portfolio.approvals import approve
from sophia.portfolio.drafts import DraftContent, create_draft
from sophia.portfolio.models import Account
from sophia.portfolio.service import list_accounts
from sophia.publishing.queue import enqueue
from sophia.vault import Vault


@ON_BOTH
def test_two_collectors_on_one_database_never_collect_one_account_at_once(agency: Agency) -> None:
    """E2, E3: whoever comes second skips the account; nothing is fetched or stored twice."""
    [first, *_] = agency.connect()
    agency.meta.api.latency_seconds = 0.05

    async def both(context: JobContext) -> list[RunOutcome]:
        one, other = context.collector(), context.collector()
        assert one.holder != other.holder
        runs = (one.collect_account(first.account_id, Plan()), other.collect_account(first.account_id, Plan()))
        return list(await asyncio.gather(*runs))

    outcomes = agency.run(both)
    assert sorted(outcome.status for outcome in outcomes) == ["ok", "skipped"]
    assert agency.count("collection_runs", "leases") == {"collection_runs": 1, "leases": 0}
    readings = agency.count("engagement_metrics")["engagement_metrics"]
    assert readings == sum(outcome.saved.new for outcome in outcomes) > 0
    assert agency.count("metric_revisions")["metric_revisions"] == 0


def test_an_account_that_breaks_us_costs_itself_only(agency: Agency) -> None:
    """C2, C4: a token that cannot be decrypted is a fault outside of any rule; the other accounts are collected."""
    agency.connect()
    with agency.database.write() as session:
        stranger = Vault([Fernet.generate_key().decode()]).encrypt(SecretStr("x"))
        session.execute(update(Account).where(Account.id == 1).values(token_encrypted=stranger))
        accounts = list_accounts(session)

    async def work(context: JobContext) -> list[RunOutcome]:
        return await collect_orders(context.collector(), [Order(account, Plan()) for account in accounts])

    outcomes = agency.run(work)
    by_id = {account.id: outcome.status for account, outcome in zip(accounts, outcomes, strict=True)}
    assert by_id.pop(1) == "failed"
    assert set(by_id.values()) == {"ok"}
    assert agency.count("leases")["leases"] == 0


@ON_BOTH
def test_the_daily_collection_does_nothing_the_second_time(agency: Agency) -> None:
    """E3, E4: due-ness stands in the store, so another process, or the same after a restart, asks Meta nothing."""
    agency.connect()
    assert agency.run(collect_daily) == {"accounts": 6, "due": 6, "ok": 6}
    agency.meta.api.reset()
    agency.now += timedelta(hours=2)
    assert agency.run(collect_daily) == {"accounts": 6, "due": 0}
    assert agency.run(collect_at_start) == {"accounts": 6, "due": 0}
    assert agency.run(catch_up) == {"accounts": 6, "due": 0}
    assert agency.meta.api.calls == []


def test_a_server_that_starts_late_catches_up(agency: Agency) -> None:
    """E4, A13: what was missed while the machine slept is collected at the start, without a hole."""
    agency.meta.api.simulation.clock = agency.clock  # Meta has values of the days that were missed
    agency.connect()
    agency.run(collect_daily)
    agency.now += timedelta(days=3)
    assert agency.run(collect_at_start)["due"] == 6
    assert agency.run(collect_at_start)["due"] == 0


def test_the_hourly_look(agency: Agency) -> None:
    """B5, B7: the hourly look asks for stories and new posts and nothing else, and is no success of the account."""
    agency.connect()
    agency.meta.api.reset()
    assert agency.run(collect_fresh)["due"] == 6
    edges = {call.path.rpartition("/")[2] for call in agency.meta.api.calls}
    assert {"stories", "published_posts", "media"} <= edges
    assert "insights" not in edges
    assert agency.run(collect_at_start)["due"] == 6


def test_a_dead_token_stops_its_accounts_and_says_so_in_the_store(agency: Agency) -> None:
    """C4, C10: the other clients are collected; the failure is a row that the status and the API show."""
    agency.connect()
    agency.meta.api.dead_token(agency.meta.world.pages[0].id, agency.now - timedelta(hours=1))
    assert agency.run(collect_daily) == {"accounts": 6, "due": 6, "ok": 4, "needs_reconnect": 2}
    with agency.database.read() as session:
        runs = session.scalars(select(CollectionRun).where(CollectionRun.status == "needs_reconnect")).all()
        assert all("sophia connect" in str(run.action_needed) for run in runs)


def test_old_raw_answers_are_forgotten_and_their_hashes_stay(agency: Agency) -> None:
    """A14: retention is bounded, and provenance is not lost."""
    agency.connect()
    agency.run(collect_daily)
    total = agency.count("fetches")["fetches"]
    assert forget_raw_answers(agency.database, agency.now - timedelta(days=7)) == 0
    agency.now += timedelta(days=8)
    agency.run(collect_at_start)
    assert forget_raw_answers(agency.database, agency.now - timedelta(days=7)) == total
    with agency.database.read() as session:
        kept = session.scalars(select(Fetch).where(Fetch.body.is_not(None))).all()
        assert {fetch.fetched_at for fetch in kept} == {agency.now}
        assert all(len(digest) == 32 for digest in session.scalars(select(Fetch.sha256)))
        assert session.scalars(select(Lease)).all() == []


def test_what_is_due_is_published_by_a_job(agency: Agency) -> None:
    """E2: the job of every minute sends what is approved and due, and says how many."""
    account = next(one for one in agency.connect() if one.platform == "facebook")
    with agency.database.write() as session:
        client = session.get_one(Account, account.account_id).client_id
        draft = create_draft(session, client, DraftContent("facebook", "feed", "Hello"), "Ada", agency.now)
        approve(session, draft, "Bo", agency.now)
        enqueue(session, draft, "Cy", agency.now)
    assert agency.run(publish_due) == {"due": 1, "published": 1}
    assert agency.run(publish_due) == {"due": 0}


@ON_BOTH
def test_two_servers_that_start_together_collect_each_account_once(agency: Agency) -> None:
    """L23: both find all accounts due; whoever gets a lease second finds the account collected, and asks Meta nothing."""
    agency.connect()
    agency.change(concurrency=2)

    async def both(context: JobContext) -> list[dict[str, int]]:
        other = replace(context, holder="another machine:1:x")
        return list(await asyncio.gather(collect_at_start(context), collect_at_start(other)))

    one, other = agency.run(both)
    assert (one["due"], other["due"]) == (6, 6)
    with agency.database.read() as session:
        collected = list(session.scalars(select(CollectionRun.account_id)))
    assert sorted(collected) == [1, 2, 3, 4, 5, 6]
    assert one.get("ok", 0) + other.get("ok", 0) == one.get("skipped", 0) + other.get("skipped", 0) == 6
