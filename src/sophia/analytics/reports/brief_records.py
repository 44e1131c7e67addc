"""The brief of the portfolio and of each client in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, computed_field

from sophia.analytics.annotations.queries import AnnotationRecord
from sophia.analytics.anomalies.records import MetricEvent, SeriesAnomaly
from sophia.analytics.anomalies.shared_events import SharedEvent
from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.figures.figures import Change, Coverage, Figure
from sophia.analytics.figures.sentences import Sentence
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.kpis.format_averages import BestFormat
from sophia.analytics.readings.account_states import ClientState
from sophia.analytics.reports.records import TopPost
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange


class ClientStatus(StrEnum):
    """A client's status, worst first: coral is critical, amber is watch, sage is on track."""

    CORAL = "coral"
    AMBER = "amber"
    SAGE = "sage"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a client needs attention; `weight` ranks reasons. The sentence's references lead into the client's brief."""

    code: str
    level: ClientStatus
    weight: Annotated[float, Field(exclude=True)]
    sentence: Sentence

    @computed_field  # type: ignore[prop-decorator]
    @property
    def text(self) -> str:
        return self.sentence.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBrief:
    """One client: coral is critical, amber is watch, sage is on track."""

    client_id: int
    name: str
    state: ClientStatus
    collection: Annotated[ClientState | None, Field(description="Null with `as_of`, since it describes today only.")]
    coverage: Coverage
    kpis: Mapping[str, Figure]
    changes: Mapping[str, Change]
    platform_rates: Annotated[
        Mapping[str, Change],
        Field(
            description="The engagement rate by reach by platform, of a client with several, at the age of `changes`."
        ),
    ]
    drivers: Mapping[str, DriverSplit]
    anomalies: tuple[SeriesAnomaly, ...]
    falling: Annotated[Mapping[str, int], Field(description="The number of consecutive weeks in which a KPI fell.")]
    fallen: Annotated[
        Mapping[str, float | None],
        Field(description="The change in percent over a streak of three or more falling weeks."),
    ]
    fallen_alone: Annotated[
        Mapping[str, float | None],
        Field(description="`fallen` beyond the median of the other clients in the same weeks, where that fell too."),
    ]
    weekly_views: Annotated[tuple[float | None, ...], Field(description="Of the newest stored complete weeks.")]
    goals: Annotated[
        tuple[ReportedGoal, ...],
        Field(description="Goals whose days touch the window, with their progress at its end."),
    ]
    annotations: tuple[AnnotationRecord, ...]
    best_post: Annotated[TopPost | None, Field(description="The post of the window with the most engagements.")]
    best_format: Annotated[
        BestFormat | None, Field(description="Null if fewer than two formats have two posts with a rate.")
    ]
    reasons: tuple[Reason, ...] = ()

    @property
    def need(self) -> float:
        return sum(reason.weight for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class ResponseMove:
    """A client whose audience's response changed by more than chance explains among all clients."""

    client_id: int
    name: str
    platform: Platform
    percent: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """All visible clients, those that need the most attention first. `counts` has a number for each status and `clients`.

    `events` are movements of most of the portfolio, and no reason for any single client.
    """

    window: DateRange
    before: DateRange
    as_of: datetime
    complete_at: Annotated[datetime, Field(description="When the last day of the window ends in Meta's Pacific time.")]
    counts: Mapping[str, int]
    clients: tuple[ClientBrief, ...]
    events: tuple[SharedEvent[MetricEvent], ...]
    moved: Annotated[
        tuple[ResponseMove, ...], Field(description="Only changes that chance does not explain among all clients.")
    ]
    annotations: Annotated[tuple[AnnotationRecord, ...], Field(description="Of the whole portfolio.")]
    commentary: tuple[Sentence, ...] = ()
