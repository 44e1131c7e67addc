"""What the API answers of reports, and the shapes that they share with briefs. A figure without a value says why it has none."""

from typing import Annotated

from pydantic import AfterValidator, Field, FiniteFloat

from sophia.analytics.figures.requests import VISIBLE, CalendarDay, RequestModel, visible
from sophia.analytics.figures.schemas import FigureAnswer, ResponseModel, WindowAnswer
from sophia.analytics.goals.progress import GoalKind, Standing


class GoalAnswer(ResponseModel):
    """A goal and how it stands; its days' end is excluded. `base` is where a level stood at their start."""

    name: str
    kpi: str
    kind: GoalKind
    target: FiniteFloat
    at_most: bool
    window: WindowAnswer
    base: int | None
    current: FigureAnswer
    done: FigureAnswer
    pace: FigureAnswer
    projected: FigureAnswer
    standing: Standing


GoalName = Annotated[
    str,
    AfterValidator(visible),
    Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f/]+$", description="Your own; without a slash."),
]


class NewGoalBody(RequestModel):
    """What a KPI is to come to in some days, both included; a rate may have to stay at or below its target."""

    kpi: Annotated[str, Field(min_length=1, max_length=60, pattern=VISIBLE)] = Field(
        description="A KPI, or `followers`."
    )
    target: Annotated[FiniteFloat, Field(strict=True)]
    start_date: CalendarDay
    end_date: CalendarDay
    at_most: bool = False
