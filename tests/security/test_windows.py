"""Every route that takes days takes one end alone, and means the same by it."""

from datetime import date, timedelta
from typing import Any

import pytest
from tests.conftest import NOW, YESTERDAY, Api, Filling
from tests.security.business import furnished
from tests.security.test_routes import filled, routes

ONE_WEEK = timedelta(days=7)


def window_of(answer: Any) -> tuple[str, str] | None:
    """The days that an answer says it is about, its end excluded."""
    if not isinstance(answer, dict):
        return None
    found = answer.get("window") or answer
    return (found["start"], found["end"]) if isinstance(found, dict) and {"start", "end"} <= set(found) else None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_end_alone_is_enough_on_every_route(api: Api, filling: Filling) -> None:
    """J3, J7: without the last day it is the newest, without the first it is the usual number of days; never a 422."""
    business = furnished(filling, "windows")
    first, last = YESTERDAY - 2 * ONE_WEEK, YESTERDAY - ONE_WEEK
    asked, bounded = set(), set()
    for route in routes(api):
        if route.method != "GET" or not {"start_date", "end_date"} <= route.names:
            continue
        asked.add(route.path)
        for given in ({"start_date": str(first)}, {"end_date": str(last)}, {"start_date": str(NOW.date())}):
            answer = api.ask("GET", filled(route, business), params=route.needed | given)
            late = given.get("start_date") == str(NOW.date())
            assert answer.status_code in ((200, 422) if late else (200,)), (route.path, given, answer.text)
            if answer.status_code == 422:
                assert "begun" in answer.text, answer.text
                continue
            window = window_of(answer.json()) if "json" in answer.headers["Content-Type"] else None
            if window is None or route.needed:
                continue  # a list, or whole buckets
            bounded.add(route.path.rpartition("/")[2])
            if "end_date" in given:
                assert window[1] == str(last + timedelta(days=1)), (route.path, window)
                assert window[0] < str(last), (route.path, window)
            elif not late:
                assert window[0] == str(first), (route.path, window)
                assert str(NOW.date()) <= window[1] <= "2100-01-01", (route.path, window)
    assert len(asked) >= 15
    assert bounded >= {"report", "brief", "benchmarks", "posting-times", "formats", "sentiment", "funnel"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_report_from_a_day_goes_on_until_yesterday(api: Api, filling: Filling) -> None:
    """J3: the newest day that is over in Meta's zone; the last day alone is the end of as many as are usual."""
    client = filling.client("Hats")
    usual = {f"/{client}/report": 7, "/portfolio/brief": 7, f"/{client}/benchmarks": 7, f"/{client}/posting-times": 90}
    for path, days in usual.items():
        window = api.get(path, params={"start_date": "2026-11-10"}).json()["window"]
        assert (window["start"], window["end"]) == ("2026-11-10", "2026-11-22"), path
        window = api.get(path, params={"end_date": "2026-11-15"}).json()["window"]
        assert (window["start"], window["end"]) == (str(date(2026, 11, 16) - timedelta(days=days)), "2026-11-16"), path
