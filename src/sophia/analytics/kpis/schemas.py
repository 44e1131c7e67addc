"""What the API answers of reports, and the shapes that they share with briefs. A figure without a value says why it has none."""

from pydantic import Field

from sophia.analytics.figures.figures import Change, DateRange, Figure
from sophia.analytics.figures.schemas import ResponseModel
from sophia.analytics.kpis.summaries import Aggregate
from sophia.meta.catalogue import Level


class WeekPointAnswer(ResponseModel):
    week: DateRange
    figure: Figure
    is_closed: bool


class TrendAnswer(ResponseModel):
    """The newest weeks, oldest first; `falling` and `rising` count the weeks in a row up to the newest closed one."""

    points: list[WeekPointAnswer]
    from_previous: Change
    from_last_year: Change
    falling: int
    rising: int


class SummaryLineAnswer(ResponseModel):
    metric: str
    level: Level
    aggregate: Aggregate
    figure: Figure = Field(description="Of the whole window; `change` compares the days that both windows have.")
    change: Change
