"""GraphClient over a real socket: the four endings of every call."""

import gzip
import socket
from typing import Any

import pytest
from tests.meta.client.conftest import NOW, SECRET, HandMade, Reply, failure, get, graph_error, small_world

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.server import running_server
from sophia.meta.errors import Remedy


def test_answer(meta: HandMade) -> None:
    """C8, A14: the first ending: an answer, and where it came from; gzip is undone, the token is in no source."""
    body = gzip.compress(b'{"data": [1.5, "\xc3\xbc"]}')
    meta.says(Reply(body, headers={"content-encoding": "gzip", "facebook-api-version": "v22.0"}))
    answer = get(meta, app_secret=SECRET)
    assert answer.data == {"data": [1.5, "ü"]}
    assert answer.source.body == b'{"data": [1.5, "\xc3\xbc"]}'
    assert answer.source.request == "GET /900100/insights?metric=page_follows"
    assert (answer.source.subject, answer.source.fetched_at, answer.source.api_version) == (
        "page_insights",
        NOW,
        "v22.0",
    )
    assert [one.path for one in meta.received] == ["/v22.0/900100/insights"]


@pytest.mark.parametrize("status", [400, 401, 403, 500, 200])
def test_error_status(meta: HandMade, status: int) -> None:
    """C3, C8: the second ending: Meta's error is read whatever the status, 200 included."""
    meta.says(Reply(graph_error(190, error_subcode=463), status))
    error = failure(meta)
    assert (error.code, error.subcode, error.status, error.trace) == (190, 463, status, "AbC")
    assert error.remedy is Remedy.RECONNECT
    assert len(meta.received) == 1


def test_no_connection(meta: HandMade) -> None:
    """C7: the third ending: nobody listens; the token is not in the message."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = failure(meta, base_url=f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert (error.code, error.status, error.remedy) == (0, None, Remedy.AGAIN)
    assert "could not be reached" in error.message


def test_no_answer_in_time(meta: HandMade) -> None:
    """C9: a server that hangs costs the time-out, not more."""
    meta.says(Reply(after=0.6))
    error = failure(meta, timeout_seconds=0.15)
    assert error.remedy is Remedy.AGAIN
    assert "in time" in error.message


def test_a_connection_that_breaks(meta: HandMade) -> None:
    """C7: an answer that stops in its middle is no answer."""
    api = GraphApi(*small_world(), clock=lambda: NOW)
    api.faults.append(Fault(".", kind="cut"))
    with running_server(api) as base_url:
        assert failure(meta, base_url=base_url).remedy is Remedy.AGAIN


@pytest.mark.parametrize("status", [200, 502])
@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b'{"data": [', b"\xff\xfe", b'{"a": "\xff"}'])
def test_unreadable(meta: HandMade, body: bytes, status: int) -> None:
    """C8: the fourth ending: what is no JSON is told apart and may pass."""
    meta.says(Reply(body, status))
    error = failure(meta)
    assert error.remedy is Remedy.AGAIN
    assert "no JSON" in error.message
    assert error.status == status


def test_a_body_that_is_not_what_its_header_says(meta: HandMade) -> None:
    """C8: a broken compression is a broken answer."""
    meta.says(Reply(b"not gzip at all", headers={"content-encoding": "gzip"}))
    assert failure(meta).remedy is Remedy.AGAIN


@pytest.mark.parametrize("body", [5, "text", None, True])
def test_json_that_is_no_object(meta: HandMade, body: Any) -> None:
    """C8: the envelope is an object."""
    meta.says(Reply(body))
    assert "no object" in failure(meta).message


@pytest.mark.parametrize("body", [{"error": "broken"}, {"error": None}, {"error": []}])
def test_an_error_of_odd_shape(meta: HandMade, body: Any) -> None:
    """C8: an `error` that is no object is an error all the same."""
    meta.says(Reply(body))
    assert failure(meta).code == 0


def test_an_error_status_without_a_word(meta: HandMade) -> None:
    """C8: HTTP 404 with an empty object is no empty answer."""
    meta.says(Reply({}, 404))
    assert failure(meta).status == 404
