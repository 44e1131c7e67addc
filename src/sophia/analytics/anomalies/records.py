"""What the watch over series is given, what it keeps from one day to the next, and what it finds."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sophia.analytics.figures.estimation import Known
from sophia.meta.catalogue.terms import Platform

Measured = Literal["count", "rate", "signed"]
AnomalyKind = Literal["spike", "drop", "outage", "rise", "fall", "gap"]
EventKind = Literal["spike", "drop", "rise", "fall"]


@dataclass(frozen=True, slots=True)
class SeriesDays:
    """Consecutive days of one series of one client, from `first_day` on, in the reporting zone; None where a reading is
    missing.

    `measured` says what the values are: counts (engagements, reach), positive rates, or numbers that may be negative
    (net follows). `posts` are published on each of the days; None where not known, an empty tuple when nobody knows.
    """

    series: str
    measured: Measured
    first_day: date
    values: tuple[Known, ...]
    posts: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something unusual in one series.

    A spike, drop or outage lasts as long as its days are unusual. A rise or fall is a new level: it is open until the
    series goes back, moves again, or four weeks have made the level usual. A gap lasts while readings are missing.
    `value`, `score` (z), `expected`, `low` and `high` (95 % range) belong to `worst`, its most unusual day.
    """

    series: str
    kind: AnomalyKind
    since: date  # the first unusual day
    noticed: date  # the day whose value told
    until: date | None = None  # the last unusual day; None while open
    worst: date | None = None
    value: Known = None
    score: Known = None
    expected: Known = None
    low: Known = None
    high: Known = None
    provisional: bool = False  # Meta may still restate the day
    event_since: date | None = None  # the portfolio event that explains it


@dataclass(frozen=True, slots=True)
class PortfolioEvent:
    """Days on which most series of a portfolio moved alike, `until` the last of them; None while it goes on.

    A rise or fall is everybody's new level: it goes on until all move again, or four weeks have made the level usual.
    """

    kind: EventKind
    since: date
    until: date | None
    series: int  # how many were judged on the first day, of a new level on the day that told
    alike: int  # how many of them moved that way, of a new level over its days so far
    score: float  # the median z of that day

    @property
    def is_level(self) -> bool:
        return self.kind in ("rise", "fall")


@dataclass(frozen=True, slots=True)
class SeriesState:
    """What must be known of a series to judge its next day: its latest days, oldest first, and what is open.

    `odd` days are not learnt from, `scores` are the z of the days when they were judged, `steps` the days on which the
    level changed, `days_seen` counts readings since the series began.
    """

    series: str
    measured: Measured
    last_day: date
    values: tuple[Known, ...]
    posts: tuple[Known, ...]
    odd: tuple[bool, ...]
    scores: tuple[Known, ...]
    steps: tuple[date, ...] = ()
    days_seen: int = 0
    open: tuple[Anomaly, ...] = ()


@dataclass(frozen=True, slots=True)
class MonitoringState:
    """All series as they stand after `last_day`, the portfolio's days and its new level that still go on."""

    last_day: date
    series: tuple[SeriesState, ...]
    event: PortfolioEvent | None = None
    level: PortfolioEvent | None = None
    together: tuple[Known, ...] = ()  # how far all moved together on the latest days, as z, oldest first


@dataclass(frozen=True, slots=True)
class MonitoringResult:
    """What is new or still open, oldest first, and the state that judges the next days."""

    anomalies: tuple[Anomaly, ...]
    events: tuple[PortfolioEvent, ...]
    state: MonitoringState


@dataclass(frozen=True, slots=True)
class SeriesAnomaly:
    """Something unusual in the daily values of one account; `metric` is canonical."""

    account_id: int
    platform: Platform
    metric: str
    anomaly: Anomaly
