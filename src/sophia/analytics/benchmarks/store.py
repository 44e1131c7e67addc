"""Writes benchmarks of one's own; the same file twice changes nothing, and what one said before is kept."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sophia.analytics.benchmarks.comparison import SHIPPED, Benchmark
from sophia.analytics.benchmarks.models import IndustryBenchmark
from sophia.database import among, insert_for
from sophia.errors import ConflictError, NotFoundError

KEY = ("industry", "platform", "metric", "statistic", "source", "data_year")
VALUES = ("denominator", "value_percent", "sample_size", "provenance")
HELD = IndustryBenchmark.replaced_at.is_(None)


@dataclass(frozen=True, slots=True)
class BenchmarksWritten:
    """How many benchmarks were new, how many took the place of another value, and how many were there already."""

    added: int
    changed: int
    unchanged: int


def write_benchmarks(
    session: Session, given: Sequence[Benchmark], now: datetime, *, dry_run: bool = False
) -> BenchmarksWritten:
    """Keep these as one's own, in the place of one's own with the same key. With `dry_run` only count.

    A number that came with Sophia is known already. Raises ConflictError for another value under its key.
    """
    known = {
        tuple(getattr(row, name) for name in KEY): row
        for row in session.scalars(
            select(IndustryBenchmark).where(IndustryBenchmark.source.in_({one.source for one in given}), HELD)
        )
    }
    rows = [asdict(replace(one, is_own=True)) | {"platform": one.platform.value} for one in given]
    added = [row for row in rows if _key(row) not in known]
    changed = [row for row in rows if _key(row) in known and _says_otherwise(known[_key(row)], row)]
    if not dry_run:
        _end(session, [known[_key(row)].id for row in changed], now)
        _insert(session, [row | {"recorded_at": now} for row in (*added, *changed)])
    return BenchmarksWritten(len(added), len(changed), len(rows) - len(added) - len(changed))


def remove_benchmarks(session: Session, source: str, now: datetime) -> int:
    """Take away one's own benchmarks of this source; returns how many. Raises NotFoundError when there is none.

    Reports as of an earlier moment still know them.
    """
    found = list(
        session.scalars(
            select(IndustryBenchmark.id).where(IndustryBenchmark.source == source, IndustryBenchmark.is_own, HELD)
        )
    )
    if not found:
        raise NotFoundError(f"No benchmark of yours has the source {source!r}; `sophia benchmarks list` shows them.")
    _end(session, found, now)
    return len(found)


def _key(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in KEY)


def _says_otherwise(known: IndustryBenchmark, row: dict[str, object]) -> bool:
    if known.is_own:
        return any(getattr(known, name) != row[name] for name in VALUES)
    if known.value_percent != row["value_percent"]:
        raise ConflictError(SHIPPED.format(source=known.source))
    return False


def _end(session: Session, numbers: Sequence[int], now: datetime) -> None:
    session.execute(
        update(IndustryBenchmark).where(among(IndustryBenchmark.id, numbers), HELD).values(replaced_at=now)
    )  # fmt: skip


def _insert(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Of two who bring the same at once the later one is right."""
    statement = insert_for(session, IndustryBenchmark)
    overwrite = {name: statement.excluded[name] for name in (*VALUES, "recorded_at")}
    if rows:
        session.execute(
            statement.on_conflict_do_update(index_elements=KEY, index_where=HELD, set_=overwrite), list(rows)
        )
