"""Gaps: every missing day, once, with the reason that explains it."""

from datetime import date, timedelta

from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling

from sophia.analytics.readings.account_states import account_states
from sophia.analytics.readings.gaps import Gap, find_gaps
from sophia.analytics.readings.refusals import list_refusals
from sophia.analytics.readings.run_models import MetricStatus
from sophia.meta.reporting_zone import DateRange

FIRST = YESTERDAY - 29 * ONE_DAY
WINDOW = DateRange(FIRST, YESTERDAY + ONE_DAY)


def on(*days: int) -> dict[date, float]:
    """Readings on days counted back from yesterday."""
    return dict.fromkeys((YESTERDAY - day * ONE_DAY for day in days), 1.0)


def gaps_of(filling: Filling, window: DateRange = WINDOW) -> list[Gap]:
    with filling.database.read() as session:
        return find_gaps(session, account_states(session, None), list_refusals(session, None), window)


def told(gaps: list[Gap]) -> list[tuple[tuple[str, ...], int, int, str]]:
    """(names, first and last missing day counted back from yesterday, reason code)."""
    return [
        (gap.metric_names, (YESTERDAY - gap.start).days, (YESTERDAY - gap.end).days + 1, gap.reason_code)
        for gap in gaps
    ]


def test_a_complete_store_has_no_gaps(filling: Filling) -> None:
    """A13: nor has one that began later; nothing was missing before the first reading."""
    account = filling.account(filling.client("Hats"))
    filling.watermark(account, "page_insights", FIRST, YESTERDAY)
    filling.daily(account, "page_media_view", on(*range(30)))
    filling.daily(account, "page_follows", on(*range(5)))
    assert gaps_of(filling) == []


def test_holes_and_ends_have_reasons(filling: Filling) -> None:
    """A12, A13: asked and not answered, or not asked yet with what the last run said; series that agree share a gap."""
    account = filling.account(filling.client("Hats"))
    filling.watermark(account, "page_insights", FIRST, YESTERDAY - 3 * ONE_DAY)
    problem = {
        "family": "page_insights",
        "code": 190,
        "message": "Session expired: access_token=EAAB12345678901234567890",
    }
    filling.run(account, status="needs_reconnect", problems=[problem])
    filling.daily(account, "page_media_view", on(3, 4, 5, 9, 10))
    filling.daily(account, "page_follows", on(3, 4, 5, 6, 7, 8, 9))
    found = gaps_of(filling)
    assert told(found) == [
        (("page_media_view",), 8, 6, "no_value"),
        (("page_follows", "page_media_view"), 2, 0, "not_asked"),
    ]
    assert "needs_reconnect, Session expired" in found[1].reason
    assert "EAAB" not in found[1].reason
    assert found[1].days == 3


def test_days_that_meta_left_unanswered_say_so(filling: Filling) -> None:
    """L2: days behind a silent family were asked, and the gap names the reason that the run found."""
    account = filling.account(filling.client("Hats"))
    filling.watermark(account, "page_insights", FIRST, YESTERDAY - 3 * ONE_DAY)
    problems = [
        {"family": "posts", "code": 2, "message": "Service down"},
        {"family": "page_insights", "code": "no_values", "message": "Most likely the token lacks read_insights."},
    ]
    families = {"posts": {"answers": 0, "ended": "failed"}, "page_insights": {"answers": 4, "ended": "empty"}}
    filling.run(account, status="partial", problems=problems, families=families)
    filling.daily(account, "page_media_view", on(*range(3, 30)))
    (gap,) = gaps_of(filling)
    assert told([gap]) == [(("page_media_view",), 2, 0, "no_value")]
    assert gap.reason == "Most likely the token lacks read_insights. The next run asks again."


def test_refused_and_retired_metrics_say_so(filling: Filling) -> None:
    """B3, A12: a gap that Meta makes is told with Meta's reason, and reaches back over the days asked with it."""
    account = filling.account(filling.client("Hats"))
    filling.watermark(account, "page_insights", date(2025, 1, 1), YESTERDAY)
    filling.daily(account, "page_media_view", on(*range(10, 30)))
    filling.add(
        MetricStatus(
            platform="facebook",
            object_kind="page",
            api_version="v22.0",
            metric_name="page_media_view",
            account_id=account,
            code=100,
            reason="invalid metric",
            since=NOW - timedelta(days=5),
            ask_again_at=NOW,
        )
    )
    (gap,) = gaps_of(filling)
    assert told([gap]) == [(("page_media_view",), 9, 0, "refused")]
    assert gap.reason.endswith("invalid metric")
    retired = date(2025, 11, 15)
    filling.daily(account, "page_fan_adds", {retired - 3 * ONE_DAY: 1, retired - ONE_DAY: 1})
    last = gaps_of(filling, DateRange(retired - 5 * ONE_DAY, retired + 2 * ONE_DAY))
    assert [(g.metric_names, g.start, g.end, g.reason_code) for g in last] == [
        (("page_fan_adds",), retired - 2 * ONE_DAY, retired - ONE_DAY, "no_value"),
        (("page_fan_adds",), retired, retired + 2 * ONE_DAY, "retired"),
    ]


def test_only_daily_series_of_asked_families_count(filling: Filling) -> None:
    """A13: posts, breakdowns, fields and families never asked have no days to miss."""
    account = filling.account(filling.client("Hats"), "instagram")
    filling.watermark(account, "account_series", FIRST, YESTERDAY)
    filling.daily(account, "reach", on(0, 9), "instagram")
    filling.daily(account, "likes", on(0, 9), "instagram")
    filling.daily(account, "followers_count", on(0, 9), "instagram")
    part = filling.series(account, filling.metric("instagram", "account", "reach", "day", "follow_type=follower"))
    filling.readings(account, part, on(9), filling.fetch(account))
    assert told(gaps_of(filling)) == [(("reach",), 8, 1, "no_value")]
