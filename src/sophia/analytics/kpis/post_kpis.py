"""KPIs of the posts that were published in a window."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec

from sophia.analytics.figures.facts import ClientWindow, PostFacts
from sophia.analytics.figures.figures import (
    Figure,
    FigureUnit,
    Number,
    figure,
    mark_small_events,
    mark_small_followers,
    missing,
    percent,
    total,
)
from sophia.analytics.kpis.followers import NO_FOLLOWERS, follower_bases
from sophia.analytics.kpis.late_values import dated, late_posts, with_late
from sophia.meta.catalogue.terms import ObjectKind

NO_POSTS = "No posts of a type with this metric were published in this period."
P = ParamSpec("P")
Base = Callable[[ClientWindow], Number | None]
INTERACTIONS = "interactions"
PostValue = Callable[[PostFacts], Number | None]


def of_post(metric: str) -> PostValue:
    """Return a function that reads one canonical metric of a post."""
    return lambda post: post.values.get(metric)


def engagements_of(post: PostFacts) -> Number | None:
    return post.engagements


def sum_of(*metrics: str) -> PostValue:
    """Return a function that adds these interactions of a post."""
    return lambda post: post.interactions(metrics)


def _usable(posts: Sequence[PostFacts], *values: PostValue) -> list[tuple[Number, ...]]:
    rows = ([value(post) for value in values] for post in posts)
    return [tuple(cell for cell in row if cell is not None) for row in rows if None not in row]


def _left_out(posts: Sequence[PostFacts], used: int) -> str | None:
    short = len(posts) - used
    return None if short == 0 else f"No data for {short} of {len(posts)} posts."


def _none_has(values: str, posts: Sequence[PostFacts]) -> str:
    """Return the reason for a missing figure: no posts, or no values of them."""
    if not posts:
        return NO_POSTS
    return f"None of {len(posts)} posts has {values}." if len(posts) > 1 else f"The only post does not have {values}."


def _why_no_rate(posts: Sequence[PostFacts], rates: Sequence[Number | None], of_zero: str) -> str:
    """Return the reason for a missing rate; all `rates` of posts with both values have a base of 0."""
    return of_zero if rates else _none_has("both values", posts)


def _engaging(now: ClientWindow) -> list[PostFacts]:
    return [post for post in now.newest_posts if post.kind is not ObjectKind.STORY]


def _serving(posts: Iterable[PostFacts], *metrics: str) -> list[PostFacts]:
    return [post for post in posts if all(post.serves(metric) for metric in metrics)]


def ratio_of_sums(posts: Sequence[PostFacts], above: PostValue, below: PostValue, events: str = INTERACTIONS) -> Figure:
    """Return Σ above / Σ below × 100 over the posts that have both; `events` names what `above` counts."""
    rows = _usable(posts, above, below)
    if not rows:
        return missing(FigureUnit.PERCENT, _none_has("both values", posts), n=0)
    tops, bottoms = zip(*rows, strict=True)
    ratio = percent(total(tops), total(bottoms), n=len(rows), doubt=_left_out(posts, len(rows)))
    return dated(mark_small_events(ratio, total(tops), events), posts)


def _of_small_accounts(
    compute: Callable[Concatenate[ClientWindow, P], Figure],
) -> Callable[Concatenate[ClientWindow, P], Figure]:
    """Mark the rate that a function computes if an account of the window has fewer than 100 followers."""

    @wraps(compute)
    def marked(now: ClientWindow, /, *options: P.args, **named: P.kwargs) -> Figure:
        bases, _ = follower_bases(now)
        return mark_small_followers(compute(now, *options, **named), bases.values())

    return marked


def engagements(now: ClientWindow) -> Figure:
    posts = _engaging(now)
    rows = _usable(posts, engagements_of)
    if not rows:
        return missing(FigureUnit.COUNT, _none_has("all values", posts), n=0)
    engagement = figure(
        total([row[0] for row in rows]), FigureUnit.COUNT, n=len(rows), doubt=_left_out(posts, len(rows))
    )
    return dated(engagement, posts)


@_of_small_accounts
def engagement_rate_by_reach(now: ClientWindow, counted: PostValue = engagements_of) -> Figure:
    return ratio_of_sums(_engaging(now), counted, of_post("reach"))


@_of_small_accounts
def mean_engagement_rate_by_reach(now: ClientWindow) -> Figure:
    """Return the mean of the posts' own rates: small posts weigh as much as large ones."""
    posts = _engaging(now)
    rows = _usable(posts, engagements_of, of_post("reach"))
    rates = [percent(*row).value for row in rows]
    post_rates = [rate for rate in rates if rate is not None]
    if not post_rates:
        return missing(FigureUnit.PERCENT, _why_no_rate(posts, rates, "The posts reached nobody."), n=0)
    return dated(mark_small_events(_mean(post_rates, posts), total([row[0] for row in rows]), INTERACTIONS), posts)


@_of_small_accounts
def engagement_rate_by_views(now: ClientWindow, counted: PostValue = engagements_of) -> Figure:
    return ratio_of_sums(_engaging(now), counted, of_post("views"))


@_of_small_accounts
def engagement_rate_by_followers(now: ClientWindow, counted: PostValue = engagements_of) -> Figure:
    """Return the average of a post, by the followers of its own account at the start of the window."""
    bases, late = follower_bases(now)
    posts = _engaging(now)
    rows = _usable(posts, counted, lambda post: bases.get(post.account_id))
    if posts and not any(post.account_id in bases for post in posts):
        return missing(FigureUnit.PERCENT, NO_FOLLOWERS, n=0)
    rates = [percent(*row).value for row in rows]
    post_rates = [rate for rate in rates if rate is not None]
    if not post_rates:
        return missing(FigureUnit.PERCENT, _why_no_rate(posts, rates, "There were no followers."), n=0)
    late_bases = [late[account] for account in {post.account_id for post in posts} if account in late]
    rate = mark_small_events(_mean(post_rates, posts), total([row[0] for row in rows]), INTERACTIONS)
    return with_late(rate, late_posts(posts), *late_bases)


def _mean(rates: Sequence[Number], posts: Sequence[PostFacts]) -> Figure:
    mean = math.fsum(rates) / len(rates)
    return figure(mean, FigureUnit.PERCENT, n=len(rates), doubt=_left_out(posts, len(rates)))


@_of_small_accounts
def save_rate(now: ClientWindow) -> Figure:
    return ratio_of_sums(_serving(_engaging(now), "saved", "reach"), of_post("saved"), of_post("reach"), "saves")


@_of_small_accounts
def share_rate(now: ClientWindow) -> Figure:
    return ratio_of_sums(_serving(_engaging(now), "shares", "reach"), of_post("shares"), of_post("reach"), "shares")


@_of_small_accounts
def amplification_rate(now: ClientWindow) -> Figure:
    """Return shares per follower, over the accounts that published."""
    posts = _serving(_engaging(now), "shares")
    rows = _usable(posts, of_post("shares"))
    if not rows:
        return missing(FigureUnit.PERCENT, _none_has("a number of shares", posts), n=0)
    bases, late = follower_bases(now)
    accounts = sorted({post.account_id for post in posts})
    if any(account not in bases for account in accounts):
        return missing(FigureUnit.PERCENT, NO_FOLLOWERS, n=len(rows))
    followers, shares = total([bases[account] for account in accounts]), total([row[0] for row in rows])
    rate = percent(shares, followers, n=len(rows), doubt=_left_out(posts, len(rows)))
    return with_late(
        mark_small_events(rate, shares, "shares"),
        late_posts(posts),
        *(late[account] for account in accounts if account in late),
    )


@_of_small_accounts
def click_through_rate(now: ClientWindow) -> Figure:
    """Return the rate of the posts whose link clicks Meta counts: those on Facebook, and stories."""
    posts = _serving(now.newest_posts, "link_clicks", "views")
    return ratio_of_sums(posts, of_post("link_clicks"), of_post("views"), "link clicks")


def _reach_base(now: ClientWindow) -> Number | None:
    return _base(_engaging(now), engagements_of, of_post("reach"))


def _views_base(now: ClientWindow) -> Number | None:
    return _base(_engaging(now), engagements_of, of_post("views"))


def _posts_base(now: ClientWindow) -> Number | None:
    return len(_usable(_engaging(now), engagements_of))


def _share_base(now: ClientWindow) -> Number | None:
    return _base(_serving(_engaging(now), "shares", "reach"), of_post("shares"), of_post("reach"))


def _follower_base(now: ClientWindow) -> Number | None:
    bases, _ = follower_bases(now)
    return total([bases[account] for account in {post.account_id for post in _engaging(now)} if account in bases])


def _click_base(now: ClientWindow) -> Number | None:
    return _base(_serving(now.newest_posts, "link_clicks", "views"), of_post("link_clicks"), of_post("views"))


def _base(posts: Sequence[PostFacts], above: PostValue, below: PostValue) -> Number | None:
    return total([row[1] for row in _usable(posts, above, below)])


# The denominators of the rates that are mixed from several platforms.
RATE_BASES: Mapping[str, Base] = {
    "engagement_rate_by_reach": _reach_base,
    "mean_engagement_rate_by_reach": _posts_base,
    "engagement_rate_by_followers": _posts_base,
    "engagement_rate_by_views": _views_base,
    "share_rate": _share_base,
    "amplification_rate": _follower_base,
    "click_through_rate": _click_base,
}
