"""Health and figures, for the operator's machines."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.conftest import NOW, YESTERDAY, Api, Filling, plain_settings

from sophia.database.engine import Database
from sophia.main import create_app


def test_health_needs_no_key_and_tells_no_secret(api: Api, filling: Filling) -> None:
    """C10, K10: 200 and the last success."""
    account = filling.account(filling.client("Hats"))
    filling.run(account)
    answer = api.get("//healthz", key=None)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "schema": "current",
        "last_success_at": "2026-11-22T11:55:00Z",
    }


@pytest.mark.parametrize(
    ("place", "database", "schema"), [("", "ok", "outdated"), ("nowhere/", "unavailable", "unknown")]
)
def test_a_store_that_cannot_be_used_is_degraded(tmp_path: Path, place: str, database: str, schema: str) -> None:
    """C10, K4: 503 for an empty store, and for one that cannot be opened."""
    store = Database(f"sqlite:///{tmp_path}/{place}x.db")
    answer = Api(create_app(plain_settings(), store, clock=lambda: NOW), "").get("//healthz", key=None)
    store.close()
    assert answer.status_code == 503
    assert answer.json() == {"status": "degraded", "database": database, "schema": schema, "last_success_at": None}


def test_figures_for_prometheus(api: Api, filling: Filling) -> None:
    """K10: accounts, readings, ages and runs; requests by the template of their route, so that ids make no series."""
    client = filling.client("Hats")
    account = filling.account(client)
    filling.account(client, "instagram", status="needs_reconnect")
    filling.daily(account, "page_media_view", {YESTERDAY: 1, YESTERDAY - timedelta(days=1): 1})
    filling.run(account, status="failed", calls=5, calls_counted_by_meta=30)
    filling.run(account, calls=7, calls_counted_by_meta=100)
    for path in (f"/{client}/summary", "/999/summary", "/nowhere"):
        api.get(path)
    lines = api.get("//metrics").text.splitlines()
    route = 'method="GET",route="/api/analytics/{client_id}/summary"'
    for line in (
        'sophia_accounts{status="active"} 1.0',
        'sophia_accounts{status="needs_reconnect"} 1.0',
        "sophia_readings 2.0",
        f'sophia_last_success_age_seconds{{account_id="{account}"}} 300.0',
        'sophia_runs_24h{status="failed"} 1.0',
        'sophia_meta_calls_24h{count="http"} 12.0',
        'sophia_meta_calls_24h{count="meta"} 130.0',
        f'sophia_http_requests_total{{{route},status="200"}} 1.0',
        f'sophia_http_requests_total{{{route},status="404"}} 1.0',
        'sophia_http_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        f"sophia_http_request_duration_seconds_count{{{route}}} 2.0",
    ):
        assert line in lines
    assert api.get("//metrics").headers["Content-Type"].startswith("text/plain")


def test_figures_of_all_need_a_key_for_all(api: Api, filling: Filling) -> None:
    """D3: a key that is limited to clients learns nothing of the others."""
    limited = filling.key(filling.client("Hats"))
    assert api.get("//metrics", key=limited).status_code == 403
    assert api.get("//metrics", key=None).status_code == 401
