"""Writes down what somebody knows of a day; the same again adds nothing, and what is taken back is kept for the past."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.annotations.models import Annotation
from sophia.errors import InvalidInputError, NotFoundError

LONGEST_ANNOTATION = 1000


def annotate(
    session: Session, client_id: int | None, day: date, text: str, author: str, now: datetime
) -> tuple[int, bool]:
    """(number, whether it is new); without a client it concerns the whole portfolio. Raises InvalidInputError."""
    text = " ".join(text.split())
    if not text or not text.isprintable() or len(text) > LONGEST_ANNOTATION:
        raise InvalidInputError(f"Say what happened, in 1 to {LONGEST_ANNOTATION:,} characters that can be read.")
    known = session.scalar(
        select(Annotation.id)
        .filter_by(client_id=client_id, day=day, text=text, removed_at=None)
        .order_by(Annotation.id)
        .limit(1)
    )
    if known is not None:
        return known, False
    row = Annotation(client_id=client_id, day=day, text=text, author=author, written_at=now)
    session.add(row)
    session.flush()
    return row.id, True


def remove_annotation(session: Session, client_id: int | None, annotation_id: int, now: datetime) -> None:
    """From now on nobody sees it but in reports of the past. Raises NotFoundError, also for one of somebody else."""
    row = session.get(Annotation, annotation_id)
    if row is None or row.client_id != client_id or row.removed_at is not None:
        whose = "The portfolio" if client_id is None else f"Client {client_id}"
        raise NotFoundError(f"{whose} has no annotation {annotation_id}.")
    row.removed_at = now
    session.flush()
