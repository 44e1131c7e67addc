"""Restricts two windows to the days that can be compared."""

from dataclasses import replace

from sophia.analytics.figures.facts import ClientWindow
from sophia.analytics.figures.figures import Change, Figure, unknown_change
from sophia.meta.catalogue.canonical import CANONICAL, Counting

NOT_BEGUN = "No day of this period is over yet."


def unknown_until_begun(before: Figure, after: Figure) -> Change:
    """Return the change while no day of the current window is over: it is unknown."""
    return unknown_change(before, after, NOT_BEGUN)


def like_for_like(now: ClientWindow, before: ClientWindow) -> tuple[ClientWindow, ClientWindow]:
    """Return both windows with only those daily totals that the other window has on its corresponding day.

    A day that is missing in one window would count as zero in the change (A12).
    """
    sides = (now, before)
    daily_totals = [
        {
            (day_value.account_id, day_value.metric, day_value.day - side.window.start): day_value
            for day_value in side.days
            if day_value.day in side.window and _adds_up(day_value.metric)
        }
        for side in sides
    ]
    if daily_totals[0].keys() == daily_totals[1].keys():
        return now, before
    both = daily_totals[0].keys() & daily_totals[1].keys()
    later, earlier = (
        replace(
            side,
            days=tuple(
                day_value
                for day_value in side.days
                if not _adds_up(day_value.metric)
                or (day_value.account_id, day_value.metric, day_value.day - side.window.start) in both
            ),
        )
        for side in sides
    )
    return later, earlier


def _adds_up(metric: str) -> bool:
    return metric in CANONICAL and CANONICAL[metric].counting is Counting.ADDITIVE
