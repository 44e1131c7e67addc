"""What people respond to: formats and content pillars, compared the same way as hours of the week."""

from collections.abc import Callable, Iterable

from sophia.analytics.figures.facts import PostFacts, newest
from sophia.analytics.posting_times.responses import GroupResponse, log_responses, responses


def formats(posts: Iterable[PostFacts]) -> dict[str, GroupResponse]:
    """By platform and kind of post: `instagram reel`."""
    return _grouped(posts, lambda post: f"{post.platform.value} {post.kind.value}")


def pillars(posts: Iterable[PostFacts]) -> dict[str, GroupResponse]:
    """By content pillar; posts without one, such as those made elsewhere, are left out."""
    return _grouped(posts, lambda post: post.pillar)


def _grouped(posts: Iterable[PostFacts], group_of: Callable[[PostFacts], str | None]) -> dict[str, GroupResponse]:
    mine = [post for post in newest(posts) if group_of(post) is not None]
    known = log_responses(mine)
    groups: dict[str, list[float]] = {}
    for post in mine:
        name = group_of(post)
        if name is not None:
            groups.setdefault(name, [])
            if post.post_id in known:
                groups[name].append(known[post.post_id])
    return responses({name: groups[name] for name in sorted(groups)})
