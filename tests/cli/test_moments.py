"""Moments as users type them, compared with clocks: every minute of a day is converted both ways."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import typer

from sophia.cli.moments import parse_moment_in_zone

BERLIN = ZoneInfo("Europe/Berlin")
# Zones whose clocks change by an hour or half of one, at midnight or at night, and one whose clocks never do.
DAYS = [
    ("Europe/Berlin", (2026, 3, 29)),
    ("Europe/Berlin", (2026, 10, 25)),
    ("America/New_York", (2026, 11, 1)),
    ("Australia/Lord_Howe", (2026, 4, 5)),
    ("Australia/Lord_Howe", (2026, 10, 4)),
    ("America/Santiago", (2026, 9, 6)),
    ("Asia/Tokyo", (2026, 3, 29)),
]


@pytest.mark.parametrize(("name", "day"), DAYS)
def test_each_minute_of_a_day_is_what_the_clock_shows(name: str, day: tuple[int, int, int]) -> None:
    """L17: what the clock shows once is that moment; what it never shows or shows twice is refused with the way out."""
    zone = ZoneInfo(name)
    result: dict[str, list[datetime]] = defaultdict(list)
    noon = datetime(*day, 12, tzinfo=UTC)
    for minute in range(-40 * 60, 40 * 60, 5):
        moment = noon + timedelta(minutes=minute)
        result[moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")].append(moment)
    for minute in range(0, 24 * 60, 5):
        text = f"{day[0]:04}-{day[1]:02}-{day[2]:02} {minute // 60:02}:{minute % 60:02}"
        moments = result[text]
        if len(moments) == 1:
            document = parse_moment_in_zone(text, zone, "--at")
            assert document is not None
            assert document.astimezone(UTC) == moments[0]
            continue
        with pytest.raises(typer.BadParameter) as refused:
            parse_moment_in_zone(text, zone, "--at")
        assert ("does not exist" if not moments else "exists twice") in refused.value.message
        # What the message offers is accepted, and is what the clock shows at both times.
        offered = [word for word in refused.value.message.split() if word[:4] == str(day[0]) and "T" in word]
        assert [parse_moment_in_zone(word, zone, "--at") for word in offered] == moments


def test_the_forms_in_which_a_moment_is_written() -> None:
    """L17: as in ISO 8601, as Germans write it, with seconds, with an offset; `now` is no moment to wait for."""
    expected = datetime(2026, 11, 12, 13, 30, tzinfo=UTC)
    for text in (
        "2026-11-12 14:30",
        "2026-11-12T14:30",
        "2026-11-12 14:30:00",
        "12.11.2026 14:30",
        "12.11.2026  14:30:00",
        "2026-11-12T13:30Z",
        "2026-11-12T14:30+01:00",
        "2026-11-12 08:30 -0500",
        "12.11.2026 13:30Z",
    ):
        assert parse_moment_in_zone(text, BERLIN, "--at") == expected, text
    assert parse_moment_in_zone("8.2.2026 9:05", BERLIN, "--at") == datetime(2026, 2, 8, 8, 5, tzinfo=UTC)
    assert parse_moment_in_zone(" Now ", BERLIN, "--at") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-11-12",
        "12.11.2026",
        "2026-13-12 14:30",
        "31.2.2026 10:00",
        "2026-11-12 25:00",
        "11/12/2026 14:30",
    ],
)
def test_what_is_no_moment_is_refused_with_an_example(text: str) -> None:
    """L17: nothing is guessed, a day alone has no time, and 11/12 could be two days."""
    with pytest.raises(typer.BadParameter, match=r"24\.12\.2026 09:00"):
        parse_moment_in_zone(text, BERLIN, "--at")
