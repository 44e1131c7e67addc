"""What others reach, as somebody published it or as the portfolio shows it: only like is compared with like."""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sophia.analytics.figures.figures import Figure, FigureUnit, missing
from sophia.analytics.figures.statistics import quantile
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import Platform

EVERYBODY = "all"
OLD_AFTER_MONTHS = 18
ENOUGH_CLIENTS = 8
FOLLOWERS_RATE = "engagement_rate_by_followers"
# The KPIs that can be compared, and what each is divided by.
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

NO_BENCHMARK = "Nobody has published this for the platform, the metric and what it is divided by."
OF_ZERO = "The benchmark is 0, so there is no percentage of it."
TOO_FEW_CLIENTS = f"Fewer than {ENOUGH_CLIENTS} clients have this figure; more would be needed to hide each of them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One published number, in percent, with everything that decides whether it may be compared."""

    industry: str
    platform: Platform
    metric: str
    denominator: str
    statistic: str
    value_percent: Decimal
    data_year: int
    sample_size: int | None
    source: str
    provenance: str
    # Somebody here brought it, in a file; the others came with Sophia.
    is_own: bool = False


_RIVAL_IQ = "Rival IQ, Social Media Industry Benchmark Report 2025"
_SECOND_HAND = (
    "Median engagement per post by followers, 2,100 companies in all industries together, data of 2024. Taken from a "
    "secondary extract of the report; five of its Instagram cells were confirmed elsewhere. What cannot be seen from "
    "outside an account, such as saves, is not in it."
)
# Industry, Facebook, Instagram.
_RIVAL_IQ_ROWS = (
    (EVERYBODY, "0.046", "0.36"),
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
                denominator="followers",
                statistic="median",
                value_percent=Decimal(value),
                data_year=2024,
                sample_size=2_100 if industry == EVERYBODY else None,
                source=_RIVAL_IQ,
                provenance=_SECOND_HAND,
            )
    for platform, value in ((Platform.INSTAGRAM, "0.48"), (Platform.FACEBOOK, "0.15")):
        yield Benchmark(
            industry=EVERYBODY,
            platform=platform,
            metric=FOLLOWERS_RATE,
            denominator="followers",
            statistic="not stated",
            value_percent=Decimal(value),
            data_year=2025,
            sample_size=70_000_000,
            source=_SOCIALINSIDER,
            provenance=_BY_FOLLOWERS,
        )


SEED: tuple[Benchmark, ...] = tuple(_seed())

SHIPPED = (
    "{source!r} came with Sophia, with another value for this industry, platform, metric, statistic and year; give your "
    "number a source of its own."
)


def benchmark_key(benchmark: Benchmark) -> tuple[str, Platform, str, str, str, int]:
    """What makes a benchmark one."""
    return (
        benchmark.industry.casefold(),
        benchmark.platform,
        benchmark.metric,
        benchmark.statistic,
        benchmark.source,
        benchmark.data_year,
    )


_SHIPPED_VALUES: Mapping[tuple[str, Platform, str, str, str, int], Decimal] = {
    benchmark_key(one): one.value_percent for one in SEED
}


def is_old(benchmark: Benchmark, today: date) -> bool:
    """Whether more than 18 months have passed since the end of the year that the data describe."""
    return 12 * (today.year - benchmark.data_year - 1) + today.month - 1 >= OLD_AFTER_MONTHS


@dataclass(frozen=True, slots=True)
class Comparison:
    """A client's figure against one benchmark: how many points apart, and how many percent of the benchmark."""

    benchmark: Benchmark | None
    own: Figure
    points: Figure
    percent: Figure
    is_old: bool
    same_industry: bool


def matching(
    benchmarks: Iterable[Benchmark], platform: Platform, metric: str, industry: str | None
) -> tuple[Benchmark, ...]:
    """The benchmarks of this platform and KPI with the KPI's own denominator: of the industry, else of everybody (G9).

    Those of one's own come first, then the newest data.
    """
    alike = [
        benchmark
        for benchmark in benchmarks
        if benchmark.platform is platform
        and benchmark.metric == metric
        and benchmark.denominator == DENOMINATORS.get(metric)
    ]
    named = [one for one in alike if industry is not None and one.industry.casefold() == industry.casefold()]
    chosen = named or [one for one in alike if one.industry == EVERYBODY]
    return tuple(sorted(chosen, key=lambda one: (not one.is_own, -one.data_year, one.source, one.statistic)))


def compare(
    own: Figure,
    benchmarks: Iterable[Benchmark],
    platform: Platform,
    metric: str,
    industry: str | None,
    today: date,
) -> tuple[Comparison, ...]:
    """The figure against every benchmark that is like it; one comparison with a reason where there is none."""
    found = matching(benchmarks, platform, metric, industry)
    points, share = FigureUnit.PERCENTAGE_POINTS, FigureUnit.PERCENT
    if not found:
        return (
            Comparison(None, own, missing(points, NO_BENCHMARK), missing(share, NO_BENCHMARK), False, False),
        )  # fmt: skip
    return tuple(_compared(own, one, industry, today) for one in found)


def _compared(own: Figure, benchmark: Benchmark, industry: str | None, today: date) -> Comparison:
    unit, share, base = FigureUnit.PERCENTAGE_POINTS, FigureUnit.PERCENT, float(benchmark.value_percent)
    if own.value is None:
        points, relative = (missing(one, own.reason or NO_BENCHMARK) for one in (unit, share))
    else:
        apart = float(own.value) - base
        points = Figure(value=apart, unit=unit)
        relative = Figure(value=100 * apart / base, unit=share) if base else missing(share, OF_ZERO)
    same = industry is not None and benchmark.industry.casefold() == industry.casefold()
    return Comparison(benchmark, own, points, relative, is_old(benchmark, today), same)


@dataclass(frozen=True, slots=True)
class PortfolioQuantiles:
    """The quarters of the portfolio's own clients, which are not named; `n` clients have the figure."""

    n: int
    lower: Figure
    middle: Figure
    upper: Figure


def portfolio_quantiles(figures: Mapping[int, Figure], unit: FigureUnit) -> PortfolioQuantiles:
    """Of one KPI on one platform, by client; None with a reason for fewer than eight clients.

    Each quarter is the mean of three neighbouring places, so that no client's own number stands there.
    """
    values = [float(figure.value) for figure in figures.values() if figure.value is not None and figure.unit is unit]
    n = len(values)
    if n < ENOUGH_CLIENTS:
        none = missing(unit, TOO_FEW_CLIENTS, n=n)
        return PortfolioQuantiles(n, none, none, none)
    lower, middle, upper = (Figure(value=_blurred(values, share), unit=unit, n=n) for share in (0.25, 0.5, 0.75))
    return PortfolioQuantiles(n, lower, middle, upper)


def _blurred(values: list[float], share: float) -> float:
    step = 1 / (len(values) - 1)
    near = [quantile(values, share + places * step) for places in (-1, 0, 1)]
    return math.fsum(value for value in near if value is not None) / len(near)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that could not be taken, and why."""

    line: int
    problem: str


REQUIRED = ("industry", "platform", "metric", "statistic", "value_percent", "data_year", "source", "provenance")


def parse_benchmarks(text: str, *, newest_year: int = _YEARS[-1]) -> tuple[tuple[Benchmark, ...], tuple[BadLine, ...]]:
    """Benchmarks of one's own, from CSV with a line of names; bad lines are set aside with their numbers.

    Columns: industry, platform, metric, statistic, value_percent, data_year, source, provenance, and if known
    sample_size and denominator; no `data_year` is later than the newest. Separated by commas or semicolons; industries are kept in small letters. Raises InvalidInputError when columns are missing.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
    try:
        names = {(name or "").strip().casefold() for name in rows.fieldnames or ()}
        lacking = [name for name in REQUIRED if name not in names]
        if lacking:
            raise InvalidInputError(f"The first line of the file must name its columns; it lacks {', '.join(lacking)}.")
        return _parsed(rows, range(_YEARS.start, newest_year + 1))
    except csv.Error as error:
        raise InvalidInputError(f"Line {rows.line_num} of the file is no CSV: {error}.") from error


def _parsed(rows: "csv.DictReader[str]", years: range) -> tuple[tuple[Benchmark, ...], tuple[BadLine, ...]]:
    good: dict[tuple[str, Platform, str, str, str, int], Benchmark] = {}
    bad = []
    for row in rows:
        try:
            one = _benchmark(_cells(row), years)
        except InvalidInputError as problem:
            bad.append(BadLine(rows.line_num, str(problem)))
            continue
        key = benchmark_key(one)
        if _SHIPPED_VALUES.get(key, one.value_percent) != one.value_percent:
            bad.append(BadLine(rows.line_num, SHIPPED.format(source=one.source)))
        elif key in good:
            bad.append(BadLine(rows.line_num, "the same benchmark stands in an earlier line."))
        else:
            good[key] = one
    return tuple(good.values()), tuple(bad)


def _cells(row: Mapping[str | None, Any]) -> dict[str, str]:
    if None in row:
        raise InvalidInputError("it has more cells than the first line names.")
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
        raise InvalidInputError(f"{metric} is divided by {DENOMINATORS[metric]}; another number is not like it.")
    if cells["statistic"] not in STATISTICS:
        raise InvalidInputError(f"statistic must be one of {', '.join(STATISTICS)}.")
    platform = cells["platform"].casefold()
    if platform not in {one.value for one in Platform}:
        raise InvalidInputError("platform must be facebook or instagram.")
    return Benchmark(
        industry=cells["industry"],
        platform=Platform(platform),
        metric=metric,
        denominator=DENOMINATORS[metric],
        statistic=cells["statistic"],
        value_percent=_percent(cells["value_percent"]),
        data_year=_whole("data_year", cells["data_year"], years),
        sample_size=_whole("sample_size", cells["sample_size"], range(1, 10**12)) if cells.get("sample_size") else None,
        source=cells["source"],
        provenance=cells["provenance"],
        is_own=True,
    )


def _percent(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise InvalidInputError(
            f"value_percent must be a number with up to 4 decimals, such as 0.36, not {text[:20]!r}."
        )
    value = Decimal(text)
    if value > 100:  # noqa: PLR2004
        raise InvalidInputError(f"value_percent must not exceed 100, and {text[:20]} does.")
    return value


def _whole(name: str, text: str, allowed: range) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) in allowed):  # noqa: PLR2004
        raise InvalidInputError(f"{name} must be a whole number from {allowed.start} to {allowed.stop - 1}.")
    return int(text)
