"""A report says what was stored, to the digit, and no sentence in it says anything else."""

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.analytics.reports.conftest import EARLIER, MONDAY, WEEK, Agency, counters, each_day, furnish
from tests.conftest import NOW, ON_BOTH, ONE_DAY, Api, Filling, QueryCounter

from sophia.analytics.figures.figures import Coverage
from sophia.analytics.figures.schemas import response_json
from sophia.analytics.figures.sentences import Form, resolve, written
from sophia.analytics.readings.models import MetricSeries, StoredMetric
from sophia.analytics.reports.gathering import make_report
from sophia.analytics.reports.records import Report
from sophia.errors import InvalidInputError, NotFoundError
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Client

FORMS: tuple[Form, ...] = (
    "number",
    "percent",
    "signed_percent",
    "change_size",
    "size_percent",
    "range_percent",
    "factor",
    "age",
    "text",
)


def report_of(filling: Filling, client: int, window: DateRange | None = None, **options: Any) -> Report:
    return make_report(filling.database, client, window, NOW, **options)


@ON_BOTH
def test_a_week_worked_out_by_hand(agency: Agency) -> None:
    """A4, A5, A8, G1, G2, G7: sums of days, rates of posts, bounds of people, totals of followers, and their changes."""
    client, _ = furnish(agency)
    found = report_of(agency.filling, client)
    assert (found.window, found.before, found.is_closed) == (WEEK, EARLIER, True)
    assert found.coverage == Coverage(7, 7)
    views = found.changes["views"]
    assert (views.before.value, views.after.value, views.percent.value) == (7000, 3500, -50.0)
    assert views.after.coverage == Coverage(7, 7)
    # 40 + 10 engagements of 1,000 people reached; the week before 100 of 1,000.
    assert found.kpis["engagements"].value == 50
    assert found.kpis["engagement_rate_by_reach"].value == 5.0
    rate = found.changes["engagement_rate_by_reach"]
    assert (rate.before.value, rate.after.value, rate.absolute.value) == (10.0, 5.0, -5.0)
    assert (rate.before.age_hours, rate.after.age_hours) == (168, 168)
    assert found.kpis["engagement_rate_at_7_days"].value == 5.0
    # The mean of 40 of 2,000 followers and 10 of 2,000.
    assert found.kpis["engagement_rate_by_followers"].value == pytest.approx(1.25)
    assert (found.kpis["reach"].value, found.kpis["reach"].at_least, found.kpis["reach"].at_most) == (None, 300, 2100)
    assert (found.kpis["net_new_followers"].value, found.kpis["audience_growth"].value) == (100, 5.0)
    assert [(post.engagements, post.reach) for post in found.top_posts] == [(40, 800), (10, 200)]
    assert [line.metric for line in found.algo_dependent_summary if line.level == "account"] == ["reach", "views"]
    assert found.missing_days == ()
    trend = found.trends["views"]
    assert [point.week.start for point in trend.points] == [MONDAY - 7 * index * ONE_DAY for index in range(11, -1, -1)]
    assert [point.figure.value for point in trend.points[-2:]] == [7000, 3500]
    assert trend.points[0].figure.value is None
    assert trend.from_previous.percent.value == -50.0


def test_a_rate_by_reach_is_no_share_of_people(agency: Agency) -> None:
    """A5, H12: reach that is added up over posts counts people several times, and the sentence says so."""
    client, _ = furnish(agency)
    alone, account = agency.client("Alone")
    agency.post(account, MONDAY, counters(200, 10), MONDAY + ONE_DAY)
    told = "was {} of the reach, which counts people once for each post that they saw."
    hats = "At 7 days, engagement on 2 posts " + told.format("5.00 %")
    small = "By the end of the period, engagement on 1 post " + told.format("10.0 %") + " Small base: 20 interactions."
    for number, text in ((client, hats), (alone, small)):
        said = [sentence.text for sentence in report_of(agency.filling, number).commentary]
        assert text in said
        assert not any("Of the people" in one for one in said)


def test_who_decided(agency: Agency) -> None:
    """Half the engagement, and half the views: everybody lost a fifth of theirs, and the rest is the client's own."""
    client, _ = furnish(agency)
    split = report_of(agency.filling, client).drivers["instagram"]
    assert split.whole is not None
    assert split.platform is not None
    assert split.people is not None
    assert split.whole.percent == pytest.approx(-50)
    assert split.platform.percent_interval is not None
    assert split.platform.percent_interval[0] < -20 < split.platform.percent_interval[1] < 0
    assert split.people.percent == pytest.approx(0, abs=1e-9)
    assert (split.others, split.others_alike) == (6, 6)


def test_published_benchmarks_are_like_with_like(agency: Agency) -> None:
    """G9: of the same platform, industry, numerator and denominator: 1 % of the followers, without shares and saves, against Rival IQ's 0.16 %."""
    client, _ = furnish(agency)
    found = report_of(agency.filling, client).benchmarks
    (rival,) = [one for one in found if one.benchmark is not None]
    assert rival.benchmark is not None
    assert (rival.benchmark.industry, rival.benchmark.platform) == ("retail", "instagram")
    assert (float(rival.benchmark.value_percent), rival.own.value) == (0.16, 1.0)


def test_missing_days_are_named(agency: Agency) -> None:
    """A12, G7: a day without a reading is no day with 0, and stands beside the numbers."""
    client, account = agency.client("Hats")
    agency.days(account, "views", {day: 10.0 for day in each_day(WEEK, 1) if day != MONDAY + 2 * ONE_DAY})
    agency.days(account, "total_interactions", each_day(WEEK, 1))
    found = report_of(agency.filling, client)
    (missing,) = found.missing_days
    assert (missing.metric, missing.coverage, missing.first) == ("views", Coverage(6, 7), MONDAY + 2 * ONE_DAY)
    assert found.kpis["views"].value == 60
    assert found.kpis["views"].coverage == Coverage(6, 7)
    assert found.coverage == Coverage(6, 7)


def test_a_running_week_is_compared_with_as_many_days(agency: Agency) -> None:
    """G3: six days of the running week are over, and are compared with six; it is not closed."""
    client, account = agency.client("Hats")
    running = DateRange(WEEK.end, WEEK.end + 7 * ONE_DAY)
    agency.days(account, "views", each_day(WEEK, 100) | {WEEK.end + index * ONE_DAY: 200.0 for index in range(6)})
    found = report_of(agency.filling, client, running)
    assert (found.is_closed, found.before) == (False, DateRange(MONDAY, MONDAY + 6 * ONE_DAY))
    assert found.changes["views"].percent.value == 100.0
    assert found.kpis["views"].coverage == Coverage(6, 6)


def test_posts_and_costs_of_a_running_week_are_those_of_its_ended_days(agency: Agency) -> None:
    """G3: what was published on the running day stands in the week to date, and in no change."""
    client, account = agency.client("Hats")
    running = DateRange(WEEK.end, WEEK.end + 7 * ONE_DAY)
    for day in (MONDAY, MONDAY + ONE_DAY, WEEK.end, WEEK.end + ONE_DAY, WEEK.end + 6 * ONE_DAY):
        agency.post(account, day, counters(100, 10), day)
    found = report_of(agency.filling, client, running)
    posts = found.changes["posts"]
    assert (posts.before.value, posts.after.value, found.kpis["posts"].value) == (2, 2, 3)


def test_a_day_is_compared_with_its_weekday(agency: Agency) -> None:
    """G3, H1: a Sunday stands against the Sunday before, ten days against the same weekdays; a month against the days before."""
    client, account = agency.client("Hats")
    agency.days(account, "views", {MONDAY + index * ONE_DAY: 100.0 for index in range(-60, 7)})
    sunday = WEEK.end - ONE_DAY
    for start, days, back in (
        (sunday, 1, 7),
        (sunday - 9 * ONE_DAY, 10, 14),
        (WEEK.start, 7, 7),
        (sunday - 29 * ONE_DAY, 30, 30),
    ):
        before = report_of(agency.filling, client, DateRange(start, start + days * ONE_DAY)).before
        assert before == DateRange(start - back * ONE_DAY, start - (back - days) * ONE_DAY)


def test_what_is_unusual_is_found(agency: Agency) -> None:
    """A day of ten times as many views stands out; ordinary days do not."""
    client, account = agency.client("Hats")
    first = WEEK.end - 110 * ONE_DAY
    usual = {first + index * ONE_DAY: 1000.0 + 40 * (index % 5) for index in range(110)}
    spike = MONDAY + 3 * ONE_DAY
    agency.days(account, "views", usual | {spike: 10_000.0})
    agency.days(account, "total_interactions", usual)
    (found,) = report_of(agency.filling, client).anomalies
    assert (found.metric, found.anomaly.kind, found.anomaly.since, found.anomaly.value) == (
        "views",
        "spike",
        spike,
        10_000,
    )


def test_nothing_is_said_of_nothing(filling: Filling) -> None:
    """A12, H11: no data gives reasons and no zeros."""
    client = filling.client("Hats")
    found = report_of(filling, client)
    assert found.kpis["views"].value is None
    assert found.kpis["views"].reason
    assert (found.anomalies, found.top_posts, found.drivers) == ((), (), {})
    with pytest.raises(NotFoundError):
        report_of(filling, client + 1)


def test_windows_that_cannot_be(filling: Filling) -> None:
    client = filling.client("Hats")
    with pytest.raises(InvalidInputError, match="92 days"):
        report_of(filling, client, DateRange(date(2026, 1, 1), date(2026, 6, 1)))
    with pytest.raises(InvalidInputError, match="has not begun"):
        report_of(filling, client, DateRange(date(2026, 12, 1), date(2026, 12, 2)))
    with pytest.raises(InvalidInputError, match="past"):
        report_of(filling, client, as_of=NOW + ONE_DAY)


# -- every figure is a reference ---------------------------------------------------------------------------------------


def test_no_figure_in_any_sentence_differs_from_the_report(agency: Agency, api: Api) -> None:
    """H12: every figure of every sentence is written again from the JSON document, by its path, and no other is there."""
    client, account = furnish(agency)
    first = WEEK.end - 110 * ONE_DAY
    usual = {first + index * ONE_DAY: 700.0 + 9 * (index % 7) for index in range(94)}
    later = {MONDAY + index * ONE_DAY: 5.0 for index in range(6)}
    for name in ("views", "total_interactions"):
        _, other = agency.client(f"Broken {name}")
        agency.days(other, name, usual | later)
    agency.post(account, MONDAY + 3 * ONE_DAY, {"likes": 7}, MONDAY + 4 * ONE_DAY)
    tell(api, client)
    sentences = 0
    for one in range(client, other + 1):
        answer = api.get(f"/{one}/report")
        if answer.status_code == 404:
            continue
        document = json.loads(answer.content)
        for sentence in document["commentary"]:
            check_sentence(document, sentence)
            sentences += 1
    assert sentences > 35
    assert {one["standing"] for one in api.get(f"/{client}/report").json()["goals"]} == {
        "reached",
        "missed",
        "behind",
        "on pace",
        "not known",
    }


def tell(api: Api, client: int) -> None:
    """A goal of every standing, one in money, one not to be exceeded; and an annotation with numbers of its own."""
    sale = {"event_type": "conversion", "source": "shop", "event_date": str(MONDAY), "customer_key": "ann"}
    api.post(f"/{client}/conversion", sale | {"revenue_amount": "99.50", "currency": "CAD"})
    api.post(f"/{client}/annotations", {"day": str(MONDAY), "text": "10 % off, 3 days"})
    until, week = "2026-12-31", str(WEEK.end - ONE_DAY)
    for name, kpi, target, last, at_most in (
        ("100 views", "views", 100, week, False),
        ("Views of 2026", "views", 500_000, until, False),
        ("Posts", "posts", 9, until, False),
        ("Fans", "followers", 2500, week, False),
        ("Shrinking", "net_new_followers", 10_000, until, False),
        ("Sales", "revenue", 800, until, False),
        ("Rate", "save_rate", 0.5, week, True),
        ("Shares", "share_rate", 55.5, until, False),
        ("Clicks", "click_through_rate", 5, week, False),
    ):
        body = {"kpi": kpi, "target": target, "start_date": str(MONDAY), "end_date": last, "at_most": at_most}
        assert api.ask("PUT", f"/{client}/goals/{name}", json=body).status_code == 201


def test_a_wrong_figure_in_a_sentence_is_found(agency: Agency, api: Api) -> None:
    """H12: whichever referenced number of the document is another than that of its sentence, the check above fails."""
    client, _ = furnish(agency)
    tell(api, client)
    document = api.get(f"/{client}/report").json()
    changed = 0
    for sentence in document["commentary"]:
        for reference in sentence["references"].values():
            *above, last = reference["path"].split(".")
            holder = resolve(document, ".".join(above))
            if isinstance(holder, dict) and isinstance(holder[last], int | float):
                right, holder[last] = holder[last], 3 * holder[last] + 41
                with pytest.raises(AssertionError):
                    check_sentence(document, sentence)
                holder[last] = right
                changed += 1
        check_sentence(document, sentence)
    assert changed > 30


def check_sentence(document: Any, sentence: dict[str, Any]) -> None:
    values = {}
    for name, reference in sentence["references"].items():
        assert reference["form"] in FORMS
        value = resolve(document, reference["path"])
        exact = isinstance(value, str) and reference["form"] != "text"  # money
        values[name] = written(Decimal(value) if exact else value, reference["form"])
    assert sentence["text"] == sentence["template"].format(**values)
    # What is not a reference holds no figure, but for the name of the interval.
    assert not re.search(r"\d", sentence["template"].replace("95 %", "")), sentence["template"]


def test_whole_numbers_have_no_decimals() -> None:
    """A target of five conversions is 5, not 5.0, whatever it is kept as."""
    assert [written(value, "number") for value in (0, 5.0, Decimal("19.00"), 5.25, -3.0)] == [
        "0",
        "5",
        "19",
        "5.2",
        "−3",
    ]


def test_a_sentence_cannot_be_made_of_what_is_absent(agency: Agency) -> None:
    """A12: nothing stands in a sentence for a value that there is not."""
    client, _ = agency.client("Hats")
    found = report_of(agency.filling, client)
    with pytest.raises(LookupError):
        written(resolve(found, "kpis.views.value"), "number")
    with pytest.raises(LookupError):
        resolve(found, "kpis.__class__")


# -- as it was ---------------------------------------------------------------------------------------------------------


@ON_BOTH
def test_a_report_as_it_was_to_the_digit(agency: Agency) -> None:
    """A13, A14, G1: restated days, later snapshots and posts, new clients: the report of the moment stays the same."""
    filling = agency.filling
    client, account = furnish(agency)
    moment = NOW - timedelta(hours=30)
    at_the_time = make_report(filling.database, client, None, moment)
    rebuilt = report_of(filling, client, as_of=moment)
    assert response_json(rebuilt) == response_json(at_the_time)

    fresh = filling.fetch(account, NOW - timedelta(hours=1))
    with filling.database.read() as session:
        views = session.scalars(
            select(MetricSeries.id)
            .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
            .where(StoredMetric.metric_name == "views", MetricSeries.post_id.is_(None))
            .order_by(MetricSeries.id)
        ).all()
    for series in views:
        filling.revise(series, MONDAY + 5 * ONE_DAY, 77, fresh)
    agency.post(account, MONDAY + 4 * ONE_DAY, counters(9000, 900), MONDAY + 5 * ONE_DAY, NOW - timedelta(hours=1))
    filling.account(filling.client("Late"), "instagram", connected_at=NOW)
    with filling.database.write() as session:
        session.execute(update(Client).where(Client.name == "Other 1").values(status="archived"))
    assert response_json(report_of(filling, client, as_of=moment)) == response_json(at_the_time)
    now = report_of(filling, client)
    assert now.kpis["views"].value == 3500 - 500 + 77
    assert now.kpis["engagements"].value == 50 + 910
    assert now.drivers != at_the_time.drivers


def test_a_report_costs_a_constant_number_of_queries(agency: Agency) -> None:
    """J9, H11, G11: twelve clients and twenty posts more ask the store no more often."""
    counts = []
    client, account = furnish(agency, 3)
    # A post that was first read after its week costs one query, however many there are.
    agency.post(account, MONDAY - timedelta(days=40), counters(50, 1), MONDAY)
    for more in (0, 12):
        for number in range(more):
            _, other = agency.client(f"More {number}")
            agency.fortnight(other, "views", 10, 20)
            agency.fortnight(other, "total_interactions", 1, 2)
        for index in range(2 * more):
            agency.post(account, MONDAY - index * ONE_DAY - timedelta(days=9), counters(50, index), MONDAY)
        for as_of in (None, NOW):
            with QueryCounter(agency.filling.database) as counter:
                report_of(agency.filling, client, as_of=as_of)
            counts.append(counter.count)
    assert counts[:2] == counts[2:]
    assert max(counts) <= 43
