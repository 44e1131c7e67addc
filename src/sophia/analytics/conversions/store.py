"""Records conversions. A repeated event changes nothing (J5), and a changed event gets a new version."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, literal, select, union_all, update
from sqlalchemy.orm import Session

from sophia.analytics.conversions.draft_matching import DraftMatch, customer_hash, match_drafts
from sophia.analytics.conversions.incoming import Conversion, IncomingConversion, Outcome, Recorded, RecordStatus
from sophia.analytics.conversions.versions import (
    EVENTS,
    REVISIONS,
    Version,
    has_same_content,
    load_versions,
    replace_versions,
)
from sophia.database.statements import among, insert_for
from sophia.errors import ConflictError, NotFoundError

MATCHED = (
    *("idempotency_key", "external_id", "origin", "content_sha256", "content_draft_id", "attributed_by"),
    *("removed_at", "removed_by"),
)
# Unique within a client: ("key", key), or ("identity", origin, external id).
_UniqueKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A conversion with values that are slow to compute. `tagged` has the tags of its link."""

    key: str | None
    legacy_key: str | None
    conversion: Conversion
    tagged: Conversion
    sha256: str

    @property
    def identity(self) -> _UniqueKey | None:
        identity = self.conversion.identity
        return None if identity is None else ("identity", *identity)

    @property
    def unique_keys(self) -> set[_UniqueKey]:
        unique_keys: set[_UniqueKey] = set() if self.identity is None else {self.identity}
        return unique_keys if self.key is None else unique_keys | {("key", self.key)}


def record_conversion(
    session: Session, client_id: int, conversion: Conversion, idempotency_key: str | None, now: datetime
) -> Recorded:
    """Record a conversion, once per key. The same source and external id with other content is a new version.

    Raises ConflictError if the key belongs to another conversion or the event was deleted, NotFoundError if the draft does
    not belong to this client (D4).
    """
    (outcome,) = record_conversions(session, client_id, [IncomingConversion(conversion, idempotency_key)], now)
    if not isinstance(outcome, Recorded):
        raise outcome
    if outcome.status is RecordStatus.DELETED:
        raise ConflictError(
            f"Conversion {outcome.id} with this source and external_id was deleted. Restore it: sophia conversions"
            f" restore CLIENT {outcome.id}"
        )
    return outcome


def record_conversions(
    session: Session, client_id: int, incoming: Iterable[IncomingConversion], now: datetime
) -> list[Outcome]:
    """Record conversions as if they arrived one by one; return their outcomes in the same order.

    The outcome of a conversion that cannot be recorded is the error. The number of queries is constant.
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
                "Another request just used and removed this Idempotency-Key. Send the conversion again."
            )
        new = {index: item for index, item in pending.items() if index not in outcomes and index not in match.waiting}
        recorded, lost = _record_new(session, client_id, new, now)
        outcomes |= recorded
        # The next round reads the stored row of a repetition in this round, or of a conflict with another process.
        pending = {index: item for index, item in pending.items() if index not in outcomes}
    return [outcomes[index] for index in sorted(outcomes)]


@dataclass(frozen=True, slots=True)
class _Match:
    """Conversions matched with stored events. `changed` is {index: event id}, `legacy` is {index: stored row}.

    Those in `waiting` come after a change of the same event.
    """

    outcomes: dict[int, Outcome]
    changed: dict[int, int]
    legacy: dict[int, Version]
    waiting: set[int]


def _match(session: Session, client_id: int, pending: Mapping[int, _Prepared]) -> _Match:
    stored = _find_stored(session, client_id, pending.values())
    match = _Match({}, {}, {}, set())
    changing: set[_UniqueKey | None] = set()
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
    return ConflictError(f"The Idempotency-Key belongs to another conversion, {row['id']}. Use a new one.")


def _recorded(row: Version, status: RecordStatus) -> Recorded:
    return Recorded(row["id"], status, row["content_draft_id"], row["attributed_by"])


def _find_stored(session: Session, client_id: int, items: Collection[_Prepared]) -> dict[_UniqueKey, Version]:
    """Return the stored versions by their keys, and the current versions by their external ids."""
    keys = {key for item in items for key in (item.key, item.legacy_key)} - {None}
    external_ids = {item.conversion.external_id for item in items} - {None}
    # With one query and OR, SQLite would read all events of the client.
    queries = [_versions(client_id, table, table.c.idempotency_key, keys) for table in (EVENTS, REVISIONS) if keys]
    queries += [_versions(client_id, EVENTS, EVENTS.c.external_id, external_ids)] if external_ids else []
    stored: dict[_UniqueKey, Version] = {}
    for row in session.execute(union_all(*queries)).mappings() if queries else ():
        stored["key", row["idempotency_key"]] = row
        if row["external_id"] is not None and row["is_newest"]:
            stored["identity", row["origin"], row["external_id"]] = row
    return stored


def _versions(
    client_id: int, table: Table, column: ColumnElement[Any], values: Collection[Any]
) -> Select[*tuple[Any, ...]]:
    """Return the query for versions of one table by a column, with the id of their conversion as `id`."""
    conversion_id = table.c.id if table is EVENTS else table.c.conversion_id
    return select(
        conversion_id.label("id"),
        literal(table is EVENTS).label("is_newest"),
        *(table.c[name] for name in MATCHED),
    ).where(table.c.client_id == client_id, among(column, values))


def _adopt(session: Session, pending: Mapping[int, _Prepared], legacy: Mapping[int, Version]) -> dict[int, Outcome]:
    """Give events that earlier versions of Sophia imported the external id that their row has now."""
    names = ("external_id", "origin", "from_analytics", "row_key")
    rows = [
        {name: getattr(pending[index].conversion, name) for name in names}
        | {"content_sha256": pending[index].sha256, "event_id": row["id"]}
        for index, row in legacy.items()
    ]
    if rows:
        statement = update(EVENTS).where(EVENTS.c.id == bindparam("event_id"))
        statement = statement.values({name: bindparam(name) for name in (*names, "content_sha256")})
        session.connection().execute(statement, rows)
    return {index: _recorded(row, RecordStatus.DUPLICATE) for index, row in legacy.items()}


def _change(
    session: Session, client_id: int, items: Mapping[int, _Prepared], event_ids: Mapping[int, int], now: datetime
) -> dict[int, Outcome]:
    """Lock these events and replace their current versions."""
    if not items:
        return {}
    matches = match_drafts(session, client_id, {index: item.tagged for index, item in items.items()})
    versions = load_versions(session, event_ids.values())
    outcomes: dict[int, Outcome] = {}
    replaced: list[tuple[Version, Version]] = []
    for index, item in items.items():
        draft_match, old = matches[index], versions[event_ids[index]]
        if isinstance(draft_match, NotFoundError):
            outcomes[index] = draft_match
            continue
        new = _row(client_id, item, draft_match, now) | {"removed_at": None, "removed_by": None, "reason": None}
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
    """Insert the first conversion of each key and external id; return outcomes, and the indexes that conflict with rows of
    another process.
    """
    if not items:
        return {}, set()
    matches = match_drafts(session, client_id, {index: item.tagged for index, item in items.items()})
    outcomes: dict[int, Outcome] = {}
    taken: set[_UniqueKey] = set()
    rows: dict[int, dict[str, Any]] = {}
    for index, item in items.items():
        draft_match = matches[index]
        if not taken.isdisjoint(item.unique_keys):
            continue
        if isinstance(draft_match, NotFoundError):
            outcomes[index] = draft_match
        else:
            taken |= item.unique_keys
            rows[index] = _row(client_id, item, draft_match, now)
    event_ids = _insert(session, list(rows.values()))
    for index, row in rows.items():
        if (event_id := event_ids.get(row["idempotency_key"])) is not None:
            outcomes[index] = Recorded(event_id, RecordStatus.RECORDED, row["content_draft_id"], row["attributed_by"])
    return outcomes, rows.keys() - outcomes.keys()


def _row(client_id: int, item: _Prepared, draft_match: DraftMatch, now: datetime) -> dict[str, Any]:
    draft_id, attributed_by = draft_match
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
    """Insert the rows without a conflict; return {key: id}. The database decides conflicts with other processes."""
    if not rows:
        return {}
    statement = insert_for(session, EVENTS).on_conflict_do_nothing().returning(EVENTS.c.idempotency_key, EVENTS.c.id)
    return {row.idempotency_key: row.id for row in session.execute(statement, rows)}
