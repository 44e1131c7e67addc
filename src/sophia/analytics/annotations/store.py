"""Adds and removes annotations. Adding the same annotation twice stores it once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, with_config
from sqlalchemy.orm import Session

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.figures.requests import VISIBLE, CalendarDay, visible
from sophia.analytics.readings.validity import add_once, remove_row
from sophia.errors import InvalidInputError, NotFoundError

LONGEST_ANNOTATION = 1000


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True)
class NewAnnotation:
    """What happened on a day, such as a holiday or an outage."""

    day: CalendarDay
    text: Annotated[str, AfterValidator(visible), Field(min_length=1, max_length=LONGEST_ANNOTATION, pattern=VISIBLE)]


def add_annotation(
    session: Session, client_id: int | None, annotation: NewAnnotation, author: str, now: datetime
) -> tuple[int, bool]:
    """Return (id, whether it is new). Without a client it concerns the whole portfolio. Raises InvalidInputError."""
    text = " ".join(annotation.text.split())
    if not text or not text.isprintable() or len(text) > LONGEST_ANNOTATION:
        raise InvalidInputError(f"Write what happened, in 1 to {LONGEST_ANNOTATION:,} printable characters.")
    values = {"client_id": client_id, "day": annotation.day, "text": text}
    return add_once(session, Annotation, values, author=author, written_at=now)


def remove_annotation(session: Session, client_id: int | None, annotation_id: int, now: datetime) -> None:
    """Hide an annotation from now on. Raises NotFoundError, also for an annotation of another client."""
    if not remove_row(session, Annotation, annotation_id, client_id, now):
        owner = "The portfolio" if client_id is None else f"Client {client_id}"
        raise NotFoundError(f"{owner} has no annotation {annotation_id}.")
