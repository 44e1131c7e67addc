"""The place in a list where its next page begins, as text for an address."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sophia.errors import InvalidInputError

LARGEST_NUMBER = 2**63 - 1
# Stands in no name that is kept.
BETWEEN = "\x1f"


def write_cursor(*parts: object) -> str:
    """What the last row of a page is sorted by; `str` of each must be what its reader takes."""
    return base64.urlsafe_b64encode(BETWEEN.join(map(str, parts)).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *readers: Callable[[str], Any]) -> tuple[Any, ...]:
    """The place, each part of it read by its reader, which raises ValueError for what cannot be.

    Raises InvalidInputError when the cursor is not one that `write_cursor` made.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        parts = tuple(read(part) for read, part in zip(readers, text.split(BETWEEN), strict=True))
    except ValueError:
        parts = ()
    if not parts or write_cursor(*parts) != cursor:
        raise InvalidInputError("The cursor is not one that an earlier page gave. Begin again without it.")
    return parts


def row_number(text: str) -> int:
    number = int(text)
    if not 0 < number <= LARGEST_NUMBER:
        raise ValueError("not a number of a row")
    return number


def kept_text(text: str) -> str:
    if any(character < " " for character in text):
        raise ValueError("PostgreSQL takes no NUL, and no name has the others")
    return text


def utc_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not UTC:
        raise ValueError("not a moment in UTC")
    return moment
