"""What people tell of a client: costs, goals and annotations, as they are sent and as they are answered."""

from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from sophia.analytics.figures.requests import VISIBLE, CalendarDay, DateRangeQuery, RequestModel, visible
from sophia.analytics.figures.schemas import (
    ResponseModel,
)

Text = Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=1000, pattern=VISIBLE)]


class NewAnnotation(RequestModel):
    """What somebody knows of a day that numbers do not tell."""

    day: CalendarDay
    text: Text


class NotesQuery(DateRangeQuery):
    """Annotations of these days; of all days without them."""


class NoteAnswer(ResponseModel):
    """What somebody knows of a day; without a client it concerns the whole portfolio, and every client's report shows it."""

    id: int
    client_id: int | None
    day: date
    text: str
    author: str | None = Field(
        description="Null where it concerns the whole portfolio and the key does not see all clients."
    )
    written_at: datetime
