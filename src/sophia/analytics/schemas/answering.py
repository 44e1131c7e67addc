"""What the API answers. Moments are RFC 3339 in UTC, numbers are finite, and what is not known is null."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field, FiniteFloat

from sophia.analytics.schemas.asking import RunStatus
from sophia.analytics.schemas.briefs import MovementAnswer
from sophia.analytics.schemas.figures import Answering, FigureAnswer, WindowAnswer
from sophia.analytics.schemas.reports import AnomalyAnswer, BenchmarkSummary, TrendAnswer
from sophia.meta.catalogue import Asked, Counting, Level, MetricClass, ObjectKind, Period, Platform, Source, Unit

Number = int | FiniteFloat


class AccountStatus(StrEnum):
    """Whether an account is collected; a person must connect it again when it needs that."""

    ACTIVE = "active"
    NEEDS_RECONNECT = "needs_reconnect"
    PAUSED = "paused"


class ReadingAnswer(Answering):
    """The value of one series for one day. `created_at` is when it was first stored, `updated_at` when it got its value."""

    id: int
    client_id: int
    account_id: int
    content_draft_id: int | None
    platform: Platform
    level: Level
    metric_name: str
    canonical: str | None
    breakdown: str
    metric_value: Number
    metric_date: date
    is_algorithm_dependent: bool | None
    classification: MetricClass
    period: Period
    unit: Unit | None
    platform_post_id: str | None
    created_at: datetime
    updated_at: datetime


class PointAnswer(Answering):
    """One bucket, `end` excluded. Without a value the reason says why; people have bounds where no value is."""

    start: date
    end: date
    value: Number | None
    days_with_data: int
    accounts_with_data: int
    at_least: Number | None
    at_most: Number | None
    reason: str | None


class GroupAnswer(Answering):
    platform: Platform | None
    account_id: int | None
    accounts: int = Field(description="Accounts that have readings in these days.")
    points: list[PointAnswer]


class SeriesAnswer(Answering):
    """One metric in buckets. Buckets that the days asked for touch are given whole."""

    client_id: int
    canonical: str | None
    metric_names: list[str] = Field(description="The stored names that were read.")
    level: Level
    bucket: Literal["day", "week", "month"]
    group_by: Literal["none", "platform", "account"]
    counting: Counting | None
    unit: Unit | None
    start: date
    end: date
    groups: list[GroupAnswer]
    reason: str | None = None


class ClientStateAnswer(Answering):
    client_id: int
    name: str
    accounts: int
    status: Literal["ok", "stale", "no_data", "needs_reconnect", "no_accounts"]
    latest_metric_date: date | None
    last_success_at: datetime | None
    stale: bool
    readings: int
    action_needed: str | None


class DetailedKpis(Answering):
    """What every client had in the newest closed week, and for how many clients each KPI rose or fell.

    The KPIs are those of the brief; GET /{client_id}/kpis has all of one client.
    """

    week: WindowAnswer
    computed_at: datetime
    kpis: dict[int, dict[str, FigureAnswer]] = Field(description="By client.")
    movements: dict[str, MovementAnswer]


class PortfolioAnswer(Answering):
    """All active clients that the key may see. What is null has its reason in `reasons`."""

    client_count: int
    total_metrics: int
    latest_metric_date: date | None
    detailed_kpis: DetailedKpis | None
    commentary: str | None
    reasons: dict[str, str]
    clients: list[ClientStateAnswer]


class AccountFreshness(Answering):
    account_id: int
    platform: Platform
    name: str
    status: AccountStatus
    latest_metric_date: date | None
    asked_through: date | None
    last_success_at: datetime | None
    stale: bool
    readings: int
    action_needed: str | None


class FreshnessAnswer(Answering):
    latest_metric_date: date | None
    last_success_at: datetime | None
    stale: bool
    accounts: list[AccountFreshness]
    gaps: int = Field(description="Gaps of the last 90 days; GET /gaps lists them.")
    unclassified_metrics: list[str]
    weeks_checked_at: datetime | None = Field(
        description="When the week kept for the trends was last found right; null while trends are computed on the spot."
    )
    judged_through: date | None = Field(
        description="The last day judged for good; before the window's end, anomalies are computed on the spot."
    )


class ClientSummaryAnswer(Answering):
    """What is known of one client in the newest closed week; GET /{client_id}/report says it in full."""

    client_id: int
    window: WindowAnswer
    kpis: dict[str, FigureAnswer]
    trends: dict[str, TrendAnswer]
    anomalies: list[AnomalyAnswer]
    commentary: str
    benchmark: BenchmarkSummary
    freshness: FreshnessAnswer


class RunProblemAnswer(Answering):
    message: str
    family: str | None
    code: int | str | None
    subcode: int | None
    fbtrace_id: str | None
    what_to_do: str | None


class FamilyAnswer(Answering):
    """A family of series in a run: how many answers came, and how it ended.

    *empty*: Meta answered without any value; *none*: so it did, as is usual for a small account. *incomplete*: a list was cut short. *stopped*: a limit or a dead token
    interrupted it.
    """

    answers: int
    ended: Literal["ok", "failed", "empty", "none", "incomplete", "stopped", "not asked", "not permitted"]


class RunAnswer(Answering):
    id: int
    client_id: int
    account_id: int
    platform: Platform
    trigger: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    api_version: str
    calls: int
    calls_counted_by_meta: int
    retries: int
    percent_used: float
    families: dict[str, FamilyAnswer]
    readings_new: int
    readings_changed: int
    readings_same: int
    posts_new: int
    quarantined: int
    problems: list[RunProblemAnswer]
    action_needed: str | None
    resume_at: datetime | None


class GapAnswer(Answering):
    """Days without readings, `end` excluded, and why."""

    client_id: int
    account_id: int
    platform: Platform
    family: str
    metric_names: list[str]
    start: date
    end: date
    days: int
    reason_code: Literal["refused", "retired", "not_asked", "no_value"]
    reason: str


class AccountAnswer(Answering):
    """A connected account. Its token is never shown."""

    id: int
    client_id: int
    client_name: str
    platform: Platform
    name: str
    username: str | None
    external_id: str
    status: AccountStatus
    action_needed: str | None
    warning: str | None
    connected_at: datetime
    has_token: bool
    token_expires_at: datetime | None
    data_access_expires_at: datetime | None
    readings: int
    latest_metric_date: date | None
    asked_through: date | None
    last_success_at: datetime | None
    stale: bool
    last_run: RunAnswer | None


class MetricAnswer(Answering):
    """One row of the catalogue. `live` says whether Meta knows the name today, under the version that is called."""

    platform: Platform
    level: Level
    kinds: list[ObjectKind]
    name: str
    stored_names: list[str]
    canonical: str
    meaning: str
    classification: MetricClass
    is_algorithm_dependent: bool | None
    unit: Unit
    counting: Counting
    source: Source
    periods: list[Period]
    breakdowns: list[str]
    primary: bool
    asked: Asked
    live: bool
    first_version: str
    last_version: str | None
    retired_on: date | None
    successor: str | None
    sure: str
    note: str


class UnclassifiedAnswer(Answering):
    platform: Platform
    level: Level
    metric_name: str
    period: Period
    breakdown: str


class RefusalAnswer(Answering):
    platform: Platform
    object_kind: ObjectKind
    api_version: str
    metric_name: str
    account_id: int | None = Field(description="Null when Meta refuses it for every account.")
    code: int
    subcode: int | None
    reason: str
    since: datetime
    ask_again_at: datetime


class CatalogueAnswer(Answering):
    """Every metric that we know, those that Meta sent and we do not know, and those that Meta refuses."""

    metrics: list[MetricAnswer]
    unclassified: list[UnclassifiedAnswer]
    refusals: list[RefusalAnswer]


class HealthAnswer(Answering):
    status: Literal["ok", "degraded"]
    database: Literal["ok", "unavailable"]
    # `schema` would hide a method of the model.
    schema_: Literal["current", "outdated", "unknown"] = Field(serialization_alias="schema")
    last_success_at: datetime | None
