"""The table of Meta's errors, each row asked for over the socket."""

import re
from collections.abc import Callable

import httpx
import pytest

from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.faults.faults import fault_of
from sophia.demo.meta.graph.meta_errors import META_ERRORS
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]


@pytest.mark.parametrize("name", META_ERRORS)
def test_each_row_is_answered_as_meta_does(ask: Ask, api: GraphApi, world: World, name: str) -> None:
    """Code, subcode, message and status of the row, in Meta's envelope; what is unknown is absent, not false (C3)."""
    row, page = META_ERRORS[name], world.pages[0]
    api.faults.append(fault_of(name, "insights", times=1))
    answer = ask(f"/{page.id}/insights", page.access_token, metric="page_follows")
    error = answer.json()["error"]
    assert answer.status_code == row.status
    assert (error["code"], error.get("error_subcode"), error["message"]) == (row.code, row.subcode, row.message)
    assert error.get("is_transient") is row.is_transient
    assert (error.get("error_user_title"), error.get("error_user_msg")) == (row.title, row.user_message)
    assert error["fbtrace_id"]
    numbers = [int(number) for number in re.findall(r"-?\d+", name)]
    assert numbers[0] == row.code
    assert row.subcode in (None, *numbers)
    assert ask(f"/{page.id}/insights", page.access_token, metric="page_follows").status_code == 200


def test_the_table_holds_every_code_that_is_known() -> None:
    """The codes and subcodes of GRAPH_API.md, 3, written down a second time (C3)."""
    reading = {
        *((1, None), (1, 99), (1, 2853006), (2, None), (3, None), (4, None), (10, None), (12, None), (17, None)),
        (21, None),
        *((32, None), (100, None), (100, 33), (100, 2108006), (102, None), (104, None), (190, None)),
        *((190, subcode) for subcode in (458, 459, 460, 463, 464, 466, 467, 492, 2069032)),
        *((200, None), (200, 1504029), (210, None), (283, None), (299, None), (341, None), (368, None)),
        *((613, None), (613, 1996), (803, None), (2500, None), (3001, 1504028), (2874008, None)),
        *((code, None) for code in (*range(2932001, 2932011), 80001, 80002, 80005, 80006)),
    }
    ads = {(17, 2446079), *((code, None) for code in (80000, 80003, 80004, 80008, 80009, 80014))}
    publishing = {(506, None), (-2, 2207003), (-1, 2207001), (24, 2207008), (9007, 2207027), (9, 2207042)}
    publishing |= {(36000, None), (100, 2207089)}
    for area, codes in (("reading", reading), ("ads", ads), ("publishing", publishing)):
        assert {(row.code, row.subcode) for row in META_ERRORS.values() if row.area == area} == codes


def test_a_row_may_hide_in_a_success_or_break_one_object(ask: Ask, api: GraphApi, world: World) -> None:
    """A row under HTTP 200, and as what the insights of one post answer (B8, C8)."""
    page = world.pages[0]
    post = next(post for post in world.posts(page.id) if post.created_at <= world.built_at)
    api.faults.append(fault_of("2 service down", "page_follows", status=200))
    answer = ask(f"/{page.id}/insights", page.access_token, metric="page_follows")
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, 2)
    api.break_insights(post.id, META_ERRORS["2932001 post without insights"].as_error())
    answer = ask(f"/{post.id}/insights", page.access_token, metric="post_clicks")
    assert answer.json()["error"]["code"] == 2932001


def test_an_unknown_row_is_refused() -> None:
    with pytest.raises(KeyError):
        fault_of("190/1 nonsense", "insights")
