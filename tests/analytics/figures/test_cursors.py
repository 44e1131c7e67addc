"""Cursors: what a page gives, and what anybody makes up."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.analytics.figures.cursors import printable_text, read_cursor, row_number, utc_moment, write_cursor
from sophia.errors import InvalidInputError

DAYS = st.dates(date(2004, 1, 1), date(2099, 12, 31))
NUMBERS = st.integers(1, 2**63 - 1)


@given(NUMBERS, DAYS, st.datetimes(timezones=st.just(UTC)))
def test_a_cursor_comes_back_as_it_was(number: int, day: date, moment: datetime) -> None:
    """J6: what a page gives, the next one understands."""
    place = (number, day, moment)
    assert read_cursor(write_cursor(*place), row_number, date.fromisoformat, utc_moment) == place


@given(st.text(max_size=40))
def test_a_made_up_cursor_is_refused(text: str) -> None:
    """J6: never a 500, and never a page that begins somewhere."""
    with pytest.raises(InvalidInputError):
        read_cursor(text, row_number, date.fromisoformat)


@pytest.mark.parametrize(
    ("cursor", "readers"),
    [
        (write_cursor(0), (row_number,)),
        (write_cursor(2**63), (row_number,)),
        (write_cursor("07"), (row_number,)),
        (write_cursor(7) + "=", (row_number,)),
        (write_cursor(7, 8), (row_number,)),
        (write_cursor(7), (row_number, row_number)),
        (write_cursor("a\0b"), (printable_text,)),
        (write_cursor("20261122"), (date.fromisoformat,)),
        (write_cursor(datetime(2026, 11, 22)), (utc_moment,)),
        (write_cursor(datetime(2026, 11, 22, tzinfo=timezone(timedelta(hours=1)))), (utc_moment,)),
    ],
)
def test_only_a_place_as_it_was_written(cursor: str, readers: tuple[Callable[[str], Any], ...]) -> None:
    """J3, J6: a number, day or moment that no row can have, or that was written in another way, leads nowhere."""
    with pytest.raises(InvalidInputError):
        read_cursor(cursor, *readers)
