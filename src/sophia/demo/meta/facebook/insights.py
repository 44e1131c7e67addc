"""Insights of Pages, posts, videos and Page stories (GRAPH_API.md, 1a to 1c and 2.1 to 2.4)."""

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
from sophia.demo.meta.graph.request_context import RequestContext
from sophia.demo.meta.graph.rules import VIDEO_DEFAULT, Kind, Rule
from sophia.demo.meta.graph.versions import NEWEST_VERSION
from sophia.demo.meta.graph.windows import FACEBOOK_KEPT_DAYS, FACEBOOK_MAX_DAYS, Window, last_days, read_window
from sophia.demo.meta.truth.truth import PERIOD_DAYS
from sophia.demo.meta.truth.values import Value
from sophia.demo.meta.world.objects import Page, PageStory, Post, Video
from sophia.demo.meta.world.pacific import end_time, pacific_day

_PERIODS = ("day", "week", "days_28", "month", "lifetime", "total_over_range")
# Meta computes a Page story's numbers later. Until then it answers 0 with an `end_time` of 2 January 1970.
STORY_COMPUTED_AFTER = timedelta(hours=2)
NOT_COMPUTED_YET = '{"value":0,"end_time":"1970-01-02T00:00:00+0000"}'


@dataclass(frozen=True, slots=True)
class Plan:
    """A checked request for Facebook insights, good for every object of one kind on one Page.

    `paging` is the JSON of the links with a `%s` where the object's id belongs. An `is_empty` plan answers with an
    empty list: the token lacks the permission.
    """

    page: Page
    edge: str
    rules: tuple[Rule, ...]
    blocks: tuple[tuple[Rule, str, Block], ...]
    dimension: str | None
    window: Window
    paging: str
    is_empty: bool


def _checked_rules(context: RequestContext, page: Page, kind: Kind, names: list[str]) -> tuple[Rule, ...]:
    """Return the rules of `names`. Raise Meta's refusal if one name is bad: it fails the whole call."""
    context.refuse_metrics(kind, kind, names)
    candidates = [context.rule(kind, name) for name in names]
    rules = tuple(rule for rule in candidates if rule is not None)
    if len(rules) < len(candidates):
        raise errors.invalid_metric()
    if any(rule.alone for rule in rules):
        if len(rules) > 1:
            raise errors.mixed_with_money()
        if not page.monetised:
            raise errors.not_monetised()
    if page.is_small and any(rule.refused_when_small for rule in rules):
        raise errors.small_page()
    return rules


def _checked_dimension(parameters: Mapping[str, str], rules: tuple[Rule, ...]) -> str | None:
    dimensions = dimension_names(parameters)
    if not dimensions:
        return None
    if len(dimensions) > 1:
        raise errors.bad_parameter("Only one breakdown is allowed in one call")
    for rule in rules:
        if dimensions[0] not in rule.breakdowns:
            raise errors.bad_parameter(f"Breakdown {dimensions[0]} is not supported for the metric {rule.name}")
    return dimensions[0]


def make_plan(
    context: RequestContext,
    page: Page,
    kind: Kind,
    parameters: Mapping[str, str],
    keys: frozenset[str] | None = None,
) -> Plan:
    """Check a request for insights of objects of this `kind`. GraphError when Meta would refuse it."""
    names = metric_names(parameters) or (list(VIDEO_DEFAULT) if kind == "video" else [])
    if not names:
        raise errors.no_metric()
    period = parameters.get("period")
    if period and period not in _PERIODS:
        raise errors.bad_parameter(f"period must be one of the following values: {', '.join(_PERIODS)}")
    rules = _checked_rules(context, page, kind, names)
    dimension = _checked_dimension(parameters, rules)
    window = read_window(parameters, context.now, last_days(context.now, 2))
    if parameters.get("since") or parameters.get("until"):
        window.require_at_most(FACEBOOK_MAX_DAYS)
    edge = "video_insights" if kind == "video" else "insights"
    blocks = tuple(
        (rule, rule_period, make_block(rule.name, rule_period, keys, edge=edge, is_broken_down=dimension is not None))
        for rule in rules
        if not rule.is_silent(context.today)
        for rule_period in rule.periods
        if period in {rule_period, None, ""}
    )
    links = window.links(context.request, f"OBJECT/{edge}", parameters, NEWEST_VERSION)
    paging = links.replace("%", "%%").replace("/OBJECT/", "/%s/")
    is_empty = not context.has_scope("read_insights") or context.has_silent_insights(page.id)
    return Plan(page, edge, rules, blocks, dimension, window, paging, is_empty)


def _entries(context: RequestContext, plan: Plan, value: Value, closing: str = "") -> str:
    """Return the entry of a value, or one for each tag of the breakdown. `closing` is its `end_time` after a comma."""
    if plan.dimension is None or not isinstance(value, int):
        return f'{{"value":{value_json(value)}{closing}}}'
    parts = context.truth.tagged_parts(plan.page, plan.dimension, value)
    return ",".join(f'{{"value":{part}{closing},"{plan.dimension}":"{tag}"}}' for tag, part in parts.items())


def page_insights(
    context: RequestContext, page: Page, parameters: Mapping[str, str], keys: frozenset[str] | None = None
) -> str:
    """Answer `/{page}/insights`, with the running day and its future `end_time` if the window contains its end."""
    plan = make_plan(context, page, "page", parameters, keys)
    context.refuse_if_broken(page.id)
    if plan.is_empty:
        return EMPTY
    oldest = context.today - timedelta(days=FACEBOOK_KEPT_DAYS)
    days = [day for day in plan.window.days() if oldest <= day <= context.today]
    texts = []
    for rule, period, block in plan.blocks:
        if period == "lifetime":
            entries = _entries(context, plan, context.truth.page_lifetime(page, rule.name, context.now))
        else:
            entries = _page_entries(context, plan, rule.name, period, days)
        if entries:
            texts.append(block.render(page.echo_id, entries))
    return insights_json(texts, plan.paging % ((page.id,) * 2))


def _page_entries(context: RequestContext, plan: Plan, metric: str, period: str, days: list[date]) -> str:
    if period not in PERIOD_DAYS:
        return ""
    page, entries = plan.page, []
    values = context.truth.page_series(page, metric, period, days, context.now)
    for day, value in zip(days, values, strict=True):
        if context.truth.is_valueless(page, metric, period, day):
            entries.append(f'{{"end_time":"{end_time(day)}"}}')
        else:
            entries.append(_entries(context, plan, value, f',"end_time":"{end_time(day)}"'))
    return ",".join(entries)


def post_insights(context: RequestContext, plan: Plan, post: Post) -> str:
    """Answer `/{post}/insights`, alone or expanded in a list."""
    context.refuse_if_broken(post.id)
    return EMPTY if plan.is_empty else _lifetime_answer(context, plan, post, post.id)


def video_insights(context: RequestContext, plan: Plan, video: Video) -> str:
    """Answer `/{video}/video_insights`, alone or expanded in a list."""
    context.refuse_if_broken(video.id)
    return EMPTY if plan.is_empty else _lifetime_answer(context, plan, video.post, video.id)


def _lifetime_answer(context: RequestContext, plan: Plan, post: Post, object_id: str) -> str:
    truth, texts = context.truth, []
    figures = truth.post_figures(post, context.now)
    for rule, period, block in plan.blocks:
        if rule.reels_only and post.kind != "reel":
            continue
        if period == "day":
            entries = _post_days(context, plan, post, rule.name)
        else:
            value = truth.post_value(post, rule.name, figures)
            if plan.dimension is None and isinstance(value, int):
                entries = f'{{"value":{value}}}'
            else:
                entries = _entries(context, plan, value)
        if entries:
            texts.append(block.render(object_id, entries))
    return insights_json(texts, plan.paging % ((object_id,) * 2))


def _post_days(context: RequestContext, plan: Plan, post: Post, metric: str) -> str:
    """Return what the post gained on the closed days of the window, from the day on which it was published."""
    published = pacific_day(post.created_at)
    return ",".join(
        f'{{"value":{value_json(context.truth.post_day(post, metric, day))},"end_time":"{end_time(day)}"}}'
        for day in plan.window.days()
        if published <= day < context.today
    )


def story_insights(context: RequestContext, plan: Plan, story: PageStory) -> str:
    """Answer `/{story's post id}/insights`; a story that is too young has the value 0 and an `end_time` of 1970."""
    context.refuse_if_broken(story.id)
    if plan.is_empty:
        return EMPTY
    is_computed = context.now - story.created_at >= STORY_COMPUTED_AFTER
    texts = []
    for rule, _, block in plan.blocks:
        value = context.truth.page_story_lifetime(story, rule.name, context.now)
        texts.append(block.render(story.id, f'{{"value":{value_json(value)}}}' if is_computed else NOT_COMPUTED_YET))
    return insights_json(texts, plan.paging % ((story.id,) * 2))
