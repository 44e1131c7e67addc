"""Comments from the simulated Meta to the tables: what is stored is what was written, whatever goes wrong between."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from sophia.analytics.collector.plan import Plan
from sophia.analytics.comments.store import forget_comments
from sophia.analytics.readings.run_models import COMMENTS
from sophia.analytics.readings.runs_store import RunOutcome
from sophia.database.engine import Database
from sophia.demo.meta.answers.comments import NAMES, Comment, invent_comments
from sophia.demo.meta.faults.faults import Fault, fault_of
from sophia.demo.meta.graph.errors import as_json
from sophia.demo.meta.graph.meta_errors import META_ERRORS
from sophia.demo.meta.world.objects import Media, Post
from sophia.portfolio.models import Account
from sophia.portfolio.models import Post as StoredPost

from .conftest import NOON, AppState, HouseMaker, open_house

PLAN = Plan(COMMENTS, comments_only=True, at_least=None)
SMALL = {"posts_per_account": 5, "days": 60, "seed": 5}


def know_posts(house: AppState) -> AppState:
    """Put the posts into the store, as a collection would, without the counts that it would bring."""
    kinds = {"status": "post", "photo": "post", "video": "video", "reel": "reel"}
    with house.database.write() as session:
        for one in published(house):
            account = one.page_id if isinstance(one, Post) else one.account_id
            session.add(
                StoredPost(
                    account_id=house.account_ids[account],
                    platform_post_id=one.id,
                    kind=kinds[one.kind] if isinstance(one, Post) else "feed",
                    published_at=one.created_at,
                    first_seen_at=house.now,
                )
            )
    return house


@pytest.fixture
def either(make_house: HouseMaker) -> AppState:
    """One client whose posts are known, and whose comments nobody has read yet; on SQLite and on PostgreSQL."""
    return know_posts(make_house(**SMALL))


@pytest.fixture
def house(sqlite_database: Database) -> Iterator[AppState]:
    """The same on SQLite alone."""
    with open_house(sqlite_database, NOON, SMALL["days"], SMALL) as house:
        yield know_posts(house)


def look(house: AppState, *accounts: str, **changes: Any) -> list[RunOutcome]:
    return house.collect(*accounts, plan=PLAN, **changes)


def published(house: AppState) -> list[Post | Media]:
    """Posts and media that are out, newest first in each account."""
    page, instagram = house.world.pages[0].id, house.world.instagram_accounts[0].id
    listed: list[Post | Media] = [*house.world.posts(page), *house.world.media(instagram)]
    return [one for one in listed if one.created_at <= house.now]


def truth(house: AppState, *without: str) -> dict[str, Comment]:
    found = [one for post in published(house) for one in invent_comments(house.world, house.truth, post, house.now)]
    return {one.id: one for one in found if one.object_id not in without and one.id not in without}


def stored(house: AppState) -> dict[str, Any]:
    rows = house.rows(
        "SELECT c.*, p.platform_post_id FROM comments c JOIN posts p ON p.id = c.post_id WHERE c.gone_at IS NULL"
    )
    return {row.platform_comment_id: row for row in rows}


def quality(house: AppState) -> list[Any]:
    return house.rows("SELECT * FROM derived_metrics ORDER BY post_id, metric_date")


def moment(value: Any) -> datetime:
    """A moment as either driver gives it."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def test_what_is_stored_is_what_was_written(either: AppState) -> None:
    """A18, H10: text, moment, place and tone of every comment in five languages; a second run changes nothing."""
    outcomes = look(either)
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"]
    expected, found = truth(either), stored(either)
    assert len(expected) > 200
    assert found.keys() == expected.keys()
    for name, one in expected.items():
        row = found[name]
        assert (row.platform_post_id, row.text, row.tone) == (one.object_id, one.text, one.tone), one
        assert moment(row.written_at) == one.created_at
        assert (bool(row.is_reply), bool(row.is_own)) == (one.thread is not None, one.is_own)
        assert (bool(row.is_hidden), row.like_count) == (one.is_hidden, one.likes)
    derived = quality(either)
    assert derived
    again = look(either)
    assert sum(outcome.saved.new + outcome.saved.changed for outcome in again) == 0
    assert stored(either) == found
    assert quality(either) == derived
    assert either.rows("SELECT count(*) FROM metrics WHERE metric_name = 'comment_quality_score'")[0][0] == 0


def test_few_calls(house: AppState) -> None:
    """B7, B8: the first look costs a handful of calls, an ordinary day two an account, and the readings none."""
    house.collect(initial_days=1)
    first = look(house)
    assert max(outcome.calls for outcome in first) <= 12
    house.now += timedelta(days=1)
    house.collect(plan=Plan(trigger="daily"))
    house.api.reset()
    second = look(house)
    assert max(outcome.calls for outcome in second) <= 3
    assert sum(outcome.calls_counted_by_meta for outcome in second) == house.api.counted_calls
    assert stored(house).keys() == truth(house).keys()


def test_edits_and_deletions_are_kept_up_with(either: AppState) -> None:
    """A18, K5: an edit is scored anew; a comment that was deleted counts no more, and its words are gone."""
    look(either)
    threads = Counter(one.object_id for one in truth(either).values())
    longest, short = threads.most_common()[0][0], next(name for name, count in threads.items() if 10 < count < 45)
    edited, deleted = [one for one in truth(either).values() if one.object_id == short and one.tone == "positive"][:2]
    before = quality(either)
    either.api.edit_comment(edited.id, "I hate this, it is awful, terrible and disgusting.")
    either.api.delete(deleted.id, either.now)
    outcomes = look(either)
    assert sum(outcome.saved.changed for outcome in outcomes) == 1
    found = stored(either)
    assert deleted.id not in found
    assert (found[edited.id].tone, found[edited.id].changed_at is not None) == ("negative", True)
    gone = either.rows("SELECT text, gone_at FROM comments WHERE gone_at IS NOT NULL")
    assert [row.text for row in gone] == [None]
    after = quality(either)
    assert after != before
    look(either)
    assert quality(either) == after
    early = next(one for one in truth(either).values() if one.object_id == longest)
    either.api.delete(early.id, either.now)
    look(either)
    assert early.id in stored(either)  # far down in a long list, where nothing is looked at every day
    either.now += timedelta(days=8)
    look(either)
    assert early.id not in stored(either)


def test_older_posts_are_read_when_meta_counts_otherwise(house: AppState) -> None:
    """B7: under posts of more than 28 days nothing is asked until the count differs."""
    house.collect(initial_days=1)
    look(house)
    old = [post for post in published(house) if house.now - post.created_at > timedelta(days=29)]
    assert old
    house.api.reset()
    look(house)
    assert [call for call in house.api.calls if call.method == "POST"] == []
    with house.database.write() as session:
        session.connection().exec_driver_sql("UPDATE comment_readings SET counted = counted - 1")
    look(house)
    assert [call.method for call in house.api.calls].count("POST") == 2
    house.api.reset()
    look(house)
    assert [call for call in house.api.calls if call.method == "POST"] == []


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_without_the_permission_nothing_is_asked(house: AppState, platform: str) -> None:
    """C7, C10: the run says which permission is missing; readings are collected as before."""
    needed = {"facebook": "pages_read_user_content", "instagram": "instagram_manage_comments"}[platform]
    with house.database.write() as session:
        session.execute(update(Account).values(token_scopes=["read_insights"]))
    account = house.world.pages[0].id if platform == "facebook" else house.world.instagram_accounts[0].id
    (outcome,) = look(house, account)
    assert (outcome.status, outcome.calls) == ("failed", 0)
    assert needed in outcome.problems[0]["message"]
    assert "sophia connect" in outcome.problems[0]["what_to_do"]


def test_a_refusal_of_comments_costs_no_reading(house: AppState) -> None:
    """C2, C3: Meta refuses the permission half-way; the next daily run reads everything, the account stays active."""
    house.api.faults[:] = [fault_of("10 permission missing", r"comments\.")]
    outcomes = look(house)
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert all("pages_read_user_content" in str(outcome.problems) for outcome in outcomes)
    house.api.faults.clear()
    assert {outcome.status for outcome in house.collect(initial_days=1)} == {"ok"}
    assert house.rows("SELECT count(*) FROM refused_objects")[0][0] == 0
    assert {row.status for row in house.rows("SELECT status FROM accounts")} == {"active"}


@pytest.mark.parametrize("name", ["100/33 object missing", "299 permission", "1/99 unknown error"])
def test_one_post_that_refuses_costs_itself(house: AppState, name: str) -> None:
    """B8: one post fails the whole list; every other post's comments are stored, and the one is named."""
    house.collect(initial_days=1)
    broken = {one.id for one in (published(house)[1], published(house)[-1])}
    for one in broken:
        house.api.break_comments(one, META_ERRORS[name].as_error())
    outcomes = look(house)
    assert stored(house).keys() == truth(house, *broken).keys()
    named = {one for outcome in outcomes for problem in outcome.problems for one in problem.get("objects", [])}
    assert named == broken
    assert house.rows("SELECT count(*) FROM refused_objects")[0][0] == 0
    house.api.simulation.closed.clear()
    look(house)
    assert stored(house).keys() == truth(house).keys()


FAULTS = {
    "cut body": Fault(r"comments", 1, kind="cut"),
    "no JSON": Fault(r"comments", 1, status=502, body="<html>bad gateway</html>"),
    "too much": fault_of("1 reduce the amount of data", r"limit=50"),
    "null items": Fault(r"/comments", 3, kind="null"),
    "throttled": fault_of("32 page rate limit", r"comments", times=1),
    "dead token": fault_of("190/460 password changed", r"comments", times=1),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_lose_nothing(house: AppState, name: str) -> None:
    """C1, C8: after any fault, a later look ends with the same comments, and nothing was marked as gone."""
    house.api.faults[:] = [FAULTS[name]]
    first = look(house)
    assert house.api.faults[0].struck
    assert house.rows("SELECT count(*) FROM comments WHERE gone_at IS NOT NULL")[0][0] == 0
    if name in ("throttled", "dead token"):
        assert {"throttled", "needs_reconnect"} & {outcome.status for outcome in first}
    house.api.faults.clear()
    house.now += timedelta(hours=7)
    look(house)
    assert stored(house).keys() == truth(house).keys()


def test_an_odd_comment_is_left_out(house: AppState) -> None:
    """C9: a comment without a moment costs itself; nothing that was stored before is taken for deleted."""
    look(house)
    kept = stored(house)
    page = house.world.pages[0].id
    body = {"data": [{"id": published(house)[0].id, "comments": {"data": [{"id": "1_2", "message": "when?"}, 7]}}]}
    house.api.faults[:] = [Fault(f"/{page}/published_posts", status=200, body=as_json(body))]
    (outcome,) = look(house, page)
    assert (outcome.status, outcome.saved.quarantined) == ("partial", 1)
    assert stored(house) == kept


def test_nobody_is_named(house: AppState) -> None:
    """Names and ids of those who wrote, which Meta would tell, stand nowhere in the store."""
    look(house)
    everything = str([house.rows("SELECT * FROM comments"), house.rows("SELECT * FROM collection_runs")])
    assert len(everything) > 1000
    assert not [name for name in NAMES if name in everything or name.lower().replace(" ", ".") in everything]
    assert "90000000000" not in everything
    assert not [call for call in house.api.calls if "name" in call.query]


def test_what_rests_goes_on_resting(house: AppState) -> None:
    """B8: a post whose insights are refused is left alone as long as before, whatever its comments say."""
    house.api.break_insights(published(house)[0].id, META_ERRORS["100/33 object missing"].as_error())
    house.collect(initial_days=1)
    resting = house.rows("SELECT * FROM refused_objects")
    assert resting
    house.now += timedelta(days=9)
    look(house)
    assert house.rows("SELECT * FROM refused_objects") == resting


def test_comments_are_forgotten(either: AppState) -> None:
    """K5: what was written before the kept days goes, and does not come back; what was derived of it stays."""
    look(either)
    derived = quality(either)
    before = either.now - timedelta(days=30)
    young = {name for name, one in truth(either).items() if one.created_at >= before}
    assert forget_comments(either.database, before) == len(truth(either)) - len(young) > 0
    look(either, comment_days=30)
    assert stored(either).keys() == young
    assert quality(either) == derived


def test_switched_off(house: AppState) -> None:
    look(house, collect_comments=False)
    assert house.api.calls == []
    assert stored(house) == {}
