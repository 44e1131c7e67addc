"""What an anomaly is called while it lasts, and when it is over."""

import re
from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from sophia.analytics.anomalies.records import Anomaly, AnomalyKind
from sophia.analytics.anomalies.sentences import say_anomaly

SINCE, WORST, UNTIL = date(2026, 9, 28), date(2026, 9, 30), date(2026, 10, 8)
MEASURED = ": 900 on 2026-09-30, and 331 to 613 expected."


def told(kind: AnomalyKind, until: date | None, *, measured: bool = True) -> str:
    found = Anomaly("7 views", kind, SINCE, SINCE, until)
    if measured:
        found = replace(found, worst=WORST, value=900.0, score=4.0, expected=450.2, low=331.4, high=612.8)
    sentence = say_anomaly(found, kind, "views", "instagram")
    assert all(reference.path == name for name, reference in sentence.references.items())
    assert not re.search(r"\d", sentence.template)
    return sentence.text


@pytest.mark.parametrize(
    ("kind", "lasts", "ended", "one_day"),
    [
        (
            "spike",
            "Views on Instagram were unusually high from 2026-09-28 on",
            "Views on Instagram were unusually high from 2026-09-28 to 2026-10-08",
            "Views on Instagram were unusually high on 2026-09-28",
        ),
        (
            "drop",
            "Views on Instagram were unusually low from 2026-09-28 on",
            "Views on Instagram were unusually low from 2026-09-28 to 2026-10-08",
            "Views on Instagram were unusually low on 2026-09-28",
        ),
        (
            "outage",
            "Views on Instagram stopped on 2026-09-28",
            "There were no views on Instagram from 2026-09-28 to 2026-10-08",
            "There were no views on Instagram on 2026-09-28",
        ),
    ],
)
def test_unusual_days_that_are_over_are_told_as_over(kind: AnomalyKind, lasts: str, ended: str, one_day: str) -> None:
    """H1, H2: since when, until when, the most unusual day and the range that was expected of it."""
    assert told(kind, None) == lasts + MEASURED
    assert told(kind, UNTIL) == ended + MEASURED
    assert told(kind, SINCE) == one_day + MEASURED


@pytest.mark.parametrize(("kind", "word"), [("rise", "higher"), ("fall", "lower")])
def test_a_level_that_is_no_news_any_more_is_told_in_the_past(kind: AnomalyKind, word: str) -> None:
    """H1: it became the usual one, or the series moved again from there; either way it did not go back before."""
    moved = f"Views on Instagram moved to a {word} level on 2026-09-28 and stayed there until 2026-10-08 at least"
    assert told(kind, None) == f"Views on Instagram have moved to a {word} level since 2026-09-28{MEASURED}"
    assert told(kind, UNTIL) == moved + MEASURED


def test_readings_that_came_back_were_missing() -> None:
    """H1, H3: of a gap nothing was measured, and nothing was expected of it."""
    told_of = [told("gap", until, measured=False) for until in (None, UNTIL, SINCE)]
    assert told_of == [
        "Readings of views on Instagram are missing since 2026-09-28.",
        "Readings of views on Instagram were missing from 2026-09-28 to 2026-10-08.",
        "Readings of views on Instagram were missing on 2026-09-28.",
    ]


def test_every_kind_has_its_words() -> None:
    for kind in get_args(AnomalyKind):
        assert told(kind, UNTIL)[-1] == "."
