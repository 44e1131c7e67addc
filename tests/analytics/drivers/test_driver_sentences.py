"""What a split into drivers says in words."""

from math import log
from string import Formatter

import pytest

from sophia.analytics.drivers.drivers import DriverSplit, Part
from sophia.analytics.drivers.sentences import say_drivers
from sophia.analytics.figures.sentences import resolve


def part(factor: float, low: float | None = None, high: float | None = None) -> Part:
    """A part that is confident if its interval does not contain 1."""
    ends = (None if low is None else log(low), None if high is None else log(high))
    return Part(log(factor), *ends, is_confident=low is not None and high is not None and not low <= 1.0 <= high)


FALLEN = DriverSplit(
    client_id=1,
    whole=part(0.76, 0.7, 0.82),
    platform=part(0.81, 0.75, 0.86),
    distribution=part(1.02, 0.9, 1.15),
    posting=part(0.9387, 0.93, 0.945),
    people=part(0.98, 0.91, 1.05),
    main_driver="platform",
    others=18,
    others_alike=14,
    units=(28, 28),
    reasons={},
)


def test_a_change_and_its_parts() -> None:
    assert say_drivers(FALLEN, FALLEN).text == (
        "Account interactions fell by 24 %. The algorithm reduced the distribution of all clients (−19 %, 14 of 18 other clients). "
        "The number and formats of its posts reduced account interactions (−6 %). Not enough evidence for an effect of this client's "
        "own distribution (+2 %, 95 % interval −10 … +15); the audience's response (−2 %, 95 % interval −9 … +5)."
    )


def test_every_figure_is_a_computed_value() -> None:
    """The template has no digit except the 95 of the interval; each placeholder refers to a value of the split."""
    sentence = say_drivers(FALLEN, FALLEN)
    placeholders = {name for _, name, _, _ in Formatter().parse(sentence.template) if name}
    assert placeholders == set(sentence.references)
    assert not any(character.isdigit() for character in sentence.template.replace("95 % interval", ""))
    assert resolve(FALLEN, sentence.references["platform"].path) == pytest.approx(-19)
    assert FALLEN.people is not None
    assert resolve(FALLEN, sentence.references["people_range"].path) == FALLEN.people.percent_interval


def test_parts_that_cannot_be_separated_are_one_sentence() -> None:
    """L30: with too few other clients, or unknown posts, the distribution contains them; no cause is claimed."""
    reasons = {
        "platform": "there are 2 other clients to compare with, and 5 are needed",
        "posting": "the posts of one of the periods are not completely known",
    }
    distribution = part(1.5, 1.2, 1.9)
    split = DriverSplit(1, part(1.5), None, distribution, None, part(1.0), None, 2, 1, (7, 7), reasons)
    assert say_drivers(split, split).text == (
        "Account interactions rose by 50 %. Not enough evidence for an effect of the audience's response (0 %, too few days for an "
        "interval). The effects of the algorithm, the number and formats of its posts and this client's own distribution "
        "(together +50 %, 95 % interval +20 … +90) cannot be separated: there are 2 other clients to compare with, and 5 "
        "are needed; the posts of one of the periods are not completely known."
    )


def test_nothing_can_be_said() -> None:
    reasons = dict.fromkeys(("whole", "platform", "distribution", "posting", "people"), "there are no readings")
    split = DriverSplit(1, None, None, None, None, None, None, 9, 0, (0, 7), reasons)
    assert say_drivers(split, split).text == "The drivers are unknown: there are no readings."


def test_nothing_changed() -> None:
    same = DriverSplit(
        1,
        part(1.001),
        part(1.0, 0.9, 1.1),
        part(1.0),
        part(1.0, 1.0, 1.0),
        None,
        None,
        9,
        4,
        (7, 7),
        {"people": "nobody reacted"},
    )
    text = say_drivers(same, same).text
    assert text.startswith(
        "Account interactions did not change. The number of posts did not change. Not enough evidence for"
    )
    assert text.endswith("The effect of the audience's response is unknown: nobody reacted.")
