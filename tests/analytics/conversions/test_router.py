"""Recording conversions: once, completely checked, and for good."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, get_args

import psycopg
import pytest
from sqlalchemy import func, select
from tests.conftest import ON_POSTGRESQL_BY_HAND, ON_SQLITE, Api, Filling, store_of

from sophia.analytics.conversions.event_types import EventType
from sophia.analytics.conversions.models import ConversionEvent
from sophia.analytics.figures.run_status import RunStatus
from sophia.analytics.readings.run_models import RUN_STATUSES
from sophia.database.engine import Database

GOOD: dict[str, Any] = {
    "event_type": "conversion",
    "source": "web shop",
    "event_date": "2026-11-21",
    "details": {"order": "A-1", "größe": [1, 2.5, None]},
    "revenue_amount": "19.90",
    "currency": "EUR",
}


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/conversions/test_router.py -m campaign`: what is asked there has tests on both of its own."""
    return store_of(request)


def deep(levels: int) -> dict[str, Any]:
    """JSON of that many levels."""
    found: dict[str, Any] = {}
    for _ in range(levels - 1):
        found = {"x": found}
    return found


def rows_from_outside(database: Database) -> int:
    """How many conversions a connection of its own sees, that has nothing to do with ours."""
    query = "SELECT count(*) FROM conversion_events"
    if database.path is not None:
        connection = sqlite3.connect(database.path)
        count: int = connection.execute(query).fetchone()[0]
        connection.close()
        return count
    with psycopg.connect(
        database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    ) as other:
        row = other.execute(query).fetchone()
        assert row is not None
        return int(row[0])


def test_a_conversion_is_committed_before_the_answer(api: Api, filling: Filling) -> None:
    """J1: whoever reads 201 finds it, through any other connection."""
    client = filling.client("Hats")
    answer = api.post(f"/{client}/conversion", GOOD)
    assert (answer.status_code, answer.json()["status"]) == (201, "recorded")
    assert rows_from_outside(filling.database) == 1
    with filling.database.read() as session:
        row = session.scalars(select(ConversionEvent)).one()
        assert (row.id, str(row.revenue_amount), row.currency) == (answer.json()["id"], "19.90", "EUR")
        assert (row.details, row.event_date, row.client_id) == (GOOD["details"], date(2026, 11, 21), client)


def test_the_same_key_records_once(api: Api, filling: Filling) -> None:
    """J5: repeated, it is a duplicate with the same number; for something else it is a conflict; without a key, new."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    headers = {"Idempotency-Key": "order-1"}
    first = api.post(f"/{client}/conversion", GOOD, headers=headers)
    again = api.post(f"/{client}/conversion", GOOD | {"revenue_amount": 19.9}, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json() | {"status": "duplicate"})
    clash = api.post(f"/{client}/conversion", GOOD | {"source": "phone"}, headers=headers)
    assert (clash.status_code, clash.headers["Content-Type"]) == (409, "application/problem+json")
    assert api.post(f"/{other}/conversion", GOOD, headers=headers).status_code == 201
    assert [api.post(f"/{client}/conversion", GOOD).status_code for _ in range(2)] == [201, 201]
    assert rows_from_outside(filling.database) == 4


def test_the_same_key_at_the_same_time_records_once(api: Api, filling: Filling) -> None:
    """J5: eight at once, one record."""
    client = filling.client("Hats")

    def send(_: int) -> tuple[int, int]:
        answer = api.post(f"/{client}/conversion", GOOD, headers={"Idempotency-Key": "order-1"})
        return answer.status_code, answer.json()["id"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert len({number for _, number in answers}) == 1
    assert rows_from_outside(filling.database) == 1


@ON_SQLITE
@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "ключ".encode().decode("latin-1")])
def test_odd_keys_are_refused(api: Api, filling: Filling, key: str) -> None:
    """J5: 1 to 200 visible characters."""
    client = filling.client("Hats")
    headers = {"Idempotency-Key": key.encode("latin-1")}
    assert api.post(f"/{client}/conversion", GOOD, headers=headers).status_code == 422


@ON_SQLITE
@pytest.mark.parametrize(
    "change",
    [
        {"event_type": "banana"},
        {"event_type": ""},
        {"event_type": "x" * 5000},
        {"event_type": "save"},  # has no revenue
        {"source": ""},
        {"source": "x" * 101},
        {"source": "a\x00b"},
        {"source": "\ud800"},
        {"source": 7},
        {"event_date": "0001-01-01"},
        {"event_date": "9999-12-31"},
        {"event_date": "2003-12-31"},
        {"event_date": "2026-11-24"},
        {"event_date": "2026-11-21T10:00:00"},
        {"event_date": 20260101},
        {"revenue_amount": -999.99},
        {"revenue_amount": 1e300},
        {"revenue_amount": "NaN"},
        {"revenue_amount": "Infinity"},
        {"revenue_amount": float("nan")},
        {"revenue_amount": float("inf")},
        {"revenue_amount": "1.999"},
        {"revenue_amount": "12345678901234"},
        {"revenue_amount": None},  # a currency without revenue
        {"currency": None},
        {"currency": "eur"},
        {"currency": "EURO"},
        {"currency": "ABC"},  # three letters, and no currency
        {"external_id": ""},
        {"external_id": "x" * 201},
        {"customer_key": "a\nb"},
        {"utm_content": ""},
        {"link_url": "x" * 4_001},
        {"details": []},
        {"details": {"text": "x" * 16_001}},
        {"details": {"value": float("nan")}},
        {"details": {"a\x00b": 1}},
        {"details": {"list": ["a", {"deep": "\x00"}]}},
        {"details": {"text": "\ud800"}},
        {"details": {"\udfff": 1}},
        {"details": deep(21)},
        {"source": " "},
        {"source": "\u3000\u200b\u00a0"},
        {"revenue_amount": "-0"},
        {"revenue_amount": -0.0},
        {"revenue_amount": "1e2"},
        {"revenue_amount": "\uff11\uff19.\uff19\uff10"},
        {"revenue_amount": "+1"},
        {"revenue_amount": " 1"},
        {"revenue_amount": "1_000"},
        {"revenue_amount": True},
        {"revenue_amount": 10**400},
        {"content_draft_id": "1"},
        {"content_draft_id": 1.0},
        {"content_draft_id": True},
        {"content_draft_id": 10**20},
        {"content_draft_id": 0},
        {"content_draft_id": 2**63},
        {"client_id": 1},
        {"unknown": True},
    ],
)
def test_what_cannot_be_is_refused(api: Api, filling: Filling, change: dict[str, Any]) -> None:
    """J4, D7, G17: 422 that names the field, and nothing is stored."""
    client = filling.client("Hats")
    body = json.dumps(GOOD | change)
    answer = api.ask(
        "POST", f"/{client}/conversion", content=body.encode(), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json"), answer.text
    assert rows_from_outside(filling.database) == 0


def test_what_looks_odd_and_is_right_is_recorded(api: Api, filling: Filling) -> None:
    """J4: amounts as text and as numbers, details as deep as may be, in every script."""
    client = filling.client("Hats")
    for change in (
        {"revenue_amount": 0},
        {"revenue_amount": 19.9},
        {"revenue_amount": "999999999999.99"},
        {"details": deep(20)},
        {"details": {"größe": "наибольший 帽子 🎩", "n": 10**30}},
        {"source": " Laden "},
    ):
        assert api.post(f"/{client}/conversion", GOOD | change).status_code == 201, change


def test_bodies_that_are_no_json(api: Api, filling: Filling) -> None:
    """J3: neither half a document nor one that is nested without end is a 500."""
    client = filling.client("Hats")
    for body in (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"details": ' + b"[" * 100_000, b"1" * 10_000):
        answer = api.ask("POST", f"/{client}/conversion", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), body[:20]
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_draft_must_be_the_clients(api: Api, filling: Filling) -> None:
    """D4, J3: another client's draft and an unknown one are not there."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    mine, theirs = filling.draft(client), filling.draft(other)
    assert api.post(f"/{client}/conversion", GOOD | {"content_draft_id": mine}).status_code == 201
    for draft in (theirs, 999):
        answer = api.post(f"/{client}/conversion", GOOD | {"content_draft_id": draft})
        assert answer.status_code == 404
        assert str(draft) in answer.json()["detail"]


def test_a_client_must_be_ones_own(api: Api, filling: Filling) -> None:
    """D3, J3: nothing is written for a client that may not be seen."""
    mine, other = filling.client("Hats"), filling.client("Shoes")
    for client in (other, 999, 2**63 - 1):
        assert api.post(f"/{client}/conversion", GOOD, key=filling.key(mine)).status_code == 404
    assert api.post(f"/{2**63}/conversion", GOOD).status_code == 422
    with filling.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ConversionEvent)) == 0


def test_every_kind_of_event_can_be_sent(api: Api, filling: Filling) -> None:
    """J4: the API's words are those of the tables, no more and no fewer."""
    assert get_args(RunStatus) == RUN_STATUSES
    client = filling.client("Hats")
    plain = {"source": "x", "event_date": "2026-11-23"}
    for event_type in get_args(EventType):
        assert api.post(f"/{client}/conversion", plain | {"event_type": event_type}).status_code == 201


@pytest.mark.parametrize(
    ("amount", "currency", "kept"),
    [
        ("500", "JPY", "500"),
        ("500.00", "JPY", "500"),
        ("1.234", "KWD", "1.234"),
        ("1.20", "KWD", "1.200"),
        ("19.9", "CAD", "19.90"),
        ("500.5", "JPY", None),
        ("1.2345", "KWD", None),
        ("19.999", "CAD", None),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(
    api: Api, filling: Filling, amount: str, currency: str, kept: str | None
) -> None:
    """G17, J4: exact to the smallest unit of the currency on both databases; less than that is refused with a reason."""
    client = filling.client("Hats")
    event = {"event_type": "conversion", "source": "x", "event_date": "2026-11-21", "external_id": "1"}
    answers = [
        api.post(f"/{client}/conversion", event | {"revenue_amount": amount, "currency": currency}) for _ in "12"
    ]
    if kept is None:
        assert [answer.status_code for answer in answers] == [422, 422]
        assert "decimal" in answers[0].text
        return
    assert [answer.status_code for answer in answers] == [201, 200]
    (revenue,) = api.get(f"/{client}/funnel").json()["revenue"]
    assert (revenue["value"], revenue["currency"]) == (kept, currency)
