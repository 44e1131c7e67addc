"""Drafts and the queue over the REST API: who may see and do what, and what is answered."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from tests.conftest import NOW, Api, Filling, plain_settings

from sophia.access.roles import Role
from sophia.analytics.campaigns.models import Campaign
from sophia.database.engine import Database
from sophia.main import create_app

DRAFTS, QUEUE = "//api/publishing/drafts", "//api/publishing/queue"


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """What depends on the kind of store is shown by the other tests of publishing."""
    return sqlite_database


def new(client_id: int, **more: Any) -> dict[str, Any]:
    return {"client_id": client_id, "platform": "facebook", "kind": "feed", "copy": "Hello"} | more


def test_from_draft_to_queue(api: Api, filling: Filling) -> None:
    """J1: each step is committed before its answer; each step twice changes nothing."""
    client = filling.client("Mine")
    account = filling.account(client)
    made = api.post(DRAFTS, new(client, content_pillar="Cakes"))
    assert made.status_code == 201
    draft = made.json()
    assert (draft["copy"], draft["status"], draft["version"], draft["approved"]) == ("Hello", "draft", 1, False)
    place = f"{DRAFTS}/{draft['id']}"
    edited = api.ask("PATCH", place, json={"version": 1, "copy": "Bye"}).json()
    assert (edited["copy"], edited["content_pillar"], edited["version"]) == ("Bye", "Cakes", 2)
    assert api.post(f"{place}/approve", {"version": 1}).status_code == 409
    for _ in range(2):
        approved = api.post(f"{place}/approve", {"version": 2, "note": "fine"})
        assert approved.json()["approved"] is True
    events = [(event["kind"], event["actor"].split()[0]) for event in api.get(place).json()["events"]]
    assert events == [("created", "key"), ("edited", "key"), ("approved", "key")]
    at = (NOW + timedelta(hours=2)).isoformat()
    (entry,) = api.post(f"{place}/queue", {"scheduled_for": at}).json()
    (again,) = api.post(f"{place}/queue", {"scheduled_for": at}).json()
    assert entry == again
    assert (entry["account_id"], entry["status"], entry["approved"]) == (account, "queued", True)
    assert entry["scheduled_for"].startswith("2026-11-22T14:00:00")
    assert [one["id"] for one in api.get(QUEUE, params={"client_id": client}).json()] == [entry["id"]]
    for _ in range(2):
        assert api.post(f"{QUEUE}/{entry['id']}/cancel", {}).json()["status"] == "cancelled"
    assert api.post(f"{QUEUE}/{entry['id']}/retry", {}).status_code == 409
    assert api.post(f"{place}/reject", {"version": 2}).json()["approved"] is False
    assert [one["id"] for one in api.get(DRAFTS, params={"status": "rejected"}).json()] == [draft["id"]]


def test_a_draft_that_is_sent_twice_is_made_once(api: Api, filling: Filling) -> None:
    """J5: under one Idempotency-Key one draft, whatever became of it since; another content is 409, another client free."""
    client, other = filling.client("Mine"), filling.client("Other")
    headers = {"Idempotency-Key": "monday-1"}
    made, again = (api.post(DRAFTS, new(client), headers=headers) for _ in range(2))
    assert (made.status_code, again.json()) == (201, made.json())
    api.ask("PATCH", f"{DRAFTS}/{made.json()['id']}", json={"version": 1, "copy": "Bye"})
    assert api.post(DRAFTS, new(client), headers=headers).json()["copy"] == "Bye"
    assert api.post(DRAFTS, new(client, copy="Else"), headers=headers).status_code == 409
    assert api.post(DRAFTS, new(other, copy="Else"), headers=headers).status_code == 201
    assert len({api.post(DRAFTS, new(client)).json()["id"] for _ in range(2)}) == 2
    assert len(api.get(DRAFTS, params={"client_id": client}).json()) == 3


def test_a_key_reaches_its_clients_only(api: Api, filling: Filling) -> None:
    """D3, J3: every route says of another client's draft or entry what it says of one that is not there."""
    mine, other = filling.client("Mine"), filling.client("Other")
    filling.account(other)
    key = filling.key(mine)
    draft = api.post(DRAFTS, new(other)).json()["id"]
    (entry,) = api.post(f"{DRAFTS}/{draft}/queue", {}).json()
    assert api.post(DRAFTS, new(other), key=key).status_code == 404
    assert api.get(DRAFTS, key=key).json() == api.get(QUEUE, key=key).json() == []
    for number, row in ((draft, entry["id"]), (10**9, 10**9)):
        place = f"{DRAFTS}/{number}"
        answers = [
            api.get(place, key=key),
            api.ask("PATCH", place, key=key, json={"version": 1, "copy": "x"}),
            api.post(f"{place}/approve", {"version": 1}, key=key),
            api.post(f"{place}/reject", {"version": 1}, key=key),
            api.post(f"{place}/queue", {}, key=key),
            api.post(f"{QUEUE}/{row}/cancel", {}, key=key),
            api.post(f"{QUEUE}/{row}/retry", {}, key=key),
        ]
        assert {answer.status_code for answer in answers} == {404}
    for path in (DRAFTS, QUEUE):
        assert api.get(path, key=key, params={"client_id": other}).status_code == 404


@pytest.mark.parametrize(
    "odd",
    [
        {"platform": "threads"},
        {"kind": "image"},
        {"copy": ""},
        {"copy": "x\x00"},
        {"copyy": "x"},
        {"media_urls": ["javascript:1"]},
        {"client_id": 2**63},
        {"content_pillar": ""},
    ],
)
def test_odd_drafts_are_refused(api: Api, filling: Filling, odd: dict[str, Any]) -> None:
    """J3: 422 with the reason, and nothing is written."""
    client = filling.client("Mine")
    assert api.post(DRAFTS, new(client) | odd).status_code == 422
    assert api.get(DRAFTS).json() == []


def test_lists_lead_on(api: Api, filling: Filling) -> None:
    client = filling.client("Mine")
    numbers = [api.post(DRAFTS, new(client, copy=f"Text {n}")).json()["id"] for n in range(3)]
    first = api.get(DRAFTS, params={"limit": 2})
    assert [one["id"] for one in first.json()] == numbers[:0:-1]
    url = first.headers["Link"].split(">")[0].strip("<")
    assert [one["id"] for one in api.get(f"/{url}").json()] == numbers[:1]


def test_a_time_in_the_past_is_refused(api: Api, filling: Filling) -> None:
    """L17: nothing is queued for a time that is over, nor moved to one, in whichever zone it is written."""
    client = filling.client("Mine")
    filling.account(client)
    draft = api.post(DRAFTS, new(client)).json()["id"]
    place = f"{DRAFTS}/{draft}/queue"
    for past in (NOW - timedelta(minutes=6), NOW - timedelta(days=365)):
        for zone in (UTC, timezone(timedelta(hours=14)), timezone(-timedelta(hours=11))):
            refused = api.post(place, {"scheduled_for": past.astimezone(zone).isoformat()})
            assert (refused.status_code, "in the past" in refused.json()["detail"]) == (422, True)
    assert api.get(QUEUE).json() == []
    later = NOW + timedelta(hours=1)
    (entry,) = api.post(place, {"scheduled_for": later.isoformat()}).json()
    assert api.post(place, {"scheduled_for": (NOW - timedelta(hours=1)).isoformat()}).status_code == 422
    (kept,) = api.get(QUEUE).json()
    assert kept == entry
    for fine in (NOW - timedelta(minutes=4), NOW, later):
        (moved,) = api.post(place, {"scheduled_for": fine.isoformat()}).json()
        assert datetime.fromisoformat(moved["scheduled_for"]) == fine
    (asap,) = api.post(place, {}).json()
    assert asap["scheduled_for"] is None


def test_two_people_are_needed_when_the_setting_says_so(filling: Filling) -> None:
    """L16: who approved cannot queue, who queued cannot approve, whoever comes first; another key can."""
    settings = plain_settings(two_person_approval=True)
    api = Api(create_app(settings, filling.database, clock=lambda: NOW), filling.key(name="first"))
    second = filling.key(name="second", role=Role.PUBLISH)
    client = filling.client("Mine")
    filling.account(client)
    approved, queued = (api.post(DRAFTS, new(client, copy=copy)).json()["id"] for copy in ("One", "Two"))
    decision = {"version": 1}
    assert api.post(f"{DRAFTS}/{approved}/approve", decision).status_code == 200
    refused = api.post(f"{DRAFTS}/{approved}/queue", {})
    assert (refused.status_code, "SOPHIA_TWO_PERSON_APPROVAL" in refused.json()["detail"]) == (409, True)
    (entry,) = api.post(f"{DRAFTS}/{approved}/queue", {}, key=second).json()
    assert (entry["queued_by"], entry["what_to_do"]) == ("key second", None) or "onnect" in entry["what_to_do"]
    api.post(f"{DRAFTS}/{queued}/queue", {})
    refused = api.post(f"{DRAFTS}/{queued}/approve", decision)
    assert (refused.status_code, "somebody else approves" in refused.json()["detail"]) == (409, True)
    assert api.get(f"{DRAFTS}/{queued}").json()["approved"] is False
    assert api.post(f"{DRAFTS}/{queued}/approve", decision, key=second).json()["approved"] is True
    # Whoever moves it to another time queues it.
    assert api.post(f"{DRAFTS}/{queued}/queue", {}, key=second).status_code == 409
    # Without the setting, one is enough.
    plain = Api(create_app(plain_settings(), filling.database, clock=lambda: NOW), api.key)
    assert plain.post(f"{DRAFTS}/{approved}/queue", {}).status_code == 200


def test_the_queue_is_listed_by_the_moment_that_matters(api: Api, filling: Filling) -> None:
    """J6: the latest first, page by page without a gap; another client's entry leads on as little as one that is not there."""
    mine, other = filling.client("Mine"), filling.client("Other")
    filling.account(mine)
    filling.account(other)
    hours = [5, 30, 1, 30, 12]
    for number, hour in enumerate(hours):
        draft = api.post(DRAFTS, new(mine, copy=f"Text {number}")).json()["id"]
        at = {"scheduled_for": (NOW + timedelta(hours=hour)).isoformat()}
        assert api.post(f"{DRAFTS}/{draft}/queue", at).status_code == 200
    foreign = api.post(DRAFTS, new(other)).json()["id"]
    (entry,) = api.post(f"{DRAFTS}/{foreign}/queue", {}).json()
    key = filling.key(mine)
    listed, path = [], f"{QUEUE}?limit=2"
    for _ in range(5):
        answer = api.get(path, key=key)
        listed += answer.json()
        if "Link" not in answer.headers:
            break
        path = "/" + answer.headers["Link"].split(">")[0].strip("<")
    assert [datetime.fromisoformat(one["scheduled_for"]) for one in listed] == [
        NOW + timedelta(hours=hour) for hour in sorted(hours, reverse=True)
    ]
    assert len({one["id"] for one in listed}) == 5
    for number in (entry["id"], 10**9):
        assert api.get(QUEUE, key=key, params={"before_id": number}).status_code == 404


def test_drafts_of_every_kind_and_state_are_listed(api: Api, filling: Filling) -> None:
    """E2: also those that describe a post which was made elsewhere."""
    client = filling.client("Mine")
    described, written = filling.draft(client), api.post(DRAFTS, new(client)).json()["id"]
    assert [one["id"] for one in api.get(DRAFTS).json()] == [written, described]
    assert api.get(DRAFTS).json()[1]["kind"] is None


def test_a_draft_joins_a_campaign_of_its_client_only(api: Api, filling: Filling) -> None:
    """D4: another client's campaign is as none."""
    mine, other = filling.client("Mine"), filling.client("Other")
    day = NOW.date()
    theirs, ours = (
        filling.add(Campaign(client_id=one, name="Cakes", slug="cakes", start_date=day, created_at=NOW))
        for one in (other, mine)
    )
    assert api.post(DRAFTS, new(mine, campaign_id=theirs)).status_code == 404
    assert api.get(DRAFTS).json() == []
    draft = api.post(DRAFTS, new(mine, campaign_id=ours)).json()["id"]
    (campaign,) = api.get(f"/{mine}/campaigns").json()
    assert campaign["draft_ids"] == [draft]


def test_times_need_a_zone(api: Api, filling: Filling) -> None:
    client = filling.client("Mine")
    filling.account(client)
    draft = api.post(DRAFTS, new(client)).json()["id"]
    for odd in ("2026-11-22T14:00:00", "tomorrow", "2126-01-01T00:00:00Z"):
        assert api.post(f"{DRAFTS}/{draft}/queue", {"scheduled_for": odd}).status_code == 422
