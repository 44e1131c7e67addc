"""How much of what is said in a market a client says: the same metric and days on all sides, or no share at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from sophia.analytics.figures.figures import Figure, FigureUnit, Number, missing
from sophia.analytics.figures.statistics import percentages
from sophia.meta.catalogue.canonical import CANONICAL, Counting
from sophia.meta.reporting_zone import DateRange

NO_OTHERS = "There is nobody to compare with, and a share of oneself says nothing."
NOBODY_SPOKE = "Nobody had any in these days."
NOT_ADDED = "People cannot be added up over accounts: those who saw one may have seen the other."


@dataclass(frozen=True, slots=True)
class Voice:
    """What one account had of one metric in one window: its own, or as it was counted for a competitor."""

    name: str
    metric: str
    window: DateRange
    value: Number | None


@dataclass(frozen=True, slots=True)
class ShareOfVoice:
    """The client's share, and everybody's, to one decimal, together 100.0; empty when there is no share."""

    own: Figure
    shares: dict[str, float]


def share_of_voice(own: Voice, others: Sequence[Voice]) -> ShareOfVoice:
    """The share of `own` among all; None with the reason where the sides cannot be compared (H5)."""
    others = [voice for voice in dict.fromkeys(others) if voice != own]
    reason = _hindrance(own, others)
    counted = {voice.name: float(voice.value) for voice in (own, *others) if voice.value is not None}
    if reason is None and sum(counted.values()) <= 0:
        reason = NOBODY_SPOKE
    if reason is not None:
        return ShareOfVoice(missing(FigureUnit.PERCENT, reason, n=len(others)), {})
    shares = percentages(counted)
    return ShareOfVoice(Figure(value=shares[own.name], unit=FigureUnit.PERCENT, n=len(counted)), shares)


def _hindrance(own: Voice, others: Sequence[Voice]) -> str | None:
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
    twice = next((name for name in names if names.count(name) > 1), None)
    return None if twice is None else f"{twice} is counted twice."
