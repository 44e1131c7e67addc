"""Single conversions over the API: listed, amended, deleted, restored; whose sales count; and no sale in two campaigns."""

from datetime import date
from typing import Any

from tests.conftest import NOW, ON_SQLITE, Api, Filling

from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.conversions.models import ConversionEvent

DAY = "2026-11-20"
SALE: dict[str, Any] = {
    "event_type": "conversion",
    "source": "shop",
    "event_date": DAY,
    "revenue_amount": "10.00",
    "currency": "EUR",
}


def revenue(api: Api, client: int) -> list[str]:
    return [figure["value"] for figure in api.get(f"/{client}/funnel").json()["revenue"]]


def test_a_conversion_is_amended_deleted_and_restored(api: Api, filling: Filling) -> None:
    """L13: every version is kept with its reason, and what counts follows at once; others' conversions are not there."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    draft = filling.draft(client)
    key = {"Idempotency-Key": "order-1"}
    number = api.post(f"/{client}/conversion", SALE, headers=key).json()["id"]
    path = f"/{client}/conversions/{number}"
    change = {"reason": "A discount", "revenue_amount": "8.00", "content_draft_id": draft}
    amended = api.ask("PATCH", path, json=change).json()
    assert (amended["version"]["revenue_amount"], amended["version"]["attributed_by"]) == ("8.00", "content_draft_id")
    assert [version["revenue_amount"] for version in amended["history"]] == ["10.00"]
    assert revenue(api, client) == ["8.00"]
    # A repetition of the request that was recorded first is known, and undoes nothing.
    assert api.post(f"/{client}/conversion", SALE, headers=key).json()["status"] == "duplicate"
    assert api.ask("PATCH", path, json=change).json()["revisions"] == 1
    assert api.ask("DELETE", path, params={"reason": "A test order"}).status_code == 204
    assert (revenue(api, client), api.get(f"/{client}/conversions").json()) == ([], [])
    (deleted,) = api.get(f"/{client}/conversions", params={"with_removed": True}).json()
    assert (deleted["counts"], deleted["version"]["removed_by"]) == (False, "person")
    assert deleted["version"]["reason"] == "A test order"
    assert api.ask("PATCH", path, json=change).status_code == 409
    assert api.post(f"{path}/restore", {"reason": "It was real"}).json()["version"]["revenue_amount"] == "8.00"
    assert api.post(f"{path}/restore", {"reason": "It was real"}).status_code == 409
    assert revenue(api, client) == ["8.00"]
    for method in ("GET", "PATCH", "DELETE"):
        body = change if method == "PATCH" else None
        assert api.ask(method, f"/{other}/conversions/{number}", json=body).status_code == 404


@ON_SQLITE
def test_amendments_that_make_no_sense(api: Api, filling: Filling) -> None:
    """L13, J4: the rules of new conversions hold for amended ones; a reason is needed."""
    client = filling.client("Hats")
    number = api.post(f"/{client}/conversion", SALE).json()["id"]
    for change in (
        {"revenue_amount": "8.00"},
        {"reason": "x", "currency": None},
        {"reason": "x", "event_date": None},
        {"reason": "x", "revenue_amount": "1.001"},
        {"reason": "x", "event_type": "refund"},
        {"reason": "x", "event_date": "2026-11-30"},
    ):
        assert api.ask("PATCH", f"/{client}/conversions/{number}", json=change).status_code == 422, change
    assert (
        api.ask("PATCH", f"/{client}/conversions/{number}", json={"reason": "x", "content_draft_id": 99}).status_code
        == 404
    )


@ON_SQLITE
def test_conversions_are_listed_by_pages(api: Api, filling: Filling) -> None:
    """L13: newest day first, by source, number, type and days."""
    client = filling.client("Hats")
    for index in range(5):
        day = {"event_date": f"2026-11-{10 + index}", "external_id": f"#{index}"}
        api.post(f"/{client}/conversion", SALE | day | {"source": "shop" if index else "phone"})
    first = api.get(f"/{client}/conversions", params={"limit": 2})
    assert [one["version"]["external_id"] for one in first.json()] == ["#4", "#3"]
    address = first.headers["Link"].split(">")[0].removeprefix("</api/analytics")
    assert [one["version"]["external_id"] for one in api.get(address).json()] == ["#2", "#1"]
    for asked, found in (({"source": "phone"}, 1), ({"external_id": "#2"}, 1), ({"event_type": "dm"}, 0)):
        assert len(api.get(f"/{client}/conversions", params=asked).json()) == found
    days = {"start_date": "2026-11-11", "end_date": "2026-11-12"}
    assert len(api.get(f"/{client}/conversions", params=days).json()) == 2


def test_a_choice_decides_whose_sales_count(api: Api, filling: Filling) -> None:
    """L15: of sales under one number in web analytics and a shop, and of all others; nothing is deleted."""
    client = filling.client("Hats")
    rows = (("shop", "#1", 10, False), ("ga4", "1", 9, True), ("ga4", "2", 5, True))
    for origin, number, amount, seen in rows:
        filling.add(
            ConversionEvent(
                client_id=client,
                event_type="conversion",
                source=origin,
                origin=origin,
                from_analytics=seen,
                external_id=number,
                transaction_key=number.lstrip("#"),
                event_date=date(2026, 11, 20),
                revenue_amount=amount,
                currency="EUR",
                idempotency_key=number,
                content_sha256="",
                recorded_at=NOW,
            )
        )
    path = f"/{client}/conversion-sources"
    (shared,) = api.get(path).json()["shared"]
    assert (shared["by_number"], shared["counted"], revenue(api, client)) == (1, "shop", ["15.00"])
    for chosen, total in ((["ga4"], ["14.00"]), (["shop"], ["10.00"]), (["*"], ["24.00"]), (None, ["15.00"])):
        answer = api.ask("PUT", path, json={"sources": chosen})
        assert (answer.json()["chosen"], revenue(api, client)) == (chosen, total)
    sources = {one["name"]: (one["sales"], one["counted_sales"]) for one in api.get(path).json()["sources"]}
    assert sources == {"ga4": (2, 1), "shop": (1, 1)}
    wrong = api.ask("PUT", path, json={"sources": ["shpo"]})
    assert (wrong.status_code, "shop" in wrong.json()["detail"]) == (422, True)


def test_a_sale_is_in_one_campaign_where_tag_and_draft_disagree(api: Api, filling: Filling) -> None:
    """L25: the draft decides; the tag counts where no draft is known; the campaigns add up to the funnel."""
    client = filling.client("Hats")
    draft = filling.draft(client)
    spring, summer = (
        filling.add(Campaign(client_id=client, name=name, slug=name, start_date=date(2026, 11, 1), created_at=NOW))
        for name in ("spring", "summer")
    )
    with filling.database.write() as session:
        session.add(CampaignMembership(campaign_id=spring, draft_id=draft))
    tags: tuple[dict[str, Any], ...] = (
        {"content_draft_id": draft, "utm_campaign": "summer"},
        {"utm_content": f"post_{draft}", "utm_campaign": "SUMMER", "revenue_amount": "1.00"},
        {"utm_campaign": "Summer", "revenue_amount": "4.00"},
        {"event_type": "refund", "content_draft_id": draft, "utm_campaign": "summer", "revenue_amount": "2.00"},
    )
    for values in tags:
        assert api.post(f"/{client}/conversion", SALE | values).status_code == 201
    found = {one["id"]: one for one in api.get(f"/{client}/campaigns").json()}
    sold = {number: one["totals"]["conversions"]["value"] for number, one in found.items()}
    assert sold == {spring: 2, summer: 1}
    assert [found[number]["revenue"][0]["value"] for number in (spring, summer)] == ["9.00", "4.00"]
    assert [found[number]["events"] for number in (spring, summer)] == [
        {"conversion": 2, "refund": 1},
        {"conversion": 1},
    ]
    assert revenue(api, client) == ["13.00"]
