"""Campaigns through the API: grouped and made by hand, once, of one's own drafts, with totals that add up."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.conftest import NOW, ON_POSTGRESQL_BY_HAND, YESTERDAY, Api, Filling, QueryCounter, store_of

from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.database.engine import Database
from sophia.portfolio.models import ContentDraft, Post, PublishingQueueEntry

# 28 February, 21:00 in Toronto.
LATE = datetime(2026, 3, 1, 2, tzinfo=UTC)


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/campaigns/test_router.py -m campaign`, but for what says that it wants both."""
    return store_of(request)


def draft(filling: Filling, client: int, pillar: str | None = "Tips") -> int:
    number = filling.draft(client)
    with filling.database.write() as session:
        session.get_one(ContentDraft, number).content_pillar = pillar
    return number


def publish(filling: Filling, account: int, draft_id: int, at: datetime, **values: Any) -> int:
    details = {"kind": "post", "platform_post_id": f"p{draft_id}"} | values
    return filling.add(Post(account_id=account, published_at=at, first_seen_at=at, draft_id=draft_id, **details))


def counted(filling: Filling) -> tuple[int, int]:
    with filling.database.read() as session:
        campaigns = session.scalar(select(func.count()).select_from(Campaign))
        return campaigns or 0, session.scalar(select(func.count()).select_from(CampaignMembership)) or 0


def test_drafts_are_grouped_by_pillar_and_calendar_month(api: Api, filling: Filling) -> None:
    """G13, F11: the month is the client's own and its last day is included; the slug is that of links; twice adds none."""
    client = filling.client("Hats", timezone="America/Toronto")
    account = filling.account(client)
    first, second, third = (draft(filling, client, pillar) for pillar in ("Q&A!", " q&a! ", "Behind the scenes"))
    for number in (first, third):
        publish(filling, account, number, LATE)
    publish(filling, account, second, LATE + timedelta(hours=4))
    planned = draft(filling, client)
    filling.add(PublishingQueueEntry(draft_id=planned, account_id=account, scheduled_for=NOW, created_at=NOW))
    draft(filling, client, None)
    draft(filling, client, "  ")
    draft(filling, client)
    grouped = api.post(f"/{client}/campaigns/group", None)
    assert grouped.json() == {"campaigns": 4, "drafts": 4, "without_pillar": 2, "without_day": 1}
    found = {one["slug"]: one for one in api.get(f"/{client}/campaigns").json()}
    february = found["q-a-february-2026"]
    assert (february["start_date"], february["end_date"]) == ("2026-02-01", "2026-02-28")
    assert (february["name"], february["draft_ids"], february["status"]) == ("Q&A! February 2026", [first], "ended")
    assert found["q-a-march-2026"]["draft_ids"] == [second]
    assert found["tips-november-2026"]["status"] == "active"
    assert all(one["is_automatic"] for one in found.values())
    again = api.post(f"/{client}/campaigns/group", None).json()
    assert (again["campaigns"], again["drafts"], counted(filling)) == (0, 0, (4, 4))


def test_grouping_at_the_same_time_makes_everything_once(api: Api, filling: Filling) -> None:
    """E6, G14: eight at once, one campaign for each month, five memberships for five drafts; and pillars of one slug."""
    client = filling.client("Hats")
    account = filling.account(client)
    for number, pillar in enumerate(("Tips!", "Tips!", "Tips?", "🎉", "🔥")):
        publish(filling, account, draft(filling, client, pillar), NOW - timedelta(days=30 * (number % 2)))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post(f"/{client}/campaigns/group", None).status_code, range(8)))
    assert (answers, counted(filling)) == ([200] * 8, (5, 5))
    found = api.get(f"/{client}/campaigns").json()
    assert len({one["slug"] for one in found}) == 5
    assert {one["slug"] for one in found} > {"tips-november-2026", "tips-november-2026-2", "tips-october-2026"}


def test_a_campaign_by_hand(api: Api, filling: Filling) -> None:
    """G13, G14: made, changed, given drafts and relieved of them; its slug stays."""
    client = filling.client("Hats")
    mine, more = filling.draft(client), filling.draft(client)
    body = {"name": "Spring sale", "start_date": "2026-12-01", "end_date": "2026-12-01", "draft_ids": [mine, mine]}
    made = api.post(f"/{client}/campaigns", body)
    assert (made.status_code, made.json()["slug"], made.json()["status"]) == (201, "spring-sale", "planned")
    assert made.json()["draft_ids"] == [mine]
    path = f"/{client}/campaigns/{made.json()['id']}"
    assert api.post(f"/{client}/campaigns", body).json()["slug"] == "spring-sale-2"
    changed = api.ask("PATCH", path, json={"name": "Autumn sale", "start_date": "2026-11-01", "end_date": None}).json()
    assert (changed["name"], changed["slug"], changed["end_date"]) == ("Autumn sale", "spring-sale", None)
    assert changed["status"] == "active"
    assert api.ask("PATCH", path, json={"end_date": "2026-11-21"}).json()["status"] == "ended"
    for _ in range(2):
        assert api.post(f"{path}/drafts", {"draft_ids": [more, mine]}).json()["draft_ids"] == [mine, more]
    assert api.ask("DELETE", f"{path}/drafts/{mine}").status_code == 204
    assert api.ask("DELETE", f"{path}/drafts/{mine}").status_code == 404
    assert api.get(f"/{client}/campaigns").json()[-1]["draft_ids"] == [more]
    assert api.ask("DELETE", path).status_code == 204
    assert api.ask("DELETE", path).status_code == 404


def test_foreign_drafts_and_campaigns_are_refused(api: Api, filling: Filling) -> None:
    """D3, D4: all or nothing is added, and nothing of another client is touched."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    mine, theirs = filling.draft(client), filling.draft(other)
    body = {"name": "X", "start_date": "2026-11-01", "draft_ids": [mine, theirs]}
    assert api.post(f"/{client}/campaigns", body).status_code == 404
    assert counted(filling) == (0, 0)
    own = api.post(f"/{client}/campaigns", body | {"draft_ids": []}).json()["id"]
    for draft_id in (theirs, 999):
        assert api.post(f"/{client}/campaigns/{own}/drafts", {"draft_ids": [mine, draft_id]}).status_code == 404
    assert api.post(f"/{other}/campaigns/{own}/drafts", {"draft_ids": [theirs]}).status_code == 404
    assert api.ask("PATCH", f"/{other}/campaigns/{own}", json={"name": "Y"}).status_code == 404
    assert api.ask("DELETE", f"/{other}/campaigns/{own}").status_code == 404
    assert api.post(f"/{client}/campaigns", body, key=filling.key(other)).status_code == 404
    assert counted(filling) == (1, 0)


def test_a_grouped_campaign_follows_from_its_drafts(api: Api, filling: Filling) -> None:
    """E6: what would come back at the next grouping is refused; its name may change, and further drafts may join."""
    client = filling.client("Hats")
    number = draft(filling, client)
    publish(filling, filling.account(client), number, NOW)
    api.post(f"/{client}/campaigns/group", None)
    path = f"/{client}/campaigns/{api.get(f'/{client}/campaigns').json()[0]['id']}"
    assert api.ask("PATCH", path, json={"name": "Our tips"}).json()["name"] == "Our tips"
    assert api.ask("PATCH", path, json={"end_date": None}).status_code == 409
    assert api.ask("DELETE", f"{path}/drafts/{number}").status_code == 409
    assert api.ask("DELETE", path).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"start_date": None},
        {"start_date": "2026-11-02", "end_date": "2026-11-01"},
        {"start_date": "0001-01-01"},
        {"draft_ids": [0]},
        {"status": "ended"},
        {"slug": "mine"},
    ],
)
def test_what_cannot_be_is_refused(api: Api, filling: Filling, body: dict[str, Any]) -> None:
    """G14, K2: 422; a status follows from the dates, a slug from the name."""
    client = filling.client("Hats")
    good = {"name": "X", "start_date": "2026-11-01"}
    assert api.post(f"/{client}/campaigns", good | body).status_code == 422
    made = api.post(f"/{client}/campaigns", good).json()
    for change in ({}, {"name": None}, {"start_date": None}, {"end_date": "2026-10-31"}, {"slug": "y"}):
        assert api.ask("PATCH", f"/{client}/campaigns/{made['id']}", json=change).status_code == 422, change


def snapshot(filling: Filling, account: int, post: int, values: dict[str, list[int]], platform: str) -> None:
    """Lifetime counters of a post, one reading a day until yesterday."""
    fetch = filling.fetch(account)
    for name, numbers in values.items():
        series = filling.series(account, filling.metric(platform, "post", name, "lifetime"), post)
        days = {YESTERDAY - timedelta(days=len(numbers) - 1 - index): value for index, value in enumerate(numbers)}
        filling.readings(account, series, days, fetch)


def test_totals(api: Api, filling: Filling) -> None:
    """A2, A5, F11, G17: the last snapshot of each post, people bounded and never added, money by currency, duplicates once."""
    client = filling.client("Hats")
    page, gram = filling.account(client), filling.account(client, "instagram")
    drafts = [draft(filling, client) for _ in range(3)]
    first = publish(filling, gram, drafts[0], NOW, kind="feed")
    second = publish(filling, page, drafts[1], NOW)
    snapshot(filling, gram, first, {"reach": [500, 900, 1000], "likes": [1, 5, 7], "saved": [1, 1, 2]}, "instagram")
    reactions = {f"post_reactions_by_type_total_{kind}": [1] for kind in ("love", "wow", "haha", "sorry", "anger")}
    counters = {"post_total_media_view_unique": [400], "post_reactions_by_type_total_like": [2, 5]} | reactions
    snapshot(filling, page, second, counters, "facebook")
    body = {"name": "Sale", "start_date": "2026-11-01", "draft_ids": drafts}
    made = api.post(f"/{client}/campaigns", body).json()
    assert (made["totals"]["drafts"], made["totals"]["posts"]) == (3, 2)
    metrics = made["totals"]["metrics"]
    assert (metrics["likes"]["value"], metrics["saved"]["value"]) == (17, 2)
    assert (metrics["reach"]["value"], metrics["reach"]["at_least"], metrics["reach"]["at_most"]) == (None, 1000, 1400)
    assert "comments" not in metrics
    for kind, amount, currency in (
        ("conversion", "10.10", "CAD"),
        ("refund", "0.20", "CAD"),
        ("conversion", "7", "EUR"),
    ):
        event = {"event_type": kind, "source": "x", "event_date": str(date(2026, 1, 1)), "revenue_amount": amount}
        api.post(f"/{client}/conversion", event | {"currency": currency, "content_draft_id": drafts[2]})
    # Without a post, but with the campaign in its tag; a draft that is known goes before the tag.
    tagged = {"event_type": "conversion", "source": "x", "event_date": "2026-11-01", "utm_campaign": "Sale"}
    api.post(f"/{client}/conversion", tagged | {"revenue_amount": "1", "currency": "EUR"})
    api.post(f"/{client}/conversion", tagged | {"content_draft_id": draft(filling, client)})
    api.post(f"/{filling.client('Shoes')}/conversion", tagged)
    click = {"event_type": "utm_click", "source": "x", "event_date": "2026-11-01", "utm_content": f"post_{drafts[0]}"}
    api.post(f"/{client}/conversion", click)
    (found,) = api.get(f"/{client}/campaigns").json()
    assert found["events"] == {"conversion": 3, "refund": 1, "utm_click": 1}
    assert found["totals"]["conversions"]["value"] == 3
    assert [(one["currency"], one["value"]) for one in found["revenue"]] == [("CAD", "9.90"), ("EUR", "8.00")]


def test_totals_cost_a_constant_number_of_queries(api: Api, filling: Filling) -> None:
    """J9, G12: twenty campaigns with posts and readings ask the store no more often than one."""
    client = filling.client("Hats")
    account = filling.account(client, "instagram")
    counts = []
    for some in (1, 19):
        for _ in range(some):
            number = draft(filling, client)
            post = publish(filling, account, number, NOW, kind="feed")
            snapshot(filling, account, post, {"reach": [5], "likes": [1]}, "instagram")
            body = {"name": "Sale", "start_date": "2026-11-01", "draft_ids": [number]}
            assert api.post(f"/{client}/campaigns", body).status_code == 201
        with QueryCounter(filling.database) as counter:
            found = api.get(f"/{client}/campaigns").json()
        assert {one["totals"]["metrics"]["likes"]["value"] for one in found} == {1}
        counts.append(counter.count)
    assert counts[0] == counts[1] < 12
