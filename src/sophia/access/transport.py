"""ASGI middleware around every response: request ids, headers, metrics, HEAD, conditional GETs, unexpected errors."""

import hashlib
import re
import secrets
import time
import traceback
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sophia.access.middleware import HttpMiddleware
from sophia.access.problems import problem
from sophia.vault import redact_secrets

log = structlog.get_logger(__name__)

API_VERSION = "1"
API_PATH = "/api/"
ASSISTANT_PATH = "/mcp"
VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def is_api_path(path: str) -> bool:
    """Return whether programs with keys call this path; browsers with sessions open all others."""
    return path.startswith(API_PATH) or path == ASSISTANT_PATH


def on_response_start(send: Send, change: Callable[[Message, MutableHeaders], None]) -> Send:
    """Return a `send` that passes the start of the response through `change`."""

    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            change(message, MutableHeaders(scope=message))
        await send(message)

    return changed


class RequestIds(HttpMiddleware):
    """Gives every request an id: its X-Request-ID header if that is valid, else a new one (J11)."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        header = Headers(scope=scope).get("x-request-id", "")
        name = header if VALID_REQUEST_ID.fullmatch(header) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = name

        def change(_message: Message, headers: MutableHeaders) -> None:
            headers["X-Request-ID"] = name

        await self.app(scope, receive, on_response_start(send, change))


class SafeHeaders(HttpMiddleware):
    """Adds headers that restrict browsers and caches. Headers that an endpoint sets itself stay."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        api = is_api_path(scope["path"])

        def change(message: Message, headers: MutableHeaders) -> None:
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "no-referrer")
            headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
            headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            if api:
                headers["Sophia-Api-Version"] = API_VERSION
                headers.add_vary_header("Authorization, X-API-Key")
            # A browser may keep a response with an ETag, but must validate it every time.
            has_tag = message["status"] in (200, 304) and "etag" in headers
            headers.setdefault("Cache-Control", "private, no-cache" if has_tag else "no-store")

        await self.app(scope, receive, on_response_start(send, change))


class HttpMetrics:
    """Counts and times requests by the template of their route; an id in a label would make a series per client."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._count = Counter(
            "sophia_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "sophia_http_request_duration_seconds",
            "Time from the request to the end of its answer.",
            ("method", "route"),
            registry=registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        label = method if method in METHODS else "other"
        self._count.labels(label, route, str(status)).inc()
        self._seconds.labels(label, route).observe(seconds)


def template_of(scope: Scope) -> str:
    """Return `/clients/{client_id}` for `/clients/7`. A route inside a router has only the last part of its path."""
    if "endpoint" not in scope:
        return "unmatched"
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    return "/".join(names.get(part, part) for part in scope["path"].split("/"))


class RequestLog(HttpMiddleware):
    """Counts, times and logs every request. Queries are not logged, because people paste keys into them (K10)."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        super().__init__(app)
        self.metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 500

        def change(message: Message, _headers: MutableHeaders) -> None:
            nonlocal status
            status = int(message["status"])  # an HTTPStatus would be written by its name

        try:
            await self.app(scope, receive, on_response_start(send, change))
        finally:
            seconds = time.perf_counter() - started
            route = template_of(scope)
            self.metrics.observe(scope["method"], route, status, seconds)
            log.info(
                "request",
                method=scope["method"],
                path=redact_secrets(scope["path"]),
                status=status,
                milliseconds=round(seconds * 1000, 1),
                request_id=scope.get("state", {}).get("request_id"),
            )


class HeadRequests(HttpMiddleware):
    """Answers HEAD as GET, without the body; stops an endpoint that streams as soon as its body begins."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({"type": "http.response.body", "body": b""})
            if message.get("more_body", False):
                raise EnoughError

        get_scope = {**scope, "method": "GET"}
        try:
            await self.app(get_scope, receive, without_body)
        except EnoughError:
            pass
        finally:
            # Pass the route on to the middleware that counts requests by route.
            scope.update({name: get_scope[name] for name in ("endpoint", "path_params") if name in get_scope})


class EnoughError(Exception):
    """Nobody wants the rest of this answer."""


def held(start: Message) -> bool:
    """Return whether to hold a response until it is complete: all successful ones except exports, which have any length."""
    return start["status"] == 200 and not Headers(raw=start["headers"]).get("content-type", "").startswith("text/csv")  # noqa: PLR2004


class ConditionalGet(HttpMiddleware):
    """Adds an ETag to responses of the API and answers 304 when the client has the response already (J11)."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET" or not scope["path"].startswith(API_PATH):
            await self.app(scope, receive, send)
            return
        if_none_match = Headers(scope=scope).get("if-none-match", "")
        start: Message = {}
        body: list[bytes] = []

        async def hold(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                if not held(start):
                    await send(message)
            elif not held(start) or message["type"] != "http.response.body":
                await send(message)
            else:
                body.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await send_tagged(start, b"".join(body), if_none_match, send)

        await self.app(scope, receive, hold)


async def send_tagged(start: Message, body: bytes, if_none_match: str, send: Send) -> None:
    """Send the response with its ETag, or 304 when the If-None-Match header names it."""
    # The tag is weak, because compression changes the bytes afterwards.
    tag = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = MutableHeaders(scope=start)
    headers["ETag"] = tag
    names = {name.strip().removeprefix("W/") for name in if_none_match.split(",")}
    if if_none_match.strip() == "*" or tag.removeprefix("W/") in names:
        start["status"], body = 304, b""
        for name in ("content-length", "content-type"):
            del headers[name]
    await send(start)
    await send({"type": "http.response.body", "body": body})


class UnexpectedErrors(HttpMiddleware):
    """Turns an unexpected error into a problem document and a line in the log."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        def change(_message: Message, _headers: MutableHeaders) -> None:
            nonlocal begun
            begun = True

        try:
            await self.app(scope, receive, on_response_start(send, change))
        except Exception as error:
            if begun:
                raise
            name = scope.get("state", {}).get("request_id")
            # The text of a database error contains the values of the statement.
            trace = redact_secrets("".join(traceback.format_exception(error)))
            log.error("request failed", path=redact_secrets(scope["path"]), request_id=name, traceback=trace)  # noqa: TRY400
            detail = f"Sophia failed to answer; the log of the server says why, under request {name}."
            await problem(500, detail, scope["path"])(scope, receive, send)
