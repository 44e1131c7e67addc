"""Records what people did on the way to a sale; the same event twice changes nothing (J5)."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Row, Table, func, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sophia.analytics.models import ConversionEvent, TrackedLink
from sophia.analytics.utm import TAGS, draft_named, read_tags
from sophia.database import among, in_cents
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


Outcome = Recorded | ConflictError | NotFoundError
# A draft and how it is known; both None when nobody knows which post led to an event.
_Credit = tuple[int, str] | tuple[None, None]
# What no other event of a client may have: a key, or an external id.
_Mark = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A conversion under its key, with what would take long to find out of it each time."""

    key: str
    conversion: Conversion
    tagged: Conversion
    sha256: str

    @property
    def marks(self) -> tuple[_Mark, ...]:
        return _marks(self.key, self.conversion.external_id)


def _marks(key: str, external_id: str | None) -> tuple[_Mark, ...]:
    return (("key", key),) if external_id is None else (("key", key), ("external_id", external_id))


def record_conversion(
    session: Session, client_id: int, conversion: Conversion, idempotency_key: str, now: datetime
) -> Recorded:
    """Record a conversion once per key and once per external id.

    Raises ConflictError when either was used for something else, NotFoundError when the draft is not one of this
    client (D4).
    """
    (outcome,) = record_conversions(session, client_id, [(idempotency_key, conversion)], now)
    if not isinstance(outcome, Recorded):
        raise outcome
    return outcome


def record_conversions(
    session: Session, client_id: int, sent: Iterable[tuple[str, Conversion]], now: datetime
) -> list[Outcome]:
    """Record conversions, each with its key, as if they came one after the other; say in their order what became of each.

    Where one cannot be recorded, its outcome is the error that `record_conversion` raises. The queries do not grow with
    the number of conversions.
    """
    left = {place: _Sent(key, one, one.with_tags, one.sha256) for place, (key, one) in enumerate(sent)}
    outcomes: dict[int, Outcome] = {}
    lost: set[int] = set()
    while left:
        outcomes |= _recorded_before(session, client_id, left)
        for place in lost - outcomes.keys():
            outcomes[place] = ConflictError(
                "The Idempotency-Key was used and removed at this moment. Send the conversion again."
            )
        new = {place: one for place, one in left.items() if place not in outcomes}
        found, lost = _record_new(session, client_id, new, now)
        outcomes |= found
        # What repeats an event of this round, or lost to another process, reads in the next round what is there.
        left = {place: one for place, one in new.items() if place not in found}
    return [outcomes[place] for place in sorted(outcomes)]


def _recorded_before(session: Session, client_id: int, sent: Mapping[int, _Sent]) -> dict[int, Outcome]:
    """Of those whose key or external id is known: the event, or ConflictError when it says something else."""
    known = _known_events(session, client_id, sent.values())
    outcomes: dict[int, Outcome] = {}
    for place, one in sent.items():
        rows = [known[mark] for mark in one.marks if mark in known]
        other = next((row for row in rows if row.content_sha256 != one.sha256), None)
        if other is not None:
            by_id = other.external_id is not None and other.external_id == one.conversion.external_id
            what = "external_id" if by_id else "Idempotency-Key"
            said = f"The {what} was used for another conversion, number {other.id}. Use a new one."
            outcomes[place] = ConflictError(said)
        elif rows:
            found = rows[0]
            outcomes[place] = Recorded(found.id, True, found.content_draft_id, found.attributed_by)
    return outcomes


def _known_events(session: Session, client_id: int, sent: Collection[_Sent]) -> dict[_Mark, Row[*tuple[Any, ...]]]:
    """The events that are stored under the keys and external ids of these, by both."""
    keys = {one.key for one in sent}
    numbers = {one.conversion.external_id for one in sent} - {None}
    wanted = select(
        ConversionEvent.id,
        ConversionEvent.idempotency_key,
        ConversionEvent.content_sha256,
        ConversionEvent.external_id,
        ConversionEvent.content_draft_id,
        ConversionEvent.attributed_by,
    ).where(ConversionEvent.client_id == client_id)
    # For one condition with OR, SQLite would read all events of the client.
    ways = [wanted.where(among(ConversionEvent.idempotency_key, keys))]
    ways += [wanted.where(among(ConversionEvent.external_id, numbers))] if numbers else []
    rows = session.execute(union_all(*ways)).all()
    return {mark: row for row in rows for mark in _marks(row.idempotency_key, row.external_id)}


def _record_new(
    session: Session, client_id: int, sent: Mapping[int, _Sent], now: datetime
) -> tuple[dict[int, Outcome], set[int]]:
    """Record of these the first of each key and external id; return what became of them, and who lost to another process."""
    credit = _drafts_behind(session, client_id, sent)
    outcomes: dict[int, Outcome] = {}
    taken: set[_Mark] = set()
    rows: dict[int, dict[str, Any]] = {}
    for place, one in sent.items():
        behind = credit[place]
        if not taken.isdisjoint(one.marks):
            continue
        if isinstance(behind, NotFoundError):
            outcomes[place] = behind
        else:
            taken.update(one.marks)
            rows[place] = _row(client_id, one, behind, now)
    numbers = _insert(session, list(rows.values()))
    for place, row in rows.items():
        if (number := numbers.get(row["idempotency_key"])) is not None:
            outcomes[place] = Recorded(number, False, row["content_draft_id"], row["attributed_by"])
    return outcomes, rows.keys() - outcomes.keys()


def _row(client_id: int, one: _Sent, behind: _Credit, now: datetime) -> dict[str, Any]:
    draft_id, attributed_by = behind
    return asdict(one.tagged) | {
        "client_id": client_id,
        "content_draft_id": draft_id,
        "attributed_by": attributed_by,
        "customer_key": customer_hash(client_id, one.tagged.customer_key),
        "idempotency_key": one.key,
        "content_sha256": one.sha256,
        "recorded_at": now,
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> dict[str, int]:
    """Insert the rows that clash with none; return their numbers by their keys.

    Another process may write the same event at this moment: the database decides.
    """
    if not rows:
        return {}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    table = cast("Table", ConversionEvent.__table__)
    statement = insert(table).on_conflict_do_nothing().returning(table.c.idempotency_key, table.c.id)
    return {row.idempotency_key: row.id for row in session.execute(statement, rows)}


def _drafts_behind(session: Session, client_id: int, sent: Mapping[int, _Sent]) -> dict[int, _Credit | NotFoundError]:
    """Whose post led to each, and how that is known: the draft that was named, else `utm_content`, else the link.

    NotFoundError where a draft is named that is not one of this client. A tag that names another client's draft, or none
    that there is, says nothing.
    """
    named = {place: one.conversion.content_draft_id for place, one in sent.items()}
    tagged = {place: draft_named(one.tagged.utm_content) for place, one in sent.items()}
    own = _own_drafts(session, client_id, ({*named.values(), *tagged.values()}) - {None})
    by_link = {
        place: address_hash(one.conversion.link_url)
        for place, one in sent.items()
        if named[place] is None and tagged[place] not in own and one.conversion.link_url is not None
    }
    drafts = _drafts_of_links(session, client_id, set(by_link.values()))
    found: dict[int, _Credit | NotFoundError] = {}
    for place in sent:
        draft_id, tag, linked = named[place], tagged[place], drafts.get(by_link.get(place, ""))
        if draft_id is not None:
            missing = NotFoundError(f"Client {client_id} has no draft {draft_id}.")
            found[place] = (draft_id, "content_draft_id") if draft_id in own else missing
        elif tag is not None and tag in own:
            found[place] = tag, "utm_content"
        else:
            found[place] = (None, None) if linked is None else (linked, "link_url")
    return found


def _own_drafts(session: Session, client_id: int, numbers: Collection[int | None]) -> set[int]:
    """Which of these are drafts of this client."""
    if not numbers:
        return set()
    mine = ContentDraft.client_id == client_id, among(ContentDraft.id, numbers)
    return set(session.scalars(select(ContentDraft.id).where(*mine)))


def _drafts_of_links(session: Session, client_id: int, digests: Collection[str]) -> dict[str, int | None]:
    """By the hash of a link the draft in which it stood, as it was tagged or else as it was written.

    None when several drafts have it.
    """
    found: dict[str, int | None] = {}
    # As it was tagged comes last, and counts.
    for column in (TrackedLink.original_sha256, TrackedLink.tagged_sha256):
        if not digests:
            break
        first, last = func.min(TrackedLink.draft_id), func.max(TrackedLink.draft_id)
        mine = TrackedLink.client_id == client_id, among(column, digests)
        for digest, one, other in session.execute(select(column, first, last).where(*mine).group_by(column)):
            found[digest] = one if one == other else None
    return found


def address_hash(address: str) -> str:
    """By which a link is found again: of its bytes, without white space around it."""
    return hashlib.sha256(address.strip().encode("utf-8", "surrogatepass")).hexdigest()


def customer_hash(client_id: int, customer_key: str | None) -> str | None:
    """What is kept of a customer: the same for the same key of the same client, whatever its case; no name, no address."""
    if customer_key is None or not customer_key.strip():
        return None
    return hashlib.sha256(f"{client_id}:{customer_key.strip().casefold()}".encode()).hexdigest()
