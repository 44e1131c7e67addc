"""Parses moments that a user types: local times of the operator's zone, and times with their own offset."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import typer

EXAMPLES = '"2026-12-24 09:00", "24.12.2026 09:00" or "2026-12-24T09:00+01:00"'
_DATE = (
    r"(?:(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})|(?P<gd>[0-9]{1,2})\.(?P<gm>[0-9]{1,2})\.(?P<gy>[0-9]{4}))"
)
_TIME = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
_OFFSET = r"(?P<offset>[Zz]|[+-][0-9]{2}:?[0-9]{2})?"
_MOMENT = re.compile(rf"{_DATE}(?:(?:[Tt]|[ ]+){_TIME}[ ]?{_OFFSET})?")


def parse_moment_in_zone(text: str, zone: ZoneInfo, option: str) -> datetime | None:
    """Return the moment that `text` means in `zone`, or None for `now`. An offset in the text replaces the zone.

    Raise BadParameter, which names `option`, for anything else, and for a local time that does not exist or exists twice
    because clocks change.
    """
    if text.strip().lower() == "now":
        return None
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a date and time. Write {EXAMPLES}.", param_hint=option)
    part = match.groupdict()
    if part["hour"] is None:
        raise typer.BadParameter(f"{text!r} has no time of day. Write {EXAMPLES}.", param_hint=option)
    numbers = [part["y"] or part["gy"], part["m"] or part["gm"], part["d"] or part["gd"], part["hour"], part["minute"]]
    try:
        naive = datetime(*(int(number) for number in (*numbers, part["second"] or 0)))  # type: ignore[arg-type] # noqa: DTZ001
        if part["offset"] is None:
            return resolve_local_time(naive, zone, option)
        offset = "+00:00" if part["offset"] in "Zz" else part["offset"]
        return datetime.fromisoformat(f"{naive.isoformat()}{offset}")
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is not in the calendar. Write {EXAMPLES}.", param_hint=option) from None


def resolve_local_time(naive: datetime, zone: ZoneInfo, option: str) -> datetime:
    """Return the moment of a local time. Raise BadParameter when clocks skip it or show it twice."""
    first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    offsets = [moment.utcoffset() or timedelta(0) for moment in (first, second)]
    if offsets[0] == offsets[1]:
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) != naive:
        after = first.astimezone(UTC).astimezone(zone)
        raise typer.BadParameter(
            f"{naive:%Y-%m-%d %H:%M} does not exist in {zone.key}: clocks go forward then. The same moment is "
            f"{after:%Y-%m-%d %H:%M} there. Give that or another time.",
            param_hint=option,
        )
    earlier, later = (moment.isoformat(timespec="minutes") for moment in (first, second))
    raise typer.BadParameter(
        f"{naive:%Y-%m-%d %H:%M} exists twice in {zone.key}: clocks go back then. Give {earlier} for the first or "
        f"{later} for the second.",
        param_hint=option,
    )
