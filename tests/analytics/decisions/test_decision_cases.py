"""What counts of a prediction, at which moment, and against what; and what the next brief may be told."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from sophia.analytics.decisions.cases import Decision, JudgedPost, StoredValue, judge, post_readings
from sophia.analytics.decisions.guidance import advise, stage_qualities
from sophia.analytics.decisions.predictions import Chance, Outcome, Point, Prediction, readable_predictions
from sophia.analytics.decisions.scores import Quantiles
from sophia.analytics.figures.ages import Age
from sophia.analytics.figures.facts import ApprovalFact
from sophia.meta.catalogue.terms import ObjectKind
from sophia.meta.reporting_zone import DateRange

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY, NEXT_DAY = date(2026, 11, 1), date(2026, 11, 2)
HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def kept(name: str, hours: float, value: float, *, metric: str = "", day: date = DAY, order: int = 1) -> StoredValue:
    return StoredValue(name, metric or name, day, START + hours * HOUR, order, value)


def test_what_did_not_change_was_still_read() -> None:
    """I3: a counter is stored again within a day only when it changes; on the next day it must be stored anew."""
    values = [kept("reach", 1, 10), kept("reach", 5, 30), kept("saved", 1, 2), kept("reach", 30, 40, day=NEXT_DAY)]
    assert {(one.metric, one.read_at, one.value) for one in post_readings(values)} == {
        ("reach", START + HOUR, 10),
        ("reach", START + 5 * HOUR, 30),
        ("reach", START + 30 * HOUR, 40),
        ("saved", START + HOUR, 2),
        ("saved", START + 5 * HOUR, 2),
    }


def test_a_metric_of_several_counters_is_their_sum() -> None:
    """A12: once all are known that were read on the day; never of some of them."""
    values = [
        kept("like", 1, 5, metric="likes"),
        kept("love", 2, 3, metric="likes"),
        kept("like", 4, 6, metric="likes"),
    ]
    assert [(one.read_at, one.value) for one in post_readings(values)] == [(START + 2 * HOUR, 8), (START + 4 * HOUR, 9)]


def test_of_one_moment_the_later_answer_counts() -> None:
    """I2: an answer that was read anew says the same moment again."""
    values = [kept("reach", 1, 10, order=4), kept("reach", 1, 12, order=9)]
    assert [one.value for one in post_readings(reversed(values))] == [12]


def posted(number: int, draft: int | None, days_ago: float, **outcomes: float) -> JudgedPost:
    """Published so many days ago; `outcomes` at 7 days."""
    at = NOW - days_ago * ONE_DAY
    known: Mapping[Age, Mapping[str, Outcome]] = {"7d": {name: Outcome(v, at) for name, v in outcomes.items()}}
    return JudgedPost(
        post_id=number, draft_id=draft, account_id=1, kind=ObjectKind.FEED, published_at=at, outcomes=known
    )


def decided(
    number: int, draft: int | None, days_ago: float, prediction: Prediction, metric: str = "reach", **more: float | str
) -> Decision:
    known = {"stage": "angle", "age": "7d", "confidence": None} | more
    return Decision(
        id=number,
        draft_id=draft,
        decided_at=NOW - days_ago * ONE_DAY,
        predictions={metric: prediction},
        **known,  # type: ignore[arg-type]
    )


HISTORY = [posted(100 + index, None, 40 + index, reach=100 + index) for index in range(6)]


def test_the_last_word_before_publication_counts() -> None:
    """I4: earlier and later ones do not, even while the outcome of the last one is awaited."""
    posts = [*HISTORY, posted(1, 1, 8, reach=90)]
    words = [decided(1, 1, 10, Point(1)), decided(2, 1, 9, Point(2)), decided(3, 1, 7, Point(3))]
    found = judge(words, posts, [], NOW)
    (dated,) = found.cases
    assert (dated.case.prediction, dated.case.actual, dated.case.baseline) == (Point(2), 90, 102.5)
    assert dated.due_at == NOW - ONE_DAY
    assert (found.too_late, found.waiting) == ({"angle": 1}, {})
    found = judge([*words, decided(4, 1, 8.5, Point(4), age="28d")], posts, [], NOW)
    assert (found.cases, found.waiting) == ([], {"angle": 1})


def test_what_waits_is_no_failure() -> None:
    """I4: no draft, no post yet, a post too young."""
    words = [decided(1, None, 9, Point(1)), decided(2, 5, 9, Point(1)), decided(3, 6, 3, Point(1))]
    found = judge(words, [posted(6, 6, 2, reach=5)], [], NOW)
    assert (found.cases, found.waiting, found.too_late) == ([], {"angle": 3}, {})


def test_the_baseline_was_known_when_it_was_decided() -> None:
    """I3: outcomes that came later are no history, nor those of other kinds."""
    other = [
        JudgedPost(post_id=n, draft_id=None, account_id=1, kind=ObjectKind.REEL, published_at=one.published_at,
                   outcomes={"7d": {"reach": Outcome(9999, NOW)}})
        for n, one in enumerate(HISTORY, 200)
    ]  # fmt: skip
    posts = [*other, *HISTORY, posted(1, 1, 8, reach=90)]
    baselines = [
        judge([decided(1, 1, days, Point(2))], Random(1).sample(posts, len(posts)), [], NOW).cases[0].case.baseline
        for days in (9, 33.5, 34.5)
    ]
    assert baselines == [102.5, 103, None]


def test_a_confidence_is_the_chance_of_history() -> None:
    """I4: that the post comes to at least what history would predict; nothing where there is no history."""
    posts = [*HISTORY, posted(1, 1, 8, reach=103), posted(2, 2, 8, reach=90)]
    words = [decided(draft, draft, 9, Point(1), confidence=0.7) for draft in (1, 2)]
    cases = [one.case for one in judge(words, posts, [], NOW).cases if isinstance(one.case.prediction, Chance)]
    assert [(case.prediction, case.actual) for case in cases] == [(Chance(0.7, 102.5), 103), (Chance(0.7, 102.5), 90)]
    assert len(judge(words, posts[-2:], [], NOW).cases) == 2, "the points alone, which cannot be compared"


@pytest.mark.parametrize(
    ("kinds", "approved", "untouched"),
    [
        (["approved"], 1.0, 1.0),
        (["edited", "approved"], 1.0, 0.0),
        (["regenerated", "approved"], 1.0, 0.0),
        (["approved", "edited", "rejected"], 0.0, 0.0),
        (["edited"], None, None),
    ],
)
def test_events_happen_or_not(kinds: list[str], approved: float | None, untouched: float | None) -> None:
    """I6: by the last decision about the draft that fell after the prediction."""
    events = [ApprovalFact(n, 1, kind, NOW - (5 - n) * ONE_DAY) for n, kind in enumerate(kinds)]
    for name, came in (("approved", approved), ("approved_without_edits", untouched)):
        found = judge([decided(1, 1, 6, Chance(0.5, None), name)], [], events, NOW)
        assert [one.case.actual for one in found.cases] == ([] if came is None else [came])
        late = judge([decided(1, 1, 0.5, Chance(0.5, None), name)], [], events, NOW)
        assert (late.cases, late.waiting) == ([], {"angle": 1})


def test_the_window_is_half_open() -> None:
    """I7: the day of the start is in, that of the end is not."""
    posts = [posted(n, n, 7 + n, reach=5) for n in range(4)]
    found = judge([decided(n, n, 30, Point(1)) for n in range(4)], posts, [], NOW)
    window = DateRange(date(2026, 11, 20), date(2026, 11, 22))
    assert sorted(case.post_id for case in found.within(window, datetime.date)) == [1, 2]


def test_advice_is_carried_or_says_that_it_is_not() -> None:
    """I5: what is claimed comes first; ranges that are too narrow for certain are said to be."""
    posts = [*HISTORY, *(posted(n, n, 8, reach=100 + 40 * (n % 7)) for n in range(20))]
    words = [decided(n, n, 9, Quantiles(100, 102.5, 103), stage="format") for n in range(20)]
    words += [decided(50 + n, n, 9, Point(102.5), stage="voice") for n in range(3)]
    window = DateRange(date(2026, 6, 1), date(2026, 11, 23))
    qualities = stage_qualities(words, judge(words, posts, [], NOW), window, datetime.date)
    assert [(one.stage, one.decisions, one.posts) for one in qualities] == [("format", 20, 20), ("voice", 3, 3)]
    advice = advise(qualities)
    assert advice[0].text.startswith("Format: ranges are too narrow. 15 % of the outcomes lay between q10 and q90")
    assert "20 predictions" in advice[0].text
    assert [(one.stage, one.is_carried) for one in advice[1:]] == [("format", False), ("voice", False)]
    assert all("not enough evidence" in one.text for one in advice[1:])
    assert advise([]) == ()


def test_advice_about_probabilities() -> None:
    """I5: too high or too low only for certain; with few of them, or when they may fit, nobody can tell."""
    window = DateRange(date(2026, 6, 1), date(2026, 11, 23))
    posts = [posted(n, n, 8, reach=100 if n % 2 else 300) for n in range(40)]

    def told(probability: float, count: int) -> tuple[str, bool]:
        words = [decided(n, n, 9, Chance(probability, 200)) for n in range(count)]
        qualities = stage_qualities(words, judge(words, posts, [], NOW), window, datetime.date)
        (one,) = advise(qualities)
        assert one.text == qualities[0].text
        return one.text, one.is_carried

    high = "Angle: probabilities are too high. Predictions of 90 % came true in 50 % of the cases (95 % interval "
    assert told(0.9, 40) == (f"{high}35 % to 65 %, 40 predictions).", True)
    assert "too low" in told(0.1, 40)[0]
    assert told(0.5, 40) == (
        "Angle: not enough evidence whether probabilities are too high or too low (Brier 0.25, 40 predictions).",
        False,
    )
    assert told(0.9, 9) == ("Angle: not enough evidence. 9 probabilities have an outcome; 10 are needed.", False)


def test_one_odd_prediction_does_not_hide_the_others() -> None:
    """I8: what nobody can judge any more is passed over."""
    assert readable_predictions({"rank_reasoning": "x", "reach": 5, "likes": "many"}) == {"reach": Point(5.0)}
