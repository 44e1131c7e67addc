"""Anomalies, portfolio events, and the days and states of series from which they are detected."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from sophia.meta.catalogue.terms import Platform

Measured = Literal["count", "rate", "signed"]
AnomalyKind = Literal["spike", "drop", "outage", "rise", "fall", "gap"]
EventKind = Literal["spike", "drop", "rise", "fall"]


@dataclass(frozen=True, slots=True)
class SeriesDays:
    """Consecutive days of one series of one client from `first_day` on, in the reporting zone; None for a missing reading.

    `measured` tells the type of the values: counts (engagements, reach), positive rates, or numbers that may be negative
    (net follows). `posts` counts the posts published on each day: None for a day without a count, an empty tuple if no
    day has one. `expected_days` are days that nothing is learned from and that are no anomaly, such as public holidays.
    """

    series: str
    measured: Measured
    first_day: date
    values: tuple[float | None, ...]
    posts: tuple[float | None, ...] = ()
    expected_days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Unusual days in one series.

    A spike, drop or outage lasts as long as its days are unusual. A rise or fall is a new level: it is open until the
    series returns, moves again, or has kept the level for four weeks. A gap lasts while readings are missing.
    `value`, `score` (z), `expected`, `low` and `high` (95 % range) belong to `worst`, its most unusual day.
    """

    series: Annotated[str, Field(exclude=True)]
    kind: AnomalyKind
    since: Annotated[date, Field(description="The first unusual day.")]
    noticed: Annotated[date, Field(description="The day whose value revealed it.")]
    until: Annotated[date | None, Field(description="The last unusual day; null while it is open.")] = None
    worst: date | None = None
    value: float | None = None
    score: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    provisional: Annotated[bool, Field(description="Meta may still restate the day.")] = False
    event_since: Annotated[date | None, Field(description="The first day of the portfolio event that explains it.")] = (
        None
    )


def series_name(account_id: int, metric: str) -> str:
    """Return the name under which the detector knows the daily values of an account."""
    return f"{account_id} {metric}"


@dataclass(frozen=True, slots=True)
class SeriesAnomaly:
    """An anomaly in the daily values of one account; `metric` is canonical."""

    account_id: int
    platform: Platform
    metric: str
    anomaly: Anomaly


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnomaly(Anomaly):
    """An anomaly in the daily values of one account, in its newest stored version.

    `withdrawn_at` is set when Meta restated its day, or when it turned out to belong to another anomaly.
    """

    id: int
    account_id: int
    platform: Platform
    metric: str
    first_told_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class CommonMovement:
    """Days on which most series of a portfolio moved alike, `until` the last of them; None while they continue.

    A rise or fall is a new level of the portfolio: it is open until all series move again, or have kept it for four
    weeks. `series` counts those judged on the first day (of a new level on the day that revealed it), `alike` those of
    them that moved this way.
    """

    kind: EventKind
    since: date
    until: date | None
    series: int
    alike: int

    @property
    def is_level(self) -> bool:
        return self.kind in ("rise", "fall")


@dataclass(frozen=True, slots=True)
class PortfolioEvent(CommonMovement):
    """A common movement in one metric on one platform."""

    score: Annotated[float, Field(description="The median z of the accounts on the first day.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricEvent(PortfolioEvent):
    """A portfolio event with its platform and its canonical metric."""

    platform: Platform
    metric: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPortfolioEvent(MetricEvent):
    """A portfolio event in its newest stored version."""

    id: int
    first_told_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeriesState:
    """What judging the next day of a series needs: its latest days, oldest first, and its open anomalies.

    The model does not learn from `unusual` days. `scores` are the z of the days when they were judged, `without_step`
    those if the latest step had not happened, `steps` the days on which the level changed. `days_seen` counts the readings since the series began.
    """

    series: str
    measured: Measured
    last_day: date
    values: tuple[float | None, ...]
    posts: tuple[float | None, ...]
    unusual: tuple[bool, ...]
    scores: tuple[float | None, ...]
    without_step: tuple[float | None, ...] = ()
    steps: tuple[date, ...] = ()
    days_seen: int = 0
    open: tuple[Anomaly, ...] = ()


@dataclass(frozen=True, slots=True)
class MonitoringState:
    """All series after `last_day`, and the portfolio's open event and open level.

    `together` holds the common z of all series on the latest days, oldest first.
    """

    last_day: date
    series: tuple[SeriesState, ...]
    event: PortfolioEvent | None = None
    level: PortfolioEvent | None = None
    together: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class MonitoringResult:
    """Anomalies and events that are new or still open, oldest first, and the state with which the next days are judged."""

    anomalies: tuple[Anomaly, ...]
    events: tuple[PortfolioEvent, ...]
    state: MonitoringState
