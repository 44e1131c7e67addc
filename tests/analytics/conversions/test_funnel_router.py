"""What the API says of conversions: to whom they are credited, the funnel, and what they brought."""

from typing import Any

import pytest
from tests.conftest import NOW, ON_POSTGRESQL_BY_HAND, Api, Filling, QueryCounter, store_of

from sophia.analytics.links.models import TrackedLink
from sophia.analytics.utm.addresses import address_hash
from sophia.database.engine import Database

DAY = "2026-11-20"


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/conversions/test_funnel_router.py -m campaign`, but for what says that it wants both."""
    return store_of(request)


def send(api: Api, client: int, event_type: str, **values: Any) -> Any:
    body = {"event_type": event_type, "source": "facebook", "event_date": DAY} | values
    answer = api.post(f"/{client}/conversion", body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def sale(api: Api, client: int, amount: str, currency: str = "CAD", **values: Any) -> Any:
    return send(api, client, "conversion", revenue_amount=amount, currency=currency, **values)


def link(filling: Filling, client: int, draft: int, original: str, tagged: str) -> None:
    filling.add(
        TrackedLink(
            client_id=client,
            draft_id=draft,
            original=original,
            tagged=tagged,
            original_sha256=address_hash(original),
            tagged_sha256=address_hash(tagged),
            first_seen_at=NOW,
        )
    )


def test_a_conversion_is_credited_to_a_draft_of_its_own_client(api: Api, filling: Filling) -> None:
    """F12, D4: by the draft, its tag, or its link; another client's tag says nothing, and that is counted."""
    mine, other = filling.client("Hats"), filling.client("Shoes")
    draft, theirs, twin = filling.draft(mine), filling.draft(other), filling.draft(mine)
    link(filling, mine, draft, "https://hats.example/a", "https://hats.example/a")
    for number in (draft, twin):
        link(filling, mine, number, "https://hats.example/b", f"https://hats.example/b?utm_content=x{number}")
    link(filling, other, theirs, "https://shoes.example/a", "https://shoes.example/a")
    given: list[tuple[dict[str, Any], tuple[int | None, str | None]]] = [
        ({"content_draft_id": draft}, (draft, "content_draft_id")),
        ({"utm_content": f"post_{draft}"}, (draft, "utm_content")),
        ({"link_url": f"/menu?a=1&utm_content=post_{draft}#x"}, (draft, "utm_content")),
        ({"link_url": "https://hats.example/a"}, (draft, "link_url")),
        ({"utm_content": "banner", "link_url": "https://hats.example/a"}, (draft, "link_url")),
        ({"utm_content": f"post_{theirs}"}, (None, None)),
        ({"utm_content": f"post_{draft}x"}, (None, None)),
        ({"utm_content": "post_99999999999999999999"}, (None, None)),
        ({"link_url": "https://hats.example/b"}, (None, None)),
        ({"link_url": "https://shoes.example/a"}, (None, None)),
        ({"link_url": "https://[x?utm_content=%00"}, (None, None)),
        ({}, (None, None)),
    ]
    for values, expected in given:
        answer = send(api, mine, "utm_click", **values)
        assert (answer["content_draft_id"], answer["attributed_by"]) == expected, values
    (counted,) = api.get(f"/{mine}/funnel", params={"start_date": DAY}).json()["events"]
    assert counted == {"event_type": "utm_click", "events": 12, "unattributed": 7}


def test_an_external_id_is_one_event(api: Api, filling: Filling) -> None:
    """L13, J5: a second time it is a duplicate; with another body a new version, or another event of another source."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    first = sale(api, client, "10.00", external_id="A-1")
    assert sale(api, client, "10", external_id="A-1") == first | {"status": "duplicate"}
    assert sale(api, client, "12.00", external_id="A-1") == first | {"status": "changed"}
    body = {"event_type": "dm", "source": "x", "event_date": DAY, "external_id": "A-1"}
    for number in (client, other):
        assert api.post(f"/{number}/conversion", body).status_code == 201


def test_a_funnel_of_people_never_exceeds_100_percent(api: Api, filling: Filling) -> None:
    """G16: who is followed took every step before; what is not followed is a ratio and says so."""
    client = filling.client("Hats")
    for customer, steps in {
        "ann": ("utm_click", "inquiry", "conversion"),
        "bob": ("utm_click",),
        "eve": ("inquiry",),
    }.items():
        for step in steps:
            send(api, client, step, customer_key=customer)
    found = api.get(f"/{client}/funnel", params={"start_date": DAY, "end_date": DAY}).json()
    assert (found["is_linked"], [step["people"] for step in found["steps"]]) == (True, [2, 1, 1])
    assert [step["of_first"]["value"] for step in found["steps"]] == [None, 50.0, 50.0]
    for _ in range(5):
        send(api, client, "save")
    asked = {"step": ["utm_click", "save"], "start_date": DAY}
    ratio = api.get(f"/{client}/funnel", params=asked).json()
    assert (ratio["is_linked"], ratio["steps"][1]["of_previous"]["value"]) == (False, 250.0)
    assert "ratio" in ratio["steps"][1]["of_previous"]["doubt"]


def test_what_a_customer_costs(api: Api, filling: Filling) -> None:
    """G15: a CAC needs a cost and customers who are new; revenue by customer is not by post; absent has a reason."""
    client = filling.client("Hats")
    draft = filling.draft(client)
    sale(api, client, "100.00", customer_key="ann", event_date="2026-10-01")
    sale(api, client, "30.00", customer_key="Ann ", content_draft_id=draft)
    sale(api, client, "50.00", customer_key="bob", content_draft_id=draft)
    send(api, client, "refund", revenue_amount="20.00", currency="CAD", customer_key="bob")
    path, days = f"/{client}/funnel", {"start_date": "2026-11-01"}
    bare = api.get(path, params=days).json()
    assert (bare["customer_acquisition_cost"]["value"], bare["new_customers"]["value"]) == (None, 1)
    assert "cost" in bare["customer_acquisition_cost"]["reason"]
    found = api.get(path, params=days | {"cost": "40", "currency": "CAD"}).json()
    assert found["customer_acquisition_cost"] | {"n": 1, "value": "40.00"} == found["customer_acquisition_cost"]
    assert (found["average_order_value"]["value"], found["revenue_per_customer"]["value"]) == ("40.00", "30.00")
    assert [(one["currency"], one["value"]) for one in found["revenue"]] == [("CAD", "60.00")]
    sale(api, client, "5.00")
    nameless = api.get(path, params=days | {"cost": "40", "currency": "CAD"}).json()
    assert nameless["customer_acquisition_cost"]["value"] is None
    assert nameless["customer_acquisition_cost"]["reason"] == nameless["new_customers"]["reason"] != ""


def test_currencies_are_never_mixed(api: Api, filling: Filling) -> None:
    """G17: each has its own sum, exactly; where one number is wanted there is none."""
    client = filling.client("Hats")
    for _ in range(3):
        sale(api, client, "0.10")
    sale(api, client, "7.05", "EUR")
    found = api.get(f"/{client}/funnel", params={"start_date": DAY}).json()
    assert [(one["currency"], one["value"]) for one in found["revenue"]] == [("CAD", "0.30"), ("EUR", "7.05")]
    assert found["average_order_value"]["value"] is None
    assert "several currencies" in found["average_order_value"]["reason"]


def test_months_are_calendar_months_in_the_clients_zone(api: Api, filling: Filling) -> None:
    """G18: two months before November are September and October, 61 days; without anything, 30 days with today."""
    client = filling.client("Hats", timezone="Pacific/Auckland")
    found = api.get(f"/{client}/funnel?months=2").json()
    assert (found["start"], found["end"]) == ("2026-09-01", "2026-11-01")
    found = api.get(f"/{client}/attribution").json()
    # At noon in UTC it is tomorrow in Auckland.
    assert (found["start"], found["end"]) == ("2026-10-25", "2026-11-24")


def test_three_models_side_by_side(api: Api, filling: Filling) -> None:
    """G15, F12: the first touch, the last, all alike; what nobody can credit is counted as such, to the cent."""
    client = filling.client("Hats")
    draft = filling.draft(client)
    send(api, client, "utm_click", customer_key="ann", event_date="2026-11-01", source="facebook")
    send(api, client, "dm", customer_key="ann", event_date="2026-11-05", source="instagram")
    sale(api, client, "10.01", customer_key="ann", utm_content=f"post_{draft}")
    sale(api, client, "5.00")
    days = {"start_date": "2026-11-10", "end_date": "2026-11-22"}
    found = api.get(f"/{client}/attribution", params=days).json()
    credited = {
        one["model"]: {each["channel"]: (each["conversions"], each["revenue"]["CAD"]) for each in one["channels"]}
        for one in found["models"]
    }
    assert credited == {
        "first_touch": {"facebook": (1.0, "10.01")},
        "last_touch": {"instagram": (1.0, "10.01")},
        "linear": {"facebook": (0.5, "5.01"), "instagram": (0.5, "5.00")},
    }
    assert all(one["unattributed"] == {"conversions": 1.0, "revenue": {"CAD": "5.00"}} for one in found["models"])
    assert found["drafts"] == [
        {"content_draft_id": draft, "conversions": 1.0, "revenue": {"CAD": "10.01"}},
        {"content_draft_id": None, "conversions": 1.0, "revenue": {"CAD": "5.00"}},
    ]
    short = api.get(f"/{client}/attribution", params=days | {"lookback_days": 3}).json()
    assert all(one["channels"] == [] for one in short["models"])


@pytest.mark.parametrize(
    "query",
    [
        "start_date=2026-11-02&end_date=2026-11-01",
        "months=0",
        "months=1&start_date=2026-11-01",
        "start_date=2004-01-01&end_date=2026-01-01",
        "step=utm_click",
        "step=utm_click&step=utm_click",
        "step=banana&step=dm",
        "cost=-1&currency=CAD",
        "cost=5",
        "cost=NaN&currency=CAD",
        "cost=5&currency=ABC",
        "unknown=1",
    ],
)
def test_what_cannot_be_asked_is_refused(api: Api, filling: Filling, query: str) -> None:
    """J4, J7, G18: 422, and never a guess."""
    client = filling.client("Hats")
    assert api.get(f"/{client}/funnel?{query}").status_code == 422


@pytest.mark.parametrize("path", ["funnel", "attribution"])
def test_anothers_client_has_neither(api: Api, filling: Filling, path: str) -> None:
    """D3: it answers as one that does not exist."""
    mine, other = filling.client("Hats"), filling.client("Shoes")
    assert api.get(f"/{other}/{path}", key=filling.key(mine)).status_code == 404
    assert api.get(f"/{mine}/{path}", key=filling.key(mine)).status_code == 200


def test_events_cost_a_constant_number_of_queries(api: Api, filling: Filling) -> None:
    """J9: however many events and customers there are."""
    client = filling.client("Hats")
    counts = []
    for some in (1, 10):
        for number in range(some):
            sale(api, client, "1.00", customer_key=f"c{number}")
        with QueryCounter(filling.database) as counter:
            assert api.get(f"/{client}/funnel").status_code == 200
        counts.append(counter.count)
    assert counts[0] == counts[1] < 12
