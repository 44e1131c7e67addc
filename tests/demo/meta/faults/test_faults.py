"""Faults on request, and the record of calls."""

from collections.abc import Callable
from datetime import timedelta

import httpx
from tests.demo.faults import graph_fault

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault, fault_of
from sophia.demo.meta.world.objects import Page
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]


def test_the_first_fault_that_fits_strikes_as_often_as_told(ask: Ask, api: GraphApi, world: World) -> None:
    """A pattern on method, path and query; afterwards the truth comes back (C7)."""
    page = world.pages[0]
    api.faults += [
        graph_fault(r"GET /.*/insights\?metric=page_follows", 4, is_transient=True, status=403, times=2),
        Fault("insights", status=502, body="<html>Bad Gateway</html>", headers={"Retry-After": "3"}),
    ]
    path = f"/{page.id}/insights"
    answers = [ask(path, page.access_token, metric="page_follows") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 502]
    assert answers[0].json()["error"]["is_transient"] is True
    assert answers[2].headers["retry-after"] == "3"
    api.faults.clear()
    assert ask(path, page.access_token, metric="page_follows").status_code == 200


def test_a_fault_may_look_at_the_request(ask: Ask, api: GraphApi, world: World) -> None:
    """The refusal to serve so much data comes for large pages only, the same every time (C3)."""
    page = world.pages[0]
    message = "Please reduce the amount of data you're asking for, then retry your request"
    fault = graph_fault("published_posts", 1, message, status=500)
    fault.when = lambda request: int(request.parameters.get("limit", 25)) > 50
    api.faults.append(fault)
    assert ask(f"/{page.id}/published_posts", page.access_token, limit=100).status_code == 500
    assert ask(f"/{page.id}/published_posts", page.access_token, limit=50).status_code == 200


def test_a_fault_may_only_add_headers_or_delay(ask: Ask, api: GraphApi, world: World) -> None:
    """The true answer goes out with other usage (C6)."""
    page = world.pages[0]
    usage = '{"call_count":96,"total_cputime":20,"total_time":20}'
    api.faults.append(Fault("insights", times=1, headers={"X-App-Usage": usage}, delay_seconds=0.05))
    answer = ask(f"/{page.id}/insights", page.access_token, metric="page_follows")
    assert answer.status_code == 200
    assert answer.headers["x-app-usage"] == usage
    assert answer.elapsed.total_seconds() > 0.04


def test_an_error_may_hide_in_a_success(ask: Ask, api: GraphApi, world: World) -> None:
    """HTTP 200 with an error body (C8)."""
    page = world.pages[0]
    api.faults.append(graph_fault("insights", 2, status=200))
    answer = ask(f"/{page.id}/insights", page.access_token, metric="page_follows")
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, 2)


def test_a_fault_has_a_time(ask: Ask, api: GraphApi, world: World, clock: SettableClock) -> None:
    """It strikes from one moment of the simulation's clock, and no more from another (half-open)."""
    page, start = world.pages[0], world.built_at
    fault = graph_fault("insights", 2)
    fault.since, fault.until = start + timedelta(hours=1), start + timedelta(hours=2)
    api.faults.append(fault)
    codes = []
    for minutes in (59, 60, 119, 120):
        clock.moment = start + timedelta(minutes=minutes)
        codes.append(ask(f"/{page.id}/insights", page.access_token, metric="page_follows").status_code)
    assert codes == [200, 400, 400, 200]
    assert (fault.matched, fault.struck) == (2, 2)


def test_a_fault_may_let_some_requests_through(ask: Ask, api: GraphApi, world: World) -> None:
    """It strikes after so many matching requests, whatever struck them, and others do not count."""
    page = world.pages[0]
    api.faults += [graph_fault("insights", 2, times=1), fault_of("190/463 expired", "insights", after=2, times=2)]
    codes = []
    for _ in range(5):
        ask(f"/{page.id}", page.access_token, fields="id")
        answer = ask(f"/{page.id}/insights", page.access_token, metric="page_follows").json()
        codes.append(answer.get("error", {}).get("code"))
    assert codes == [2, None, 190, 190, None]


def test_names_and_tokens_die_in_the_middle_of_a_run(ask: Ask, api: GraphApi, world: World) -> None:
    """After so many calls that name the metric or carry the token, while the clock stands still (B3, C4)."""
    page, other = world.pages[0], world.pages[1]
    api.retire("page_follows", world.built_at, after_calls=2)
    api.dead_token(other.id, world.built_at, after_calls=1)

    def code(page: Page, metric: str) -> int | None:
        answer = ask(f"/{page.id}/insights", page.access_token, metric=metric).json()
        return answer.get("error", {}).get("code")  # type: ignore[no-any-return]

    # A longer name that contains the retired one does not count.
    assert [code(page, name) for name in ("page_follows_city", "page_follows", "page_follows")] == [None] * 3
    assert [code(page, "page_follows"), code(page, "page_media_view")] == [100, None]
    assert [code(other, "page_media_view"), code(other, "page_media_view")] == [None, 190]


def test_calls_are_recorded_without_tokens(ask: Ask, api: GraphApi, world: World) -> None:
    """Method, path, query, account, status; field expansion counts once, errors count too (D2)."""
    page = world.pages[0]
    fields = "id,insights.metric(post_clicks)"
    ask(f"/v22.0/{page.id}/published_posts", page.access_token, limit=100, fields=fields)
    ask(f"/{world.instagram_accounts[1].id}/insights", world.user_token, metric="nonsense", period="day")
    first, second = api.calls
    assert (first.method, first.path, first.counted) == ("GET", f"/v22.0/{page.id}/published_posts", 1)
    assert (first.account_id, first.status) == (page.id, 200)
    assert (second.account_id, second.status) == (world.instagram_accounts[1].id, 400)
    assert first.at == world.built_at
    assert page.access_token not in repr(api.calls)
    assert api.seen_secrets_in_urls == []
    api.reset()
    assert api.counted_calls == 0


def test_only_reading_is_simulated(client: httpx.Client, world: World) -> None:
    """Other methods are refused like an unknown object."""
    answer = client.post(f"/{world.pages[0].id}/feed", data={"access_token": world.pages[0].access_token})
    assert answer.json()["error"]["code"] == 100
