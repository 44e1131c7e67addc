"""Writes the benchmarks of a user. Importing the same file twice changes nothing, and replaced values are kept."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sophia.analytics.benchmarks.comparison import SHIPPED, BadLine, Benchmark
from sophia.analytics.benchmarks.models import IndustryBenchmark
from sophia.database.statements import among, insert_for
from sophia.errors import ConflictError, NotFoundError

KEY = ("industry", "platform", "metric", "statistic", "source", "data_year")
VALUES = ("numerator", "denominator", "value_percent", "sample_size", "provenance")
VALID = IndustryBenchmark.replaced_at.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBenchmarks:
    """The numbers of benchmarks that were added, replaced another value, or were stored before."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedBenchmarks(WrittenBenchmarks):
    """`changed` counts values that replaced a value of the user with the same key.

    Bad lines are skipped, the others are imported. A line is bad if it cannot be read, or if it has another value for a
    benchmark that is shipped with Sophia.
    """

    bad: tuple[BadLine, ...]
    dry_run: bool


def write_benchmarks(
    session: Session, benchmarks: Sequence[Benchmark], now: datetime, *, dry_run: bool = False
) -> WrittenBenchmarks:
    """Save benchmarks of a user, in place of the user's own with the same key. With `dry_run`, only count.

    A shipped benchmark with the same value counts as unchanged. Raises ConflictError for another value under its key.
    """
    sources = {benchmark.source for benchmark in benchmarks}
    stored = {
        tuple(getattr(row, name) for name in KEY): row
        for row in session.scalars(select(IndustryBenchmark).where(IndustryBenchmark.source.in_(sources), VALID))
    }
    rows = [
        asdict(replace(benchmark, is_own=True))
        | {"platform": benchmark.platform.value, "denominator": benchmark.denominator}
        for benchmark in benchmarks
    ]  # fmt: skip
    added = [row for row in rows if _key(row) not in stored]
    changed = [row for row in rows if _key(row) in stored and _differs(stored[_key(row)], row)]
    if not dry_run:
        _end(session, [stored[_key(row)].id for row in changed], now)
        _insert(session, [row | {"recorded_at": now} for row in (*added, *changed)])
    return WrittenBenchmarks(
        added=len(added), changed=len(changed), unchanged=len(rows) - len(added) - len(changed)
    )  # fmt: skip


def remove_benchmarks(session: Session, source: str, now: datetime) -> int:
    """Remove the user's benchmarks of this source and return how many. Raises NotFoundError if there is none.

    Reports as of an earlier moment still use them.
    """
    own = IndustryBenchmark.source == source, IndustryBenchmark.is_own, VALID
    ids = list(session.scalars(select(IndustryBenchmark.id).where(*own)))
    if not ids:
        raise NotFoundError(f"No benchmark of yours has the source {source!r}; `sophia benchmarks list` shows them.")
    _end(session, ids, now)
    return len(ids)


def _key(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in KEY)


def _differs(stored: IndustryBenchmark, row: dict[str, object]) -> bool:
    if stored.is_own:
        return any(getattr(stored, name) != row[name] for name in VALUES)
    if stored.value_percent != row["value_percent"]:
        raise ConflictError(SHIPPED.format(source=stored.source))
    return False


def _end(session: Session, ids: Sequence[int], now: datetime) -> None:
    session.execute(
        update(IndustryBenchmark).where(among(IndustryBenchmark.id, ids), VALID).values(replaced_at=now)
    )  # fmt: skip


def _insert(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Insert rows. If two imports write the same key at once, the later value wins."""
    statement = insert_for(session, IndustryBenchmark)
    overwrite = {name: statement.excluded[name] for name in (*VALUES, "recorded_at")}
    if rows:
        session.execute(
            statement.on_conflict_do_update(index_elements=KEY, index_where=VALID, set_=overwrite), list(rows)
        )
