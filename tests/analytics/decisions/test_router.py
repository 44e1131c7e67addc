"""Decisions through the API: recorded once, judged at fixed ages by the readings of those ages, scored by stage."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.analytics.decisions.decided import AppState, furnish, open_house
from tests.conftest import NOW, Api, Filling

from sophia.analytics.decisions.scoring import keep_scores

MONTH_AGO = NOW - timedelta(days=40)


@pytest.fixture
def house(api: Api, filling: Filling) -> AppState:
    return open_house(api, filling)


def values(found: Any, metric: str = "reach") -> dict[str, float]:
    """{age: value} of the only post of a decision."""
    (post,) = found["posts"]
    return {age: metrics[metric]["value"] for age, metrics in post["outcomes"].items() if metric in metrics}


def test_a_decision_is_recorded_once(house: AppState) -> None:
    """I1, I8: a list of alternatives or a dictionary of them; what was told comes back whole; a repetition adds nothing."""
    draft = house.filling.draft(house.client)
    told = {
        "stage": "angle",
        "decision": "Show the workshop",
        "draft_id": draft,
        "rationale": "People ask how hats are made. " * 100,
        "alternatives_considered": {"price": "too loud", "people": None, "both": {"share": 0.5}},
        "evidence": {f"source {index}": [index, None] for index in range(9)},
        "predicted": {"reach": {"q10": 500, "q50": 900, "q90": 1500}, "approved": {"probability": 0.8}},
        "predicted_age": "24h",
        "confidence": 0.7,
        "decided_at": "2026-11-22T10:00:00+02:00",
    }
    first = house.decide("a", **told)
    assert (first.status_code, first.json()["status"]) == (201, "recorded")
    again = house.decide("a", **told)
    assert (again.status_code, again.json()) == (200, first.json() | {"status": "duplicate"})
    assert house.decide("a", **(told | {"confidence": 0.6})).status_code == 409
    second = house.decide("b", alternatives_considered=["a" * 4000, "b"])
    assert second.status_code == 201
    other, found = house.decisions()
    assert {name: found[name] for name in told} == told | {
        "alternatives_considered": ["price: too loud", "people", 'both: {"share": 0.5}'],
        "decided_at": "2026-11-22T08:00:00Z",
    }
    assert found["recorded_at"] == "2026-11-22T12:00:00Z"
    assert (other["alternatives_considered"], other["predicted"], other["posts"]) == (["a" * 4000, "b"], None, [])
    assert other["decided_at"] == other["recorded_at"]
    with house.filling.database.read() as session:
        nothing = session.connection().exec_driver_sql("SELECT count(*) FROM decision_traces WHERE evidence IS NULL")
        assert nothing.scalar_one() == 1


def test_one_key_at_the_same_time_records_one(house: AppState) -> None:
    """I1, E6: eight at once, one decision, and everybody is told the same number."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: house.decide("a", decided_at="2026-11-22T10:00:00Z"), range(8)))
    assert sorted(one.status_code for one in answers) == [200] * 7 + [201]
    assert len({one.json()["id"] for one in answers}) == 1
    assert len(house.decisions()) == 1


def test_outcomes_are_kept_at_each_age(house: AppState) -> None:
    """I2, I3, I6: a draft that becomes a post later; 24 h, 7 d and 28 d each, rates included; later readings change none."""
    draft = house.filling.draft(house.client)
    assert house.decide(draft_id=draft, decided_at=(MONTH_AGO - timedelta(days=1)).isoformat()).status_code == 201
    assert house.attribute() == (0, 0, 0)
    post = house.post(MONTH_AGO, draft)
    whole: dict[str, float] = {"reach": 1000, "likes": 40, "comments": 5, "shares": 3, "saved": 2}
    hours: dict[float, dict[str, float]] = {
        3: {"reach": 40},
        23: whole,
        25: {"reach": 1100},
        160: {"reach": 5000},
        660: {"reach": 6000},
    }
    house.read(post, MONTH_AGO, hours | {900: {"reach": 9999}})
    assert house.attribute(MONTH_AGO + timedelta(hours=23)) == (0, 0, 0)
    assert house.attribute(MONTH_AGO + timedelta(hours=24)) == (8, 0, 0)
    assert house.attribute() == (2, 0, 8)
    assert house.attribute() == (0, 0, 10)
    (found,) = house.decisions()
    assert values(found) == {"24h": 1000, "7d": 5000, "28d": 6000}
    assert [values(found, name)["24h"] for name in ("engagement_rate_on_reached", "save_rate", "share_rate")] == [
        5.0,
        0.2,
        0.3,
    ]
    outcome = found["posts"][0]["outcomes"]["7d"]["reach"]
    read_at = MONTH_AGO + timedelta(hours=160)
    assert outcome["read_at"] == read_at.isoformat().replace("+00:00", "Z")
    assert outcome["reading_day"] == "2026-10-19"
    assert outcome["earlier"] == []


def test_readings_in_any_order_give_the_same_outcome(house: AppState) -> None:
    """I3: an older reading that is stored later does not win, and a day's last reading stands though it did not change."""
    house.decide(draft_id=house.filling.draft(house.client))
    post = house.post(MONTH_AGO)
    # Published at 05:00 in California: both readings fall on that day, and only what changed was stored again.
    house.read(post, MONTH_AGO, {17: {"reach": 100, "saved": 7}, 18.5: {"reach": 5000}})
    house.read(post, MONTH_AGO, {-4: {"reach": 1}})
    assert house.attribute() == (3, 0, 0)
    with house.filling.database.read() as session:
        rows = session.connection().exec_driver_sql("SELECT metric, value FROM post_outcomes ORDER BY metric")
        assert dict(rows.all()) == {"reach": 5000, "save_rate": 0.14, "saved": 7}


def test_restated_readings_are_attributed_again(house: AppState) -> None:
    """I2: the new value stands, and the old one beside it with the moment at which it was replaced."""
    draft = house.filling.draft(house.client)
    house.decide(draft_id=draft, decided_at=(MONTH_AGO - timedelta(days=1)).isoformat())
    post = house.post(MONTH_AGO, draft)
    house.read(post, MONTH_AGO, {160: {"reach": 5000}})
    house.attribute(NOW - timedelta(hours=2))
    read_at = MONTH_AGO + timedelta(hours=160)
    house.filling.revise(
        house.series(post, "reach"), date(2026, 10, 19), 4800, house.filling.fetch(house.account, read_at)
    )
    assert house.attribute() == (0, 1, 0)
    (found,) = house.decisions()
    outcome = found["posts"][0]["outcomes"]["7d"]["reach"]
    assert (outcome["value"], outcome["measured_at"]) == (4800, "2026-11-22T12:00:00Z")
    (earlier,) = outcome["earlier"]
    assert (earlier["value"], earlier["measured_at"]) == (5000, "2026-11-22T10:00:00Z")
    assert earlier["replaced_at"] == "2026-11-22T12:00:00Z"


def test_weeks_are_scored_in_days_of_the_reporting_zone(house: AppState) -> None:
    """I7: an outcome due on Sunday at 23:59 in California belongs to the week, one due on Monday at 0:00 does not."""
    furnish(house, 12, newest=NOW - timedelta(days=20))
    sunday_night = datetime(2026, 11, 16, 7, 59, tzinfo=UTC)
    for minutes in (0, 1):
        house.predicted_post(sunday_night - timedelta(days=7, minutes=-minutes), 1000, {"voice": 1000})
    house.attribute()
    assert keep_scores(house.filling.database, sunday_night).new > 0
    assert keep_scores(house.filling.database, NOW + timedelta(days=1)).new > 0
    again = keep_scores(house.filling.database, NOW + timedelta(days=1))
    assert (again.new, again.changed) == (0, 0)
    found = house.api.get(f"{house.path}/decision-quality").json()
    voice = {one["period_start"]: one for one in found["weeks"] if one["stage"] == "voice"}
    assert {start: one["sample_size"] for start, one in voice.items()} == {"2026-11-09": 1, "2026-11-16": 1}
    assert voice["2026-11-09"]["period_end"] == "2026-11-16"
