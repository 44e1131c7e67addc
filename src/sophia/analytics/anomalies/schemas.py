"""What the watch over daily series has told: anomalies of a client, and events of the portfolio."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, FiniteFloat

from sophia.analytics.annotations.schemas import NoteAnswer
from sophia.analytics.figures.figures import DateRange
from sophia.analytics.figures.requests import DateRangeQuery
from sophia.analytics.figures.schemas import ResponseModel
from sophia.analytics.figures.sentences import Sentence
from sophia.meta.catalogue import Platform


class AnomaliesQuery(DateRangeQuery):
    """Days that an anomaly touches; without them the last 90. With `open` only what has not ended, whenever it began."""

    open: bool = False


class StoredAnomalyResponse(ResponseModel):
    """Something unusual in the daily values of one account, as it was told last.

    `value`, `score` (z), `expected`, `low` and `high` (95 % range) belong to `worst`, its most unusual day. It is open
    while `until` is null. `withdrawn_at`: Meta restated its day, or it turned out to belong to another anomaly.
    """

    id: int
    account_id: int
    platform: Platform
    metric: str
    kind: Literal["spike", "drop", "outage", "rise", "fall", "gap"]
    since: date
    noticed: date
    until: date | None
    worst: date | None
    value: FiniteFloat | None
    score: FiniteFloat | None
    expected: FiniteFloat | None
    low: FiniteFloat | None
    high: FiniteFloat | None
    provisional: bool
    event_since: date | None = Field(description="The first day of the portfolio event that explains it.")
    first_told_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None


class AnomalyLine(ResponseModel):
    """An anomaly and how it is said; the references of the sentence lead into `anomaly`."""

    anomaly: StoredAnomalyResponse
    sentence: Sentence


class AnomaliesAnswer(ResponseModel):
    """Newest first. `judged_through` is the last day that is judged for good: the two after it may be restated."""

    client_id: int
    window: DateRange | None
    judged_through: date | None
    anomalies: list[AnomalyLine]
    annotations: list[NoteAnswer] = Field(description="Of the days of the window.")


class StoredPortfolioEventResponse(ResponseModel):
    """A portfolio event as one metric on one platform shows it."""

    id: int
    platform: Platform
    metric: str
    kind: Literal["spike", "drop", "rise", "fall"]
    since: date
    until: date | None
    series: int
    alike: int
    score: FiniteFloat = Field(description="The median z of the accounts on the first day.")
    first_told_at: datetime
    changed_at: datetime
    withdrawn_at: datetime | None


class SharedEventResponse(ResponseModel):
    """Days on which most accounts moved alike: one event, and no news of any client alone. Counts are over all parts."""

    kind: Literal["spike", "drop", "rise", "fall"]
    since: date
    until: date | None
    series: int
    alike: int
    parts: list[StoredPortfolioEventResponse]


class EventsAnswer(ResponseModel):
    """Newest first, with what was written down of the portfolio's days."""

    window: DateRange | None
    events: list[SharedEventResponse]
    annotations: list[NoteAnswer]


class AnomalyDetailsAnswer(ResponseModel):
    kind: Literal["spike", "drop", "outage", "rise", "fall", "gap"]
    since: date
    noticed: date
    until: date | None
    worst: date | None
    value: FiniteFloat | None
    score: FiniteFloat | None
    expected: FiniteFloat | None
    low: FiniteFloat | None
    high: FiniteFloat | None
    provisional: bool


class AnomalyAnswer(ResponseModel):
    account_id: int
    platform: Platform
    metric: str
    anomaly: AnomalyDetailsAnswer
