"""Viewers of the same large table share its HTML; another value or another address has its own."""

from markupsafe import Markup, escape

from sophia.dashboard.layout.rendered_tables import FEWEST_ROWS, MOST_TABLES, RenderedTables
from sophia.display.values import Cell, Column, Table, Value


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
    assert [tables.render("", macro, table_of("Hats")) for _ in range(3)] == ["Hats"] * 3
    assert macro.calls == 1
    assert tables.render("", macro, table_of("Shoes")) == "Shoes"
    assert tables.render("sort=clients.0.ascending", macro, table_of("Hats")) == "Hats"
    assert macro.calls == 3


def test_small_tables_are_not_kept() -> None:
    tables, macro = RenderedTables(), Macro()
    for _ in range(2):
        tables.render("", macro, table_of("Hats", FEWEST_ROWS - 1))
    assert macro.calls == 2


def test_only_the_newest_are_kept() -> None:
    tables, macro = RenderedTables(), Macro()
    for number in range(MOST_TABLES + 1):
        tables.render("", macro, table_of(str(number)))
    tables.render("", macro, table_of("1"))
    assert macro.calls == MOST_TABLES + 1
    tables.render("", macro, table_of("0"))
    assert macro.calls == MOST_TABLES + 2
