"""Weeks in a row are worth a word when they come to something."""

from datetime import date

import pytest

from sophia.analytics.figures.figures import Figure, FigureUnit
from sophia.analytics.kpis.trends import is_large_streak, streak_percent, trend
from sophia.meta.reporting_zone import ONE_WEEK

MONDAY = date(2026, 11, 16)


def weeks(*values: int) -> float | None:
    figures = [
        (MONDAY - (len(values) - index) * ONE_WEEK, Figure(value=value, unit=FigureUnit.COUNT))
        for index, value in enumerate(values)
    ]
    return streak_percent(trend(figures, MONDAY, 8))


@pytest.mark.parametrize(
    ("values", "percent", "worth"),
    [
        ((1000, 990, 970, 960), -4.0, False),
        ((1000, 990, 950, 901), -9.9, False),
        ((1000, 990, 950, 900), -10.0, True),
        ((1000, 1050, 1100, 1200), 20.0, True),
        ((1000, 700, 500), None, False),
        ((0, 10, 20, 30), None, False),
    ],
)
def test_small_steps_in_a_row_are_chance(values: tuple[int, ...], percent: float | None, worth: bool) -> None:
    """H11, H12: among 200 clients somebody's weeks fall a little three times in a row every week."""
    found = weeks(*values)
    assert found == (None if percent is None else pytest.approx(percent))
    assert is_large_streak(found) is worth
