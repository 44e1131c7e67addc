"""Which role each route requires, and that every role is held to it on every route."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.conftest import MOSTLY_ON_SQLITE, NOW, YESTERDAY, Api, Filling, plain_settings
from tests.security.business import Business, furnished
from tests.security.test_routes import OPEN, PROBLEM, Route, filled, routes

from sophia.access.roles import Role
from sophia.access.web import Permission
from sophia.analytics.annotations.models import Annotation
from sophia.database.columns import Base
from sophia.database.engine import Database
from sophia.main import create_app

# What each route that changes something requires, and answers when it is done. GET routes require *read*.
CHANGES: Mapping[str, tuple[str, int]] = {
    # Messages of assistants, whose tools only read.
    "POST /mcp": ("read", 200),
    "POST analytics/{client_id}/conversion": ("write", 201),
    "PATCH analytics/{client_id}/conversions/{conversion_id}": ("write", 200),
    "DELETE analytics/{client_id}/conversions/{conversion_id}": ("write", 204),
    # Nothing was deleted that could be restored.
    "POST analytics/{client_id}/conversions/{conversion_id}/restore": ("write", 409),
    "PUT analytics/{client_id}/conversion-sources": ("write", 200),
    "POST analytics/{client_id}/campaigns": ("write", 201),
    "POST analytics/{client_id}/campaigns/group": ("write", 200),
    "PATCH analytics/{client_id}/campaigns/{campaign_id}": ("write", 200),
    "POST analytics/{client_id}/campaigns/{campaign_id}/drafts": ("write", 200),
    "DELETE analytics/{client_id}/campaigns/{campaign_id}/drafts/{draft_id}": ("write", 204),
    "DELETE analytics/{client_id}/campaigns/{campaign_id}": ("write", 204),
    "PUT analytics/{client_id}/domains": ("write", 200),
    "POST analytics/{client_id}/competitors": ("write", 201),
    "DELETE analytics/{client_id}/competitors/{competitor_id}": ("write", 204),
    "POST analytics/{client_id}/decisions": ("write", 201),
    "POST analytics/{client_id}/costs": ("write", 201),
    "DELETE analytics/{client_id}/costs/{cost_id}": ("write", 204),
    "PUT analytics/{client_id}/goals/{name}": ("write", 200),
    "DELETE analytics/{client_id}/goals/{name}": ("write", 204),
    "POST analytics/{client_id}/annotations": ("write", 201),
    "DELETE analytics/{client_id}/annotations/{annotation_id}": ("write", 204),
    "PUT analytics/{client_id}/ideal-customers/{name}": ("write", 200),
    "DELETE analytics/{client_id}/ideal-customers/{name}": ("write", 204),
    "PUT analytics/{client_id}/industry": ("admin", 200),
    "POST analytics/{client_id}/reports": ("write", 201),
    "PUT analytics/{client_id}/report-note": ("write", 200),
    "PUT analytics/{client_id}/report-settings": ("admin", 200),
    "PUT analytics/report-settings": ("admin", 200),
    "POST analytics/portfolio/annotations": ("admin", 201),
    "DELETE analytics/portfolio/annotations/{annotation_id}": ("admin", 204),
    "POST analytics/benchmarks/import": ("admin", 200),
    "POST publishing/drafts": ("write", 201),
    "POST publishing/drafts/{draft_id}/approve": ("publish", 200),
    "POST publishing/drafts/{draft_id}/reject": ("publish", 200),
    "POST publishing/drafts/{draft_id}/queue": ("publish", 200),
    "POST publishing/queue/{entry_id}/cancel": ("publish", 200),
    # Nothing has failed that could be tried again.
    "POST publishing/queue/{entry_id}/retry": ("publish", 409),
    # Last of all, for it makes the version another one.
    "PATCH publishing/drafts/{draft_id}": ("write", 200),
}
# What concerns all clients together requires a key that is not limited to some.
PORTFOLIO_WIDE = {
    "GET /metrics",
    "GET analytics/report-settings",
    "PUT analytics/report-settings",
    "POST analytics/portfolio/annotations",
    "DELETE analytics/portfolio/annotations/{annotation_id}",
    "POST analytics/benchmarks/import",
}
ORDER = list(Role)


def guarded(api: Api) -> list[Route]:
    """All routes that require a key: those that change nothing, then the others in the order of CHANGES."""
    found = [route for route in routes(api) if (route.method, route.path) not in OPEN]
    unknown = [route.name for route in found if route.method != "GET" and route.name not in CHANGES]
    assert not unknown, f"say in CHANGES which role these require: {unknown}"
    places = {name: number for number, name in enumerate(CHANGES)}
    # What is a part of something is deleted before that.
    return sorted(found, key=lambda route: (route.method == "DELETE", places.get(route.name, -1)))


def may(route: Route, role: Role, *, limited: bool) -> bool:
    needed = CHANGES.get(route.name, ("read", 200))[0]
    return [one.value for one in ORDER].index(needed) <= ORDER.index(role) and not (
        limited and route.name in PORTFOLIO_WIDE
    )


def everything(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted(map(str, connection.execute(table.select()))) for table in Base.metadata.sorted_tables
        }


def ask(api: Api, route: Route, business: Business, key: str) -> Any:
    return api.ask(route.method, filled(route, business), key=key, json=route.body_of(business), params=route.needed)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_route_declares_the_role_that_it_requires(api: Api) -> None:
    """L16: exactly what the table of this test says; a route without a role, or a change with *read*, is none."""
    declared = {}
    for route in guarded(api):
        permission = next(iter([i.call for i in route.dependant.dependencies if isinstance(i.call, Permission)]), None)
        assert permission is not None, f"{route.name} declares no role: give it CanWrite, CanPublish or another"
        declared[route.name] = (permission.role.value, permission.every_client)
        assert (permission.role is Role.READ) == (route.method == "GET" or route.path == "/mcp"), route.name
    assert declared == {
        route.name: (CHANGES.get(route.name, ("read",))[0], route.name in PORTFOLIO_WIDE) for route in guarded(api)
    }
    assert set(CHANGES) <= set(declared)


@MOSTLY_ON_SQLITE
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("limited", [True, False], ids=["limited", "unlimited"])
def test_each_role_does_what_it_may_and_nothing_else(api: Api, filling: Filling, role: Role, *, limited: bool) -> None:
    """L16: on every route with a body that is in order; a refusal is 403, names the role, and writes nothing."""
    business = furnished(filling, "walked")
    key = filling.key(*([int(business.ids["client_id"])] if limited else []), name="walker", role=role)
    walked = guarded(api)
    before = everything(filling.database)
    for route in walked:
        if may(route, role, limited=limited):
            continue
        refused = ask(api, route, business, key)
        assert (refused.status_code, refused.headers["Content-Type"]) == (403, PROBLEM), route.name
        needed = CHANGES.get(route.name, ("read",))[0]
        if ORDER.index(role) < [one.value for one in ORDER].index(needed):
            assert f"the role {needed};" in refused.json()["detail"], route.name
            assert f"'walker' has the role {role.value}" in refused.json()["detail"]
        else:
            assert "not limited" in refused.json()["detail"], route.name
    assert everything(filling.database) == before
    for route in walked:
        if not may(route, role, limited=limited):
            continue
        if route.name == "DELETE analytics/portfolio/annotations/{annotation_id}":
            note = Annotation(client_id=None, day=YESTERDAY, text="A holiday", author="Ada", written_at=NOW)
            business.ids["annotation_id"] = str(filling.add(note))
        answer = ask(api, route, business, key)
        assert answer.status_code == CHANGES.get(route.name, ("read", 200))[1], (route.name, answer.text)


@MOSTLY_ON_SQLITE
def test_a_refusal_tells_nothing_of_other_clients(api: Api, filling: Filling) -> None:
    """L16, D3: without the role, another client's things and things that do not exist are refused in the same words; with
    the role both are 404.
    """
    own, other = furnished(filling, "own"), furnished(filling, "other")
    keys = {role: filling.key(int(own.ids["client_id"]), name=f"a {role}", role=role) for role in Role}
    nothing = Business(filling, "nothing", dict.fromkeys(other.ids, "4711"))
    for route in guarded(api):
        if route.method == "GET" or not route.places or route.name in PORTFOLIO_WIDE:
            continue
        needed = Role(CHANGES[route.name][0])
        weaker = ORDER[ORDER.index(needed) - 1]
        for role, status in ((weaker, 403), (needed, 404)):
            foreign, unknown = (
                api.ask(route.method, filled(route, things), key=keys[role], json=route.body_of(own))
                for things in (other, nothing)
            )
            assert (foreign.status_code, unknown.status_code) == (status, status), (route.name, role)
            if status == 403:
                assert foreign.json()["detail"] == unknown.json()["detail"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_head_and_options_follow_the_same_rules(api: Api, filling: Filling) -> None:
    """L16: HEAD answers as GET does, without a body; OPTIONS does nothing and tells nothing."""
    business = furnished(filling, "asked")
    other = furnished(filling, "other")
    key = filling.key(int(business.ids["client_id"]), role=Role.READ)
    before = everything(filling.database)
    for route in guarded(api):
        options = api.ask("OPTIONS", filled(route, business), key=key)
        assert (options.status_code, "walked" in options.text) == (405, False), route.name
        if route.method != "GET":
            continue
        for things, own_key in ((business, key), (other, key), (business, None)):
            got, head = (
                api.ask(method, filled(route, things), key=own_key, params=route.needed) for method in ("GET", "HEAD")
            )
            assert (head.status_code, head.content) == (got.status_code, b""), route.name
    assert everything(filling.database) == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_refusals_count_as_requests(filling: Filling) -> None:
    """L16, J10: a key that asks for what it may not do runs into its limit like any other."""
    app = create_app(plain_settings(requests_per_minute=3), filling.database, clock=lambda: NOW)
    api = Api(app, filling.key(role=Role.READ))
    statuses = [api.post("/benchmarks/import", {"csv": "x"}).status_code for _ in range(4)]
    assert statuses == [403, 403, 403, 429]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_body_that_cannot_be_read_does_not_hide_the_refusal_of_a_missing_key(api: Api, filling: Filling) -> None:
    """L16: 401 without a key whatever was sent, 403 with one whose role does not suffice."""
    client = filling.client("Hats")
    reader = filling.key(client, role=Role.READ)
    for path in (f"/{client}/costs", "//api/publishing/drafts"):
        for body in ({"nonsense": 1}, {}):
            assert api.post(path, body, key=None).status_code == 401
            assert api.post(path, body, key=reader).status_code == 403
        assert api.post(f"{path}?nonsense=1", {}, key=reader).status_code == 403
