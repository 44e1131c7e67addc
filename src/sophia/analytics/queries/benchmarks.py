"""The benchmarks that figures can be compared with."""

from collections.abc import Collection

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from sophia.analytics.measures.benchmarks import EVERYBODY, Benchmark
from sophia.analytics.models import IndustryBenchmark
from sophia.meta.catalogue import Platform


def list_benchmarks(
    session: Session,
    *,
    industries: Collection[str] | None = None,
    platform: Platform | None = None,
    metric: str | None = None,
    limit: int | None = None,
) -> list[Benchmark]:
    """By industry, platform, metric and year, the newest first; only of what is given. Case does not matter."""
    row = IndustryBenchmark
    found = session.scalars(
        select(row)
        .where(
            true() if industries is None else func.lower(row.industry).in_({one.casefold() for one in industries}),
            true() if platform is None else row.platform == platform.value,
            true() if metric is None else row.metric == metric,
        )
        .order_by(row.industry, row.platform, row.metric, row.data_year.desc(), row.source, row.statistic)
        .limit(limit)
    )
    return [_benchmark(one) for one in found]


def benchmarks_for(session: Session, industry: str | None) -> list[Benchmark]:
    """Those of an industry, and those of all industries together; one query."""
    return list_benchmarks(session, industries={EVERYBODY, *([] if industry is None else [industry])})


def benchmark_industries(session: Session) -> list[str]:
    """The industries of which somebody published a number, by name."""
    return list(
        session.scalars(
            select(IndustryBenchmark.industry)
            .where(IndustryBenchmark.industry != EVERYBODY)
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
