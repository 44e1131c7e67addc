"""Compares figures with published benchmarks and with the portfolio: only the same KPI, platform, numerator and denominator."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import numpy as np
from pydantic import Field, PlainSerializer, computed_field

from sophia.analytics.benchmarks.numerators import parse_numerator
from sophia.analytics.figures.figures import Figure, FigureUnit, missing
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import Platform

ALL_INDUSTRIES = "all"
OLD_AFTER_MONTHS = 18
ENOUGH_CLIENTS = 8
FOLLOWERS_RATE = "engagement_rate_by_followers"
# {KPI that can be compared: its denominator}.
DENOMINATORS: Mapping[str, str] = {
    "engagement_rate_by_reach": "reach",
    FOLLOWERS_RATE: "followers",
    "engagement_rate_by_views": "views",
    "save_rate": "reach",
    "share_rate": "reach",
    "amplification_rate": "followers",
    "audience_growth": "followers",
    "click_through_rate": "views",
    "conversion_rate": "clicks",
}
STATISTICS = ("median", "mean", "top quarter", "not stated")
_YEARS = range(2004, 2100)
# As many decimals as the store keeps.
_NUMBER = re.compile(r"[0-9]{1,3}(\.[0-9]{1,4})?")
_LONGEST = {"industry": 60, "statistic": 20, "source": 200}

NO_BENCHMARK = "There is no published benchmark for this platform, metric and denominator."
OF_ZERO = "The benchmark is 0, so there is no percentage of it."
TOO_FEW_CLIENTS = f"Fewer than {ENOUGH_CLIENTS} clients have this figure; with so few, a reader could identify one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One published number in percent, with everything that decides what it can be compared with."""

    industry: str
    platform: Platform
    metric: str
    numerator: Annotated[str, Field(description="What it counts, such as likes+comments; or not stated.")]
    statistic: str
    value_percent: Annotated[Decimal, PlainSerializer(float, return_type=int | float)]
    data_year: int
    sample_size: int | None
    source: str
    provenance: str
    is_own: Annotated[bool, Field(description="Imported by a user; the others are shipped with Sophia.")] = False

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def denominator(self) -> str:
        return DENOMINATORS[self.metric]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedBenchmark(Benchmark):
    """A benchmark as it is listed."""

    is_old: Annotated[bool, Field(description="More than 18 months have passed since the end of the year of its data.")]


_RIVAL_IQ = "Rival IQ, Social Media Industry Benchmark Report 2025"
# Both studies see accounts from outside: reactions, comments and shares on Facebook, likes and comments on Instagram.
_VISIBLE: Mapping[Platform, str] = {Platform.FACEBOOK: "likes+comments+shares", Platform.INSTAGRAM: "likes+comments"}
_SECOND_HAND = (
    "Median engagement per post by followers, 2,100 companies in all industries together, data of 2024. Taken from a "
    "secondary extract of the report; five of its Instagram cells were confirmed elsewhere. What cannot be seen from "
    "outside an account, such as saves, is not in it."
)
# Industry, Facebook, Instagram.
_RIVAL_IQ_ROWS = (
    (ALL_INDUSTRIES, "0.046", "0.36"),
    ("higher education", "0.126", "2.10"),
    ("sports teams", "0.23", "1.30"),
    ("influencers", "0.095", "0.576"),
    ("nonprofits", "0.046", "0.561"),
    ("media", "0.019", "0.443"),
    ("food & beverage", "0.032", "0.40"),
    ("alcohol", "0.069", "0.368"),
    ("travel", "0.061", "0.341"),
    ("tech & software", "0.021", "0.327"),
    ("financial services", "0.040", "0.261"),
    ("retail", "0.024", "0.16"),
    ("fashion", "0.018", "0.147"),
    ("health & beauty", "0.017", "0.144"),
    ("home decor", "0.023", "0.136"),
)
_SOCIALINSIDER = "Socialinsider, Social Media Benchmarks 2026"
_BY_FOLLOWERS = (
    "Engagement by followers, 70 million posts on all platforms of the study together, data of 2025. Whether it is a "
    "mean or a median is not known here."
)


def _seed() -> Iterable[Benchmark]:
    for industry, *values in _RIVAL_IQ_ROWS:
        for platform, value in zip((Platform.FACEBOOK, Platform.INSTAGRAM), values, strict=True):
            yield Benchmark(
                industry=industry,
                platform=platform,
                metric=FOLLOWERS_RATE,
                numerator=_VISIBLE[platform],
                statistic="median",
                value_percent=Decimal(value),
                data_year=2024,
                sample_size=2_100 if industry == ALL_INDUSTRIES else None,
                source=_RIVAL_IQ,
                provenance=_SECOND_HAND,
            )
    for platform, value in ((Platform.INSTAGRAM, "0.48"), (Platform.FACEBOOK, "0.15")):
        yield Benchmark(
            industry=ALL_INDUSTRIES,
            platform=platform,
            metric=FOLLOWERS_RATE,
            numerator=_VISIBLE[platform],
            statistic="not stated",
            value_percent=Decimal(value),
            data_year=2025,
            sample_size=70_000_000,
            source=_SOCIALINSIDER,
            provenance=_BY_FOLLOWERS,
        )


SEED: tuple[Benchmark, ...] = tuple(_seed())

SHIPPED = (
    "{source!r} is shipped with Sophia with another value for this industry, platform, metric, statistic and year; give "
    "your number a source of its own."
)


BenchmarkKey = tuple[str, Platform, str, str, str, int]


def benchmark_key(benchmark: Benchmark) -> BenchmarkKey:
    """Return the values that identify a benchmark."""
    return (
        benchmark.industry.casefold(),
        benchmark.platform,
        benchmark.metric,
        benchmark.statistic,
        benchmark.source,
        benchmark.data_year,
    )


_SHIPPED_VALUES: Mapping[BenchmarkKey, Decimal] = {
    benchmark_key(benchmark): benchmark.value_percent for benchmark in SEED
}  # fmt: skip


def is_old(benchmark: Benchmark, today: date) -> bool:
    """Return whether more than 18 months have passed since the end of the year of the data."""
    return 12 * (today.year - benchmark.data_year - 1) + today.month - 1 >= OLD_AFTER_MONTHS


@dataclass(frozen=True, slots=True)
class Comparison:
    """A client's figure against one benchmark: the difference in percentage points, and in percent of the benchmark.

    `own` counts the interactions of the benchmark's numerator, so it may be lower than the KPI of the same name.
    """

    benchmark: Benchmark | None
    own: Figure
    points: Figure
    percent: Figure
    is_old: bool
    same_industry: bool


def matching_benchmarks(
    benchmarks: Iterable[Benchmark], platform: Platform, metric: str, industry: str | None
) -> tuple[Benchmark, ...]:
    """Return the benchmarks of this platform and KPI: those of the industry, or else those of all industries (G9).

    Benchmarks of a user come first, then the newest data.
    """
    comparable = [
        benchmark for benchmark in benchmarks if benchmark.platform is platform and benchmark.metric == metric
    ]
    matches = [benchmark for benchmark in comparable if _is_of(benchmark, industry)]
    matches = matches or [benchmark for benchmark in comparable if benchmark.industry == ALL_INDUSTRIES]
    return tuple(sorted(matches, key=lambda match: (not match.is_own, -match.data_year, match.source, match.statistic)))


def _is_of(benchmark: Benchmark, industry: str | None) -> bool:
    return industry is not None and benchmark.industry.casefold() == industry.casefold()


def compare(
    own_like: Callable[[Benchmark | None], Figure],
    benchmarks: Iterable[Benchmark],
    platform: Platform,
    metric: str,
    industry: str | None,
    today: date,
) -> tuple[Comparison, ...]:
    """Compare with every matching benchmark; without one, return one comparison with the reason.

    `own_like` returns the client's figure that counts what the benchmark counts, or its KPI without a benchmark.
    """
    matches = matching_benchmarks(benchmarks, platform, metric, industry)
    if not matches:
        points, share = (missing(unit, NO_BENCHMARK) for unit in (FigureUnit.PERCENTAGE_POINTS, FigureUnit.PERCENT))
        return (Comparison(None, own_like(None), points, share, is_old=False, same_industry=False),)
    return tuple(_compare(own_like(benchmark), benchmark, industry, today) for benchmark in matches)


def _compare(own: Figure, benchmark: Benchmark, industry: str | None, today: date) -> Comparison:
    base = float(benchmark.value_percent)
    if own.value is None:
        reason = own.reason or NO_BENCHMARK
        points, share = (missing(unit, reason) for unit in (FigureUnit.PERCENTAGE_POINTS, FigureUnit.PERCENT))
    else:
        difference = float(own.value) - base
        points = Figure(value=difference, unit=FigureUnit.PERCENTAGE_POINTS, small_base=own.small_base)
        share = missing(FigureUnit.PERCENT, OF_ZERO)
        if base:
            share = Figure(value=100 * difference / base, unit=FigureUnit.PERCENT, small_base=own.small_base)
    return Comparison(benchmark, own, points, share, is_old(benchmark, today), _is_of(benchmark, industry))


@dataclass(frozen=True, slots=True)
class PortfolioQuantiles:
    """The 25th percentile, median and 75th percentile of the portfolio's clients; `n` clients have the figure."""

    n: int
    lower: Figure
    middle: Figure
    upper: Figure


def portfolio_quantiles(figures: Mapping[int, Figure], unit: FigureUnit) -> PortfolioQuantiles:
    """Return the quantiles of one KPI on one platform, from {client: figure}; missing for fewer than eight clients.

    Each quantile is the mean of three neighbouring ranks, so that it never shows the number of one client.
    """
    values = [float(figure.value) for figure in figures.values() if figure.value is not None and figure.unit is unit]
    n = len(values)
    if n < ENOUGH_CLIENTS:
        return missing_quantiles(unit, TOO_FEW_CLIENTS, n)
    lower, middle, upper = (
        Figure(value=float(np.mean(np.quantile(values, np.array([-1, 0, 1]) / (n - 1) + share))), unit=unit, n=n)
        for share in (0.25, 0.5, 0.75)
    )
    return PortfolioQuantiles(n, lower, middle, upper)


def missing_quantiles(unit: FigureUnit, reason: str, n: int = 0) -> PortfolioQuantiles:
    """Return quantiles without values, for the reason."""
    quantile = missing(unit, reason, n=n)
    return PortfolioQuantiles(n, quantile, quantile, quantile)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that cannot be imported, and why."""

    line: int
    problem: str


REQUIRED = ("industry", "platform", "metric", "statistic", "value_percent", "data_year", "source", "provenance")


def parse_benchmarks(text: str, *, newest_year: int = _YEARS[-1]) -> tuple[tuple[Benchmark, ...], tuple[BadLine, ...]]:
    """Return the benchmarks of a CSV file with a header line, and its bad lines with their numbers.

    The required columns are those of REQUIRED; numerator, denominator and sample_size are optional. The separator is a comma or a
    semicolon. Industries become lower case. Raises InvalidInputError if a column is missing.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
    try:
        names = {(name or "").strip().casefold() for name in rows.fieldnames or ()}
        absent = [name for name in REQUIRED if name not in names]
        if absent:
            raise InvalidInputError(f"The first line of the file must name its columns; it lacks {', '.join(absent)}.")
        return _parse_rows(rows, range(_YEARS.start, newest_year + 1))
    except csv.Error as error:
        raise InvalidInputError(f"Line {rows.line_num} of the file is no CSV: {error}.") from error


def _parse_rows(
    rows: "csv.DictReader[str]", years: range
) -> tuple[tuple[Benchmark, ...], tuple[BadLine, ...]]:  # fmt: skip
    benchmarks: dict[BenchmarkKey, Benchmark] = {}
    bad_lines = []
    for row in rows:
        try:
            benchmark = _benchmark(_cells(row), years)
        except InvalidInputError as problem:
            bad_lines.append(BadLine(rows.line_num, str(problem)))
            continue
        key = benchmark_key(benchmark)
        if _SHIPPED_VALUES.get(key, benchmark.value_percent) != benchmark.value_percent:
            bad_lines.append(BadLine(rows.line_num, SHIPPED.format(source=benchmark.source)))
        elif key in benchmarks:
            bad_lines.append(BadLine(rows.line_num, "an earlier line has the same benchmark."))
        else:
            benchmarks[key] = benchmark
    return tuple(benchmarks.values()), tuple(bad_lines)


def _cells(row: Mapping[str | None, Any]) -> dict[str, str]:
    if None in row:
        raise InvalidInputError("it has more cells than the first line has names.")
    return {(name or "").strip().casefold(): (cell or "").strip() for name, cell in row.items()}


def _benchmark(cells: Mapping[str, str], years: range) -> Benchmark:
    cells = {**cells, "industry": " ".join(cells.get("industry", "").casefold().split())}
    empty = [name for name in REQUIRED if not cells.get(name)]
    if empty:
        raise InvalidInputError(f"{', '.join(empty)} must not be empty.")
    unreadable = [name for name, cell in cells.items() if not cell.isprintable()]
    if unreadable:
        raise InvalidInputError(f"{unreadable[0][:60] or 'a cell'} holds a character that cannot be shown.")
    for name, longest in _LONGEST.items():
        if len(cells[name]) > longest:
            raise InvalidInputError(f"{name} has more than {longest} characters.")
    metric = cells["metric"]
    if metric not in DENOMINATORS:
        raise InvalidInputError(f"{metric[:60]!r} cannot be compared; choose one of {', '.join(DENOMINATORS)}.")
    if cells.get("denominator") not in (None, "", DENOMINATORS[metric]):
        raise InvalidInputError(
            f"{metric} is divided by {DENOMINATORS[metric]}; a number with another denominator cannot be compared with it."
        )
    if cells["statistic"] not in STATISTICS:
        raise InvalidInputError(f"statistic must be one of {', '.join(STATISTICS)}.")
    platform = cells["platform"].casefold()
    if platform not in set(Platform):
        raise InvalidInputError("platform must be facebook or instagram.")
    return Benchmark(
        industry=cells["industry"],
        platform=Platform(platform),
        metric=metric,
        numerator=parse_numerator(metric, cells.get("numerator", "")),
        statistic=cells["statistic"],
        value_percent=_percent(cells["value_percent"]),
        data_year=_integer("data_year", cells["data_year"], years),
        sample_size=_integer("sample_size", cells["sample_size"], range(1, 10**12))
        if cells.get("sample_size")
        else None,
        source=cells["source"],
        provenance=cells["provenance"],
        is_own=True,
    )


def _percent(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise InvalidInputError(
            f"value_percent must be a number with at most 4 decimals, such as 0.36, not {text[:20]!r}."
        )
    value = Decimal(text)
    if value > 100:  # noqa: PLR2004
        raise InvalidInputError(f"value_percent must not exceed 100; {text[:20]} does.")
    return value


def _integer(name: str, text: str, allowed: range) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) in allowed):  # noqa: PLR2004
        raise InvalidInputError(f"{name} must be a whole number from {allowed.start} to {allowed.stop - 1}.")
    return int(text)
