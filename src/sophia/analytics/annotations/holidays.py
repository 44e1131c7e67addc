"""Finds the public holidays of a country, and the country of a time zone."""

from datetime import date
from functools import lru_cache
from importlib import resources

# Some countries leave holidays of most provinces to the list of their government.
_CATEGORIES = ("public", "government")


@lru_cache(maxsize=256)
def public_holidays(country: str, first: date, last: date) -> frozenset[date]:
    """Return the public holidays from `first` to `last` (both included) of a country by its ISO code; none if unknown."""
    import holidays  # noqa: PLC0415 - takes 60 ms, and most commands need none

    if country not in _countries():
        return frozenset()
    offered = holidays.country_holidays(country).supported_categories
    days = holidays.country_holidays(
        country,
        years=range(first.year, last.year + 1),
        categories=[category for category in _CATEGORIES if category in offered],
    )
    return frozenset(day for day in days if first <= day <= last)


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    import holidays  # noqa: PLC0415

    return frozenset(holidays.list_supported_countries())


def country_of_zone(zone: str) -> str | None:
    """Return the ISO code of the country in which an IANA zone lies; None for zones of no country, such as UTC."""
    return _country_by_zone().get(zone)


@lru_cache(maxsize=1)
def _country_by_zone() -> dict[str, str]:
    """Read the list that comes with the time zones."""
    text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {zone: country for country, _, zone, *_ in rows}
