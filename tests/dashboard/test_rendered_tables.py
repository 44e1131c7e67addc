"""Viewers of the same large table share its HTML; another value or another address has its own."""

from dataclasses import replace

from fastapi import Request
from markupsafe import Markup, escape
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.dashboard.layout.pages import plain_frame, respond
from sophia.dashboard.layout.rendered_tables import FEWEST_ROWS, MOST_TABLES, RenderedTables
from sophia.display.languages import ENGLISH, language
from sophia.display.values import Cell, Column, Table, Value

WORDS = {"export": "Export CSV"}


class Macro:
    """Renders the first cell, and counts its calls."""

    calls = 0

    def __call__(self, table: Table) -> Markup:
        self.calls += 1
        return escape(table.rows[0][0].value.text)


def table_of(text: str, rows: int = FEWEST_ROWS) -> Table:
    return Table("clients", "All clients", (Column("Client"),), ((Cell(Value(text)),),) * rows, "No client yet.")


def test_equal_tables_are_rendered_once() -> None:
    tables, macro = RenderedTables(), Macro()
    assert [tables.render("", WORDS, macro, table_of("Hats")) for _ in range(3)] == ["Hats"] * 3
    assert macro.calls == 1
    assert tables.render("", WORDS, macro, table_of("Shoes")) == "Shoes"
    assert tables.render("sort=clients.0.ascending", WORDS, macro, table_of("Hats")) == "Hats"
    assert macro.calls == 3


def test_small_tables_are_not_kept() -> None:
    tables, macro = RenderedTables(), Macro()
    for _ in range(2):
        tables.render("", WORDS, macro, table_of("Hats", FEWEST_ROWS - 1))
    assert macro.calls == 2


def test_only_the_newest_are_kept() -> None:
    tables, macro = RenderedTables(), Macro()
    for number in range(MOST_TABLES + 1):
        tables.render("", WORDS, macro, table_of(str(number)))
    tables.render("", WORDS, macro, table_of("1"))
    assert macro.calls == MOST_TABLES + 1
    tables.render("", WORDS, macro, table_of("0"))
    assert macro.calls == MOST_TABLES + 2


def test_each_language_has_its_own(agencies: Agencies) -> None:
    """A page in German after the same table in English has German words."""
    browser = agencies.browser(UserRole.OPERATOR)
    page = replace(browser.get("/portfolio").page, clients=table_of("Hats"))
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/portfolio",
        "query_string": b"",
        "headers": [],
        "app": agencies.app,
    }
    request = Request(scope)
    for code, export in ((ENGLISH, "Export CSV"), ("de", "CSV exportieren"), (ENGLISH, "Export CSV")):
        words = language(code).section("page")
        assert words["export"] == export
        framed = replace(plain_frame(request, "Portfolio"), words=words)
        assert export in bytes(respond(request, "portfolio/page.html", framed, page).body).decode()
