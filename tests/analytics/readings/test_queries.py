"""Readings, newest first, in pages, now and as of a moment."""

from datetime import date, timedelta

from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling

from sophia.analytics.readings.models import reading_id
from sophia.analytics.readings.queries import ReadingFilter, read_page

DAY = date(2026, 11, 1)


def days(count: int) -> list[date]:
    return [YESTERDAY - index * ONE_DAY for index in range(count)]


def test_pages_neither_repeat_nor_skip(filling: Filling) -> None:
    """J6: a total order by day and series; any page size walks through the same readings."""
    client = filling.client("Hats")
    account = filling.account(client)
    series = [filling.daily(account, name, dict.fromkeys(days(7), 1)) for name in ("page_media_view", "page_follows")]
    wanted = [reading_id(number, day) for day in days(7) for number in sorted(series, reverse=True)]
    for size in (1, 2, 3, 5, 14, 100):
        found: list[int] = []
        cursor = None
        with filling.database.read() as session:
            while True:
                page = read_page(session, client, ReadingFilter(), size, cursor)
                assert len(page.readings) <= size
                found += [reading.id for reading in page.readings]
                cursor = page.next_cursor
                if cursor is None:
                    break
        assert found == wanted


def test_a_reading_as_of_a_moment(filling: Filling) -> None:
    """J6, A13: before its first fetch a reading is not there; between fetches it has the value of the earlier one."""
    client = filling.client("Hats")
    account = filling.account(client)
    moments = [NOW - timedelta(days=3), NOW - timedelta(days=2), NOW - timedelta(days=1)]
    fetches = [filling.fetch(account, moment) for moment in moments]
    series = filling.series(account, filling.metric("facebook", "account", "page_media_view"))
    filling.readings(account, series, {DAY: 10}, fetches[0])
    filling.revise(series, DAY, 12, fetches[1])
    filling.revise(series, DAY, 11.5, fetches[2])
    second = timedelta(seconds=1)
    expected = [
        (moments[0] - second, None),
        (moments[0], (10, moments[0])),
        (moments[1] - second, (10, moments[0])),
        (moments[1], (12, moments[1])),
        (moments[2] - second, (12, moments[1])),
        (moments[2], (11.5, moments[2])),
        (None, (11.5, moments[2])),
    ]
    with filling.database.read() as session:
        for moment, value in expected:
            found = read_page(session, client, ReadingFilter(as_of=moment), 10).readings
            assert [(r.metric_value, r.updated_at) for r in found] == ([] if value is None else [value]), moment
            assert all(reading.created_at == moments[0] for reading in found)


def test_a_reading_says_what_its_series_knows(filling: Filling) -> None:
    """A2, A4, A7: level, period, class and post stand beside the value; an unknown name is unclassified."""
    client = filling.client("Hats")
    account = filling.account(client, "instagram")
    draft = filling.draft(client)
    post = filling.post(account, "17_1", draft)
    fetch = filling.fetch(account)
    for name, value in (("reach", 600), ("not_known", 1)):
        series = filling.series(account, filling.metric("instagram", "post", name, "lifetime"), post)
        filling.readings(account, series, {DAY: value}, fetch)
    filling.daily(account, "reach", {DAY: 1000}, "instagram")
    filling.daily(account, "likes", {DAY: 7}, "instagram")
    with filling.database.read() as session:
        found = {(r.level.value, r.metric_name): r for r in read_page(session, client, ReadingFilter(), 10).readings}
    reach = found["post", "reach"]
    assert (reach.metric_value, reach.period, reach.unit, reach.canonical) == (600, "lifetime", "people", "reach")
    assert (reach.platform_post_id, reach.content_draft_id, reach.is_algorithm_dependent) == ("17_1", draft, True)
    assert found["account", "reach"].metric_value == 1000
    assert found["account", "reach"].platform_post_id is None
    assert found["account", "likes"].is_algorithm_dependent is False
    unknown = found["post", "not_known"]
    assert (unknown.classification, unknown.is_algorithm_dependent, unknown.canonical) == ("unclassified", None, None)


def test_filters(filling: Filling) -> None:
    """J7: by name, meaning, platform, level, account, post, period, breakdown and days; never another client's."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    page, gram, theirs = filling.account(client), filling.account(client, "instagram"), filling.account(other)
    post = filling.post(gram, "17_1")
    fetch = filling.fetch(page)
    filling.daily(page, "page_media_view", {DAY: 1, DAY + ONE_DAY: 2})
    filling.daily(gram, "views", {DAY: 3}, "instagram")
    filling.daily(theirs, "page_media_view", {DAY: 99})
    lifetime = filling.series(gram, filling.metric("instagram", "post", "views", "lifetime"), post)
    filling.readings(gram, lifetime, {DAY: 4}, fetch)
    part = filling.series(gram, filling.metric("instagram", "account", "views", "day", "follow_type=follower"))
    filling.readings(gram, part, {DAY: 5}, fetch)
    cases = [
        (ReadingFilter(), {1, 2, 3, 4, 5}),
        (ReadingFilter(metric_names=("page_media_view",)), {1, 2}),
        (ReadingFilter(metric_names=("page_media_view", "views")), {1, 2, 3, 4, 5}),
        (ReadingFilter(metric_names=("nothing",)), set()),
        (ReadingFilter(canonical="views"), {1, 2, 3, 4, 5}),
        (ReadingFilter(platform="instagram"), {3, 4, 5}),
        (ReadingFilter(level="post"), {4}),
        (ReadingFilter(account_id=page), {1, 2}),
        (ReadingFilter(account_id=theirs), set()),
        (ReadingFilter(platform_post_id="17_1"), {4}),
        (ReadingFilter(platform_post_id="17_2"), set()),
        (ReadingFilter(period="day", breakdown="", platform="instagram"), {3}),
        (ReadingFilter(breakdown="follow_type=follower"), {5}),
        (ReadingFilter(start_date=DAY + ONE_DAY), {2}),
        (ReadingFilter(end_date=DAY, account_id=page), {1}),
        (ReadingFilter(start_date=DAY, end_date=DAY, metric_names=("page_media_view",)), {1}),
    ]
    with filling.database.read() as session:
        for wanted, values in cases:
            assert {r.metric_value for r in read_page(session, client, wanted, 50).readings} == values, wanted
        assert read_page(session, filling_nobody(), ReadingFilter(), 50).readings == []


def filling_nobody() -> int:
    return 2**62
