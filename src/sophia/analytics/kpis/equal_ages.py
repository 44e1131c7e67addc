"""KPIs of posts at a fixed age, and the comparison of two windows at equal ages of their posts."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from sophia.analytics.figures.ages import COMPARED_AGES, ONE_HOUR, written_age
from sophia.analytics.figures.facts import ClientWindow
from sophia.analytics.figures.figures import Change, Figure, FigureUnit, missing
from sophia.analytics.kpis.post_kpis import Base
from sophia.meta.catalogue.terms import ObjectKind

NOT_READ = "The values of posts at this age were not read."
Compute = Callable[[ClientWindow], Figure]


def window_at_age(now: ClientWindow, age: timedelta) -> ClientWindow:
    """Return the window whose posts have their values at an age; without them the posts have no values."""
    aged = now.at_ages.get(age)
    posts = tuple(replace(post, values={}) for post in now.posts) if aged is None else aged.posts
    return replace(now, posts=posts)


def figure_at_age(compute: Compute, now: ClientWindow, age: timedelta) -> Figure:
    """Return a KPI of posts at an age. A total of posts without values for some of them is missing, with its lower bound."""
    aged, at_age = now.at_ages.get(age), window_at_age(now, age)
    result = replace(compute(at_age), age_hours=round(age / ONE_HOUR), at_end=False)
    if aged is None and any(post.kind is not ObjectKind.STORY for post in now.posts):
        return _without_value(result, NOT_READ)
    if aged is not None and aged.pending:
        return _without_value(result, _why_pending(len(aged.pending), _count(now), age))
    if result.value is None and _count(now):
        return _without_value(result, _why_none(_count(now), age))
    if result.unit is FigureUnit.COUNT and result.value is not None and result.doubt is not None:
        return replace(_without_value(result, result.doubt), at_least=result.value)
    return result


def at_age(compute: Compute, age: timedelta) -> Compute:
    """Return the function that computes a KPI of posts at an age."""
    return lambda now: figure_at_age(compute, now, age)


def base_at_age(base: Base, age: timedelta) -> Base:
    """Return the function that computes the denominator of a rate of posts at an age."""
    return lambda now: base(window_at_age(now, age))


def at_end(compute: Compute) -> Compute:
    """Return the function that marks a KPI of posts as of the end of the window, when they had different ages."""

    def marked(now: ClientWindow) -> Figure:
        result = compute(now)
        return result if result.value is None else replace(result, at_end=True)

    return marked


def equal_age(now: ClientWindow, before: ClientWindow) -> timedelta | None:
    """Return the largest age, up to seven days, at which all posts of both windows were read as far as they ever will be.

    None if there is none, or if the posts of a window have no values at that age.
    """
    for age in COMPARED_AGES:
        sides = [side.at_ages[age] for side in (now, before) if age in side.at_ages]
        if len(sides) == 2 and not any(side.pending for side in sides):  # noqa: PLR2004 - both windows
            read = [any(post.values for post in side.posts) for side in sides]
            return age if all(read) else None
    return None


def current_figure(name: str, figures: Mapping[str, Figure], changes: Mapping[str, Change]) -> Figure:
    """Return the figure of a KPI for a reader: of posts the one that is compared, which states its age, if there is one."""
    change = changes.get(name)
    if change is None or change.after.age_hours is None or change.after.value is None:
        return figures[name]
    return change.after


def _without_value(result: Figure, reason: str) -> Figure:
    return replace(missing(result.unit, reason, n=result.n), age_hours=result.age_hours)


def _count(now: ClientWindow) -> int:
    return sum(post.kind is not ObjectKind.STORY for post in now.newest_posts)


def _why_none(posts: int, age: timedelta) -> str:
    subject = "The only post was not" if posts == 1 else f"None of {posts} posts was"
    return f"{subject} read closely enough to an age of {written_age(age)}."


def _why_pending(pending: int, posts: int, age: timedelta) -> str:
    verb = "has" if pending == 1 else "have"
    return f"{pending} of {posts} posts {verb} not been read at an age of {written_age(age)} yet."
