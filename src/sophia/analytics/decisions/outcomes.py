"""What is needed to say what posts had at fixed ages: the posts, and every value that was kept of those days."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, exists, func, or_, select, type_coerce, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from sophia.analytics.decisions.cases import KeptValue
from sophia.analytics.decisions.models import DecisionTrace, PostOutcome, PostOutcomeRevision
from sophia.analytics.decisions.predictions import AGES, RATES, TOLERANCES, Outcome, predictable
from sophia.analytics.readings.metric_definitions import MetricDefinition, metric_definitions
from sophia.analytics.readings.models import EngagementMetric, Fetch, MetricRevision, MetricSeries
from sophia.database.columns import BigId, MetricValue, day_of
from sophia.database.statements import among, put_rows
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform
from sophia.portfolio.models import Account, Post

# The newest post that was measured, and those of so long before it, are measured again: ages that have passed since,
# and readings that were restated.
MEASURED_AGAIN = timedelta(days=45)
ROWS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class MeasuredPost:
    """A post whose outcomes are wanted."""

    id: int
    account_id: int
    platform: Platform
    kind: ObjectKind
    published_at: datetime


class utc_day(FunctionElement[int]):  # noqa: N801 - reads as the SQL that it stands for
    """`utc_day(moment)`: the number of the UTC day, counted from 1970 as days of readings are."""

    type = Integer()
    inherit_cache = True


@compiles(utc_day, "sqlite")
def _utc_day_sqlite(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:
    return f"(CAST(strftime('%s', {compiler.process(element.clauses, **options)}) AS INTEGER) / 86400)"


@compiles(utc_day, "postgresql")
def _utc_day_postgresql(element: utc_day, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **options)}) / 86400) AS INTEGER)"


def posts_to_measure(session: Session, now: datetime) -> list[MeasuredPost]:
    """Posts of clients whose decisions are recorded, old enough for the first age, that may have new outcomes.

    Posts that nobody decided about are among them: later ones are compared with their outcomes. Two queries.
    """
    deciding = select(DecisionTrace.client_id).distinct()
    measured = exists().where(PostOutcome.post_id == Post.id).correlate(Post)
    newest = dict(
        session.execute(
            select(Account.client_id, func.max(Post.published_at))
            .join(Post, Post.account_id == Account.id)
            .where(Account.client_id.in_(deciding), measured)
            .group_by(Account.client_id)
        ).all()
    )
    rows = session.execute(
        select(Account.client_id, Post.id, Post.account_id, Account.platform, Post.kind, Post.published_at)
        .join(Account, Account.id == Post.account_id)
        .where(Account.client_id.in_(deciding), Post.published_at <= now - min(AGES.values()))
        .order_by(Post.id)
    )
    return [
        MeasuredPost(number, account, Platform(platform), ObjectKind(kind), published_at)
        for client, number, account, platform, kind, published_at in rows
        if client not in newest or published_at >= newest[client] - MEASURED_AGAIN
    ]


def kept_values(session: Session, posts: Collection[MeasuredPost]) -> Iterator[tuple[MeasuredPost, list[KeptValue]]]:
    """Yield each post with every value of the days that its ages fall on, also those that were replaced since.

    Two queries, read as they come; posts without any such value are left out.
    """
    by_id = {post.id: post for post in posts}
    means = {
        number: meaning
        for number, meaning in metric_definitions(session, predictable() - set(RATES)).items()
        if meaning.level is Level.POST
    }
    current = _values(EngagementMetric, by_id, means)
    replaced = _values(MetricRevision, by_id, means)
    both = union_all(current, replaced).subquery()
    rows = session.execute(
        select(both).order_by(both.c.post_id), execution_options={"yield_per": ROWS_AT_ONCE}
    )  # fmt: skip
    days: dict[int, date] = {}
    for number, group in groupby(rows, key=lambda row: row[0]):
        post = by_id[number]
        found = []
        for _, metric, day, value, fetch, read_at in group:
            meaning = means[metric]
            if meaning.platform is post.platform and meaning.describes(post.kind):
                on = days.get(day) or days.setdefault(day, day_of(day))
                found.append(KeptValue(meaning.name, meaning.metric, on, read_at, fetch, value))
        yield post, found


def _values(
    table: type[EngagementMetric | MetricRevision], posts: Collection[int], metrics: Mapping[int, MetricDefinition]
) -> Select[int | None, int, int, int | float, int, datetime]:
    day = type_coerce(table.metric_date, Integer)
    return (
        select(
            MetricSeries.post_id.label("post_id"),
            MetricSeries.metric_id,
            day.label("day"),
            type_coerce(table.metric_value, MetricValue).label("value"),
            type_coerce(table.fetch_id, BigId).label("fetch_id"),
            Fetch.fetched_at,
        )
        .join(table, table.series_id == MetricSeries.id)
        .join(Fetch, Fetch.id == table.fetch_id)
        .join(Post, Post.id == MetricSeries.post_id)
        .where(
            among(MetricSeries.post_id, posts),
            among(MetricSeries.metric_id, list(metrics)),
            or_(*_on_days_of_ages(day - utc_day(Post.published_at))),
        )
    )


def _on_days_of_ages(offset: ColumnElement[int]) -> Iterator[ColumnElement[bool]]:
    """Reporting days begin later than those of UTC, and so one day more before each age is looked at."""
    for age, after in AGES.items():
        first = after - TOLERANCES[age]
        yield offset.between(first.days - 1, after.days)


OUTCOME_COLUMNS = ("post_id", "age", "metric", "value", "read_at", "measured_at")
REVISION_COLUMNS = (*OUTCOME_COLUMNS, "replaced_at")
OutcomesByAge = Mapping[str, Mapping[str, Outcome]]


@dataclass(frozen=True, slots=True)
class SavedOutcomes:
    """How many outcomes were new, said something else than before, or the same."""

    new: int = 0
    changed: int = 0
    same: int = 0


def save_outcomes(session: Session, found: Mapping[int, OutcomesByAge], now: datetime) -> SavedOutcomes:
    """Store {post: its outcomes by age and metric}. Everything is one transaction of the caller's."""
    columns = [getattr(PostOutcome, name) for name in OUTCOME_COLUMNS]
    rows = session.execute(select(*columns).where(among(PostOutcome.post_id, list(found))))
    stored = {(row.post_id, row.age, row.metric): tuple(row) for row in rows}
    new, changed, revisions, same = [], [], [], 0
    for post, ages in found.items():
        for age, metrics in ages.items():
            for metric, outcome in metrics.items():
                old = stored.get((post, age, metric))
                row = (post, age, metric, outcome.value, outcome.read_at, now)
                if old is None:
                    new.append(row)
                elif old[3] == outcome.value:
                    same += 1
                else:
                    changed.append(row)
                    revisions.append((*old, now))
    put_rows(session, PostOutcome, OUTCOME_COLUMNS, new)
    put_rows(session, PostOutcome, OUTCOME_COLUMNS, changed, replace=("value", "read_at", "measured_at"))
    put_rows(session, PostOutcomeRevision, REVISION_COLUMNS, revisions)
    return SavedOutcomes(len(new), len(changed), same)
