"""KPIs: the formulas, what is left out, and what must hold whatever the input looks like."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.invented import (
    AFTER,
    BOTH,
    GRAM,
    PAGE,
    READ_AT,
    WEEK,
    client,
    daily,
    numbers,
    page_post,
    post,
)

from sophia.analytics.figures.facts import ClientWindow, FollowerLevels, OwnValue, PostFacts
from sophia.analytics.figures.figures import NOT_ADDED, Coverage, FigureUnit
from sophia.analytics.kpis.followers import NO_FOLLOWERS
from sophia.analytics.kpis.kpis import KPIS, NOT_LISTED, compute_kpis, kpi_changes, posts_published
from sophia.analytics.kpis.like_for_like import NOT_BEGUN
from sophia.analytics.kpis.post_kpis import NO_POSTS
from sophia.analytics.kpis.summaries import algo_dependent_summary
from sophia.meta.catalogue.canonical import CANONICAL
from sophia.meta.catalogue.terms import ObjectKind
from sophia.meta.reporting_zone import ONE_DAY, DateRange

TWO_POSTS = (post(1, numbers(1000, 40, 5, 3, 2)), post(2, numbers(200, 18, 1, 1, 0)))
COUNTS = st.integers(0, 10**6)
POSTS = st.lists(
    st.builds(
        lambda post_id, reach, counts: post(post_id, numbers(reach, *counts)),
        st.integers(1, 20),
        COUNTS,
        st.tuples(COUNTS, COUNTS, COUNTS, COUNTS),
    ),
    max_size=12,
    unique_by=lambda one: one.post_id,
).map(tuple)


def value(name: str, now: ClientWindow, before: ClientWindow | None = None) -> float | None:
    found = compute_kpis(now, before)[name]
    assert (found.value is None) == (found.reason is not None)
    return None if found.value is None else float(found.value)


def test_engagement_rates() -> None:
    """G4, A4: ratio of sums by reach and by views, the posts' own mean beside it, all in percent, posts alone."""
    now = client(posts=TWO_POSTS, days=daily(GRAM, "reach", *[1000] * 7))
    assert value("engagements", now) == 70
    assert value("engagement_rate_by_reach", now) == pytest.approx(100 * 70 / 1200)
    assert value("mean_engagement_rate_by_reach", now) == pytest.approx((5 + 10) / 2)
    assert value("engagement_rate_by_views", now) == pytest.approx(100 * 70 / 2400)
    assert value("engagement_rate_by_followers", now) == pytest.approx(100 * 70 / 1000 / 2)
    assert value("save_rate", now) == pytest.approx(100 * 2 / 1200)
    assert value("share_rate", now) == pytest.approx(100 * 4 / 1200)
    assert value("amplification_rate", now) == pytest.approx(100 * 4 / 1000)
    assert compute_kpis(now)["engagement_rate_by_reach"].n == 2


def test_people_of_seven_days_are_not_added() -> None:
    """A5: the same 1,000 people on seven days with 350 likes: 35 % of the posts' reach, and never 5 % of 7,000."""
    now = client(posts=(post(1, numbers(1000, 350)),), days=daily(GRAM, "reach", *[1000] * 7))
    assert value("engagement_rate_by_reach", now) == 35.0
    reach = compute_kpis(now)["reach"]
    assert (reach.value, reach.at_least, reach.at_most, reach.reason) == (None, 1000, 7000, NOT_ADDED)


def test_metas_own_week_is_the_reach() -> None:
    """A5: of one account; two accounts may share people, so they have bounds, and one that is silent no upper one."""
    own = (OwnValue(GRAM, "reach", WEEK, 1800), OwnValue(GRAM, "reach", WEEK.previous, 9999))
    days = daily(GRAM, "reach", *[1000] * 7)
    assert value("reach", client(own=own, days=days)) == 1800
    both = client(accounts=BOTH, own=(*own, OwnValue(PAGE, "reach", WEEK, 500)))
    reach = compute_kpis(both)["reach"]
    assert (reach.value, reach.at_least, reach.at_most) == (None, 1800, 2300)
    silent = compute_kpis(client(accounts=BOTH, own=own))["reach"]
    assert (silent.at_least, silent.at_most) == (1800, None)
    missing_day = compute_kpis(client(days=daily(GRAM, "reach", 5, None, 7, 1, 1, 1, 1)))["reach"]
    assert (missing_day.at_least, missing_day.at_most) == (7, None)
    one_day = DateRange(WEEK.start, WEEK.start + timedelta(days=1))
    assert value("reach", client(window=one_day, days=days)) == 1000


def test_reach_growth() -> None:
    """A2, G7: of Meta's own weeks; to 0 is −100 %, and without an earlier week there is none."""
    now, before = (
        client(window=window, own=(OwnValue(GRAM, "reach", window, people),))
        for window, people in ((WEEK, 0), (WEEK.previous, 1000))
    )
    assert value("reach_growth", now, before) == -100.0
    assert value("reach_growth", before, now) is None
    assert value("reach_growth", now) is None
    assert value("reach_growth", client(days=daily(GRAM, "reach", *[9] * 7)), before) is None


def test_followers_come_from_the_profile() -> None:
    """A8: 70 daily new followers are no stock; growth is the difference of totals by the total at the start."""
    now = client(days=daily(GRAM, "follows", *[70] * 7))
    assert (value("net_new_followers", now), value("audience_growth", now)) == (70, 7.0)
    fewer = client(followers=(FollowerLevels(GRAM, 1000, 990),))
    assert (value("net_new_followers", fewer), value("audience_growth", fewer)) == (-10, -1.0)
    for levels in ((), (FollowerLevels(GRAM, 1000, None),), (FollowerLevels(GRAM, None, 9),)):
        assert value("audience_growth", client(followers=levels)) is None
    half = client(accounts=BOTH)
    assert (value("audience_growth", half), value("net_new_followers", half)) == (None, None)


def test_followers_are_those_of_the_posts_account() -> None:
    """A3: a large Page does not thin out the rate of a small Instagram account."""
    levels = (FollowerLevels(GRAM, 100, 100), FollowerLevels(PAGE, 100_000, 100_000))
    posts = (post(1, numbers(50, 10)), page_post(2, {"likes": 1000, "comments": 0, "shares": 0}))
    now = client(accounts=BOTH, followers=levels, posts=posts)
    assert value("engagement_rate_by_followers", now) == pytest.approx((10 + 1) / 2)
    assert value("engagement_rate_by_followers", replace(now, posts=posts[:1])) == pytest.approx(10.0)


def test_both_platforms_have_engagements() -> None:
    """A6: Facebook has no saves, which is no reason to have no engagement; reactions are its likes."""
    now = client(accounts=BOTH, posts=(page_post(1, {"likes": 600, "comments": 10, "shares": 6, "reach": 20_000}),))
    assert value("engagements", now) == 616
    assert value("engagement_rate_by_reach", now) == pytest.approx(3.08)
    assert value("save_rate", now) is None


def test_absent_is_not_zero() -> None:
    """A12: reach alone gives no rates; a post that lacks a part is left out, and the figure says so."""
    only_reach = client(posts=(post(1, {"reach": 100}),))
    for name in ("engagements", "engagement_rate_by_reach", "save_rate", "share_rate", "engagement_rate_by_followers"):
        assert value(name, only_reach) is None
    lacking = post(3, {"reach": 5000, "likes": 3, "comments": 0, "saved": 1})
    rate = compute_kpis(client(posts=(*TWO_POSTS, lacking)))["engagement_rate_by_reach"]
    assert rate.value == pytest.approx(100 * 70 / 1200)
    assert rate.doubt == "No data for 1 of 3 posts."
    assert value("engagement_rate_by_reach", client(posts=(post(1, numbers(0)),))) is None
    assert value("engagement_rate_by_reach", client(posts=(post(1, numbers(10)),))) == 0.0


def test_stories_are_no_posts_of_the_feed() -> None:
    """G10: a story has no likes, so its reach thins out nobody's rate."""
    story = post(9, {"reach": 100_000, "shares": 1, "link_clicks": 30, "views": 1500}, kind=ObjectKind.STORY)
    now = client(posts=(*TWO_POSTS, story))
    assert value("engagement_rate_by_reach", now) == pytest.approx(100 * 70 / 1200)
    assert value("share_rate", now) == pytest.approx(100 * 4 / 1200)
    assert value("click_through_rate", now) == 2.0
    assert value("posts", now) == 3
    assert story.engagements is None


def test_clicks() -> None:
    """A4: clicks by views of the same posts, or of the same accounts and days, never of one by the other."""
    clicked = page_post(1, {"link_clicks": 5, "views": 400})
    now = client(
        accounts=BOTH,
        posts=(clicked,),
        days=(*daily(GRAM, "link_clicks", 1, 2, None), *daily(GRAM, "views", 100, 100, 9), *daily(PAGE, "views", 1000)),
    )
    assert value("click_through_rate", now) == 1.25
    rate = compute_kpis(now)["profile_click_rate"]
    assert (rate.value, rate.coverage) == (1.5, Coverage(2, 7))


def test_views_of_a_week() -> None:
    """G7, G10: the sum over days and accounts, with the days that were seen; a silent account leaves no total."""
    seen = client(days=daily(GRAM, "views", 10, 20, None, 30))
    assert compute_kpis(seen)["views"].value == 60
    assert compute_kpis(seen)["views"].coverage == Coverage(3, 7)
    to_date = replace(seen, today=WEEK.start + timedelta(days=4))
    assert compute_kpis(to_date)["views"].coverage == Coverage(3, 4)
    assert (seen.is_closed, to_date.is_closed) == (True, False)
    assert value("views", replace(seen, accounts=BOTH)) is None
    outside = client(days=daily(GRAM, "views", 1, first=AFTER))
    assert value("views", outside) is None


def test_a_half_collected_week_is_flagged() -> None:
    """A12, G7: two days that were seen are compared with the same two, and the change says so."""
    before = client(window=WEEK.previous, days=daily(GRAM, "views", 10, 10, first=WEEK.previous.start))
    now = client(days=daily(GRAM, "views", *[15] * 7))
    found = kpi_changes(now, before)["views"]
    assert (found.before.value, found.after.value, found.percent.value) == (20, 30, 50.0)
    assert found.percent.doubt == "The comparison uses 2 of 7 days of each period."
    assert compute_kpis(now)["views"].value == 105


@given(
    st.lists(st.one_of(st.none(), st.integers(1, 1000)), min_size=7, max_size=7),
    st.lists(st.one_of(st.none(), st.integers(1, 1000)), min_size=7, max_size=7),
)
def test_what_is_missing_changes_nothing(first: list[int | None], second: list[int | None]) -> None:
    """A12: views a day that never change never change, whatever is missing; what did change is that of common days."""
    days = (daily(GRAM, "views", *first, first=WEEK.previous.start), daily(GRAM, "views", *second))
    found = kpi_changes(client(days=days[1]), client(window=WEEK.previous, days=days[0]))["views"]
    both = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    if not both:
        assert found.percent.value is None
    else:
        assert found.percent.value == pytest.approx(100 * (sum(b for _, b in both) / sum(a for a, _ in both) - 1))


def test_before_the_first_day_is_over_nothing_is_compared() -> None:
    """G3: a running day against a whole one is no fall."""
    before = client(window=WEEK.previous, days=daily(GRAM, "views", *[10] * 7, first=WEEK.previous.start))
    begun = replace(client(days=daily(GRAM, "views", 1)), today=WEEK.start)
    for found in kpi_changes(begun, before).values():
        assert (found.percent.value, found.percent.reason) == (None, NOT_BEGUN)
    (line,) = algo_dependent_summary(begun, before)
    assert (line.figure.value, line.change.percent.reason) == (1, NOT_BEGUN)


def test_no_rate_is_infinite() -> None:
    """G8: what is not finite has a reason, and what is beyond reason a doubt."""
    assert value("engagement_rate_by_reach", client(posts=(post(1, numbers(math.inf, 1)),))) is None
    assert value("engagement_rate_by_reach", client(posts=(post(1, numbers(1, math.nan)),))) is None
    assert compute_kpis(client(posts=(post(1, numbers(1, 500)),)))["engagement_rate_by_reach"].doubt is not None


def test_the_newest_reading_of_a_post_counts() -> None:
    """A2: seven readings of a post with reach 1,000 are no reach of 7,000."""
    readings = [post(1, numbers(100 * day, day), read_at=READ_AT + timedelta(days=day)) for day in range(1, 11)]
    shuffled = Random(3).sample(readings, len(readings))
    assert value("engagement_rate_by_reach", client(posts=tuple(shuffled))) == 1.0
    assert value("engagements", client(posts=tuple(shuffled))) == 10


def test_nothing_at_all() -> None:
    """A12, H11: no input, no exception, and every figure that needs one has its reason."""
    found = compute_kpis(client(accounts={}, followers=()))
    assert {name for name, one in found.items() if one.value is not None} == set()
    assert found["posts"].reason == "No account is connected."


def test_no_posts_are_0_only_when_they_were_looked_for() -> None:
    """A12, H11: of all days and accounts; of some days what was found is told with a doubt, and none is no 0."""
    whole, some = DateRange(date(2025, 1, 1), WEEK.end), DateRange(date(2025, 1, 1), WEEK.start + 3 * ONE_DAY)
    later = DateRange(WEEK.end, WEEK.end + ONE_DAY)
    assert value("posts", client(listed={GRAM: whole})) == 0
    assert posts_published(client()).reason == posts_published(client(listed={GRAM: later})).reason == NOT_LISTED
    assert posts_published(client(accounts=BOTH, listed={GRAM: whole})).reason == NOT_LISTED
    assert value("posts", client(accounts=BOTH, listed={GRAM: whole, PAGE: whole})) == 0
    told = "Posts were collected for only 3 of 7 days."
    assert posts_published(client(listed={GRAM: some})).reason == told
    partly = posts_published(client(posts=TWO_POSTS, listed={GRAM: some}))
    assert (partly.value, partly.doubt) == (2, told)
    assert posts_published(client(posts=TWO_POSTS, listed={GRAM: whole})).doubt is None


def test_a_running_window_needs_the_days_that_are_over() -> None:
    """A12, G3: nobody can have looked for what is published tomorrow; but before today's look, not for yesterday's."""
    today = WEEK.start + 3 * ONE_DAY
    until_today, until_yesterday = DateRange(date(2025, 1, 1), today), DateRange(date(2025, 1, 1), today - ONE_DAY)
    assert value("posts", client(today=today, listed={GRAM: until_today})) == 0
    assert value("posts", client(today=today, listed={GRAM: until_yesterday})) is None
    first_day = {"today": WEEK.start, "window": WEEK}
    assert value("posts", client(**first_day, listed={GRAM: DateRange(date(2025, 1, 1), WEEK.start)})) == 0
    assert value("posts", client(**first_day, listed={GRAM: DateRange(date(2025, 1, 1), WEEK.start - ONE_DAY)})) is None


def test_a_reason_says_what_was_lacking() -> None:
    """A12, G4: posts of which nothing was read are neither no posts nor posts that nobody saw."""
    unread = client(posts=tuple(post(number, {}) for number in range(15)))
    rates = ("mean_engagement_rate_by_reach", "engagement_rate_by_reach", "engagement_rate_by_followers")
    found = compute_kpis(unread)
    assert {name: found[name].reason for name in rates} == dict.fromkeys(rates, "None of 15 posts has both values.")
    assert found["amplification_rate"].reason == "None of 15 posts has a number of shares."
    unseen = client(posts=(post(1, numbers(0)), post(2, {})))
    assert compute_kpis(unseen)["mean_engagement_rate_by_reach"].reason == "The posts reached nobody."
    one = client(posts=(post(1, {}),), followers=())
    assert compute_kpis(one)["engagements"].reason == "The only post does not have all values."
    assert compute_kpis(one)["engagement_rate_by_followers"].reason == NO_FOLLOWERS
    assert compute_kpis(client())["amplification_rate"].reason == NO_POSTS


def test_every_kpi_knows_what_it_is() -> None:
    """G4: name, unit, formula and inputs; what comes out has the unit that was promised."""
    assert len({kpi.name for kpi in KPIS}) == len(KPIS)
    records = {"posts", "approval_events", "conversion_events", "marketing_cost", "new_customers"}
    now = client(posts=TWO_POSTS, days=daily(GRAM, "views", 1))
    for kpi in KPIS:
        assert kpi.formula
        assert set(kpi.inputs) <= set(CANONICAL) | records
        assert kpi.compute(now).unit is kpi.unit
        assert kpi.compute(client()).unit is kpi.unit
    assert compute_kpis(now)["reach_growth"].unit is FigureUnit.PERCENT


@given(POSTS, st.randoms())
def test_order_and_repetition_change_nothing(posts: tuple[PostFacts, ...], random: Random) -> None:
    """A1: to the last digit."""
    days = (*daily(GRAM, "views", 1.1, 2.2, 3.3, 4.4), *daily(GRAM, "reach", 5, 6, 7, 8, 9, 10, 11))
    again = tuple(random.sample([*posts, *posts], 2 * len(posts)))
    more_days = tuple(random.sample([*days, *days], 2 * len(days)))
    assert compute_kpis(client(posts=posts, days=days)) == compute_kpis(client(posts=again, days=more_days))


def times(factor: int) -> Callable[[PostFacts], PostFacts]:
    return lambda one: replace(one, values={name: factor * number for name, number in one.values.items()})


@given(POSTS, st.integers(2, 1000))
def test_rates_do_not_depend_on_scale(posts: tuple[PostFacts, ...], factor: int) -> None:
    larger = tuple(map(times(factor), posts))
    for name in ("engagement_rate_by_reach", "mean_engagement_rate_by_reach", "engagement_rate_by_views", "save_rate"):
        assert value(name, client(posts=larger)) == pytest.approx(value(name, client(posts=posts)))
    counted = value("engagements", client(posts=posts))
    assert value("engagements", client(posts=larger)) == (None if counted is None else factor * counted)


@given(POSTS)
def test_the_rate_lies_between_those_of_the_posts(posts: tuple[PostFacts, ...]) -> None:
    own = [rate for one in posts if (rate := value("engagement_rate_by_reach", client(posts=(one,)))) is not None]
    seen = tuple(one for one in posts if one.values["reach"])
    together = value("engagement_rate_by_reach", client(posts=seen))
    if together is not None:
        assert min(own) - 1e-6 <= together <= max(own) * (1 + 1e-9)
