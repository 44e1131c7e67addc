"""Faults that tests switch on, and the record of what was asked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sophia.demo.errors import as_json, error_of
from sophia.demo.requests import Request

FaultKind = Literal["answer", "null", "cut"]


@dataclass(slots=True)
class Fault:
    """What happens instead of, or on top of, the answer to requests whose text matches `pattern`.

    `pattern` is searched in `METHOD /path?query` (decoded, without secrets). `times`: how often it strikes; None is
    always. With a `body` or `status` that is the answer (a mapping is an error body); with neither, the true answer goes
    out, `delay_seconds` later and with `headers` added. Kinds: "answer"; "null", a batch item that timed out; "cut",
    the connection breaks in the middle of the answer.
    """

    pattern: str
    times: int | None = None
    status: int | None = None
    body: str | Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    when: Callable[[Request], bool] | None = None
    kind: FaultKind = "answer"
    struck: int = 0

    def strikes(self, request: Request) -> bool:
        """Whether this fault concerns `request`; says nothing about whether it was counted."""
        if self.times is not None and self.struck >= self.times:
            return False
        if re.search(self.pattern, request.text) is None:
            return False
        return self.when is None or self.when(request)

    @property
    def replaces_answer(self) -> bool:
        return self.status is not None or self.body is not None

    def answer(self) -> tuple[int, str]:
        """(HTTP status, body) that goes out instead of the true answer."""
        if isinstance(self.body, Mapping):
            return self.status or 400, as_json(error_of(self.body))
        return self.status or 200, self.body or ""


def graph_fault(
    pattern: str,
    code: int,
    message: str = "Simulated",
    *,
    subcode: int | None = None,
    is_transient: bool | None = None,
    status: int = 400,
    times: int | None = None,
) -> Fault:
    """A fault that answers with one of Meta's error bodies."""
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AFault"}
    if subcode is not None:
        error["error_subcode"] = subcode
    if is_transient is not None:
        error["is_transient"] = is_transient
    return Fault(pattern, times, status, {"error": error})


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request that came in. `counted` is Meta's own count: each id and each batch item singly."""

    method: str
    path: str
    query: str
    account_id: str | None
    status: int
    counted: int
    at: datetime
