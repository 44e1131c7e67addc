"""What the API says of everything that a key may see."""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from tests.conftest import (
    NOW,
    ON_POSTGRESQL_BY_HAND,
    ONE_DAY,
    YESTERDAY,
    Api,
    Filling,
    QueryCounter,
    plain_settings,
    store_of,
)

from sophia.analytics.readings.run_models import MetricStatus
from sophia.database.engine import Database
from sophia.main import create_app


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/analytics/reports/test_portfolio_router.py -m campaign`: what is asked there has tests on both of its own."""
    return store_of(request)


def test_the_portfolio_is_made_of_totals(api: Api, filling: Filling) -> None:
    """J8, J2: active clients only, nothing read from the readings, nulls with reasons instead of stubs."""
    for name, status in (("Hats", "active"), ("Shoes", "active"), ("Gone", "archived")):
        account = filling.account(filling.client(name, status=status))
        filling.daily(account, "page_media_view", {YESTERDAY - index * ONE_DAY: 1 for index in range(3)})
    with QueryCounter(filling.database) as counter:
        found = api.get("/portfolio/summary").json()
    assert (found["client_count"], found["total_metrics"], found["latest_metric_date"]) == (2, 6, "2026-11-21")
    assert found["detailed_kpis"] is None
    assert found["commentary"] is None
    assert set(found["reasons"]) == {"detailed_kpis", "commentary"}
    assert [client["name"] for client in found["clients"]] == ["Hats", "Shoes"]
    assert counter.count <= 7


def test_the_portfolio_of_a_limited_key(api: Api, filling: Filling) -> None:
    """D3: totals are those of the key's clients."""
    mine, other = filling.client("Hats"), filling.client("Shoes")
    for client, count in ((mine, 1), (other, 5)):
        values = {YESTERDAY - index * ONE_DAY: 1 for index in range(count)}
        filling.daily(filling.account(client), "page_media_view", values)
    found = api.get("/portfolio/summary", key=filling.key(mine)).json()
    assert (found["client_count"], found["total_metrics"]) == (1, 1)
    nobody = filling.client("New")
    empty = api.get("/portfolio/summary", key=filling.key(nobody)).json()
    assert (empty["client_count"], empty["total_metrics"], empty["latest_metric_date"]) == (1, 0, None)


def test_lists_cost_a_constant_number_of_queries(api: Api, filling: Filling) -> None:
    """J9: with nine clients no more than with one."""
    counts: list[list[int]] = []
    for size in (1, 9):
        for number in range(size):
            account = filling.account(filling.client(f"Client {size} {number}"))
            filling.watermark(account, "page_insights", YESTERDAY - 5 * ONE_DAY, YESTERDAY - ONE_DAY)
            filling.daily(account, "page_media_view", {YESTERDAY - 4 * ONE_DAY: 1, YESTERDAY - 2 * ONE_DAY: 1})
        row = []
        for path in ("/portfolio/summary", "/accounts", "/runs", "/gaps", "/catalogue", "//metrics"):
            with QueryCounter(filling.database) as counter:
                assert api.get(path).status_code == 200
            row.append(counter.count)
        counts.append(row)
    assert counts[0] == counts[1]


def test_accounts_never_show_tokens(api: Api, filling: Filling) -> None:
    """D2, D3, J13: what a person must do is said; the token, even encrypted, is not."""
    client = filling.client("Hats")
    filling.account(
        client,
        token_encrypted="gAAAAABencrypted",
        token_expires_at=NOW + timedelta(days=10),
        data_access_expires_at=NOW - timedelta(days=1),
    )
    dead = filling.account(client, "instagram", status="needs_reconnect", status_reason="Session expired.")
    filling.run(dead, status="needs_reconnect", problems=[{"code": 190, "message": "expired"}])
    answer = api.get("/accounts")
    assert "gAAAAAB" not in answer.text
    first, second = answer.json()
    assert first["has_token"] is True
    assert "ends on 2026-12-02" in first["warning"]
    assert "ended on 2026-11-21" in first["warning"]
    assert first["token_expires_at"] == "2026-12-02T12:00:00Z"
    assert (second["warning"], second["action_needed"]) == (None, "Session expired.")
    assert second["last_run"]["problems"][0]["code"] == 190
    assert second["stale"] is True


def test_runs_are_listed_newest_first(api: Api, filling: Filling) -> None:
    """A14, C10, J13: by client, account and status, in pages; messages without secrets."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    account, theirs = filling.account(client), filling.account(other)
    secret = "EAAB" + "x" * 40
    runs = [filling.run(account) for _ in range(3)]
    failed = filling.run(account, status="failed", problems=[{"family": "posts", "code": 1, "message": f"at {secret}"}])
    filling.run(theirs)
    first = api.get(f"/runs?client_id={client}&limit=2")
    assert [run["id"] for run in first.json()] == [failed, runs[2]]
    assert secret not in first.text
    rest = api.get(first.links["next"]["url"].removeprefix("/api/analytics"))
    assert [run["id"] for run in rest.json()] == [runs[1], runs[0]]
    assert "next" not in rest.links
    assert [run["id"] for run in api.get("/runs?status=failed").json()] == [failed]
    assert len(api.get(f"/runs?account_id={theirs}").json()) == 1
    limited = filling.key(client)
    assert {run["account_id"] for run in api.get("/runs", key=limited).json()} == {account}
    assert api.get(f"/runs?account_id={theirs}", key=limited).json() == []
    assert api.get(f"/runs?client_id={other}", key=limited).status_code == 404
    for query in ("limit=201", "limit=0", "status=banana", "before_id=0", "x=1"):
        assert api.get(f"/runs?{query}").status_code == 422


def test_links_to_next_pages_begin_with_the_prefix_of_the_proxy(filling: Filling) -> None:
    """J11: a proxy that takes /sophia off the path leaves the rest to Sophia; the setting puts it back into links."""
    account = filling.account(filling.client("Hats"))
    for _ in range(2):
        filling.run(account)
    for prefix in ("", "/sophia", "/tools/sophia"):
        app = create_app(plain_settings(path_prefix=prefix), filling.database, clock=lambda: NOW)
        link = Api(app, filling.key()).get("/runs?limit=1").links["next"]["url"]
        assert link.startswith(f"{prefix}/api/analytics/runs?limit=1&before_id="), link
        servers = app.openapi().get("servers", [])
        assert servers == ([{"url": prefix}] if prefix else [])
    for wrong in ("sophia", "/sophia/", "//evil.example", "/a b", "https://x"):
        with pytest.raises(ValidationError):
            plain_settings(path_prefix=wrong)


def test_gaps_are_listed(api: Api, filling: Filling) -> None:
    """A13, J13, D3: of the clients that may be seen, in the window asked for."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    for owner in (client, other):
        account = filling.account(owner)
        filling.watermark(account, "page_insights", YESTERDAY - 9 * ONE_DAY, YESTERDAY)
        filling.daily(account, "page_media_view", {YESTERDAY: 1, YESTERDAY - 3 * ONE_DAY: 1})
    assert len(api.get("/gaps").json()) == 2
    (gap,) = api.get("/gaps", key=filling.key(client)).json()
    assert (gap["start"], gap["end"], gap["days"], gap["reason_code"]) == ("2026-11-19", "2026-11-21", 2, "no_value")
    assert gap["client_id"] == client
    assert api.get(f"/gaps?client_id={client}&end_date=2026-11-18").json() == []
    assert api.get(f"/gaps?client_id={other}", key=filling.key(client)).status_code == 404
    assert api.get("/gaps?start_date=2004-01-01").status_code == 422
    assert api.get("/gaps?start_date=2026-02-02&end_date=2026-02-01").status_code == 422


def test_the_catalogue_says_what_is_known_and_refused(api: Api, filling: Filling) -> None:
    """A6, A7, B3: meaning and class of every metric, dead ones included; unknown and refused ones of one's own clients."""
    mine, other = filling.client("Hats"), filling.client("Shoes")
    accounts = {client: filling.account(client) for client in (mine, other)}
    filling.daily(accounts[mine], "brand_new", {YESTERDAY: 1})
    filling.daily(accounts[other], "other_new", {YESTERDAY: 1})
    for client, name in ((mine, "page_follows"), (other, "page_views_total"), (None, "page_media_view")):
        filling.add(
            MetricStatus(
                platform="facebook",
                object_kind="page",
                api_version="v22.0",
                metric_name=name,
                account_id=accounts.get(client or 0),
                code=100,
                reason="no",
                since=NOW,
                ask_again_at=NOW,
            )
        )
    found = api.get("/catalogue?platform=facebook&level=account", key=filling.key(mine)).json()
    rows = {row["name"]: row for row in found["metrics"]}
    assert rows["page_media_view"]["canonical"] == "views"
    assert rows["page_media_view"]["is_algorithm_dependent"] is True
    assert rows["page_media_view"]["live"] is True
    assert any(row["retired_on"] and not row["live"] for row in rows.values())
    assert {row["platform"] for row in found["metrics"]} == {"facebook"}
    assert [row["metric_name"] for row in found["unclassified"]] == ["brand_new"]
    assert {row["metric_name"] for row in found["refusals"]} == {"page_follows", "page_media_view"}
    assert len(api.get("/catalogue").json()["unclassified"]) == 2
    assert api.get("/catalogue?platform=instagram").json()["refusals"] == []
