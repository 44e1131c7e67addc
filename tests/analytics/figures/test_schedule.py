"""What is due: days without a hole, posts by their age, and weeks that closed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sophia.analytics.figures.schedule import REFRESH_SCHEDULE, closed_weeks, due_days, due_intervals, split_days
from sophia.meta.reporting_zone import ONE_DAY, DateRange

YESTERDAY = date(2026, 11, 21)
TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLENTY = settings(max_examples=200, deadline=None)


def back(days: int) -> date:
    return YESTERDAY - days * ONE_DAY


def through(first: date, last: date) -> DateRange:
    """The days from first to last, both included."""
    return DateRange(first, last + ONE_DAY)


def all_days(*windows: DateRange) -> set[date]:
    return {day for window in windows for day in window}


def due(
    covered: DateRange | None, *, initial: int = 90, restated: int = 3, since: date | None = None, longest: int = 30
) -> list[DateRange]:
    return due_days(covered, TODAY, initial_days=initial, restated_days=restated, since=since, longest=longest)


def advance(covered: DateRange | None, window: DateRange) -> DateRange:
    """The watermark after one more window; fails where the store would refuse a hole."""
    if covered is None:
        return window
    assert window.start <= covered.end, "a hole after what is covered"
    assert window.end >= covered.start, "a hole before what is covered"
    return DateRange(min(covered.start, window.start), max(covered.end, window.end))


# -- pieces ------------------------------------------------------------------------------------------------------------


@PLENTY
@given(st.integers(1, 400), st.integers(1, 93), st.booleans())
def test_pieces_are_the_same_days(count: int, longest: int, newest_first: bool) -> None:
    """A13: every day once, none longer than Meta allows, each touching the one before."""
    days = through(back(count - 1), YESTERDAY)
    pieces = split_days(days.start, days.end, longest, newest_first=newest_first)
    assert sum(piece.days for piece in pieces) == count == days.days
    assert all_days(*pieces) == all_days(days)
    assert max(piece.days for piece in pieces) <= longest
    assert (pieces[0].end if newest_first else pieces[0].start) == (days.end if newest_first else days.start)
    covered = None
    for piece in pieces:
        covered = advance(covered, piece)


def test_no_days_make_no_pieces() -> None:
    """A13: a window that ends before it begins is no window."""
    assert split_days(YESTERDAY, YESTERDAY, 5, newest_first=True) == []
    assert split_days(YESTERDAY, back(1), 5, newest_first=False) == []


# -- days --------------------------------------------------------------------------------------------------------------


def test_the_first_collection() -> None:
    """A13: the newest days first, so that a person sees something soon; as many as were asked for."""
    assert due(None, initial=70) == [
        through(back(29), YESTERDAY),
        through(back(59), back(30)),
        through(back(69), back(60)),
    ]
    assert due(None, initial=1) == [through(YESTERDAY, YESTERDAY)]
    assert due(None, since=back(3)) == [through(back(3), YESTERDAY)]
    assert due(None, since=YESTERDAY + ONE_DAY) == [through(YESTERDAY, YESTERDAY)]


def test_an_ordinary_day() -> None:
    """A13: the day that is new, and those that Meta may restate."""
    assert due(through(back(90), back(1))) == [through(back(2), YESTERDAY)]
    assert due(through(back(90), YESTERDAY)) == [through(back(2), YESTERDAY)]
    assert due(through(back(90), back(1)), restated=28, longest=6)[0] == through(back(27), back(22))


def test_a_machine_that_slept() -> None:
    """A13: days that were missed come first, oldest first, so that the watermark never jumps."""
    assert due(through(back(90), back(40))) == [through(back(41), back(12)), through(back(11), YESTERDAY)]


def test_asking_for_more() -> None:
    """A13: `since` reads older days, backwards from what is covered, and covered ones again."""
    covered = through(back(29), YESTERDAY)
    assert due(covered, initial=30, since=back(69)) == [
        through(back(29), YESTERDAY),
        through(back(59), back(30)),
        through(back(69), back(60)),
    ]
    assert due(covered, initial=30, since=back(10)) == [through(back(10), YESTERDAY)]


def test_a_clock_that_went_back() -> None:
    """A11: nothing that has not ended is asked; what is covered stays."""
    assert due(through(back(5), YESTERDAY + 2 * ONE_DAY), initial=5) == [through(back(2), YESTERDAY)]


ages = st.integers(0, 200)


@st.composite
def situations(draw: st.DrawFn) -> tuple[DateRange | None, int, int, date | None, int]:
    covered = None
    if draw(st.booleans()):
        last = back(draw(ages))
        covered = through(last - draw(ages) * ONE_DAY, last)
    initial, restated = draw(st.integers(1, 200)), draw(st.integers(1, 28))
    return covered, initial, restated, draw(st.none() | ages.map(back)), draw(st.integers(1, 93))


@PLENTY
@given(situations())
def test_never_a_hole(situation: tuple[DateRange | None, int, int, date | None, int]) -> None:
    """A13: after every prefix the watermark is one piece; at the end it reaches from what was wanted to yesterday."""
    covered, initial, restated, since, longest = situation
    windows = due(covered, initial=initial, restated=restated, since=since, longest=longest)
    reached = covered
    for window in windows:
        assert 1 <= window.days <= longest
        assert window.end <= TODAY
        reached = advance(reached, window)
    assert reached is not None
    assert reached.end == TODAY
    assert reached.start <= (since or reached.start)


@PLENTY
@given(situations())
def test_restated_days_are_always_asked_again(situation: tuple[DateRange | None, int, int, date | None, int]) -> None:
    """A13: the newest days are asked by every run, as far as they are wanted at all."""
    covered, initial, restated, since, longest = situation
    first = back(restated - 1)
    if covered is None:
        assume(since is None)
        first = max(first, back(initial - 1))
    else:
        first = max(first, covered.start)
    asked = all_days(*due(covered, initial=initial, restated=restated, since=since, longest=longest))
    assert all_days(through(first, YESTERDAY)) <= asked


@PLENTY
@given(situations())
def test_nothing_is_asked_twice(situation: tuple[DateRange | None, int, int, date | None, int]) -> None:
    """A13: the windows of one run do not overlap."""
    covered, initial, restated, since, longest = situation
    windows = due(covered, initial=initial, restated=restated, since=since, longest=longest)
    assert sum(window.days for window in windows) == len(all_days(*windows))


@pytest.mark.parametrize("killed_after", [1, 2, 3])
def test_a_killed_first_collection_is_finished_by_the_next(killed_after: int) -> None:
    """A13: killed at any moment, the next run ends with the same rows."""
    whole = all_days(*due(None, initial=90, longest=20))
    reached = None
    for window in due(None, initial=90, longest=20)[:killed_after]:
        reached = advance(reached, window)
    assert reached is not None
    asked = all_days(reached, *due(reached, initial=90, longest=20))
    assert asked == whole


# -- rungs -------------------------------------------------------------------------------------------------------------

FAMILIES = [rung.family for rung in REFRESH_SCHEDULE]


def families(walked: dict[str, datetime], at_least: timedelta | None = None) -> list[str]:
    return [rung.family for rung in due_intervals(walked, NOW, at_least)]


def test_the_ladder_goes_down() -> None:
    """B7: each rung reaches further back and is walked less often."""
    ages_ = [rung.age for rung in REFRESH_SCHEDULE[:-1]]
    assert ages_ == sorted(age for age in ages_ if age is not None)
    assert REFRESH_SCHEDULE[-1].age is None
    assert [rung.every for rung in REFRESH_SCHEDULE] == sorted(rung.every for rung in REFRESH_SCHEDULE)
    assert len(set(FAMILIES)) == len(FAMILIES)


def test_the_first_walk_goes_all_the_way() -> None:
    """B7: nothing was ever walked, so everything is due."""
    assert families({}) == FAMILIES


def test_nothing_is_due_right_after() -> None:
    """B7: old posts are not polled for ever."""
    assert families(dict.fromkeys(FAMILIES, NOW)) == []


@pytest.mark.parametrize("depth", range(len(REFRESH_SCHEDULE)))
def test_each_rung_in_its_time(depth: int) -> None:
    """B7: a rung is due after its while, a little before it too, and serves all that are shallower; not much before."""
    rung = REFRESH_SCHEDULE[depth]
    walked = dict.fromkeys(FAMILIES, NOW)
    assert families(walked | {rung.family: NOW - rung.every}) == FAMILIES[: depth + 1]
    early = rung.every - min(timedelta(minutes=30), rung.every * 0.1)
    assert families(walked | {rung.family: NOW - early}) == FAMILIES[: depth + 1]
    assert families(walked | {rung.family: NOW - rung.every * 0.8}) == []


def test_a_person_who_asks_gets() -> None:
    """B7: `at_least` reads posts up to that age though nothing is due."""
    walked = dict.fromkeys(FAMILIES, NOW)
    assert families(walked, timedelta(days=28)) == FAMILIES[:3]
    assert families(walked, timedelta(hours=1)) == []
    assert families(walked | {"posts_90_days": NOW - timedelta(days=8)}, timedelta(days=1)) == FAMILIES[:4]


@PLENTY
@given(
    st.dictionaries(st.sampled_from(FAMILIES), st.integers(-1, 60 * 24).map(lambda hours: NOW - timedelta(hours=hours)))
)
def test_what_is_due_is_a_prefix(walked: dict[str, datetime]) -> None:
    """B7: a walk begins at the newest post, so the rungs that it serves have no gap; every overdue rung is served."""
    found = due_intervals(walked, NOW, None)
    assert list(found) == list(REFRESH_SCHEDULE[: len(found)])
    for rung in REFRESH_SCHEDULE:
        if rung.family not in walked or NOW - walked[rung.family] >= rung.every:
            assert rung in found


# -- weeks -------------------------------------------------------------------------------------------------------------


def test_weeks_end_on_sundays() -> None:
    """A13: both ends of the window count; a window without a Sunday closes no week."""
    sunday = date(2026, 11, 15)
    assert closed_weeks(through(sunday, sunday)) == [sunday]
    assert closed_weeks(through(date(2026, 11, 16), date(2026, 11, 21))) == []
    assert closed_weeks(through(date(2026, 11, 1), date(2026, 11, 21))) == [date(2026, 11, day) for day in (1, 8, 15)]


@PLENTY
@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 120))
def test_every_sunday_once(first: date, count: int) -> None:
    """A13: exactly the Sundays inside."""
    window = through(first, first + (count - 1) * ONE_DAY)
    assert closed_weeks(window) == sorted(day for day in all_days(window) if day.isoweekday() == 7)
