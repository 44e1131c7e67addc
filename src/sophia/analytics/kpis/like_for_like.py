"""Which days of two windows can be compared."""

from dataclasses import replace

from sophia.analytics.figures.facts import ClientWindow
from sophia.analytics.figures.figures import Change, Figure, unknown_change
from sophia.meta.catalogue.canonical import CANONICAL, Counting

NOT_BEGUN = "No day of this window is over yet."


def not_begun(before: Figure, after: Figure) -> Change:
    """Instead of a change, as long as no day of the later window is over."""
    return unknown_change(before, after, NOT_BEGUN)


def like_for_like(now: ClientWindow, before: ClientWindow) -> tuple[ClientWindow, ClientWindow]:
    """Both windows with those daily totals alone that the other has too: of the same account, on the day at the same
    place. A day that is missing in one would count as zero in the change (A12).
    """
    sides = (now, before)
    found = [
        {
            (one.account_id, one.metric, one.day - side.window.start): one
            for one in side.days
            if one.day in side.window and _adds_up(one.metric)
        }
        for side in sides
    ]
    if found[0].keys() == found[1].keys():
        return now, before
    both = found[0].keys() & found[1].keys()
    later, earlier = (
        replace(
            side,
            days=tuple(
                one
                for one in side.days
                if not _adds_up(one.metric) or (one.account_id, one.metric, one.day - side.window.start) in both
            ),
        )
        for side in sides
    )
    return later, earlier


def _adds_up(metric: str) -> bool:
    return metric in CANONICAL and CANONICAL[metric].counting is Counting.ADDITIVE
