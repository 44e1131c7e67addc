"""Every page shows its whole value, and templates compute nothing."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from tests.dashboard.conftest import Agencies
from tests.dashboard.test_who_sees_what import page_routes

from sophia.access.users import UserRole
from sophia.dashboard.layout.pages import tables
from sophia.display.values import Table

# Addresses in which {hats} is the number of a client.
PAGES = (
    "/portfolio",
    "/clients/{hats}",
    "/clients/{hats}/report",
    "/clients/{hats}/posts",
    "/clients/{hats}/campaigns",
    "/clients/{hats}/campaigns/1",
    "/clients/{hats}/conversions",
    "/clients/{hats}/conversions/import",
    "/clients/{hats}/benchmarks",
    "/clients/{hats}/comments",
    "/clients/{hats}/audience",
    "/clients/{hats}/timing",
    "/clients/{hats}/decisions",
    "/clients/{hats}/forecast",
    "/clients/{hats}/goals",
    "/clients/{hats}/share",
    "/posts/{post}",
    "/collection",
    "/connect",
    "/collection/jobs",
    "/definitions",
    "/account",
    "/drafts",
    "/drafts/new?client_id={hats}",
    "/drafts/{draft}",
    "/settings",
    "/settings/clients/{hats}",
    "/settings/portfolio",
    "/settings/reports",
    "/settings/clients/{hats}/reports",
    "/patterns",
)


# Pages without a table: the sign-in, files, streams, and the addresses of forms that show another page. The choice of
# accounts needs a login at Meta; tests/dashboard/test_connecting.py opens it. A finished report must be kept first:
# tests/dashboard/test_editions.py compares its page with its value.
NOT_WALKED = {
    "/sign-in",
    "/sign-in/{}",
    "/shared/{}",
    "/shared/{}/pictures/{}",
    "/pictures/{}",
    "/connect/callback",
    "/connect/choose",
    "/static/{}/{}",
    "/brand/{}.css",
    "/shared/{}/pdf",
    "/clients/{}/report.pdf",
    "/clients/{}/reports/{}",
    "/clients/{}/reports/{}/pdf",
    "/collection/progress",
    "/clients/{}/costs",
    "/clients/{}/annotations",
}


def texts(value: Any) -> Iterator[str]:
    """Yield every text and number of a page value that a reader must find on the page."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            # A table without rows shows its caption and why it is empty, a table with rows everything else.
            hidden = ("empty",) if isinstance(value, Table) and value.rows else ("name", "columns", "footnote")
            if not (isinstance(value, Table) and field.name in hidden):
                yield from texts(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from texts(part)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_its_whole_value(agencies: Agencies, path: str) -> None:
    answer = agencies.browser(UserRole.OPERATOR).get(agencies.address(path))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.page is not None
    html = squeezed(unescape(answer.text))
    missing = [text for text in texts(answer.page) if squeezed(text).strip() not in html]
    # The name of a table and of a chart are in addresses only, and a path of a line is an attribute.
    assert missing == []


@pytest.mark.parametrize("path", PAGES)
def test_numbers_of_a_page_come_from_its_value(agencies: Agencies, path: str) -> None:
    """A template that computes would show a number that the value does not have."""
    answer = agencies.browser(UserRole.OPERATOR).get(agencies.address(path))
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    shown = re.sub(r"<svg.*?</svg>|<style.*?</style>|<[^>]*>", " ", main, flags=re.DOTALL)
    known = squeezed(" ".join(texts(answer.page)))
    assert [number for number in re.findall(r"\d[\d.,]*\d|\d", unescape(shown)) if number not in known] == []


@pytest.mark.parametrize("path", PAGES)
def test_every_table_exports_what_it_shows(agencies: Agencies, path: str) -> None:
    address = agencies.address(path)
    browser = agencies.browser(UserRole.OPERATOR)
    page, separator = browser.get(address).page, "&" if "?" in address else "?"
    for table in tables(page):
        answer = browser.get(f"{address}{separator}export={table.name}")
        assert answer.status == 200
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert len(rows) == len(table.rows) + 1
        for row, cells in zip(rows[1:], table.rows, strict=True):
            for cell in cells:
                assert cell.value.plain.lstrip("-+=@") in " ".join(row)
                assert cell.note.lstrip("-+=@") in " ".join(row)
                assert (cell.state or "") in row or not cell.state
    assert browser.get(f"{address}{separator}export=nothing").status == 404


@pytest.mark.parametrize("path", PAGES)
def test_every_table_of_a_page_has_an_export_of_its_own(agencies: Agencies, path: str) -> None:
    answer = agencies.browser(UserRole.OPERATOR).get(agencies.address(path))
    names = [table.name for table in tables(answer.page)]
    assert len(set(names)) == len(names)
    full = [table.name for table in tables(answer.page) if table.rows]
    exports = [unescape(link) for link in re.findall(r'class="export" href="([^"]*)"', answer.text)]
    assert sorted(re.findall(r"export=([\w-]+)", " ".join(exports))) == sorted(full)
    assert answer.text.count("<table") == len(full)


def test_the_walk_covers_every_page() -> None:
    """Every address of the router is walked, leads somewhere else, or has a reason."""
    walked = {re.sub(r"{\w+}", "{}", re.sub(r"\?.*", "", path)) for path in PAGES}
    walked |= {path.replace("{}", "1") for path in walked}
    addresses = {
        re.sub(r"{\w+}", "{}", route.path)
        for route in page_routes()
        if "GET" in (route.methods or ()) and route.path != "/"
    }
    missing = {address for address in addresses if not any(re.fullmatch(to_pattern(address), path) for path in walked)}
    assert missing == NOT_WALKED


def to_pattern(address: str) -> str:
    return re.escape(address).replace(r"\{\}", r"(?:\{\}|[^/]+)")


def test_every_link_leads_somewhere(agencies: Agencies) -> None:
    """Each page once, with the query of the link that was found first; exports and static files count as pages."""
    browser = agencies.browser(UserRole.OPERATOR)
    waiting = {"/portfolio": "/portfolio"}
    visited = set[str]()
    while waiting:
        path, address = waiting.popitem()
        visited.add(path)
        answer = browser.get(address)
        assert answer.status == 200, address
        for link in re.findall(r'href="([^"#]+)', answer.text) if "text/html" in answer.headers["content-type"] else ():
            target = urljoin(f"http://pages.test{address}", unescape(link))
            parts = urlsplit(target)
            key = f"{parts.path}?export" if "export=" in parts.query else parts.path
            if parts.netloc == "pages.test" and key not in visited:
                waiting[key] = f"{parts.path}?{parts.query}" if parts.query else parts.path
    assert {"/portfolio", f"/clients/{agencies.hats}", f"/clients/{agencies.hats}/posts", "/definitions"} <= visited
