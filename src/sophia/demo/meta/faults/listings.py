"""Lists with wrong or unusual paging: named changes of a list's answer, and of the request before it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sophia.demo.meta.graph.cursors import cursor_of
from sophia.demo.meta.graph.requests import Request

# In a cursor a true cursor, or nothing for the beginning, precedes this sign; the number of a page follows it.
_MARK = "~"
# The parameter for the cursor in the old style of paging (GRAPH_API.md, 2.7).
_TOKEN = "__paging_token"  # noqa: S105 - no secret, the name of a parameter


# Alters the parsed answer of a list in place; takes the request as it came.
BadPaging = Callable[[Request, dict[str, Any]], None]


def with_true_cursor(request: Request) -> Request:
    """Return the request with the true cursor instead of one that was made here."""
    after = request.parameters.get(_TOKEN) or request.parameters.get("after", "")
    if _MARK in after or _TOKEN in request.parameters:
        return _with(request, after=after.partition(_MARK)[0], **{_TOKEN: ""})
    return request


def _with(request: Request, **changes: str) -> Request:
    """Return the request with other parameters; an empty one is left out."""
    parameters = {**request.parameters, **changes}
    return replace(request, parameters={key: value for key, value in parameters.items() if value})


def _lead(request: Request, answer: dict[str, Any], after: str, **changes: str) -> None:
    """Let the cursor and `next` of `answer` lead to `after`."""
    parameters = _with(request, after=after, before="", **changes).parameters
    answer["paging"] = {"cursors": {"after": after}, "next": request.url("/".join(request.path), parameters)}


def _next_cursor(answer: Mapping[str, Any]) -> str:
    """Return the true cursor of the next page, empty on the last one."""
    paging = answer.get("paging") or {}
    return str(paging["cursors"]["after"]) if "next" in paging else ""


def _true_cursor(request: Request) -> tuple[str, int]:
    """Return the true part of the requested cursor, and the number of the page, or 0."""
    true, _, number = request.parameters.get("after", "").partition(_MARK)
    return true, int(number) if number.isdigit() else 0


def _same_page(request: Request, answer: dict[str, Any]) -> None:
    _lead(request, answer, _MARK)


def _endless(request: Request, answer: dict[str, Any]) -> None:
    _lead(request, answer, f"{_next_cursor(answer)}{_MARK}{_true_cursor(request)[1] + 1}")


def _no_cursor(request: Request, answer: dict[str, Any]) -> None:
    if _next_cursor(answer):
        _lead(request, answer, "")
        del answer["paging"]["cursors"]


def _empty_between(request: Request, answer: dict[str, Any]) -> None:
    true, number = _true_cursor(request)
    if number:
        answer["data"] = []
        _lead(request, answer, true)
    elif _next_cursor(answer):
        _lead(request, answer, f"{_next_cursor(answer)}{_MARK}1")


def _endless_empty_pages(request: Request, answer: dict[str, Any]) -> None:
    true, number = _true_cursor(request)
    if number:
        answer["data"] = []
    _lead(request, answer, f"{_next_cursor(answer) or true}{_MARK}{number + 1}")


def _future(request: Request, answer: dict[str, Any]) -> None:
    until = request.parameters.get("until", "")
    until_seconds = int(until) if until.isdigit() else 0
    start = max(until_seconds, int(request.now.timestamp()))
    end = start + int(timedelta(days=30).total_seconds())
    _lead(request, answer, "", since=str(start), until=str(end))
    del answer["paging"]["cursors"]


def _refused(request: Request, answer: dict[str, Any]) -> None:
    if _next_cursor(answer):
        _lead(request, answer, cursor_of("nothing"))


def _repeated_post(request: Request, answer: dict[str, Any]) -> None:
    rows = answer["data"]
    if _next_cursor(answer) and len(rows) > 1 and re.fullmatch(r"[\d_]+", str(rows[-2].get("id"))):
        _lead(request, answer, cursor_of(rows[-2]["id"]))


# Lists that are complete and correct, but page differently from most.


def _without_cursors(_request: Request, answer: dict[str, Any]) -> None:
    """Leave `next` and `previous` alone in this list and in those inside its rows; the last page has no paging."""
    paging = answer.get("paging")
    if isinstance(paging, dict) and "cursors" in paging:
        del paging["cursors"]
        if not paging:
            del answer["paging"]
    for row in answer["data"]:
        for value in row.values() if isinstance(row, dict) else ():
            if isinstance(value, dict) and isinstance(value.get("data"), list):
                _without_cursors(_request, value)


def _until_and_token(request: Request, answer: dict[str, Any]) -> None:
    """Let `next` name the moment of the last row and a token, as older feeds do."""
    after = _next_cursor(answer)
    answer.pop("paging", None)
    if not after:
        return
    row = answer["data"][-1] if answer["data"] else {}
    moment = row.get("created_time") or row.get("timestamp")
    until = datetime.fromisoformat(moment) if moment else request.now
    changes = {"until": str(int(until.timestamp())), _TOKEN: after, "after": "", "before": ""}
    answer["paging"] = {"next": request.url("/".join(request.path), _with(request, **changes).parameters)}


def _short_pages(request: Request, answer: dict[str, Any]) -> None:
    """Show the first half of the rows; `next` leads to the others."""
    rows = answer["data"]
    if len(rows) > 1:
        answer["data"] = rows[: (len(rows) + 1) // 2]
        _lead(request, answer, cursor_of(answer["data"][-1]["id"]))


# "future" treats a list like insights with windows. A refusal of a cursor in Meta's words is
# `fault_of("100 after-cursor too big", r"[?&]after=")`.
PAGINGS: Mapping[str, BadPaging] = MappingProxyType(
    {
        "same page": _same_page,  # the same cursor on every page, and always the first page behind it
        "endless": _endless,  # after the last page the first comes again, under new cursors
        "no cursor": _no_cursor,  # `next` is there and leads to the first page
        "empty between": _empty_between,  # between two pages an empty one with `next`
        "endless empty pages": _endless_empty_pages,  # after the first page only empty ones, each with `next`
        "future": _future,  # `next` asks for a month to come, and then for the one after it
        "refused": _refused,  # the cursor of the next page is refused
        "repeated post": _repeated_post,  # each page begins with the last post of the one before
        # These bring every row once to a client that follows `next` until it is absent.
        "next without cursors": _without_cursors,
        "until and token": _until_and_token,
        "short pages": _short_pages,  # fewer rows than `limit`, down to one, with `next`
    }
)


def page_wrongly(name: str, request: Request, answer: Any) -> None:
    """Change the parsed `answer` to `request` in place if it is a list of objects. KeyError for an unknown name.

    It leaves insights, which page by windows, and lists by `ids` alone.
    """
    change = PAGINGS[name]
    edge = request.path[-1] if request.path else ""
    if edge not in {"insights", "video_insights"} and isinstance(answer, dict) and isinstance(answer.get("data"), list):
        change(request, answer)
