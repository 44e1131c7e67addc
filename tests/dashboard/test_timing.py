"""The page of posting times and formats shows what the API returns."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conftest import NOW, Filling
from tests.dashboard.conftest import Agencies

from sophia.access.users import UserRole
from sophia.analytics.audience.queries import client_audience
from sophia.analytics.posting_times.service import measure_formats, measure_posting_times
from sophia.display.formatting import value_of
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.portfolio.models import Post

MONDAY = datetime(2026, 11, 16, 10, tzinfo=UTC)


def publish(agencies: Agencies, filling: Filling) -> None:
    """Post both formats every Monday and Thursday for ten weeks: Mondays and reels have twice the engagement."""
    with agencies.database.read() as session:
        (audience,) = client_audience(session, agencies.hats, "followers").accounts
    account = audience.account_id
    fetch = filling.fetch(account)
    for week in range(10):
        for days, kind, likes in (
            (0, "reel", 400 + week),
            (0, "feed", 200 + week),
            (3, "reel", 200 + week),
            (3, "feed", 100 + week),
        ):
            at = MONDAY - timedelta(weeks=week + 1) + timedelta(days=days)
            name = f"{account}_{kind}_{days}_{week}"
            number = filling.add(
                Post(account_id=account, platform_post_id=name, kind=kind, published_at=at, first_seen_at=at)
            )
            values = {"reach": 1000, "likes": likes, "comments": 0, "shares": 0, "saved": 0}
            for metric_name, value in values.items():
                metric = filling.metric("instagram", "post", metric_name, "lifetime")
                filling.readings(
                    account, filling.series(account, metric, number), {(at + 3 * ONE_DAY).date(): value}, fetch
                )


def page_of(agencies: Agencies, query: str = "") -> Any:
    answer = agencies.browser(UserRole.OPERATOR).get(f"/clients/{agencies.hats}/timing{query}")
    assert answer.status == 200
    return answer.page


def test_hours_and_formats_are_those_of_the_api(agencies: Agencies, filling: Filling) -> None:
    publish(agencies, filling)
    page = page_of(agencies)
    times = measure_posting_times(agencies.database, agencies.hats, None, NOW)
    formats = measure_formats(agencies.database, agencies.hats, None, NOW)
    assert page.chart.table.rows
    shown = {row[0].value.text: row for row in page.chart.table.rows}
    weekdays = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    for hour in times.hours:
        row = shown.pop(f"{weekdays[hour.weekday]} {hour.hour:02d}:00")
        assert row[5].value == value_of(hour.reach)
        assert (row[1].sort, row[2].value, row[4].value.text) == (hour.factor.n, value_of(hour.factor), hour.effect)
    assert shown == {}
    assert {hour.reach.value for hour in times.hours if hour.factor.n == 20} == {1000}
    factors = {row[0].value.text.lower(): row[2].value for row in page.formats.rows}
    assert factors == {name: value_of(effect.factor) for name, effect in formats.formats.items()}
    assert page.lead.startswith("Best time to post: Monday 10:00. Best format: instagram reel")
    assert ">+<" in page.chart.svg
    assert ">−<" in page.chart.svg
    assert page.notices == ()


def test_too_few_posts_lead_to_a_longer_period(agencies: Agencies) -> None:
    page = page_of(agencies, "?start_date=2026-11-09&end_date=2026-11-15")
    window = DateRange(datetime(2026, 11, 9, tzinfo=UTC).date(), datetime(2026, 11, 16, tzinfo=UTC).date())
    times = measure_posting_times(agencies.database, agencies.hats, window, NOW)
    assert page.chart is None
    assert [(notice.text, notice.action, notice.href) for notice in page.notices] == [
        (times.reason, "Show 90 days", "?")
    ]
    assert [notice.action for notice in page_of(agencies).notices] == [""]
