"""Insights of Instagram accounts, media and stories (GRAPH_API.md, 1d, 1e and 2.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.blocks import (
    EMPTY,
    Block,
    dimension_names,
    insights_json,
    make_block,
    metric_names,
    value_json,
)
from sophia.demo.meta.graph.errors import as_json
from sophia.demo.meta.graph.request_context import MediaKind, RequestContext
from sophia.demo.meta.graph.rules import FOLLOW_TYPES, TIMEFRAMES, Kind, Rule, fits
from sophia.demo.meta.graph.versions import NEWEST_VERSION
from sophia.demo.meta.graph.windows import INSTAGRAM_KEPT_DAYS, INSTAGRAM_MAX_DAYS, Window, last_days, read_window
from sophia.demo.meta.truth.instagram_figures import Parts
from sophia.demo.meta.truth.media_figures import media_parts
from sophia.demo.meta.world.objects import DEMOGRAPHICS, InstagramAccount, Media
from sophia.demo.meta.world.pacific import end_time
from sophia.demo.meta.world.world import is_alive

# `follower_count` and `online_followers` go back so many days before the running one.
RECENT_DAYS = 30
_METRIC_TYPES = ("default", "time_series", "total_value")
_PERIODS = ("day", "week", "days_28", "lifetime")


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """A checked request for insights of one account; `days` are closed, kept by Meta, and inside the window."""

    rules: tuple[Rule, ...]
    period: str
    is_total: bool
    dimensions: tuple[str, ...]
    timeframe: str
    window: Window
    days: list[date]


def _rules(context: RequestContext, kind: Kind, names: list[str]) -> tuple[Rule, ...]:
    """Return the rules of `names`. Raise a refusal of the first unknown name that lists all valid ones."""
    if not context.has_scope("instagram_manage_insights"):
        raise errors.permission_missing("instagram_manage_insights")
    if not names:
        raise errors.bad_parameter("The parameter metric is required")
    context.refuse_metrics(kind, kind, names)
    rules = []
    for index, name in enumerate(names):
        rule = context.rule(kind, name)
        if rule is None:
            raise errors.invalid_instagram_metric(index, context.valid_names(kind))
        rules.append(rule)
    return tuple(rules)


def _refuse_type(rules: tuple[Rule, ...], metric_type: str | None, period: str) -> None:
    """Raise GraphError if a metric does not have this metric type or period."""
    if metric_type and metric_type not in _METRIC_TYPES:
        raise errors.bad_parameter(f"metric_type must be one of the following values: {', '.join(_METRIC_TYPES)}")
    is_total = metric_type == "total_value"
    unfit = [rule.name for rule in rules if period not in rule.periods]
    if is_total and period in {"week", "days_28"}:
        unfit = [rule.name for rule in rules]
    if unfit:
        raise errors.bad_parameter(f"Incompatible metrics ({','.join(unfit)}) with period ({period})")
    total_only = [rule.name for rule in rules if rule.metric_types == ("total_value",)]
    if total_only and not is_total:
        raise errors.needs_total_value(total_only)
    series_only = [rule.name for rule in rules if rule.metric_types == ("time_series",)]
    if series_only and is_total:
        listed = ",".join(series_only)
        raise errors.bad_parameter(f"The following metrics ({listed}) do not support metric_type=total_value")


def _refuse_dimensions(rules: tuple[Rule, ...], dimensions: tuple[str, ...], is_total: bool, span: int) -> None:
    for rule in rules:
        if any(dimension not in rule.breakdowns for dimension in dimensions):
            listed = ",".join(dimensions)
            raise errors.bad_parameter(f"Incompatible breakdown ({listed}) with metric ({rule.name})")
        if dimensions and rule.name == "follows_and_unfollows" and span <= 1:
            raise errors.bad_parameter("follows_and_unfollows needs more than one day between since and until")
    if dimensions and not is_total:
        raise errors.bad_parameter("breakdown needs metric_type=total_value")


def make_account_plan(context: RequestContext, parameters: Mapping[str, str]) -> AccountPlan:
    """Check a request for account insights. GraphError when Meta would refuse it."""
    rules = _rules(context, "instagram", metric_names(parameters))
    period = parameters.get("period")
    if not period:
        raise errors.bad_parameter("The parameter period is required")
    if period not in _PERIODS:
        raise errors.bad_parameter(f"period must be one of the following values: {', '.join(_PERIODS)}")
    metric_type = parameters.get("metric_type")
    _refuse_type(rules, metric_type, period)
    window = read_window(parameters, context.now, last_days(context.now, 1))
    window.require_at_most(INSTAGRAM_MAX_DAYS)
    dimensions = dimension_names(parameters)
    is_total = metric_type == "total_value"
    _refuse_dimensions(rules, dimensions, is_total, len(window.days()))
    timeframe = parameters.get("timeframe") or "this_month"
    if timeframe not in TIMEFRAMES and any(rule.name in DEMOGRAPHICS for rule in rules):
        raise errors.bad_parameter("timeframe must be one of the following values: this_week, this_month")
    oldest = context.today - timedelta(days=INSTAGRAM_KEPT_DAYS)
    days = [day for day in window.days() if oldest <= day < context.today]
    return AccountPlan(rules, period, is_total, dimensions, timeframe, window, days)


def account_insights(
    context: RequestContext,
    account: InstagramAccount,
    parameters: Mapping[str, str],
    keys: frozenset[str] | None = None,
) -> str:
    """Answer `/{ig}/insights`. Values that Meta does not have are absent, never 0."""
    plan = make_account_plan(context, parameters)
    context.refuse_if_broken(account.id)
    if context.has_silent_insights(account.id):
        return EMPTY
    texts = []
    for rule in plan.rules:
        if rule.empty_when_small and account.is_small:
            continue
        block = make_block(rule.name, plan.period, keys)
        if rule.name in DEMOGRAPHICS:
            texts.append(block.render_total(account.id, _demographics(context, account, rule.name, plan)))
        elif plan.is_total and rule.metric_types:
            total = _total(context, account, rule.name, plan)
            if total is not None:
                texts.append(block.render_total(account.id, total))
        else:
            entries = _series(context, account, rule.name, plan)
            if entries:
                texts.append(block.render(account.id, ",".join(entries)))
    links = plan.window.links(context.request, f"{account.id}/insights", parameters, NEWEST_VERSION)
    return insights_json(texts, links)


def _series(context: RequestContext, account: InstagramAccount, metric: str, plan: AccountPlan) -> list[str]:
    truth, entries = context.truth, []
    recent = context.today - timedelta(days=RECENT_DAYS)
    for day in plan.days:
        if metric == "online_followers":
            if day < recent:
                continue
            value = as_json(truth.online_followers(account, day))
        elif truth.is_empty_day(account, day) or (metric == "follower_count" and day < recent):
            continue
        elif plan.period == "day":
            value = str(truth.instagram_day(account, metric, day, context.now))
        else:
            value = str(truth.instagram_reach(account, plan.period, day, context.now))
        entries.append(f'{{"value":{value},"end_time":"{end_time(day)}"}}')
    return entries


def _total(context: RequestContext, account: InstagramAccount, metric: str, plan: AccountPlan) -> str | None:
    """Return `total_value` over the window, or None if Meta keeps no day of it."""
    total = context.truth.instagram_window(account, metric, plan.days, context.now)
    if total is None:
        return None
    if not plan.dimensions:
        return f'{{"value":{total}}}'
    dimensions = tuple("follow_type" if name in FOLLOW_TYPES else name for name in plan.dimensions)
    parts = context.truth.instagram_window_parts(account, metric, plan.days, dimensions, context.now)
    return f'{{"value":{total},"breakdowns":[{_breakdown(plan.dimensions, parts)}]}}'


def _breakdown(dimensions: tuple[str, ...], parts: Mapping[tuple[str, ...], int]) -> str:
    """Return one element of `breakdowns`, without `results` if there are no parts."""
    keys = as_json(list(dimensions))
    if not parts:
        return f'{{"dimension_keys":{keys}}}'
    results = ",".join(f'{{"dimension_values":{as_json(list(key))},"value":{part}}}' for key, part in parts.items())
    return f'{{"dimension_keys":{keys},"results":[{results}]}}'


def _demographics(context: RequestContext, account: InstagramAccount, metric: str, plan: AccountPlan) -> str:
    """Return `breakdowns` without a `value`. Meta puts the time frame before the dimensions of the engaged audience."""
    if not plan.dimensions:
        return "{}"
    parts: Parts = context.truth.demographics(account, metric, plan.dimensions, context.now)
    top = sorted(parts.items(), key=lambda item: -item[1])[:45] if len(plan.dimensions) == 1 else list(parts.items())
    if metric != "engaged_audience_demographics":
        return f'{{"breakdowns":[{_breakdown(plan.dimensions, dict(top))}]}}'
    framed = {(plan.timeframe.upper(), *key): part for key, part in top}
    return f'{{"breakdowns":[{_breakdown(("timeframe", *plan.dimensions), framed)}]}}'


@dataclass(frozen=True, slots=True)
class MediaPlan:
    """A checked request for insights of media, good for every medium of a page."""

    blocks: tuple[tuple[Rule, Block], ...]
    dimension: str | None


def make_media_plan(
    context: RequestContext, parameters: Mapping[str, str], keys: frozenset[str] | None = None
) -> MediaPlan:
    """Check a request for media insights as far as it does not depend on the medium."""
    rules = _rules(context, "media", metric_names(parameters))
    period = parameters.get("period") or "lifetime"
    if period != "lifetime":
        listed = ",".join(rule.name for rule in rules)
        raise errors.bad_parameter(f"Incompatible metrics ({listed}) with period ({period})")
    dimensions = dimension_names(parameters)
    _refuse_dimensions(rules, dimensions, is_total=True, span=2)
    blocks = tuple((rule, make_block(rule.name, "lifetime", keys)) for rule in rules)
    return MediaPlan(blocks, dimensions[0] if dimensions else None)


def _media_kind(medium: Media) -> MediaKind:
    if medium.product_type == "FEED":
        return "carousel" if medium.media_type == "CAROUSEL_ALBUM" else "feed"
    return "reels" if medium.product_type == "REELS" else "story"


def media_insights(context: RequestContext, plan: MediaPlan, medium: Media) -> str:
    """Answer `/{media}/insights`, alone or in a list. A metric that the product lacks fails the whole call."""
    context.refuse_if_broken(medium.id)
    context.refuse_metrics(_media_kind(medium), "media", [rule.name for rule, _ in plan.blocks])
    if medium.before_professional:
        raise errors.before_professional()
    for rule, _ in plan.blocks:
        if not fits(rule, medium):
            raise errors.wrong_product(rule.name)
    if medium.is_story and not is_alive(medium, context.now):
        raise errors.unknown_object(medium.id)
    if context.truth.has_too_few_viewers(medium, context.now):
        raise errors.too_few_viewers()
    if context.has_silent_insights(medium.account_id):
        return EMPTY
    figures = context.truth.media_figures(medium, context.now)
    texts = []
    for rule, block in plan.blocks:
        value = value_json(context.truth.media_value(medium, rule.name, figures))
        total = None
        if plan.dimension is not None:
            parts: Parts = {(key,): part for key, part in media_parts(rule.name, figures).items()}
            total = f'{{"value":{value},"breakdowns":[{_breakdown((plan.dimension,), parts)}]}}'
        texts.append(block.render(medium.id, f'{{"value":{value}}}', total))
    return insights_json(texts)
