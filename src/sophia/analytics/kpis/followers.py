"""KPIs of followers: their total, and their growth between the profiles' totals (A8)."""

from sophia.analytics.figures.facts import ClientWindow
from sophia.analytics.figures.figures import (
    Figure,
    FigureUnit,
    LateReading,
    change,
    figure,
    mark_small_followers,
    missing,
    written_day,
)
from sophia.analytics.kpis.late_values import with_late

NO_FOLLOWERS = "The followers of some accounts are unknown in this period."


def follower_bases(now: ClientWindow) -> tuple[dict[int, int], dict[int, LateReading]]:
    """Return {account: followers at the start, or else the first total later} and {account: the day of a later total}."""
    bases, late = {}, {}
    for levels in now.followers:
        if levels.at_start is not None:
            bases[levels.account_id] = levels.at_start
        elif levels.late_start is not None:
            bases[levels.account_id] = levels.late_start.people
            late[levels.account_id] = LateReading(levels.late_start.day, is_young=True)
    return bases, late


def followers(now: ClientWindow) -> Figure:
    """Return the followers at the end of the window, or where a total is missing the nearest one with its day."""
    levels_by_account = {levels.account_id: levels for levels in now.followers}
    totals, late = [], []
    for account in sorted(now.accounts):
        levels = levels_by_account.get(account)
        if levels is not None and levels.at_end is not None:
            totals.append(levels.at_end)
        elif levels is not None and levels.late_end is not None:
            totals.append(levels.late_end.people)
            late.append(LateReading(levels.late_end.day, is_young=True))
    if not totals or len(totals) < len(now.accounts):
        return missing(FigureUnit.PEOPLE, NO_FOLLOWERS)
    return with_late(figure(sum(totals), FigureUnit.PEOPLE, n=len(totals)), *late)


def _no_growth(now: ClientWindow) -> str:
    """Return the reason why growth is unknown, with the day from which it can be known."""
    incomplete = [levels for levels in now.followers if levels.at_start is None]
    later = [levels.late_start.day for levels in incomplete if levels.late_start is not None]
    if not later or len(later) < len(incomplete) or len(now.followers) < len(now.accounts):
        return NO_FOLLOWERS
    return (
        f"Followers at the start are missing, and the next total is of {written_day(max(later))}: growth is known for "
        "periods that begin later."
    )


def _levels(now: ClientWindow) -> list[tuple[int, int]] | None:
    levels = {follower.account_id: (follower.at_start, follower.at_end) for follower in now.followers}
    pairs = [levels.get(account, (None, None)) for account in sorted(now.accounts)]
    complete = [(start, end) for start, end in pairs if start is not None and end is not None]
    return complete if complete and len(complete) == len(pairs) else None


def net_new_followers(now: ClientWindow) -> Figure:
    """Return the change of the profiles' totals: Meta's daily counts contain new followers, but not lost ones (A8)."""
    levels = _levels(now)
    if levels is None:
        return missing(FigureUnit.PEOPLE, _no_growth(now))
    value = sum(end - start for start, end in levels)
    # A loss of followers is ordinary, so a negative number has no warning.
    return Figure(value=value, unit=FigureUnit.PEOPLE, n=len(levels))


def audience_growth(now: ClientWindow) -> Figure:
    levels = _levels(now)
    if levels is None:
        return missing(FigureUnit.PERCENT, _no_growth(now))
    start, end = (sum(side) for side in zip(*levels, strict=True))
    unit = FigureUnit.COUNT
    return mark_small_followers(change(figure(start, unit), figure(end, unit)).percent, [start for start, _ in levels])
