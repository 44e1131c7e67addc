"""Reads annotations, as they are now or as they were at a past moment."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated

from pydantic import Field
from sqlalchemy import or_, select, true
from sqlalchemy.orm import Session

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.readings.permissions import ClientScope
from sophia.analytics.readings.validity import valid_at
from sophia.database.statements import among
from sophia.meta.reporting_zone import ONE_DAY, DateRange


@dataclass(frozen=True, slots=True)
class AnnotationRecord:
    """What happened on a day. Without a client it concerns the whole portfolio, and every client's report shows it."""

    id: int
    client_id: int | None
    day: date
    text: str
    author: Annotated[
        str | None, Field(description="Null for an annotation of the whole portfolio, unless the key sees all clients.")
    ]
    written_at: datetime


def list_annotations(
    session: Session,
    client_ids: Collection[int] | None,
    *,
    window: DateRange | None = None,
    as_of: datetime | None = None,
) -> list[AnnotationRecord]:
    """Return the annotations of these clients (None for all) and of the portfolio by day, within a window if there is one."""
    row = Annotation
    in_window = true() if window is None else row.day.between(window.start, window.end - ONE_DAY)
    of_clients = true() if client_ids is None else or_(row.client_id.is_(None), among(row.client_id, client_ids))
    rows = session.execute(
        select(row.id, row.client_id, row.day, row.text, row.author, row.written_at)
        .where(of_clients, in_window, valid_at(row.written_at, row.removed_at, as_of))
        .order_by(row.day, row.id)
    )
    return [AnnotationRecord(*columns) for columns in rows]


def visible_annotations(
    allowed_clients: ClientScope, annotations: Iterable[AnnotationRecord]
) -> tuple[AnnotationRecord, ...]:
    """Return the annotations; hide the authors of portfolio annotations from viewers limited to some clients (D3)."""
    return tuple(
        annotation if allowed_clients is None or annotation.client_id is not None else replace(annotation, author=None)
        for annotation in annotations
    )
