"""The KPIs of a client's window, each with its unit, formula, inputs and function."""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from sophia.analytics.conversions.commerce import (
    average_order_value,
    conversion_rate,
    conversions,
    customer_acquisition_cost,
    marketing_cost,
    new_customers,
    revenue,
    revenue_per_customer,
)
from sophia.analytics.figures.facts import ENGAGEMENTS, ClientWindow, PostFacts
from sophia.analytics.figures.figures import (
    NO_READINGS,
    NOT_COMPLETE,
    Change,
    Coverage,
    Figure,
    FigureUnit,
    Number,
    change,
    figure,
    missing,
    percent,
    total,
)
from sophia.analytics.figures.people import count_people
from sophia.analytics.kpis.approvals import (
    approval_rate,
    edit_rate,
    edits_per_draft,
    regenerations_per_draft,
    rejection_rate,
)
from sophia.analytics.kpis.followers import NO_FOLLOWERS, audience_growth, follower_bases, followers, net_new_followers
from sophia.analytics.kpis.late_values import dated, explain_late, late_posts, with_late
from sophia.analytics.kpis.like_for_like import like_for_like, unknown_until_begun
from sophia.meta.catalogue.terms import ObjectKind

NO_POSTS = "No posts of a type with this metric were published in this period."
NO_ACCOUNT = "No account is connected."
NOT_LISTED = "The posts of these days have not been collected."
NO_WINDOW = "There is no previous period."
# Inputs that are no readings belong to the client, not to one of its accounts.
# These divide by the followers at the start of the window.
BY_FOLLOWERS = frozenset({"engagement_rate_by_followers", "amplification_rate"})
OF_EVENTS = frozenset({"approval_events", "conversion_events", "marketing_cost", "new_customers"})

PostValue = Callable[[PostFacts], Number | None]
Compute = Callable[[ClientWindow], Figure]


@dataclass(frozen=True, slots=True)
class Kpi:
    """A KPI. `inputs` are canonical metrics or types of records."""

    name: str
    unit: FigureUnit
    formula: str
    inputs: tuple[str, ...]
    compute: Compute


def of_post(metric: str) -> PostValue:
    """Return a function that reads one canonical metric of a post."""
    return lambda post: post.values.get(metric)


def engagements_of(post: PostFacts) -> Number | None:
    return post.engagements


def sum_of(*metrics: str) -> PostValue:
    """Return a function that adds these interactions of a post."""
    return lambda post: post.interactions(metrics)


def daily_total(now: ClientWindow, metric: str, unit: FigureUnit = FigureUnit.COUNT) -> Figure:
    """Return the sum of an additive metric over the days and accounts of a window; `n` counts accounts.

    A day is covered if it is over and every account with the metric has a value.
    """
    serving, values = now.serving(metric), now.by_account(metric)
    ended = now.window.days_ended(now.today)
    if not values or not serving:
        return missing(unit, NO_READINGS, n=0, coverage=Coverage(0, ended))
    if any(account not in values for account in serving):
        return missing(unit, NOT_COMPLETE, n=len(values), coverage=Coverage(0, ended))
    complete = set.intersection(*(set(values[account]) for account in serving))
    value = total([value for account in serving for _, value in sorted(values[account].items())])
    return figure(value, unit, n=len(serving), coverage=Coverage(len(complete), max(ended, len(complete))))


def people(now: ClientWindow, metric: str = "reach") -> Figure:
    """Return the people of a window: Meta's own number for one account, otherwise certain bounds (A5)."""
    serving = now.serving(metric)
    period_values = {
        own_value.account_id: own_value.value
        for own_value in sorted(now.own, key=lambda own_value: own_value.value)
        if own_value.metric == metric and own_value.window == now.window and own_value.account_id in serving
    }
    return count_people(serving, period_values, now.by_account(metric), now.window.days)


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


def ratio_of_sums(posts: Sequence[PostFacts], above: PostValue, below: PostValue) -> Figure:
    """Return Σ above / Σ below × 100 over the posts that have both."""
    rows = _usable(posts, above, below)
    if not rows:
        return missing(FigureUnit.PERCENT, _none_has("both values", posts), n=0)
    tops, bottoms = zip(*rows, strict=True)
    ratio = percent(total(tops), total(bottoms), n=len(rows), doubt=_left_out(posts, len(rows)))
    return dated(ratio, posts)


def posts_published(now: ClientWindow) -> Figure:
    """Return the number of posts, stories included; it is 0 only if the posts of all days were collected (A12)."""
    count, listed = len(now.newest_posts), now.post_days_coverage
    if listed.is_complete:
        return figure(count, FigureUnit.COUNT)
    if not count and not now.accounts:
        return missing(FigureUnit.COUNT, NO_ACCOUNT)
    partial = f"Posts were collected for only {listed.days_with_data} of {listed.days} days."
    if count:
        return figure(count, FigureUnit.COUNT, doubt=partial)
    return missing(FigureUnit.COUNT, partial if listed.days_with_data else NOT_LISTED, coverage=listed)


def engagements(now: ClientWindow) -> Figure:
    posts = _engaging(now)
    rows = _usable(posts, engagements_of)
    if not rows:
        return missing(FigureUnit.COUNT, _none_has("all values", posts), n=0)
    engagement = figure(
        total([row[0] for row in rows]), FigureUnit.COUNT, n=len(rows), doubt=_left_out(posts, len(rows))
    )
    return dated(engagement, posts)


def engagement_rate_by_reach(now: ClientWindow, counted: PostValue = engagements_of) -> Figure:
    return ratio_of_sums(_engaging(now), counted, of_post("reach"))


def mean_engagement_rate_by_reach(now: ClientWindow) -> Figure:
    """Return the mean of the posts' own rates: small posts weigh as much as large ones."""
    posts = _engaging(now)
    rates = [percent(*row).value for row in _usable(posts, engagements_of, of_post("reach"))]
    post_rates = [rate for rate in rates if rate is not None]
    if not post_rates:
        return missing(FigureUnit.PERCENT, _why_no_rate(posts, rates, "The posts reached nobody."), n=0)
    return dated(_mean(post_rates, posts), posts)


def engagement_rate_by_views(now: ClientWindow, counted: PostValue = engagements_of) -> Figure:
    return ratio_of_sums(_engaging(now), counted, of_post("views"))


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
    return with_late(_mean(post_rates, posts), late_posts(posts), *late_bases)


def _mean(rates: Sequence[Number], posts: Sequence[PostFacts]) -> Figure:
    mean = math.fsum(rates) / len(rates)
    return figure(mean, FigureUnit.PERCENT, n=len(rates), doubt=_left_out(posts, len(rates)))


def save_rate(now: ClientWindow) -> Figure:
    return ratio_of_sums(_serving(_engaging(now), "saved", "reach"), of_post("saved"), of_post("reach"))


def share_rate(now: ClientWindow) -> Figure:
    return ratio_of_sums(_serving(_engaging(now), "shares", "reach"), of_post("shares"), of_post("reach"))


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
    followers = total([bases[account] for account in accounts])
    rate = percent(total([row[0] for row in rows]), followers, n=len(rows), doubt=_left_out(posts, len(rows)))
    return with_late(rate, late_posts(posts), *(late[account] for account in accounts if account in late))


def click_through_rate(now: ClientWindow) -> Figure:
    """Return the rate of the posts whose link clicks Meta counts: those on Facebook, and stories."""
    return ratio_of_sums(_serving(now.newest_posts, "link_clicks", "views"), of_post("link_clicks"), of_post("views"))


def profile_click_rate(now: ClientWindow) -> Figure:
    """Return clicks on the profile's own link by the views of the same accounts (Instagram)."""
    clicks, views = now.by_account("link_clicks"), now.by_account("views")
    account_days = [
        (account, day)
        for account in now.serving("link_clicks")
        for day in sorted(set(clicks.get(account, {})) & set(views.get(account, {})))
    ]
    both = [(clicks[account][day], views[account][day]) for account, day in account_days]
    covered = len({day for _, day in account_days})
    coverage = Coverage(covered, max(covered, now.window.days_ended(now.today)))
    if not both:
        return missing(FigureUnit.PERCENT, NO_READINGS, coverage=coverage)
    tops, bottoms = zip(*both, strict=True)
    return percent(total(tops), total(bottoms), coverage=coverage)


def views_of_accounts(now: ClientWindow) -> Figure:
    return daily_total(now, "views")


_PERCENT, _COUNT, _PEOPLE, _MONEY = FigureUnit.PERCENT, FigureUnit.COUNT, FigureUnit.PEOPLE, FigureUnit.MONEY
_REACH, _VIEWS = (*ENGAGEMENTS, "reach"), (*ENGAGEMENTS, "views")
_APPROVALS, _EVENTS = ("approval_events",), ("conversion_events",)

KPIS: tuple[Kpi, ...] = (
    Kpi("posts", _COUNT, "posts published", ("posts",), posts_published),
    Kpi("reach", _PEOPLE, "people, as Meta counts them for the window", ("reach",), people),
    Kpi("views", _COUNT, "Σ daily views of the accounts", ("views",), views_of_accounts),
    Kpi("engagements", _COUNT, "Σ likes + comments + shares + saves of posts", ENGAGEMENTS, engagements),
    Kpi("engagement_rate_by_reach", _PERCENT, "Σ engagements / Σ reach × 100", _REACH, engagement_rate_by_reach),
    Kpi(
        "mean_engagement_rate_by_reach",
        _PERCENT,
        "mean over posts of engagements / reach × 100",
        _REACH,
        mean_engagement_rate_by_reach,
    ),
    Kpi(
        "engagement_rate_by_followers",
        _PERCENT,
        "Σ engagements / followers at the start / posts × 100",
        (*ENGAGEMENTS, "followers"),
        engagement_rate_by_followers,
    ),
    Kpi("engagement_rate_by_views", _PERCENT, "Σ engagements / Σ views × 100", _VIEWS, engagement_rate_by_views),
    Kpi("save_rate", _PERCENT, "Σ saves / Σ reach × 100", ("saved", "reach"), save_rate),
    Kpi("share_rate", _PERCENT, "Σ shares / Σ reach × 100", ("shares", "reach"), share_rate),
    Kpi(
        "amplification_rate",
        _PERCENT,
        "Σ shares / followers at the start × 100",
        ("shares", "followers"),
        amplification_rate,
    ),
    Kpi(
        "click_through_rate",
        _PERCENT,
        "Σ link clicks / Σ views of posts × 100",
        ("link_clicks", "views"),
        click_through_rate,
    ),
    Kpi(
        "profile_click_rate",
        _PERCENT,
        "Σ link clicks / Σ views of accounts × 100",
        ("link_clicks", "views"),
        profile_click_rate,
    ),
    Kpi("followers", _PEOPLE, "followers of all accounts at the end", ("followers",), followers),
    Kpi("net_new_followers", _PEOPLE, "followers at the end − at the start", ("followers",), net_new_followers),
    Kpi(
        "audience_growth", _PERCENT, "net new followers / followers at the start × 100", ("followers",), audience_growth
    ),
    Kpi("conversions", _COUNT, "conversions recorded", _EVENTS, conversions),
    Kpi("conversion_rate", _PERCENT, "conversions / clicks on tagged links × 100", _EVENTS, conversion_rate),
    Kpi("revenue", _MONEY, "revenue of conversions − refunds", _EVENTS, revenue),
    Kpi("average_order_value", _MONEY, "revenue / conversions with revenue", _EVENTS, average_order_value),
    Kpi("revenue_per_customer", _MONEY, "(revenue − refunds) / customers", _EVENTS, revenue_per_customer),
    Kpi("new_customers", _PEOPLE, "customers who bought for the first time", ("new_customers",), new_customers),
    Kpi("marketing_cost", _MONEY, "recorded costs, by days", ("marketing_cost",), marketing_cost),
    Kpi(
        "customer_acquisition_cost",
        _MONEY,
        "sales and marketing cost / new customers",
        ("marketing_cost", "new_customers"),
        customer_acquisition_cost,
    ),
    Kpi("approval_rate", _PERCENT, "approved / decided drafts × 100", _APPROVALS, approval_rate),
    Kpi("rejection_rate", _PERCENT, "rejected / decided drafts × 100", _APPROVALS, rejection_rate),
    Kpi("edit_rate", _PERCENT, "drafts edited before their decision / decided drafts × 100", _APPROVALS, edit_rate),
    Kpi("edits_per_draft", FigureUnit.RATIO, "edits / decided drafts", _APPROVALS, edits_per_draft),
    Kpi(
        "regenerations_per_draft",
        FigureUnit.RATIO,
        "regenerations / decided drafts",
        _APPROVALS,
        regenerations_per_draft,
    ),
)
REACH_GROWTH = Kpi("reach_growth", _PERCENT, "(reach − earlier reach) / earlier reach × 100", ("reach",), people)


def compute_kpis(now: ClientWindow, before: ClientWindow | None = None) -> dict[str, Figure]:
    """Return every KPI by name; growth of reach needs the previous window."""
    figures = {kpi.name: kpi.compute(now) for kpi in KPIS}
    earlier = missing(FigureUnit.PEOPLE, NO_WINDOW) if before is None else people(before)
    figures[REACH_GROWTH.name] = change(earlier, figures["reach"]).percent
    return figures


def kpi_changes(now: ClientWindow, before: ClientWindow, names: Collection[str] | None = None) -> dict[str, Change]:
    """Return the change of every KPI, or of these, from the previous window, on the days that `like_for_like` keeps.

    Of an open window, `now` holds the days that are over; without such a day there is no comparison (G3).
    """
    kpis = [kpi for kpi in KPIS if names is None or kpi.name in names]
    later, earlier = like_for_like(now, before)
    compare = change if now.window.days_ended(now.today) else unknown_until_begun
    return {
        kpi.name: explain_late(
            compare(kpi.compute(earlier), kpi.compute(later)),
            before.window,
            now.window,
            needs_start=kpi.name in BY_FOLLOWERS,
        )
        for kpi in kpis
    }
