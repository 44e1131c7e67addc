"""Reads the published benchmarks."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from sophia.analytics.benchmarks.comparison import ALL_INDUSTRIES, Benchmark
from sophia.analytics.benchmarks.models import IndustryBenchmark
from sophia.analytics.figures.cursors import printable_text, read_cursor, row_number, write_cursor
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
    """Return the benchmarks valid now or at `as_of`, by industry, platform, metric and year, the newest first.

    Industries match in upper and lower case. `cursor` continues a list; raises InvalidInputError if `benchmark_cursor` did
    not write it.
    """
    table = IndustryBenchmark
    sort_key = tuple_(table.industry, table.platform, table.metric, -table.data_year, table.source, table.statistic)
    names = {industry.casefold() for industry in industries or ()}
    rows = session.scalars(
        select(table)
        .where(
            _valid(as_of),
            true() if industries is None else func.lower(table.industry).in_(names),
            true() if platform is None else table.platform == platform.value,
            true() if metric is None else table.metric == metric,
            true() if cursor is None else sort_key > tuple_(*_read_cursor(cursor)),
        )
        .order_by(*sort_key)
        .limit(limit)
    )
    columns = [field.name for field in fields(Benchmark) if field.name != "platform"]
    return [
        Benchmark(platform=Platform(row.platform), **{name: getattr(row, name) for name in columns}) for row in rows
    ]  # fmt: skip


def _valid(as_of: datetime | None) -> ColumnElement[bool]:
    table = IndustryBenchmark
    if as_of is None:
        return table.replaced_at.is_(None)
    return and_(
        or_(table.recorded_at.is_(None), table.recorded_at <= as_of),
        or_(table.replaced_at.is_(None), table.replaced_at > as_of),
    )


def benchmark_cursor(last: Benchmark) -> str:
    """Return the cursor that continues a list after this benchmark."""
    return write_cursor(last.industry, last.platform.value, last.metric, last.data_year, last.source, last.statistic)


def _read_cursor(cursor: str) -> tuple[str | int, ...]:
    text = printable_text
    industry, platform, metric, year, source, statistic = read_cursor(cursor, text, text, text, row_number, text, text)
    return industry, platform, metric, -year, source, statistic


def benchmarks_for(session: Session, industry: str | None, *, as_of: datetime | None = None) -> list[Benchmark]:
    """Return the benchmarks of an industry, and those of all industries together; one query."""
    return list_benchmarks(session, industries={ALL_INDUSTRIES, *([] if industry is None else [industry])}, as_of=as_of)


def benchmark_industries(session: Session) -> list[str]:
    """Return the industries that have a published benchmark, by name."""
    return list(
        session.scalars(
            select(IndustryBenchmark.industry)
            .where(IndustryBenchmark.industry != ALL_INDUSTRIES, _valid(None))
            .distinct()
            .order_by(IndustryBenchmark.industry)
        )
    )
