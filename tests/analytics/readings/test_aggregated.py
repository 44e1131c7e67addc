"""Buckets of days: what may be added is added, what may not gets bounds or a reason."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import NOW, ONE_DAY, Filling

from sophia.analytics.kpis.kpis import people
from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.analytics.kpis.windows import client_windows
from sophia.analytics.readings.aggregated import (
    Aggregated,
    Bucket,
    BucketValue,
    DailyValue,
    GroupBy,
    aggregate,
    buckets,
    full_buckets,
    grouped,
)
from sophia.meta.catalogue.canonical import Counting
from sophia.meta.reporting_zone import DateRange

MONDAY = date(2026, 11, 2)
WEEK = DateRange(MONDAY, MONDAY + 7 * ONE_DAY)


def week_of(value: float) -> dict[date, float]:
    return {MONDAY + index * ONE_DAY: value for index in range(7)}


def ask(filling: Filling, client: int, bucket: Bucket, group_by: GroupBy = "none", **what: str) -> Aggregated:
    with filling.database.read() as session:
        return aggregate(session, client, WEEK, bucket, group_by, **what)


def only_point(found: Aggregated) -> BucketValue:
    (group,) = found.groups
    (point,) = group.points
    return point


def test_people_are_never_added_up(filling: Filling) -> None:
    """A5, A4: the same 1,000 people on seven days are no 7,000; bounds say what can be said, posts are left out."""
    client = filling.client("Hats")
    account = filling.account(client, "instagram")
    filling.daily(account, "reach", week_of(1000), "instagram")
    post = filling.post(account, "17_1")
    series = filling.series(account, filling.metric("instagram", "post", "reach", "lifetime"), post)
    filling.readings(account, series, week_of(600), filling.fetch(account))
    week = only_point(ask(filling, client, "week", canonical="reach"))
    assert (week.value, week.at_least, week.at_most, week.days_with_data) == (None, 1000, 7000, 7)
    assert week.reason is not None
    (group,) = ask(filling, client, "day", canonical="reach").groups
    assert [point.value for point in group.points] == [1000] * 7


def test_metas_own_week_is_taken_for_a_week(filling: Filling) -> None:
    """A5: where Meta counted the people of the week itself, its number is the value."""
    client = filling.client("Hats")
    account = filling.account(client, "instagram")
    filling.daily(account, "reach", week_of(1000), "instagram")
    rolling = filling.series(account, filling.metric("instagram", "account", "reach", "week"))
    filling.readings(account, rolling, {WEEK.end - 2 * ONE_DAY: 1, WEEK.end - ONE_DAY: 1800}, filling.fetch(account))
    week = only_point(ask(filling, client, "week", canonical="reach"))
    assert (week.value, week.reason, week.at_most) == (1800, None, None)


def test_counts_are_added_and_levels_are_last(filling: Filling) -> None:
    """A8, J7: views of a week are their sum, followers its last total; by platform, by account, or together."""
    client = filling.client("Hats")
    page, gram = filling.account(client), filling.account(client, "instagram")
    filling.daily(page, "page_media_view", week_of(10))
    filling.daily(gram, "views", week_of(1), "instagram")
    filling.daily(gram, "followers_count", {day: 500 + day.day for day in week_of(0)}, "instagram")
    assert only_point(ask(filling, client, "week", canonical="views")).value == 77
    by_platform = ask(filling, client, "week", "platform", canonical="views").groups
    assert [(g.platform, g.points[0].value) for g in by_platform] == [("facebook", 70), ("instagram", 7)]
    by_account = ask(filling, client, "week", "account", canonical="views").groups
    assert {g.account_id: g.points[0].value for g in by_account} == {page: 70, gram: 7}
    followers = only_point(ask(filling, client, "week", canonical="followers"))
    assert followers.value == 508


def test_absent_is_not_zero(filling: Filling) -> None:
    """A12: a bucket without readings has no value and a reason; a zero that Meta said is a zero."""
    client = filling.client("Hats")
    account = filling.account(client)
    filling.daily(account, "page_media_view", {MONDAY: 0, MONDAY + 2 * ONE_DAY: 4})
    (group,) = ask(filling, client, "day", canonical="views").groups
    assert [point.value for point in group.points] == [0, None, 4, None, None, None, None]
    assert all((point.reason is None) == (point.value is not None) for point in group.points)
    assert only_point(ask(filling, client, "week", canonical="views")).days_with_data == 2
    nothing = ask(filling, client, "day", metric_name="nobody_knows")
    assert nothing.names == ()


def test_an_unknown_metric_is_shown_by_day_only(filling: Filling) -> None:
    """A7: nobody knows whether its values may be added, and so they are not."""
    client = filling.client("Hats")
    filling.daily(filling.account(client), "brand_new", week_of(3))
    (group,) = ask(filling, client, "day", metric_name="brand_new").groups
    assert group.points[0].value == 3
    week = only_point(ask(filling, client, "week", metric_name="brand_new"))
    assert week.value is None
    assert week.reason is not None


def test_two_accounts_cannot_be_one_reach(filling: Filling) -> None:
    """A5: people of two accounts may be the same people, on one day as well."""
    client = filling.client("Hats")
    for value in (100, 40):
        filling.daily(filling.account(client, "instagram"), "reach", {MONDAY: value}, "instagram")
    (group,) = ask(filling, client, "day", canonical="reach").groups
    assert (group.points[0].value, group.points[0].at_least, group.points[0].at_most) == (None, 100, 140)


def own_week(filling: Filling, account: int, platform: str, name: str, people: float) -> None:
    series = filling.series(account, filling.metric(platform, "account", name, "week"))
    filling.readings(account, series, {WEEK.end - ONE_DAY: people}, filling.fetch(account))


def test_weekly_reach_of_two_accounts_equals_the_report(filling: Filling) -> None:
    """L28, A5: Meta's own weeks of both accounts give the bounds 180 and 230, and not the days' 100 and 980."""
    client = filling.client("Hats")
    page, gram = filling.account(client), filling.account(client, "instagram")
    filling.daily(page, "page_total_media_view_unique", week_of(40))
    filling.daily(gram, "reach", week_of(100), "instagram")
    own_week(filling, page, "facebook", "page_total_media_view_unique", 50)
    own_week(filling, gram, "instagram", "reach", 180)
    week = only_point(ask(filling, client, "week", canonical="reach"))
    assert (week.value, week.at_least, week.at_most, week.days_with_data) == (None, 180, 230, 7)
    by_account = ask(filling, client, "week", "account", canonical="reach").groups
    assert {group.account_id: group.points[0].value for group in by_account} == {page: 50, gram: 180}
    with filling.database.read() as session:
        clients = measured_clients(session)
        window = client_windows(session, clients, [WEEK], NOW)[client][WEEK]
    reported = people(window)
    assert (reported.value, reported.at_least, reported.at_most) == (week.value, week.at_least, week.at_most)


def test_an_account_without_readings_leaves_no_upper_bound(filling: Filling) -> None:
    """A5, A12: the second account may have reached any number of other people."""
    client = filling.client("Hats")
    gram, page = filling.account(client, "instagram"), filling.account(client)
    filling.daily(page, "page_total_media_view_unique", {MONDAY - 40 * ONE_DAY: 1})
    filling.daily(gram, "reach", week_of(100), "instagram")
    own_week(filling, gram, "instagram", "reach", 180)
    week = only_point(ask(filling, client, "week", canonical="reach"))
    assert (week.value, week.at_least, week.at_most) == (None, 180, None)


def test_a_missing_day_leaves_no_upper_bound(filling: Filling) -> None:
    """A5, A12: on a day that is missing there may have been any number of people."""
    client = filling.client("Hats")
    filling.daily(filling.account(client, "instagram"), "reach", {MONDAY: 5, MONDAY + ONE_DAY: 6}, "instagram")
    week = only_point(ask(filling, client, "week", canonical="reach"))
    assert (week.value, week.at_least, week.at_most) == (None, 6, None)


def test_a_level_of_some_accounts_is_not_that_of_all() -> None:
    """A12: followers of two accounts are their sum only when both are known."""
    values = [DailyValue(1, "facebook", MONDAY, 10), DailyValue(2, "facebook", MONDAY, 5)]
    values.append(DailyValue(1, "facebook", MONDAY + ONE_DAY, 11))
    (group,) = grouped(values, Counting.LEVEL, DateRange(MONDAY, MONDAY + 2 * ONE_DAY), "day", "none", {})
    assert [point.value for point in group.points] == [15, None]


@pytest.mark.parametrize("counting", [Counting.RATIO, None])
def test_ratios_are_not_averaged(counting: Counting | None) -> None:
    """A5: neither over days nor over accounts."""
    values = [DailyValue(1, "facebook", MONDAY, 0.5), DailyValue(1, "facebook", MONDAY + ONE_DAY, 0.7)]
    (week,) = grouped(values, counting, WEEK, "week", "none", {})
    assert week.points[0].value is None
    days = next(grouped(values, counting, WEEK, "day", "none", {}))
    assert [point.value for point in days.points[:3]] == [0.5, 0.7, None]


@given(st.dates(date(2004, 1, 1), date(2090, 1, 1)), st.integers(0, 400), st.sampled_from(["day", "week", "month"]))
def test_buckets_cover_each_day_once(first: date, length: int, bucket: Bucket) -> None:
    """J7: whole weeks from Monday, whole months, no day twice and none left out."""
    days = full_buckets(DateRange(first, first + timedelta(days=length + 1)), bucket)
    found = list(buckets(days, bucket))
    assert found[0][0] == days.start <= first
    assert found[-1][1] == days.end > first + timedelta(days=length)
    assert all(before[1] == after[0] for before, after in pairwise(found))
    if bucket == "week":
        assert {(start.weekday(), (end - start).days) for start, end in found} == {(0, 7)}
    if bucket == "month":
        assert {start.day for start, _ in found} == {1}
