"""Every page for every kind of user: what belongs to another client is not found."""

import re

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from tests.dashboard.conftest import Agencies, Browser

from sophia.access.pages import PagePermission, current_session
from sophia.access.users import UserRole
from sophia.dashboard.router import router

# Pages that need no session: the sign-in itself, and files without data.
OPEN = {
    "/",
    "/static/{version}/{name}",
    "/brand/{colour}.css",
    "/sign-in",
    "/sign-in/{token}",
    "/shared/{token}",
    "/shared/{token}/pdf",
    "/shared/{token}/pictures/{post_id}",
}


def page_routes() -> list[APIRoute]:
    routes = [context.original_route for context in iter_route_contexts(router.routes)]
    assert all(isinstance(route, APIRoute) for route in routes)
    return [route for route in routes if isinstance(route, APIRoute)]


def test_the_walk_knows_pages_of_every_folder() -> None:
    paths = {route.path for route in page_routes()}
    assert {"/portfolio", "/clients/{client_id}", "/collection", "/clients/{client_id}/share", "/account"} <= paths


def test_every_page_declares_a_permission() -> None:
    for route in page_routes():
        calls = {inner.call for inner in route.dependant.dependencies}
        permissions = [call for call in calls if isinstance(call, PagePermission)]
        assert (len(permissions) == 1 or current_session in calls) is (route.path not in OPEN), route.path


def test_nobody_without_a_session_sees_a_page(agencies: Agencies) -> None:
    browser = Browser(agencies.app)
    for route in page_routes():
        if route.path in OPEN:
            continue
        path = re.sub(r"{\w+}", "1", route.path)
        for method in route.methods or ():
            answer = browser.get(path) if method == "GET" else browser.post(path)
            assert answer.status == 303, path
            assert answer.headers["location"].startswith("/sign-in"), path


@pytest.mark.parametrize("role", [UserRole.MANAGER, UserRole.VIEWER])
def test_another_client_is_not_found(agencies: Agencies, role: UserRole) -> None:
    browser = agencies.browser(role, agencies.shoes)
    assert browser.get(f"/clients/{agencies.shoes}").status == 200
    answer = browser.get(f"/clients/{agencies.hats}")
    assert answer.status == 404
    assert "Hats" not in answer.text
    portfolio = browser.get("/portfolio")
    assert "Other 0" in portfolio.text
    assert "Hats" not in portfolio.text
    assert [row[0].value.text for row in portfolio.page.clients.rows] == ["Other 0"]
