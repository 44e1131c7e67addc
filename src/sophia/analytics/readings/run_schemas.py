"""Answers of the API about accounts, runs and the catalogue. Moments are RFC 3339 in UTC, unknown values are null."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from sophia.analytics.figures.schemas import ResponseModel
from sophia.analytics.readings.account_states import UnknownMetric
from sophia.analytics.readings.refusals import RecordedRefusal
from sophia.analytics.readings.runs import RunRecord
from sophia.meta.catalogue.canonical import Counting, MetricClass, Unit
from sophia.meta.catalogue.terms import Asked, Level, ObjectKind, Period, Platform, Source


class AccountStatus(StrEnum):
    """Whether an account is collected, or a person must connect it again."""

    ACTIVE = "active"
    NEEDS_RECONNECT = "needs_reconnect"
    PAUSED = "paused"


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
    last_run: RunRecord | None


class MetricAnswer(ResponseModel):
    """One row of the catalogue. `live`: Meta knows the name today, in the version that Sophia calls."""

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


class CatalogueAnswer(ResponseModel):
    """Every metric that Sophia knows, those that Meta sent and Sophia does not know, and those that Meta refuses."""

    metrics: list[MetricAnswer]
    unclassified: list[UnknownMetric]
    refusals: list[RecordedRefusal]


class HealthAnswer(ResponseModel):
    status: Literal["ok", "degraded"]
    database: Literal["ok", "unavailable"]
    # The name `schema` would hide a method of the model.
    schema_: Literal["current", "outdated", "unknown"] = Field(serialization_alias="schema")
    last_success_at: datetime | None
