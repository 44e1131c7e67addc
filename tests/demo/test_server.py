"""The simulated Meta as its own process, with its control surface."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from time import perf_counter

import httpx
import pytest

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.world.pacific import last_closed_day
from sophia.demo.meta.world.world import World
from sophia.demo.server import running_server, spawned_server


def test_answers_wait_side_by_side(api: GraphApi, world: World) -> None:
    """Latency is waited for, not worked: twenty calls at once take about as long as one."""
    api.latency_seconds = 0.5
    with running_server(api) as base_url, httpx.Client(base_url=base_url, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {world.user_token}"}
        started = perf_counter()
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: client.get("/me", headers=headers), range(20)))
        assert all(answer.status_code == 200 for answer in answers)
        assert 0.5 <= perf_counter() - started < 8


def test_a_spawned_server_is_controlled_over_http(world: World) -> None:
    """It has the world of the same seed; its clock, numbers and faults can be changed; it ends with the block."""
    with spawned_server(businesses=2, posts=3, now=world.built_at, latency_ms=1) as meta:
        with httpx.Client(base_url=meta.base_url, trust_env=False) as client:
            page = meta.world.pages[0]
            headers = {"Authorization": f"Bearer {page.access_token}"}
            day = last_closed_day(world.built_at)
            change = {"object_id": page.id, "metric": "page_media_view", "day": day.isoformat(), "value": 77}
            assert client.post("/_sim/restate", json=change).status_code == 200
            path = f"/{page.id}/insights?metric=page_media_view&period=day"
            values = client.get(path, headers=headers).json()["data"][0]["values"]
            before = meta.truth.page_day(page, "page_media_view", day - timedelta(days=1), meta.now)
            assert [value["value"] for value in values] == [before, 77]
            later = (world.built_at + timedelta(days=1)).isoformat()
            assert client.post("/_sim/now", json={"now": later}).status_code == 200
            values = client.get(path, headers=headers).json()["data"][0]["values"]
            assert values[0]["value"] == 77
            fault = {"pattern": "insights", "times": 1, "status": 500, "body": {"message": "down", "code": 2}}
            client.post("/_sim/faults", json={"faults": [fault]})
            assert client.get(path, headers=headers).json()["error"]["code"] == 2
            calls = client.get("/_sim/calls").json()
            assert (calls["requests"], calls["errors"], calls["by_edge"]) == (3, 1, {"insights": 3})
            client.post("/_sim/retire", json={"metric": "page_media_view", "at": later})
            assert client.get(path, headers=headers).json()["error"]["code"] == 100
            client.post("/_sim/dead_token", json={"account_id": page.id, "at": later})
            assert client.get(path, headers=headers).json()["error"]["code"] == 190
            assert client.post("/_sim/reset").status_code == 200
            assert client.get("/_sim/calls").json()["counted"] == 0
            assert client.post("/_sim/now", json={}).status_code == 422
            present = client.post("/_sim/now", json={"now": None}).json()["now"]
            assert abs(datetime.fromisoformat(present) - datetime.now(UTC)) < timedelta(minutes=1)
            assert client.get("/_sim/nothing").status_code == 404
            assert client.get("/_sim/urls").json() == {"urls": []}
        address = meta.base_url
    try:
        httpx.get(f"{address}/me", trust_env=False)
    except httpx.ConnectError:
        return
    raise AssertionError("the server outlived its block")


def test_every_fault_can_be_switched_on_from_outside(world: World) -> None:
    """What a test in the same process may do, another process may do as JSON."""
    with (
        spawned_server(businesses=1, posts=3, now=world.built_at) as meta,
        httpx.Client(base_url=meta.base_url, trust_env=False) as client,
    ):
        page, later = meta.world.pages[0], (meta.now + timedelta(hours=1)).isoformat()
        client.headers["Authorization"] = f"Bearer {page.access_token}"
        path = f"/{page.id}/insights?metric=page_media_view&period=day"

        def control(name: str, **given: object) -> httpx.Response:
            return client.post(f"/_sim/{name}", json=given)

        faults = [
            {"pattern": "insights", "error": "190/463 expired", "since": later},
            {"pattern": "insights", "times": 1, "bad_body": "html 502"},
            {"pattern": "insights", "times": 1, "mutation": "missing value", "every": 2},
            {"pattern": "insights", "times": 1, "kind": "reset"},
            {"pattern": "insights", "after": 4, "times": 1, "error": "4 app rate limit"},
        ]
        assert control("faults", faults=faults).json() == {"faults": 5}
        assert client.get(path).status_code == 502
        assert "value" not in client.get(path).json()["data"][0]["values"][0]
        with pytest.raises(httpx.ReadError):
            client.get(path)
        assert [client.get(path).status_code for _ in range(3)] == [200, 403, 200]
        told = client.get("/_sim/faults").json()["faults"]
        assert [fault["struck"] for fault in told] == [0, 1, 1, 1, 1]
        assert [fault["matched"] for fault in told] == [0, 6, 6, 6, 6]
        day = last_closed_day(meta.now) - timedelta(days=1)
        assert [(one["metric"], one["day"]) for one in told[2]["touched"]] == [("page_media_view", day.isoformat())]
        control("now", now=later)
        assert client.get(path).json()["error"]["error_subcode"] == 463

        control("faults", faults=[])
        control("limit", budget="object", of=page.id, calls=1, regain_seconds=60, extension_seconds=30)
        assert [client.get(path).json().get("error", {}).get("code") for _ in range(2)] == [None, 80001]
        (throttled,) = client.get("/_sim/throttled").json()["calls"]
        assert (throttled["budget"], throttled["account_id"]) == ("object", page.id)
        control("reset_limits")
        assert client.get("/_sim/throttled").json() == {"calls": []}
        control("retire", metric="page_media_view", at=later, after_calls=1)
        assert [client.get(path).status_code for _ in range(2)] == [200, 400]
        control("delete", object_id=meta.world.posts(page.id)[-1].id, at=later)
        assert client.get(f"/{meta.world.posts(page.id)[-1].id}").json()["error"]["error_subcode"] == 33
        assert path in client.get("/_sim/urls").json()["urls"]

        for name, wrong in (
            ("faults", {"faults": [{"pattern": "x", "mutation": "nothing"}]}),
            ("faults", {"faults": [{"pattern": "x", "error": "nothing"}]}),
            ("limit", {"budget": "token", "calls": 1, "regain_seconds": 1}),
        ):
            assert control(name, **wrong).status_code == 422
