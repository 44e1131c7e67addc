"""Comments, sentiment, derived metrics and competitors through the API."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.conftest import NOW, ON_POSTGRESQL_BY_HAND, YESTERDAY, Api, Filling, QueryCounter, store_of

from sophia.analytics.comments.competitor_models import Competitor
from sophia.analytics.comments.competitors_store import refuse_competitor, remove_competitor, save_discovered
from sophia.analytics.comments.store import save_comments
from sophia.analytics.readings.run_models import CollectionRun
from sophia.database.engine import Database
from sophia.meta.records import Discovered, DiscoveredPost, ObservedComment, ObservedComments
from sophia.portfolio.models import Post

GOOD, BAD, PLAIN = (
    "I love this place, the staff were wonderful!",
    "Terrible service, I will never come back here again.",
    "The shop opens at nine in the morning on weekdays.",
)
GERMAN = "Das ist wirklich furchtbar, ich komme nie wieder in diesen Laden!"
LONG_AGO = NOW - timedelta(days=400)
AT = datetime(2026, 11, 20, 20, tzinfo=NOW.tzinfo)


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/comments/test_router.py -m campaign`: what is asked there has tests on both of its own."""
    return store_of(request)


def write(
    filling: Filling, account: int, post: str, *texts: str | None, at: datetime = AT, own: bool = False, mark: str = ""
) -> None:
    """Store comments as an answer of Meta brings them, a second apart."""
    seen = [
        ObservedComment(f"{post}{mark}{index}", at + timedelta(seconds=index), text, is_reply=False, is_own=own)
        for index, text in enumerate(texts)
    ]
    save_comments(filling.database, account, [ObservedComments(post, seen, None, is_incomplete=False)], NOW, LONG_AGO)


@pytest.fixture
def client(filling: Filling) -> int:
    return filling.client("Bakery")


@pytest.fixture
def account(filling: Filling, client: int) -> int:
    account = filling.account(client, "instagram")
    filling.post(account, "p1")
    return account


def test_comments_newest_first(api: Api, filling: Filling, client: int, account: int) -> None:
    """D3, J4: pages join without hole or repetition; filters hold; another client's key sees nothing."""
    write(filling, account, "p1", GOOD, BAD, PLAIN, GERMAN, None)
    first = api.get(f"/{client}/comments?limit=2")
    assert [one["text"] for one in first.json()] == [None, GERMAN]
    assert [one["not_scored_reason"] for one in first.json()] == ["no text", "another language"]
    target = first.headers["Link"].partition("<")[2].partition(">")[0]
    second = api.get(f"/{target}")
    assert [one["text"] for one in second.json()] == [PLAIN, BAD]
    assert not {"author", "from", "username", "user"} & second.json()[0].keys()
    assert [one["text"] for one in api.get(f"/{client}/comments?tone=positive").json()] == [GOOD]
    assert api.get(f"/{client}/comments?platform_post_id=other").json() == []
    assert len(api.get(f"/{client}/comments?start_date=2026-11-20&end_date=2026-11-20").json()) == 5
    assert api.get(f"/{client}/comments?end_date=2026-11-19").json() == []
    stranger = filling.key(filling.client("Other"))
    for path in ("comments", "sentiment", "derived-metrics", "competitors", "share-of-voice"):
        assert api.get(f"/{client}/{path}", key=stranger).status_code == 404


@pytest.mark.parametrize("query", ["cursor=x", "cursor=1", "tone=angry", "limit=0"])
def test_bad_questions(api: Api, client: int, query: str) -> None:
    """J3: 422 with a sentence, and no fault of ours."""
    answer = api.get(f"/{client}/comments?{query}")
    assert answer.status_code == 422, answer.text


def test_sentiment(api: Api, filling: Filling, client: int, account: int) -> None:
    """H10, H12: shares add up to 100.0, with n and intervals; what has no tone is counted apart, own words not at all."""
    write(filling, account, "p1", GOOD, BAD, PLAIN, GERMAN, None)
    write(filling, account, "p1", GOOD, GOOD, own=True, mark="own")
    page = filling.account(client, "facebook")
    filling.post(page, "f1")
    write(filling, page, "f1", GOOD)
    answer = api.get(f"/{client}/sentiment?start_date=2026-11-10&end_date=2026-11-21").json()
    whole = answer["whole"]
    assert (whole["comments"], whole["scored"]) == (6, 4)
    assert whole["not_scored"] == {"another language": 1, "no text": 1}
    assert whole["shares"] == {"positive": 50.0, "neutral": 25.0, "negative": 25.0}
    assert (whole["positive"]["n"], whole["positive"]["value"]) == (4, 50.0)
    interval = whole["positive"]["interval"]
    assert interval["low"] < 50 < interval["high"]
    assert answer["platforms"]["facebook"]["scored"] == 1
    assert "Not enough evidence" in answer["verdict"]
    weeks = [(week["start"], week["end"], week["sentiment"]["comments"]) for week in answer["weeks"]]
    assert weeks == [("2026-11-10", "2026-11-16", 0), ("2026-11-16", "2026-11-22", 6)]


def test_a_tone_that_prevails(api: Api, filling: Filling, client: int, account: int) -> None:
    """H10: with enough comments the sentence says so, and shares of thirds still add up to 100.0."""
    write(filling, account, "p1", *[GOOD] * 40, *[BAD] * 10)
    said = api.get(f"/{client}/sentiment").json()
    assert "More comments are positive than negative (40 against 10)" in said["verdict"]
    write(filling, account, "p1", GOOD, BAD, PLAIN, at=AT - timedelta(days=9), mark="thirds")
    thirds = api.get(f"/{client}/sentiment?start_date=2026-11-11&end_date=2026-11-11").json()["whole"]["shares"]
    assert sum(thirds.values()) == pytest.approx(100.0)
    assert sorted(thirds.values()) == [33.3, 33.3, 33.4]


def test_quality_is_a_derived_series(api: Api, filling: Filling, client: int, account: int) -> None:
    """A18: one value a post and day, apart from readings, written over and never appended."""
    write(filling, account, "p1", GOOD, PLAIN, GERMAN)
    (found,) = api.get(f"/{client}/derived-metrics?metric_name=comment_quality_score").json()
    assert (found["metric_value"], found["sample_size"], found["metric_date"]) == (0.75, 2, "2026-11-20")
    assert (found["is_derived"], found["is_algorithm_dependent"], found["platform_post_id"]) == (True, False, "p1")
    write(filling, account, "p1", GOOD, PLAIN, GERMAN)
    assert api.get(f"/{client}/derived-metrics").json() == [found]
    write(filling, account, "p1", BAD, mark="more")
    (changed,) = api.get(f"/{client}/derived-metrics").json()
    assert (changed["metric_value"], changed["sample_size"]) == (0.5, 3)
    assert api.get(f"/{client}/metrics").json() == []
    for day in (19, 18, 17):
        write(filling, account, "p1", BAD, at=AT.replace(day=day), mark=f"on{day}")
    first = api.get(f"/{client}/derived-metrics?limit=2")
    rest = api.get(f"/{first.headers['Link'].partition('<')[2].partition('>')[0]}")
    days = [one["metric_date"][-2:] for one in (*first.json(), *rest.json())]
    assert days == ["20", "19", "18", "17"]
    inside = api.get(f"/{client}/derived-metrics?start_date=2026-11-18&end_date=2026-11-19").json()
    assert [one["metric_date"][-2:] for one in inside] == ["19", "18"]


def test_share_of_voice_of_days_to_come(api: Api, client: int) -> None:
    """J3: 422 as reports answer it, and no shares of nothing; the running day may be asked for."""
    answer = api.get(f"/{client}/share-of-voice?start_date=2027-01-01&end_date=2027-01-31")
    assert answer.status_code == 422
    assert "has not begun" in answer.json()["detail"]
    assert api.get(f"/{client}/share-of-voice?start_date=2026-11-22&end_date=2026-11-30").status_code == 200


def test_a_constant_number_of_queries(api: Api, filling: Filling, client: int, account: int) -> None:
    """J9: however many comments, posts and competitors there are."""
    counts = []
    for round_ in range(2):
        write(filling, account, "p1", GOOD, BAD, at=AT - timedelta(days=round_), mark=str(round_))
        filling.add(Competitor(client_id=client, username=f"rival{round_}", added_at=NOW))
        for path in ("comments", "sentiment", "derived-metrics", "competitors", "share-of-voice"):
            with QueryCounter(filling.database) as counter:
                assert api.get(f"/{client}/{path}").status_code == 200
            counts.append(counter.count)
    assert counts[:5] == counts[5:]


# -- competitors ---------------------------------------------------------------------------------------------------------


def test_competitors_are_named_and_forgotten(api: Api, filling: Filling, client: int) -> None:
    """H5, D4: once each, however written; nonsense is refused; another client's cannot be touched."""
    made = api.post(f"/{client}/competitors", {"username": "@The.Rival"})
    assert (made.status_code, made.json()["username"], made.json()["status"]) == (201, "the.rival", "new")
    assert api.post(f"/{client}/competitors", {"username": "the.rival"}).json()["id"] == made.json()["id"]
    for nonsense in ("", "a b", "x){id", "https://instagram.com/x", "a" * 31, "…"):
        assert api.post(f"/{client}/competitors", {"username": nonsense}).status_code == 422, nonsense
    other = filling.client("Other")
    path = f"competitors/{made.json()['id']}"
    assert api.ask("DELETE", f"/{other}/{path}").status_code == 404
    assert api.ask("DELETE", f"/{client}/{path}").status_code == 204
    assert api.get(f"/{client}/competitors").json() == []


WEEK = "start_date=2026-11-09&end_date=2026-11-15"
START = datetime(2026, 11, 9, 8, tzinfo=NOW.tzinfo)


def rival(
    filling: Filling, client: int, name: str, likes: list[int | None], *, is_all: bool = True, read_at: datetime = NOW
) -> int:
    """A competitor with posts on the days of WEEK, each with so many likes and one comment, read at a moment."""
    number = filling.add(Competitor(client_id=client, username=name, added_at=NOW))
    posts = [
        DiscoveredPost(f"{number}{index}", START + timedelta(days=index, hours=5), "IMAGE", count, 1)
        for index, count in enumerate(likes)
    ]
    with filling.database.write() as session:
        save_discovered(session, number, Discovered(1000, len(likes), posts, is_all=is_all), read_at)
    return number


def own(filling: Filling, account: int, likes: list[int]) -> None:
    """Own posts on the days of WEEK, and a collection since."""
    filling.run(account)
    for index, count in enumerate(likes):
        post = filling.post(account, f"own{index}")
        with filling.database.write() as session:
            row = session.get_one(Post, post)
            row.kind, row.published_at = "feed", START + timedelta(days=index, hours=1)
        for name, value in (("likes", count), ("comments", 2)):
            series = filling.series(account, filling.metric("instagram", "post", name, "lifetime"), post)
            filling.readings(account, series, {YESTERDAY: value}, filling.fetch(account))


def shares(api: Api, client: int) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/{client}/share-of-voice?{WEEK}").json()["metrics"]
    return found


def test_share_of_voice(api: Api, filling: Filling, client: int, account: int) -> None:
    """H5: the same metric over the same days on both sides, each by itself; posts of other days count on neither."""
    own(filling, account, [30, 20])
    rival(filling, client, "alpha", [100, 50])
    rival(filling, client, "beta", [0, 0, 0, 0])
    found = shares(api, client)
    assert found["likes"]["shares"] == {"Bakery": 25.0, "alpha": 75.0, "beta": 0.0}
    assert found["posts"]["shares"] == {"Bakery": 25.0, "alpha": 25.0, "beta": 50.0}
    assert found["comments"]["own"]["value"] == 40.0
    assert sum(found["comments"]["shares"].values()) == pytest.approx(100.0)


def test_no_share_where_the_sides_differ(api: Api, filling: Filling, client: int, account: int) -> None:
    """H5: nobody to compare with, hidden likes, days that were not read: no score, and the reason."""
    own(filling, account, [30])
    assert "no competitor to compare" in shares(api, client)["likes"]["own"]["reason"]
    rival(filling, client, "alpha", [100, None])
    found = shares(api, client)
    assert (found["likes"]["own"]["value"], found["likes"]["own"]["reason"]) == (
        None,
        "The likes of alpha are not known.",
    )
    assert found["posts"]["own"]["value"] == pytest.approx(33.3)
    rival(filling, client, "beta", [5], is_all=False)
    assert shares(api, client)["posts"]["own"]["reason"] == "The posts of beta are not known."


def test_no_share_without_own_readings(api: Api, filling: Filling, client: int, account: int) -> None:
    """H5: an account that was not read since the window was over has no share, and not one of 0."""
    rival(filling, client, "alpha", [100])
    assert shares(api, client)["likes"]["own"]["reason"] == "The likes of Bakery are not known."


END = START + timedelta(days=7)
ONE_SECOND = timedelta(seconds=1)


def test_a_window_that_was_not_over_when_read(api: Api, filling: Filling, client: int, account: int) -> None:
    """H5: posts of its last second may follow a reading before its end, on either side; one at its end has them all."""
    own(filling, account, [30])
    early = rival(filling, client, "alpha", [70], read_at=END - ONE_SECOND)
    assert shares(api, client)["posts"]["own"]["reason"] == "The posts of alpha are not known."
    with filling.database.write() as session:
        save_discovered(session, early, Discovered(1000, 1, [], is_all=True), END)
    assert shares(api, client)["likes"]["shares"] == {"Bakery": 30.0, "alpha": 70.0}


@pytest.mark.parametrize(("read_at", "reason"), [(END - ONE_SECOND, "The likes of Bakery are not known."), (END, None)])
def test_an_own_window_that_was_not_over_when_read(
    api: Api, filling: Filling, client: int, account: int, read_at: datetime, reason: str | None
) -> None:
    """H5: the client's own account is held to the same moment as its competitors."""
    own(filling, account, [30])
    with filling.database.write() as session:
        session.execute(update(CollectionRun).values(started_at=read_at, finished_at=read_at))
    rival(filling, client, "alpha", [70])
    assert shares(api, client)["likes"]["own"]["reason"] == reason


def test_a_refusal_is_no_reading(api: Api, filling: Filling, client: int, account: int) -> None:
    """H5: a competitor that was read inside the window and refused after it is not known for all of it; one that was
    read after the window keeps its numbers.
    """
    own(filling, account, [30])
    for name, read_at in (("alpha", END - timedelta(days=3)), ("beta", END)):
        number = rival(filling, client, name, [70], read_at=read_at)
        with filling.database.write() as session:
            refuse_competitor(session, number, NOW)
        if name == "alpha":
            assert shares(api, client)["likes"]["own"]["reason"] == "The likes of alpha are not known."
            with filling.database.write() as session:
                remove_competitor(session, client, number)
    assert shares(api, client)["likes"]["shares"] == {"Bakery": 30.0, "beta": 70.0}


def test_one_own_account_of_two_that_was_not_read(api: Api, filling: Filling, client: int, account: int) -> None:
    """H5: the posts of the other account are missing, and so the client's are not known."""
    own(filling, account, [30])
    rival(filling, client, "alpha", [70])
    second = filling.account(client, "instagram")
    assert shares(api, client)["posts"]["own"]["reason"] == "The posts of Bakery are not known."
    filling.run(second)
    assert shares(api, client)["posts"]["shares"] == {"Bakery": 50.0, "alpha": 50.0}


def test_only_own_competitors_are_compared(api: Api, filling: Filling, client: int, account: int) -> None:
    """D3, H5: whom another client is compared with is neither named nor counted."""
    own(filling, account, [30])
    rival(filling, client, "alpha", [70])
    rival(filling, filling.client("Other"), "beta", [100])
    found = shares(api, client)
    assert found["likes"]["shares"] == {"Bakery": 30.0, "alpha": 70.0}
    assert found["posts"]["shares"] == {"Bakery": 50.0, "alpha": 50.0}
