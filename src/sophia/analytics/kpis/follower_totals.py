"""The followers of a client: the profiles' totals, which are levels and not KPIs of a window."""

from sophia.analytics.figures.facts import ClientWindow
from sophia.analytics.figures.figures import Figure, FigureUnit, figure, missing
from sophia.analytics.kpis.kpis import NO_FOLLOWERS


def followers(now: ClientWindow) -> tuple[Figure, int | None]:
    """Return the followers at the end of the window and at its start by the profiles' totals; unknown if one is missing."""
    levels_by_account = {follower.account_id: follower for follower in now.followers}
    levels = [levels_by_account.get(account) for account in sorted(now.accounts)]
    ends = [level.at_end for level in levels if level is not None and level.at_end is not None]
    starts = [level.at_start for level in levels if level is not None and level.at_start is not None]
    base = sum(starts) if starts and len(starts) == len(levels) else None
    if not ends or len(ends) < len(levels) or base is None:
        return missing(FigureUnit.PEOPLE, NO_FOLLOWERS), base
    return figure(sum(ends), FigureUnit.PEOPLE, n=len(ends)), base
