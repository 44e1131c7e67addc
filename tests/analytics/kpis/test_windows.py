"""Windows hold what was known: of the right level, of the right days, at the right moment."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.conftest import NOW, ONE_DAY, Filling, QueryCounter

from sophia.analytics.conversions.models import ConversionEvent
from sophia.analytics.figures.facts import ClientWindow, DayTotal, DayValue, FollowerLevels, OwnValue
from sophia.analytics.figures.figures import LateReading
from sophia.analytics.kpis.kpis import compute_kpis, kpi_changes
from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.analytics.kpis.summaries import unclassified
from sophia.analytics.kpis.windows import client_windows
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Post

MONDAY = date(2026, 11, 9)
WEEK = DateRange(MONDAY, MONDAY + 7 * ONE_DAY)
WEDNESDAY_NOON = datetime(2026, 11, 11, 20, tzinfo=UTC)


def ask(
    filling: Filling, *windows: DateRange, as_of: datetime | None = None
) -> dict[int, dict[DateRange, ClientWindow]]:
    with filling.database.read() as session:
        clients = measured_clients(session, as_of=as_of)
        return client_windows(session, clients, windows or (WEEK,), as_of or NOW, as_of=as_of)


def only(filling: Filling, window: DateRange = WEEK, as_of: datetime | None = None) -> ClientWindow:
    (found,) = ask(filling, window, as_of=as_of).values()
    return found[window]


def post(filling: Filling, account: int, name: str, at: datetime = WEDNESDAY_NOON, kind: str = "feed") -> int:
    row = Post(account_id=account, platform_post_id=name, kind=kind, published_at=at, first_seen_at=at)
    return filling.add(row)


def counted(
    filling: Filling,
    account: int,
    post_id: int,
    values: Mapping[str, Mapping[date, float]],
    *,
    platform: str = "instagram",
    stored_at: datetime = NOW,
) -> dict[str, int]:
    """Lifetime counters of a post by the day on which they were read; {name: series}."""
    fetch, series = filling.fetch(account, stored_at), {}
    for name, days in values.items():
        series[name] = filling.series(account, filling.metric(platform, "post", name, "lifetime"), post_id)
        filling.readings(account, series[name], days, fetch)
    return series


def instagram_post(filling: Filling, account: int, name: str, reach: int, likes: int, day: date) -> int:
    number = post(filling, account, name)
    values = {"reach": reach, "likes": likes, "comments": 2, "shares": 1, "saved": 3, "views": 2 * reach}
    counted(filling, account, number, {metric: {day: value} for metric, value in values.items()})
    return number


def test_the_numbers_of_an_account_and_of_its_posts_stay_apart(filling: Filling) -> None:
    """A4, A5: reach 1,000 of the account beside two posts of 600: the rate is that of the posts, 24 of 1,200."""
    account = filling.account(filling.client("Hats"), "instagram")
    filling.daily(account, "reach", {MONDAY + index * ONE_DAY: 1000 for index in range(7)}, "instagram")
    for name in ("1_1", "1_2"):
        instagram_post(filling, account, name, 600, 6, MONDAY + 4 * ONE_DAY)
    now = only(filling)
    kpis = compute_kpis(now)
    assert kpis["engagement_rate_by_reach"].value == 100 * 24 / 1200
    assert (kpis["reach"].value, kpis["reach"].at_least, kpis["reach"].at_most) == (None, 1000, 7000)


def test_metas_own_week_is_the_reach_of_a_week(filling: Filling) -> None:
    """A5: the value that closes with Sunday, and no other day's; of 28 days only for a window of 28."""
    account = filling.account(filling.client("Hats"), "instagram")
    metric = filling.metric("instagram", "account", "reach", "week")
    series = filling.series(account, metric)
    sunday = WEEK.end - ONE_DAY
    filling.readings(account, series, {sunday: 350, sunday - ONE_DAY: 999, WEEK.end: 888}, filling.fetch(account))
    longer = filling.series(account, filling.metric("instagram", "account", "reach", "days_28"))
    filling.readings(account, longer, {sunday: 4444}, filling.fetch(account))
    four = DateRange(WEEK.end - 28 * ONE_DAY, WEEK.end)
    (found,) = ask(filling, WEEK, four).values()
    assert found[WEEK].own == (OwnValue(account, "reach", WEEK, 350),)
    assert found[four].own == (OwnValue(account, "reach", four, 4444),)
    assert compute_kpis(found[WEEK])["reach"].value == 350


def test_a_counter_is_read_where_the_window_ends(filling: Filling) -> None:
    """A2: seven snapshots of a counter are no sum; the last one before the end counts, and none that came later."""
    account = filling.account(filling.client("Hats"), "instagram")
    number = post(filling, account, "1_1")
    counted(filling, account, number, {"likes": {MONDAY + index * ONE_DAY: 10 * index for index in range(2, 12)}})
    (facts,) = only(filling).posts
    assert facts.values == {"likes": 60}
    assert facts.read_at == datetime(2026, 11, 16, 8, tzinfo=UTC)


def test_a_post_that_was_read_later_has_its_first_values_and_their_day(filling: Filling) -> None:
    """L29, A12: the first reading after the window counts with its day, and a later one does not change it."""
    account = filling.account(filling.client("Hats"), "instagram")
    day = WEEK.end + ONE_DAY
    values = {"reach": 600, "likes": 6, "comments": 2, "shares": 1, "saved": 3}
    later = {name: {day: value, day + ONE_DAY: 99} for name, value in values.items()}
    counted(filling, account, post(filling, account, "1_1"), later)
    now = only(filling)
    (facts,) = now.posts
    assert (facts.values["likes"], facts.first_read_on) == (6, day)
    figures = compute_kpis(now)
    assert (figures["engagements"].value, figures["engagements"].late) == (12, LateReading(day, is_young=True))
    assert figures["engagement_rate_by_reach"].value == 2.0
    assert figures["posts"].late is None


def test_readings_before_the_end_are_preferred(filling: Filling) -> None:
    """L29: beside a post that was read in time, only the late post has a day."""
    account = filling.account(filling.client("Hats"), "instagram")
    instagram_post(filling, account, "1_1", 600, 6, MONDAY + 4 * ONE_DAY)
    instagram_post(filling, account, "1_2", 400, 4, WEEK.end + ONE_DAY)
    assert [facts.first_read_on for facts in only(filling).posts] == [None, WEEK.end + ONE_DAY]
    figure = compute_kpis(only(filling))["engagements"]
    assert (figure.value, figure.n, figure.late) == (22, 2, LateReading(WEEK.end + ONE_DAY, is_young=True))


def test_the_first_week_after_a_first_collection_is_not_compared(filling: Filling) -> None:
    """L29: posts first read on 17 November: the weeks around it are not compared, and the reason names the first that is."""
    account = filling.account(filling.client("Hats"), "instagram")
    first_day = WEEK.end + ONE_DAY
    for name, published in (("1_1", MONDAY - 3 * ONE_DAY), ("1_2", MONDAY)):
        at = datetime(published.year, published.month, published.day, 20, tzinfo=UTC)
        number = post(filling, account, name, at)
        values = {"reach": 100, "likes": 6, "comments": 2, "shares": 1, "saved": 3}
        counted(filling, account, number, {metric: {first_day: value} for metric, value in values.items()})
    (windows,) = ask(filling, WEEK, WEEK.previous).values()
    change = kpi_changes(windows[WEEK], windows[WEEK.previous])["engagements"]
    assert (change.before.value, change.after.value, change.percent.value) == (12, 12, None)
    assert change.percent.reason == (
        "Values were first read on 17 Nov 2026. The first period with a fair comparison is 23 Nov 2026 to 29 Nov 2026."
    )


def test_old_posts_of_a_first_collection_are_compared(filling: Filling) -> None:
    """L29: posts of August and September hardly change in November, so their months are compared."""
    account = filling.account(filling.client("Hats"), "instagram")
    months = [DateRange(date(2026, 8, 1), date(2026, 9, 1)), DateRange(date(2026, 9, 1), date(2026, 10, 1))]
    for month, likes in zip(months, (10, 20), strict=True):
        at = datetime(month.start.year, month.start.month, 12, 20, tzinfo=UTC)
        number = post(filling, account, f"1_{month.start.month}", at)
        values = {"reach": 100, "likes": likes, "comments": 0, "shares": 0, "saved": 0}
        counted(filling, account, number, {metric: {MONDAY: value} for metric, value in values.items()})
    (windows,) = ask(filling, *months).values()
    change = kpi_changes(windows[months[1]], windows[months[0]])["engagements"]
    assert (change.percent.value, change.after.late) == (100.0, LateReading(MONDAY, is_young=False))


def test_followers_of_a_first_collection_have_their_day(filling: Filling) -> None:
    """L29, A8: the first total came after the week: it is shown with its day, and growth says from when it is known."""
    account = filling.account(filling.client("Hats"), "instagram")
    instagram_post(filling, account, "1_1", 600, 6, MONDAY + 4 * ONE_DAY)
    filling.daily(account, "followers_count", {WEEK.end: 1200, WEEK.end + ONE_DAY: 1250}, "instagram")
    kpis = compute_kpis(only(filling))
    late = LateReading(WEEK.end, is_young=True)
    assert (kpis["followers"].value, kpis["followers"].late) == (1200, late)
    assert (kpis["engagement_rate_by_followers"].value, kpis["engagement_rate_by_followers"].late) == (1.0, late)
    assert kpis["net_new_followers"].reason == (
        "Followers at the start are missing, and the next total is of 16 Nov 2026: growth is known for periods that "
        "begin later."
    )
    current = only(filling, DateRange(WEEK.end, WEEK.end + 7 * ONE_DAY))
    assert (compute_kpis(current)["followers"].value, compute_kpis(current)["followers"].late) == (1250, None)


def test_both_platforms_mean_the_same(filling: Filling) -> None:
    """A6: the reactions of a Facebook post, type by type, are its likes; a name that was retired is not added to them."""
    account = filling.account(filling.client("Hats"))
    number = post(filling, account, "1_1", kind="post")
    values = {
        "post_reactions_by_type_total_like": 5,
        "post_reactions_by_type_total_love": 2,
        "comments_count": 3,
        "shares_count": 1,
        "post_total_media_view_unique": 110,
        "post_impressions": 20_000,
    }
    read = {name: {MONDAY + 3 * ONE_DAY: value} for name, value in values.items()}
    counted(filling, account, number, read, platform="facebook")
    now = only(filling)
    assert now.posts[0].values == {"likes": 7, "comments": 3, "shares": 1, "reach": 110}
    assert compute_kpis(now)["engagement_rate_by_reach"].value == 10.0


def test_followers_are_totals_at_both_ends(filling: Filling) -> None:
    """A8: 1,000 before the window and 1,070 at its end are 70 more, 7 %; an old total is no start."""
    account = filling.account(filling.client("Hats"), "instagram")
    totals = {MONDAY - ONE_DAY: 1000, MONDAY: 1010, MONDAY + 6 * ONE_DAY: 1070, WEEK.end: 5000}
    filling.daily(account, "followers_count", totals, "instagram")
    filling.daily(account, "follower_count", {MONDAY: 90}, "instagram")
    now = only(filling)
    assert now.followers == (FollowerLevels(account, 1000, 1070),)
    kpis = compute_kpis(now)
    assert (kpis["net_new_followers"].value, kpis["audience_growth"].value) == (70, 7.0)
    later = only(filling, DateRange(MONDAY + 20 * ONE_DAY, MONDAY + 27 * ONE_DAY))
    assert later.followers == (FollowerLevels(account, None, None),)


def test_a_stale_total_of_followers_is_no_end_of_a_month(filling: Filling) -> None:
    """A8: a total of the month's third week is inside the month, and yet says nothing about its last day."""
    account = filling.account(filling.client("Hats"), "instagram")
    month = DateRange(date(2026, 10, 1), date(2026, 11, 1))
    totals = {date(2026, 9, 23): 700, date(2026, 9, 24): 900, date(2026, 10, 2): 950, date(2026, 10, 24): 1100}
    series = filling.daily(account, "followers_count", totals, "instagram")
    # Seven days before the month, and eight days before its end.
    newest = DayTotal(date(2026, 10, 24), 1100)
    assert only(filling, month).followers == (FollowerLevels(account, 900, None, late_end=newest),)
    figure = compute_kpis(only(filling, month))["net_new_followers"]
    assert (figure.value, figure.reason is None) == (None, False)
    filling.readings(account, series, {date(2026, 10, 25): 1200}, filling.fetch(account))
    assert only(filling, month).followers == (FollowerLevels(account, 900, 1200),)
    # The total of 24 September is eight days old on 2 October.
    later = DateRange(date(2026, 10, 2), date(2026, 11, 1))
    first = DayTotal(date(2026, 10, 2), 950)
    assert only(filling, later).followers == (FollowerLevels(account, None, 1200, late_start=first),)


def test_days_are_those_of_the_reporting_zone(filling: Filling) -> None:
    """A9, G3: a post of Sunday 23:30 in Pacific time belongs to the week, one of 00:30 on Monday to the next."""
    account = filling.account(filling.client("Hats"), "instagram")
    inside = post(filling, account, "1_1", datetime(2026, 11, 16, 7, 30, tzinfo=UTC))
    post(filling, account, "1_2", datetime(2026, 11, 16, 8, 30, tzinfo=UTC))
    filling.daily(account, "views", {MONDAY - ONE_DAY: 1, MONDAY: 2, WEEK.end - ONE_DAY: 4, WEEK.end: 8}, "instagram")
    now = only(filling)
    assert [one.post_id for one in now.posts] == [inside]
    assert now.days == (DayValue(account, MONDAY, "views", 2), DayValue(account, WEEK.end - ONE_DAY, "views", 4))


def test_unknown_names_are_in_the_window_under_their_own_name(filling: Filling) -> None:
    """A7: they stand in neither summary, and are listed."""
    account = filling.account(filling.client("Hats"))
    filling.daily(account, "brand_new", {MONDAY: 1})
    assert unclassified(only(filling)) == ("brand_new",)


def test_conversions_of_the_window(filling: Filling) -> None:
    """G13, G17: by day, both ends right, with their currency."""
    client = filling.client("Hats")
    for index, day in enumerate((MONDAY - ONE_DAY, MONDAY, WEEK.end - ONE_DAY, WEEK.end)):
        filling.add(
            ConversionEvent(
                client_id=client,
                event_type="conversion",
                source="shop",
                event_date=day,
                revenue_amount=Decimal("10.50"),
                currency="CAD",
                idempotency_key=str(index),
                content_sha256="0",
                recorded_at=NOW,
            )
        )
    found = compute_kpis(only(filling))
    assert (found["conversions"].value, found["revenue"].value, found["revenue"].currency) == (2, Decimal(21), "CAD")


def test_conversions_as_they_were_known(filling: Filling) -> None:
    """A14, G17: one that was recorded at the moment counts, one that came a second later does not; nor does another
    client's.
    """
    client, other = filling.client("Hats"), filling.client("Shoes")
    moment = NOW - timedelta(days=2)
    for owner, recorded_at in ((client, moment), (client, moment + timedelta(seconds=1)), (other, moment)):
        filling.add(
            ConversionEvent(
                client_id=owner,
                event_type="conversion",
                source="shop",
                event_date=MONDAY,
                idempotency_key=str(recorded_at),
                content_sha256="0",
                recorded_at=recorded_at,
            )
        )
    assert [len(ask(filling, as_of=moment)[client][WEEK].conversions), len(ask(filling)[client][WEEK].conversions)] == [
        1,
        2,
    ]
    assert len(ask(filling)[other][WEEK].conversions) == 1


def test_a_window_as_it_was(filling: Filling) -> None:
    """A13, A14: values, posts, accounts and conversions of later are not in the window of an earlier moment."""
    client = filling.client("Hats")
    early, late = NOW - timedelta(days=3), NOW
    account = filling.account(client, "instagram", connected_at=early - ONE_DAY)
    metric = filling.metric("instagram", "account", "views")
    series = filling.series(account, metric)
    filling.readings(account, series, {MONDAY: 100, MONDAY + ONE_DAY: 200}, filling.fetch(account, early))
    filling.readings(account, series, {MONDAY + 2 * ONE_DAY: 300}, filling.fetch(account, late))
    number = post(filling, account, "1_1")
    likes = counted(filling, account, number, {"likes": {MONDAY + 3 * ONE_DAY: 7}}, stored_at=early)["likes"]
    counted(filling, account, number, {"saved": {MONDAY + 3 * ONE_DAY: 9}}, stored_at=late)
    filling.readings(account, likes, {MONDAY + 4 * ONE_DAY: 70}, filling.fetch(account, late))
    before = only(filling, as_of=early)

    filling.revise(series, MONDAY, 111, filling.fetch(account, late))
    filling.revise(likes, MONDAY + 3 * ONE_DAY, 8, filling.fetch(account, late))
    filling.add(
        Post(account_id=account, platform_post_id="1_2", kind="feed", published_at=WEDNESDAY_NOON, first_seen_at=late)
    )
    filling.account(client, connected_at=late)
    assert only(filling, as_of=early) == before
    assert [(one.day, one.value) for one in before.days] == [(MONDAY, 100), (MONDAY + ONE_DAY, 200)]
    assert [one.values for one in before.posts] == [{"likes": 7}]
    now = only(filling)
    assert [one.value for one in now.days] == [111, 200, 300]
    assert [one.values for one in now.posts] == [{"likes": 70, "saved": 9}, {}]
    assert len(now.accounts) == 2


def test_windows_cost_a_constant_number_of_queries(filling: Filling) -> None:
    """J9, H11, G12: nine clients with many posts ask no more often than one with one, as of a moment neither."""
    counts = []
    windows: Sequence[DateRange] = (WEEK, WEEK.previous)
    for clients, posts in ((1, 1), (8, 3)):
        for client in range(clients):
            account = filling.account(filling.client(f"Client {clients} {client}"), "instagram")
            filling.daily(account, "views", {MONDAY: 1}, "instagram")
            for index in range(posts):
                instagram_post(filling, account, f"{client}_{index}", 10, 1, MONDAY + 3 * ONE_DAY)
        for as_of in (None, NOW):
            with QueryCounter(filling.database) as counter:
                ask(filling, *windows, as_of=as_of)
            counts.append(counter.count)
    assert counts[0] == counts[2]
    # What clients were called at a moment is one more.
    assert counts[1] == counts[3] == counts[0] + 1
    assert counts[0] <= 13
