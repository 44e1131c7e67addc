"""Of which days all posts were looked for is read from the runs, as they had ended by a moment."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.conftest import NOW, ONE_DAY, Filling

from sophia.analytics.conversions.models import ConversionEvent
from sophia.analytics.conversions.post_coverage import post_coverage
from sophia.meta.reporting_zone import DateRange

A_WEEK_AGO = NOW - timedelta(days=7)
# Two years before NOW, in whole days of the reporting zone.
FIRST_DAY = date(2024, 11, 23)
TODAY = date(2026, 11, 22)


def walked(filling: Filling, account: int, at: datetime, ended: str = "ok", **more: Any) -> None:
    families = {"media": {"answers": 1, "ended": ended}, "profile": {"answers": 1, "ended": "ok"}}
    filling.run(account, started_at=at, finished_at=at + timedelta(minutes=5), **{"families": families} | more)


def listed(filling: Filling, account: int, as_of: datetime | None = None) -> DateRange | None:
    with filling.database.read() as session:
        (found,) = post_coverage(session, [1], as_of).values()
    return found.covered_days.get(account)


@pytest.fixture
def account(filling: Filling) -> int:
    client = filling.client("Hats")
    assert client == 1
    return filling.account(client, "instagram")


def test_the_first_walk_goes_back_for_two_years(filling: Filling, account: int) -> None:
    """A12: and later ones leave no hole; as of a moment only those count that had ended."""
    assert listed(filling, account) is None
    walked(filling, account, A_WEEK_AGO)
    assert listed(filling, account) == DateRange(FIRST_DAY - 7 * ONE_DAY, TODAY - 7 * ONE_DAY)
    walked(filling, account, NOW)
    assert listed(filling, account) == DateRange(FIRST_DAY - 7 * ONE_DAY, TODAY)
    assert listed(filling, account, NOW) == DateRange(FIRST_DAY - 7 * ONE_DAY, TODAY - 7 * ONE_DAY)
    assert listed(filling, account, A_WEEK_AGO) is None


def test_runs_that_did_not_walk_to_the_end_say_nothing(filling: Filling, account: int) -> None:
    """A12: failed as a whole, failed in the posts alone, not asked, still running, and those that look at comments."""
    walked(filling, account, NOW - ONE_DAY, status="failed")
    walked(filling, account, NOW - ONE_DAY, status="partial", ended="failed")
    walked(filling, account, NOW - ONE_DAY, ended="not asked")
    walked(filling, account, NOW - ONE_DAY, trigger="comments", families={})
    filling.run(account, status="running", finished_at=None, families={})
    assert listed(filling, account) is None
    walked(filling, account, A_WEEK_AGO, families={})
    assert listed(filling, account) == DateRange(FIRST_DAY - 7 * ONE_DAY, TODAY - 7 * ONE_DAY)


def test_the_hourly_look_counts_when_it_leaves_no_hole(filling: Filling, account: int) -> None:
    """A12: it goes back for three days, and says nothing of an account that was not collected for a week."""
    walked(filling, account, NOW - timedelta(hours=1), trigger="fresh")
    assert listed(filling, account) is None
    walked(filling, account, A_WEEK_AGO)
    assert listed(filling, account) == DateRange(FIRST_DAY - 7 * ONE_DAY, TODAY - 7 * ONE_DAY)
    walked(filling, account, NOW - 2 * ONE_DAY)
    assert listed(filling, account) == DateRange(FIRST_DAY - 7 * ONE_DAY, TODAY)


def test_the_first_event_as_of_a_moment(filling: Filling, account: int) -> None:
    """A12: what was recorded later was not known then; another client's event says nothing."""
    del account
    for client, day, at in ((1, TODAY, NOW), (1, FIRST_DAY, NOW + ONE_DAY), (filling.client("Shoes"), FIRST_DAY, NOW)):
        filling.add(
            ConversionEvent(
                client_id=client,
                event_type="save",
                source="shop",
                event_date=day,
                idempotency_key=str(day),
                content_sha256="0",
                recorded_at=at,
            )
        )
    for as_of, since in ((None, FIRST_DAY), (NOW, TODAY), (NOW - ONE_DAY, None)):
        with filling.database.read() as session:
            assert post_coverage(session, [1], as_of)[1].events_since == since
