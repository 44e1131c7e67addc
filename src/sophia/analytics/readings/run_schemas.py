"""What the API answers. Moments are RFC 3339 in UTC, numbers are finite, and what is not known is null."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from sophia.analytics.figures.requests import RunStatus
from sophia.analytics.figures.schemas import ResponseModel
from sophia.meta.catalogue.canonical import Counting, MetricClass, Unit
from sophia.meta.catalogue.terms import Asked, Level, ObjectKind, Period, Platform, Source


class AccountStatus(StrEnum):
    """Whether an account is collected; a person must connect it again when it needs that."""

    ACTIVE = "active"
    NEEDS_RECONNECT = "needs_reconnect"
    PAUSED = "paused"


class RunProblemAnswer(ResponseModel):
    message: str
    family: str | None
    code: int | str | None
    subcode: int | None
    fbtrace_id: str | None
    what_to_do: str | None


class FamilyAnswer(ResponseModel):
    """A family of series in a run: how many answers came, and how it ended.

    *empty*: Meta answered without any value; *none*: so it did, as is usual for a small account. *incomplete*: a list was cut short. *stopped*: a limit or a dead token
    interrupted it.
    """

    answers: int
    ended: Literal["ok", "failed", "empty", "none", "incomplete", "stopped", "not asked", "not permitted"]


class RunAnswer(ResponseModel):
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


class GapAnswer(ResponseModel):
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


class AccountAnswer(ResponseModel):
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


class MetricAnswer(ResponseModel):
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


class UnclassifiedAnswer(ResponseModel):
    platform: Platform
    level: Level
    metric_name: str
    period: Period
    breakdown: str


class RefusalAnswer(ResponseModel):
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


class CatalogueAnswer(ResponseModel):
    """Every metric that we know, those that Meta sent and we do not know, and those that Meta refuses."""

    metrics: list[MetricAnswer]
    unclassified: list[UnclassifiedAnswer]
    refusals: list[RefusalAnswer]


class HealthAnswer(ResponseModel):
    status: Literal["ok", "degraded"]
    database: Literal["ok", "unavailable"]
    # `schema` would hide a method of the model.
    schema_: Literal["current", "outdated", "unknown"] = Field(serialization_alias="schema")
    last_success_at: datetime | None
