"""Days as files write them."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from sophia.analytics.conversions.files.values import read_day
from sophia.errors import InvalidInputError

BERLIN, TORONTO = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Toronto")


@pytest.mark.parametrize(
    "text", ["28.2.2026", "28.02.2026", "28.2.2026 9:05", "28.02.2026 14:30:15", "28.2.2026  23:59"]
)
def test_days_as_germans_write_them(text: str) -> None:
    """L17: with a time or without, as the documentation says; in its own zone a moment stays on its day."""
    assert read_day(text, BERLIN, BERLIN) == date(2026, 2, 28)


def test_a_moment_falls_on_the_day_of_the_client() -> None:
    """The same moment written in two ways is one day; a day alone is in no zone."""
    for text in ("28.2.2026 2:30", "2026-02-28 02:30:00", "2026-02-28 01:30:00 +0000"):
        assert read_day(text, BERLIN, TORONTO) == date(2026, 2, 27)
    assert read_day("28.2.2026", BERLIN, TORONTO) == date(2026, 2, 28)


@pytest.mark.parametrize(
    "text", ["30.2.2026 10:00", "28.2.2026 25:00", "28.2.2026 10", "2.28.2026 10:00", "28.2.26 10:00"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    """L17: and nothing is guessed."""
    with pytest.raises(InvalidInputError):
        read_day(text, BERLIN, BERLIN)
