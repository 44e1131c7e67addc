"""Bodies that proxies, broken connections and failing servers send instead of Meta's answer."""

import gzip
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from sophia.demo.meta.graph.errors import mixed_with_money

_HTML = b"<html><head><title>%s</title></head><body><center><h1>%s</h1></center></body></html>"
_DOWN = mixed_with_money().body("AFault").encode()


@dataclass(frozen=True, slots=True)
class BadBody:
    """`change` makes the body out of the true one; `status` None keeps the true status.

    White space after the body brings it to `size_bytes`, without holding it in memory.
    """

    change: Callable[[bytes], bytes]
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    size_bytes: int = 0


def _fixed(body: bytes) -> Callable[[bytes], bytes]:
    return lambda _true: body


def _half(true: bytes) -> bytes:
    """Return the first half of the true answer. The length in the header fits, so only the JSON is broken."""
    return true[: len(true) // 2]


def _invalid_utf8(true: bytes) -> bytes:
    """Return the answer with two bytes that are invalid in UTF-8 inside the first text."""
    return true.replace(b'"', b'"\xff\xfe', 1)


def _broken_gzip(true: bytes) -> bytes:
    """Return the compressed answer with its middle overwritten."""
    packed = bytearray(gzip.compress(true, mtime=0))
    middle = len(packed) // 2
    packed[middle : middle + 8] = b"\x00" * 8
    return bytes(packed)


@lru_cache(maxsize=8)
def _bomb(true: bytes) -> bytes:
    """Return the true answer and `BOMB_BYTES` of white space, in one gzip member of about a thousandth of that size."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    # After a full flush no byte refers to earlier ones, so one part can be repeated.
    head = packer.compress(true) + packer.flush(zlib.Z_FULL_FLUSH)
    blank = b" " * _BOMB_PART_BYTES
    part = packer.compress(blank) + packer.flush(zlib.Z_FULL_FLUSH)
    repeats, checksum = BOMB_BYTES // _BOMB_PART_BYTES, zlib.crc32(true)
    for _ in range(repeats):
        checksum = zlib.crc32(blank, checksum)
    size = (len(true) + repeats * len(blank)) % 2**32
    header = b"\x1f\x8b\x08\x00" + b"\x00" * 4 + b"\x02\xff"
    return header + head + part * repeats + packer.flush() + struct.pack("<II", checksum, size)


def _gzip_twice(true: bytes) -> bytes:
    return gzip.compress(gzip.compress(true, mtime=0), mtime=0)


def _html(title: str) -> bytes:
    return _HTML % (title.encode(), title.encode())


HTML_TYPE = {"Content-Type": "text/html; charset=utf-8"}

LARGE_BYTES, BOMB_BYTES = 70_000_000, 512 * 2**20
_BOMB_PART_BYTES = 2**20

# A fault's own `status` and `headers`, such as another Retry-After, replace those of the body.
BODIES: Mapping[str, BadBody] = MappingProxyType(
    {
        "html 502": BadBody(_fixed(_html("502 Bad Gateway")), 502, HTML_TYPE),
        "html 200": BadBody(_fixed(_html("Please log in")), 200, HTML_TYPE),
        "429": BadBody(_fixed(_html("429 Too Many Requests")), 429, {**HTML_TYPE, "Retry-After": "1"}),
        "503": BadBody(_fixed(_html("503 Service Unavailable")), 503, {**HTML_TYPE, "Retry-After": "1"}),
        "error in 200": BadBody(_fixed(_DOWN), 200),
        "empty": BadBody(_fixed(b"")),
        "half": BadBody(_half),
        "scalar": BadBody(_fixed(b"42")),
        "text": BadBody(_fixed(b'"unexpected"')),
        "null": BadBody(_fixed(b"null")),
        "list": BadBody(_fixed(b'["unexpected",1]')),
        "invalid utf-8": BadBody(_invalid_utf8),
        "byte order mark": BadBody(lambda true: b"\xef\xbb\xbf" + true),
        "broken gzip": BadBody(_broken_gzip, headers={"Content-Encoding": "gzip"}),
    }
)
# Answers that cost memory or use an encoding that the client did not offer; unpacked, all are true.
HEAVY_BODIES: Mapping[str, BadBody] = MappingProxyType(
    {
        "70 MB": BadBody(lambda true: true, size_bytes=LARGE_BYTES),
        "gzip bomb": BadBody(_bomb, headers={"Content-Encoding": "gzip"}),
        "stacked encodings": BadBody(_gzip_twice, headers={"Content-Encoding": "gzip, gzip"}),
        "stacked bomb": BadBody(
            lambda true: gzip.compress(_bomb(true), mtime=0), headers={"Content-Encoding": "gzip, gzip"}
        ),
    }
)
ALL_BODIES: Mapping[str, BadBody] = MappingProxyType({**BODIES, **HEAVY_BODIES})
