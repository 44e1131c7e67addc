"""Marks figures whose values were first read after the end of their window."""

from collections.abc import Iterable
from dataclasses import replace

from sophia.analytics.figures.facts import PostFacts
from sophia.analytics.figures.figures import Change, Figure, LateReading, unknown_change, written_day
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

# Posts gain until this age; younger ones are marked.
YOUNG_DAYS = 28


def late_posts(posts: Iterable[PostFacts]) -> LateReading | None:
    """Return the newest day on which posts of a window were first read after its end, or None if none was."""
    late = [(post, post.first_read_on) for post in posts if post.first_read_on is not None]
    if not late:
        return None
    is_young = any((day - reporting_day(post.published_at)).days < YOUNG_DAYS for post, day in late)
    return LateReading(max(day for _, day in late), is_young)


def dated(result: Figure, posts: Iterable[PostFacts]) -> Figure:
    """Mark the figure if posts were first read after the end of the window."""
    return with_late(result, late_posts(posts))


def with_late(result: Figure, *late_readings: LateReading | None) -> Figure:
    """Mark the figure with the newest of these days."""
    late = [late_reading for late_reading in late_readings if late_reading is not None]
    if result.value is None or not late:
        return result
    return replace(result, late=LateReading(max(item.day for item in late), any(item.is_young for item in late)))


def explain_late(change: Change, before: DateRange, now: DateRange, *, needs_start: bool = False) -> Change:
    """Return the change; if late values prevent it, its reason names the first period with a fair comparison.

    Values read on a day are in time for every period that ends later. With `needs_start` they are needed at the start.
    """
    days = [figure.late.day for figure in (change.before, change.after) if figure.late is not None]
    if not days or change.absolute.value is not None:
        return change
    step = now.start - before.start
    limit = before.start if needs_start else before.end
    steps = max((max(days) - limit) // step + 1, 0)
    first = DateRange(now.start + steps * step, now.end + steps * step)
    reason = (
        f"Values were first read on {written_day(max(days))}. The first period with a fair comparison is "
        f"{written_day(first.start)} to {written_day(first.end - ONE_DAY)}."
    )
    return unknown_change(change.before, change.after, reason)
