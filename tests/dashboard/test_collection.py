"""The collection page: who may collect now, and how the progress is shown, against a simulated Meta."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser as RealBrowser
from tests.conftest import PATIENCE_SECONDS
from tests.dashboard.conftest import Agencies
from tests.meta.conftest import meta
from tests.portfolio.conftest import Agency, agency

from sophia.access.sessions import start_session
from sophia.access.users import UserRole, create_user
from sophia.analytics.readings.runs import list_runs
from sophia.dashboard.collection.view import NO_JOBS, READS_ONLY
from sophia.demo.server import running_server
from sophia.jobs.schedule import open_runner
from sophia.main import create_app
from sophia.vault import open_vault

__all__ = ["agency", "meta"]


@pytest.fixture
def served(agency: Agency) -> Iterator[str]:
    """The address of a server that can collect three clients with two accounts each from a slow Meta."""
    agency.vault = open_vault(agency.settings.encryption_key, agency.settings.data_dir)
    # The driver of the real browser keeps an event loop in this thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(agency.connect).result()
    agency.meta.api.latency_seconds = 0.05
    runner = partial(open_runner, agency.settings, agency.database, clock=agency.clock)
    app = create_app(agency.settings, agency.database, clock=agency.clock, on_start=runner)
    with running_server(app, lifespan=True) as address:
        yield address


def token(agency: Agency, role: UserRole, *client_ids: int, name: str = "") -> str:
    with agency.database.write() as session:
        user = create_user(session, name or f"{role}", role, client_ids, agency.now, None)
        return start_session(session, user.id, "Test", agency.now)


def signed_in(agency: Agency, address: str, role: UserRole, *client_ids: int) -> httpx.Client:
    cookies = {"sophia_session": token(agency, role, *client_ids)}
    return httpx.Client(base_url=address, cookies=cookies, timeout=PATIENCE_SECONDS)


def events(client: httpx.Client) -> list[Any]:
    """The data of all events of one stream."""
    with client.stream("GET", "/collection/progress") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        return [json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line.startswith("data: ")]


def test_progress_moves_until_every_account_is_collected(agency: Agency, served: str) -> None:
    with signed_in(agency, served, UserRole.OPERATOR) as client:
        answer = client.post("/collection/collect")
        assert (answer.status_code, answer.headers["location"]) == (303, "/collection")
        assert "Collecting: " in client.get("/collection").text
        panels = events(client)
        page = client.get("/collection").text
    assert [panel["is_open"] for panel in panels] == [True] * (len(panels) - 1) + [False]
    assert len(panels) > 1
    assert [(row["percent"], row["text"].partition(",")[0]) for row in panels[-1]["rows"]] == [(100, "ok")] * 6
    assert "Collected: 6 of 6 accounts are finished" in page
    with agency.database.read() as session:
        runs = list_runs(session, None)
    assert [(run.trigger, run.status) for run in runs] == [("manual", "ok")] * 6
    for row in panels[-1]["rows"]:
        (run,) = (run for run in runs if run.account_id == row["account_id"])
        assert f"{run.readings_new + run.readings_changed + run.readings_same:,} readings" in row["text"]


def test_a_manager_collects_and_sees_the_own_clients_only(agency: Agency, served: str) -> None:
    with signed_in(agency, served, UserRole.MANAGER, 1) as client:
        client.post("/collection/collect")
        rows = events(client)[-1]["rows"]
    with agency.database.read() as session:
        assert {run.client_id for run in list_runs(session, None)} == {1}
    assert len(rows) == 2
    with signed_in(agency, served, UserRole.VIEWER, 2) as other:
        assert events(other) == [{"title": "", "rows": [], "is_open": False}]


def test_a_viewer_cannot_collect(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.VIEWER, agencies.hats)
    page = browser.get("/collection").page
    assert (page.collect, page.no_collect) == ("", READS_ONLY)
    assert browser.post("/collection/collect").status == 403


def test_a_process_without_jobs_says_so(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    page = browser.get("/collection").page
    assert (page.collect, page.no_collect) == ("", NO_JOBS)
    answer = browser.post("/collection/collect")
    assert (answer.status, "runs no jobs" in answer.text) == (409, True)


@pytest.mark.parametrize("has_javascript", [True, False])
def test_collect_now_in_a_browser(browser: RealBrowser, agency: Agency, served: str, has_javascript: bool) -> None:
    context = browser.new_context(java_script_enabled=has_javascript)
    value = token(agency, UserRole.OPERATOR)
    context.add_cookies([{"name": "sophia_session", "value": value, "url": served}])
    page = context.new_page()
    page.goto(f"{served}/collection")
    page.get_by_role("button", name="Collect now").click()
    assert page.locator("progress").count() == 6
    if has_javascript:
        page.get_by_text("Collected: 6 of 6 accounts are finished").wait_for()
    while not has_javascript and page.get_by_text("Collecting").count():
        page.get_by_role("link", name="Reload to see the newest state").click()
    assert page.get_by_role("button", name="Collect now").count() == 1
    context.close()
