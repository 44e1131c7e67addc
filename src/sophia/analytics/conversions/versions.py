"""Writes versions of conversions: amended, deleted and restored by people, or withdrawn by their source.

Every change keeps the earlier version.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from sophia.analytics.conversions.draft_matching import customer_hash, match_drafts
from sophia.analytics.conversions.incoming import LONGEST_TAG, Conversion
from sophia.analytics.conversions.models import ConversionEvent, ConversionEventRevision
from sophia.analytics.utm.reading import TAGS, read_tags
from sophia.database.statements import among
from sophia.errors import ConflictError, NotFoundError

EVENTS = cast("Table", ConversionEvent.__table__)
REVISIONS = cast("Table", ConversionEventRevision.__table__)
# A row of conversion_events by its columns.
Version = Mapping[Any, Any]
CONTENT = (
    *("event_type", "source", "event_date", "details", "revenue_amount", "currency", "customer_key"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "link_url", "content_draft_id", "attributed_by"),
)
_CREDITED_BY = frozenset({"content_draft_id", "link_url", *TAGS})
# The external id of an event from a counted row ends with this and the number of the event in the row.
_ORDINAL_SEPARATOR = "-"


def has_same_content(old: Version, new: Version) -> bool:
    """Return whether two versions differ in no column of `CONTENT`."""
    return all(old[name] == new[name] for name in CONTENT)


def load_versions(session: Session, event_ids: Iterable[int]) -> dict[int, Version]:
    """Return the current versions by id, locked until the transaction ends, so that no change is lost."""
    ids = sorted(set(event_ids))
    query = select(EVENTS).where(among(EVENTS.c.id, ids)).order_by(EVENTS.c.id).with_for_update()
    return {row["id"]: row for row in session.execute(query).mappings()}


def replace_versions(session: Session, pairs: Sequence[tuple[Version, Version]], now: datetime) -> None:
    """Store each old version as a revision, and write the new values into the current row. `pairs` are (old, new).

    The new values of all pairs have the same columns. A removed version ends at its removal.
    """
    if not pairs:
        return
    names = [name for name in pairs[0][1] if name not in {"id", "recorded_at", "idempotency_key"}]
    statement = update(EVENTS).where(EVENTS.c.id == bindparam("event_id"))
    statement = statement.values({name: bindparam(name) for name in (*names, "recorded_at", "idempotency_key")})
    new_rows = [
        {name: new[name] for name in names}
        | {
            "event_id": old["id"],
            "recorded_at": now,
            # A version keeps the key of its request, so that a repeated request finds it.
            "idempotency_key": new.get("idempotency_key") or str(uuid.uuid4()),
        }
        for old, new in pairs
    ]
    revisions = [
        {name: value for name, value in old.items() if name != "id"}
        | {"conversion_id": old["id"], "replaced_at": old["removed_at"] or now}
        for old, _ in pairs
    ]
    session.connection().execute(statement, new_rows)
    session.connection().execute(insert(REVISIONS), revisions)


def amend_conversion(
    session: Session, client_id: int, conversion_id: int, changes: Mapping[str, Any], reason: str, now: datetime
) -> None:
    """Write a version with these changes of `CONTENT` (`customer_key` not hashed). The same values change nothing.

    Raises NotFoundError for a conversion or draft of another client, ConflictError for a deleted conversion.
    """
    old = _current(session, client_id, conversion_id)
    if old["removed_at"] is not None:
        raise ConflictError(f"Conversion {conversion_id} is deleted. Restore it before you amend it.")
    # The tags of a new link replace those of the old link.
    link_tags = {
        name: value[:LONGEST_TAG] for name, value in read_tags(changes.get("link_url") or "").items() if name in TAGS
    }
    new = {name: old[name] for name in CONTENT} | link_tags | dict(changes)
    if "customer_key" in changes:
        new["customer_key"] = customer_hash(client_id, changes["customer_key"])
    if _CREDITED_BY & changes.keys():
        if "content_draft_id" not in changes and old["attributed_by"] != "content_draft_id":
            new["content_draft_id"] = None
        conversion = Conversion(**{name: value for name, value in new.items() if name != "attributed_by"})
        (draft_match,) = match_drafts(session, client_id, {0: conversion.with_tags}).values()
        if isinstance(draft_match, NotFoundError):
            raise draft_match
        new["content_draft_id"], new["attributed_by"] = draft_match
    if not has_same_content(old, new):
        replace_versions(session, [(old, new | {"reason": reason})], now)


def delete_conversion(session: Session, client_id: int, conversion_id: int, reason: str, now: datetime) -> None:
    """Delete a conversion, also for later imports. Reports as of a past moment keep it.

    Raises NotFoundError. Deleting it again changes nothing.
    """
    old = _current(session, client_id, conversion_id)
    if old["removed_by"] != "person":
        replace_versions(session, [(old, _removed("person", reason, now))], now)


def restore_conversion(session: Session, client_id: int, conversion_id: int, reason: str, now: datetime) -> None:
    """Let a conversion count again. Raises NotFoundError, and ConflictError if it is not removed."""
    old = _current(session, client_id, conversion_id)
    if old["removed_at"] is None:
        raise ConflictError(f"Conversion {conversion_id} is not deleted.")
    replace_versions(session, [(old, {"removed_at": None, "removed_by": None, "reason": reason})], now)


def withdraw_conversions(
    session: Session, client_id: int, identities: Collection[tuple[str, str]], reason: str, now: datetime
) -> int:
    """Remove the events with these (origin, external id) that their source no longer counts; return how many.

    A later version from the source brings an event back.
    """
    if not identities:
        return 0
    external_ids = {external_id for _, external_id in identities}
    query = select(EVENTS.c.id, EVENTS.c.origin, EVENTS.c.external_id).where(
        EVENTS.c.client_id == client_id,
        among(EVENTS.c.external_id, external_ids),
        EVENTS.c.removed_at.is_(None),
    )
    event_ids = [row.id for row in session.execute(query) if (row.origin, row.external_id) in identities]
    return _withdraw(session, event_ids, reason, now)


def remove_surplus(session: Session, client_id: int, counts: Mapping[tuple[str, str], int], now: datetime) -> int:
    """Remove events of rows that count fewer events now; return how many. `counts` is {(origin, row key): events}."""
    if not counts:
        return 0
    query = select(EVENTS.c.id, EVENTS.c.origin, EVENTS.c.row_key, EVENTS.c.external_id).where(
        EVENTS.c.client_id == client_id,
        among(EVENTS.c.row_key, {key for _, key in counts}),
        EVENTS.c.removed_at.is_(None),
    )
    surplus = [
        row.id
        for row in session.execute(query)
        if int(row.external_id.rpartition(_ORDINAL_SEPARATOR)[2]) > counts.get((row.origin, row.row_key), 2**63)
    ]
    return _withdraw(session, surplus, "The newest file counts fewer events of this row.", now)


def _withdraw(session: Session, event_ids: Sequence[int], reason: str, now: datetime) -> int:
    if not event_ids:
        return 0
    versions = load_versions(session, event_ids)
    pairs = [(old, _removed("source", reason, now)) for old in versions.values() if old["removed_at"] is None]
    replace_versions(session, pairs, now)
    return len(pairs)


def _removed(removed_by: str, reason: str, now: datetime) -> dict[str, Any]:
    """Return the values of a removed version."""
    return {"removed_at": now, "removed_by": removed_by, "reason": reason}


def _current(session: Session, client_id: int, conversion_id: int) -> Version:
    version = load_versions(session, [conversion_id]).get(conversion_id)
    if version is None or version["client_id"] != client_id:
        raise NotFoundError(f"Client {client_id} has no conversion {conversion_id}.")
    return version
