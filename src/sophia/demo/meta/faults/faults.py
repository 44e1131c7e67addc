"""Faults that tests switch on, and the record of calls."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sophia.demo.meta.faults.bodies import ALL_BODIES
from sophia.demo.meta.faults.listings import PAGINGS, page_wrongly
from sophia.demo.meta.faults.mutations import MUTATIONS, Touched, mutate
from sophia.demo.meta.graph.errors import as_json, error_of
from sophia.demo.meta.graph.meta_errors import META_ERRORS
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.world.world import World

# "null": a batch item that timed out. The others concern the connection. "hang": it closes without an answer after
# `delay_seconds`. "cut": it closes in the middle of the answer. "reset", "reset half-way": it is reset (RST) before or
# in the middle of the answer. "drip": it brings `bytes_at_once` bytes every `pause_seconds`; "endless drip" goes on with
# white space without an end. For a name that does not resolve, use a host below `.invalid`.
FaultKind = Literal["answer", "null", "hang", "cut", "reset", "reset half-way", "drip", "endless drip"]


@dataclass(slots=True)
class Fault:
    """A change of the answers to requests that match `pattern`.

    `pattern` is searched in `METHOD /path?query` (decoded, without secrets). The fault strikes `times` times, or always
    if that is None. A `body` or `status` replaces the answer (a mapping is an error body). Otherwise the true answer
    goes out after `delay_seconds` with `headers`, which replace headers of the same name. White space brings the body
    to `size_bytes`. `kind` concerns the connection. `hides_usage` removes the usage headers.

    Three fields change the true answer, by name: `mutation` of `mutations.MUTATIONS`, limited by `every` and `metric`
    (see `mutate`), which adds the readings that it made unreadable to `touched`; `paging` of `listings.PAGINGS`, for
    lists; `bad_body` of `bodies.ALL_BODIES`. An unknown name raises ValueError.

    The fault strikes from `since` (included) to `until` (excluded), aware moments of the simulation's clock, and only
    after `after` matching requests were answered. `struck` and `matched` are counters.
    """

    pattern: str
    times: int | None = None
    status: int | None = None
    body: str | Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    when: Callable[[Request], bool] | None = None
    mutation: str | None = None
    every: int | None = None
    metric: str | None = None
    paging: str | None = None
    bad_body: str | None = None
    kind: FaultKind = "answer"
    size_bytes: int = 0
    bytes_at_once: int = 1
    pause_seconds: float = 0.05
    hides_usage: bool = False
    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    struck: int = 0
    matched: int = 0
    touched: list[Touched] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, names in ((self.mutation, MUTATIONS), (self.paging, PAGINGS), (self.bad_body, ALL_BODIES)):
            if name is not None and name not in names:
                raise ValueError(f"{name!r} is none of: {', '.join(names)}")

    def concerns(self, request: Request) -> bool:
        """Return whether the request matches at its moment, however often the fault has struck."""
        if self.since is not None and request.now < self.since:
            return False
        if self.until is not None and request.now >= self.until:
            return False
        if re.search(self.pattern, request.text) is None:
            return False
        return self.when is None or self.when(request)

    @property
    def is_due(self) -> bool:
        """Whether `after` requests were answered, and the fault has struck fewer than `times` times."""
        return self.matched >= self.after and (self.times is None or self.struck < self.times)

    @property
    def replaces_answer(self) -> bool:
        return self.bad_body is None and (self.status is not None or self.body is not None)

    @property
    def padded_bytes(self) -> int:
        """The size to which white space brings the body."""
        return max(self.size_bytes, ALL_BODIES[self.bad_body].size_bytes if self.bad_body is not None else 0)

    def sent_headers(self) -> dict[str, str]:
        """Return the headers that it adds, names in lower case."""
        own = ALL_BODIES[self.bad_body].headers if self.bad_body is not None else {}
        return {name.lower(): value for name, value in (*own.items(), *self.headers.items())}

    def altered(self, request: Request, status: int, body: bytes, world: World) -> tuple[int, bytes]:
        """Return the changed HTTP status and body. Mutations and paging change good answers only."""
        if status == 200 and (self.paging or self.mutation):
            answer = json.loads(body)
            if self.paging:
                page_wrongly(self.paging, request, answer)
            if self.mutation:
                self.touched += mutate(self.mutation, answer, request, world, every=self.every, metric=self.metric)
            body = as_json(answer).encode()
        if self.bad_body is None:
            return status, body
        bad = ALL_BODIES[self.bad_body]
        return self.status or bad.status or status, bad.change(body)

    def answer(self) -> tuple[int, str]:
        """Return the HTTP status and body that replace the true answer."""
        if isinstance(self.body, Mapping):
            return self.status or 400, as_json(error_of(self.body))
        return self.status or 200, self.body or ""


def fault_of(
    name: str, pattern: str, *, times: int | None = None, status: int | None = None, after: int = 0, **more: Any
) -> Fault:
    """Return a fault that answers with the row `name`, with `status` instead of the row's and `more` fields of Fault.

    `status=200` makes an error that looks like a success. Raise KeyError for an unknown name.
    """
    row = META_ERRORS[name]
    body = row.as_error().body("AFault")
    return Fault(pattern, times, row.status if status is None else status, body, after=after, **more)


def strike(faults: Iterable[Fault], request: Request) -> Fault | None:
    """Return the first fault that is due for the request, or None. Each fault that the request matches counts it."""
    concerned = [fault for fault in faults if fault.concerns(request)]
    striking = next((fault for fault in concerned if fault.is_due), None)
    for fault in concerned:
        fault.matched += 1
    if striking is not None:
        striking.struck += 1
    return striking


@dataclass(slots=True)
class Later:
    """A change of the simulation that happens after `left` matching requests."""

    concerns: Callable[[Request], bool]
    happen: Callable[[], None]
    left: int

    def comes_with(self, request: Request) -> bool:
        """Count the request. Make the change and return True if it is due."""
        if not self.concerns(request):
            return False
        if self.left == 0:
            self.happen()
            return True
        self.left -= 1
        return False


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request that came in.

    `counted` is Meta's own count: each id and each batch item counts. `edge` is the last part of the path, "object" for
    an object itself, "batch" for a batch; `counted_by_edge` counts the items of a batch under their own edges.
    """

    method: str
    path: str
    query: str
    account_id: str | None
    status: int
    counted: int
    at: datetime
    edge: str = "object"
    counted_by_edge: Mapping[str, int] = field(default_factory=dict)
