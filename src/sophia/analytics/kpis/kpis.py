"""The KPIs of a client's window, each with its unit, formula, inputs and function."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

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
from sophia.analytics.figures.ages import AGES, written_age
from sophia.analytics.figures.facts import ENGAGEMENTS, ClientWindow
from sophia.analytics.figures.figures import (
    NO_READINGS,
    NOT_COMPLETE,
    Change,
    Coverage,
    Figure,
    FigureUnit,
    change,
    figure,
    mark_small_events,
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
from sophia.analytics.kpis.equal_ages import Compute, at_age, at_end, base_at_age, equal_age
from sophia.analytics.kpis.followers import audience_growth, followers, net_new_followers
from sophia.analytics.kpis.late_values import explain_late
from sophia.analytics.kpis.like_for_like import like_for_like, unknown_until_begun
from sophia.analytics.kpis.platform_mix import at_equal_mix, on_platform, platforms_of
from sophia.analytics.kpis.post_kpis import (
    RATE_BASES,
    Base,
    amplification_rate,
    click_through_rate,
    engagement_rate_by_followers,
    engagement_rate_by_reach,
    engagement_rate_by_views,
    engagements,
    mean_engagement_rate_by_reach,
    save_rate,
    share_rate,
)

NO_ACCOUNT = "No account is connected."
NOT_LISTED = "The posts of these days have not been collected."
NO_WINDOW = "There is no previous period."
# Inputs that are no readings belong to the client, not to one of its accounts.
# These divide by the followers at the start of the window.
BY_FOLLOWERS = frozenset({"engagement_rate_by_followers", "amplification_rate"})
OF_EVENTS = frozenset({"approval_events", "conversion_events", "marketing_cost", "new_customers"})


@dataclass(frozen=True, slots=True)
class Kpi:
    """A KPI. `inputs` are canonical metrics or types of records."""

    name: str
    unit: FigureUnit
    formula: str
    inputs: tuple[str, ...]
    compute: Compute
    # The denominator of a rate that is mixed from several platforms.
    base: Base | None = None


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
    return mark_small_events(percent(total(tops), total(bottoms), coverage=coverage), total(tops), "link clicks")


def views_of_accounts(now: ClientWindow) -> Figure:
    return daily_total(now, "views")


_PERCENT, _COUNT, _PEOPLE, _MONEY = FigureUnit.PERCENT, FigureUnit.COUNT, FigureUnit.PEOPLE, FigureUnit.MONEY
_REACH, _VIEWS = (*ENGAGEMENTS, "reach"), (*ENGAGEMENTS, "views")
_APPROVALS, _EVENTS = ("approval_events",), ("conversion_events",)


def _at_end(name: str, unit: FigureUnit, formula: str, inputs: tuple[str, ...], compute: Compute) -> Kpi:
    """Return a KPI of posts with their values at the end of the window."""
    return Kpi(name, unit, f"{formula}, at the end of the period", inputs, at_end(compute), RATE_BASES.get(name))


def _at_ages(
    name: str, unit: FigureUnit, inputs: tuple[str, ...], formula: str, compute: Compute, base: Base | None = None
) -> Iterator[Kpi]:
    """Yield a KPI of posts at 24 hours, 7 days and 28 days of age."""
    for age in AGES.values():
        words = written_age(age)
        yield Kpi(
            f"{name}_at_{words.replace(' ', '_')}",
            unit,
            f"{formula}, {words} after publication",
            inputs,
            at_age(compute, age),
            None if base is None else base_at_age(base, age),
        )


# KPIs of posts at the end of the window, which are compared at equal ages of the posts, and the functions of both.
POST_KPIS: Mapping[str, Compute] = {
    "engagements": engagements,
    "engagement_rate_by_reach": engagement_rate_by_reach,
    "mean_engagement_rate_by_reach": mean_engagement_rate_by_reach,
    "engagement_rate_by_followers": engagement_rate_by_followers,
    "engagement_rate_by_views": engagement_rate_by_views,
    "save_rate": save_rate,
    "share_rate": share_rate,
    "amplification_rate": amplification_rate,
    "click_through_rate": click_through_rate,
}

KPIS: tuple[Kpi, ...] = (
    Kpi("posts", _COUNT, "posts published", ("posts",), posts_published),
    Kpi("reach", _PEOPLE, "people, as Meta counts them for the window", ("reach",), people),
    Kpi("views", _COUNT, "Σ daily views of the accounts", ("views",), views_of_accounts),
    *_at_ages("engagements", _COUNT, ENGAGEMENTS, "Σ likes + comments + shares + saves of posts", engagements),
    *_at_ages(
        "engagement_rate",
        _PERCENT,
        _REACH,
        "Σ engagements / Σ reach × 100",
        engagement_rate_by_reach,
        RATE_BASES["engagement_rate_by_reach"],
    ),
    _at_end("engagements", _COUNT, "Σ likes + comments + shares + saves of posts", ENGAGEMENTS, engagements),
    _at_end("engagement_rate_by_reach", _PERCENT, "Σ engagements / Σ reach × 100", _REACH, engagement_rate_by_reach),
    _at_end(
        "mean_engagement_rate_by_reach",
        _PERCENT,
        "mean over posts of engagements / reach × 100",
        _REACH,
        mean_engagement_rate_by_reach,
    ),
    _at_end(
        "engagement_rate_by_followers",
        _PERCENT,
        "Σ engagements / followers at the start / posts × 100",
        (*ENGAGEMENTS, "followers"),
        engagement_rate_by_followers,
    ),
    _at_end("engagement_rate_by_views", _PERCENT, "Σ engagements / Σ views × 100", _VIEWS, engagement_rate_by_views),
    _at_end("save_rate", _PERCENT, "Σ saves / Σ reach × 100", ("saved", "reach"), save_rate),
    _at_end("share_rate", _PERCENT, "Σ shares / Σ reach × 100", ("shares", "reach"), share_rate),
    _at_end(
        "amplification_rate",
        _PERCENT,
        "Σ shares / followers at the start × 100",
        ("shares", "followers"),
        amplification_rate,
    ),
    _at_end(
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
# Rates that are mixed from the platforms of a client.
MIXED_RATES = frozenset(kpi.name for kpi in KPIS if kpi.base is not None)
AGED_KPIS = frozenset(kpi.name for kpi in KPIS if "_at_" in kpi.name)
REACH_GROWTH = Kpi("reach_growth", _PERCENT, "(reach − earlier reach) / earlier reach × 100", ("reach",), people)


def compute_kpis(now: ClientWindow, before: ClientWindow | None = None) -> dict[str, Figure]:
    """Return every KPI by name; growth of reach needs the previous window."""
    figures = {kpi.name: kpi.compute(now) for kpi in KPIS}
    earlier = missing(FigureUnit.PEOPLE, NO_WINDOW) if before is None else people(before)
    figures[REACH_GROWTH.name] = change(earlier, figures["reach"]).percent
    return figures


def platform_changes(now: ClientWindow, before: ClientWindow) -> dict[str, dict[str, Change]]:
    """Return {platform: {rate: its change}} of the rates that are mixed from a client's platforms; empty for one platform.

    All platforms are compared at the same age of their posts.
    """
    platforms = platforms_of(now)
    if len(platforms) < 2:  # noqa: PLR2004 - one platform has no mix
        return {}
    age, names = equal_age(now, before), MIXED_RATES
    return {
        platform.value: kpi_changes(on_platform(now, platform), on_platform(before, platform), names, age)
        for platform in platforms
    }


def kpi_changes(
    now: ClientWindow, before: ClientWindow, names: Collection[str] | None = None, age: timedelta | None = None
) -> dict[str, Change]:
    """Return the change of every KPI, or of these, from the previous window, on the days that `like_for_like` keeps.

    KPIs of posts are compared at the largest age that the posts of both windows have reached, up to seven days, and rates
    of several platforms with the mix of platforms of the previous window; their figures state both. Of an open window, `now` holds the days that are over; without such a day there is no comparison
    (G3).
    """
    kpis = [kpi for kpi in KPIS if names is None or kpi.name in names]
    later, earlier = like_for_like(now, before)
    age = age or equal_age(now, before)
    compare = change if now.window.days_ended(now.today) else unknown_until_begun
    return {
        kpi.name: explain_late(
            compare(*_sides(kpi, earlier, later, age)),
            before.window,
            now.window,
            needs_start=kpi.name in BY_FOLLOWERS,
        )
        for kpi in kpis
    }


def _sides(kpi: Kpi, earlier: ClientWindow, later: ClientWindow, age: timedelta | None) -> tuple[Figure, Figure]:
    """Return the comparable figures of both windows."""
    compute, base = kpi.compute, kpi.base
    if age is not None and kpi.name in POST_KPIS:
        compute, base = at_age(POST_KPIS[kpi.name], age), None if base is None else base_at_age(base, age)
    if base is None:
        return compute(earlier), compute(later)
    return at_equal_mix(compute, base, earlier, later)
