"""Follower totals at the ends of windows, or the nearest ones where they are missing (A8)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta

from sophia.analytics.figures.facts import FOLLOWERS, DayTotal, DayValue, FollowerLevels
from sophia.meta.reporting_zone import DateRange

# A follower total older than this is no estimate for the day on which a window begins.
LATEST_FOLLOWERS = timedelta(days=7)


def follower_levels(
    account_id: int, days: Iterable[DayValue], window: DateRange, later_days: Iterable[DayValue] = ()
) -> FollowerLevels:
    """Return the last totals before and inside the window; a total counts for a week, not longer.

    `later_days` may have totals of later days, for the nearest totals where one is missing.
    """
    totals = {value.day: int(value.value) for value in (*days, *later_days) if value.metric == FOLLOWERS}
    before = [day for day in totals if window.start - LATEST_FOLLOWERS <= day < window.start]
    inside = [day for day in totals if day in window]
    at_end = [day for day in inside if day >= window.end - LATEST_FOLLOWERS]
    after = [day for day in totals if day >= window.end]
    late_start = min((*inside, *after), default=None) if not before else None
    late_end = None if at_end else min(after, default=max(inside, default=None))
    return FollowerLevels(
        account_id,
        totals[max(before)] if before else None,
        totals[max(at_end)] if at_end else None,
        None if late_start is None else DayTotal(late_start, totals[late_start]),
        None if late_end is None else DayTotal(late_end, totals[late_end]),
    )


def without_levels(
    accounts: Collection[int], days: Mapping[int, Iterable[DayValue]], windows: Iterable[DateRange]
) -> set[int]:
    """Return the accounts that have no follower total at the start or at the end of some window."""
    totals = {account: [value for value in days.get(account, ()) if value.metric == FOLLOWERS] for account in accounts}
    return {
        account
        for window in windows
        for account in accounts
        if None in ((levels := follower_levels(account, totals[account], window)).at_start, levels.at_end)
    }
