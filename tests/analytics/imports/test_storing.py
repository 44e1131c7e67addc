"""Imported readings are marked and only fill the time before Sophia; a file and a collection end in the collection's figures."""

import itertools
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text
from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling

from sophia.analytics.imports.files import DailyFile, ExportedPost, PostFile
from sophia.analytics.imports.storing import ImportOptions, ImportResult, import_file
from sophia.analytics.readings.account_states import account_states
from sophia.analytics.readings.models import EngagementMetric, Fetch
from sophia.analytics.readings.run_models import CollectionRun
from sophia.analytics.readings.runs_store import take_lease
from sophia.analytics.readings.writer import AccountWriter, Owner
from sophia.errors import BusyError, InvalidInputError, NotFoundError
from sophia.meta.catalogue.terms import Period, Platform
from sophia.meta.records import Batch, Reading, Source
from sophia.portfolio.models import Account, Post

PLAIN = ImportOptions()
LISBON = ZoneInfo("Europe/Lisbon")
DAYS = [YESTERDAY - number * ONE_DAY for number in range(20)]
FILE = DailyFile("Views", {day: 1000 + number for number, day in enumerate(DAYS)})
COLLECTED = {day: 1001 + number for number, day in enumerate(DAYS[:8])}


def run_import(
    filling: Filling, account: int, content: DailyFile | PostFile, options: ImportOptions = PLAIN
) -> ImportResult:
    return import_file(filling.database, account, "Views.csv", b"raw", content, options, lambda: NOW)


def collect(filling: Filling, account: int, values: Mapping[date, int], at: datetime = NOW) -> None:
    """Store readings as a collection does: by the collector's writer, with its watermark."""
    writer = AccountWriter(
        filling.database, Owner(account, 1, Platform.FACEBOOK), filling.run(account), lambda: at, keep=False
    )
    readings = [Reading(None, "page_media_view", Period.DAY, "", day, value) for day, value in values.items()]
    writer.save([Batch(readings, [], [], [], Source("insights", "/insights", at, "v27.0", b""))])
    with filling.database.read() as session:
        is_first = session.execute(text("SELECT count(*) FROM watermarks")).scalar_one() == 0
    if is_first:
        filling.watermark(account, "page_insights", min(values), max(values))


def stored(filling: Filling) -> dict[date, tuple[float, str]]:
    """{day: (value, trigger of the run that brought it)}."""
    reading = EngagementMetric
    query = (
        select(reading.metric_date, reading.metric_value, CollectionRun.trigger)
        .join(Fetch, Fetch.id == reading.fetch_id)
        .join(CollectionRun, CollectionRun.id == Fetch.run_id)
    )
    with filling.database.read() as session:
        return {day: (float(value), trigger) for day, value, trigger in session.execute(query)}


@pytest.mark.parametrize("order", list(itertools.permutations(["file", "collection", "file again"])))
def test_a_file_and_a_collection_end_in_the_figures_of_the_collection(filling: Filling, order: tuple[str, ...]) -> None:
    """Whichever comes first: days that Sophia collected have its values, earlier days have those of the file, marked."""
    account = filling.account(filling.client("Bakery"))
    for step in order:
        if step == "collection":
            collect(filling, account, COLLECTED)
        else:
            run_import(filling, account, FILE)
    readings = stored(filling)
    for day, value in COLLECTED.items():
        assert readings[day] == (float(value), "manual")
    for day in DAYS[8:]:
        assert readings[day] == (float(FILE.values[day]), "import")
    assert len(readings) == len(DAYS)


def test_a_collection_that_confirms_a_file_is_not_overwritten_by_the_next_file(filling: Filling) -> None:
    """A collected day with the value of the file stays as it is, although its reading came with the file."""
    account = filling.account(filling.client("Bakery"))
    run_import(filling, account, FILE)
    collect(filling, account, {day: FILE.values[day] for day in DAYS[:8]})
    result = run_import(filling, account, DailyFile("Views", dict.fromkeys(DAYS, 1)))
    assert (result.stored, result.collected) == (12, 8)
    readings = stored(filling)
    assert all(readings[day][0] == FILE.values[day] for day in DAYS[:8])


def test_the_same_file_twice_changes_nothing_and_a_newer_one_keeps_the_old_values(filling: Filling) -> None:
    account = filling.account(filling.client("Bakery"))
    first = run_import(filling, account, FILE)
    again = run_import(filling, account, FILE)
    assert (first.stored, again.stored, again.same) == (20, 0, 20)
    run_import(filling, account, DailyFile("Views", {DAYS[5]: 7}))
    with filling.database.read() as session:
        (revision,) = session.execute(text("SELECT metric_value FROM metric_revisions")).all()
    assert revision[0] == FILE.values[DAYS[5]]
    assert stored(filling)[DAYS[5]] == (7.0, "import")


def test_an_import_says_nothing_about_the_collection(filling: Filling) -> None:
    """An account that needs to be connected again still does, and an import is no collection of today."""
    account = filling.account(filling.client("Bakery"), status="needs_reconnect", status_reason="The token ended.")
    run_import(filling, account, FILE)
    with filling.database.read() as session:
        (state,) = account_states(session, None)
    assert (state.status, state.last_success_at, state.through_day) == ("needs_reconnect", None, None)
    assert state.is_stale(NOW)


def test_a_file_that_contradicts_the_collection_is_refused(filling: Filling) -> None:
    """It is of another account or metric; nothing is stored unless the user insists. A dry run stores nothing either."""
    account = filling.account(filling.client("Bakery"))
    collect(filling, account, COLLECTED)
    other = DailyFile("Views", dict.fromkeys(DAYS, 7))
    with pytest.raises(InvalidInputError, match="Of 8 values that Sophia collected too, only 0 agree"):
        run_import(filling, account, other)
    tried = run_import(filling, account, FILE, ImportOptions(dry_run=True))
    assert (tried.importable, tried.stored, tried.compared, tried.agree) == (12, 0, 8, 8)
    assert len(stored(filling)) == 8
    assert run_import(filling, account, other, ImportOptions(force=True)).stored == 12


def test_titles_and_metrics(filling: Filling) -> None:
    """An unknown title is refused by name; the user names a metric that the account has. Today is not over."""
    account = filling.account(filling.client("Bakery"), "instagram")
    with pytest.raises(InvalidInputError, match=r"The title 'Aufrufe' is not known for instagram.*--metric"):
        run_import(filling, account, DailyFile("Aufrufe", FILE.values))
    with pytest.raises(InvalidInputError, match="no metric 'page_media_view' of instagram"):
        run_import(filling, account, DailyFile("Aufrufe", FILE.values), ImportOptions(metric="page_media_view"))
    values = {YESTERDAY: 5, YESTERDAY + ONE_DAY: 1, date(1999, 1, 1): 1}
    assert run_import(filling, account, DailyFile("Aufrufe", values), ImportOptions(metric="views")).stored == 1
    with pytest.raises(NotFoundError, match="no account 4711"):
        run_import(filling, 4711, FILE)
    with filling.database.write() as session:
        assert take_lease(session, f"account:{account}", "a collection", NOW, timedelta(minutes=5))
    with pytest.raises(BusyError, match="is being collected"):
        run_import(filling, account, DailyFile("Views", values))


def exported(
    post_id: str, published_at: datetime | None = datetime(2026, 9, 1, 18, 30), **counters: int
) -> ExportedPost:
    address = f"https://www.instagram.com/p/{post_id}/"
    return ExportedPost(post_id, published_at, address, "feed", "Hats", counters or {"likes": 5, "reach": 90})


COUNTED = ImportOptions(exported_on=YESTERDAY, zone=LISBON)


def test_posts_of_instagram_become_posts(filling: Filling) -> None:
    """With the moment of the file's zone, and counters of the day of the export; the second time nothing is new."""
    account = filling.account(filling.client("Bakery"), "instagram")
    content = PostFile((exported("179"), exported("180", likes=0)))
    first = run_import(filling, account, content, COUNTED)
    again = run_import(filling, account, content, COUNTED)
    assert (first.new_posts, first.stored, again.new_posts, again.stored, again.same) == (2, 3, 0, 0, 3)
    with filling.database.read() as session:
        posts = {post.platform_post_id: post for post in session.scalars(select(Post))}
    assert posts["179"].published_at == datetime(2026, 9, 1, 17, 30, tzinfo=UTC)
    assert (posts["179"].kind, posts["179"].text) == ("feed", "Hats")
    with filling.database.read() as session:
        row = session.execute(text("SELECT likes, reach, comments, read_on FROM posts_flat ORDER BY post_id")).first()
    assert row is not None
    assert (row.likes, row.reach, row.comments, str(row.read_on)) == (5, 90, None, str(YESTERDAY))


def test_a_counter_that_was_collected_stays(filling: Filling) -> None:
    """Only counters that no collection has read are imported, and the post itself is not changed."""
    account = filling.account(filling.client("Bakery"), "instagram")
    values = {"platform_post_id": "179", "kind": "feed", "published_at": NOW, "first_seen_at": NOW}
    post = filling.add(Post(account_id=account, **values))
    series = filling.series(account, filling.metric("instagram", "post", "likes", "lifetime"), post)
    filling.readings(account, series, {YESTERDAY - ONE_DAY: 3}, filling.fetch(account))
    at_noon = NOW.astimezone(LISBON).replace(tzinfo=None)
    result = run_import(filling, account, PostFile((exported("179", at_noon),)), COUNTED)
    assert (result.stored, result.collected, result.new_posts) == (1, 1, 0)
    with filling.database.read() as session:
        row = session.execute(text("SELECT likes, reach, text FROM posts_flat")).one()
    assert tuple(row) == (3, 90, None)


@pytest.mark.parametrize(
    ("post", "options", "message"),
    [
        (exported("179"), ImportOptions(zone=LISBON), "Name it: --exported-on"),
        (exported("179"), ImportOptions(zone=LISBON, exported_on=YESTERDAY + 9 * ONE_DAY), "Name it: --exported-on"),
        (exported("179"), ImportOptions(exported_on=YESTERDAY), "in which zone its times are: --zone"),
        (exported("179", None), COUNTED, "does not say when it was published"),
        (exported("179", datetime(2027, 1, 1)), COUNTED, "in the future"),
        (exported("known"), COUNTED, "Its times are of another zone"),
    ],
)
def test_what_a_file_of_posts_does_not_say(
    filling: Filling, post: ExportedPost, options: ImportOptions, message: str
) -> None:
    account = filling.account(filling.client("Bakery"), "instagram")
    filling.post(account, "known")
    with pytest.raises(InvalidInputError, match=message):
        run_import(filling, account, PostFile((post,)), options)


def test_posts_of_facebook_are_found_and_never_made(filling: Filling) -> None:
    """The file's numbers are not those of the API: a post is found by the end of its id, its video or its address."""
    account = filling.account(filling.client("Bakery"))
    filling.post(account, "100_7")
    for values in (
        {"platform_post_id": "100_8", "video_id": "88"},
        {"platform_post_id": "100_9", "permalink": "https://f/9"},
    ):
        filling.add(Post(account_id=account, kind="post", published_at=NOW, first_seen_at=NOW, **values))
    posts = [
        ExportedPost(name, None, address, "other", None, {"views": 5})
        for name, address in (("7", None), ("88", None), ("999", "https://f/9"), ("1000", "https://f/10"))
    ]
    result = run_import(filling, account, PostFile(tuple(posts)), ImportOptions(exported_on=YESTERDAY))
    assert (result.stored, result.new_posts, result.unknown_posts) == (3, 0, 1)
    with filling.database.read() as session:
        rows: list[Any] = list(session.execute(text("SELECT platform_post_id, views FROM posts_flat ORDER BY 1")))
    assert [tuple(row) for row in rows] == [("100_7", 5), ("100_8", 5), ("100_9", 5)]
    with filling.database.read() as session:
        assert session.get_one(Account, account).status == "active"
