"""The writer on both databases: writing twice changes nothing, what differs is kept, what fails leaves nothing."""

import threading
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from sophia.analytics.store import AccountWriter, Owner, Saved
from sophia.database import Database, day_of
from sophia.meta.catalogue import ObjectKind, Period, Platform
from sophia.meta.records import Batch, Oddity, PostSeen, Reading, Source
from sophia.portfolio.models import Account, Client, ContentDraft, PublishingQueueEntry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
ONE_DAY = timedelta(days=1)


@dataclass
class Office:
    """A store with one client's Page in it, and a writer for that."""

    database: Database
    client: int = 0
    account: int = 0
    run: int = 0
    clock: list[datetime] = field(default_factory=lambda: [NOW])
    numbers: int = 0

    def add(self, row: Any) -> int:
        with self.database.write() as session:
            session.add(row)
            session.flush()
            number: int = row.id
            return number

    def new_client(self) -> int:
        self.numbers += 1
        name = f"c{self.numbers}"
        return self.add(Client(name=name, slug=name, timezone="UTC", created_at=NOW))

    def new_account(self, client: int, platform: str = "facebook") -> int:
        self.numbers += 1
        external = str(self.numbers)
        return self.add(
            Account(client_id=client, platform=platform, external_id=external, name=external, connected_at=NOW)
        )

    def new_draft(self, client: int, platform_post_id: str | None = None, platform: str = "facebook") -> int:
        details = {"copy": "x", "image_prompt": "x", "image_ratio": "1:1", "created_at": NOW}
        return self.add(ContentDraft(client_id=client, platform=platform, platform_post_id=platform_post_id, **details))

    def queue(self, draft: int, account: int, platform_post_id: str | None) -> int:
        return self.add(
            PublishingQueueEntry(
                draft_id=draft,
                account_id=account,
                platform_post_id=platform_post_id,
                status="published",
                created_at=NOW,
            )
        )

    def writer(self, *, keep: bool = True, account: int = 0, client: int = 0) -> AccountWriter:
        owner = Owner(account or self.account, client or self.client, Platform.FACEBOOK)
        return AccountWriter(self.database, owner, self.run, lambda: self.clock[0], keep=keep)

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with self.database.read() as session:
            return [tuple(row) for row in session.execute(text(sql), values)]

    def one(self, sql: str, **values: Any) -> Any:
        ((value,),) = self.rows(sql, **values)
        return value

    def readings(self) -> dict[tuple[str | None, str, str, str, date], int | float]:
        rows = self.rows(
            "SELECT p.platform_post_id, m.metric_name, m.period, m.breakdown, e.metric_date, e.metric_value "
            "FROM engagement_metrics e JOIN metric_series s ON s.id = e.series_id "
            "JOIN metrics m ON m.id = s.metric_id LEFT JOIN posts p ON p.id = s.post_id"
        )
        return {(*names, day_of(day)): number(value) for *names, day, value in rows}

    def counts(self) -> dict[str, int]:
        tables = ("fetches", "posts", "metrics", "metric_series", "engagement_metrics", "metric_revisions")
        return {table: self.one(f"SELECT count(*) FROM {table}") for table in (*tables, "quarantined_items")}  # noqa: S608


def number(value: Any) -> int | float:
    return value if isinstance(value, int | float) else int(value) if value == int(value) else float(value)


@pytest.fixture
def office(database: Database) -> Office:
    return open_office(database)


def open_office(database: Database) -> Office:
    found = Office(database)
    found.client = found.new_client()
    found.account = found.new_account(found.client)
    with database.write() as session:
        columns = "account_id, trigger, status, started_at, api_version, calls, calls_counted_by_meta, readings_new, "
        columns += "readings_changed, readings_same, posts_new, quarantined, problems"
        inserted = session.execute(
            text(
                f"INSERT INTO collection_runs ({columns}) VALUES "  # noqa: S608
                "(:account, 'manual', 'running', '2026-11-22 12:00:00', 'v22.0', 0, 0, 0, 0, 0, 0, 0, '[]') RETURNING id"
            ),
            {"account": found.account},
        )
        found.run = inserted.scalar_one()
    return found


def source(body: bytes = b"{}") -> Source:
    return Source("page_insights", "GET /1/insights?metric=x", NOW, "v22.0", body)


def batch(
    readings: Iterable[Reading] = (),
    posts: Iterable[PostSeen] = (),
    oddities: Iterable[Oddity] = (),
    reels: Iterable[str] = (),
) -> Batch:
    return Batch(source(), list(readings), list(posts), list(oddities), list(reels))


def page_views(value: float, day: date = DAY) -> Reading:
    return Reading(None, "page_views_total", Period.DAY, "", day, value)


def clicks(post: str, value: float, day: date = DAY) -> Reading:
    return Reading(post, "post_clicks", Period.LIFETIME, "", day, value)


def post(name: str, kind: ObjectKind = ObjectKind.POST, **more: Any) -> PostSeen:
    return PostSeen(name, kind, NOW - ONE_DAY, **more)


def numbers(saved: Saved) -> tuple[int, int, int]:
    return saved.new, saved.changed, saved.same


# -- readings ----------------------------------------------------------------------------------------------------------


def test_saving_twice_changes_nothing(office: Office) -> None:
    """A1: the same answer again is a fetch more and nothing else, for the same writer and for a new one."""
    answer = batch([page_views(5), page_views(6, DAY - ONE_DAY), clicks("1_1", 7)], [post("1_1")])
    writer = office.writer()
    assert numbers(writer.save([answer])) == (3, 0, 0)
    before = office.counts(), office.readings()
    for again in (writer, office.writer()):
        saved = again.save([answer])
        assert numbers(saved) == (0, 0, 3)
        assert saved.posts_new == 0
    after = office.counts(), office.readings()
    assert after[1] == before[1]
    assert after[0] == before[0] | {"fetches": 3}


def test_an_answer_twice_in_one_transaction(office: Office) -> None:
    """A1: a repeated answer, and a reading repeated inside one, count once."""
    answer = batch([page_views(5), page_views(5)])
    assert numbers(office.writer().save([answer, answer])) == (1, 0, 1)
    assert office.counts()["metric_revisions"] == 0


def test_a_restated_value_keeps_the_old_one(office: Office) -> None:
    """A13, A14: the new value, the old one, and which fetch brought each."""
    writer = office.writer()
    writer.save([batch([page_views(5)])])
    assert numbers(writer.save([batch([page_views(8)])])) == (0, 1, 0)
    first, second = (row[0] for row in office.rows("SELECT id FROM fetches ORDER BY id"))
    assert [
        (number(value), fetch) for value, fetch in office.rows("SELECT metric_value, fetch_id FROM engagement_metrics")
    ] == [(8, second)]
    revisions = office.rows("SELECT metric_value, fetch_id, replaced_by_fetch_id FROM metric_revisions")
    assert [(number(value), *fetches) for value, *fetches in revisions] == [(5, first, second)]


def test_a_value_restated_twice_keeps_both(office: Office) -> None:
    """A13: each value that ever stood is kept, also one that comes back, also inside one transaction."""
    writer = office.writer()
    writer.save([batch([page_views(5)])])
    writer.save([batch([page_views(8)]), batch([page_views(5)])])
    writer.save([batch([page_views(5)])])
    first, second, third, _ = (row[0] for row in office.rows("SELECT id FROM fetches ORDER BY id"))
    revisions = office.rows(
        "SELECT metric_value, fetch_id, replaced_by_fetch_id FROM metric_revisions ORDER BY replaced_by_fetch_id"
    )
    assert [(number(value), *fetches) for value, *fetches in revisions] == [(5, first, second), (8, second, third)]
    assert list(office.readings().values()) == [5]


@pytest.mark.parametrize(
    "values", [(3, 0.1, 12.75), (0.1, 3, 0), (2**53 + 1, 1.0, 0.30000000000000004), (2**63 - 1, 0.5, 7)]
)
def test_counts_and_decimals_together(office: Office, values: tuple[float, ...]) -> None:
    """A17: whole numbers and decimals of one answer come back exactly as they were, and equal themselves next time."""
    readings = [page_views(value, DAY - index * ONE_DAY) for index, value in enumerate(values)]
    writer = office.writer()
    assert numbers(writer.save([batch(readings)])) == (3, 0, 0)
    assert numbers(writer.save([batch(readings)])) == (0, 0, 3)
    assert [office.readings()[None, "page_views_total", "day", "", r.day] for r in readings] == list(values)


def test_many_revisions_of_mixed_kinds(office: Office) -> None:
    """A17: revisions of integers by decimals and the other way round."""
    writer = office.writer()
    writer.save([batch([page_views(1), page_views(1.5, DAY - ONE_DAY)])])
    assert numbers(writer.save([batch([page_views(2.5), page_views(2, DAY - ONE_DAY)])])) == (0, 2, 0)
    assert sorted(number(row[0]) for row in office.rows("SELECT metric_value FROM metric_revisions")) == [1, 1.5]


def test_series_are_kept_apart(office: Office) -> None:
    """A2, A4: account and post, day and lifetime, total and part are series of their own."""
    name = "page_media_view"
    readings = [
        Reading(None, name, Period.DAY, "", DAY, 1),
        Reading(None, name, Period.WEEK, "", DAY, 2),
        Reading(None, name, Period.DAY, "is_from_ads=1", DAY, 3),
        Reading("1_1", name, Period.DAY, "", DAY, 4),
        Reading("1_2", name, Period.DAY, "", DAY, 5),
    ]
    office.writer().save([batch(readings, [post("1_1"), post("1_2")])])
    assert sorted(office.readings().values()) == [1, 2, 3, 4, 5]
    assert office.counts()["metric_series"] == 5


def test_accounts_share_metrics_and_nothing_else(office: Office) -> None:
    """A3: the same metric on two accounts is two series; a post belongs to the account that listed it first."""
    other = office.new_account(office.new_client())
    answer = batch([page_views(5), clicks("1_1", 1)], [post("1_1")])
    office.writer().save([answer])
    saved = office.writer(account=other).save([answer])
    assert (numbers(saved), saved.quarantined) == ((1, 0, 0), 1)
    own = batch([clicks("2_1", 1)], [post("2_1")])
    assert numbers(office.writer(account=other).save([own])) == (1, 0, 0)
    assert office.counts() | {"fetches": 0} == {
        "fetches": 0,
        "posts": 2,
        "metrics": 2,
        "metric_series": 4,
        "engagement_metrics": 4,
        "metric_revisions": 0,
        "quarantined_items": 1,
    }


def test_metrics_are_classified_once(office: Office) -> None:
    """A7: by the catalogue; a name that it does not hold is stored as unclassified and reported, the first time."""
    unheard = Reading(None, "page_unheard_of", Period.DAY, "", DAY, 1)
    level = Reading(None, "page_follows", Period.DAY, "", DAY, 100)
    writer = office.writer()
    actions = Reading(None, "page_total_actions", Period.DAY, "", DAY, 2)
    views = Reading(None, "page_media_view", Period.DAY, "", DAY, 9)
    saved = writer.save([batch([actions, unheard, level, views])])
    assert saved.unclassified == {"page_unheard_of"}
    assert dict(office.rows("SELECT metric_name, classification FROM metrics")) == {
        "page_total_actions": "algorithm_independent",
        "page_unheard_of": "unclassified",
        "page_follows": "level",
        "page_media_view": "algorithm_dependent",
    }
    assert writer.save([batch([unheard])]).unclassified == set()


def test_account_total_is_in_step(office: Office) -> None:
    """J8: counts what is stored, and its newest day, whatever the order in which days come."""

    def total() -> Any:
        return office.rows("SELECT readings, latest_metric_date FROM account_totals")

    writer = office.writer()
    writer.save([batch([page_views(5)])])
    writer.save([batch([page_views(5, DAY - ONE_DAY), page_views(6, DAY - 2 * ONE_DAY)])])
    assert [(count, day_of(day)) for count, day in total()] == [(3, DAY)]
    writer.save([batch([page_views(50), page_views(7, DAY + ONE_DAY)])])
    assert [(count, day_of(day)) for count, day in total()] == [(4, DAY + ONE_DAY)]
    assert office.counts()["engagement_metrics"] == 4


def test_an_answer_keeps_where_it_came_from(office: Office) -> None:
    """A14: request, version, hash and, while wanted, the body; a reading names its fetch."""
    office.writer().save([Batch(source(b'{"data":[]}'), [page_views(1)], [], [], [])])
    office.writer(keep=False).save([Batch(source(b"other"), [], [], [], [])])
    kept, dropped = office.rows("SELECT id, subject, request, api_version, body FROM fetches ORDER BY id")
    assert kept[1:4] == ("page_insights", "GET /1/insights?metric=x", "v22.0")
    assert zlib.decompress(bytes(kept[4])) == b'{"data":[]}'
    assert dropped[4] is None
    assert office.one("SELECT fetch_id FROM engagement_metrics") == kept[0]


def test_oddities_are_set_aside(office: Office) -> None:
    """A16: with their reason, cut to what the columns hold."""
    odd = Oddity("9" * 200, "m" * 300, "no number", "x" * 900)
    assert office.writer().save([batch([page_views(1)], oddities=[odd])]).quarantined == 1
    (row,) = office.rows("SELECT object_id, metric_name, excerpt FROM quarantined_items")
    assert [len(part) for part in row] == [80, 200, 500]


# -- posts -------------------------------------------------------------------------------------------------------------


def test_posts_are_inserted_and_mended(office: Office) -> None:
    """A1: a post once; what Meta changed about it is changed, when it was first seen stays."""
    writer = office.writer()
    assert writer.save([batch(posts=[post("1_1", text="Hi"), post("1_1", text="Hi"), post("1_2")])]).posts_new == 2
    office.clock[0] = NOW + ONE_DAY
    assert writer.save([batch(posts=[post("1_1", text="Hello", permalink="https://x")])]).posts_new == 0
    rows = office.rows("SELECT platform_post_id, text, permalink, first_seen_at FROM posts ORDER BY platform_post_id")
    assert [row[:3] for row in rows] == [("1_1", "Hello", "https://x"), ("1_2", None, None)]
    assert {str(row[3])[:10] for row in rows} == {"2026-11-22"}


def test_a_reel_stays_a_reel(office: Office) -> None:
    """B4: published_posts shows reels as videos; video_reels tells; its readings find the post by the video's id."""
    writer = office.writer()
    video = post("1_1", ObjectKind.VIDEO, video_id="55")
    writer.save([batch(posts=[video])])
    writer.save([batch([Reading("55", "blue_reels_play_count", Period.LIFETIME, "", DAY, 30)], reels=["55"])])
    writer.save([batch(posts=[video])])
    assert office.rows("SELECT kind FROM posts") == [("reel",)]
    assert [key[0] for key in office.readings()] == ["1_1"]


def test_a_post_that_was_gone_lives_again(office: Office) -> None:
    """B7: what Meta lists lives."""
    writer = office.writer()
    writer.save([batch(posts=[post("1_1")])])
    with office.database.write() as session:
        session.execute(text("UPDATE posts SET gone_at = '2026-11-21 00:00:00', gone_reason = 'x'"))
    assert writer.save([batch(posts=[post("1_1")])]).posts_new == 0
    assert office.rows("SELECT gone_at, gone_reason FROM posts") == [(None, None)]


def test_readings_of_unknown_posts_are_left_out(office: Office) -> None:
    """A3: a post that was never listed has no place; another account's post of that id is not taken for it."""
    other = office.new_account(office.client)
    office.writer(account=other).save([batch(posts=[post("1_9", video_id="77")])])
    saved = office.writer().save([batch([clicks("1_9", 3), clicks("77", 3), page_views(1)])])
    assert numbers(saved) == (1, 0, 0)
    assert list(office.readings().values()) == [1]


# -- drafts ------------------------------------------------------------------------------------------------------------


def test_drafts_are_linked(office: Office) -> None:
    """A3: by the draft's own post id, by the publishing queue, and by the id of the video that publishing returned."""
    by_draft = office.new_draft(office.client, "1_1")
    by_queue = office.new_draft(office.client)
    office.queue(by_queue, office.account, "1_2")
    by_video = office.new_draft(office.client, "55")
    office.writer().save(
        [batch(posts=[post("1_1"), post("1_2"), post("1_3", ObjectKind.VIDEO, video_id="55"), post("1_4")])]
    )
    assert dict(office.rows("SELECT platform_post_id, draft_id FROM posts")) == {
        "1_1": by_draft,
        "1_2": by_queue,
        "1_3": by_video,
        "1_4": None,
    }


def test_a_draft_published_later_is_linked_later_and_stays(office: Office) -> None:
    """A3: the link comes with the next listing, and is not lost when the draft forgets its post."""
    writer = office.writer()
    writer.save([batch(posts=[post("1_1")])])
    draft = office.new_draft(office.client, "1_1")
    writer.save([batch(posts=[post("1_1")])])
    with office.database.write() as session:
        session.execute(text("UPDATE content_drafts SET platform_post_id = NULL"))
    writer.save([batch(posts=[post("1_1")])])
    assert office.rows("SELECT draft_id FROM posts") == [(draft,)]


def test_drafts_of_others_are_not_linked(office: Office) -> None:
    """A3: neither another client's draft, nor another platform's, nor one queued for another account."""
    other = office.new_client()
    office.new_draft(other, "1_1")
    office.new_draft(office.client, "1_1", platform="instagram")
    office.queue(office.new_draft(other), office.new_account(other), "1_1")
    office.writer().save([batch(posts=[post("1_1")])])
    assert office.rows("SELECT draft_id FROM posts") == [(None,)]


def test_a_draft_of_another_client_in_this_accounts_queue(office: Office) -> None:
    """A3: the queue's own constraint does not see that draft and account have different clients; the writer must."""
    office.queue(office.new_draft(office.new_client()), office.account, "1_1")
    office.writer().save([batch(posts=[post("1_1")])])
    assert office.rows("SELECT draft_id FROM posts") == [(None,)]


# -- failures ----------------------------------------------------------------------------------------------------------


class InjectedError(Exception):
    """What goes wrong in the middle of a transaction."""


@pytest.mark.parametrize(
    "moment", ["fetches", "posts", "metrics", "metric_series", "engagement_metrics", "account_totals"]
)
def test_a_failure_leaves_nothing(office: Office, moment: str) -> None:
    """C1, C2: whichever statement fails, nothing of the answers is kept, and the same writer saves them next time."""
    writer = office.writer()
    writer.save([batch([page_views(1, DAY - 9 * ONE_DAY)])])
    before = office.counts(), office.readings(), office.rows("SELECT readings FROM account_totals")
    answer = batch(
        [page_views(5), Reading(None, "page_new_name", Period.DAY, "", DAY, 1), clicks("1_1", 2)], [post("1_1")]
    )

    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith((f"INSERT INTO {moment} ", f"UPDATE {moment} ")):
            raise InjectedError

    event.listen(office.database.engine, "before_cursor_execute", fail)
    try:
        with pytest.raises(InjectedError):
            writer.save([batch([page_views(3, DAY - 3 * ONE_DAY)]), answer])
    finally:
        event.remove(office.database.engine, "before_cursor_execute", fail)
    assert (office.counts(), office.readings(), office.rows("SELECT readings FROM account_totals")) == before
    assert numbers(writer.save([answer])) == (3, 0, 0)
    assert numbers(writer.save([answer])) == (0, 0, 3)


NUL = "a\x00b"


@pytest.mark.parametrize(
    "answer",
    [
        batch([page_views(5)], [post("1_1", text=NUL)]),
        batch([page_views(5), Reading(None, "page_follows_city", Period.DAY, f"city={NUL}", DAY, 1)]),
        batch([page_views(5)], oddities=[Oddity(NUL, NUL, "x", "x")]),
    ],
    ids=["caption", "breakdown", "oddity"],
)
def test_a_zero_character_costs_nothing(office: Office, answer: Batch) -> None:
    """A16, C2: JSON may hold the character zero, PostgreSQL's texts may not; the rest of the answer is kept."""
    office.writer().save([answer])
    assert 5 in office.readings().values()


# -- any sequence ------------------------------------------------------------------------------------------------------

VALUES = st.integers(0, 3) | st.sampled_from([0.5, 1.25])
ANSWERS = st.lists(
    st.dictionaries(st.tuples(st.sampled_from([None, "1_1", "1_2"]), st.integers(0, 2)), VALUES, max_size=5), max_size=5
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS, st.lists(st.booleans(), min_size=5, max_size=5))
def test_any_sequence_of_answers(sqlite_database: Database, answers: list[Any], renew: list[bool]) -> None:
    """A1, A13: the newest value stands, each value that it replaced is kept once, and the total counts the readings."""
    office = Office(sqlite_database)
    with sqlite_database.write() as session:
        session.execute(text("DELETE FROM clients"))
    office = open_office(sqlite_database)
    writer = office.writer()
    writer.save([batch(posts=[post("1_1"), post("1_2")])])
    truth: dict[tuple[str | None, int], float] = {}
    changes = 0
    for answer, new in zip(answers, renew, strict=False):
        writer = office.writer() if new else writer
        saved = writer.save(
            [batch([Reading(p, "post_clicks", Period.DAY, "", DAY - d * ONE_DAY, v) for (p, d), v in answer.items()])]
        )
        changed = sum(key in truth and truth[key] != value for key, value in answer.items())
        added = sum(key not in truth for key in answer)
        assert numbers(saved) == (added, changed, len(answer) - added - changed)
        changes += changed
        truth |= answer
    stored = {(p, (DAY - day).days): value for (p, _, _, _, day), value in office.readings().items()}
    assert stored == truth
    assert office.one("SELECT count(*) FROM metric_revisions") == changes
    assert office.rows("SELECT readings FROM account_totals") == ([(len(truth),)] if truth else [])


def test_accounts_that_add_the_same_metrics_at_once(office: Office) -> None:
    """C2, E1: writers of different accounts that store the same new metrics, in any order, never end in a deadlock."""
    names = [f"page_new_{number}" for number in range(12)]

    def answers(order: list[str]) -> list[Batch]:
        return [batch([Reading(None, name, Period.DAY, "", DAY, 1)]) for name in order]

    writers = [office.writer(), office.writer(account=office.new_account(office.client))]
    failures: list[BaseException] = []

    def write(writer: AccountWriter, order: list[str]) -> None:
        try:
            writer.save(answers(order))
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=write, args=pair) for pair in zip(writers, (names, names[::-1]), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
