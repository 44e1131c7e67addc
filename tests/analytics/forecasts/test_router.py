"""Forecasts through the API: from the stored weeks of a client or of an account, and what a goal gets from them."""

from datetime import date, timedelta

import numpy as np
import pytest
from tests.analytics.reports.conftest import Agency, agency
from tests.conftest import NOW, ON_BOTH, ONE_DAY, Api

from sophia.analytics.figures.figures import week_of
from sophia.analytics.forecasts.weekly import chance_of_total, fit, outlook
from sophia.analytics.kpis.weekly import keep_weeks

__all__ = ["agency"]

WEEKS = 24
THIS_MONDAY = week_of(NOW.date()).start
FIRST = THIS_MONDAY - WEEKS * 7 * ONE_DAY


def daily_views() -> dict[date, float]:
    """Whole numbers around 1,000, with a weekend that is stronger; up to the Saturday before NOW."""
    random = np.random.default_rng(11)
    days = [FIRST + index * ONE_DAY for index in range(7 * WEEKS + 6)]
    return {day: float(round(1000 * (1.3 if day.weekday() > 4 else 1.0) * random.lognormal(0, 0.2))) for day in days}


def furnished(agency: Agency, views: dict[date, float]) -> tuple[int, int]:
    client, account = agency.client("Hats")
    agency.days(account, "views", views)
    followers = {FIRST - ONE_DAY + week * timedelta(days=7): 2000 + 20 * week for week in range(WEEKS + 1)}
    agency.days(account, "followers_count", {day: float(value) for day, value in followers.items()})
    agency.filling.watermark(account, "account_totals", FIRST, THIS_MONDAY + 5 * ONE_DAY)
    agency.filling.run(account, started_at=NOW, finished_at=NOW)
    keep_weeks(agency.filling.database, NOW)
    return client, account


@ON_BOTH
def test_the_forecast_is_that_of_the_complete_weeks(api: Api, agency: Agency) -> None:
    views = daily_views()
    client, account = furnished(agency, views)
    weekly = np.array([sum(views[FIRST + (7 * week + day) * ONE_DAY] for day in range(7)) for week in range(WEEKS)])
    fitted = fit(weekly, 6)
    assert fitted is not None
    expected = outlook(fitted)
    assert expected is not None
    answer = api.get(f"/{client}/forecasts?weeks=6").json()
    forecasts = {forecast["kpi"]: forecast for forecast in answer["forecasts"]}
    assert (answer["client_id"], answer["account_id"], answer["coverage_percent"]) == (client, None, 80.0)
    weeks = forecasts["views"]["weeks"]
    assert [week["week"]["start"] for week in weeks] == [str(THIS_MONDAY + index * 7 * ONE_DAY) for index in range(6)]
    assert [week["middle"] for week in weeks] == pytest.approx(expected.middle.tolist())
    assert [(week["low"], week["high"]) for week in weeks] == [
        pytest.approx(pair) for pair in zip(expected.low.tolist(), expected.high.tolist(), strict=True)
    ]
    assert [week["figure"]["value"] for week in forecasts["views"]["history"]][-WEEKS:] == weekly.tolist()
    followers = forecasts["followers"]
    assert followers["history"][-1]["figure"]["value"] == 2000 + 20 * WEEKS
    assert followers["weeks"][5]["middle"] == pytest.approx(2000 + 20 * (WEEKS + 6), rel=0.01)
    assert forecasts["engagements"]["weeks"] == []
    assert forecasts["engagements"]["reason"] == "A forecast needs 10 complete weeks; there are 0."
    of_account = api.get(f"/{client}/forecasts?weeks=6&account_id={account}").json()
    of_views = next(forecast for forecast in of_account["forecasts"] if forecast["kpi"] == "views")
    assert of_views["weeks"] == weeks


@pytest.mark.usefixtures("database")
def test_a_week_with_a_missing_day_is_unknown(api: Api, agency: Agency) -> None:
    """A12: the sum of six days is no small week."""
    views = daily_views()
    del views[FIRST + 73 * ONE_DAY]
    client, _ = furnished(agency, views)
    forecast = next(
        forecast for forecast in api.get(f"/{client}/forecasts").json()["forecasts"] if forecast["kpi"] == "views"
    )
    assert forecast["n"] == WEEKS - 1
    assert len(forecast["weeks"]) == 8


def test_a_goal_has_the_chance_of_the_days_that_remain(api: Api, agency: Agency) -> None:
    """From today, the Sunday, to the 13th of December: a seventh of this week, and three weeks."""
    views = daily_views()
    client, _ = furnished(agency, views)
    weekly = np.array([sum(views[FIRST + (7 * week + day) * ONE_DAY] for day in range(7)) for week in range(WEEKS)])
    start = date(2026, 11, 1)
    so_far = sum(value for day, value in views.items() if day >= start)
    target = so_far + 3.2 * float(weekly.mean())
    body = {"kpi": "views", "target": target, "start_date": str(start), "end_date": "2026-12-13"}
    assert api.ask("PUT", f"/{client}/goals/Views", json=body).status_code == 201
    goal = api.get(f"/{client}/goals/Views").json()
    shares = np.array([1 / 7, 1, 1, 1])
    fitted = fit(weekly, 4)
    assert fitted is not None
    chance = chance_of_total(fitted, shares, target - so_far)
    assert chance is not None
    assert goal["chance"]["value"] == pytest.approx(100 * chance)
    assert goal["chance"]["unit"] == "percent"
    rate = {"kpi": "save_rate", "target": 2.0, "start_date": str(start), "end_date": "2026-12-13"}
    assert api.ask("PUT", f"/{client}/goals/Saves", json=rate).json()["chance"]["value"] is None


def test_requests_that_cannot_be_answered(api: Api, agency: Agency) -> None:
    client, _ = agency.client("Hats")
    _, foreign = agency.client("Shoes")
    assert api.get(f"/{client}/forecasts?weeks=3").status_code == 422
    assert api.get(f"/{client}/forecasts?weeks=13").status_code == 422
    assert api.get(f"/{client}/forecasts?account_id={foreign}").status_code == 404
    assert api.get("/999/forecasts").status_code == 404
