"""Drafts and the queue over the REST API: who may see and do what, and what is answered."""

from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import NOW, Api, Filling

from sophia.analytics.models import Campaign
from sophia.database import Database

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
