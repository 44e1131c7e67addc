"""Writes benchmarks of one's own; the same file twice changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sophia.analytics.measures.benchmarks import Benchmark
from sophia.analytics.models import IndustryBenchmark
from sophia.errors import NotFoundError

KEY = ("industry", "platform", "metric", "statistic", "source", "data_year")


@dataclass(frozen=True, slots=True)
class BenchmarksWritten:
    """How many benchmarks were new, how many took the place of another value, and how many were there already."""

    added: int
    changed: int
    unchanged: int


def write_benchmarks(session: Session, given: Sequence[Benchmark], *, dry_run: bool = False) -> BenchmarksWritten:
    """Keep these as one's own, in the place of those with the same key, shipped ones too. With `dry_run` only count."""
    known = {
        tuple(getattr(row, name) for name in KEY): _document(row)
        for row in session.scalars(
            select(IndustryBenchmark).where(IndustryBenchmark.source.in_({one.source for one in given}))
        )
    }
    rows = [asdict(replace(one, is_own=True)) | {"platform": one.platform.value} for one in given]
    added = [row for row in rows if _key(row) not in known]
    changed = [row for row in rows if _key(row) in known and known[_key(row)] != row]
    if not dry_run:
        _upsert(session, [*added, *changed])
    return BenchmarksWritten(len(added), len(changed), len(rows) - len(added) - len(changed))


def remove_benchmarks(session: Session, source: str) -> int:
    """Take away one's own benchmarks of this source; returns how many. Raises NotFoundError when there is none."""
    found = list(
        session.scalars(
            select(IndustryBenchmark.id).where(IndustryBenchmark.source == source, IndustryBenchmark.is_own)
        )
    )
    if not found:
        raise NotFoundError(f"No benchmark of yours has the source {source!r}; `sophia benchmarks list` shows them.")
    session.execute(delete(IndustryBenchmark).where(IndustryBenchmark.source == source, IndustryBenchmark.is_own))
    return len(found)


def _key(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in KEY)


def _document(row: IndustryBenchmark) -> dict[str, object]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns if column.name != "id"}


def _upsert(session: Session, rows: Iterable[dict[str, object]]) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(IndustryBenchmark)
    names = [column.name for column in IndustryBenchmark.__table__.columns if column.name not in ("id", *KEY)]
    overwrite = {name: statement.excluded[name] for name in names}
    listed = list(rows)
    if listed:
        session.execute(statement.on_conflict_do_update(index_elements=KEY, set_=overwrite), listed)
