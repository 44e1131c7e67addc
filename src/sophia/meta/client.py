"""GraphClient: one pooled HTTP client for the whole program; token in the header, versions, paging, time-outs.

The only module that imports httpx. Tokens travel in the Authorization header and nowhere else; redirects are not
followed; every answer, good or bad, is read as Meta's envelope before anything is believed (C8).
"""

import asyncio
import hashlib
import hmac
import json
import re
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

import httpx
import stamina
import structlog
from pydantic import SecretStr

from sophia.meta.errors import GraphError, Remedy
from sophia.meta.json_text import read_json
from sophia.meta.records import Source

log = structlog.get_logger(__name__)
T = TypeVar("T")

ATTEMPTS = 4
LONGEST_RETRY_SECONDS = 60.0
MOST_BATCH_ITEMS = 50
MOST_IDS = 50
MOST_PAGES = 1000
OBJECT_ID = re.compile(r"[0-9]{1,30}(_[0-9]{1,30})?")


@dataclass(frozen=True, slots=True)
class Answer:
    """What Meta said, parsed, and where it came from."""

    data: dict[str, Any]
    source: Source

    def about(self, subject: str) -> "Answer":
        """The same answer under another subject: an item of a batch whose items are about several."""
        return replace(self, source=replace(self.source, subject=subject))


@dataclass(slots=True)
class Tally:
    """Calls made: over HTTP, and as Meta counts them (each id and each batch item is one)."""

    calls: int = 0
    counted: int = 0


def object_id(text: str) -> str:
    """The id, if it is one; ValueError otherwise. Nothing else may ever become part of a path (B10)."""
    if not OBJECT_ID.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no id of Meta's: digits, or digits_digits")
    return text


class GraphClient:
    """Speaks to one Graph API with one version. Share it: building one costs as much as forty calls."""

    def __init__(
        self,
        base_url: str,
        version: str,
        clock: Callable[[], datetime],
        *,
        app_secret: SecretStr | None = None,
        timeout_seconds: float = 30.0,
        connections: int = 20,
    ) -> None:
        self.version = version
        self.clock = clock
        self._app_secret = app_secret
        self._base_url = base_url.rstrip("/")
        timeout = httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 10.0))
        self._extensions = {"timeout": timeout.as_dict()}
        self._connections = connections
        # Transports that are idle, the warmest on top. Each holds one connection: a shared pool asks the operating
        # system about every connection that it has, twice a call, which from ten on costs more than the call itself.
        # Bare transports keep no cookies, read no proxy settings and follow no redirect.
        self._idle: asyncio.LifoQueue[httpx.AsyncHTTPTransport] | None = None
        self._transports: list[httpx.AsyncHTTPTransport] = []
        self._versions_answered: set[str] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in self._transports:
            await transport.aclose()
        self._transports, self._idle = [], None

    def _open(self) -> asyncio.LifoQueue[httpx.AsyncHTTPTransport]:
        """Make the transports when the first call comes. One TLS context serves all; making one takes 35 ms."""
        context = ssl.create_default_context()
        limits = httpx.Limits(max_connections=1)
        self._idle = asyncio.LifoQueue()
        for _ in range(self._connections):
            transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)
            self._transports.append(transport)
            self._idle.put_nowait(transport)
        return self._idle

    def caller(self, token: SecretStr) -> "Caller":
        return Caller(self, token)

    async def send(self, method: str, path: str, params: Mapping[str, str], token: SecretStr, subject: str) -> Answer:
        """One call, tried again while the fault may pass. Raises GraphError; its remedy says what to do."""
        secret = dict(params)
        if self._app_secret is not None:
            secret["appsecret_proof"] = proof(self._app_secret, token)
        url = f"{self._base_url}/{self.version}/{path}"
        headers = {"Authorization": f"Bearer {token.get_secret_value()}", "Accept-Encoding": "gzip"}
        body: dict[str, Any] = {"data": secret} if method == "POST" else {}
        if method != "POST":
            url = f"{url}?{urlencode(secret)}"
        retries = stamina.retry_context(on=may_pass, attempts=ATTEMPTS, timeout=LONGEST_RETRY_SECONDS, wait_initial=0.2)
        async for attempt in retries:
            with attempt:
                response = await self._exchange(method, url, headers, body)
                data = read_envelope(response)
        answered = response.headers.get("facebook-api-version", self.version)
        self._notice_version(answered)
        request = f"{method} /{path}?{urlencode(params)}"
        return Answer(data, Source(subject, request, self.clock(), answered, response.content))

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response:
        """One request and the whole of its answer, with httpx's exceptions translated where they enter."""
        idle = self._idle or self._open()
        transport = await idle.get()
        try:
            request = httpx.Request(method, url, headers=headers, extensions=self._extensions, **body)
            response = await transport.handle_async_request(request)
            try:
                await response.aread()
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise GraphError(f"Meta did not answer in time ({type(error).__name__})", remedy=Remedy.AGAIN) from None
        except httpx.HTTPError as error:
            raise GraphError(f"Meta could not be reached ({type(error).__name__})", remedy=Remedy.AGAIN) from None
        finally:
            idle.put_nowait(transport)
        return response

    def _notice_version(self, answered: str) -> None:
        """Say once when another version answers than was asked: an expired one is silently replaced (B9)."""
        if answered != self.version and answered not in self._versions_answered:
            self._versions_answered.add(answered)
            log.warning("meta_answers_another_version", asked=self.version, answered=answered)


def proof(app_secret: SecretStr, token: SecretStr) -> str:
    """appsecret_proof: shows Meta that the caller of this very token knows the application's secret (B11)."""
    key, message = app_secret.get_secret_value().encode(), token.get_secret_value().encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def may_pass(error: Exception) -> bool:
    return isinstance(error, GraphError) and error.remedy is Remedy.AGAIN


def read_envelope(response: httpx.Response) -> dict[str, Any]:
    """The answer's JSON object. Raises GraphError for an error inside it, whatever the HTTP status says."""
    try:
        data = read_json(response.content)
    except ValueError:
        raise GraphError(
            f"Meta answered with something that is no JSON (HTTP {response.status_code})",
            status=response.status_code,
            remedy=Remedy.AGAIN,
        ) from None
    if isinstance(data, list):
        return {"items": data}  # a batch answers with a bare list
    if not isinstance(data, dict):
        raise GraphError("Meta answered with something that is no object", status=response.status_code)
    if "error" in data or not response.is_success:
        raise as_error(data.get("error"), response.status_code)
    return data


def as_error(error: Any, status: int | None) -> GraphError:
    """Meta's error object as an exception."""
    if not isinstance(error, dict):
        return GraphError(f"Meta answered HTTP {status} without saying why", status=status)
    code, subcode = error.get("code"), error.get("error_subcode")
    return GraphError(
        str(error.get("message") or "no message"),
        code=code if isinstance(code, int) else -1,
        subcode=subcode if isinstance(subcode, int) else None,
        status=status,
        is_transient=error.get("is_transient") is True,
        trace=str(error["fbtrace_id"]) if "fbtrace_id" in error else None,
    )


class Caller:
    """Calls with one token, counted."""

    def __init__(self, client: GraphClient, token: SecretStr) -> None:
        self._client = client
        self._token = token
        self.tally = Tally()

    @property
    def version(self) -> str:
        return self._client.version

    @property
    def clock(self) -> Callable[[], datetime]:
        return self._client.clock

    async def get(self, path: str, params: Mapping[str, str], subject: str, counted: int = 1) -> Answer:
        """GET `path` (an id and an edge, without version). `subject` says in one word what the answer is about."""
        self.tally.calls += 1
        self.tally.counted += counted
        return await self._client.send("GET", path, params, self._token, subject)

    async def pages(self, path: str, params: Mapping[str, str], subject: str) -> AsyncGenerator[Answer, None]:
        """All pages of a list, by cursors; ends where `next` is absent, and never goes in a circle."""
        cursor: str | None = None
        used: set[str] = set()
        for _ in range(MOST_PAGES):
            answer = await self.get(path, {**params, **({"after": cursor} if cursor else {})}, subject)
            yield answer
            cursor = next_cursor(answer.data)
            if cursor is None or cursor in used:
                return
            used.add(cursor)

    async def batch(
        self, queries: Sequence[tuple[str, Mapping[str, str], int]], subject: str
    ) -> list["Answer | GraphError"]:
        """Up to 50 GETs in one HTTP call: (path, params, calls as Meta counts them) each; answered in order.

        One item's failure is its own: it comes back as the GraphError in its place. An item that Meta had no time for
        (null) says so with the remedy AGAIN.
        """
        if len(queries) > MOST_BATCH_ITEMS:
            raise ValueError(f"a batch holds {MOST_BATCH_ITEMS} items at most")
        urls = [f"{path}?{urlencode(params)}" for path, params, _ in queries]
        items = [{"method": "GET", "relative_url": f"{self.version}/{url}"} for url in urls]
        params = {"batch": json.dumps(items), "include_headers": "false"}
        self.tally.calls += 1
        self.tally.counted += sum(counted for _, _, counted in queries)
        answer = await self._client.send("POST", "", params, self._token, subject)
        results = answer.data.get("items")
        if not isinstance(results, list) or len(results) != len(queries):
            raise GraphError("Meta answered a batch with another number of items", remedy=Remedy.AGAIN)
        return [self._item(result, url, answer.source) for result, url in zip(results, urls, strict=True)]

    def _item(self, result: Any, url: str, source: Source) -> "Answer | GraphError":
        """One item of a batch; its body is JSON inside a string."""
        if result is None:
            return GraphError("Meta had no time for this part of a batch", remedy=Remedy.AGAIN)
        try:
            body = str(result["body"]).encode()
            data = read_json(body)
        except (ValueError, KeyError, TypeError):
            return GraphError("a part of a batch cannot be read", remedy=Remedy.AGAIN)
        if not isinstance(data, dict) or "error" in data or result.get("code") != httpx.codes.OK:
            return as_error(data.get("error") if isinstance(data, dict) else None, result.get("code"))
        return Answer(data, Source(source.subject, f"GET /{url}", source.fetched_at, source.api_version, body))


def next_cursor(data: Mapping[str, Any]) -> str | None:
    """Where the next page begins. `cursors.after` stands on the last page too, so `next` decides (GRAPH_API §2.7)."""
    paging = data.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) and after else None


async def ahead(pages: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The same pages, the next one being fetched while the caller still works on this one."""
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
