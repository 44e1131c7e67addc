"""What an answer may cost in memory, measured in a child process that collects from a server of its own making."""

import gzip
import json
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import PATIENCE_SECONDS
from tests.meta.client.conftest import HandMade, Reply, failure, get

from sophia.meta.receiving import MOST_ANSWER_BYTES

MEGABYTE = 1_000_000
MOST_RSS_MEGABYTES = 300


def bomb(megabytes: int) -> bytes:
    """So many megabytes of spaces inside a list, as gzip: a thousandth of that on the wire."""
    # After a full flush the packer knows nothing of what came before, so one packed megabyte can be repeated.
    packer = zlib.compressobj(9, wbits=31)
    first = packer.compress(b'{"data": [') + packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_FULL_FLUSH)
    # Its end, with length and checksum, is missing: nobody may read that far.
    return first + megabyte * megabytes


@dataclass(frozen=True)
class Hostile:
    """An answer that is larger than it seems; `encoding` is its Content-Encoding."""

    body: bytes
    encoding: str = ""


def answer_of(name: str) -> Hostile:
    """Answers, each of which would take gigabytes where nothing bounds it."""
    if name == "gzip bomb":
        return Hostile(bomb(2000), "gzip")
    if name == "gzip, gzip":
        return Hostile(gzip.compress(bomb(2000)), "gzip, gzip")
    if name == "many objects":
        return Hostile(b'{"data": [' + b"{}," * (MOST_ANSWER_BYTES // 4) + b"{}]}")
    if name == "many odd items":
        return Hostile(b'{"data": [' + b"1," * 250_000 + b"1]}")
    if name == "long message":
        return Hostile(json.dumps({"error": {"code": 1, "message": "x" * 7 * MEGABYTE}}).encode())
    return Hostile(b'{"data": [' + b" " * 70 * MEGABYTE + b"]}")


@contextmanager
def serving(hostile: Hostile) -> Iterator[str]:
    """A server that gives this answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Length", str(len(hostile.body)))
            if hostile.encoding:
                self.send_header("Content-Encoding", hostile.encoding)
            self.end_headers()
            try:
                self.wfile.write(hostile.body)
            except OSError:
                self.close_connection = True  # the other side has read enough

        do_GET = do_POST = answer  # noqa: N815 - the names that http.server wants

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """The other side hangs up on answers that are too long."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


NAMES = ("70 MB", "gzip bomb", "gzip, gzip", "many objects", "many odd items", "long message")
IN_THE_SUITE = ("70 MB", "gzip, gzip")
CHILD = Path(__file__).with_name("memory_child.py")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in IN_THE_SUITE else pytest.mark.campaign) for name in NAMES]
)
def test_no_answer_takes_much_memory(name: str, tmp_path: Path) -> None:
    """L20: a run of an account whose every answer is like this stays below 300 MB, ends in order, and says why."""
    with serving(answer_of(name)) as base_url:
        child = subprocess.run(
            [sys.executable, str(CHILD), base_url, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    assert child.returncode == 0, child.stderr[-2000:]
    told = json.loads(child.stdout.splitlines()[-1])
    assert told["rss_megabytes"] < MOST_RSS_MEGABYTES, told
    assert told["status"] in ("failed", "partial"), told
    assert told["calls"] <= 30, told
    assert told["problems"], told


def test_only_gzip_is_asked_for(meta: HandMade) -> None:
    """L20: what is offered is what can be undone within bounds."""
    meta.says(Reply({"data": []}))
    get(meta)
    assert meta.received[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate", "br", "zstd", "gzip,identity", "compress"])
def test_another_encoding_is_refused(meta: HandMade, encoding: str) -> None:
    """L20: stacked and other encodings are named and not undone."""
    meta.says(Reply(gzip.compress(gzip.compress(b'{"data": []}')), headers={"content-encoding": encoding}))
    assert "is encoded as" in failure(meta).message


@pytest.mark.parametrize("encoding", ["identity", "GZIP", "x-gzip"])
def test_a_single_gzip_or_none_is_read(meta: HandMade, encoding: str) -> None:
    """L20: the two that are asked for, in every spelling; a body of many pieces is put together again."""
    body = b'{"data": ["' + bytes(range(97, 123)) * 20_000 + b'"]}'
    packed = body if encoding == "identity" else gzip.compress(body)
    meta.says(Reply(packed, headers={"content-encoding": encoding}))
    assert get(meta).source.body == body


def test_a_gzip_that_ends_too_early_is_no_answer(meta: HandMade) -> None:
    """L20, C8: half of a compressed answer is not half of an answer."""
    meta.says(Reply(gzip.compress(b'{"data": []}' + b" " * 5000)[:-12], headers={"content-encoding": "gzip"}))
    assert "middle of its gzip" in failure(meta).message


def test_a_kept_error_keeps_no_body(meta: HandMade) -> None:
    """L20: errors are kept until the end of a run; the answers that they are about must not be."""
    meta.says(Reply({"error": {"code": 100, "message": "No"}, "padding": "x" * 100_000}))
    trace = failure(meta).__traceback__
    kept = 0
    while trace is not None:
        kept += sum(len(value) for value in trace.tb_frame.f_locals.values() if isinstance(value, bytes | bytearray))
        trace = trace.tb_next
    assert kept < 10_000
