"""Public holidays, and the country in which a client lives."""

from datetime import date

import pytest

from sophia.analytics.annotations.holidays import country_of_zone, public_holidays

FIRST, LAST = date(2026, 10, 1), date(2027, 1, 1)


def test_holidays_of_a_country() -> None:
    """Dates that the countries' laws name, and both ends included."""
    canada, germany = (public_holidays(country, FIRST, LAST) for country in ("CA", "DE"))
    assert date(2026, 10, 12) in canada  # Thanksgiving, the second Monday of October
    assert date(2026, 10, 3) in germany
    assert date(2026, 10, 3) not in canada
    assert {date(2026, 12, 25), date(2027, 1, 1)} <= canada & germany
    assert all(FIRST <= day <= LAST for day in canada | germany)


def test_an_unknown_country_has_none() -> None:
    assert public_holidays("ZZ", FIRST, LAST) == frozenset()


@pytest.mark.parametrize(
    ("zone", "country"),
    [("America/Vancouver", "CA"), ("Europe/Berlin", "DE"), ("America/New_York", "US"), ("UTC", None)],
)
def test_the_country_of_a_zone(zone: str, country: str | None) -> None:
    assert country_of_zone(zone) == country
