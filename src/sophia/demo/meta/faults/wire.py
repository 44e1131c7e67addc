"""Sends answers over the connection: complete, or with one of the faults of connections."""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.graph.plain_reply import PlainReply

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and the fault that decides how it is sent.

    `counted` is how many calls Meta counts for it, `counted_by_edge` on which edges, `accounts` for which accounts and
    how many of their objects.
    """

    status: int
    body: str | bytes
    counted: int = 1
    accounts: Mapping[str, int] = field(default_factory=dict)
    fault: Fault | None = None
    counted_by_edge: Mapping[str, int] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body

    @property
    def is_null(self) -> bool:
        return self.fault is not None and self.fault.kind == "null"


async def whole_body(receive: Receive) -> bytes:
    """Return the body of a request from all its messages."""
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def send_reply(scope: Scope, receive: Receive, send: Send, reply: Reply, headers: Mapping[str, str]) -> None:
    """Send `reply` after its delay, the fault's headers last. Stop if the client disconnects."""
    fault = reply.fault
    if fault is not None:
        kept = {name: value for name, value in headers.items() if not (fault.hides_usage and name.endswith("-usage"))}
        headers = {**kept, **fault.sent_headers()}
    if fault is None:
        await _send_whole(send, reply, headers, 0)
        return
    gone = asyncio.ensure_future(receive())
    try:
        if fault.delay_seconds:
            await asyncio.wait({gone}, timeout=fault.delay_seconds)
        if gone.done():
            return
        if fault.kind in {"drip", "endless drip"}:
            await _drip(send, reply, headers, fault, gone)
        elif fault.kind in {"answer", "null"}:
            await _send_whole(send, reply, headers, max(0, fault.padded_bytes - len(reply.raw)))
        else:
            await _break_off(scope, send, reply, headers, fault)
            await gone
    finally:
        gone.cancel()


async def send_plain(send: Send, reply: PlainReply) -> None:
    """Send a page, a redirect or a picture."""
    headers = {"content-type": reply.media_type, "content-length": str(len(reply.content))}
    if reply.location:
        headers["location"] = reply.location
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": reply.content})


def _start(reply: Reply, headers: Mapping[str, str], length: int | None) -> MutableMapping[str, Any]:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    if length is not None:
        raw.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": reply.status, "headers": raw}


async def _send_part(send: Send, part: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": part, "more_body": more})


async def _send_whole(send: Send, reply: Reply, headers: Mapping[str, str], padding: int) -> None:
    """Send the body, then `padding` bytes of white space, which JSON allows at its end."""
    await send(_start(reply, headers, len(reply.raw) + padding))
    await _send_part(send, reply.raw, more=padding > 0)
    while padding:
        size = min(padding, _CHUNK_BYTES)
        padding -= size
        await _send_part(send, b" " * size, more=padding > 0)


async def _drip(
    send: Send, reply: Reply, headers: Mapping[str, str], fault: Fault, gone: asyncio.Future[MutableMapping[str, Any]]
) -> None:
    """Send a few bytes at a time until the answer is complete, or white space until the client disconnects."""
    body, size, is_endless = reply.raw, fault.bytes_at_once, fault.kind == "endless drip"
    await send(_start(reply, headers, None if is_endless else len(body)))
    sent = 0
    while not gone.done() and (is_endless or sent < len(body)):
        part = body[sent : sent + size] or b" " * size
        sent += len(part)
        await _send_part(send, part, more=is_endless or sent < len(body))
        await asyncio.wait({gone}, timeout=fault.pause_seconds)


async def _break_off(scope: Scope, send: Send, reply: Reply, headers: Mapping[str, str], fault: Fault) -> None:
    """End the connection before or in the middle of the answer, by closing it (FIN) or by resetting it (RST)."""
    # The server's protocol puts the transport there. Without a socket there is no connection to break.
    transport: asyncio.Transport = scope["state"]["transport"]
    if fault.kind in {"cut", "reset half-way"}:
        await send(_start(reply, headers, len(reply.raw)))
        await _send_part(send, reply.raw[: len(reply.raw) // 2], more=True)
    if fault.kind in {"reset", "reset half-way"}:
        # Lingering for 0 seconds drops unsent bytes and resets the connection.
        linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    else:
        transport.close()
