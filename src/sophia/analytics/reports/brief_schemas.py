"""What the API answers of the whole portfolio in brief, and of weeks of KPIs that were kept."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat

from sophia.analytics.annotations.schemas import NoteAnswer
from sophia.analytics.anomalies.schemas import AnomalyAnswer
from sophia.analytics.drivers.schemas import DriversAnswer
from sophia.analytics.figures.figures import Change, Coverage, DateRange, Figure
from sophia.analytics.figures.requests import Id, RequestModel
from sophia.analytics.figures.schemas import Ends, ResponseModel
from sophia.analytics.figures.sentences import Sentence
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.kpis.schemas import TrendAnswer
from sophia.analytics.kpis.trends import MOST_WEEKS
from sophia.analytics.reports.brief_records import ClientStatus
from sophia.meta.catalogue import Platform


class WeeksQuery(RequestModel):
    """How many of the newest closed weeks, and of which account if not of the whole client."""

    weeks: Annotated[int, Field(ge=1, le=MOST_WEEKS)] = 12
    account_id: Id | None = None


class WeekKpisAnswer(ResponseModel):
    """The KPIs of one closed week, as they were last computed; `checked_at` is when they were last found right."""

    week: DateRange
    kpis: dict[str, Figure]
    algo_dependent_summary: dict[str, Figure]
    algo_independent_summary: dict[str, Figure]
    computed_at: datetime
    checked_at: datetime


class WeeksAnswer(ResponseModel):
    """The newest closed weeks, oldest first, those that were never computed left out, and the trend of every KPI."""

    client_id: int
    account_id: int | None
    weeks: list[WeekKpisAnswer]
    trends: dict[str, TrendAnswer]
    annotations: list[NoteAnswer] = Field(description="Of the days of these weeks.")


class ReasonAnswer(ResponseModel):
    """Why a client needs somebody; the references of its sentence lead into the client's part of the brief."""

    code: str
    level: ClientStatus
    text: str
    sentence: Sentence


class CollectionAnswer(ResponseModel):
    status: Literal["ok", "stale", "no_data", "needs_reconnect", "no_accounts"]
    accounts: int
    latest_metric_date: date | None
    action_needed: str | None


class ClientBriefAnswer(ResponseModel):
    """One client: sage is well, amber wants a look, coral needs somebody now."""

    client_id: int
    name: str
    state: ClientStatus
    reasons: list[ReasonAnswer]
    collection: CollectionAnswer | None = Field(description="Null with `as_of`: it is known of today only.")
    coverage: Coverage
    kpis: dict[str, Figure]
    changes: dict[str, Change]
    drivers: dict[str, DriversAnswer]
    anomalies: list[AnomalyAnswer]
    falling: dict[str, int]
    fallen: dict[str, FiniteFloat | None] = Field(
        description="By how many percent a row of three or more weeks fell together."
    )
    weekly_views: list[FiniteFloat | None] = Field(description="Of the newest closed weeks that were kept.")
    goals: list[ReportedGoal] = Field(description="Those whose days touch the window, as they stood at its end.")
    annotations: list[NoteAnswer]


class EventPartAnswer(ResponseModel):
    platform: Platform
    metric: str
    kind: Literal["spike", "drop", "rise", "fall"]
    since: date
    until: date | None
    series: int
    alike: int


class EventAnswer(ResponseModel):
    """What most of the portfolio did: `alike` of the `series` that were judged moved that way, over all parts."""

    kind: Literal["spike", "drop", "rise", "fall"]
    since: date
    until: date | None
    series: int
    alike: int
    parts: list[EventPartAnswer]


class MoveAnswer(ResponseModel):
    """A client whose posts people answered more or less than before, and by how many percent."""

    client_id: int
    name: str
    platform: Platform
    percent: FiniteFloat
    interval: Ends


class BriefAnswer(ResponseModel):
    """Every client that may be seen, those first who need somebody most."""

    window: DateRange
    before: DateRange
    as_of: datetime
    counts: dict[str, int]
    clients: list[ClientBriefAnswer]
    events: list[EventAnswer]
    moved: list[MoveAnswer] = Field(description="Only whom chance does not explain among all clients.")
    annotations: list[NoteAnswer] = Field(description="Of the whole portfolio.")
    commentary: list[Sentence]


class MovementAnswer(ResponseModel):
    """For how many clients a KPI rose and fell from the week before, of those for which both weeks are known."""

    up: int
    down: int
    clients: int
