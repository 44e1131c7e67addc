"""The envelope of Meta's answers: their JSON, and the error inside it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sophia.escaping import escape_controls
from sophia.meta.errors import GraphError, Remedy
from sophia.meta.json_text import read_json
from sophia.meta.records import Source

OBJECT_ID = re.compile(r"[0-9]{1,30}(_[0-9]{1,30})?")
# Facebook writes the id of a comment as comment, post_comment or page_post_comment. The store holds 80 characters.
COMMENT_ID = re.compile(r"(?=.{1,80}\Z)[0-9]{1,30}(_[0-9]{1,30}){0,2}")
OK, MOVED, MOVED_NO_MORE = 200, 300, 400
LONGEST_TRACE = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed answer of Meta, and its source."""

    data: dict[str, Any]
    source: Source

    def about(self, subject: str) -> "Answer":
        """Return the same answer under another subject, for an item of a batch about several subjects."""
        return replace(self, source=replace(self.source, subject=subject))


def object_id(text: str) -> str:
    """Return the id if it is valid, else raise ValueError. No other text may become part of a path (B10)."""
    if not OBJECT_ID.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no id of Meta's: digits, or digits_digits")
    return text


class Shape(StrEnum):
    """The shape of a good answer: an object, an object with a list named data, or the bare list of a batch."""

    OBJECT = "object"
    LIST = "list"
    BATCH = "batch"


def read_envelope(body: bytes, status: int, shape: Shape = Shape.OBJECT) -> dict[str, Any]:
    """Return the answer's JSON object, or a batch's list as its `items`. Raises GraphError for an error inside it,
    whatever the HTTP status (C8), and for an answer of another shape.
    """
    if MOVED <= status < MOVED_NO_MORE:
        raise GraphError(
            f"Meta's address answered with a redirect (HTTP {status}), which is never followed",
            status=status,
            remedy=Remedy.AGAIN,
        )
    try:
        data = read_json(body)
    except ValueError:
        raise GraphError(f"Meta answered with something that is no JSON (HTTP {status})", status=status) from None
    if isinstance(data, dict) and ("error" in data or status != OK):
        raise as_error(data.get("error"), status)
    if shape is Shape.BATCH and isinstance(data, list):
        return {"items": data}
    if shape is Shape.BATCH or not isinstance(data, dict):
        raise GraphError(f"Meta answered with something that is no {shape}", status=status, remedy=Remedy.AGAIN)
    if shape is Shape.LIST and not isinstance(data.get("data"), list):
        raise GraphError("Meta answered without a list of data", status=status, remedy=Remedy.AGAIN)
    return data


def as_error(error: Any, status: int | None) -> GraphError:
    """Return Meta's error object as an exception, with its texts for developers and for users (GRAPH_API §3)."""
    if not isinstance(error, dict):
        return GraphError(f"Meta answered HTTP {status} without saying why", status=status)
    code, subcode = error.get("code"), error.get("error_subcode")
    return GraphError(
        text_of(error, "message") or "no message",
        user_title=text_of(error, "error_user_title"),
        user_message=text_of(error, "error_user_msg"),
        code=code if isinstance(code, int) else -1,
        subcode=subcode if isinstance(subcode, int) else None,
        status=status,
        is_transient=error.get("is_transient") is True,
        trace=escape_controls(text_of(error, "fbtrace_id"))[:LONGEST_TRACE] or None,
    )


def text_of(error: Mapping[str, Any], name: str) -> str:
    """Return a text of Meta's error object, empty if it is missing or null."""
    value = error.get(name)
    return "" if value is None else str(value)
