"""Records what people did on the way to a sale: the same event twice changes nothing (J5), a changed one gets a version."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, bindparam, literal, select, union_all, update
from sqlalchemy.orm import Session

from sophia.analytics.conversions.credit import Credit, customer_hash, find_credits
from sophia.analytics.conversions.models import ConversionEvent, ConversionEventRevision
from sophia.analytics.conversions.record_store import Conversion, IncomingConversion, Outcome, Recorded, RecordStatus
from sophia.analytics.conversions.versions import Version, has_same_content, load_versions, replace_versions
from sophia.database import among, insert_for
from sophia.errors import ConflictError, NotFoundError

EVENTS = cast("Table", ConversionEvent.__table__)
REVISIONS = cast("Table", ConversionEventRevision.__table__)
MATCHED = (
    *("idempotency_key", "external_id", "origin", "content_sha256", "content_draft_id", "attributed_by"),
    *("removed_at", "removed_by"),
)
# What no other event of a client may have: a key, or an origin and the number that it gave.
_Mark = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A conversion with what would take long to compute each time. `tagged` has the tags of its link."""

    key: str | None
    legacy_key: str | None
    conversion: Conversion
    tagged: Conversion
    sha256: str

    @property
    def identity(self) -> _Mark | None:
        return None if (found := self.conversion.identity) is None else ("identity", *found)

    @property
    def marks(self) -> set[_Mark]:
        marks: set[_Mark] = set() if self.identity is None else {self.identity}
        return marks if self.key is None else marks | {("key", self.key)}


def record_conversion(
    session: Session, client_id: int, conversion: Conversion, idempotency_key: str | None, now: datetime
) -> Recorded:
    """Record a conversion once per key. The same external id of the same source with other content is its new version.

    Raises ConflictError when the key was used for something else or the event was deleted, NotFoundError when the draft
    is not one of this client (D4).
    """
    (outcome,) = record_conversions(session, client_id, [IncomingConversion(conversion, idempotency_key)], now)
    if not isinstance(outcome, Recorded):
        raise outcome
    if outcome.status is RecordStatus.DELETED:
        raise ConflictError(
            f"Conversion {outcome.id} has this source and external_id, and was deleted. Restore it: sophia conversions"
            f" restore CLIENT {outcome.id}"
        )
    return outcome


def record_conversions(
    session: Session, client_id: int, incoming: Iterable[IncomingConversion], now: datetime
) -> list[Outcome]:
    """Record conversions as if they came one after the other; return in their order what became of each.

    Where one cannot be recorded, its outcome is the error. The queries do not grow with the number of conversions.
    """
    pending = {
        index: _Prepared(item.key, item.legacy_key, item.conversion, item.conversion.with_tags, item.conversion.sha256)
        for index, item in enumerate(incoming)
    }
    outcomes: dict[int, Outcome] = {}
    lost: set[int] = set()
    while pending:
        match = _match(session, client_id, pending)
        outcomes |= match.outcomes
        outcomes |= _adopt(session, pending, match.legacy)
        outcomes |= _change(session, client_id, {index: pending[index] for index in match.changed}, match.changed, now)
        for index in lost - outcomes.keys() - match.waiting:
            outcomes[index] = ConflictError(
                "The Idempotency-Key was used and removed at this moment. Send the conversion again."
            )
        new = {index: item for index, item in pending.items() if index not in outcomes and index not in match.waiting}
        recorded, lost = _record_new(session, client_id, new, now)
        outcomes |= recorded
        # What repeats an event of this round, or lost to another process, reads in the next round what is stored.
        pending = {index: item for index, item in pending.items() if index not in outcomes}
    return [outcomes[index] for index in sorted(outcomes)]


@dataclass(frozen=True, slots=True)
class _Match:
    """What is stored of conversions. `changed` and `legacy` are {index: number of the stored event}; those in `waiting`
    follow a change of the same event.
    """

    outcomes: dict[int, Outcome]
    changed: dict[int, int]
    legacy: dict[int, Version]
    waiting: set[int]


def _match(session: Session, client_id: int, pending: Mapping[int, _Prepared]) -> _Match:
    stored = _find_stored(session, client_id, pending.values())
    match = _Match({}, {}, {}, set())
    changing: set[_Mark | None] = set()
    for index, item in pending.items():
        by_key = stored.get(("key", item.key or ""))
        row = stored.get(item.identity or ())
        if by_key is not None:
            match.outcomes[index] = _repeated(by_key, item)
        elif item.identity in changing:
            match.waiting.add(index)
        elif row is not None and row["removed_by"] == "person":
            match.outcomes[index] = _recorded(row, RecordStatus.DELETED)
        elif row is not None and row["removed_at"] is None and row["content_sha256"] == item.sha256:
            match.outcomes[index] = _recorded(row, RecordStatus.DUPLICATE)
        elif row is not None:
            match.changed[index] = row["id"]
            changing.add(item.identity)
        elif (old := stored.get(("key", item.legacy_key or ""))) is not None and old["external_id"] is None:
            match.legacy[index] = old
    return match


def _repeated(row: Version, item: _Prepared) -> Outcome:
    if row["content_sha256"] == item.sha256:
        return _recorded(row, RecordStatus.DUPLICATE)
    number = row["id"]
    return ConflictError(f"The Idempotency-Key was used for another conversion, number {number}. Use a new one.")


def _recorded(row: Version, status: RecordStatus) -> Recorded:
    return Recorded(row["id"], status, row["content_draft_id"], row["attributed_by"])


def _find_stored(session: Session, client_id: int, items: Collection[_Prepared]) -> dict[_Mark, Version]:
    """The versions that are stored under the keys, and the current ones under the external ids, by both."""
    keys = {key for item in items for key in (item.key, item.legacy_key)} - {None}
    numbers = {item.conversion.external_id for item in items} - {None}
    # For one condition with OR, SQLite would read all events of the client.
    ways = [_versions(client_id, table, table.c.idempotency_key, keys) for table in (EVENTS, REVISIONS) if keys]
    ways += [_versions(client_id, EVENTS, EVENTS.c.external_id, numbers)] if numbers else []
    stored: dict[_Mark, Version] = {}
    for row in session.execute(union_all(*ways)).mappings() if ways else ():
        stored["key", row["idempotency_key"]] = row
        if row["external_id"] is not None and row["is_newest"]:
            stored["identity", row["origin"], row["external_id"]] = row
    return stored


def _versions(
    client_id: int, table: Table, column: ColumnElement[Any], values: Collection[Any]
) -> Select[*tuple[Any, ...]]:
    """Versions of one table by a column, with the number of their conversion as `id`."""
    number = table.c.id if table is EVENTS else table.c.conversion_id
    return select(
        number.label("id"),
        literal(table is EVENTS).label("is_newest"),
        *(table.c[name] for name in MATCHED),
    ).where(table.c.client_id == client_id, among(column, values))


def _adopt(session: Session, pending: Mapping[int, _Prepared], legacy: Mapping[int, Version]) -> dict[int, Outcome]:
    """Give events of files that earlier versions of Sophia recorded the number that their row has now."""
    names = ("external_id", "origin", "from_analytics", "row_key")
    written = [
        {name: getattr(pending[index].conversion, name) for name in names}
        | {"content_sha256": pending[index].sha256, "number": row["id"]}
        for index, row in legacy.items()
    ]
    if written:
        adopted = update(EVENTS).where(EVENTS.c.id == bindparam("number"))
        adopted = adopted.values({name: bindparam(name) for name in (*names, "content_sha256")})
        session.connection().execute(adopted, written)
    return {index: _recorded(row, RecordStatus.DUPLICATE) for index, row in legacy.items()}


def _change(
    session: Session, client_id: int, items: Mapping[int, _Prepared], numbers: Mapping[int, int], now: datetime
) -> dict[int, Outcome]:
    """Replace the current versions of these events, as they are once they are locked."""
    if not items:
        return {}
    credits_ = find_credits(session, client_id, {index: item.tagged for index, item in items.items()})
    versions = load_versions(session, numbers.values())
    outcomes: dict[int, Outcome] = {}
    replaced: list[tuple[Version, Version]] = []
    for index, item in items.items():
        credit, old = credits_[index], versions[numbers[index]]
        if isinstance(credit, NotFoundError):
            outcomes[index] = credit
            continue
        new = _row(client_id, item, credit, now) | {"removed_at": None, "removed_by": None, "reason": None}
        is_same = old["removed_at"] is None and has_same_content(old, new)
        outcomes[index] = Recorded(
            old["id"],
            RecordStatus.DUPLICATE if is_same else RecordStatus.CHANGED,
            new["content_draft_id"],
            new["attributed_by"],
            replaces_amendment=not is_same and old["removed_at"] is None and old["reason"] is not None,
        )
        if not is_same:
            replaced.append((old, new))
    replace_versions(session, replaced, now)
    return outcomes


def _record_new(
    session: Session, client_id: int, items: Mapping[int, _Prepared], now: datetime
) -> tuple[dict[int, Outcome], set[int]]:
    """Record of these the first of each key and external id; return the outcomes, and who lost to another process."""
    if not items:
        return {}, set()
    credits_ = find_credits(session, client_id, {index: item.tagged for index, item in items.items()})
    outcomes: dict[int, Outcome] = {}
    taken: set[_Mark] = set()
    rows: dict[int, dict[str, Any]] = {}
    for index, item in items.items():
        credit = credits_[index]
        if not taken.isdisjoint(item.marks):
            continue
        if isinstance(credit, NotFoundError):
            outcomes[index] = credit
        else:
            taken |= item.marks
            rows[index] = _row(client_id, item, credit, now)
    numbers = _insert(session, list(rows.values()))
    for index, row in rows.items():
        if (number := numbers.get(row["idempotency_key"])) is not None:
            outcomes[index] = Recorded(number, RecordStatus.RECORDED, row["content_draft_id"], row["attributed_by"])
    return outcomes, rows.keys() - outcomes.keys()


def _row(client_id: int, item: _Prepared, credit: Credit, now: datetime) -> dict[str, Any]:
    draft_id, attributed_by = credit
    values = asdict(item.tagged)
    del values["transaction_id"]
    return values | {
        "client_id": client_id,
        "content_draft_id": draft_id,
        "attributed_by": attributed_by,
        "customer_key": customer_hash(client_id, item.tagged.customer_key),
        "idempotency_key": item.key or str(uuid.uuid4()),
        "content_sha256": item.sha256,
        "recorded_at": now,
        "origin": item.tagged.origin or item.tagged.source,
        "transaction_key": item.tagged.transaction_key,
    }


def _insert(session: Session, rows: list[dict[str, Any]]) -> dict[str, int]:
    """Insert the rows that clash with none; return their numbers by their keys.

    Another process may write the same event at this moment: the database decides.
    """
    if not rows:
        return {}
    statement = insert_for(session, EVENTS).on_conflict_do_nothing().returning(EVENTS.c.idempotency_key, EVENTS.c.id)
    return {row.idempotency_key: row.id for row in session.execute(statement, rows)}
