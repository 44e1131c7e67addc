"""Reads the posts whose outcomes are due and their stored values, and saves outcomes."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, Integer, Select, exists, func, or_, select, type_coerce, union_all
from sqlalchemy.orm import Session

from sophia.analytics.decisions.cases import StoredValue
from sophia.analytics.decisions.models import DecisionTrace, PostOutcome, PostOutcomeRevision
from sophia.analytics.decisions.predictions import RATES, TOLERANCES, Outcome, predictable
from sophia.analytics.figures.ages import AGES, Age
from sophia.analytics.figures.saved_rows import SavedRows
from sophia.analytics.readings.metric_definitions import MetricDefinition, metric_definitions
from sophia.analytics.readings.models import EngagementMetric, Fetch, MetricRevision, MetricSeries
from sophia.database.columns import BigId, MetricValue, day_of
from sophia.database.statements import among, put_rows, utc_day
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform
from sophia.portfolio.models import Account, Post

# Posts published so long before the newest measured post are measured again, because ages pass and readings are restated.
MEASURED_AGAIN = timedelta(days=45)
BATCH_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class MeasuredPost:
    """A post to measure."""

    id: int
    account_id: int
    platform: Platform
    kind: ObjectKind
    published_at: datetime


def posts_to_measure(session: Session, now: datetime) -> list[MeasuredPost]:
    """Return the posts that may have new outcomes, of clients that record decisions; two queries.

    They include posts without a decision, because later posts are compared with their outcomes.
    """
    with_decisions = select(DecisionTrace.client_id).distinct()
    measured = exists().where(PostOutcome.post_id == Post.id).correlate(Post)
    newest = dict(
        session.execute(
            select(Account.client_id, func.max(Post.published_at))
            .join(Post, Post.account_id == Account.id)
            .where(Account.client_id.in_(with_decisions), measured)
            .group_by(Account.client_id)
        ).all()
    )
    rows = session.execute(
        select(Account.client_id, Post.id, Post.account_id, Account.platform, Post.kind, Post.published_at)
        .join(Account, Account.id == Post.account_id)
        .where(Account.client_id.in_(with_decisions), Post.published_at <= now - min(AGES.values()))
        .order_by(Post.id)
    )
    return [
        MeasuredPost(post_id, account_id, Platform(platform), ObjectKind(kind), published_at)
        for client_id, post_id, account_id, platform, kind, published_at in rows
        if client_id not in newest or published_at >= newest[client_id] - MEASURED_AGAIN
    ]


def stored_values(
    session: Session, posts: Collection[MeasuredPost]
) -> Iterator[tuple[MeasuredPost, list[StoredValue]]]:  # fmt: skip
    """Yield each post with all values of the days of its ages, including replaced values.

    Two queries, read in batches; posts without such a value are left out.
    """
    by_id = {post.id: post for post in posts}
    definitions = {
        metric_id: definition
        for metric_id, definition in metric_definitions(session, predictable() - set(RATES)).items()
        if definition.level is Level.POST
    }
    current = _values(EngagementMetric, by_id, definitions)
    replaced = _values(MetricRevision, by_id, definitions)
    both = union_all(current, replaced).subquery()
    rows = session.execute(
        select(both).order_by(both.c.post_id), execution_options={"yield_per": BATCH_ROWS}
    )  # fmt: skip
    dates: dict[int, date] = {}
    for post_id, group in groupby(rows, key=lambda row: row[0]):
        post = by_id[post_id]
        values = []
        for _, metric_id, number, value, fetch_id, read_at in group:
            definition = definitions[metric_id]
            if definition.platform is post.platform and definition.describes(post.kind):
                day = dates.get(number) or dates.setdefault(number, day_of(number))
                values.append(StoredValue(definition.name, definition.metric, day, read_at, fetch_id, value))
        yield post, values


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
            or_(*_on_days_of_ages(day - utc_day(Post.published_at, 0))),
        )
    )


def _on_days_of_ages(offset: ColumnElement[int]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of the days of each age, with one day more before, because reporting days begin after UTC days."""
    for age, after in AGES.items():
        first = after - TOLERANCES[age]
        yield offset.between(first.days - 1, after.days)


OUTCOME_COLUMNS = ("post_id", "age", "metric", "value", "read_at", "measured_at")
REVISION_COLUMNS = (*OUTCOME_COLUMNS, "replaced_at")
OutcomesByAge = Mapping[Age, Mapping[str, Outcome]]


def save_outcomes(session: Session, outcomes: Mapping[int, OutcomesByAge], now: datetime) -> SavedRows:
    """Store {post: its outcomes by age and metric}. All is part of the caller's transaction."""
    columns = [getattr(PostOutcome, name) for name in OUTCOME_COLUMNS]
    rows = session.execute(select(*columns).where(among(PostOutcome.post_id, list(outcomes))))
    stored = {(row.post_id, row.age, row.metric): tuple(row) for row in rows}
    new, changed, revisions, same = [], [], [], 0
    for post_id, ages in outcomes.items():
        for age, metrics in ages.items():
            for metric, outcome in metrics.items():
                old = stored.get((post_id, age, metric))
                row = (post_id, age, metric, outcome.value, outcome.read_at, now)
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
    return SavedRows(len(new), len(changed), same)
