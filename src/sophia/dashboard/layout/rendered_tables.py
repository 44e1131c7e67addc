"""Keeps the HTML of large tables, so that viewers of the same figures share the work of rendering them."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock

from markupsafe import Markup

from sophia.display.values import Table

# A table of 200 clients takes 30 ms and has 350 kB.
MOST_TABLES = 24
FEWEST_ROWS = 20


class RenderedTables:
    """The newest tables by their value, and by what else they contain: the query of the page, and words of a language."""

    def __init__(self) -> None:
        self._tables: OrderedDict[tuple[Table, str, frozenset[tuple[str, str]]], Markup] = OrderedDict()
        self._lock = Lock()

    def render(self, query: str, words: Mapping[str, str], macro: Callable[[Table], Markup], table: Table) -> Markup:
        """Return what the macro makes of a table."""
        if len(table.rows) < FEWEST_ROWS:
            return macro(table)
        key = table, query, frozenset(words.items())
        with self._lock:
            kept = self._tables.get(key)
            if kept is not None:
                self._tables.move_to_end(key)
                return kept
        html = macro(table)
        with self._lock:
            self._tables[key] = html
            while len(self._tables) > MOST_TABLES:
                self._tables.popitem(last=False)
        return html


@cache
def rendered_tables() -> RenderedTables:
    """Return the tables of this process."""
    return RenderedTables()
