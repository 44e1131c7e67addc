"""Every route that there is, found in the application itself: who gets in, and what a key for one client sees."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from tests.conftest import YESTERDAY, Api, Filling
from tests.security.business import MINE, OTHERS, Business, furnished

from sophia.access.web import parameters

PROBLEM = "application/problem+json"
OPEN = {("GET", "/healthz")}
OPERATORS = {("GET", "/metrics")}
# What is told of all clients is told by keys that see all clients.
EVERYBODYS = {
    ("POST", "/api/analytics/portfolio/annotations"),
    ("DELETE", "/api/analytics/portfolio/annotations/{annotation_id}"),
}
# The same for everybody who has a key.
PUBLIC = {("GET", "/openapi.json")}
NEEDED = {"/series": {"canonical": "views"}}


@dataclass
class Route:
    """One way to ask the application. `names` are what may stand in the address, `places` what must stand in the path."""

    method: str
    path: str
    names: set[str]
    places: set[str]

    @property
    def needed(self) -> dict[str, str]:
        return next((found for end, found in NEEDED.items() if self.path.endswith(end)), {})

    @property
    def body(self) -> dict[str, Any] | None:
        if self.method != "POST":
            return None
        if self.path.endswith("/decisions"):
            return {"stage": "angle", "decision": "warm"}
        return {"event_type": "save", "source": "shop", "event_date": str(YESTERDAY)}


def routes(api: Api) -> Iterator[Route]:
    for context in iter_route_contexts(api.app.routes):
        route = context.original_route
        assert isinstance(route, APIRoute), f"teach this test what a {type(route).__name__} is"
        assert context.path is not None
        places = set(route.param_convertors)
        for method in context.methods or ():
            yield Route(method, context.path, {name for name, _ in parameters(route.dependant)}, places)


def filled(route: Route, business: Business) -> str:
    """The route's path for this business; two slashes at its beginning, as it stands outside of the API's prefix."""
    assert route.places <= set(business.ids), f"teach this test what {route.places} of {route.path} are"
    return "/" + route.path.format(**business.ids)


@pytest.fixture
def mine(filling: Filling) -> Business:
    return furnished(filling, MINE)


@pytest.fixture
def others(filling: Filling, mine: Business) -> Business:
    return furnished(filling, OTHERS)


def test_every_route_wants_a_key(api: Api, others: Business) -> None:
    """D3: 401 before anything else is looked at: path, parameters, body."""
    walked = list(routes(api))
    assert len(walked) >= 14
    for route in walked:
        if (route.method, route.path) in OPEN:
            continue
        for query in ("", "?nonsense=1"):
            for body in ({"json": route.body}, {"content": b"{", "headers": {"Content-Type": "application/json"}}):
                answer = api.ask(route.method, filled(route, others) + query, key=None, **body)
                assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM), route
                assert OTHERS not in answer.text


def test_another_client_does_not_exist_on_any_route(api: Api, mine: Business, others: Business) -> None:
    """D3, J3: 404 in the very words of a client that there is not; the same route answers for one's own."""
    key = mine.filling.key(int(mine.ids["client_id"]))
    nobody = dict.fromkeys(others.ids, "4711")
    for route in routes(api):
        if not route.places or (route.method, route.path) in EVERYBODYS:
            continue
        foreign = api.ask(route.method, filled(route, others), key=key, json=route.body, params=route.needed)
        unknown = api.ask(route.method, "/" + route.path.format(**nobody), json=route.body, params=route.needed)
        if (foreign.status_code, unknown.status_code) == (422, 422):  # another body is wanted, and looked at first
            continue
        assert (foreign.status_code, unknown.status_code) == (404, 404), route
        assert foreign.json()["detail"].replace(others.ids["client_id"], "4711") == unknown.json()["detail"]
        own = api.ask(route.method, filled(route, mine), key=key, json=route.body, params=route.needed)
        assert own.status_code in (200, 201) or route.method != "GET", (route, own.text)
        assert OTHERS not in own.text


def test_lists_hold_ones_own_only(api: Api, mine: Business, others: Business) -> None:
    """D3: on every route, with every parameter that could name something of somebody else."""
    key = mine.filling.key(int(mine.ids["client_id"]))
    seen = 0
    for route in routes(api):
        if (route.method, route.path) in OPEN | OPERATORS | PUBLIC | EVERYBODYS:
            continue
        for name in (None, *sorted(route.names & set(others.ids))):
            asked = route.needed | ({} if name is None else {name: others.ids[name]})
            answer = api.ask(route.method, filled(route, mine), key=key, json=route.body, params=asked)
            if answer.status_code in (204, 409, 422) and route.method != "GET":
                continue  # another body is wanted
            assert answer.status_code in (200, 201, 204, 404), (route, name, answer.text)
            # What was asked for may be said again, as in "there is no client 7".
            assert OTHERS not in answer.text.replace(others.ids["platform_post_id"], ""), (route, name)
            seen += MINE in answer.text
            everything = api.ask(route.method, filled(route, others), json=route.body, params=route.needed)
            assert everything.status_code in (200, 201) or route.method != "GET"
    assert seen >= 6, "nothing was there to be seen"


def test_a_body_cannot_point_to_others(api: Api, mine: Business, others: Business) -> None:
    """D4: a draft of another client is not there."""
    key = mine.filling.key(int(mine.ids["client_id"]))
    for route in routes(api):
        if route.body is None or not route.path.endswith(("/conversion", "/decisions")):
            continue
        name = "draft_id" if route.path.endswith("/decisions") else "content_draft_id"
        body = route.body | {name: int(others.ids["content_draft_id"])}
        assert api.ask(route.method, filled(route, mine), key=key, json=body).status_code == 404, route


def test_what_is_the_operators_refuses_limited_keys(api: Api, mine: Business) -> None:
    """D3: figures of all clients together are for keys that see all clients."""
    key = mine.filling.key(int(mine.ids["client_id"]))
    for route in routes(api):
        if (route.method, route.path) in OPERATORS:
            assert api.ask(route.method, f"/{route.path}", key=key).status_code == 403
            assert api.ask(route.method, f"/{route.path}").status_code == 200
        if (route.method, route.path) in EVERYBODYS:
            body = {"day": str(YESTERDAY), "text": "A holiday"}
            assert api.ask(route.method, filled(route, mine), key=key, json=body).status_code == 403


def test_unknown_parameters_are_refused_on_every_route(api: Api, mine: Business) -> None:
    """J3, J7: a misspelt one would change the meaning of an answer without a word; one given twice has two meanings."""
    for route in routes(api):
        path = filled(route, mine)
        for query in ("start_dat=2026-01-01", "x", "limit=1&limit=2", "platform=facebook&platform=facebook"):
            needed = "&".join(f"{name}={value}" for name, value in route.needed.items())
            answer = api.ask(route.method, f"{path}?{needed}&{query}", json=route.body)
            assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM), (route, query)
            assert answer.json()["errors"][0]["location"].startswith("query."), (route, query)
    answer = api.get(f"/{mine.ids['client_id']}/metrics?metric_name=a&metric_name=b")
    assert answer.status_code == 200, "a list may be given piece by piece"
