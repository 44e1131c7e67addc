"""Requests of the endpoints for documents, their settings and notes."""

from typing import Annotated

from pydantic import Field

from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.figures.requests import DateRangeQuery, RequestModel, WindowQuery
from sophia.display.languages import LanguageCode
from sophia.reporting.editions import LONGEST_REASON
from sophia.reporting.notes import LONGEST_NOTE
from sophia.reporting.settings import LONGEST_NAME, MOST_LOGO_BYTES

Line = Annotated[str, Field(max_length=LONGEST_NAME)]
# Base64 needs four characters for three bytes.
LONGEST_LOGO = 4 * (MOST_LOGO_BYTES // 3 + 1)


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


class NewReportSettings(RequestModel):
    """How reports look. A null field inherits: that of a client from the agency, that of the agency from Sophia."""

    name: Line | None = Field(default=None, description="The name at the top of documents.")
    colour: Annotated[str, Field(max_length=7)] | None = Field(
        default=None, description="Like #1f5fbf, and dark enough to be read on paper."
    )
    sender: Line | None = Field(default=None, description="Who prepared the report, and the sender of its mails.")
    language: LanguageCode | None = None
    sections: list[str] | None = Field(default=None, description="The parts of a report, in any order.")
    logo_base64: Annotated[str, Field(max_length=LONGEST_LOGO)] | None = Field(
        default=None, description="A PNG or JPEG in Base64; null keeps the stored logo, an empty text removes it."
    )
