"""Requests and responses of the endpoints for anomalies and portfolio events."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from sophia.analytics.annotations.queries import AnnotationRecord
from sophia.analytics.anomalies.records import StoredAnomaly, StoredPortfolioEvent
from sophia.analytics.anomalies.shared_events import SharedEvent
from sophia.analytics.figures.requests import DateRangeQuery
from sophia.analytics.figures.sentences import Sentence
from sophia.meta.reporting_zone import DateRange


class AnomaliesQuery(DateRangeQuery):
    """Days that an anomaly touches; by default the last 90. With `open` only open anomalies, whenever they began."""

    open: bool = False


@dataclass(frozen=True, slots=True)
class AnomalyLine:
    """An anomaly and its sentence; the sentence's references lead into `anomaly`."""

    anomaly: StoredAnomaly
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class ClientAnomalies:
    """A client's anomalies, newest first. `judged_through` is the last final day: Meta may restate the two after it."""

    client_id: int
    window: DateRange | None
    judged_through: date | None
    anomalies: tuple[AnomalyLine, ...]
    annotations: Annotated[tuple[AnnotationRecord, ...], Field(description="Of the days of the window.")]


@dataclass(frozen=True, slots=True)
class PortfolioEvents:
    """The portfolio's events, newest first, and the annotations of its days."""

    window: DateRange | None
    events: tuple[SharedEvent[StoredPortfolioEvent], ...]
    annotations: tuple[AnnotationRecord, ...]
