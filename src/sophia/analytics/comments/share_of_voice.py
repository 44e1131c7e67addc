"""Computes a client's share of voice among its competitors, only if all have the same metric and days."""

from collections.abc import Sequence
from dataclasses import dataclass

from sophia.analytics.figures.figures import Figure, FigureUnit, Number, missing
from sophia.analytics.figures.statistics import percentages
from sophia.meta.catalogue.canonical import CANONICAL, Counting
from sophia.meta.reporting_zone import DateRange

NO_OTHERS = "There is no competitor to compare with."
ALL_ZERO = "No account had any in this period."
NOT_ADDED = "People cannot be added up over accounts: the same person can be counted by both."


@dataclass(frozen=True, slots=True)
class Voice:
    """The value of one metric of one account in one window; None if it is unknown."""

    name: str
    metric: str
    window: DateRange
    value: Number | None


@dataclass(frozen=True, slots=True)
class ShareOfVoice:
    """The client's share, and the shares of all accounts by name, to one decimal; they add up to 100.0.

    Without a share, `own` has the reason and `shares` is empty.
    """

    own: Figure
    shares: dict[str, float]


def share_of_voice(own: Voice, others: Sequence[Voice]) -> ShareOfVoice:
    """Return the share of `own` among all accounts, or the reason why they cannot be compared (H5)."""
    others = [voice for voice in dict.fromkeys(others) if voice != own]
    reason = _why_incomparable(own, others)
    values = {voice.name: float(voice.value) for voice in (own, *others) if voice.value is not None}
    if reason is None and sum(values.values()) <= 0:
        reason = ALL_ZERO
    if reason is not None:
        return ShareOfVoice(missing(FigureUnit.PERCENT, reason, n=len(others)), {})
    shares = percentages(values)
    return ShareOfVoice(Figure(value=shares[own.name], unit=FigureUnit.PERCENT, n=len(values)), shares)


def _why_incomparable(own: Voice, others: Sequence[Voice]) -> str | None:
    if not others:
        return NO_OTHERS
    canonical = CANONICAL.get(own.metric)
    if canonical is not None and canonical.counting is not Counting.ADDITIVE:
        return NOT_ADDED if canonical.counting is Counting.UNIQUE else f"{own.metric} cannot be added up over accounts."
    for voice in (own, *others):
        if voice.metric != own.metric:
            return f"{voice.name} is counted in {voice.metric}, {own.name} in {own.metric}."
        if voice.window != own.window:
            return f"{voice.name} is counted over other days than {own.name}."
        if voice.value is None or not 0 <= voice.value < float("inf"):
            return f"The {voice.metric} of {voice.name} are not known."
    names = [own.name, *(voice.name for voice in others)]
    repeated = next((name for name in names if names.count(name) > 1), None)
    return None if repeated is None else f"{repeated} is counted twice."
