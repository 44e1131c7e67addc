"""Days that are unusual, levels that change, readings that are missing: what is found, what is not, and until when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophia.analytics.anomalies.detection import detect_anomalies
from sophia.analytics.anomalies.records import Anomaly, Measured, MonitoringState, SeriesDays
from sophia.errors import InvalidInputError

MONDAY = date(2026, 1, 5)
ONE_DAY = timedelta(days=1)
Values = list[float | None]


def day(number: int) -> date:
    return MONDAY + number * ONE_DAY


def usual(seed: int = 1, length: int = 120, *, level: float = 200.0, scatter: float = 0.1) -> Values:
    """Counts with a weekly season, in which nothing happens."""
    random = np.random.default_rng(seed)
    week = np.array([1.0, 1.05, 1.1, 1.05, 1.0, 0.8, 0.5])[np.arange(length) % 7]
    return [float(value) for value in random.poisson(level * week * np.exp(random.normal(0, scatter, length)))]


def series(values: Sequence[float | None], name: str = "a", measured: Measured = "count", **more: object) -> SeriesDays:
    posts = more.get("posts", ())
    assert isinstance(posts, tuple)
    return SeriesDays(name, measured, MONDAY, tuple(values), posts)


def found(values: Sequence[float | None], measured: Measured = "count", provisional_days: int = 0) -> list[Anomaly]:
    return list(detect_anomalies([series(values, measured=measured)], provisional_days=provisional_days).anomalies)


def changed(values: Values, first: int, last: int, factor: float) -> Values:
    return [
        round(value * factor) if value is not None and first <= place <= last else value
        for place, value in enumerate(values)
    ]


# -- single days -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_nothing_happens(seed: int) -> None:
    """H3: low Sundays are what Sundays are; four months without an event give at most one alarm."""
    assert len(found(usual(seed))) <= 1


@pytest.mark.parametrize(("factor", "kind"), [(3.0, "spike"), (0.3, "drop"), (0.0, "outage")])
def test_an_unusual_day(factor: float, kind: str) -> None:
    """What, when, how unusual, what was expected, and that it is over."""
    [anomaly] = found(changed(usual(2), 90, 90, factor))
    assert (anomaly.kind, anomaly.since, anomaly.noticed, anomaly.until) == (kind, day(90), day(90), day(90))
    assert anomaly.score is not None
    assert anomaly.expected is not None
    assert anomaly.low is not None
    assert anomaly.high is not None
    assert abs(anomaly.score) > 3
    assert anomaly.low < 100 < anomaly.high  # a Sunday
    assert anomaly.low < anomaly.expected < anomaly.high
    assert anomaly.value == changed(usual(2), 90, 90, factor)[90]


def test_it_is_open_until_it_ends() -> None:
    """Five days of nothing are one outage: open on each of them, closed with its last day."""
    values = changed(usual(3), 80, 84, 0.0)
    for last in range(80, 85):
        [anomaly] = found(values[: last + 1])
        assert (anomaly.kind, anomaly.since, anomaly.until) == ("outage", day(80), None)
    [anomaly] = found(values)
    assert (anomaly.since, anomaly.until) == (day(80), day(84))


def test_odd_days_are_not_learnt_from() -> None:
    """Forty days of nothing are one outage until the last of them, and the return of what was usual is no spike."""
    [anomaly] = found(changed(usual(17, 160), 90, 129, 0.0))
    assert (anomaly.kind, anomaly.since, anomaly.until) == ("outage", day(90), day(129))


@pytest.mark.parametrize("value", [1_000_000.0, 0.0])
@pytest.mark.parametrize("measured", ["count", "rate", "signed"])
def test_equal_values_are_no_blind_spot(measured: Measured, value: float) -> None:
    """H2: 29 times 100, then a million or nothing."""
    [anomaly] = found([100.0] * 29 + [value], measured)
    assert anomaly.since == day(29)
    assert anomaly.kind in ({"spike"} if value else {"drop", "outage"})


@pytest.mark.parametrize("measured", ["count", "rate", "signed"])
def test_equal_values_stay_quiet(measured: Measured) -> None:
    """H2: and a hundred and one after a hundred is nothing."""
    assert found([100.0] * 60 + [101.0] + [100.0] * 20, measured) == []


def test_zeros_are_usual_where_they_are_usual() -> None:
    """A small account: no alarm for nothing, nor for the first reaction in a while; one for thirty."""
    random = np.random.default_rng(5)
    values: Values = [float(value) for value in random.poisson(0.15, 200)]
    assert found(values) == []
    values[150] = 30.0
    assert [(one.kind, one.since) for one in found(values)] == [("spike", day(150))]
    assert found([0.0] * 100) == []


def test_rates_and_signed_series() -> None:
    """Rates by their logarithm, net follows on their own scale, below zero too."""
    random = np.random.default_rng(6)
    rates: Values = [float(value) for value in np.exp(random.normal(1.2, 0.15, 120))]
    rates[100] = 0.8
    assert [(one.kind, one.since) for one in found(rates, "rate")] == [("drop", day(100))]
    net: Values = [float(round(value)) for value in random.normal(2, 6, 120)]
    net[100] = -60.0
    [anomaly] = found(net, "signed")
    assert (anomaly.kind, anomaly.since) == ("drop", day(100))
    assert anomaly.low is not None
    assert -25 < anomaly.low < 0


def test_posts_explain_what_they_bring() -> None:
    """A day with posts is judged against days with posts."""
    random = np.random.default_rng(7)
    posts = [float(value) for value in random.poisson(0.25, 160)]
    posts[150] = 3.0
    values: Values = [float(random.poisson(100 * np.exp(1.0 * np.log2(1 + post)))) for post in posts]
    blind = detect_anomalies([series(values)], provisional_days=0).anomalies
    told = detect_anomalies([series(values, posts=tuple(posts))], provisional_days=0).anomalies
    assert day(150) in {one.since for one in blind}
    assert day(150) not in {one.since for one in told}
    assert len(told) <= 1


def test_young_series_are_not_judged() -> None:
    """H4: what is needed is what the documents say: ten readings."""
    assert found([100.0] * 9 + [5000.0]) == []
    assert found([100.0] * 10 + [5000.0]) != []


# -- levels ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("factor", "kind"), [(1.6, "rise"), (0.6, "fall")])
def test_a_new_level(factor: float, kind: str) -> None:
    """One rise or fall with the day since when, silence afterwards, and an end when the level has become usual."""
    values = changed(usual(8), 80, 119, factor)
    [anomaly] = found(values)
    assert anomaly.kind == kind
    assert abs((anomaly.since - day(80)).days) <= 1
    assert (anomaly.noticed - day(80)).days <= 7
    assert anomaly.until == anomaly.since + 28 * ONE_DAY
    [anomaly] = found(values[:100])
    assert anomaly.until is None


def test_a_level_that_goes_back_was_none() -> None:
    """Six days at a third, then as before: one drop that ended, and no alarm for the return."""
    [anomaly] = found(changed(usual(9), 80, 85, 0.35))
    assert (anomaly.kind, anomaly.since, anomaly.until) == ("drop", day(80), day(85))


# -- missing and provisional readings ----------------------------------------------------------------------------------


def test_a_missing_day_is_a_gap() -> None:
    """H3: a day without a reading is a gap, not a zero, and the days around it are judged as ever."""
    values = usual(10)
    values[90] = values[91] = None
    [anomaly] = found(values)
    assert (anomaly.kind, anomaly.since, anomaly.until) == ("gap", day(90), day(91))
    assert (anomaly.value, anomaly.score) == (None, None)


def test_a_silent_series_is_a_gap() -> None:
    """H3: when nothing comes any more, that is what is found, and the last reading is not taken for today's."""
    one = series(usual(10)[:100])
    watched = detect_anomalies([one], last_day=day(119), provisional_days=0)
    assert [(gap.kind, gap.since, gap.until) for gap in watched.anomalies] == [("gap", day(100), None)]
    later = detect_anomalies([], watched.state, last_day=day(125), provisional_days=0)
    assert [(gap.kind, gap.since, gap.until) for gap in later.anomalies] == [("gap", day(100), None)]


def test_the_latest_day_of_any_series_is_judged() -> None:
    """A12: a series that ends ten days before another one misses ten days, in whatever order the two come."""
    early, late = series(usual(1, 110), "early"), series(usual(2, 120), "late")
    for both in ([early, late], [late, early]):
        watched = detect_anomalies(both, provisional_days=0)
        assert watched.state.last_day == day(119)
        [gap] = [one for one in watched.anomalies if one.kind == "gap"]
        assert (gap.series, gap.since, gap.until) == ("early", day(110), None)


def test_provisional_days_never_drop() -> None:
    """The last two days may be restated: less than usual means nothing yet, more already does."""
    low, high = changed(usual(11), 118, 119, 0.3), changed(usual(11), 119, 119, 4.0)
    assert found(low, provisional_days=2) == []
    assert [one.kind for one in found(low, provisional_days=0)] == ["drop"]
    [spike] = found(high, provisional_days=2)
    assert (spike.kind, spike.since, spike.provisional) == ("spike", day(119), True)
    state = detect_anomalies([series(high)]).state
    assert state.last_day == day(117)
    # Restated to what is usual, it is gone.
    assert detect_anomalies([series(usual(11, 122))], state).anomalies == ()


# -- day by day --------------------------------------------------------------------------------------------------------


def day_by_day(
    given: Sequence[SeriesDays], length: int, provisional_days: int
) -> tuple[dict[object, Anomaly], MonitoringState]:
    """Each day with nothing but the last few days of the series, as a run would bring them."""
    state: MonitoringState | None = None
    gathered: dict[object, Anomaly] = {}
    for last in range(length):
        first = max(0, last - 4)
        piece = [
            replace(one, first_day=day(first), values=one.values[first : last + 1], posts=one.posts[first : last + 1])
            for one in given
        ]
        watched = detect_anomalies(piece, state, last_day=day(last), provisional_days=provisional_days)
        state = watched.state
        gathered |= {key(one): one for one in watched.anomalies if not one.provisional}
    assert state is not None
    return gathered, state


def key(one: Anomaly) -> object:
    return one.series, one.noticed, one.kind == "gap"


@pytest.mark.parametrize("provisional_days", [0, 2])
def test_day_by_day_is_the_same_as_at_once(provisional_days: int) -> None:
    """H3: a machine that judges each morning finds what one finds that judges the history, to the last digit."""
    random = np.random.default_rng(12)
    length = 170
    given = []
    for number in range(7):
        values = changed(usual(20 + number, length), 60 + 5 * number, 60 + 6 * number, random.choice([0.3, 2.5]))
        values = changed(changed(values, 110 + number, length, random.choice([0.6, 1.5])), 130, 130, 0.4)
        values = [None if random.random() < 0.03 else value for value in values]
        posts = tuple(float(post) for post in random.poisson(0.4, length))
        given.append(series(values, f"s{number}", posts=posts))
    at_once = detect_anomalies(given, provisional_days=provisional_days)
    gathered, state = day_by_day(given, length, provisional_days)
    assert gathered == {key(one): one for one in at_once.anomalies if not one.provisional}
    assert {one.kind for one in at_once.anomalies} >= {"spike", "drop", "rise", "fall", "gap"}
    assert state == at_once.state


def test_judged_days_change_nothing() -> None:
    """Giving days again that were judged, even other values, alters nothing; the next day is judged on what was."""
    values = usual(13)
    state = detect_anomalies([series(values[:100])], provisional_days=0).state
    other = [0.0] * 100 + list(values[100:])
    assert detect_anomalies([series(other)], state).anomalies == detect_anomalies([series(values)], state).anomalies


def test_a_new_client_brings_its_past_along() -> None:
    """A series that the state does not know is judged from the next day on, on the past that it brings."""
    state = detect_anomalies([series(usual(14)[:100])], provisional_days=0).state
    new = series([*changed(usual(15), 50, 50, 5.0)[:110], 5000.0], "b")
    anomalies = detect_anomalies([series(usual(14)), new], state, last_day=day(110), provisional_days=0).anomalies
    assert [(one.series, one.since) for one in anomalies] == [("b", day(110))]


# -- the portfolio -----------------------------------------------------------------------------------------------------


def portfolio(count: int = 12) -> list[Values]:
    return [usual(100 + number) for number in range(count)]


def test_a_day_of_everybody_is_one_event() -> None:
    """The platform halves everybody's day: one event, and single alarms are explained by it, but for who fell more."""
    each = [changed(values, 90, 90, 0.5) for values in portfolio()]
    each[3] = changed(portfolio()[3], 90, 90, 0.0)
    watched = detect_anomalies(
        [series(values, f"{number:02d}") for number, values in enumerate(each)], provisional_days=0
    )
    [event] = watched.events
    assert (event.kind, event.since, event.until, event.series) == ("drop", day(90), day(90), 12)
    assert event.alike >= 11
    that_day = [one for one in watched.anomalies if one.since == day(90)]
    assert [one.series for one in that_day if one.event_since is None] == ["03"]
    assert {one.event_since for one in that_day if one.series != "03"} == {day(90)}
    assert len(that_day) > 6


def test_a_new_level_of_everybody() -> None:
    """An algorithm change: one fall of the portfolio, and hardly a client that has one of its own."""
    each = [changed(values, 90, 119, 0.8) for values in portfolio()]
    watched = detect_anomalies(
        [series(values, f"{number:02d}") for number, values in enumerate(each)], provisional_days=0
    )
    assert [event.kind for event in watched.events if event.kind in {"rise", "fall"}] == ["fall"]
    [event] = [event for event in watched.events if event.kind == "fall"]
    assert abs((event.since - day(90)).days) <= 2
    assert len([one for one in watched.anomalies if one.since >= day(90) and one.event_since is None]) <= 2


@pytest.mark.parametrize("last", [90, 119])
def test_less_than_most_is_no_event(last: int) -> None:
    """H1: seven of twelve that fall, for a day or for good, are no event of the portfolio."""
    each = [changed(values, 90, last, 0.35 if number < 7 else 1.25) for number, values in enumerate(portfolio())]
    watched = detect_anomalies(
        [series(values, f"{number:02d}") for number, values in enumerate(each)], provisional_days=0
    )
    assert watched.events == ()
    assert len({one.series for one in watched.anomalies if one.since == day(90)}) >= 2


def test_a_new_level_goes_on_until_it_is_usual() -> None:
    """H1: it has no end on the day that told of it; after four weeks it is nobody's news."""
    each = [changed(values, 80, 119, 0.6) for values in portfolio()]
    given = [series(values, f"{number:02d}") for number, values in enumerate(each)]
    [young] = detect_anomalies([replace(one, values=one.values[:100]) for one in given], provisional_days=0).events
    [old] = detect_anomalies(given, provisional_days=0).events
    assert (young.kind, young.since, young.until) == ("fall", day(80), None)
    assert (old.since, old.until) == (day(80), day(108))
    assert young.alike >= 10


def test_four_series_are_no_portfolio() -> None:
    each = [changed(values, 90, 90, 0.3) for values in portfolio(4)]
    watched = detect_anomalies(
        [series(values, f"{number:02d}") for number, values in enumerate(each)], provisional_days=0
    )
    assert watched.events == ()
    assert len(watched.anomalies) == 4


# -- whatever comes ----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 3), st.floats(0, 1e12)), min_size=1, max_size=60),
    measured=st.sampled_from(["count", "rate", "signed"]),
)
def test_whatever_comes_is_judged(values: Values, measured: Measured) -> None:
    """H4: no input makes it fail, and what it says is finite."""
    for one in detect_anomalies([series(values, measured=measured)]).anomalies:
        numbers = [number for number in (one.value, one.score, one.expected, one.low, one.high) if number is not None]
        assert np.isfinite(numbers).all()
        assert one.until is None or one.since <= one.until
        assert one.since <= one.noticed


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), shuffled=st.randoms(use_true_random=False))
def test_order_decides_nothing(seed: int, shuffled: "np.random.Generator") -> None:
    given_series = [series(usual(seed + number, 80), f"{number}") for number in range(6)]
    first = detect_anomalies(given_series)
    shuffled.shuffle(given_series)
    assert detect_anomalies(given_series) == first


def test_nothing_is_given() -> None:
    """An empty portfolio is no error, and its first client begins it."""
    watched = detect_anomalies([])
    assert (watched.anomalies, watched.events, watched.state.series) == ((), (), ())
    assert detect_anomalies([series(usual())], watched.state) == detect_anomalies([series(usual())])
    assert detect_anomalies([], detect_anomalies([series(usual())]).state).anomalies == ()


def test_a_small_account_that_falls_silent() -> None:
    """Nothing for days, each of them likely enough by itself: one outage, open since its first day."""
    random = np.random.default_rng(16)
    values: Values = [float(value) for value in random.poisson(3, 120)]
    values[100:] = [0.0] * 20
    [anomaly] = found(values)
    assert (anomaly.kind, anomaly.until) == ("outage", None)
    assert abs((anomaly.since - day(100)).days) <= 1
    values[110:] = [3.0] * 10
    [anomaly] = found(values)
    assert (anomaly.kind, anomaly.until) == ("outage", day(109))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([series([float("nan")])], "must be finite"),
        ([series([float("inf")])], "must be finite"),
        ([series([-1.0])], "signed may be negative"),
        ([series([1.0]), series([1.0])], "came twice"),
        ([series([1.0], posts=(1.0, 2.0))], "as many counts of posts"),
    ],
)
def test_impossible_input_is_refused(wrong: list[SeriesDays], message: str) -> None:
    """H4: NaN is no value."""
    with pytest.raises(InvalidInputError, match=message):
        detect_anomalies(wrong)


def test_a_measure_does_not_change() -> None:
    state = detect_anomalies([series([1.0] * 20)]).state
    with pytest.raises(InvalidInputError, match="measured as count until now"):
        detect_anomalies([series([1.0] * 21, measured="rate")], state)


# -- expected days -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [3.0, 0.2])
def test_an_expected_day_is_no_anomaly(factor: float) -> None:
    """A holiday is neither an anomaly nor a day to learn from; the same values on another day are found."""
    values = changed(usual(2), 90, 90, factor)
    holiday = replace(series(values), expected_days=frozenset({day(90)}))
    assert detect_anomalies([holiday], provisional_days=0).anomalies == ()
    assert detect_anomalies([replace(holiday, expected_days=frozenset({day(89)}))], provisional_days=0).anomalies
    assert detect_anomalies([replace(holiday, values=tuple(values[:91]))], provisional_days=2).anomalies == ()
    later = detect_anomalies([holiday], provisional_days=0).state.series[0]
    [unusual] = [place for place, is_unusual in enumerate(later.unusual) if is_unusual]
    assert later.last_day - (len(later.unusual) - 1 - unusual) * ONE_DAY == day(90)


def test_expected_days_are_the_same_day_by_day() -> None:
    """Judging every morning gives the same result as judging at once, with expected days before and in a new level."""
    whole = series(changed(usual(4), 80, 119, 1.7))
    whole = replace(whole, expected_days=frozenset({day(40), day(79), day(84), day(100)}))
    at_once = detect_anomalies([whole], last_day=day(119), provisional_days=0)
    state: MonitoringState | None = None
    kept: dict[date, Anomaly] = {}
    for number in range(60, 120):
        result = detect_anomalies(
            [replace(whole, values=whole.values[: number + 1])], state, last_day=day(number), provisional_days=0
        )
        state = result.state
        kept |= {anomaly.noticed: anomaly for anomaly in result.anomalies}
    assert tuple(kept.values()) == at_once.anomalies
    assert state == at_once.state
    assert [anomaly.kind for anomaly in at_once.anomalies] == ["rise"]
