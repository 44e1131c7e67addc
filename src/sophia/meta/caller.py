"""Calls with one token about one account: counted, paged, batched, and stopped after an error that ends them."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import urlencode

from pydantic import SecretStr

from sophia.meta.breaker import TokenCircuit
from sophia.meta.envelope import OK, Answer, Shape, as_error
from sophia.meta.errors import STOPS_TOKEN, GraphError, Remedy
from sophia.meta.json_text import read_json
from sophia.meta.pacing import APPLICATION, Budget, token_budget
from sophia.meta.paging import incomplete, next_page_params
from sophia.meta.records import Source

T = TypeVar("T")

MOST_BATCH_ITEMS = 50
MOST_PAGES = 1000
# Calls before the first answer shows whether the token is valid; a dead token costs this many.
CALLS_ON_TRIAL = 2
# Retries in a run. An ordinary run needs none; one that needs more has a problem that retries do not solve.
MOST_RETRIES = 24


@dataclass(slots=True)
class Tally:
    """Calls made: over HTTP, as Meta counts them (each id and each batch item is one), and retries."""

    calls: int = 0
    counted: int = 0
    retries: int = 0
    percent_used: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """A call to `path` (an id and an edge, without version). `subject` names the content of the answer in one word.

    `counted` is the number of calls as Meta counts them. A `patient` call is retried while the error may be temporary;
    others go out once.
    """

    method: Literal["GET", "POST"]
    path: str
    params: Mapping[str, str] = field(repr=False)  # may hold secrets
    subject: str
    counted: int = 1
    shape: Shape = Shape.OBJECT
    patient: bool = True


class GraphTransport(Protocol):
    """The part of `GraphClient` that a caller uses."""

    version: str
    base_url: str
    clock: Callable[[], datetime]

    async def send(self, caller: "Caller", call: Call) -> Answer: ...
    async def upload(self, caller: "Caller", video_id: str, file_url: str, subject: str) -> Answer: ...
    def settle_pause(self, caller: "Caller", error: GraphError, regain: Mapping[Budget, timedelta]) -> None: ...


class Caller:
    """Calls with one token. No request goes out after Meta has refused the token, its budget or the application."""

    def __init__(self, client: GraphTransport, token: SecretStr, about: Budget | None = None) -> None:
        """`about` is the budget of the account that the calls are about, if they are about one."""
        self._client = client
        self.token = token
        self.about = about
        self.budgets = (APPLICATION, token_budget(token), *([about] if about else []))
        self.tally = Tally()
        self.circuit = TokenCircuit()
        self.stopped: GraphError | None = None
        self._on_trial = CALLS_ON_TRIAL
        self._judged = asyncio.Event()

    def __repr__(self) -> str:
        return f"Caller(about={self.about!r})"

    @property
    def version(self) -> str:
        return self._client.version

    @property
    def base_url(self) -> str:
        return self._client.base_url

    @property
    def clock(self) -> Callable[[], datetime]:
        return self._client.clock

    async def send(self, call: Call) -> Answer:
        """Make one call."""
        return await self._in_turn(lambda: self._client.send(self, call))

    async def post(self, path: str, params: Mapping[str, str], subject: str) -> Answer:
        """POST once. Without an answer the result is unknown, so this class never repeats a POST."""
        return await self.send(Call("POST", path, params, subject, patient=False))

    async def upload(self, video_id: str, file_url: str, subject: str) -> Answer:
        """Let Meta fetch the video that it expects under this id from an address."""
        return await self._in_turn(lambda: self._client.upload(self, video_id, file_url, subject))

    async def _in_turn(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Send the first calls two at a time, so that a dead token costs no more than these (C3)."""
        if self._on_trial > 0:
            self._on_trial -= 1
        elif not self._judged.is_set():
            await self._judged.wait()
        if self.stopped is not None:
            raise self.stopped
        try:
            return await call()
        except GraphError as error:
            self._stop_after(error)
            raise
        finally:
            self._judged.set()

    def _stop_after(self, error: GraphError) -> None:
        """Stop after an error that ends the token's calls, unless the calls are about several accounts."""
        if error.remedy in STOPS_TOKEN and self.stopped is None and self.about is not None:
            self.stopped = error

    async def get(self, path: str, params: Mapping[str, str], subject: str, counted: int = 1) -> Answer:
        """GET `path` (an id and an edge, without version). `subject` names the content of the answer in one word."""
        return await self.send(Call("GET", path, params, subject, counted))

    async def edge(self, path: str, params: Mapping[str, str], subject: str, *, patient: bool = True) -> Answer:
        """GET an edge, whose answer holds a list named data. `patient`: retry temporary errors."""
        return await self.send(Call("GET", path, params, subject, shape=Shape.LIST, patient=patient))

    def next_page_params(self, answer: Answer, edge: str) -> dict[str, str] | None:
        """Return the parameters of the next page, or None on the last. Raises GraphError for a list that is cut."""
        return next_page_params(answer.data, self.base_url, edge)

    async def pages(self, path: str, params: Mapping[str, str], subject: str) -> AsyncGenerator[Answer, None]:
        """Yield all pages of a list. Raises GraphError, after the available pages, if the list is incomplete: its next
        page cannot be requested, or the list loops.
        """
        page_params: dict[str, str] = {}
        used: set[str] = set()
        for _ in range(MOST_PAGES):
            answer = await self.edge(path, {**params, **page_params}, subject)
            yield answer
            following = self.next_page_params(answer, path.rpartition("/")[2])
            if following is None:
                return
            page_params, key = following, urlencode(following)
            if key in used:
                break
            used.add(key)
        raise incomplete("it goes in a circle, or has no end")

    async def batch(
        self, queries: Sequence[tuple[str, Mapping[str, str], int]], subject: str
    ) -> list["Answer | GraphError"]:
        """Send up to 50 GETs in one HTTP call: (path, params, calls as Meta counts them) each. Return the results in
        order.

        The failure of an item is its GraphError in the result. An item that Meta had no time for (null) has the remedy
        AGAIN.
        """
        if len(queries) > MOST_BATCH_ITEMS:
            raise ValueError(f"a batch holds {MOST_BATCH_ITEMS} items at most")
        urls = [f"{path}?{urlencode(params)}" for path, params, _ in queries]
        items = [{"method": "GET", "relative_url": f"{self.version}/{url}"} for url in urls]
        params = {"batch": json.dumps(items), "include_headers": "false"}
        weight = sum(counted for _, _, counted in queries)
        answer = await self.send(Call("POST", "", params, subject, weight, Shape.BATCH))
        results = answer.data.get("items")
        if not isinstance(results, list) or len(results) != len(queries):
            raise GraphError("Meta answered a batch with another number of items", remedy=Remedy.AGAIN)
        read = [read_item(result, url, answer.source) for result, url in zip(results, urls, strict=True)]
        self._note_items(read, subject)
        return read

    def _note_items(self, items: Sequence["Answer | GraphError"], family: str) -> None:
        """Tell the circuit about a batch, which failed if no item was answered. Stop after an error that ends calls."""
        errors = [item for item in items if isinstance(item, GraphError)]
        if errors and all(error.remedy is Remedy.AGAIN for error in errors) and len(errors) == len(items):
            self.circuit.failed(family, errors[0])
        else:
            self.circuit.succeeded(family)
        for error in errors if self.about is not None else ():
            self._client.settle_pause(self, error, {})
            self._stop_after(error)


def read_item(result: Any, url: str, source: Source) -> Answer | GraphError:
    """Return one item of a batch, whose body is JSON inside a string."""
    if result is None:
        return GraphError("Meta had no time for this part of a batch", remedy=Remedy.AGAIN)
    try:
        body = str(result["body"]).encode()
        data = read_json(body)
    except (ValueError, KeyError, TypeError):
        return GraphError("a part of a batch cannot be read", remedy=Remedy.AGAIN)
    if not isinstance(data, dict) or "error" in data or result.get("code") != OK:
        return as_error(data.get("error") if isinstance(data, dict) else None, result.get("code"))
    return Answer(data, Source(source.subject, f"GET /{url}", source.fetched_at, source.api_version, body))


async def prefetch(pages: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """Yield the same pages, fetching the next one while the caller works on the current one."""
    upcoming = asyncio.ensure_future(anext(pages, None))
    try:
        while (page := await upcoming) is not None:
            upcoming = asyncio.ensure_future(anext(pages, None))
            yield page
    finally:
        upcoming.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await upcoming
        await pages.aclose()
