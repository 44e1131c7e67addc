"""Passes the run times of a job to APScheduler."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger

from sophia.jobs.run_times import LONGEST_WALK, Schedule, next_run_time


class RunTimes(BaseTrigger):  # type: ignore[misc]
    """The run times of a schedule. Each one is later than the last, so APScheduler's list of missed runs always ends."""

    __slots__ = ("daily_hour", "schedule", "zone")

    def __init__(self, schedule: Schedule, daily_hour: int, zone: ZoneInfo) -> None:
        self.schedule = schedule
        self.daily_hour = daily_hour
        self.zone = zone

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return the next run time, in UTC, up to `jitter` later than planned. The arguments are aware.

        Runs that were missed more than `LONGEST_WALK` ago are left out: a machine that starts with its clock at 1970 would
        otherwise list 29 million minutes once the clock is right.
        """
        after = now if previous_fire_time is None else max(previous_fire_time, now - LONGEST_WALK)
        run_time = next_run_time(self.schedule, self.daily_hour, self.zone, after.astimezone(UTC))
        jitter = random.uniform(0, self.schedule.jitter.total_seconds())  # noqa: S311 - spreads the load, no secret
        return run_time + timedelta(seconds=jitter)

    def __repr__(self) -> str:
        return f"RunTimes({self.schedule!r}, daily_hour={self.daily_hour}, zone={self.zone.key!r})"
