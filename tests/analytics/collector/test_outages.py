"""Outages that last a whole run: few calls, nothing lost, and the next good run is complete."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.analytics.collector.conftest import AppState, HouseMaker
from tests.analytics.collector.test_truth import expect_truth, truth_of
from tests.conftest import ON_SQLITE

from sophia.analytics.collector.plan import Plan
from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.faults.wire import Receive, Scope, Send
from sophia.demo.server import running_server
from sophia.meta.reporting_zone import reporting_day

MOST_CALLS = 30
OUTAGES: Mapping[str, Mapping[str, Any]] = {
    "code 2": {"status": 500, "body": {"error": {"message": "Service temporarily unavailable", "code": 2}}},
    "code 1": {"status": 500, "body": {"error": {"message": "An unknown error occurred", "code": 1}}},
    "code 1/99": {"body": {"error": {"message": "An unknown error occurred", "code": 1, "error_subcode": 99}}},
    "code -1": {"status": 503, "body": {"error": {"message": "Fatal", "code": -1, "is_transient": True}}},
    "code 4": {"status": 403, "body": {"error": {"message": "(#4) Application request limit reached", "code": 4}}},
    "too heavy": {"status": 500, "body": {"error": {"message": "Please reduce the amount of data", "code": 1}}},
    "html 503": {"status": 503, "body": "<html><h1>503 Service Unavailable</h1></html>"},
    "html 200": {"status": 200, "body": "<html>Please log in</html>"},
    "empty": {"bad_body": "empty"},
    "reset": {"kind": "reset"},
    "429": {"status": 429, "body": "slow down", "headers": {"Retry-After": "3"}},
    "hang": {"kind": "hang", "delay_seconds": 0.4},
}
IN_THE_SUITE = ("code 2", "code 4", "html 503", "reset", "hang")
NAMES = [pytest.param(name, marks=[] if name in IN_THE_SUITE else pytest.mark.campaign) for name in OUTAGES]


def calls_of(house: AppState) -> dict[str, int]:
    """HTTP calls as the server counted them, by account; those of batches, which name none, under the empty id."""
    counts: dict[str, int] = {}
    for call in house.api.calls:
        counts[call.account_id or ""] = counts.get(call.account_id or "", 0) + 1
    return counts


@ON_SQLITE
@pytest.mark.parametrize("name", NAMES)
def test_an_outage_costs_few_calls_and_loses_nothing(make_house: HouseMaker, name: str) -> None:
    """L6: 30 calls per account at most; the runs say what failed and when they are repeated; then the store is complete."""
    house = make_house(posts_per_account=8)
    fault = Fault(r".", **OUTAGES[name])
    house.api.faults.append(fault)
    outcomes = house.collect(timeout_seconds=0.2 if name == "hang" else 30.0)
    # Of a call that the client gives up after 0.2 s, a busy server may never have heard.
    calls = sum(outcome.calls for outcome in outcomes)
    assert 0 < fault.struck <= calls if name == "hang" else fault.struck == calls
    assert max(outcome.calls for outcome in outcomes) <= MOST_CALLS
    assert max(calls_of(house).values()) <= MOST_CALLS
    expected = "throttled" if name in ("code 4", "429") else "failed"
    assert {outcome.status for outcome in outcomes} == {expected}
    assert all(outcome.problems for outcome in outcomes)
    if name != "too heavy":
        assert all(outcome.resume_at for outcome in outcomes)
    house.api.faults.clear()
    house.now += timedelta(minutes=61)
    outcomes = house.collect()
    assert {outcome.status for outcome in outcomes} == {"ok"}, [outcome.problems for outcome in outcomes]
    expect_truth(house)


@ON_SQLITE
@pytest.mark.parametrize("name", [pytest.param("code 2", marks=pytest.mark.campaign), "reset"])
def test_an_outage_in_the_middle_of_a_run_loses_nothing(make_house: HouseMaker, name: str) -> None:
    """L6: what was read stays, and the next run reads the rest."""
    house = make_house(posts_per_account=8)
    house.api.faults.append(Fault(r".", after=9, **OUTAGES[name]))
    outcomes = house.collect()
    assert fault_calls(house) <= 2 * MOST_CALLS
    assert {outcome.status for outcome in outcomes} <= {"failed", "partial"}
    house.api.faults.clear()
    house.now += timedelta(minutes=61)
    outcomes = house.collect()
    assert {outcome.status for outcome in outcomes} == {"ok"}, [outcome.problems for outcome in outcomes]
    expect_truth(house)


def fault_calls(house: AppState) -> int:
    return sum(fault.struck for fault in house.api.faults)


@ON_SQLITE
@pytest.mark.parametrize(
    "name", ["code 2", *(pytest.param(name, marks=pytest.mark.campaign) for name in ("code 1", "html 503"))]
)
def test_an_outage_of_the_posts_costs_the_posts(make_house: HouseMaker, name: str) -> None:
    """L6: all other families are read in the same run; the posts are complete after the next."""
    house = make_house(posts_per_account=30)
    page = house.world.pages[0].id
    house.api.faults.append(Fault(r"published_posts|/\?batch|^POST", **OUTAGES[name]))
    (outcome,) = house.collect(page)
    assert outcome.status == "partial"
    assert outcome.calls <= MOST_CALLS
    ends = {name: family["ended"] for name, family in outcome.families.items()}
    assert ends == {"posts": "failed", "page_insights": "ok", "profile": "ok", "stories": ends["stories"]}
    days = {key: value for key, value in truth_of_days(house, page).items() if key[1] is None}
    stored = house.stored(page)
    assert len(days) > 500
    assert {key: stored.get(key) for key in days} == days
    house.api.faults.clear()
    (outcome,) = house.collect(page)
    assert outcome.status == "ok"
    wanted = truth_of_days(house, page)
    stored = house.stored(page)
    assert {key: stored.get(key) for key in wanted} == wanted


def truth_of_days(house: AppState, account: str) -> dict[Any, int | float]:
    return truth_of(house, account, reporting_day(house.now) - timedelta(days=90))


@ON_SQLITE
@pytest.mark.parametrize("concurrency", [1, 20])
def test_an_outage_of_one_account_costs_that_account(make_house: HouseMaker, concurrency: int) -> None:
    """L6, C2: the first account fails on every call; all others are collected in the same round."""
    house = make_house(businesses=3, posts_per_account=3)
    sick = next(iter(house.account_ids))
    token = house.world.business_of(sick).page.access_token
    twin = house.world.business_of(sick).instagram.id
    house.api.faults.append(Fault(r".", when=lambda request: request.token == token, **OUTAGES["code 2"]))
    outcomes = dict(zip(house.account_ids, house.collect(concurrency=concurrency, initial_days=3), strict=True))
    for account in (sick, twin):  # one token serves both
        assert outcomes.pop(account).status == "failed"
    assert {outcome.status for outcome in outcomes.values()} == {"ok"}


@ON_SQLITE
def test_an_outage_of_the_host_is_noticed_once(make_house: HouseMaker) -> None:
    """L6, C9: after some accounts nothing more is asked of a host that answers nobody."""
    house = make_house(businesses=8, posts_per_account=1, days=5)
    house.api.faults.append(Fault(r".", **OUTAGES["reset"]))
    outcomes = house.collect(concurrency=1, initial_days=3)
    assert len(outcomes) == 16
    assert len(house.api.calls) <= 60
    assert [outcome.calls for outcome in outcomes[-12:]] == [0] * 12
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert all(outcome.resume_at for outcome in outcomes)


@ON_SQLITE
def test_a_limit_of_seconds_is_waited_for(make_house: HouseMaker) -> None:
    """L6: 429 with `Retry-After: 3` ends no run; the calls wait and go on."""
    house = make_house(posts_per_account=3)
    house.api.faults.append(Fault(r"insights", times=2, **OUTAGES["429"]))
    outcomes = house.collect(initial_days=3)
    assert house.api.faults[0].struck == 2
    assert {outcome.status for outcome in outcomes} == {"ok"}


# -- lists that are cut ------------------------------------------------------------------------------------------------


@dataclass
class Paged:
    """A proxy in front of the simulated Meta that rewrites the paging of every list; not the simulator's own idea of it.

    `link` replaces the beginning of `next` up to the query; cursors are left out.
    """

    api: Any
    link: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: dict[str, Any] = {}

        async def rewrite(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body = self.rewritten(message.get("body", b""))
            headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        await self.api(scope, receive, rewrite)

    def rewritten(self, body: bytes) -> bytes:
        data = json.loads(body)
        paging = data.get("paging") if isinstance(data, dict) else None
        if not isinstance(paging, dict) or "cursors" not in paging:
            return body
        del paging["cursors"]
        if "next" in paging and self.link:
            paging["next"] = self.link + "?" + paging["next"].partition("?")[2]
        return json.dumps(data).encode()


def gone(house: AppState) -> int:
    return len(house.rows("SELECT 1 FROM posts WHERE gone_at IS NOT NULL"))


@ON_SQLITE
def test_a_list_without_cursors_is_read_to_its_end(make_house: HouseMaker) -> None:
    """L8: `next` alone leads on; everything is stored, and nothing counts as deleted."""
    house = make_house(posts_per_account=110)
    with running_server(Paged(house.api)) as house.base_url:
        outcomes = house.collect()
        assert {outcome.status for outcome in outcomes} == {"ok"}, [outcome.problems for outcome in outcomes]
        expect_truth(house)
        house.collect(plan=Plan(since=reporting_day(house.now) - timedelta(days=89)), initial_days=3)
    assert gone(house) == 0


@ON_SQLITE
@pytest.mark.parametrize("kind", ["facebook", "instagram"])
def test_an_incomplete_list_deletes_nothing(make_house: HouseMaker, kind: str) -> None:
    """L8: posts behind a page that cannot be asked for are not deleted; the run says so and the next one reads them."""
    house = make_house(posts_per_account=130)
    business = house.world.businesses[0]
    account, edge = (business.page.id, "published_posts") if kind == "facebook" else (business.instagram.id, "media")
    plan = Plan(since=reporting_day(house.now) - timedelta(days=89))
    house.collect(account, plan=plan, initial_days=3)
    true_url, house.now = house.base_url, house.now + timedelta(hours=1)
    with running_server(Paged(house.api, f"https://cdn.example/v22.0/1/{edge}")) as house.base_url:
        (outcome,) = house.collect(account, plan=plan, initial_days=3)
    assert outcome.status == "partial"
    assert [note["family"] for note in outcome.problems if "incomplete" in note["message"]]
    assert gone(house) == 0
    house.base_url = true_url
    (outcome,) = house.collect(account, plan=plan, initial_days=3)
    assert outcome.status == "ok"
    assert gone(house) == 0
