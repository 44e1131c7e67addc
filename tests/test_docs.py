"""The documents keep up with the code: made pages are current, links lead somewhere, and the SQL runs."""

import re
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sophia.database.engine import Database
from sophia.migrations import upgrade

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
SQL = re.compile(r"^```sql\n(.*?)^```", re.MULTILINE | re.DOTALL)
GENERATOR = runpy.run_path(str(ROOT / "docs" / "generate.py"))
MADE: dict[str, Callable[[], str]] = GENERATOR["PAGES"]


@pytest.mark.parametrize("name", sorted(MADE))
def test_made_pages_are_current(name: str) -> None:
    """K11: pages that are made from the code say what the code says."""
    stored = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert stored == MADE[name](), f"docs/{name} is out of date: run `python3 dev.py run python docs/generate.py`"


def test_named_rows_exist() -> None:
    """K11: no test claims to show a requirement that nobody wrote."""
    known = {f"{letter}{number}" for letter, (count, _) in GENERATOR["PARTS"].items() for number in range(1, count + 1)}
    for rows in GENERATOR["rows_in_tests"]():
        assert set(rows) <= known, sorted(set(rows) - known)


def test_ranges_are_written_out() -> None:
    rows = list(GENERATOR["rows_of"]("A1\u2013A3, B2-4 (C7), v22.0, J13."))
    assert rows == ["A1", "A2", "A3", "B2", "B3", "B4", "C7", "J13"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """K11: every relative link of a document names a file or folder that is there."""
    dead = [
        target
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target
        and not target.startswith(("#", "mailto:"))
        and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert not dead


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('docs') / 'sophia.db'}")
    upgrade(database)
    yield database
    database.close()


def queries() -> list[str]:
    return SQL.findall((ROOT / "docs" / "data-for-analysts.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("query", queries())
def test_queries_run(empty_store: Database, query: str) -> None:
    """K11: the queries of data-for-analysts.md fit the tables as they are."""
    with empty_store.read() as session:
        session.connection().exec_driver_sql(query).all()
