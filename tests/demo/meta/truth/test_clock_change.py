"""The days of 23 and 25 hours, and numbers that are restated while somebody reads them."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from sophia.demo.control import SettableClock
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.pacific import day_close, day_start, last_closed_day
from sophia.demo.meta.world.world import World

Ask = Callable[..., httpx.Response]
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
ONE_DAY = timedelta(days=1)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def entries(answer: httpx.Response) -> list[Any]:
    found = answer.json()["data"]
    return found[0]["values"] if found else []


@pytest.mark.parametrize(
    ("change", "hours", "closings"),
    [(SPRING, 23, ("08:00", "08:00", "07:00", "07:00")), (AUTUMN, 25, ("07:00", "07:00", "08:00", "08:00"))],
)
def test_each_day_has_one_value_whatever_its_length(
    ask: Ask, world: World, truth: Truth, clock: SettableClock, change: date, hours: int, closings: tuple[str, ...]
) -> None:
    """Before, on and after the change: a value a day, closed by Pacific midnight, on both platforms (A9)."""
    clock.moment = day_close(change + 2 * ONE_DAY) + timedelta(hours=7)
    assert day_close(change) - day_start(change) == timedelta(hours=hours)
    days = [change + offset * ONE_DAY for offset in (-2, -1, 0, 1)]
    window = {"since": seconds(day_start(days[0])), "until": seconds(day_close(days[-1])), "period": "day"}
    ends = [f"{day + ONE_DAY}T{closing}:00+0000" for day, closing in zip(days, closings, strict=True)]
    page, account = world.pages[1], world.instagram_accounts[1]

    values = entries(ask(f"/{page.id}/insights", page.access_token, metric="page_media_view", **window))
    assert [value["end_time"] for value in values] == ends
    assert [value["value"] for value in values] == [
        truth.page_day(page, "page_media_view", day, clock.moment) for day in days
    ]

    values = entries(ask(f"/{account.id}/insights", page.access_token, metric="reach", **window))
    assert [value["end_time"] for value in values] == ends
    assert [value["value"] for value in values] == [
        truth.instagram_day(account, "reach", day, clock.moment) for day in days
    ]


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_the_day_closes_at_its_own_midnight(ask: Ask, world: World, clock: SettableClock, change: date) -> None:
    """A minute before it the day is not among the last closed ones, at it it is (A9)."""
    page = world.pages[1]
    closings = []
    for early in (timedelta(minutes=1), timedelta(0)):
        clock.moment = day_close(change) - early
        values = entries(ask(f"/{page.id}/insights", page.access_token, metric="page_media_view", period="day"))
        closings.append(values[-1]["end_time"])
    assert closings == [f"{day_start(change):%Y-%m-%dT%H:%M}:00+0000", f"{day_close(change):%Y-%m-%dT%H:%M}:00+0000"]
    assert last_closed_day(clock()) == change


def test_a_window_of_24_hours_may_hold_no_day(ask: Ask, world: World) -> None:
    """24 hours from its start the day of 25 hours is not over, so that nothing closes in the window (A9)."""
    page, start = world.pages[1], day_start(AUTUMN)
    counts = []
    for hours in (24, 25):
        window = {"since": seconds(start), "until": seconds(start + timedelta(hours=hours)), "period": "day"}
        counts.append(len(entries(ask(f"/{page.id}/insights", page.access_token, metric="page_media_view", **window))))
    assert counts == [0, 1]


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_the_day_of_the_change_is_restated_as_others_are(
    ask: Ask, world: World, truth: Truth, clock: SettableClock, change: date
) -> None:
    """Higher after 24 and after 48 hours, then final; a later restatement shows from one call to the next (A13)."""
    page, closed = world.pages[1], day_close(change)
    window = {"since": seconds(day_start(change)), "until": seconds(closed), "period": "day"}

    def served(moment: datetime) -> int:
        clock.moment = moment
        (entry,) = entries(ask(f"/{page.id}/insights", page.access_token, metric="page_media_view", **window))
        return int(entry["value"])

    values = [served(closed + timedelta(hours=hours)) for hours in (23, 24, 47, 48, 90)]
    assert values[0] < values[1] == values[2] < values[3] == values[4]
    truth.restate(page.id, "page_media_view", change, 7)
    assert served(closed + timedelta(hours=90)) == 7
    assert served(datetime(2026, 11, 20, tzinfo=UTC)) == 7
