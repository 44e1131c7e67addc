"""Bounds of one request: the length of its body, the time to receive it, and the time until its response begins."""

import asyncio
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sophia.access.middleware import HttpMiddleware
from sophia.access.problems import RETRY_SECONDS, problem
from sophia.vault import redact_secrets

log = structlog.get_logger(__name__)

MOST_BODY_BYTES = 1_000_000
BODY_SECONDS = 20.0
# Work in the store ends before the response is due, so that a request that gets 503 has written nothing.
STORE_SECONDS = 20.0
ANSWER_SECONDS = 30.0


class BodyLimit(HttpMiddleware):
    """Reads the body before the endpoint; refuses one that is too long with 413, one that arrives too slowly with 408
    (D7).
    """

    def __init__(self, app: ASGIApp, most_bytes: int = MOST_BODY_BYTES, seconds: float = BODY_SECONDS) -> None:
        super().__init__(app)
        self.most_bytes = most_bytes
        self.seconds = seconds

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self.seconds):
                messages = await self._read(scope, receive)
        except TimeoutError:
            detail = f"The body did not arrive within {self.seconds:g} seconds."
            # The rest of the body, which still arrives, would be read as the next request.
            await problem(408, detail, scope["path"], headers={"Connection": "close"})(scope, receive, send)
            return
        if messages is None:
            detail = f"The body may have {self.most_bytes:,} bytes at most."
            await problem(413, detail, scope["path"], headers={"Connection": "close"})(scope, receive, send)
        elif messages[-1]["type"] != "http.disconnect":
            await self.app(scope, replay(messages, receive), send)

    async def _read(self, scope: Scope, receive: Receive) -> list[Message] | None:
        """Return the messages of the body, up to a disconnect if there is one; None when it is too long."""
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > self.most_bytes:
            return None
        messages: list[Message] = []
        size, more = 0, True
        while more:
            messages.append(await receive())
            size += len(messages[-1].get("body", b""))
            more = messages[-1].get("more_body", False)
            if size > self.most_bytes:
                return None
        return messages


def replay(messages: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that returns these messages first."""
    waiting = iter(messages)

    async def next_message() -> Message:
        return next(waiting, None) or await receive()

    return next_message


class TimeLimit(HttpMiddleware):
    """Answers 503 when the response has not begun in time.

    A thread cannot be stopped. It runs to its end, its response is discarded, and it writes nothing, because its store has
    a shorter time limit.
    """

    def __init__(self, app: ASGIApp, seconds: float = ANSWER_SECONDS) -> None:
        super().__init__(app)
        self.seconds = seconds
        self._left: set[asyncio.Task[None]] = set()

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, timed_out = asyncio.Event(), False

        async def send_in_time(message: Message) -> None:
            if timed_out:
                raise OSError("the response has already been replaced by 503")
            begun.set()
            await send(message)

        work = asyncio.ensure_future(self.app(scope, receive, send_in_time))
        first = asyncio.ensure_future(begun.wait())
        try:
            await asyncio.wait({work, first}, timeout=self.seconds, return_when=asyncio.FIRST_COMPLETED)
            if work.done() or begun.is_set():
                await work
                return
            timed_out = True
        except asyncio.CancelledError:
            work.cancel()
            raise
        finally:
            first.cancel()
        self._left.add(work)
        work.add_done_callback(self._ended(scope))
        detail = f"This took longer than {self.seconds:g} seconds and was stopped. Ask for less, or again later."
        headers = {"Retry-After": str(RETRY_SECONDS)}
        await problem(503, detail, scope["path"], headers=headers)(scope, receive, send)

    def _ended(self, scope: Scope) -> Callable[["asyncio.Task[None]"], None]:
        def note(work: "asyncio.Task[None]") -> None:
            self._left.discard(work)
            if not work.cancelled():
                work.exception()  # The client got a 503; asyncio would log an exception that is never read.
            name = scope.get("state", {}).get("request_id")
            log.warning("request_ended_too_late", path=redact_secrets(scope["path"]), request_id=name)

        return note
