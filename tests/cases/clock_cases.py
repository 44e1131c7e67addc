"""Cases of clocks and moments: 01, 11 and 13 of the folder of failing inputs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.cases.checks import Check

from sophia.errors import InvalidInputError
from sophia.jobs.run_times import Schedule, next_run_time
from sophia.publishing.queue import expect_future

ROOT = Path(__file__).parents[2]
# The evening before the clock goes back, in UTC.
NIGHTS = {
    "Europe/Berlin": "2026-10-24T20:02+00:00",
    "Europe/London": "2026-10-24T20:02+00:00",
    "America/New_York": "2026-11-01T00:02+00:00",
    "Australia/Sydney": "2026-04-04T10:02+00:00",
    "America/Santiago": "2026-04-04T22:02+00:00",
}


def clock_goes_back(_: Path) -> Iterator[Check]:
    """01: the scheduler itself lives through the night when the clock goes back."""
    for zone, begin in NIGHTS.items():
        end = datetime.fromisoformat(begin) + timedelta(hours=16)
        command = [sys.executable, "-m", "tests.jobs.night", zone, "6", begin, end.isoformat()]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
        started = json.loads(done.stdout)
        runs = (len(started["collect_daily"]), len(started["collect_fresh"]))
        yield Check(f"{zone}: daily and hourly runs in 16 hours", (1, 16), runs)


def past_moment(_: Path) -> Iterator[Check]:
    """11: a moment in the past is refused."""
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    try:
        expect_future(datetime(2025, 12, 24, 9, tzinfo=UTC), now)
    except InvalidInputError as error:
        message = str(error)
    else:
        message = "accepted"
    yield Check("a publishing time of last year is refused", expected=True, actual="past" in message)


def daily_at_midnight(_: Path) -> Iterator[Check]:
    """13: a daily job at midnight runs on each date."""
    zone, moment = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 27, tzinfo=UTC)
    days: list[date] = []
    for _turn in range(6):
        moment = next_run_time(Schedule("day"), 0, zone, moment)
        days.append(moment.astimezone(zone).date())
    yield Check("days between runs", {1}, {(after - before).days for before, after in pairwise(days)})


CLOCK_CASES = {"01": clock_goes_back, "11": past_moment, "13": daily_at_midnight}
