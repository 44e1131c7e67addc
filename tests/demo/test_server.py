"""The simulated Meta as its own process, with its control surface."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import perf_counter

import httpx

from sophia.demo.graph_api import GraphApi
from sophia.demo.pacific import last_closed_day
from sophia.demo.server import running_server, spawned_server
from sophia.demo.world import World


def test_answers_wait_side_by_side(api: GraphApi, world: World) -> None:
    """Latency is waited for, not worked: ten calls at once take about as long as one."""
    api.latency_seconds = 0.1
    with running_server(api) as base_url, httpx.Client(base_url=base_url, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {world.user_token}"}
        started = perf_counter()
        with ThreadPoolExecutor(10) as pool:
            answers = list(pool.map(lambda _: client.get("/me", headers=headers), range(10)))
        assert all(answer.status_code == 200 for answer in answers)
        assert 0.1 <= perf_counter() - started < 0.6


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
            assert client.get("/_sim/nothing").status_code == 404
        address = meta.base_url
    try:
        httpx.get(f"{address}/me", trust_env=False)
    except httpx.ConnectError:
        return
    raise AssertionError("the server outlived its block")
