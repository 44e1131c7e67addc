"""Encodes the position of a list's next page as text for a URL."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sophia.errors import InvalidInputError

LARGEST_NUMBER = 2**63 - 1
# No stored name contains this character.
SEPARATOR = "\x1f"


def write_cursor(*parts: object) -> str:
    """Encode the sort keys of the last row of a page; each key's reader must understand its `str`."""
    return base64.urlsafe_b64encode(SEPARATOR.join(map(str, parts)).encode()).decode().rstrip("=")


def read_cursor(cursor: str, *readers: Callable[[str], Any]) -> tuple[Any, ...]:
    """Decode a cursor with one reader per key; a reader raises ValueError for an impossible value.

    Raises InvalidInputError if `write_cursor` did not make the cursor.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        parts = tuple(read(part) for read, part in zip(readers, text.split(SEPARATOR), strict=True))
    except ValueError:
        parts = ()
    if not parts or write_cursor(*parts) != cursor:
        raise InvalidInputError("The cursor does not come from an earlier page. Start without a cursor.")
    return parts


def row_number(text: str) -> int:
    number = int(text)
    if not 0 < number <= LARGEST_NUMBER:
        raise ValueError("not the id of a row")
    return number


def printable_text(text: str) -> str:
    if any(character < " " for character in text):
        raise ValueError("contains a control character")
    return text


def utc_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not UTC:
        raise ValueError("not a time in UTC")
    return moment
