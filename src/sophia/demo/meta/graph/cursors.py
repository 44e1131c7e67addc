"""Cursors of lists: the id of a row, encoded."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence

from sophia.demo.meta.graph import errors
from sophia.demo.meta.world.objects import Node


def cursor_of(object_id: str) -> str:
    return urlsafe_b64encode(object_id.encode()).decode()


def index_of_cursor(rows: Sequence[Node], cursor: str) -> int:
    """Return the index of the cursor's row. Raise GraphError 100 for a cursor that is not from this list."""
    try:
        row_id = urlsafe_b64decode(cursor).decode()
    except (Base64Error, UnicodeDecodeError) as error:
        raise errors.bad_parameter("Invalid cursors values") from error
    for index, row in enumerate(rows):
        if row.id == row_id:
            return index
    raise errors.bad_parameter("Invalid cursors values")
