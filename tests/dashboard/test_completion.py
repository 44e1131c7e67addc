"""While the last week is incomplete in Meta's time zone, pages say when it is complete."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sophia.analytics.figures.figures import pending_week
from sophia.display.formatting import completion
from sophia.meta.reporting_zone import DateRange, day_start

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = DateRange(date(2026, 11, 23), date(2026, 11, 30))


def test_a_week_that_is_over_here_lasts_in_california() -> None:
    """L28, A9: on Monday at 8:30 in Berlin it is Sunday evening in California, and the week ends at 9:00."""
    early = datetime(2026, 11, 30, 7, 30, tzinfo=UTC)
    assert pending_week(early, BERLIN) == (WEEK, datetime(2026, 11, 30, 8, tzinfo=UTC))
    shown = WEEK.previous
    text = completion(shown, day_start(shown.end), BERLIN, early)
    assert text == "The week 23–29 Nov is complete on Mon 30 Nov, 09:00, when Meta's Pacific day ends."
    assert pending_week(datetime(2026, 11, 30, 8, tzinfo=UTC), BERLIN) is None
    assert completion(WEEK, day_start(WEEK.end), BERLIN, datetime(2026, 11, 30, 8, 1, tzinfo=UTC)) == ""


def test_an_open_period_says_when_it_ends() -> None:
    """L28: the week so far, on Wednesday; an old period has nothing to say."""
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert completion(WEEK, day_start(WEEK.end), BERLIN, now) == (
        "23–29 Nov is complete on Mon 30 Nov, 09:00, when Meta's Pacific day ends."
    )
    assert completion(WEEK.previous, day_start(WEEK.previous.end), BERLIN, now) == ""
