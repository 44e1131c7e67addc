"""What a split into drivers says in words."""

from math import log
from string import Formatter

import pytest

from sophia.analytics.drivers.drivers import DriverSplit, Part
from sophia.analytics.drivers.sentences import Percent, PercentRange, say


def part(factor: float, low: float | None = None, high: float | None = None) -> Part:
    return Part(log(factor), None if low is None else log(low), None if high is None else log(high))


FALLEN = DriverSplit(
    client_id=1,
    whole=part(0.76, 0.7, 0.82),
    platform=part(0.81, 0.75, 0.86),
    distribution=part(1.02, 0.9, 1.15),
    posting=part(0.9387, 0.93, 0.945),
    people=part(0.98, 0.91, 1.05),
    others=18,
    others_alike=14,
    units=(28, 28),
    reasons={},
)


def test_a_change_and_its_parts() -> None:
    assert say(FALLEN).text == (
        "Engagement fell 24 %. The platform showed everybody's posts less (−19 %, 14 of 18 other clients). "
        "Whether this client's posts were shown differently beyond that, the figures cannot tell "
        "(+2 %, 95 % interval −10 … +15). The number and formats of its posts made for less (−6 %). "
        "Whether people reacted differently, the figures cannot tell (−2 %, 95 % interval −9 … +5)."
    )


def test_every_figure_is_a_computed_value() -> None:
    """No digit stands in the template but the 95 of the interval; each place has its value."""
    said = say(FALLEN)
    places = {name for _, name, _, _ in Formatter().parse(said.template) if name}
    assert places <= set(said.values)
    assert not any(character.isdigit() for character in said.template.replace("95 % interval", ""))
    assert said.values["platform"] == pytest.approx(-19)
    assert isinstance(said.values["platform"], Percent)
    assert said.values["people_range"] == PercentRange(*known_interval(FALLEN.people))


def known_interval(found: Part | None) -> tuple[float, float]:
    assert found is not None
    assert found.percent_interval is not None
    return found.percent_interval


def test_missing_parts_have_their_reason() -> None:
    reasons = {
        "platform": "there are 2 other clients to compare with, and 5 are needed",
        "posting": "nothing was posted",
    }
    text = say(DriverSplit(1, part(1.5), None, part(1.5, 1.2, 1.9), None, part(1.0), 2, 1, (7, 7), reasons)).text
    assert text == (
        "Engagement rose 50 %. What the platform did to everybody cannot be told apart: there are 2 other clients to "
        "compare with, and 5 are needed; it is inside the client's own distribution. Beyond that, this client's posts "
        "were shown more (+50 %, 95 % interval +20 … +90). What the number of posts did cannot be told apart: nothing "
        "was posted; it is inside the client's own distribution. Whether people reacted differently, the figures cannot "
        "tell (0 %, too few days or posts for an interval)."
    )


def test_nothing_can_be_said() -> None:
    reasons = dict.fromkeys(("whole", "platform", "distribution", "posting", "people"), "there are no readings")
    said = say(DriverSplit(1, None, None, None, None, None, 9, 0, (0, 7), reasons))
    assert said.text == "What decided the change cannot be said: there are no readings."


def test_nothing_changed() -> None:
    same = DriverSplit(
        1,
        part(1.001),
        part(1.0, 0.9, 1.1),
        part(1.0),
        part(1.0, 1.0, 1.0),
        None,
        9,
        4,
        (7, 7),
        {"people": "nobody reacted"},
    )
    text = say(same).text
    assert text.startswith(
        "Engagement stayed as it was. Whether the platform changed for everybody, the figures cannot tell"
    )
    assert "It posted as much as before." in text
    assert "How people reacted cannot be told apart: nobody reacted." in text
