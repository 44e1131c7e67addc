"""Records what people did on the way to a sale; the same event twice changes nothing (J5)."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sophia.analytics.models import ConversionEvent, TrackedLink
from sophia.analytics.utm import TAGS, draft_named, read_tags
from sophia.database import in_cents
from sophia.errors import ConflictError, NotFoundError
from sophia.portfolio.models import ContentDraft

LONGEST_TAG = 200
# What the first version recorded; the hashes of its events must stay what they are.
_FIRST_FIELDS = frozenset(
    {"event_type", "source", "event_date", "details", "revenue_amount", "currency", "content_draft_id"}
)


@dataclass(frozen=True, slots=True)
class Conversion:
    """Something that a person did. Revenue has no more decimals than `currency`; both or neither are given.

    `external_id` is the number that the event has where it comes from, `customer_key` whatever tells customers apart;
    `link_url` is the link that was followed.
    """

    event_type: str
    source: str
    event_date: date
    details: dict[str, Any] | None
    revenue_amount: Decimal | None
    currency: str | None
    content_draft_id: int | None
    external_id: str | None = None
    customer_key: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    link_url: str | None = None

    @property
    def sha256(self) -> str:
        """The same for two conversions that say the same, in whatever order and with however many zeros."""
        content = {name: value for name, value in asdict(self).items() if name in _FIRST_FIELDS or value is not None}
        if self.revenue_amount is not None:
            content["revenue_amount"] = in_cents(self.revenue_amount)
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def with_tags(self) -> "Conversion":
        """The same, with the tags of its link where it names none itself."""
        found = read_tags(self.link_url or "")
        tags: dict[str, Any] = {name: getattr(self, name) or found.get(name, "")[:LONGEST_TAG] or None for name in TAGS}
        return replace(self, **tags)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The number of a conversion, whether it had been recorded before, and the draft that it is credited to.

    `attributed_by` is None when nobody knows which post led to it.
    """

    id: int
    duplicate: bool
    draft_id: int | None
    attributed_by: str | None


def record_conversion(
    session: Session, client_id: int, conversion: Conversion, idempotency_key: str, now: datetime
) -> Recorded:
    """Record a conversion once per key and once per external id.

    Raises ConflictError when either was used for something else, NotFoundError when the draft is not one of this
    client (D4).
    """
    known = recorded_before(session, client_id, conversion, idempotency_key)
    if known is not None:
        return known
    draft_id, attributed_by = draft_behind(session, client_id, conversion)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    sent = conversion.with_tags
    # Another process may write the same event at this moment: the database decides, and the loser reads what won.
    statement = (
        insert(ConversionEvent)
        .values(
            asdict(sent)
            | {
                "client_id": client_id,
                "content_draft_id": draft_id,
                "attributed_by": attributed_by,
                "customer_key": customer_hash(client_id, sent.customer_key),
                "idempotency_key": idempotency_key,
                "content_sha256": conversion.sha256,
                "recorded_at": now,
            }
        )
        .on_conflict_do_nothing()
        .returning(ConversionEvent.id)
    )
    number = session.scalar(statement)
    if number is not None:
        return Recorded(number, duplicate=False, draft_id=draft_id, attributed_by=attributed_by)
    known = recorded_before(session, client_id, conversion, idempotency_key)
    if known is None:
        raise ConflictError("The Idempotency-Key was used and removed at this moment. Send the conversion again.")
    return known


def recorded_before(session: Session, client_id: int, conversion: Conversion, idempotency_key: str) -> Recorded | None:
    """The event that was recorded under the same key or external id; ConflictError when it says something else."""
    same = ConversionEvent.idempotency_key == idempotency_key
    if conversion.external_id is not None:
        same = or_(same, ConversionEvent.external_id == conversion.external_id)
    rows = session.execute(
        select(
            ConversionEvent.id,
            ConversionEvent.content_sha256,
            ConversionEvent.external_id,
            ConversionEvent.content_draft_id,
            ConversionEvent.attributed_by,
        ).where(ConversionEvent.client_id == client_id, same)
    ).all()
    for row in rows:
        if row.content_sha256 != conversion.sha256:
            by_id = conversion.external_id is not None and row.external_id == conversion.external_id
            what = "external_id" if by_id else "Idempotency-Key"
            raise ConflictError(f"The {what} was used for another conversion, number {row.id}. Use a new one.")
    if not rows:
        return None
    return Recorded(rows[0].id, duplicate=True, draft_id=rows[0].content_draft_id, attributed_by=rows[0].attributed_by)


def draft_behind(session: Session, client_id: int, conversion: Conversion) -> tuple[int | None, str | None]:
    """Whose post led to it, and how that is known: the draft that was named, else `utm_content`, else the link.

    Raises NotFoundError when a draft is named that is not one of this client. A tag that names another client's draft,
    or none that there is, says nothing.
    """
    if conversion.content_draft_id is not None:
        if not _is_own(session, client_id, conversion.content_draft_id):
            raise NotFoundError(f"Client {client_id} has no draft {conversion.content_draft_id}.")
        return conversion.content_draft_id, "content_draft_id"
    tagged = draft_named(conversion.with_tags.utm_content)
    if tagged is not None and _is_own(session, client_id, tagged):
        return tagged, "utm_content"
    linked = _draft_of_link(session, client_id, conversion.link_url)
    return (None, None) if linked is None else (linked, "link_url")


def _is_own(session: Session, client_id: int, draft_id: int) -> bool:
    mine = ContentDraft.id == draft_id, ContentDraft.client_id == client_id
    return session.scalar(select(ContentDraft.id).where(*mine)) is not None


def _draft_of_link(session: Session, client_id: int, link_url: str | None) -> int | None:
    """The draft in which a link stood, as it was tagged or as it was written; None when several drafts have it."""
    if link_url is None:
        return None
    digest = address_hash(link_url)
    for column in (TrackedLink.tagged_sha256, TrackedLink.original_sha256):
        found = session.scalars(
            select(TrackedLink.draft_id).where(TrackedLink.client_id == client_id, column == digest).distinct().limit(2)
        ).all()
        if found:
            return found[0] if len(found) == 1 else None
    return None


def address_hash(address: str) -> str:
    """By which a link is found again: of its bytes, without white space around it."""
    return hashlib.sha256(address.strip().encode("utf-8", "surrogatepass")).hexdigest()


def customer_hash(client_id: int, customer_key: str | None) -> str | None:
    """What is kept of a customer: the same for the same key of the same client, whatever its case; no name, no address."""
    if customer_key is None or not customer_key.strip():
        return None
    return hashlib.sha256(f"{client_id}:{customer_key.strip().casefold()}".encode()).hexdigest()
