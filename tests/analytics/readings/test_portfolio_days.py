"""The days of a whole portfolio, read a series at a time, are the days that windows hold."""

from datetime import date, timedelta

from tests.conftest import NOW, ONE_DAY, Filling, QueryCounter

from sophia.analytics.kpis.windows import daily_values
from sophia.analytics.readings.account_days import account_days, posts_a_day
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.meta.reporting_zone import DateRange, day_start
from sophia.portfolio.models import Post

MONDAY = date(2026, 11, 9)
WEEK = DateRange(MONDAY, MONDAY + 7 * ONE_DAY)
LATE = 8
METRICS = ("views", "likes", "total_interactions")


def by_series(filling: Filling, accounts: list[int], *, late: bool) -> dict[tuple[int, str], dict[date, float]]:
    """The same in the other way: as readings, one by one."""
    found: dict[tuple[int, str], dict[date, float]] = {}
    as_of = None if late else NOW - ONE_DAY
    with filling.database.read() as session:
        for one in daily_values(session, accounts, metric_definitions(session, METRICS), [WEEK], as_of=as_of):
            found.setdefault((one.account_id, one.metric), {})[one.day] = float(one.value)
        days = account_days(session, accounts, metric_definitions(session, METRICS), METRICS, WEEK, as_of=as_of)
    assert days == found
    return found


def test_days_are_those_of_the_readings(filling: Filling) -> None:
    """A2, A12, A13: several names of one metric add up, a missing day is missing; as of a moment too."""
    accounts = [
        filling.account(filling.client(name), platform) for name, platform in (("A", "facebook"), ("B", "instagram"))
    ]
    early = NOW - timedelta(days=2)
    days = {WEEK.start + index * ONE_DAY: 10 * index + 11 for index in (-1, 0, 1, 3, 6, 7)}
    for account, names in zip(
        accounts, (("page_media_view", "page_actions_post_reactions_total_like"), ("views",)), strict=True
    ):
        for name in names:
            metric = filling.metric("facebook" if account == accounts[0] else "instagram", "account", name)
            filling.readings(account, filling.series(account, metric), days, filling.fetch(account, early))
    love = filling.metric("facebook", "account", "page_actions_post_reactions_total_love")
    series = filling.series(accounts[0], love)
    filling.readings(accounts[0], series, {MONDAY: 2, MONDAY + ONE_DAY: 2.5}, filling.fetch(accounts[0], early))
    before = by_series(filling, accounts, late=False)
    assert before[accounts[1], "views"] == {MONDAY + index * ONE_DAY: 10 * index + 11 for index in (0, 1, 3, 6)}
    filling.revise(series, MONDAY, 7, filling.fetch(accounts[0]))
    filling.readings(accounts[0], series, {MONDAY + 2 * ONE_DAY: 9}, filling.fetch(accounts[0]))
    now = by_series(filling, accounts, late=True)
    assert by_series(filling, accounts, late=False) == before
    assert {day: now[accounts[0], "likes"].get(day, 0) - before[accounts[0], "likes"].get(day, 0) for day in days} | {
        MONDAY + 2 * ONE_DAY: now[accounts[0], "likes"][MONDAY + 2 * ONE_DAY]
    } == dict.fromkeys(days, 0) | {MONDAY: 5, MONDAY + 2 * ONE_DAY: 9}


def test_posts_are_counted_in_their_windows(filling: Filling) -> None:
    """B1, A14: a post belongs to the reporting day on which it was published, and is known when it was seen."""
    accounts = [filling.account(filling.client(name)) for name in ("A", "B", "C")]
    windows = (WEEK.previous, WEEK)
    moments = [day_start(WEEK.start) + index * timedelta(hours=23) for index in range(-9, 9)]
    moments += [day_start(WEEK.end) - timedelta(seconds=1), day_start(WEEK.end), day_start(WEEK.previous.start)]
    for number, at in enumerate(moments):
        row = Post(account_id=accounts[number % 2], platform_post_id=f"{number}", kind="feed", published_at=at)
        row.first_seen_at = NOW if number == LATE else at
        filling.add(row)
    for as_of, seen in ((None, moments), (NOW - ONE_DAY, [at for number, at in enumerate(moments) if number != LATE])):
        with filling.database.read() as session:
            daily = posts_a_day(session, accounts, DateRange(windows[0].start, WEEK.end), as_of=as_of)
            with QueryCounter(filling.database) as counter:
                posts_a_day(session, accounts, WEEK, as_of=as_of)
        assert counter.count == 1
        assert set(daily) == set(accounts[:2])
        inside = [sum(day_start(one.start) <= at < day_start(one.end) for at in seen) for one in windows]
        assert [
            sum(sum(n for day, n in counts.items() if day in one) for counts in daily.values()) for one in windows
        ] == inside
