"""Leases, runs, watermarks, refusals and unlisted posts, on both databases."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from sophia.analytics.collector.due import account_to_collect
from sophia.analytics.readings.refusals import ASK_AGAIN_AFTER, record_refusals
from sophia.analytics.readings.run_models import CollectionRun, MetricStatus, Watermark
from sophia.analytics.readings.runs_store import (
    RunOutcome,
    cover_days,
    finish_run,
    mark_unlisted_posts,
    note_asked,
    release_lease,
    start_run,
    take_lease,
)
from sophia.analytics.readings.writer import Saved
from sophia.database.engine import Database
from sophia.errors import NotFoundError
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.records import Refusal
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Account, Client, Post

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = date(2026, 11, 22)
ONE_DAY = timedelta(days=1)
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture
def account(database: Database) -> int:
    return new_account(database, "1")


def new_account(database: Database, external: str, platform: str = "facebook") -> int:
    with database.write() as session:
        client = Client(name=external, slug=external, timezone="UTC", created_at=NOW)
        session.add(client)
        session.flush()
        row = Account(client_id=client.id, platform=platform, external_id=external, name="A", connected_at=NOW)
        session.add(row)
        session.flush()
        return row.id


# -- leases ------------------------------------------------------------------------------------------------------------


def take(database: Database, holder: str, now: datetime = NOW, name: str = "account:1") -> bool:
    with database.write() as session:
        return take_lease(session, name, holder, now, FIVE_MINUTES)


def test_one_holder_at_a_time(database: Database) -> None:
    """E2: the second is refused, another name is free, a released one too."""
    assert take(database, "a")
    assert not take(database, "b")
    assert take(database, "b", name="account:2")
    with database.write() as session:
        release_lease(session, "account:1", "b")  # not b's to give back
    assert not take(database, "b")
    with database.write() as session:
        release_lease(session, "account:1", "a")
    assert take(database, "b")


def test_a_lease_runs_out_and_is_renewed(database: Database) -> None:
    """E2: a holder that died loses it by time; one that renews keeps it; to the microsecond."""
    moment = NOW + timedelta(microseconds=123_456)
    assert take(database, "a", moment)
    assert not take(database, "b", moment + FIVE_MINUTES - timedelta(microseconds=1))
    assert take(database, "a", moment + timedelta(minutes=4))
    assert not take(database, "b", moment + timedelta(minutes=6))
    assert take(database, "b", moment + timedelta(minutes=9))
    assert not take(database, "a", moment + timedelta(minutes=9))


@pytest.mark.parametrize("offset", [-10, 9])
def test_the_zone_of_the_clock_is_irrelevant_to_a_renewal(database: Database, offset: int) -> None:
    """E2, K7: a moment is a moment in whatever zone it is written."""
    there = NOW.astimezone(timezone(timedelta(hours=offset)))
    assert take(database, "a", NOW)
    assert take(database, "a", there)
    assert not take(database, "b", there + timedelta(minutes=4))
    assert take(database, "b", there + timedelta(minutes=6))


@pytest.mark.parametrize("offset", [-10, 9])
def test_the_zone_of_the_clock_is_irrelevant_to_a_first_lease(database: Database, offset: int) -> None:
    """E2, K7: the same for the insert, which goes past the column's type."""
    assert take(database, "a", NOW.astimezone(timezone(timedelta(hours=offset))))
    assert not take(database, "b", NOW + timedelta(minutes=4))
    assert take(database, "b", NOW + timedelta(minutes=6))


def test_many_want_the_same_lease(database: Database) -> None:
    """E2: eight at the same moment: one gets it, also when it had run out."""
    for now in (NOW, NOW + ONE_DAY):
        barrier = threading.Barrier(8)
        got: list[bool] = []

        def try_it(
            holder: str, now: datetime = now, barrier: threading.Barrier = barrier, got: list[bool] = got
        ) -> None:
            barrier.wait()
            got.append(take(database, holder, now))

        threads = [threading.Thread(target=try_it, args=(f"{now}{index}",)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(got) == [False] * 7 + [True]


# -- runs --------------------------------------------------------------------------------------------------------------


def start(database: Database, account: int, now: datetime = NOW) -> int:
    with database.write() as session:
        return start_run(session, account, "manual", "v22.0", now)


def finish(database: Database, run: int, **outcome: Any) -> None:
    with database.write() as session:
        finish_run(session, run, RunOutcome(**outcome), NOW)


def test_a_killed_run_is_closed_by_the_next(database: Database, account: int) -> None:
    """C1, A14: a run that never ended says so; finished runs and those of other accounts are left alone."""
    done = start(database, account)
    finish(database, done)
    elsewhere = start(database, new_account(database, "2"))
    killed = start(database, account)
    running = start(database, account, NOW + ONE_DAY)
    with database.read() as session:
        runs = {run.id: run for run in session.scalars(select(CollectionRun))}
    assert [runs[one].status for one in (done, elsewhere, killed, running)] == ["ok", "running", "failed", "running"]
    assert runs[killed].finished_at == NOW + ONE_DAY
    assert [problem["code"] for problem in runs[killed].problems] == ["killed"]
    assert runs[done].problems == []


def test_what_a_run_says_of_itself(database: Database, account: int) -> None:
    """A14: counts, calls, problems and what a person should do."""
    run = start(database, account)
    saved = Saved(new=1, changed=2, same=3, posts_new=4, quarantined=5)
    problem = {"family": "posts", "code": 2, "message": "ü ☃"}
    finish(database, run, status="partial", saved=saved, calls=6, calls_counted_by_meta=7, problems=[problem])
    with database.read() as session:
        found = session.get_one(CollectionRun, run)
    counts = (found.readings_new, found.readings_changed, found.readings_same, found.posts_new, found.quarantined)
    assert counts == (1, 2, 3, 4, 5)
    assert (found.status, found.calls, found.calls_counted_by_meta) == ("partial", 6, 7)
    assert (found.problems, found.finished_at) == ([problem], NOW)


def test_the_account_follows_its_runs(database: Database, account: int) -> None:
    """C4: a dead token marks its account; a run that works again clears it; a pause by hand and a throttle stay."""

    def after(status: str, action: str | None = None) -> tuple[str, str | None]:
        finish(database, start(database, account), status=status, action_needed=action)
        with database.read() as session:
            row = session.get_one(Account, account)
            return row.status, row.status_reason

    assert after("needs_reconnect", "Connect") == ("needs_reconnect", "Connect")
    assert after("failed") == ("needs_reconnect", "Connect")
    assert after("throttled") == ("needs_reconnect", "Connect")
    assert after("partial") == ("active", None)
    with database.write() as session:
        session.get_one(Account, account).status = "paused"
    assert after("ok") == ("paused", None)


# -- watermarks --------------------------------------------------------------------------------------------------------


def cover(database: Database, account: int, first: int, last: int, family: str = "page_insights") -> None:
    with database.write() as session:
        days = DateRange(TODAY + first * ONE_DAY, TODAY + (last + 1) * ONE_DAY)
        cover_days(session, account, family, days, NOW)


def covered(database: Database, account: int, family: str = "page_insights") -> tuple[int, int]:
    with database.read() as session:
        mark = session.get_one(Watermark, (account, family))
        return (mark.from_day - TODAY).days, (mark.through_day - TODAY).days


def test_watermarks_grow_at_both_ends(database: Database, account: int) -> None:
    """A13: touching is enough; days inside change nothing; families are apart."""
    cover(database, account, -10, -8)
    cover(database, account, -7, -5)
    cover(database, account, -12, -11)
    cover(database, account, -9, -9)
    cover(database, account, -20, -18, "account_totals")
    assert covered(database, account) == (-12, -5)
    assert covered(database, account, "account_totals") == (-20, -18)


@pytest.mark.parametrize(("first", "last"), [(-3, -1), (-20, -14)])
def test_watermarks_refuse_holes(database: Database, account: int, first: int, last: int) -> None:
    """A13: a watermark with a hole would hide a gap for ever."""
    cover(database, account, -12, -5)
    with pytest.raises(ValueError, match="does not touch"):
        cover(database, account, first, last)
    assert covered(database, account) == (-12, -5)


def test_what_was_asked_is_noted(database: Database, account: int) -> None:
    """B7: families without days of their own remember when they were asked last."""
    for now in (NOW, NOW + ONE_DAY):
        with database.write() as session:
            note_asked(session, account, ["posts_1_day", "posts_3_days"], now.date(), now)
    with database.read() as session:
        known = account_to_collect(session, account, "v22.0", NOW)
    assert known.asked_at == {"posts_1_day": NOW + ONE_DAY, "posts_3_days": NOW + ONE_DAY}
    assert known.covered["posts_1_day"] == DateRange(TODAY + ONE_DAY, TODAY + 2 * ONE_DAY)


# -- refusals ----------------------------------------------------------------------------------------------------------


def refusal(metric: str, *, everywhere: bool, kind: ObjectKind = ObjectKind.PAGE, reason: str = "no") -> Refusal:
    return Refusal(kind, metric, everywhere, 100, None, reason)


def refuse(database: Database, account: int, *refusals: Refusal, now: datetime = NOW) -> None:
    with database.write() as session:
        record_refusals(session, Platform.FACEBOOK, account, "v22.0", refusals, now)


def refused(
    database: Database, account: int, version: str = "v22.0", now: datetime = NOW
) -> dict[ObjectKind, set[str]]:
    with database.read() as session:
        return account_to_collect(session, account, version, now).refused


def test_refusals_are_remembered(database: Database, account: int) -> None:
    """B3: for everybody of this kind and version, or for this account alone."""
    other = new_account(database, "2")
    instagram = new_account(database, "3", "instagram")
    refuse(
        database,
        account,
        refusal("dead", everywhere=True),
        refusal("small", everywhere=False),
        refusal("dead", everywhere=True, kind=ObjectKind.POST),
    )
    assert refused(database, account) == {ObjectKind.PAGE: {"dead", "small"}, ObjectKind.POST: {"dead"}}
    assert refused(database, other) == {ObjectKind.PAGE: {"dead"}, ObjectKind.POST: {"dead"}}
    assert refused(database, account, "v23.0") == {}
    assert refused(database, instagram) == {}


def test_refusals_run_out(database: Database, account: int) -> None:
    """B3: after some days Meta is asked again, and a refusal that is repeated begins anew, as one row."""
    refuse(database, account, refusal("dead", everywhere=True), refusal("dead", everywhere=True))
    later = NOW + ASK_AGAIN_AFTER
    assert refused(database, account, now=later - timedelta(seconds=1)) == {ObjectKind.PAGE: {"dead"}}
    assert refused(database, account, now=later) == {}
    refuse(database, account, refusal("dead", everywhere=True, reason="still"), now=later)
    assert refused(database, account, now=later) == {ObjectKind.PAGE: {"dead"}}
    with database.read() as session:
        (row,) = session.scalars(select(MetricStatus))
    assert (row.since, row.reason, row.ask_again_at) == (NOW, "still", later + ASK_AGAIN_AFTER)


def test_two_accounts_learn_the_same_at_once(database: Database, account: int) -> None:
    """B3, C2: two machines hear the same refusal in the same moment; neither run fails for it."""
    other = new_account(database, "2")
    failures: list[BaseException] = []

    def learn() -> None:
        try:
            refuse(database, other, refusal("dead", everywhere=True))
        except Exception as error:  # noqa: BLE001 - what it was is shown below
            failures.append(error)

    thread = threading.Thread(target=learn)
    with database.write() as session:
        record_refusals(session, Platform.FACEBOOK, account, "v22.0", [refusal("dead", everywhere=True)], NOW)
        session.flush()
        thread.start()
        thread.join(0.5)
    thread.join()
    assert failures == []


def test_an_account_that_is_not_there(database: Database) -> None:
    """C2: is said in words that a user can read."""
    with database.read() as session, pytest.raises(NotFoundError, match="no account 99"):
        account_to_collect(session, 99, "v22.0", NOW)


# -- posts that are listed no more -------------------------------------------------------------------------------------


def test_unlisted_posts_are_gone(database: Database, account: int) -> None:
    """B7: those of this account, inside the walk, that were not listed; stories end by themselves."""
    other = new_account(database, "2")
    ages = {"listed": 1, "deleted": 2, "older": 40, "story": 1}
    with database.write() as session:
        for owner in (account, other):
            for name, age in ages.items():
                kind = "story" if name == "story" else "post"
                published = NOW - timedelta(days=age)
                session.add(
                    Post(account_id=owner, platform_post_id=name, kind=kind, published_at=published, first_seen_at=NOW)
                )
    for expected in (1, 0):
        with database.write() as session:
            assert mark_unlisted_posts(session, account, {"listed"}, NOW - timedelta(days=28), NOW) == expected
    with database.read() as session:
        gone = list(session.scalars(select(Post).where(Post.gone_at.is_not(None))))
    assert [(post.account_id, post.platform_post_id, post.gone_at) for post in gone] == [(account, "deleted", NOW)]
    assert "no longer lists it" in str(gone[0].gone_reason)
