"""Adds and removes annotations. Adding the same annotation twice stores it once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, with_config
from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.figures.requests import VISIBLE, CalendarDay, visible
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
    existing_id = session.scalar(
        select(Annotation.id)
        .filter_by(client_id=client_id, day=annotation.day, text=text, removed_at=None)
        .order_by(Annotation.id)
        .limit(1)
    )
    if existing_id is not None:
        return existing_id, False
    row = Annotation(client_id=client_id, day=annotation.day, text=text, author=author, written_at=now)
    session.add(row)
    session.flush()
    return row.id, True


def remove_annotation(session: Session, client_id: int | None, annotation_id: int, now: datetime) -> None:
    """Hide an annotation from now on. Raises NotFoundError, also for an annotation of another client."""
    row = session.get(Annotation, annotation_id)
    if row is None or row.client_id != client_id or row.removed_at is not None:
        owner = "The portfolio" if client_id is None else f"Client {client_id}"
        raise NotFoundError(f"{owner} has no annotation {annotation_id}.")
    row.removed_at = now
    session.flush()
