"""Run times in every zone, compared with what the zone's clock shows minute after minute."""

import itertools
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from tests.conftest import PATIENCE_SECONDS

from sophia.jobs.run_times import Schedule, last_daily_run_time, next_run_time
from sophia.jobs.table import JOBS
from sophia.jobs.triggers import RunTimes

ONE_DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
STEP = timedelta(minutes=5)  # every `minute` of the table is a multiple of it
DAILY_JOBS = [job for job in JOBS if job.schedule.every == "day"]
WEEKLY_JOBS = [job for job in JOBS if job.schedule.every == "week"]


def wakes(schedule: Schedule, hour: int, zone: ZoneInfo, begin: datetime, end: datetime) -> list[datetime]:
    """The run times between two moments as APScheduler collects them: a scheduler that slept through all of them walks
    from one to the next. Fails when the walk does not move on.
    """
    trigger = RunTimes(Schedule(schedule.every, schedule.minute, schedule.hours_after, timedelta(0)), hour, zone)
    times: list[datetime] = []
    run_time = trigger.get_next_fire_time(None, begin)
    while run_time < end:
        assert not times or run_time > times[-1], (schedule, zone, run_time)
        times.append(run_time)
        run_time = trigger.get_next_fire_time(run_time, begin + ONE_DAY)
    return times


def offsets(zone: ZoneInfo, begin: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, timedelta]]:
    moment = begin
    while moment < end:
        yield moment, moment.astimezone(zone).utcoffset() or timedelta()
        moment += step


def changes(zone: ZoneInfo, years: range) -> list[datetime]:
    """The hours, in UTC, at whose end the zone's clock has been changed; found by asking it hour after hour."""
    begin, end = datetime(years.start, 1, 1, tzinfo=UTC), datetime(years.stop, 1, 1, tzinfo=UTC)
    found = []
    days = list(offsets(zone, begin, end, ONE_DAY))
    for (day, before), (_, after) in itertools.pairwise(days):
        if before != after:
            hours = list(offsets(zone, day, day + 2 * ONE_DAY, HOUR))
            found += [hour for (hour, old), (_, new) in itertools.pairwise(hours) if old != new][:1]
    return found


@cache
def nights() -> list[tuple[ZoneInfo, datetime]]:
    """Both changes of three years in every zone of the database; of zones whose clocks always agree, one."""
    by_rules: dict[object, tuple[ZoneInfo, list[datetime]]] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        moments = changes(zone, range(2026, 2029)) or [datetime(2026, 3, 1, tzinfo=UTC)]
        rules = tuple((moment, (moment + ONE_DAY).astimezone(zone).utcoffset()) for moment in moments)
        by_rules.setdefault(rules, (zone, moments))
    return [(zone, moment) for zone, moments in by_rules.values() for moment in moments]


@cache
def clock_faces(zone: ZoneInfo, begin: datetime, end: datetime) -> dict[datetime, datetime]:
    """{what the zone's clock shows: when it shows it first}."""
    faces: dict[datetime, datetime] = {}
    moment = begin
    while moment < end:
        faces.setdefault(moment.astimezone(zone).replace(tzinfo=None), moment)
        moment += STEP
    return faces


def check_night(zone: ZoneInfo, change: datetime, hour: int) -> None:
    """Every job through two days before and after a change: in order, once a day, at the planned time if there is one."""
    middle = change.replace(minute=0)
    begin, end = middle - 2 * ONE_DAY, middle + 2 * ONE_DAY
    faces = clock_faces(zone, begin - ONE_DAY, end + ONE_DAY)
    dates = {face.date() for face, moment in faces.items() if begin <= moment < end}
    # The first and the last date are inside only in part.
    dates -= {min(dates), max(dates)}
    for job in DAILY_JOBS:
        times = wakes(job.schedule, hour, zone, begin - ONE_DAY, end + ONE_DAY)
        days = Counter(time.astimezone(zone).date() for time in times)
        assert all(days[day] == 1 for day in dates), (job.name, zone, hour, times)
        for time in times[1:-1]:
            local = time.astimezone(zone).replace(tzinfo=None)
            planned_hour = (hour + job.schedule.hours_after) % 24
            planned = local.replace(hour=planned_hour, minute=job.schedule.minute)
            if planned in faces:
                assert time == faces[planned], (job.name, zone, hour, time)


def interesting_hours(zone: ZoneInfo, change: datetime) -> set[int]:
    return {0, 23, (change.astimezone(zone) + HOUR).hour}


def test_every_job_runs_once_a_day_through_every_change_of_every_clock() -> None:
    """L12: three years, both nights of each, every zone of the database; in order, and the walk ends."""
    walked = nights()
    assert len(walked) > 200
    for zone, change in walked:
        for hour in interesting_hours(zone, change):
            check_night(zone, change, hour)


@pytest.mark.campaign
@pytest.mark.parametrize("hour", range(24))
def test_every_daily_hour_through_every_change(hour: int) -> None:
    """L12: as above, with each hour that a user may choose."""
    for zone, change in nights():
        check_night(zone, change, hour)


def test_hours_and_minutes_do_not_know_the_operators_clock() -> None:
    """L12: once an hour, once a minute, in UTC, whatever the clock on the wall does."""
    zone, begin = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 25, 0, 5, tzinfo=UTC)
    hourly = [time.hour for time in wakes(Schedule("hour", minute=10), 6, zone, begin, begin + 4 * HOUR)]
    assert hourly == [0, 1, 2, 3]
    assert len(wakes(Schedule("minute"), 6, zone, begin, begin + 4 * HOUR)) == 239


@pytest.mark.parametrize(
    ("zone", "hour", "minute", "near", "expected"),
    [
        # Written down from the published rules of each clock, in its own time.
        ("Europe/Berlin", 2, 30, "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00"),  # 02:00 becomes 03:00
        ("Europe/Berlin", 2, 30, "2026-10-24T12:00+02:00", "2026-10-25T02:30+02:00"),  # twice: the first
        ("Europe/Berlin", 0, 0, "2026-03-29T12:00+02:00", "2026-03-30T00:00+02:00"),
        ("Asia/Beirut", 0, 0, "2026-03-28T12:00+02:00", "2026-03-29T01:00+03:00"),  # no midnight
        ("Africa/Cairo", 0, 15, "2026-04-23T12:00+02:00", "2026-04-24T01:00+03:00"),
        ("America/Santiago", 0, 0, "2026-09-05T12:00-04:00", "2026-09-06T01:00-03:00"),
        ("America/Santiago", 23, 30, "2026-04-04T12:00-03:00", "2026-04-04T23:30-03:00"),  # 23:30 comes twice
        ("America/Nuuk", 23, 30, "2026-03-28T12:00-02:00", "2026-03-28T22:59-02:00"),  # 23:00 becomes midnight
        ("Australia/Lord_Howe", 2, 15, "2026-10-03T12:00+10:30", "2026-10-04T02:30+11:00"),  # half an hour
        ("Pacific/Apia", 6, 0, "2011-12-29T12:00-10:00", "2011-12-31T06:00+14:00"),  # no 30 December
        ("Pacific/Apia", 0, 0, "2011-12-29T12:00-10:00", "2011-12-31T00:00+14:00"),
        ("Pacific/Kwajalein", 6, 0, "1993-08-20T12:00-12:00", "1993-08-22T06:00+12:00"),
    ],
)
def test_odd_nights(zone: str, hour: int, minute: int, near: str, expected: str) -> None:
    """L12: local times that are skipped or come twice, no midnight, and dates that do not exist."""
    after = datetime.fromisoformat(near)
    assert next_run_time(Schedule("day", minute=minute), hour, ZoneInfo(zone), after) == datetime.fromisoformat(
        expected
    )


def test_a_follow_up_belongs_to_the_day_of_its_collection() -> None:
    """L12: three hours after 23:00 on Monday is Tuesday at 02:00, after the week's last collection and not before it."""
    zone = ZoneInfo("Europe/Berlin")
    monday = datetime(2026, 11, 23, 12, tzinfo=zone)
    assert next_run_time(Schedule("week", hours_after=3), 23, zone, monday) == datetime(2026, 11, 24, 2, tzinfo=zone)
    for job in (*DAILY_JOBS, *WEEKLY_JOBS):
        for hour in range(24):
            collected = next_run_time(Schedule("day"), hour, zone, monday)
            follow_up = next_run_time(job.schedule, hour, zone, collected - timedelta(seconds=1))
            assert follow_up >= collected, (job.name, hour)
            assert job in WEEKLY_JOBS or follow_up - collected < 4 * HOUR, (job.name, hour)


def test_a_weekly_job_runs_once_a_week_for_three_years() -> None:
    """L12: on Mondays, through both changes of Beirut, which has no midnight then, with its collection at midnight."""
    zone, begin = ZoneInfo("Asia/Beirut"), datetime(2026, 1, 1, tzinfo=UTC)
    times: list[datetime] = [begin]
    while times[-1] < datetime(2029, 1, 1, tzinfo=UTC):
        times.append(next_run_time(Schedule("week"), 0, zone, times[-1]))
    mondays = [time.astimezone(zone).date() for time in times[1:]]
    assert mondays == [date(2026, 1, 5) + 7 * ONE_DAY * number for number in range(len(mondays))]


def test_the_last_collection_is_the_one_before_now() -> None:
    """L12: what catches up asks for the same moment at which the daily job runs."""
    for zone, change in nights()[::7]:
        for hours in range(-30, 30, 5):
            now = change + hours * HOUR
            last = last_daily_run_time(2, zone, now)
            assert last <= now < next_run_time(Schedule("day"), 2, zone, last)


def test_a_clock_that_jumps_by_decades_is_not_walked_minute_by_minute() -> None:
    """L12, E4: a machine without a battery starts in 1970; when its clock is right, the next turn is near."""
    trigger = RunTimes(Schedule("minute", jitter=timedelta(0)), 6, ZoneInfo("UTC"))
    now = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
    run_time, walked = datetime(1970, 1, 1, tzinfo=UTC), 0
    while run_time <= now:
        before, run_time, walked = run_time, trigger.get_next_fire_time(run_time, now), walked + 1
        assert run_time > before
    assert run_time == datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
    assert walked < 30_000


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("Europe/Berlin", "2026-10-24T20:02+00:00"),
        pytest.param("America/Santiago", "2026-04-04T22:02+00:00", marks=pytest.mark.campaign),
    ],
)
def test_the_scheduler_lives_through_the_night_when_the_clock_goes_back(zone: str, begin: str) -> None:
    """L12: APScheduler with Sophia's jobs, on a fast clock, from the evening to the next afternoon. Its cron trigger never came back."""
    end = datetime.fromisoformat(begin) + timedelta(hours=16)
    folder = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tests.jobs.night", zone, "6", begin, end.isoformat()]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True)
    started = json.loads(done.stdout)
    assert [len(started[job.name]) for job in DAILY_JOBS] == [1] * len(DAILY_JOBS)
    hours = [time[:13] for time in started["collect_fresh"]]
    assert len(hours) == 16
    assert len(set(hours)) == 16
    assert len(started["publish_due"]) > 180
    local = datetime.fromisoformat(started["collect_daily"][0]).astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute // 20) == (6, 0)
