"""Scores of stages: separate, with their sample, and silent where the sample does not carry a claim."""

from random import Random

import pytest

from sophia.analytics.decisions.guidance import score_stage, score_stages, skill_sentence
from sophia.analytics.decisions.predictions import Case, Chance, Point, Prediction
from sophia.analytics.decisions.scores import NO_SCORES, PERFECT_BASELINE, Quantiles, Verdict


def case(post_id: int, prediction: Prediction, actual: float | None, baseline: float | None = 100, **more: str) -> Case:
    words = {"stage": "format", "metric": "reach"} | more
    return Case(post_id=post_id, prediction=prediction, actual=actual, baseline=baseline, **words)  # type: ignore[arg-type]


def shrewd(count: int, seed: int = 1) -> list[Case]:
    """Predictions that are off by a tenth, where history is off by half."""
    random = Random(seed)
    actual = [round(100 * random.choice((0.5, 0.6, 1.7, 2.0))) for _ in range(count)]
    return [case(i, Point(y * random.choice((0.9, 1.1))), y) for i, y in enumerate(actual)]


def test_skill_is_said_with_its_sample() -> None:
    """I5: better, by how much, with the interval and the posts it rests on."""
    score = score_stage("format", shrewd(30))
    assert (score.verdict, score.posts, score.left_out) == (Verdict.BETTER, 30, 0)
    assert score.skill.value is not None
    assert score.shrunk_skill.value is not None
    assert 0 < score.shrunk_skill.value < score.skill.value
    assert score.shrunk_skill.value == score.skill.value * 30 / 40
    text = skill_sentence(score)
    assert text.startswith("Format: predictions are ")
    assert "closer than the account's own history (95 % interval +" in text
    assert text.endswith(", 30 posts).")


def test_the_worked_example() -> None:
    """I4, I5: five predictions to the digit, through the score that the API answers; five are too few for a verdict."""
    actual = (100, 40, 250, 10, 60)
    spreads = zip((60, 30, 100, 5, 20), (90, 50, 150, 10, 40), (130, 80, 220, 20, 90), strict=True)
    cases = [case(n, Quantiles(*spread), actual[n], 70) for n, spread in enumerate(spreads)]
    probabilities = (0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.6, 0.8)
    came = (1, 1, 0, 1, 0, 0, 0, 1)
    chances = [
        case(10 + n, Chance(p, None), o, metric="approved")
        for n, (p, o) in enumerate(zip(probabilities, came, strict=True))
    ]
    score = score_stage("format", [*cases, *chances])
    assert score.skill.value == pytest.approx(0.7063, abs=5e-5)
    assert score.shrunk_skill.value == pytest.approx(0.2354, abs=5e-5)
    assert score.skill_by_metric["reach"].value == pytest.approx(1 - 17.6667 / 62, abs=5e-6)
    assert score.coverage.value == 80.0
    assert tuple(score.coverage.interval or ()) == pytest.approx((37.55, 96.38), abs=5e-3)
    assert [score.brier.value, score.brier_skill.value] == pytest.approx([0.15375, 0.385])
    assert score.verdict is Verdict.NOT_ENOUGH_EVIDENCE
    assert "5 posts can be compared" in skill_sentence(score)


def test_too_few_posts_allow_no_claim() -> None:
    """I5: nine posts, however good, and one post nine times, are too few."""
    for cases in (shrewd(9), [case(1, Point(5), 5, metric=name) for name in ("reach", "likes", "views")]):
        score = score_stage("format", cases)
        assert score.verdict is Verdict.NOT_ENOUGH_EVIDENCE
        assert "not enough evidence" in skill_sentence(score)
        assert "10 are needed" in skill_sentence(score)


def test_nothing_comparable_is_no_failure() -> None:
    """I4: every figure has a reason, none is 0."""
    score = score_stage("format", [case(1, Point(5), None), case(2, Chance(0.5, 3), None)])
    figures = (score.skill, score.typical_factor, score.coverage, score.success, score.brier, score.ranking)
    assert {one.value for one in figures} == {None}
    assert score.skill.reason == NO_SCORES
    assert score.left_out == 2
    assert "not enough evidence" in skill_sentence(score)
    unbeatable = score_stage("format", [case(i, Point(5), 100) for i in range(20)])
    assert unbeatable.skill.reason == PERFECT_BASELINE
    assert skill_sentence(unbeatable) == f"Format: not enough evidence. {PERFECT_BASELINE}"


def test_worse_and_undecided() -> None:
    worse = score_stage("format", [case(i, Point(5000), 90 + i % 20) for i in range(20)])
    assert worse.verdict is Verdict.WORSE
    assert "further off" in skill_sentence(worse)
    assert "−" in skill_sentence(worse)
    random = Random(4)
    even = [
        case(i, Point(random.uniform(50, 200)), random.uniform(50, 200), random.uniform(50, 200)) for i in range(12)
    ]
    assert "not enough evidence whether" in skill_sentence(score_stage("format", even))


def test_success_is_not_calibration() -> None:
    """I4: twice the prediction is a success that was predicted badly, and half of it no success, as badly predicted."""
    double, half = (score_stage("format", [case(i, Point(99), y) for i in range(12)]) for y in (199, 49))
    assert (double.success.value, half.success.value) == (100.0, 0.0)
    assert double.typical_factor.value == half.typical_factor.value == 2.0


def test_ranges_and_chances() -> None:
    """Coverage counts ranges only, Brier's score chances only; each has its own sample."""
    ranges = [case(i, Quantiles(50, 100, 150), y) for i, y in enumerate((60, 149, 151, 100))]
    maybe = [case(10 + i, Chance(0.75, 100), y) for i, y in enumerate((100, 120, 99, 300))]
    score = score_stage("format", [*ranges, *maybe, case(20, Point(1), 1)])
    assert (score.coverage.value, score.coverage.n, score.posts) == (75.0, 4, 5)
    assert (score.brier.value, score.brier.n, score.brier_skill.value) == (0.1875, 4, 0.0)
    assert [one.n for one in score.calibration] == [4]


def test_stages_and_metrics_stand_apart() -> None:
    """I5: predictions of one stage are never weighed by the metrics of another."""
    other = [case(i, Point(1), 1000, stage="voice", metric="likes") for i in range(12)]
    scores = score_stages([*shrewd(12), *other])
    assert [score.stage for score in scores] == ["format", "voice"]
    assert [set(score.skill_by_metric) for score in scores] == [{"reach"}, {"likes"}]
    assert [score.verdict for score in scores] == [Verdict.BETTER, Verdict.WORSE]
    assert score_stages([]) == ()


def test_order_and_repetition_change_nothing() -> None:
    cases = [*shrewd(15), *(case(50 + i, Chance(0.3, 90), 80 + i) for i in range(10))]
    again = Random(9).sample([*cases, *cases], 2 * len(cases))
    assert score_stages(again) == score_stages(cases)
