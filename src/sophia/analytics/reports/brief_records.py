"""What a brief says of the portfolio and of each client in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sophia.analytics.annotations.queries import Note
from sophia.analytics.anomalies.records import EventKind, SeriesAnomaly
from sophia.analytics.anomalies.shared_events import SharedEvent
from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.figures.figures import Change, Coverage, Figure
from sophia.analytics.figures.sentences import Sentence
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.readings.account_states import ClientState
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange


class ClientStatus(StrEnum):
    """How a client stands, the worst first."""

    CORAL = "coral"
    AMBER = "amber"
    SAGE = "sage"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a client needs somebody; `weight` ranks reasons among each other. References lead into the client's brief."""

    code: str
    level: ClientStatus
    weight: float
    sentence: Sentence

    @property
    def text(self) -> str:
        return self.sentence.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBrief:
    """One client in brief. `collection` is how its collection stands, None in a brief of
    the past, for that is known of today only; `falling` counts weeks in a row by KPI, and `fallen` says by how many percent
    a row of three or more fell together.
    """

    client_id: int
    name: str
    state: ClientStatus
    collection: ClientState | None
    coverage: Coverage
    kpis: Mapping[str, Figure]
    changes: Mapping[str, Change]
    drivers: Mapping[str, DriverSplit]
    anomalies: tuple[SeriesAnomaly, ...]
    falling: Mapping[str, int]
    fallen: Mapping[str, float | None]
    weekly_views: tuple[float | None, ...]
    goals: tuple[ReportedGoal, ...]
    annotations: tuple[Note, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def need(self) -> float:
        return sum(reason.weight for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Together:
    """How a portfolio event shows in one metric on one platform."""

    platform: Platform
    metric: str
    kind: EventKind
    since: date
    until: date | None
    series: int
    alike: int


@dataclass(frozen=True, slots=True)
class ResponseMove:
    """A client whose posts people answered more, or less, than before, so surely that among all clients it is no chance."""

    client_id: int
    name: str
    platform: Platform
    percent: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The portfolio in brief: clients by need. `counts` has a number for every state, and `clients` for all.

    `events` are what most of the portfolio did, and no reason for any client alone.
    """

    window: DateRange
    before: DateRange
    as_of: datetime
    counts: Mapping[str, int]
    clients: tuple[ClientBrief, ...]
    events: tuple[SharedEvent[Together], ...]
    moved: tuple[ResponseMove, ...]
    annotations: tuple[Note, ...]
    commentary: tuple[Sentence, ...] = ()
