"""Requests of the endpoints for documents and notes."""

from typing import Annotated

from pydantic import Field

from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.figures.requests import DateRangeQuery, RequestModel, WindowQuery
from sophia.display.languages import LanguageCode
from sophia.reporting.editions import LONGEST_REASON
from sophia.reporting.notes import LONGEST_NOTE


class DocumentQuery(WindowQuery):
    """The days of a document, its comparison, and its language."""

    compare: Comparison = Field(
        default=Comparison.PREVIOUS, description="With the period before, or with the same days a year before."
    )
    language: LanguageCode | None = Field(default=None, description="Default: the language of the client's reports.")


class NewEdition(DateRangeQuery):
    """The report to keep, by default of the last complete week in the client's language."""

    language: LanguageCode | None = None
    reason: Annotated[
        str,
        Field(max_length=LONGEST_REASON, description="What this edition corrects; empty for the first of its period."),
    ] = ""


class NewNote(RequestModel):
    """The note about a period; an empty text deletes it."""

    text: Annotated[str, Field(max_length=LONGEST_NOTE)]
