"""Absolute averages of each format: engagement and reach of a post, and the engagement rate."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from sophia.analytics.figures.facts import PostFacts, newest
from sophia.analytics.figures.figures import Figure, FigureUnit, Number, figure, missing, total
from sophia.analytics.kpis.late_values import dated
from sophia.analytics.kpis.post_kpis import engagements_of, of_post, ratio_of_sums
from sophia.meta.catalogue.terms import ObjectKind

NO_VALUES = "No post of this format has this value."


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatAverage:
    """The posts of one format, and the averages of a post; `n` of a figure counts the posts with values."""

    posts: int
    engagements: Figure
    reach: Annotated[Figure, Field(description="Mean reach of a post; people of several posts are never added up.")]
    rate_by_reach: Annotated[Figure, Field(description="Σ engagements / Σ reach × 100.")]


@dataclass(frozen=True, slots=True)
class BestFormat:
    """The format with the highest engagement rate by reach among those with at least two posts."""

    name: str
    average: FormatAverage


def format_name(post: PostFacts) -> str:
    """Return the platform and the kind of a post, such as `instagram reel`."""
    return f"{post.platform.value} {post.kind.value}"


def format_averages(posts: Iterable[PostFacts]) -> dict[str, FormatAverage]:
    """Return {format: its averages} by name. Stories are left out, since their values cannot be compared."""
    groups: dict[str, list[PostFacts]] = {}
    for post in newest(posts):
        if post.kind is not ObjectKind.STORY:
            groups.setdefault(format_name(post), []).append(post)
    return {name: _average(group) for name, group in sorted(groups.items())}


def _average(posts: list[PostFacts]) -> FormatAverage:
    return FormatAverage(
        posts=len(posts),
        engagements=dated(_mean([post.engagements for post in posts], FigureUnit.COUNT), posts),
        reach=mean_reach(posts),
        rate_by_reach=ratio_of_sums(posts, engagements_of, of_post("reach")),
    )


def mean_reach(posts: list[PostFacts]) -> Figure:
    """Return the mean reach of a post in people; the people of several posts are never added up."""
    return dated(_mean([post.values.get("reach") for post in posts], FigureUnit.PEOPLE), posts)


def _mean(values: list[Number | None], unit: FigureUnit) -> Figure:
    numbers = [value for value in values if value is not None]
    whole = total(numbers)
    if whole is None:
        return missing(unit, NO_VALUES, n=0)
    doubt = f"No data for {len(values) - len(numbers)} of {len(values)} posts." if len(numbers) < len(values) else None
    return figure(float(whole) / len(numbers), unit, n=len(numbers), doubt=doubt)


ENOUGH_POSTS = 2


def best_format(averages: Mapping[str, FormatAverage]) -> BestFormat | None:
    """Return the format with the highest engagement rate by reach; None if fewer than two formats can be compared."""
    rates = {
        name: (float(average.rate_by_reach.value), average.rate_by_reach.n or 0)
        for name, average in averages.items()
        if average.rate_by_reach.value is not None and (average.rate_by_reach.n or 0) >= ENOUGH_POSTS
    }
    if len(rates) < 2:  # noqa: PLR2004 - a best of one is no comparison
        return None
    name = max(sorted(rates), key=lambda name: rates[name])
    return BestFormat(name, averages[name])
