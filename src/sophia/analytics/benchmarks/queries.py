"""The benchmarks that figures can be compared with."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from sophia.analytics.benchmarks.comparison import EVERYBODY, Benchmark
from sophia.analytics.benchmarks.models import IndustryBenchmark
from sophia.analytics.figures.cursors import kept_text, read_cursor, row_number, write_cursor
from sophia.meta.catalogue.terms import Platform


def list_benchmarks(
    session: Session,
    *,
    industries: Collection[str] | None = None,
    platform: Platform | None = None,
    metric: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    as_of: datetime | None = None,
) -> list[Benchmark]:
    """By industry, platform, metric and year, the newest first; only of what is given. Case does not matter.

    They are those that hold, or that held at `as_of`; those that came with Sophia have always held.

    `cursor` continues a list. Raises InvalidInputError when it is not one of `benchmark_cursor`.
    """
    row = IndustryBenchmark
    place = tuple_(row.industry, row.platform, row.metric, -row.data_year, row.source, row.statistic)
    rows = session.scalars(
        select(row)
        .where(
            _held(as_of),
            true() if industries is None else func.lower(row.industry).in_({one.casefold() for one in industries}),
            true() if platform is None else row.platform == platform.value,
            true() if metric is None else row.metric == metric,
            true() if cursor is None else place > tuple_(*_read_place(cursor)),
        )
        .order_by(*place)
        .limit(limit)
    )
    return [_benchmark(one) for one in rows]


def _held(as_of: datetime | None) -> ColumnElement[bool]:
    row = IndustryBenchmark
    if as_of is None:
        return row.replaced_at.is_(None)
    begun = or_(row.recorded_at.is_(None), row.recorded_at <= as_of)
    return and_(begun, or_(row.replaced_at.is_(None), row.replaced_at > as_of))


def benchmark_cursor(last: Benchmark) -> str:
    """Where a list goes on behind this one."""
    return write_cursor(last.industry, last.platform.value, last.metric, last.data_year, last.source, last.statistic)


def _read_place(cursor: str) -> tuple[str | int, ...]:
    text = kept_text
    industry, platform, metric, year, source, statistic = read_cursor(cursor, text, text, text, row_number, text, text)
    return industry, platform, metric, -year, source, statistic


def benchmarks_for(session: Session, industry: str | None, *, as_of: datetime | None = None) -> list[Benchmark]:
    """Those of an industry, and those of all industries together; one query."""
    return list_benchmarks(session, industries={EVERYBODY, *([] if industry is None else [industry])}, as_of=as_of)


def benchmark_industries(session: Session) -> list[str]:
    """The industries of which somebody published a number, by name."""
    return list(
        session.scalars(
            select(IndustryBenchmark.industry)
            .where(IndustryBenchmark.industry != EVERYBODY, _held(None))
            .distinct()
            .order_by(IndustryBenchmark.industry)
        )
    )


def _benchmark(row: IndustryBenchmark) -> Benchmark:
    return Benchmark(
        industry=row.industry,
        platform=Platform(row.platform),
        metric=row.metric,
        denominator=row.denominator,
        statistic=row.statistic,
        value_percent=row.value_percent,
        data_year=row.data_year,
        sample_size=row.sample_size,
        source=row.source,
        provenance=row.provenance,
        is_own=row.is_own,
    )
