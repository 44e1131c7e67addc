"""Checks the integrity of the store. Each check counts wrong rows and names examples; none changes anything (K8)."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Table, func, or_, select, text, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import Integer

from sophia.analytics.maintenance.tables import all_tables
from sophia.analytics.readings.models import AccountTotal, EngagementMetric, Fetch, MetricRevision, MetricSeries
from sophia.database.engine import Database
from sophia.portfolio.models import Post

MOST_EXAMPLES = 3
LARGEST_NUMBER = 1e300
BODIES_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check: the number of wrong rows, and some of them."""

    name: str
    wrong: int
    examples: tuple[str, ...] = ()


def verify_store(database: Database) -> list[Check]:
    """Run all checks on one consistent state of the store."""
    with database.read() as session:
        return list(_checks(session, database.is_sqlite))


def _checks(session: Session, is_sqlite: bool) -> Iterator[Check]:
    if is_sqlite:
        yield _file_is_whole(session)
    yield _references(session)
    yield _fetches_exist(session)
    yield _totals(session)
    yield _values(session)
    yield _owners(session)
    yield _raw_answers(session)


def _counted(session: Session, name: str, wrong: SelectBase) -> Check:
    """Count the rows that `wrong` selects."""
    rows_wrong = wrong.subquery()
    count = session.scalar(select(func.count()).select_from(rows_wrong)) or 0
    rows = session.execute(select(rows_wrong).limit(MOST_EXAMPLES)).all() if count else []
    return Check(name, count, tuple(", ".join(str(value) for value in row) for row in rows))


def _file_is_whole(session: Session) -> Check:
    lines = [str(line) for line in session.scalars(text("PRAGMA integrity_check(10)")) if line != "ok"]
    return Check("the database file is whole", len(lines), tuple(lines[:MOST_EXAMPLES]))


def _references(session: Session) -> Check:
    """Check that every foreign key refers to a row."""
    wrong, examples = 0, list[str]()
    for table in all_tables():
        for check in _references_of(session, table):
            wrong += check.wrong
            examples += [f"{check.name}: {example}" for example in check.examples]
    return Check("references lead somewhere", wrong, tuple(examples[:MOST_EXAMPLES]))


def _references_of(session: Session, table: Table) -> Iterator[Check]:
    for key in table.foreign_keys:
        parent = key.column.table.alias()
        target = parent.c[key.column.name]
        orphans = (
            select(*table.primary_key, key.parent)
            .outerjoin_from(table, parent, target == key.parent)
            .where(key.parent.is_not(None), target.is_(None))
        )
        yield _counted(session, f"{table.name}.{key.parent.name}", orphans)


def _fetches_exist(session: Session) -> Check:
    """Check that the answers of readings and revisions exist; no foreign key ensures that."""
    wrong, examples = 0, list[str]()
    columns: tuple[tuple[type[EngagementMetric | MetricRevision], InstrumentedAttribute[int]], ...] = (
        (EngagementMetric, EngagementMetric.fetch_id),
        (MetricRevision, MetricRevision.fetch_id),
        (MetricRevision, MetricRevision.replaced_by_fetch_id),
    )
    for model, column in columns:
        orphans = (
            select(model.series_id, model.metric_date, column)
            .outerjoin(Fetch, Fetch.id == column)
            .where(Fetch.id.is_(None))
        )
        check = _counted(session, str(column), orphans)
        wrong += check.wrong
        examples += [f"{check.name}: {example}" for example in check.examples]
    return Check("every reading has its answer", wrong, tuple(examples[:MOST_EXAMPLES]))


def _totals(session: Session) -> Check:
    """Check that the totals, which every write updates, equal the counts."""
    day = type_coerce(EngagementMetric.metric_date, Integer)
    counted = (
        select(MetricSeries.account_id, func.count().label("readings"), func.max(day).label("latest"))
        .join(EngagementMetric, EngagementMetric.series_id == MetricSeries.id)
        .group_by(MetricSeries.account_id)
        .subquery()
    )
    kept_latest = type_coerce(AccountTotal.latest_metric_date, Integer)
    different = (
        select(counted.c.account_id, counted.c.readings, AccountTotal.readings)
        .outerjoin(AccountTotal, AccountTotal.account_id == counted.c.account_id)
        .where(
            or_(
                AccountTotal.account_id.is_(None),
                AccountTotal.readings != counted.c.readings,
                kept_latest.is_distinct_from(counted.c.latest),
            )
        )
    )
    empty = (
        select(AccountTotal.account_id, AccountTotal.readings)
        .outerjoin(counted, counted.c.account_id == AccountTotal.account_id)
        .where(AccountTotal.readings > 0, counted.c.account_id.is_(None))
    )
    checks = [_counted(session, "", query) for query in (different, empty)]
    examples = [example for check in checks for example in check.examples]
    return Check("totals equal counts", sum(check.wrong for check in checks), tuple(examples[:MOST_EXAMPLES]))


def _values(session: Session) -> Check:
    """Check that numbers are finite and not negative; both databases order NaN and infinity after all numbers."""
    wrong, examples = 0, list[str]()
    for model in (EngagementMetric, MetricRevision):
        value = model.metric_value
        invalid = select(model.series_id, model.metric_date).where(
            or_(value.is_(None), value < 0, value > LARGEST_NUMBER)
        )
        check = _counted(session, model.__tablename__, invalid)
        wrong += check.wrong
        examples += [f"{check.name}: {example}" for example in check.examples]
    return Check("values are finite and not negative", wrong, tuple(examples[:MOST_EXAMPLES]))


def _owners(session: Session) -> Check:
    """Check that a post's series belongs to the account of the post (A3)."""
    post = aliased(Post)
    misplaced = (
        select(MetricSeries.id, MetricSeries.account_id, post.account_id)
        .join(post, post.id == MetricSeries.post_id)
        .where(post.account_id != MetricSeries.account_id)
    )
    return _counted(session, "series belong to their post's account", misplaced)


def _raw_answers(session: Session) -> Check:
    """Check that stored answers are those that Meta sent."""
    damaged: list[str] = []
    answers = select(Fetch.id, Fetch.sha256, Fetch.body).where(Fetch.body.is_not(None)).order_by(Fetch.id)
    for rows in session.execute(answers.execution_options(yield_per=BODIES_AT_ONCE)).partitions():
        damaged += [f"fetch {number}" for number, digest, body in rows if body and not is_intact(digest, body)]
    return Check("raw answers match their hashes", len(damaged), tuple(damaged[:MOST_EXAMPLES]))


def is_intact(digest: bytes, body: bytes) -> bool:
    """Return whether a compressed answer matches its SHA-256."""
    try:
        return hashlib.sha256(zlib.decompress(body)).digest() == digest
    except zlib.error:
        return False
