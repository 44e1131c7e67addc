"""Sorts a table of a page by the address, as the script does without a request."""

import re
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from fastapi import Request

from sophia.dashboard.layout.windows import ORDER_PATTERN
from sophia.display.values import Cell, Table
from sophia.errors import NotFoundError

V = TypeVar("V")
SORT = "sort"
ORDER = re.compile(ORDER_PATTERN)


def sorted_as_requested(page: V, order: str | None) -> V:
    """Return the page with its table sorted by an order such as `clients.2.descending`; without one, the page itself.

    Columns count from 0. Raises NotFoundError when the page has no such table or column.
    """
    if order is None:
        return page
    match = ORDER.fullmatch(order)
    changed = page
    if match is not None:
        changed = _with_sorted(page, match[1], int(match[2]), is_descending=match[3] == "descending")
    if changed is page:
        raise NotFoundError(f"This page has no column {order!r} to sort by.")
    return changed


def sort_address(request: Request, table: Table, column: int) -> str:
    """Return the address that sorts a column: downwards first, and upwards from there."""
    order = f"{table.name}.{column}."
    is_descending = request.query_params.get(SORT) != f"{order}descending"
    url = request.url.remove_query_params("export")
    return f"?{url.include_query_params(sort=f'{order}{direction_of(is_descending=is_descending)}').query}"


def sorted_by(request: Request, table: Table, column: int) -> str:
    """Return how a column is sorted by the address: ascending, descending or nothing."""
    name, _, direction = (request.query_params.get(SORT) or "").rpartition(".")
    return direction if name == f"{table.name}.{column}" else ""


def direction_of(*, is_descending: bool) -> str:
    return "descending" if is_descending else "ascending"


def _with_sorted(value: V, name: str, column: int, *, is_descending: bool) -> V:
    if isinstance(value, Table):
        if value.name != name or column >= len(value.columns) or not value.rows:
            return value
        return replace(value, rows=sort_rows(value.rows, column, is_descending=is_descending))
    if isinstance(value, tuple):
        parts = tuple(_with_sorted(part, name, column, is_descending=is_descending) for part in value)
        return cast("V", parts) if any(a is not b for a, b in zip(parts, value, strict=True)) else value
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes = {}
    for field in fields(value):
        before = getattr(value, field.name)
        after = _with_sorted(before, name, column, is_descending=is_descending)
        if after is not before:
            changes[field.name] = after
    return replace(value, **changes) if changes else value


def sort_rows(rows: tuple[tuple[Cell, ...], ...], column: int, *, is_descending: bool) -> tuple[tuple[Cell, ...], ...]:
    """Return the rows in the order of a column: numbers before texts, and cells without a value last either way."""
    full = [row for row in rows if not row[column].value.reason]
    empty = [row for row in rows if row[column].value.reason]
    full.sort(key=lambda row: _key(row[column]), reverse=is_descending)
    return (*full, *empty)


def _key(cell: Cell) -> tuple[bool, float, str]:
    if isinstance(cell.sort, int | float):
        return False, float(cell.sort), ""
    return True, 0.0, str(cell.sort if cell.sort is not None else cell.value.text).casefold()
