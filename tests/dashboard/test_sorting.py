"""Tables sorted by the address: numbers as numbers, cells without a value last, and exports in the same order."""

import csv
import io

import pytest
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.dashboard.layout.sorting import sort_rows
from sophia.display.values import Cell, Value


def cells(*values: tuple[str, float | str | None]) -> tuple[tuple[Cell, ...], ...]:
    return tuple((Cell(Value(text, reason="missing" if text == "–" else ""), sort=sort),) for text, sort in values)


def texts(rows: tuple[tuple[Cell, ...], ...]) -> list[str]:
    return [row[0].value.text for row in rows]


def test_numbers_sort_as_numbers_and_missing_values_come_last_either_way() -> None:
    rows = cells(("9", 9), ("–", None), ("10", 10.0), ("−3", -3))
    assert texts(sort_rows(rows, 0, is_descending=False)) == ["−3", "9", "10", "–"]
    assert texts(sort_rows(rows, 0, is_descending=True)) == ["10", "9", "−3", "–"]


def test_texts_sort_without_case_and_after_numbers() -> None:
    rows = cells(("beta", None), ("Alpha", None), ("7", 7), ("gamma", "aa"))
    assert texts(sort_rows(rows, 0, is_descending=False)) == ["7", "gamma", "Alpha", "beta"]


def test_a_page_and_its_export_are_sorted_by_the_address(agencies: Agencies) -> None:
    browser = agencies.browser(UserRole.OPERATOR)
    names = [row[0].value.text for row in browser.get("/portfolio").page.clients.rows]
    answer = browser.get("/portfolio?sort=clients.0.descending")
    assert [row[0].value.text for row in answer.page.clients.rows] == sorted(names, reverse=True) != names
    assert 'aria-sort="descending"' in answer.text
    assert "sort=clients.0.ascending" in answer.text
    export = browser.get("/portfolio?sort=clients.0.descending&export=clients").text
    assert [row[0] for row in csv.reader(io.StringIO(export))][1:] == sorted(names, reverse=True)


@pytest.mark.parametrize(
    ("order", "status"),
    [("nothing.0.descending", 404), ("clients.40.descending", 404), ("clients.0.sideways", 422), ("clients", 422)],
)
def test_an_order_that_does_not_exist_is_refused(agencies: Agencies, order: str, status: int) -> None:
    assert agencies.browser(UserRole.OPERATOR).get(f"/portfolio?sort={order}").status == status


def test_a_share_link_sorts_too(agencies: Agencies) -> None:
    from tests.dashboard.conftest import Browser  # noqa: PLC0415
    from tests.dashboard.test_sharing import shared_path  # noqa: PLC0415

    path = shared_path(agencies, agencies.hats)
    rows = Browser(agencies.app).get(f"{path}?sort=best-posts.3.ascending").page.posts.rows
    values = [row[3].sort for row in rows]
    assert values == sorted(values)
    assert Browser(agencies.app).get(f"{path}?sort=sideways").status == 404
