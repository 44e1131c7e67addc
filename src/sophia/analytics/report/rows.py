"""Weeks in a row in one direction, and whether they come to enough to be worth a word."""

from sophia.analytics.measures.figures import change
from sophia.analytics.measures.trends import Trend

A_ROW = 3
# Rows of three weeks come by chance all the time, and most of them to less than this.
ROW_PERCENT = 10.0


def row_percent(trend: Trend) -> float | None:
    """By how many percent the weeks in a row up to the newest closed one changed the figure together; None where there is
    no row of so many weeks, or nothing before it to compare with.
    """
    count = max(trend.falling, trend.rising)
    closed = [point.figure for point in trend.points if point.is_closed]
    if not A_ROW <= count < len(closed):
        return None
    value = change(closed[-1 - count], closed[-1]).percent.value
    return None if value is None else float(value)


def is_worth_a_word(percent: float | None) -> bool:
    return percent is not None and abs(percent) >= ROW_PERCENT
