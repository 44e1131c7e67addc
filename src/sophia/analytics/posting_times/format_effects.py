"""Compares formats and content pillars in the same way as hours of the week."""

from collections.abc import Callable, Iterable

from sophia.analytics.figures.facts import PostFacts, newest
from sophia.analytics.kpis.format_averages import format_name
from sophia.analytics.posting_times.group_effects import GroupEffect, group_effects, log_engagement_rates


def format_effects(posts: Iterable[PostFacts]) -> dict[str, GroupEffect]:
    """Compare formats, each named by platform and kind of post, such as `instagram reel`."""
    return _compare(posts, format_name)


def pillar_effects(posts: Iterable[PostFacts]) -> dict[str, GroupEffect]:
    """Compare content pillars. Posts without a pillar, such as those made outside Sophia, are left out."""
    return _compare(posts, lambda post: post.pillar)


def _compare(posts: Iterable[PostFacts], group_of: Callable[[PostFacts], str | None]) -> dict[str, GroupEffect]:
    grouped = [(name, post) for post in newest(posts) if (name := group_of(post)) is not None]
    rates = log_engagement_rates(post for _, post in grouped)
    groups: dict[str, list[float]] = {name: [] for name in sorted({name for name, _ in grouped})}
    for name, post in grouped:
        if post.post_id in rates:
            groups[name].append(rates[post.post_id])
    return group_effects(groups)
