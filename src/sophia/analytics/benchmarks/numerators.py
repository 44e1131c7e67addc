"""Numerators: the interactions that a published rate counts, and a client's rate that counts the same."""

from collections.abc import Callable, Mapping

from sophia.analytics.figures.facts import ClientWindow
from sophia.analytics.figures.figures import Figure, FigureUnit, missing
from sophia.analytics.kpis.kpis import Kpi
from sophia.analytics.kpis.post_kpis import (
    PostValue,
    engagement_rate_by_followers,
    engagement_rate_by_reach,
    engagement_rate_by_views,
    sum_of,
)
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import ObjectKind

NOT_STATED = "not stated"
# {interaction in a numerator: its canonical metric}, in the order of every numerator. Reactions on Facebook are likes.
INTERACTIONS: Mapping[str, str] = {"likes": "likes", "comments": "comments", "shares": "shares", "saves": "saved"}
# {KPI that has only one numerator: that numerator}.
_FIXED: Mapping[str, str] = {
    "save_rate": "saves",
    "share_rate": "shares",
    "amplification_rate": "shares",
    "audience_growth": "net new followers",
    "click_through_rate": "link clicks",
    "conversion_rate": "conversions",
}
_RATES: Mapping[str, Callable[[ClientWindow, PostValue], Figure]] = {
    "engagement_rate_by_reach": engagement_rate_by_reach,
    "engagement_rate_by_followers": engagement_rate_by_followers,
    "engagement_rate_by_views": engagement_rate_by_views,
}
UNSTATED = "The source of this benchmark does not state which interactions it counts, so no figure is comparable."


def parse_numerator(metric: str, text: str) -> str:
    """Return the numerator of a benchmark of this KPI in its usual form, such as `likes+comments`.

    Without text it is the KPI's only numerator, or `not stated` for an engagement rate. Raises InvalidInputError for
    another numerator of a KPI that has only one, and for unknown or repeated interactions.
    """
    parts = [part.strip() for part in text.casefold().split("+")] if text else []
    if metric in _FIXED:
        if parts not in ([], [_FIXED[metric]]):
            raise InvalidInputError(
                f"{metric} counts {_FIXED[metric]}; a number with another numerator is not like it."
            )
        return _FIXED[metric]
    if parts in ([], [NOT_STATED]):
        return NOT_STATED
    if len(set(parts)) < len(parts) or not set(parts) <= set(INTERACTIONS):
        raise InvalidInputError(
            f"numerator must join {', '.join(INTERACTIONS)} with +, such as likes+comments, or be {NOT_STATED}."
        )
    return "+".join(name for name in INTERACTIONS if name in parts)


def figure_like(now: ClientWindow, kpi: Kpi, numerator: str) -> Figure:
    """Return the client's rate in percent that counts the same interactions as a benchmark with this numerator.

    Missing if the numerator is not stated, or if Meta does not report one of its interactions for any of the posts.
    """
    if kpi.name in _FIXED:
        return kpi.compute(now)
    if numerator == NOT_STATED:
        return missing(FigureUnit.PERCENT, UNSTATED)
    posts = [post for post in now.newest_posts if post.kind is not ObjectKind.STORY]
    for name in numerator.split("+"):
        if posts and not any(post.serves(INTERACTIONS[name]) for post in posts):
            reason = f"The benchmark counts {name}, which Meta does not report for these posts."
            return missing(FigureUnit.PERCENT, reason, n=0)
    return _RATES[kpi.name](now, sum_of(*(INTERACTIONS[name] for name in numerator.split("+"))))
