"""Summaries: each metric by its own aggregate, accounts apart from posts, the platform's apart from people's."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.analytics.invented import GRAM, WEEK, client, daily, numbers, page_post, post

from sophia.analytics.figures.facts import ClientWindow, OwnValue
from sophia.analytics.figures.figures import Figure
from sophia.analytics.kpis.summaries import (
    Aggregate,
    SummaryLine,
    algo_dependent_summary,
    algo_independent_summary,
    unclassified,
)
from sophia.meta.catalogue.canonical import CANONICAL, MetricClass
from sophia.meta.catalogue.terms import Level


def figures(lines: tuple[SummaryLine, ...]) -> dict[tuple[str, Level], Figure]:
    return {(line.metric, line.level): line.change.after for line in lines}


NOW = client(
    posts=(post(1, numbers(600, 10)), post(2, numbers(600, 20, saved=4)), page_post(3, {"likes": 5, "reach": 10})),
    days=(*daily(GRAM, "reach", *[1000] * 7), *daily(GRAM, "views", 1, 2, 3), *daily(GRAM, "likes", 5, 5)),
)


def test_levels_and_classes_do_not_mix() -> None:
    """A4, A5, G10: account reach and post reach stand apart; people have bounds, counts have sums."""
    dependent, independent = figures(algo_dependent_summary(NOW)), figures(algo_independent_summary(NOW))
    assert dependent[("views", Level.ACCOUNT)].value == 6
    assert dependent[("views", Level.POST)].value == 2400
    for level, low, high in ((Level.ACCOUNT, 1000, 7000), (Level.POST, 600, 1210)):
        reach = dependent[("reach", level)]
        assert (reach.value, reach.at_least, reach.at_most) == (None, low, high)
    assert independent[("likes", Level.POST)].value == 35
    assert independent[("likes", Level.ACCOUNT)].value == 10
    assert independent[("saved", Level.POST)].n == 2
    for lines, wanted in ((dependent, "algorithm_dependent"), (independent, "algorithm_independent")):
        assert {CANONICAL[name].metric_class for name, _ in lines} == {MetricClass(wanted)}


def test_changes_against_the_window_before() -> None:
    """A2, A12: −75 % on the day that both have; without a window before there is no change, with a reason."""
    before = client(window=WEEK.previous, days=daily(GRAM, "likes", 20, first=WEEK.previous.start))
    found = {line.metric: line.change for line in algo_independent_summary(NOW, before) if line.level is Level.ACCOUNT}
    assert (found["likes"].percent.value, found["likes"].after.value) == (-75.0, 5)
    assert [line.figure.value for line in algo_independent_summary(NOW, before) if line.metric == "likes"] == [10, 35]
    alone = {line.metric: line.change for line in algo_independent_summary(NOW) if line.level is Level.ACCOUNT}
    assert (alone["likes"].percent.value, alone["likes"].after.value) == (None, 10)
    assert alone["likes"].percent.reason is not None


def test_a_ratio_of_posts_is_their_median() -> None:
    """G10: average watch times are neither added nor averaged over days."""
    now = client(posts=tuple(post(i, {"average_watch_time": i * 1000}) for i in (1, 2, 9)))
    (line,) = algo_dependent_summary(now)
    assert (line.aggregate, line.change.after.value, line.change.after.n) == (Aggregate.MEDIAN, 2000, 3)


def test_metas_own_week_stands_in_the_summary() -> None:
    """A5: where Meta counted the people of the week itself."""
    now = client(own=(OwnValue(GRAM, "reach", WEEK, 1800),))
    assert figures(algo_dependent_summary(now))[("reach", Level.ACCOUNT)].value == 1800


def test_unknown_names_are_named() -> None:
    """A7: they stand in neither summary, and are reported; levels stand in neither, and are no oddity."""
    now = client(posts=(post(1, {"brand_new": 1}),), days=(*daily(GRAM, "odd", 1), *daily(GRAM, "followers", 5)))
    assert unclassified(now) == ("brand_new", "odd")
    assert algo_dependent_summary(now) == algo_independent_summary(now) == ()


@given(st.randoms())
def test_order_and_repetition_change_nothing(random: Random) -> None:
    """A1: to the last digit."""
    posts, days = [*NOW.posts, *NOW.posts], [*NOW.days, *NOW.days]
    random.shuffle(posts)
    random.shuffle(days)
    again: ClientWindow = client(posts=tuple(posts), days=tuple(days))
    assert algo_dependent_summary(again) == algo_dependent_summary(NOW)
    assert algo_independent_summary(again) == algo_independent_summary(NOW)


def test_nothing_at_all() -> None:
    assert algo_dependent_summary(client()) == algo_independent_summary(client()) == ()
    assert unclassified(client()) == ()
