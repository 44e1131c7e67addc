"""Meta's limits: each budget rests alone, nothing is asked before its time, and what was missed is read later."""

from datetime import timedelta

import pytest

from sophia.demo.meta.faults.faults import Fault
from sophia.demo.meta.graph.meta_errors import META_ERRORS
from sophia.meta.pacing import PRECAUTION
from sophia.meta.reporting_zone import reporting_day

from .conftest import AppState, HouseMaker
from .test_truth import truth_of

REGAIN = timedelta(minutes=17)


def asked(house: AppState, external_id: str) -> int:
    return sum(call.account_id == external_id for call in house.api.calls)


@pytest.mark.parametrize("kind", ["facebook", "instagram"])
def test_an_object_that_is_used_up_rests_alone(make_house: HouseMaker, kind: str) -> None:
    """C5, C6: the account stops at 95 %, before it is refused; the others are collected; it is not asked for a while."""
    house = make_house(businesses=2, posts_per_account=30)
    business = house.world.businesses[0]
    tired = business.page.id if kind == "facebook" else business.instagram.id
    house.api.limits.add("object", 1000, REGAIN, of=tired).used = 945
    outcomes = dict(zip(house.account_ids, house.collect(), strict=True))
    assert outcomes.pop(tired).status == "throttled"
    assert {outcome.status for outcome in outcomes.values()} == {"ok"}
    (row,) = house.rows(
        "SELECT status, resume_at, percent_used, problems FROM collection_runs WHERE account_id = :id",
        id=house.account_ids[tired],
    )
    assert row.status == "throttled"
    assert row.percent_used >= 95
    assert "limit" in str(row.problems)
    # What was under way when Meta said so cannot be taken back.
    assert len([call for call in house.api.calls if call.status != 200 and call.account_id == tired]) <= 3
    house.now += PRECAUTION - timedelta(seconds=1)
    expect_silence(house, tired)
    house.now += timedelta(seconds=1)
    house.api.reset_limits()
    (outcome,) = house.collect(tired)
    assert outcome.status == "ok"
    assert len(house.rows("SELECT 1 FROM collection_runs WHERE account_id = :id", id=house.account_ids[tired])) == 2


def test_nothing_is_asked_before_the_regain_time(make_house: HouseMaker) -> None:
    """C5, C6: Meta says in how many minutes; another process is not asked before either, and then all goes well."""
    house = make_house(posts_per_account=30)
    page = house.world.pages[0].id
    house.api.limits.add("object", 100, REGAIN, of=page).used = 99
    (outcome,) = house.collect(page)
    late = len(house.api.calls_while_throttled)
    assert late <= 3  # the few that were under way when Meta said it, each of which put the end off by a minute
    assert outcome.resume_at is not None
    assert REGAIN <= outcome.resume_at - house.now <= REGAIN + late * timedelta(minutes=1)
    for minutes in (0, 1, 15):
        house.now += timedelta(minutes=minutes)
        expect_silence(house, page)
    house.now += timedelta(minutes=5)
    (outcome,) = house.collect(page)
    assert outcome.status == "ok"


def expect_silence(house: AppState, external_id: str) -> None:
    house.api.reset()
    (outcome,) = house.collect(external_id)
    assert outcome.status == "throttled"
    assert outcome.resume_at is not None
    assert outcome.resume_at > house.now
    assert asked(house, external_id) == 0


def test_the_application_rests_as_a_whole(make_house: HouseMaker) -> None:
    """C5: when the app's own limit is used up no account is asked, whichever met it first."""
    house = make_house(businesses=3)
    house.api.limits.add("app", 200, REGAIN)
    outcomes = house.collect(concurrency=1)
    assert "throttled" in {outcome.status for outcome in outcomes}
    assert len(house.api.calls_while_throttled) <= 8  # those that were under way when the header came
    house.api.reset()
    house.collect()
    assert house.api.calls == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [name for name in META_ERRORS if "rate limit" in name])
def test_every_refusal_of_a_limit(make_house: HouseMaker, name: str) -> None:
    """C3, C5: each code rests its budget, without a header that would say for how long, and nothing hammers."""
    house = make_house(posts_per_account=3)
    first = house.world.pages[0].id
    error = META_ERRORS[name]
    house.api.limits.add("object", 3, REGAIN, of=first, error=name, shows_usage=False)
    (outcome,) = house.collect(first, initial_days=3)
    assert outcome.status == "throttled"
    assert outcome.calls <= 3 + 4  # what was under way beside the call that was refused
    note = outcome.problems[0]
    assert note["code"] == error.code
    assert note["what_to_do"]
    house.api.reset()
    (again,) = house.collect(first)
    assert (again.status, again.calls) == ("throttled", 0)


@pytest.mark.parametrize(("header", "wait"), [("40", timedelta(0)), ("600", timedelta(minutes=10))])
def test_retry_after_is_honoured(make_house: HouseMaker, header: str, wait: timedelta) -> None:
    """C5, C7: HTTP 429 with Retry-After: nothing is asked before."""
    house = make_house()
    page = house.world.pages[0].id
    house.api.faults.append(Fault(r"published_posts", status=429, body="slow down", headers={"Retry-After": header}))
    (outcome,) = house.collect(page)
    assert outcome.status == "throttled"
    assert outcome.resume_at is not None
    assert outcome.resume_at - house.now == max(wait, timedelta(seconds=int(header)))


def test_what_a_limit_cut_off_is_read_later(make_house: HouseMaker) -> None:
    """A13, C5: stopped in the middle by limits again and again, the store ends equal to the truth."""
    house = make_house(posts_per_account=40)
    page = house.world.pages[0].id
    for budget in (2, 3, 5, 9):
        house.api.reset_limits()
        house.api.limits.add("object", budget, REGAIN, of=page, extension=timedelta(0))
        house.collect(page)
        house.now += timedelta(minutes=61)  # an item of a batch says no regain time, so its budget rests for an hour
    house.api.reset_limits()
    (outcome,) = house.collect(page)
    assert outcome.status == "ok"
    wanted = truth_of(house, page, reporting_day(house.now) - timedelta(days=90))
    stored = house.stored(page)
    assert len(wanted) > 1000
    assert not set(wanted) - set(stored)
    days = {key for key in wanted if key[1] is None and key[3] == "day" and "count" not in key[2]}
    assert {key: stored[key] for key in days} == {key: wanted[key] for key in days}
