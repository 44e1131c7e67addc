"""Budgets, usage headers, refusals, and what becomes of those who go on calling."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sophia.demo.control import SettableClock
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]
HOUR = timedelta(hours=1)


def codes(answers: list[httpx.Response]) -> list[int | None]:
    return [answer.json().get("error", {}).get("code") for answer in answers]


def usage(answer: httpx.Response, header: str) -> Any:
    return json.loads(answer.headers[header])


@pytest.mark.parametrize(
    ("budget", "number", "error", "code", "header"),
    [
        ("app", None, None, 4, "x-app-usage"),
        ("token", 0, None, 17, "x-page-usage"),
        ("token", 0, "32 page rate limit", 32, "x-page-usage"),
        ("token", 0, "613 custom rate limit", 613, "x-page-usage"),
        ("object", 0, None, 80001, "x-business-use-case-usage"),
        ("object", 1, None, 80002, "x-business-use-case-usage"),
    ],
)
def test_a_budget_is_used_up_and_regained(
    ask: Ask,
    api: GraphApi,
    world: World,
    clock: SettableClock,
    budget: Any,
    number: int | None,
    error: str | None,
    code: int,
    header: str,
) -> None:
    """Usage rises to 100 %, then the right code until the time has passed; headers on errors too (C5, C6)."""
    account = (world.pages[0], world.instagram_accounts[0])[number or 0]
    api.limits.add(budget, 4, HOUR, of=None if number is None else account.id, error=error)

    def call() -> httpx.Response:
        return ask(f"/{account.id}", world.pages[0].access_token, fields="id")

    def percent(answer: httpx.Response) -> tuple[int, int]:
        told = usage(answer, header)
        if budget == "object":
            (told,) = told[account.id]
        return told["call_count"], told.get("estimated_time_to_regain_access", 60)

    answers = [call() for _ in range(5)]
    assert codes(answers) == [None, None, None, None, code]
    assert [percent(answer)[0] for answer in answers] == [25, 50, 75, 100, 100]
    assert percent(answers[3])[1] == 60
    clock.moment = world.built_at + timedelta(minutes=60, seconds=59)
    assert codes([call()]) == [code]  # the fifth call put the end off by a minute
    assert [(each.budget, each.at) for each in api.calls_while_throttled] == [
        (budget, world.built_at),
        (budget, clock.moment),
    ]
    clock.moment = world.built_at + timedelta(minutes=62)
    again = call()
    assert codes([again]) == [None]
    assert percent(again)[0] == 25


def test_others_go_on(ask: Ask, api: GraphApi, world: World) -> None:
    """One budget's end is nobody else's; calls are counted by id and by batch item (C5)."""
    first, second = world.pages[:2]
    api.limits.add("object", 3, HOUR, of=first.id)
    posts = [post.id for post in world.posts(first.id) if post.created_at <= world.built_at][:3]
    api.new_app = False
    answer = ask("/v25.0/", first.access_token, ids=",".join(posts), fields="id")
    assert answer.status_code == 200
    assert usage(answer, "x-business-use-case-usage")[first.id][0]["call_count"] == 100
    assert codes([ask(f"/{first.id}", first.access_token)]) == [80001]
    assert codes([ask(f"/{second.id}", second.access_token)]) == [None]
    assert codes([ask(f"/{world.instagram_accounts[0].id}", first.access_token)]) == [None]


def test_items_of_a_batch_are_limited_one_by_one(client: httpx.Client, api: GraphApi, world: World) -> None:
    """The third item of a batch is refused, and the batch tells the usage of the account (C5)."""
    page = world.pages[0]
    api.limits.add("object", 2, HOUR, of=page.id)
    batch = json.dumps([{"method": "GET", "relative_url": f"{page.id}?fields=id"}] * 3)
    answer = client.post("/", data={"batch": batch, "access_token": page.access_token})
    assert [item["code"] for item in answer.json()] == [200, 200, 400]
    assert api.calls_while_throttled == []  # nobody could know before the batch was answered
    assert usage(answer, "x-business-use-case-usage")[page.id][0]["call_count"] == 100
    assert api.calls[-1].counted == 3
    client.post("/", data={"batch": batch, "access_token": page.access_token})
    assert len(api.calls_while_throttled) == 3


def test_a_limit_may_speak_by_code_alone_or_by_header_alone(ask: Ask, api: GraphApi, world: World) -> None:
    """Without the header only a refusal tells, so the first one is nobody's fault (C5, C6)."""
    page = world.pages[0]
    api.limits.add("app", 1, HOUR, shows_usage=False)
    answers = [ask(f"/{page.id}", page.access_token) for _ in range(3)]
    assert codes(answers) == [None, 4, 4]
    assert answers[1].status_code == 403
    assert not any("x-app-usage" in answer.headers for answer in answers)
    assert len(api.calls_while_throttled) == 1
    api.reset_limits()
    assert "x-app-usage" in ask(f"/{page.id}", page.access_token).headers
    api.limits.add("app", 1, HOUR, refuses=False)
    answers = [ask(f"/{page.id}", page.access_token) for _ in range(2)]
    assert codes(answers) == [None, None]
    assert [usage(answer, "x-app-usage")["call_count"] for answer in answers] == [100, 100]
    assert len(api.calls_while_throttled) == 1
    api.reset()
    assert api.calls_while_throttled == []


def test_a_limit_needs_whose_it_is(api: GraphApi, world: World) -> None:
    with pytest.raises(ValueError, match="of names the account"):
        api.limits.add("token", 1, HOUR)
    with pytest.raises(ValueError, match="of names the account"):
        api.limits.add("app", 1, HOUR, of=world.pages[0].id)
