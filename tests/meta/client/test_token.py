"""Where the token goes, where a call goes, and which version answers."""

import hashlib
import hmac
from urllib.parse import parse_qs

import pytest
import stamina
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.meta.client.conftest import OTHER, SECRET, TOKEN, HandMade, Reply, ask, failure, get

from sophia.demo.server import running_server
from sophia.meta.caller import Caller
from sophia.meta.client import appsecret_proof
from sophia.meta.envelope import Answer, object_id
from sophia.meta.errors import GraphError

# -- the token ---------------------------------------------------------------------------------------------------------


def test_the_token_is_in_the_header_only(meta: HandMade) -> None:
    """B11: no URL and no body carries the token, of GET, page and batch alike."""
    meta.says(Reply([{"code": 200, "body": "{}"}]))
    ask(meta, lambda caller: caller.batch([("1/insights", {"metric": "x"}, 1)], "x"), app_secret=SECRET)
    meta.says(Reply())
    get(meta, app_secret=SECRET)
    for one in meta.received:
        assert one.headers["authorization"] == f"Bearer {TOKEN.get_secret_value()}"
        assert TOKEN.get_secret_value() not in one.raw_query + one.path + one.body
        assert SECRET.get_secret_value() not in str(one)
        assert not {"cookie", "referer"} & one.headers.keys()


def test_each_token_has_its_proof(meta: HandMade) -> None:
    """B11: appsecret_proof is HMAC-SHA256 of the token of this very call, keyed by the app's secret."""
    for token in (TOKEN, OTHER):
        get(meta, token=token, app_secret=SECRET)
    meta.says(Reply([]))
    ask(meta, lambda caller: caller.batch([], "x"), app_secret=SECRET)
    wanted = [
        hmac.new(b"app-secret", token.get_secret_value().encode(), hashlib.sha256).hexdigest()
        for token in (TOKEN, OTHER, TOKEN)
    ]
    form = parse_qs(meta.received[2].body)
    assert [meta.received[0].query["appsecret_proof"], meta.received[1].query["appsecret_proof"]] == wanted[:2]
    assert form["appsecret_proof"] == [wanted[2]] == [appsecret_proof(SECRET, TOKEN)]
    meta.says(Reply())
    get(meta)
    assert "appsecret_proof" not in meta.received[-1].query


@pytest.mark.parametrize("reply", [Reply(b"<html>", 502), Reply({"error": {"code": 2, "message": "down"}}, 500)])
def test_what_is_posted_goes_out_once(meta: HandMade, reply: Reply) -> None:
    """C1: nobody knows what became of it, so whoever posts decides; a question that fails so is asked again."""
    meta.says(reply)
    with stamina.set_testing(testing=True, attempts=3):
        with pytest.raises(GraphError):
            ask(meta, lambda caller: caller.post("1/feed", {"message": "Hello"}, "x"))
        assert len(meta.received) == 1
        with pytest.raises(GraphError):
            ask(meta, lambda caller: caller.upload("1", "https://cdn.example/a.mp4", "x"), upload_url=meta.base_url)
        assert len(meta.received) == 2
        with pytest.raises(GraphError):
            get(meta)
    assert len(meta.received) == 5


def test_an_upload_names_its_file_and_carries_the_token_in_a_header(meta: HandMade) -> None:
    """D1: Meta takes videos at another address, and no token stands in it."""
    ask(meta, lambda caller: caller.upload("1", "https://cdn.example/a.mp4", "x"), upload_url=meta.base_url)
    (call,) = meta.received
    assert (call.method, call.path, call.raw_query, call.body) == ("POST", "/video-upload/v22.0/1", "", "")
    assert call.headers["file_url"] == "https://cdn.example/a.mp4"
    assert call.headers["authorization"] == f"OAuth {TOKEN.get_secret_value()}"


def test_the_proof_is_in_no_source(meta: HandMade) -> None:
    """A14, B11: what is stored of a request can be shown to anybody."""
    meta.says(Reply([{"code": 200, "body": "{}"}]))
    (item,) = ask(meta, lambda caller: caller.batch([("1", {}, 1)], "x"), app_secret=SECRET)
    assert isinstance(item, Answer)
    meta.says(Reply())
    for source in (item.source, get(meta, app_secret=SECRET).source):
        assert appsecret_proof(SECRET, TOKEN) not in str(source)
        assert TOKEN.get_secret_value() not in str(source)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(meta: HandMade, status: int) -> None:
    """B10: another host gets neither the request nor the token."""
    elsewhere = HandMade()
    with running_server(elsewhere) as elsewhere.base_url:
        meta.says(Reply({}, status, {"location": f"{elsewhere.base_url}/v22.0/900100"}))
        assert failure(meta).status == status
    assert elsewhere.received == []


def test_proxies_of_the_machine_are_not_asked(meta: HandMade, monkeypatch: pytest.MonkeyPatch) -> None:
    """B10: HTTP_PROXY would be another host that reads along."""
    elsewhere = HandMade()
    with running_server(elsewhere) as elsewhere.base_url:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, elsewhere.base_url)
        get(meta)
    assert elsewhere.received == []
    assert len(meta.received) == 1


@pytest.mark.parametrize(
    "text",
    [
        "1/../me/accounts?fields=access_token&x=",
        "",
        "1_",
        "_1",
        "1_2_3",
        "me",
        "1 ",
        "1\n",
        "-1",
        "1" * 31,
        "1%2F2",
    ],
)
def test_what_is_no_id(text: str) -> None:
    """B10: nothing but digits, or digits_digits, becomes part of a path."""
    with pytest.raises(ValueError, match="is no id of Meta's"):
        object_id(text)


def test_ids() -> None:
    """B10: ids as Meta writes them pass unchanged."""
    assert [object_id(one) for one in ("17841400000000000", "900100_77")] == ["17841400000000000", "900100_77"]


def test_digits_of_other_scripts_are_no_id() -> None:
    """B10: an id is ASCII."""
    with pytest.raises(ValueError):
        object_id("١٢٣")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="0123456789_/.?&#%me ", max_size=12))
def test_an_id_never_changes_the_path(text: str) -> None:
    """B10: whatever passes consists of digits and one underscore at most."""
    try:
        passed = object_id(text)
    except ValueError:
        return
    assert set(passed) <= set("0123456789_")


# -- versions ----------------------------------------------------------------------------------------------------------


def test_another_version_is_said_once(meta: HandMade) -> None:
    """B9: Meta replaces an expired version silently; we say so, once a version, and store which one answered."""
    meta.says(Reply(headers={"facebook-api-version": "v24.0"}))

    async def three(caller: Caller) -> list[str]:
        return [(await caller.get("1", {}, "x")).source.api_version for _ in range(3)]

    with capture_logs() as logs:
        assert ask(meta, three) == ["v24.0"] * 3
    assert [line["event"] for line in logs] == ["meta_answers_another_version"]
    meta.says(Reply(headers={"facebook-api-version": "v22.0"}))
    with capture_logs() as logs:
        get(meta)
    assert logs == []
