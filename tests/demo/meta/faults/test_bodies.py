"""Bodies that no reader of JSON likes."""

import json
from collections.abc import Callable

import httpx
import pytest

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.bodies import BODIES
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_bad(ask: Ask, api: GraphApi, world: World, name: str) -> None:
    """Status, type and length as told, and never an answer to the question (C7, C8)."""
    page = world.pages[0]
    true = ask(f"/{page.id}", page.access_token, fields="id,name")
    api.faults.append(Fault("fields=id", bad_body=name))
    if name == "broken gzip":
        with pytest.raises(httpx.DecodingError):
            ask(f"/{page.id}", page.access_token, fields="id,name")
        return
    answer = ask(f"/{page.id}", page.access_token, fields="id,name")
    assert answer.status_code == (BODIES[name].status or 200)
    assert answer.headers["content-length"] == str(len(answer.content))
    if name in {"html 502", "html 200", "429", "503"}:
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.text.startswith("<html>")
        assert ("retry-after" in answer.headers) is (name in {"429", "503"})
    elif name in {"scalar", "text", "null", "list"}:
        assert not isinstance(answer.json(), dict)
    elif name == "error in 200":
        assert answer.json()["error"]["code"] == 2
    elif name == "byte order mark":
        assert json.loads(answer.content.decode("utf-8-sig")) == true.json()
    else:
        with pytest.raises(ValueError, match=r"char|decode|column"):
            json.loads(answer.content)
    if name == "half":
        assert true.content.startswith(answer.content)


def test_status_and_headers_can_be_told(ask: Ask, api: GraphApi, world: World) -> None:
    """A longer Retry-After, and the half of an answer under another status (C5)."""
    page = world.pages[0]
    api.faults += [
        Fault("fields=id", times=1, bad_body="429", headers={"Retry-After": "120"}),
        Fault("fields=id", times=1, bad_body="half", status=500),
    ]
    answers = [ask(f"/{page.id}", page.access_token, fields="id") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 500, 200]
    assert answers[0].headers["retry-after"] == "120"
    assert len(answers[1].content) == len(answers[2].content) // 2


def test_errors_may_be_spoiled_too(ask: Ask, api: GraphApi, world: World) -> None:
    """What Meta refuses comes cut as well, while changes of values leave errors alone."""
    page = world.pages[0]
    api.faults.append(Fault("insights", bad_body="half", mutation="null data", paging="endless"))
    answer = ask(f"/{page.id}/insights", page.access_token, metric="nonsense")
    assert answer.status_code == 400
    assert answer.text.startswith('{"error":')
    assert not answer.text.endswith("}")
