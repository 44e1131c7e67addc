"""People of several days or accounts: Meta's own count, or certain bounds, never a sum presented as reach (A5)."""

from collections.abc import Collection, Mapping
from datetime import date

from sophia.analytics.figures.figures import NO_READINGS, NOT_ADDED, Figure, FigureUnit, Number, figure, missing, total


def count_people(
    accounts: Collection[int],
    period_values: Mapping[int, Number],
    daily: Mapping[int, Mapping[date, Number]],
    days: int,
) -> Figure:
    """Return the people whom `accounts` reached in a period of so many days; `n` counts the accounts with values.

    `period_values` is {account: Meta's own count for the period}, `daily` is {account: {day: people}}. One account with
    its own count has a value. Otherwise the largest count is a lower bound. The sum is an upper bound if each account has
    its own count or a value for each day: on a missing day, any number of other people may have been reached.
    """
    if days == 1:
        period_values = {account: value for account, values in daily.items() for value in values.values()} | {
            **period_values
        }
    with_values = sorted(set(daily) | set(period_values))
    if not with_values:
        return missing(FigureUnit.PEOPLE, NO_READINGS, n=0)
    if len(accounts) == 1 and with_values[0] in period_values:
        return figure(period_values[with_values[0]], FigureUnit.PEOPLE, n=1)
    lows, highs = [], []
    for account in with_values:
        own = period_values.get(account)
        lows.append(max(daily[account].values()) if own is None else own)
        highs.append(total(list(daily[account].values())) if own is None else own)
    is_complete = all(account in period_values or len(daily.get(account, {})) == days for account in accounts)
    return Figure(
        value=None,
        unit=FigureUnit.PEOPLE,
        n=len(with_values),
        reason=NOT_ADDED,
        at_least=max(lows),
        at_most=total([high for high in highs if high is not None]) if is_complete else None,
    )
