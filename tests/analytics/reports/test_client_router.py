"""What the API says of one client, asked as others ask it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.conftest import (
    NOW,
    ON_POSTGRESQL_BY_HAND,
    ON_SQLITE,
    ONE_DAY,
    YESTERDAY,
    Api,
    Filling,
    QueryCounter,
    store_of,
)

from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.readings.models import reading_id
from sophia.database.engine import Database

PROBLEM = "application/problem+json"
PATHS = ("metrics", "series?canonical=views", "summary", "campaigns")


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/reports/test_client_router.py -m campaign`: what is asked there has tests on both of its own."""
    return store_of(request)


def test_a_reading_has_the_fields_of_the_specification(api: Api, filling: Filling) -> None:
    """A2, A7, J10, K7: names and kinds of fields, a stable id, moments in RFC 3339 with Z."""
    client = filling.client("Hats")
    account = filling.account(client)
    series = filling.daily(account, "page_media_view", {YESTERDAY: 12})
    answer = api.get(f"/{client}/metrics")
    assert answer.json() == [
        {
            "id": reading_id(series, YESTERDAY),
            "client_id": client,
            "account_id": account,
            "content_draft_id": None,
            "platform": "facebook",
            "level": "account",
            "metric_name": "page_media_view",
            "canonical": "views",
            "breakdown": "",
            "metric_value": 12,
            "metric_date": "2026-11-21",
            "is_algorithm_dependent": True,
            "classification": "algorithm_dependent",
            "period": "day",
            "unit": "count",
            "platform_post_id": None,
            "created_at": "2026-11-22T12:00:00Z",
            "updated_at": "2026-11-22T12:00:00Z",
        }
    ]


def test_pages_are_linked(api: Api, filling: Filling) -> None:
    """J6: a bare array up to the limit, and a link that leads through all of them and ends."""
    client = filling.client("Hats")
    account = filling.account(client)
    values = {YESTERDAY - index * ONE_DAY: index for index in range(7)}
    filling.daily(account, "page_media_view", values)
    path: str | None = f"/{client}/metrics?limit=3&metric_name=page_media_view"
    found: list[int] = []
    while path:
        answer = api.get(path)
        found += [reading["metric_value"] for reading in answer.json()]
        link = answer.links.get("next")
        path = link["url"].removeprefix("/api/analytics") if link else None
    assert found == list(range(7))


@ON_SQLITE
@pytest.mark.parametrize(
    "query",
    [
        "start_date=2026-02-02&end_date=2026-02-01",
        "start_date=yesterday",
        "start_date=0",
        "start_date=2026-02-30",
        "metric_name=",
        "metric_name=a%00b",
        "metric_name=reach&metric_name=",
        "platform=tiktok",
        "level=page",
        "period=year",
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=NaN",
        "cursor=garbage",
        "cursor=",
        "as_of=2026-02-01T00:00:00",
        "as_of=now",
        "account_id=0",
        "account_id=9223372036854775808",
        "unknown=1",
        "limit=5&limit=6",
        "limit=5.0",
        "limit=%2B5",
        "limit=05",
        "limit=1_0",
        "account_id=1&account_id=1",
        "account_id=%201",
        "account_id=\uff11",
        "account_id=100000000000000000000",
        "start_date=\uff12026-02-02",
        "as_of=1790000000",
        "platform=facebook&platform=facebook",
    ],
)
def test_what_cannot_be_used_is_refused(api: Api, filling: Filling, query: str) -> None:
    """J3, J6, J7, J10: 422 with the place and the reason, never an empty list that looks like an answer."""
    answer = api.get(f"/{filling.client('Hats')}/metrics?{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)
    problem = answer.json()
    assert problem["status"] == 422
    assert problem["instance"].endswith("/metrics")
    assert problem["detail"]
    if "cursor" not in query:
        assert problem["errors"][0]["location"].startswith("query")


def test_series_are_checked_too(api: Api, filling: Filling) -> None:
    """J7: exactly one metric, that there is; no endless windows."""
    client = filling.client("Hats")
    for query in (
        "",
        "canonical=views&metric_name=views",
        "canonical=nonsense",
        "canonical=views&bucket=hour",
        "canonical=views&level=post",
        "canonical=views&start_date=2004-01-01",
    ):
        assert api.get(f"/{client}/series?{query}").status_code == 422, query


def test_a_series_in_json(api: Api, filling: Filling) -> None:
    """J7, A5: buckets with their ends excluded; what was added up is said."""
    client = filling.client("Hats")
    filling.daily(filling.account(client), "page_media_view", {YESTERDAY - ONE_DAY: 2, YESTERDAY: 3})
    found = api.get(f"/{client}/series?canonical=views&bucket=week&start_date=2026-11-20").json()
    assert (found["metric_names"], found["counting"], found["unit"]) == (["page_media_view"], "additive", "count")
    assert (found["start"], found["end"]) == ("2026-11-16", "2026-11-23")
    (point,) = found["groups"][0]["points"]
    assert point == {
        "start": "2026-11-16",
        "end": "2026-11-23",
        "value": 5,
        "days_with_data": 2,
        "accounts_with_data": 1,
        "at_least": None,
        "at_most": None,
        "reason": None,
    }
    assert api.get(f"/{client}/series?metric_name=total_video_views").json()["reason"]


@pytest.mark.parametrize("path", PATHS)
def test_anothers_client_does_not_exist(api: Api, filling: Filling, path: str) -> None:
    """D3, J3: the same 404 for a client that is not there and for one that may not be seen."""
    mine, other = filling.client("Hats"), filling.client("Shoes")
    key = filling.key(mine)
    assert api.get(f"/{mine}/{path}", key=key).status_code == 200
    for number in (other, 999):
        answer = api.get(f"/{number}/{path}", key=key)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROBLEM)
        assert answer.json()["detail"] == f"There is no client {number}."
    assert api.get(f"/{other}/{path}").status_code == 200


@ON_SQLITE
@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-1",
        "9223372036854775808",
        "100000000000000000000",
        "1e3",
        "x",
        "1.5",
        "1.0",
        "+1",
        "%2B1",
        "%201",
        "1%20",
        "01",
        "1_0",
        "\uff11",
        "\u0661",
        "%00",
    ],
)
def test_ids_out_of_range_are_refused(api: Api, number: str) -> None:
    """J3: 422 and not 500."""
    for path in PATHS:
        assert api.get(f"/{number}/{path}").status_code == 422


def test_a_summary_says_how_fresh_it_is(api: Api, filling: Filling) -> None:
    """A7, G1, H12: of a week without readings no number is made up; freshness, gaps and unknown names are real."""
    client = filling.client("Hats")
    account = filling.account(client)
    filling.watermark(account, "page_insights", YESTERDAY - 9 * ONE_DAY, YESTERDAY)
    filling.daily(account, "page_media_view", {YESTERDAY: 1, YESTERDAY - 3 * ONE_DAY: 1})
    filling.daily(account, "brand_new", {YESTERDAY: 1})
    filling.run(account)
    found = api.get(f"/{client}/summary").json()
    views = found["kpis"]["views"]
    assert (found["window"]["start"], views["value"], views["reason"]) == (
        "2026-11-09",
        None,
        "There are no readings for these days.",
    )
    assert found["anomalies"] == []
    fresh = found["freshness"]
    assert (fresh["latest_metric_date"], fresh["stale"], fresh["gaps"]) == ("2026-11-21", False, 1)
    assert fresh["unclassified_metrics"] == ["brand_new"]
    assert fresh["last_success_at"] == "2026-11-22T11:55:00Z"
    assert fresh["accounts"][0]["readings"] == 3


def add_campaign(filling: Filling, client: int, number: int, **values: Any) -> int:
    details = {"start_date": YESTERDAY, "created_at": NOW} | values
    campaign = filling.add(Campaign(client_id=client, name=f"C {number}", slug=f"c-{number}", **details))
    draft = filling.draft(client)
    with filling.database.write() as session:
        session.add(CampaignMembership(campaign_id=campaign, draft_id=draft))
    return campaign


def test_campaigns_cost_a_constant_number_of_queries(api: Api, filling: Filling) -> None:
    """J9: twenty campaigns ask the store no more often than two."""
    client = filling.client("Hats")
    counts = []
    for number in range(20):
        add_campaign(filling, client, number)
        if number in (1, 19):
            with QueryCounter(filling.database) as counter:
                answer = api.get(f"/{client}/campaigns")
            counts.append(counter.count)
            assert len(answer.json()) == number + 1
            assert all(len(campaign["draft_ids"]) == 1 for campaign in answer.json())
    assert counts[0] == counts[1]


def test_a_campaigns_status_follows_from_its_dates(api: Api, filling: Filling) -> None:
    """G13, G14: both days included, on the client's own calendar."""
    # In Auckland it is the 23rd already.
    client = filling.client("Hats", timezone="Pacific/Auckland")
    today = YESTERDAY + 2 * ONE_DAY
    expected = {
        add_campaign(filling, client, 1, start_date=today + ONE_DAY): "planned",
        add_campaign(filling, client, 2, start_date=today): "active",
        add_campaign(filling, client, 3, start_date=YESTERDAY, end_date=today): "active",
        add_campaign(filling, client, 4, start_date=YESTERDAY, end_date=today - ONE_DAY): "ended",
    }
    found = api.get(f"/{client}/campaigns").json()
    assert {campaign["id"]: campaign["status"] for campaign in found} == expected


def test_readings_cost_a_constant_number_of_queries(api: Api, filling: Filling) -> None:
    """J9: a page of many series asks the store no more often than a page of one."""
    client = filling.client("Hats")
    counts = []
    for names in (("page_media_view",), ("page_follows", "page_views_total", "page_post_engagements", "brand_new")):
        for name in names:
            account = filling.account(client)
            filling.daily(account, name, {YESTERDAY - index * ONE_DAY: 1 for index in range(5)})
        for path in ("metrics", "metrics?as_of=2026-11-22T13:00:00Z", "summary"):
            with QueryCounter(filling.database) as counter:
                api.get(f"/{client}/{path}")
            counts.append(counter.count)
    assert counts[:3] == counts[3:]
    assert max(counts) <= 50


def test_an_export_that_fails_is_a_problem(api: Api, filling: Filling) -> None:
    """J3, J6: the first rows are read before the answer begins, so that an error is none in the middle of a file."""
    client = filling.client("Hats")
    filling.daily(filling.account(client), "page_media_view", {YESTERDAY: 1})
    assert len(api.get(f"/{client}/metrics.csv").text.splitlines()) == 2
    with filling.database.write() as session:
        session.execute(text("ALTER TABLE engagement_metrics RENAME TO elsewhere"))
    answer = api.get(f"/{client}/metrics.csv")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, PROBLEM)


def test_as_of_over_http(api: Api, filling: Filling) -> None:
    """J6, A13: before anything was stored there is nothing; the moment may be given in any zone."""
    client = filling.client("Hats")
    filling.daily(filling.account(client), "page_media_view", {YESTERDAY: 1})
    before = (NOW - timedelta(seconds=1)).isoformat()
    assert api.get(f"/{client}/metrics", params={"as_of": before}).json() == []
    assert len(api.get(f"/{client}/metrics", params={"as_of": "2026-11-22T13:00:00+01:00"}).json()) == 1


@ON_SQLITE
@pytest.mark.parametrize(
    "path",
    [
        "gaps?end_date=0001-01-01",
        "gaps?start_date=9999-12-31",
        "{client}/series?canonical=reach&start_date=9999-12-31",
        "{client}/series?canonical=reach&bucket=month&end_date=0001-01-01",
        "{client}/metrics?as_of=9999-12-31T23:59:59-14:00",
        "{client}/metrics?as_of=0001-01-01T00:00:00%2B14:00",
        "{client}/metrics.csv?as_of=0001-01-01T00:00:00%2B14:00",
    ],
)
def test_dates_beyond_the_calendar_are_refused(api: Api, filling: Filling, path: str) -> None:
    """J3: a day or moment that no reading can have is a mistake of the question, said as a problem."""
    answer = api.get("/" + path.format(client=filling.client("Hats")))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM


@ON_SQLITE
def test_a_metric_that_nobody_knows_is_refused_with_those_that_look_alike(api: Api, filling: Filling) -> None:
    """J3, J7: on every route that takes a name; of what only other clients have, nothing is said."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    for number, name in ((client, "brand_new_of_hats"), (other, "brand_new_of_shoes")):
        filling.daily(filling.account(number), name, {YESTERDAY: 7})
    for route in ("metrics", "metrics.csv", "series"):
        for query, hint in (
            ("metric_name=reech", "Did you mean reach"),
            ("canonical=veiws", "Did you mean views"),
            ("metric_name=brand_new_of_shoe", "Did you mean brand_new_of_hats?"),
            ("metric_name=brand_new_of_shoes", "Did you mean brand_new_of_hats?"),
            ("metric_name=qqqqqq", "GET /api/analytics/catalogue lists them"),
        ):
            answer = api.get(f"/{client}/{route}?{query}")
            assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM), (route, query)
            assert hint in answer.json()["detail"], answer.text
        for known in ("metric_name=reach", "canonical=views", "metric_name=brand_new_of_hats"):
            assert api.get(f"/{client}/{route}?{known}").status_code == 200, (route, known)
    assert api.get(f"/{client}/metrics?metric_name=reach&metric_name=reech").status_code == 422


@ON_SQLITE
def test_what_get_answered_may_be_put_back(api: Api, filling: Filling) -> None:
    """J3: domains, none or in any script, and target audiences: the answer of GET is a body that PUT takes, and changes
    nothing.
    """
    client = filling.client("Hats")
    path = f"/{client}/domains"
    for domains in ([], ["Example.COM", "m\u00fcnchen.de", "xn--mnchen-3ya.de", "shop.example.co.uk"]):
        assert api.ask("PUT", path, json={"domains": domains}).status_code == 200
        got = api.get(path).json()
        again = api.ask("PUT", path, json=got)
        assert (again.status_code, again.json()) == (200, got)
    path = f"/{client}/ideal-customers/parents"
    given = {"ages": {"youngest": 25, "oldest": 44}, "countries": ["Germany"], "places": ["Berlin, Berlin"]}
    assert api.ask("PUT", path, json=given).status_code == 200
    got = api.get(path).json()
    again = api.ask("PUT", path, json=got)
    assert (again.status_code, again.json()) == (200, got)
