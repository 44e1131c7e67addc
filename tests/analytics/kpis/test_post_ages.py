"""Posts at fixed ages from the store, and weeks that are compared at equal ages."""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from tests.conftest import NOW, ON_BOTH, ONE_DAY, Filling, QueryCounter

from sophia.analytics.figures.ages import AGES
from sophia.analytics.figures.facts import ClientWindow
from sophia.analytics.figures.figures import AT_THE_END
from sophia.analytics.kpis.kpis import compute_kpis, kpi_changes
from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.analytics.kpis.queries import client_snapshots
from sophia.analytics.kpis.summaries import algo_independent_summary
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.analytics.kpis.windows import client_windows
from sophia.analytics.readings.writer import AccountWriter, Owner
from sophia.meta.catalogue.terms import Period, Platform
from sophia.meta.records import Batch, Reading, Source
from sophia.meta.reporting_zone import DateRange, reporting_day
from sophia.portfolio.models import Post

MONDAY = date(2026, 10, 5)
WEEK = DateRange(MONDAY, MONDAY + 7 * ONE_DAY)
NEXT = DateRange(WEEK.end, WEEK.end + 7 * ONE_DAY)
HOUR = timedelta(hours=1)


def at(day: date, hour: int = 18) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC)


class Reader:
    """Stores answers of Meta about the posts of one account, as the collector does."""

    def __init__(self, filling: Filling) -> None:
        self.filling, self.client = filling, filling.client("Hats")
        self.account = filling.account(self.client, "instagram", connected_at=at(MONDAY) - 90 * ONE_DAY)
        self.run = filling.run(self.account)

    def post(self, name: str, published_at: datetime, kind: str = "feed") -> int:
        row = Post(
            account_id=self.account,
            platform_post_id=name,
            kind=kind,
            published_at=published_at,
            first_seen_at=published_at,
        )
        return self.filling.add(row)

    def read(self, name: str, moment: datetime, values: Mapping[str, float], subject: str = "media") -> None:
        """One answer about one post."""
        source = Source(subject, f"GET /{name}", moment, "v22.0", b"")
        day = reporting_day(moment)
        readings = [Reading(name, metric, Period.LIFETIME, "", day, value) for metric, value in values.items()]
        owner = Owner(self.account, self.client, Platform.INSTAGRAM)
        writer = AccountWriter(self.filling.database, owner, self.run, lambda: moment, keep=False)
        writer.save([Batch(readings, [], [], [], source)])

    def grow(self, name: str, published_at: datetime, reach: float, *ages: timedelta) -> None:
        """A post that has 63 % of its reach after 48 hours; 1 % of the people react, after 24 hours already 63 %."""
        self.post(name, published_at)
        for age in ages:
            slow, fast = (reach * (1 - math.exp(-(age / HOUR) / hours)) for hours in (48, 24))
            likes = {"likes": round(fast / 100), "comments": 0, "shares": 0, "saved": 0}
            self.read(name, published_at + age, {"reach": round(slow), "views": round(2 * slow)} | likes)

    def windows(self, now: datetime, *windows: DateRange, as_of: datetime | None = None) -> list[ClientWindow]:
        with self.filling.database.read() as session:
            clients = measured_clients(session, as_of=as_of)
            measured = client_windows(
                session, clients, windows, now, as_of=as_of, ages=AGES.values(), compared=windows[:2]
            )[self.client]
        return [measured[window] for window in windows]


WEEKLY = tuple(ONE_DAY * days + 5 * HOUR for days in range(10))


@ON_BOTH
def test_values_between_two_answers_are_interpolated(filling: Filling) -> None:
    """Hourly answers of one day are one reading with revisions; the one before 24 hours and the one after it count."""
    reader, published = Reader(filling), at(MONDAY)
    reader.post("1", published)
    for hours, likes in ((22, 10), (23.5, 20), (24.5, 30), (25, 99)):
        reader.read("1", published + hours * HOUR, {"likes": likes, "reach": 100 * likes})
    (window,) = reader.windows(NOW, WEEK)
    (post,) = window.at_ages[AGES["24h"]].posts
    assert post.values == {"likes": 25.0, "reach": 2500.0}
    (unknown,) = window.at_ages[AGES["7d"]].posts
    assert (unknown.values, window.at_ages[AGES["7d"]].pending) == ({}, frozenset())


def test_an_unchanged_counter_was_read_too(filling: Filling) -> None:
    """Likes are the same in the answer at 23 hours, which stored views only: they rose after it, not over ten hours."""
    reader, published = Reader(filling), at(MONDAY)
    reader.post("1", published)
    for hours, values in (
        (15, {"likes": 4, "views": 10}),
        (23, {"likes": 4, "views": 20}),
        (25, {"likes": 8, "views": 30}),
    ):
        reader.read("1", published + hours * HOUR, values)
    (window,) = reader.windows(NOW, WEEK)
    assert window.at_ages[AGES["24h"]].posts[0].values == {"likes": 6.0, "views": 25.0}


def test_ages_are_as_they_were_known(filling: Filling) -> None:
    """At seven days and an hour the post had not been read again, so its week is not complete at seven days."""
    reader, published = Reader(filling), at(MONDAY)
    reader.grow("1", published, 10_000, *WEEKLY)
    then = published + 7 * ONE_DAY + HOUR
    (before,) = reader.windows(then, WEEK, as_of=then)
    figure = compute_kpis(before)["engagement_rate_at_7_days"]
    assert (figure.value, figure.age_hours) == (None, 168)
    assert figure.reason == "1 of 1 posts has not been read at an age of 7 days yet."
    (after,) = reader.windows(then + ONE_DAY, WEEK, as_of=then + ONE_DAY)
    rate = compute_kpis(after)["engagement_rate_at_7_days"].value
    assert rate is not None
    exact = (1 - math.exp(-7)) / (1 - math.exp(-3.5))
    assert abs(float(rate) / exact - 1) < 0.01


def test_a_week_is_compared_at_the_age_that_its_youngest_post_has_reached(filling: Filling) -> None:
    """A Sunday post against Monday posts: at the end of the week it looks worse, at three days it is the same."""
    reader = Reader(filling)
    for name, day in (("1", WEEK.start), ("2", NEXT.end - ONE_DAY)):
        reader.grow(name, at(day), 10_000, *(6 * HOUR * step for step in range(1, 29)), *WEEKLY)
    wednesday = at(NEXT.end + 3 * ONE_DAY)
    later, earlier = reader.windows(wednesday, NEXT, WEEK)
    kpis = compute_kpis(later)
    assert kpis["engagements"].at_end
    assert kpis["engagements_at_7_days"].value is None
    changes = kpi_changes(later, earlier)
    for name in ("engagements", "engagement_rate_by_reach", "engagement_rate_by_views"):
        assert (changes[name].before.age_hours, changes[name].after.age_hours) == (72, 72)
        assert changes[name].percent.value == 0
    (likes,) = (
        line.change
        for line in algo_independent_summary(later, earlier)
        if (line.metric, line.level) == ("likes", "post")
    )
    assert (likes.after.age_hours, likes.percent.value) == (72, 0)
    at_end = [float(compute_kpis(window)["engagements"].value or 0) for window in (later, earlier)]
    assert at_end[0] < 0.5 * at_end[1]
    week_later, week_before = reader.windows(wednesday + 6 * ONE_DAY, NEXT, WEEK)
    assert kpi_changes(week_later, week_before)["engagements"].after.age_hours == 168
    assert compute_kpis(week_later)["engagements_at_7_days"].value is not None


def test_without_an_equal_age_there_is_no_comparison(filling: Filling) -> None:
    """Posts that were read at the ends of their weeks only had ages from one to six days."""
    reader = Reader(filling)
    for name, day, week in (("1", WEEK.start, WEEK), ("2", NEXT.end - 2 * ONE_DAY, NEXT)):
        reader.post(name, at(day))
        reader.read(name, at(week.end - ONE_DAY), {"likes": 5, "comments": 0, "shares": 0, "saved": 0, "reach": 100})
    later, earlier = reader.windows(NOW, NEXT, WEEK)
    change = kpi_changes(later, earlier)["engagement_rate_by_reach"]
    assert (change.before.value, change.after.value) == (5, 5)
    assert (change.percent.value, change.percent.reason) == (None, AT_THE_END)


def test_a_total_at_an_age_is_unknown_without_one_of_its_posts(filling: Filling) -> None:
    """One of two posts was not read around seven days: the total is at least that of the other, the rate is known."""
    reader = Reader(filling)
    reader.grow("1", at(MONDAY), 10_000, *WEEKLY)
    reader.grow("2", at(MONDAY + ONE_DAY), 10_000, ONE_DAY, 20 * ONE_DAY)
    (window,) = reader.windows(NOW, WEEK)
    kpis = compute_kpis(window)
    total, rate = kpis["engagements_at_7_days"], kpis["engagement_rate_at_7_days"]
    assert (total.value, total.reason) == (None, "No data for 1 of 2 posts.")
    assert total.at_least is not None
    assert 99 < total.at_least < 101
    assert (rate.n, rate.doubt) == (1, "No data for 1 of 2 posts.")


def test_stories_keep_what_they_had_when_they_ended(filling: Filling) -> None:
    reader = Reader(filling)
    reader.post("1", at(MONDAY), "story")
    reader.read("1", at(MONDAY) + 20 * HOUR, {"views": 50, "reach": 40})
    (window,) = reader.windows(NOW, WEEK)
    assert [post.values for post in window.at_ages[AGES["28d"]].posts] == [{"views": 50, "reach": 40}]
    assert compute_kpis(window)["engagements_at_7_days"].value is None


@ON_BOTH
def test_kept_weeks_are_computed_again_when_their_posts_reach_an_age(filling: Filling) -> None:
    """The week of Monday's post is complete at seven days one week later, and at 28 days five weeks later."""
    reader = Reader(filling)
    filling.watermark(reader.account, "account_totals", WEEK.start, NEXT.end)
    reader.grow("1", at(MONDAY), 10_000, *WEEKLY, *(ONE_DAY * days + 5 * HOUR for days in (26, 27, 28, 29)))

    def kept(now: datetime) -> dict[str, object]:
        keep_weeks(filling.database, now)
        with filling.database.read() as session:
            (snapshot,) = client_snapshots(session, reader.client, [WEEK])
        return {name: snapshot.kpis[f"engagements_at_{name}"].value for name in ("7_days", "28_days")}

    first = kept(at(WEEK.end))
    assert first["28_days"] is None
    assert first["7_days"] is not None
    assert kept(at(MONDAY + 31 * ONE_DAY))["28_days"] is not None


def test_ages_cost_two_queries(filling: Filling) -> None:
    reader = Reader(filling)
    counts = []
    for name in ("1", "2"):
        reader.grow(name, at(MONDAY), 10_000, *WEEKLY)
        with QueryCounter(filling.database) as counter:
            reader.windows(NOW, WEEK)
        counts.append(counter.count)
    with filling.database.read() as session, QueryCounter(filling.database) as counter:
        client_windows(session, measured_clients(session), [WEEK], NOW)
    assert counts == [counter.count + 2] * 2
