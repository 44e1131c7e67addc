"""Benchmarks as they are brought and listed, and a client's figures beside them."""

from typing import Annotated

from pydantic import Field

from sophia.analytics.figures.figures import DateRange, Figure
from sophia.analytics.figures.requests import VISIBLE, Limit, RequestModel
from sophia.analytics.figures.schemas import Quantity, ResponseModel
from sophia.meta.catalogue import Platform

Industry = Annotated[str, Field(min_length=1, max_length=60, pattern=VISIBLE)]


class BenchmarksQuery(RequestModel):
    industry: Industry | None = None
    platform: Platform | None = None
    metric: Annotated[str, Field(max_length=60, pattern=VISIBLE)] | None = None
    limit: Limit = 500
    cursor: Annotated[str, Field(max_length=2000, description="From the Link header.")] | None = None


class BenchmarkAnswer(ResponseModel):
    industry: str
    platform: Platform
    metric: str
    denominator: str
    statistic: str
    value_percent: Quantity
    data_year: int
    sample_size: int | None
    source: str
    provenance: str
    is_own: bool = Field(description="Brought by somebody here; the others came with Sophia.")


class ListedBenchmark(BenchmarkAnswer):
    is_old: bool = Field(description="More than 18 months have passed since the end of the year that it describes.")


class BenchmarksGiven(RequestModel):
    """A CSV file as text, with a line of names."""

    csv: Annotated[str, Field(min_length=1)]
    dry_run: bool = Field(default=False, description="Say what would be kept, and keep nothing.")


class BadLineAnswer(ResponseModel):
    line: int
    problem: str


class BenchmarksWrittenAnswer(ResponseModel):
    """`changed` took the place of another value of one's own with the same key. Bad lines are set aside, the others kept: what
    cannot be read, and another value for a number that came with Sophia.
    """

    added: int
    changed: int
    unchanged: int
    bad: list[BadLineAnswer]
    dry_run: bool


class ComparisonAnswer(ResponseModel):
    benchmark: BenchmarkAnswer | None
    own: Figure
    points: Figure
    percent: Figure
    is_old: bool
    same_industry: bool


class QuantilesAnswer(ResponseModel):
    n: int
    lower: Figure
    middle: Figure
    upper: Figure


class PeersAnswer(ResponseModel):
    platform: Platform
    kpi: str
    own: Figure
    portfolio: QuantilesAnswer


class ClientComparisonAnswer(ResponseModel):
    """The client's KPIs beside published numbers that are like them, and the portfolio's quarters without names."""

    client_id: int
    industry: str | None
    window: DateRange
    published: list[ComparisonAnswer]
    portfolio: list[PeersAnswer]


class IndustryGiven(RequestModel):
    industry: Industry | None = Field(description="As benchmarks name it; null for none.")


class IndustryAnswer(ResponseModel):
    """Whether anybody published a number for this industry; without one the client is compared with all industries."""

    industry: str | None
    has_benchmarks: bool
    known: list[str]
