"""Records what people did on the way to a sale; the same request twice changes nothing (J5)."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sophia.analytics.models import ConversionEvent
from sophia.errors import ConflictError, NotFoundError
from sophia.portfolio.models import ContentDraft

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Conversion:
    """Something that a person did. Revenue is in whole cents of `currency`; both or neither are given."""

    event_type: str
    source: str
    event_date: date
    details: dict[str, Any] | None
    revenue_amount: Decimal | None
    currency: str | None
    content_draft_id: int | None

    @property
    def sha256(self) -> str:
        """The same for two conversions that say the same, in whatever order and with however many zeros."""
        content = asdict(self)
        if self.revenue_amount is not None:
            content["revenue_amount"] = self.revenue_amount.quantize(CENT)
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Recorded:
    """The number of a conversion, and whether it had been recorded before."""

    id: int
    duplicate: bool


def record_conversion(
    session: Session, client_id: int, conversion: Conversion, idempotency_key: str, now: datetime
) -> Recorded:
    """Record a conversion once per key.

    Raises ConflictError when the key was used for something else, NotFoundError when the draft is not one of this
    client (D4).
    """
    known = _under_key(session, client_id, conversion, idempotency_key)
    if known is not None:
        return known
    _expect_draft(session, client_id, conversion.content_draft_id)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # Another process may write the same key at this moment: the database decides, and the loser reads what won.
    statement = (
        insert(ConversionEvent)
        .values(
            client_id=client_id,
            content_draft_id=conversion.content_draft_id,
            event_type=conversion.event_type,
            source=conversion.source,
            event_date=conversion.event_date,
            revenue_amount=conversion.revenue_amount,
            currency=conversion.currency,
            details=conversion.details,
            idempotency_key=idempotency_key,
            content_sha256=conversion.sha256,
            recorded_at=now,
        )
        .on_conflict_do_nothing(index_elements=["client_id", "idempotency_key"])
        .returning(ConversionEvent.id)
    )
    number = session.scalar(statement)
    if number is not None:
        return Recorded(number, duplicate=False)
    known = _under_key(session, client_id, conversion, idempotency_key)
    if known is None:
        raise ConflictError("The Idempotency-Key was used and removed at this moment. Send the conversion again.")
    return known


def _under_key(session: Session, client_id: int, conversion: Conversion, key: str) -> Recorded | None:
    row = session.execute(
        select(ConversionEvent.id, ConversionEvent.content_sha256).where(
            ConversionEvent.client_id == client_id, ConversionEvent.idempotency_key == key
        )
    ).first()
    if row is None:
        return None
    if row.content_sha256 != conversion.sha256:
        raise ConflictError(f"The Idempotency-Key was used for another conversion, number {row.id}. Use a new key.")
    return Recorded(row.id, duplicate=True)


def _expect_draft(session: Session, client_id: int, draft_id: int | None) -> None:
    if draft_id is None:
        return
    mine = ContentDraft.id == draft_id, ContentDraft.client_id == client_id
    if session.scalar(select(ContentDraft.id).where(*mine)) is None:
        raise NotFoundError(f"Client {client_id} has no draft {draft_id}.")
