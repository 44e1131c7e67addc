"""What surrounds every answer, as plain ASGI: request ids, headers, HEAD, conditional GETs, the last resort."""

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

from sophia.access.problems import problem
from sophia.vault import redact_secrets

log = structlog.get_logger(__name__)

API_VERSION = "1"
API_PATH = "/api/"
SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def on_start_of_answer(send: Send, change: Callable[[Message, MutableHeaders], None]) -> Send:
    """`send`, with the status and headers of the answer changed on their way."""

    async def changed(message: Message) -> None:
        if message["type"] == "http.response.start":
            change(message, MutableHeaders(scope=message))
        await send(message)

    return changed


class RequestIds:
    """Names every request: by the X-Request-ID that came with it when that is sane, else by a new one (J11)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if SANE_REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = name

        def change(_message: Message, headers: MutableHeaders) -> None:
            headers["X-Request-ID"] = name

        await self.app(scope, receive, on_start_of_answer(send, change))


class SafeHeaders:
    """Headers that keep browsers and caches from doing what they should not. What an endpoint sets itself, stays."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        api = scope["path"].startswith(API_PATH)

        def change(message: Message, headers: MutableHeaders) -> None:
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "no-referrer")
            headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
            headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
            if api:
                headers["Sophia-Api-Version"] = API_VERSION
                headers.add_vary_header("Authorization, X-API-Key")
            # What may be asked again by its ETag may be kept by the browser that asked, and is checked every time.
            kept = message["status"] in (200, 304) and "etag" in headers
            headers.setdefault("Cache-Control", "private, no-cache" if kept else "no-store")

        await self.app(scope, receive, on_start_of_answer(send, change))


class HttpFigures:
    """Counts and times of requests, by the template of the route: an id in a label would make a series per client."""

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
        known = method if method in METHODS else "other"
        self._count.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)


def template_of(scope: Scope) -> str:
    """`/clients/{client_id}` for `/clients/7`. A route inside a router knows only its own end of the path."""
    if "endpoint" not in scope:
        return "unmatched"
    names = {str(value): f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    return "/".join(names.get(part, part) for part in scope["path"].split("/"))


class Observed:
    """Counts, times and logs every request; the query is not logged, for people paste keys into it (K10)."""

    def __init__(self, app: ASGIApp, figures: HttpFigures) -> None:
        self.app = app
        self.figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        def change(message: Message, _headers: MutableHeaders) -> None:
            nonlocal status
            status = message["status"]

        try:
            await self.app(scope, receive, on_start_of_answer(send, change))
        finally:
            seconds = time.perf_counter() - started
            route = template_of(scope)
            self.figures.observe(scope["method"], route, status, seconds)
            log.info(
                "request",
                method=scope["method"],
                path=redact_secrets(scope["path"]),
                status=status,
                milliseconds=round(seconds * 1000, 1),
                request_id=scope.get("state", {}).get("request_id"),
            )


class Heads:
    """Answers HEAD as GET would, without the body; stops whoever makes a long one as soon as it begins."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            if message["type"] != "http.response.body":
                await send(message)
                return
            await send({"type": "http.response.body", "body": b""})
            if message.get("more_body", False):
                raise EnoughError

        asked = {**scope, "method": "GET"}
        try:
            await self.app(asked, receive, without_body)
        except EnoughError:
            pass
        finally:
            # What was found out about the route, for whoever counts requests by it.
            scope.update({name: asked[name] for name in ("endpoint", "path_params") if name in asked})


class EnoughError(Exception):
    """Nobody wants the rest of this answer."""


def held(start: Message) -> bool:
    """Whether an answer waits until it is complete: the good ones, but for exports, which may be of any length."""
    return start["status"] == 200 and not Headers(raw=start["headers"]).get("content-type", "").startswith("text/csv")  # noqa: PLR2004


class ConditionalGet:
    """Marks the answers of the API with an ETag and answers 304 when the asker has them already (J11)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(API_PATH):
            await self.app(scope, receive, send)
            return
        known = Headers(scope=scope).get("if-none-match", "")
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
                    await answer(start, b"".join(body), known, send)

        await self.app(scope, receive, hold)


async def answer(start: Message, body: bytes, known: str, send: Send) -> None:
    """Send the whole answer with its ETag, or 304 when `known`, an If-None-Match, names it."""
    # Weak: compression changes the bytes afterwards, and not what they mean.
    tag = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = MutableHeaders(scope=start)
    headers["ETag"] = tag
    names = {name.strip().removeprefix("W/") for name in known.split(",")}
    if known.strip() == "*" or tag.removeprefix("W/") in names:
        start["status"], body = 304, b""
        for name in ("content-length", "content-type"):
            del headers[name]
    await send(start)
    await send({"type": "http.response.body", "body": body})


class LastResort:
    """An error that nobody foresaw becomes a problem document and a line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        def change(_message: Message, _headers: MutableHeaders) -> None:
            nonlocal begun
            begun = True

        try:
            await self.app(scope, receive, on_start_of_answer(send, change))
        except Exception as error:
            if begun:
                raise
            name = scope.get("state", {}).get("request_id")
            # Struck out, because the text of a database error holds the values that were sent to it.
            told = redact_secrets("".join(traceback.format_exception(error)))
            log.error("request failed", path=redact_secrets(scope["path"]), request_id=name, traceback=told)  # noqa: TRY400
            detail = f"Sophia failed to answer; the log of the server says why, under request {name}."
            await problem(500, detail, scope["path"])(scope, receive, send)
