"""Finds the moment of a local time, also in the nights in which clocks change.

Pure functions. A local time that comes twice counts the first time. A local time that the clock skips moves to the moment
of the change, or, where that is on the next date already, to the last minute before the change.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sophia.meta.reporting_zone import ONE_SECOND

ONE_MINUTE = timedelta(minutes=1)


def exists(day: date, zone: ZoneInfo) -> bool:
    """Return whether the zone's calendar has this date."""
    return not_before(datetime.combine(day, time()), zone).astimezone(zone).date() == day


def moment_of(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment, in UTC, at which a job runs that is planned for this local time (naive)."""
    moment = not_before(local, zone)
    if moment.astimezone(zone).date() == local.date() or not exists(local.date(), zone):
        return moment
    return moment - ONE_MINUTE


def not_before(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment, in UTC, at which the zone's clock shows this local time (naive), or skips it."""
    offset_before = local.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    offset_after = local.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()
    if offset_before >= offset_after:
        return (local - offset_before).replace(tzinfo=UTC)
    # The clock skips this time (PEP 495): the change is between these two moments, at a whole second.
    early, late = (local - offset_after).replace(tzinfo=UTC), (local - offset_before).replace(tzinfo=UTC)
    while late - early > ONE_SECOND:
        middle = early + (late - early) // (2 * ONE_SECOND) * ONE_SECOND
        if middle.astimezone(zone).replace(tzinfo=None) > local:
            late = middle
        else:
            early = middle
    return late
