"""Reads the body of an HTTP answer within bounds, whatever the other side sends (L20).

httpx decodes every encoding that an answer names, one after the other and a whole chunk at once, before the size can be
checked: 64 kB of `gzip, gzip` become 64 GB. So this module reads the raw body and decodes only a single gzip, piece by
piece.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from sophia.meta.errors import GraphError, Remedy

# Meta's longest answers, pages of a hundred posts with their insights, are below 3 MB.
MOST_ANSWER_BYTES = 8_000_000
# Objects, lists and the values in them, which take up to 200 bytes of memory each however short they are in JSON. A page
# of a hundred posts with thirty metrics each has 30,000.
MOST_VALUES = 300_000
PIECE_BYTES = 65_536
GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True)
class Received:
    """One HTTP answer, read to its end; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def read_response(response: httpx.Response) -> Received:
    """Return the decoded answer. Raises GraphError if the body is too long or has an unexpected encoding."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise GraphError(
            f"Meta's answer is encoded as {encoding[:40]!r}; only gzip was requested",
            status=response.status_code,
            remedy=Remedy.AGAIN,
        )
    body = bytearray()
    unpacker = zlib.decompressobj(GZIP) if encoding.endswith("gzip") else None
    async for chunk in response.aiter_raw():
        if unpacker is None:
            append(body, chunk)
        else:
            unpack(unpacker, chunk, body)
    if unpacker is not None and body and not unpacker.eof:
        raise GraphError("Meta's answer ends in the middle of its gzip data", remedy=Remedy.AGAIN)
    if sum(body.count(sign) for sign in b"{[,") > MOST_VALUES:
        raise GraphError(f"Meta's answer holds more than {MOST_VALUES:,} values", remedy=Remedy.SMALLER)
    return Received(response.status_code, response.headers, bytes(body))


def unpack(unpacker: "zlib._Decompress", chunk: bytes, body: bytearray) -> None:
    """Decompress a chunk, a bounded piece at a time."""
    rest = chunk
    while rest and not unpacker.eof:
        try:
            piece = unpacker.decompress(rest, PIECE_BYTES)
        except zlib.error:
            raise GraphError(
                "Meta's answer is no gzip data, although its header says so", remedy=Remedy.AGAIN
            ) from None
        append(body, piece)
        rest = unpacker.unconsumed_tail


def append(body: bytearray, piece: bytes) -> None:
    if len(body) + len(piece) > MOST_ANSWER_BYTES:
        raise GraphError(f"Meta's answer is longer than {MOST_ANSWER_BYTES:,} bytes", remedy=Remedy.SMALLER)
    body += piece
