"""Errors of pages are pages: also those that no page expects."""

import json

import pytest
from tests.dashboard.conftest import Agencies, Browser

from sophia.access.users import UserRole

HTML = {"accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def broken(agencies: Agencies) -> Agencies:
    """A store that lacks a table, which no page expects."""
    with agencies.database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE posts RENAME TO lost_posts")
    return agencies


def test_an_unexpected_error_is_a_page(broken: Agencies) -> None:
    browser = broken.browser(UserRole.OPERATOR)
    browser.headers = HTML
    answer = browser.get("/portfolio")
    assert (answer.status, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert answer.headers["x-request-id"] in answer.text
    assert "style-src 'self'" in answer.headers["content-security-policy"]
    assert "no such table" not in answer.text


def test_a_program_gets_the_problem_document(broken: Agencies) -> None:
    answer = broken.browser(UserRole.OPERATOR).get("/portfolio")
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")


@pytest.mark.parametrize("path", ["/nothing", "/static/0/style.css"])
def test_an_address_without_a_page_is_a_page(agencies: Agencies, path: str) -> None:
    browser = Browser(agencies.app, headers=HTML)
    answer = browser.get(path)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert f"There is nothing at {path}." in answer.text


def test_the_api_answers_a_browser_with_a_problem_document(agencies: Agencies) -> None:
    answer = Browser(agencies.app, headers=HTML).get("/api/analytics/accounts")
    assert (answer.status, json.loads(answer.text)["status"]) == (401, 401)


def test_a_form_of_another_site_gets_a_page(agencies: Agencies) -> None:
    browser = Browser(agencies.app)
    answer = browser.post("/sign-out", headers={"sec-fetch-site": "cross-site", **HTML})
    assert (answer.status, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "another site" in answer.text


def test_a_wrong_period_is_explained_in_words(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    reversed_days = browser.get("/portfolio?start_date=2026-11-20&end_date=2026-11-10").text
    assert "start_date is after end_date" in reversed_days
    assert "Value error" not in reversed_days
    early = browser.get("/portfolio?start_date=1999-01-01&end_date=1999-01-07").text
    assert "must be greater than or equal to 2004-01-01" in early
