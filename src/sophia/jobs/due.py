"""Which accounts are due: computed from watermarks, not from run times, so that nothing is forgotten (E4)."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sophia.analytics.figures.schedule import due_intervals
from sophia.analytics.readings.account_states import AccountHealth
from sophia.jobs.run_times import last_daily_run_time
from sophia.meta.reporting_zone import ONE_DAY, reporting_day

# Families whose watermark moves day by day.
DAILY_FAMILIES = {
    "facebook": ("page_insights",),
    "instagram": ("account_series", "account_totals", "weeks"),
}
# Statuses that are no fault of the account: the next try may succeed.
TEMPORARY_STATUSES = frozenset({"throttled", "running"})
# Triggers of runs that collect everything due in an account.
AUTOMATIC = frozenset({"daily", "catch_up", "start"})


def may_be_collected(health: AccountHealth) -> bool:
    """Return whether the account can be collected: it has a token and is not paused."""
    return health.account.has_token and health.account.status != "paused"


def lags(health: AccountHealth, day: date, now: datetime) -> bool:
    """Return whether a family of daily values was not requested through `day`, a day of the reporting zone.

    A watermark of today or later came from a clock that ran ahead and is ignored; otherwise nothing would be collected
    until that day.
    """
    today = reporting_day(now)
    marks = (health.through.get(family, date.min) for family in DAILY_FAMILIES[health.account.platform])
    return any(not day <= mark < today for mark in marks)


def is_due_daily(health: AccountHealth, now: datetime) -> bool:
    """Return whether the daily collection has work here: a day is missing, or posts are due that are read daily or less
    often. A second process on the same day finds nothing due (E3).
    """
    intervals = [interval for interval in due_intervals(health.asked_at, now, None) if interval.every >= ONE_DAY]
    return lags(health, reporting_day(now) - ONE_DAY, now) or bool(intervals)


def is_due_at_start(health: AccountHealth, now: datetime) -> bool:
    """Return whether a process that starts now should collect the account at once."""
    if health.account.status != "active":
        return False
    return lags(health, reporting_day(now) - ONE_DAY, now) or was_interrupted(health)


def was_interrupted(health: AccountHealth) -> bool:
    """Return whether the account's last run did not end: it was stopped, or its process died. Its days may be complete
    while posts are missing.

    A run that still works elsewhere looks dead here; a second collector then finds the account's lease taken.
    """
    run = health.last_run
    return run is not None and (run.status == "running" or any(problem.code == "stopped" for problem in run.problems))


def is_due_again(health: AccountHealth, now: datetime, daily_hour: int, zone: ZoneInfo) -> bool:
    """Return whether the account missed the last daily collection, or a limit or a silent host stopped it.

    An account that failed for another reason waits until the next day, because hourly requests would not help.
    """
    if health.account.status != "active":
        return False
    run = health.last_run
    if run is not None and run.resume_at is not None:
        return run.resume_at <= now
    if was_interrupted(health):
        return True
    tick = last_daily_run_time(daily_hour, zone, now)
    if not lags(health, reporting_day(tick) - ONE_DAY, now):
        return False
    return run is None or run.started_at < tick or run.status in TEMPORARY_STATUSES


def was_collected_since(before: AccountHealth, current: AccountHealth) -> bool:
    """Return whether another process's job collected the account since `before` was read, whatever the result.

    The other process may have left the account due because Meta refused something, and another try would only repeat
    that. A run that counts as running while this process holds the account's lease died with its process.
    """
    last = before.last_run.id if before.last_run is not None else 0
    run = current.last_run
    return run is not None and run.id > last and run.trigger in AUTOMATIC and run.status != "running"


def next_resumption(accounts: Iterable[AccountHealth]) -> datetime | None:
    """Return when the first account may continue that a limit or a silent host stopped."""
    runs = (health.last_run for health in accounts if health.account.status == "active")
    return min((run.resume_at for run in runs if run is not None and run.resume_at is not None), default=None)
