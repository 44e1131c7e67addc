"""Every route that there is, found in the application itself: who gets in, and what a key for one client sees."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from tests.conftest import MOSTLY_ON_SQLITE, NOW, YESTERDAY, Api, Filling
from tests.security.business import MINE, OTHERS, Business, furnished

from sophia.access.web import parameters
from sophia.analytics.annotations.models import Annotation
from sophia.dashboard.router import router as dashboard

# A day of the week that reports are about by default.
NEWEST_WEEK = date(2026, 11, 10)
PROBLEM = "application/problem+json"
OPEN = {("GET", "/healthz")}
# Files that are the same for everybody: they read no store and take no parameter.
PAGE = {"/docs", "/docs/page.js", "/docs/page.css"}
# What is told of all clients is told by keys that see all clients.
EVERYBODYS = {
    ("POST", "/api/analytics/portfolio/annotations"),
    ("DELETE", "/api/analytics/portfolio/annotations/{annotation_id}"),
}
OPERATORS = {
    ("GET", "/metrics"),
    ("GET", "/api/analytics/report-settings"),
    ("PUT", "/api/analytics/report-settings"),
    ("POST", "/api/analytics/benchmarks/import"),
}
BENCHMARKS = "industry,platform,metric,statistic,value_percent,data_year,source,provenance"
# The same for everybody who has a key.
PUBLIC = {("GET", "/openapi.json")}
NEEDED = {"/series": {"canonical": "views"}}

# What every route that writes takes, without anything in it that belongs to a client; None where it takes nothing.
BODIES: dict[str, dict[str, Any] | None] = {
    "POST analytics/{client_id}/conversion": {"event_type": "save", "source": "shop", "event_date": str(YESTERDAY)},
    "PATCH analytics/{client_id}/conversions/{conversion_id}": {"reason": "A discount", "utm_campaign": "tips"},
    "POST analytics/{client_id}/conversions/{conversion_id}/restore": {"reason": "It was real"},
    "PUT analytics/{client_id}/conversion-sources": {"sources": None},
    "POST analytics/{client_id}/campaigns": {"name": "Spring", "start_date": str(YESTERDAY)},
    "POST analytics/{client_id}/campaigns/group": None,
    "PATCH analytics/{client_id}/campaigns/{campaign_id}": {"name": "Summer"},
    "POST analytics/{client_id}/campaigns/{campaign_id}/drafts": {"draft_ids": []},
    "PUT analytics/{client_id}/domains": {"domains": ["example.com"]},
    "POST analytics/{client_id}/competitors": {"username": "rival"},
    "POST analytics/{client_id}/decisions": {"stage": "angle", "decision": "warm"},
    "POST analytics/{client_id}/costs": {
        "start_date": str(YESTERDAY),
        "end_date": str(YESTERDAY),
        "amount": "5.00",
        "currency": "CAD",
        "purpose": "ads",
    },
    "PUT analytics/{client_id}/goals/{name}": {
        "kpi": "views",
        "target": 9.0,
        "start_date": str(YESTERDAY),
        "end_date": str(YESTERDAY),
    },
    "POST analytics/{client_id}/annotations": {"day": str(YESTERDAY), "text": "A fair"},
    "POST analytics/portfolio/annotations": {"day": str(YESTERDAY), "text": "A holiday"},
    "PUT analytics/{client_id}/ideal-customers/{name}": {"genders": ["F"]},
    "POST analytics/{client_id}/reports": {},
    "PUT analytics/{client_id}/report-note": {"text": "A good week"},
    "PUT analytics/{client_id}/report-settings": {"colour": "#203040", "language": "de"},
    "PUT analytics/report-settings": {"name": "The agency"},
    "PUT analytics/{client_id}/industry": {"industry": "retail"},
    "POST analytics/benchmarks/import": {"csv": BENCHMARKS},
    "POST publishing/drafts": {"platform": "facebook", "kind": "feed", "copy": "Hello"},
    "PATCH publishing/drafts/{draft_id}": {"version": 1, "copy": "Bye"},
    "POST publishing/drafts/{draft_id}/approve": {"version": 1},
    "POST publishing/drafts/{draft_id}/reject": {"version": 1},
    "POST publishing/drafts/{draft_id}/queue": {},
    "POST publishing/queue/{entry_id}/cancel": None,
    "POST publishing/queue/{entry_id}/retry": None,
    "POST /mcp": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "portfolio_brief"}},
}
# What of a body names something: as it stands there, by the name that it has in a business.
NAMED: dict[str, dict[str, tuple[str, bool]]] = {
    "POST analytics/{client_id}/conversion": {"content_draft_id": ("content_draft_id", False)},
    "PATCH analytics/{client_id}/conversions/{conversion_id}": {"content_draft_id": ("content_draft_id", False)},
    "POST analytics/{client_id}/campaigns": {"draft_ids": ("draft_id", True)},
    "POST analytics/{client_id}/decisions": {"draft_id": ("draft_id", False)},
    "POST analytics/{client_id}/campaigns/{campaign_id}/drafts": {"draft_ids": ("draft_id", True)},
    "POST publishing/drafts": {
        "client_id": ("client_id", False),
        "account_ids": ("account_id", True),
        "campaign_id": ("campaign_id", False),
    },
    "PATCH publishing/drafts/{draft_id}": {"account_ids": ("account_id", True)},
    "POST publishing/drafts/{draft_id}/queue": {"account_ids": ("account_id", True)},
}


@dataclass
class Route:
    """One way to ask the application. `names` are what may stand in the address, `places` what must stand in the path."""

    method: str
    path: str
    names: set[str]
    places: set[str]
    dependant: Dependant

    @property
    def needed(self) -> dict[str, str]:
        return next((found for end, found in NEEDED.items() if self.path.endswith(end)), {})

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/')}"

    @property
    def body(self) -> dict[str, Any] | None:
        """What the route takes. A route that writes and is not told of here fails every test with its name."""
        if self.method in ("GET", "DELETE"):
            return None
        assert self.name in BODIES, f"teach BODIES of this test what {self.name} takes"
        return BODIES[self.name]

    def body_of(self, business: Business) -> dict[str, Any] | None:
        """The same with what is of a business in it."""
        named = {place: business.ids[name] for place, (name, _) in NAMED.get(self.name, {}).items()}
        lists = {place for place, (_, many) in NAMED.get(self.name, {}).items() if many}
        found = {place: [int(one)] if place in lists else int(one) for place, one in named.items()}
        return None if self.body is None else self.body | found


DASHBOARD = {context.path for context in iter_route_contexts(dashboard.routes)}


def routes(api: Api) -> Iterator[Route]:
    for context in iter_route_contexts(api.app.routes):
        route = context.original_route
        assert isinstance(route, APIRoute), f"teach this test what a {type(route).__name__} is"
        assert context.path is not None
        # Pages have sessions instead of keys, and their own walk in tests/dashboard/test_who_sees_what.py.
        if context.path in PAGE or context.path in DASHBOARD:
            continue
        places = set(route.param_convertors)
        for method in context.methods or ():
            names = {name for name, _ in parameters(route.dependant)}
            yield Route(method, context.path, names, places, route.dependant)


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


@MOSTLY_ON_SQLITE
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
                # The path that was asked for is said again.
                assert OTHERS not in answer.text.replace(others.ids["name"], ""), route


def test_another_client_does_not_exist_on_any_route(api: Api, mine: Business, others: Business) -> None:
    """D3, J3: 404 in the very words of a client that there is not; the same route answers for one's own."""
    key = mine.filling.key(int(mine.ids["client_id"]))
    nobody = dict.fromkeys(others.ids, "4711")
    # What is deleted would be missing for the routes after that: the parts go last, and what they belong to after them.
    for route in sorted(routes(api), key=lambda one: (one.method == "DELETE", -len(one.path))):
        if not route.places or (route.method, route.path) in EVERYBODYS:
            continue
        body = route.body_of(mine)
        foreign = api.ask(route.method, filled(route, others), key=key, json=body, params=route.needed)
        unknown = api.ask(route.method, "/" + route.path.format(**nobody), json=body, params=route.needed)
        assert (foreign.status_code, unknown.status_code) == (404, 404), route
        assert foreign.json()["detail"].replace(others.ids["client_id"], "4711") == unknown.json()["detail"]
        own = api.ask(route.method, filled(route, mine), key=key, json=body, params=route.needed)
        assert own.status_code in (200, 201, 204, 409), (route, own.text)
        assert OTHERS not in own.text


@MOSTLY_ON_SQLITE
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


@MOSTLY_ON_SQLITE
def test_nobody_hears_who_wrote_to_everybody(api: Api, mine: Business) -> None:
    """L24, D3: what was noted for the whole portfolio stands on every route that shows notes, who wrote it for keys that
    see all clients only; also in what is made as of a moment, in headers and in CSV.
    """
    for day in (YESTERDAY, NEWEST_WEEK):
        note = Annotation(client_id=None, day=day, text="A holiday", author="key of-the-agency", written_at=NOW)
        mine.filling.add(note)
    key = mine.filling.key(int(mine.ids["client_id"]))
    shown = set()
    for route in routes(api):
        if route.method == "GET" and (route.method, route.path) not in OPEN | OPERATORS | PUBLIC:
            moments: list[dict[str, str]] = [{}]
            if "as_of" in route.names:
                moments.append({"as_of": NOW.isoformat()})
            for moment in moments:
                asked = route.needed | moment
                limited = api.ask("GET", filled(route, mine), key=key, params=asked)
                whole = api.ask("GET", filled(route, mine), params=asked).text
                assert ("A holiday" in limited.text) == ("A holiday" in whole), route
                assert "of-the-agency" not in limited.text + str(limited.headers), route
                if "of-the-agency" in whole:
                    shown.add((route.path.removeprefix("/api/analytics/"), "as_of" in moment))
    assert shown >= {
        ("portfolio/brief", False),
        ("portfolio/brief", True),
        ("portfolio/events", False),
        ("portfolio/annotations", False),
        ("{client_id}/report", False),
        ("{client_id}/report", True),
        ("{client_id}/kpis", False),
        ("{client_id}/anomalies", False),
        ("{client_id}/annotations", False),
    }


def test_a_body_cannot_point_to_others(api: Api, mine: Business, others: Business) -> None:
    """D3, D4: what a body names of another client is not there, on every route that takes a name, and nothing is kept."""
    key = mine.filling.key(int(mine.ids["client_id"]))
    walked = {route.name: route for route in routes(api)}
    for name, places in NAMED.items():
        route = walked[name]
        own = route.body_of(mine)
        assert own is not None
        for place, (thing, many) in places.items():
            foreign, nobody = int(others.ids[thing]), 4711
            texts = []
            for number in (foreign, nobody):
                body = own | {place: [number] if many else number}
                answer = api.ask(route.method, filled(route, mine), key=key, json=body)
                assert answer.status_code == 404, (name, place, answer.text)
                texts.append(answer.json()["detail"].replace(str(number), "#"))
            assert texts[0] == texts[1], (name, place)


def test_what_is_the_operators_refuses_limited_keys(api: Api, mine: Business) -> None:
    """D3: figures of all clients together are for keys that see all clients."""
    key = mine.filling.key(int(mine.ids["client_id"]))
    for route in routes(api):
        if (route.method, route.path) in OPERATORS:
            assert api.ask(route.method, f"/{route.path}", key=key, json=route.body).status_code == 403
            assert api.ask(route.method, f"/{route.path}", json=route.body).status_code == 200
        if (route.method, route.path) in EVERYBODYS:
            assert api.ask(route.method, filled(route, mine), key=key, json=route.body).status_code == 403


@MOSTLY_ON_SQLITE
def test_unknown_parameters_are_refused_on_every_route(api: Api, mine: Business) -> None:
    """J3, J7: a misspelt one would change the meaning of an answer without a word; one given twice has two meanings."""
    for route in routes(api):
        path = filled(route, mine)
        for query in ("start_dat=2026-01-01", "x", "limit=1&limit=2", "platform=facebook&platform=facebook"):
            needed = "&".join(f"{name}={value}" for name, value in route.needed.items())
            answer = api.ask(route.method, f"{path}?{needed}&{query}", json=route.body)
            assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM), (route, query)
            assert answer.json()["errors"][0]["location"].startswith("query."), (route, query)
    answer = api.get(f"/{mine.ids['client_id']}/metrics?metric_name=reach&metric_name=views")
    assert answer.status_code == 200, "a list may be given piece by piece"
