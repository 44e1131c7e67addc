"""Versions of conversions: amended, deleted and restored by people, withdrawn by their source; nothing is overwritten."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from sophia.analytics.conversions.credit import customer_hash, find_credits
from sophia.analytics.conversions.models import ConversionEvent, ConversionEventRevision
from sophia.analytics.conversions.record_store import LONGEST_TAG, Conversion
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
# Of a row that an analytics report counts, the events are numbered in its external id.
_ORDINAL = "-"


def has_same_content(old: Version, new: Version) -> bool:
    return all(old[name] == new[name] for name in CONTENT)


def load_versions(session: Session, numbers: Iterable[int]) -> dict[int, Version]:
    """Return the current versions by their numbers, locked until the transaction ends, so that no change is lost."""
    wanted = select(EVENTS).where(among(EVENTS.c.id, sorted(set(numbers)))).order_by(EVENTS.c.id).with_for_update()
    return {row["id"]: row for row in session.execute(wanted).mappings()}


def replace_versions(session: Session, pairs: Sequence[tuple[Version, Version]], now: datetime) -> None:
    """Keep each old version as a revision, and write the new values into the current row.

    The new values of all pairs name the same columns. A version that was removed before keeps the moment of that.
    """
    if not pairs:
        return
    names = [name for name in pairs[0][1] if name not in {"id", "recorded_at", "idempotency_key"}]
    changed = update(EVENTS).where(EVENTS.c.id == bindparam("number"))
    changed = changed.values({name: bindparam(name) for name in (*names, "recorded_at", "idempotency_key")})
    written = [
        {name: new[name] for name in names}
        | {
            "number": old["id"],
            "recorded_at": now,
            # A version keeps the key of the request that made it, for the repetitions of that request.
            "idempotency_key": new.get("idempotency_key") or str(uuid.uuid4()),
        }
        for old, new in pairs
    ]
    kept = [
        {name: value for name, value in old.items() if name != "id"}
        | {"conversion_id": old["id"], "replaced_at": old["removed_at"] or now}
        for old, _ in pairs
    ]
    session.connection().execute(changed, written)
    session.connection().execute(insert(REVISIONS), kept)


def amend_conversion(
    session: Session, client_id: int, conversion_id: int, changes: Mapping[str, Any], reason: str, now: datetime
) -> None:
    """Make a version with these changes of `CONTENT` (`customer_key` in clear text); the same values change nothing.

    Raises NotFoundError for a conversion or draft that the client does not have, ConflictError for a deleted one.
    """
    old = _current(session, client_id, conversion_id)
    if old["removed_at"] is not None:
        raise ConflictError(f"Conversion {conversion_id} is removed. Restore it before you amend it.")
    # The tags of a new link take the place of those of the old one.
    linked = {
        name: value[:LONGEST_TAG] for name, value in read_tags(changes.get("link_url") or "").items() if name in TAGS
    }
    new = {name: old[name] for name in CONTENT} | linked | dict(changes)
    if "customer_key" in changes:
        new["customer_key"] = customer_hash(client_id, changes["customer_key"])
    if _CREDITED_BY & changes.keys():
        if "content_draft_id" not in changes and old["attributed_by"] != "content_draft_id":
            new["content_draft_id"] = None
        conversion = Conversion(**{name: value for name, value in new.items() if name != "attributed_by"})
        (credit,) = find_credits(session, client_id, {0: conversion.with_tags}).values()
        if isinstance(credit, NotFoundError):
            raise credit
        new["content_draft_id"], new["attributed_by"] = credit
    if not has_same_content(old, new):
        replace_versions(session, [(old, new | {"reason": reason})], now)


def delete_conversion(session: Session, client_id: int, conversion_id: int, reason: str, now: datetime) -> None:
    """From now on it does not count, even when a file names it again. Reports of the past still know it.

    Raises NotFoundError; deleting a deleted one changes nothing.
    """
    old = _current(session, client_id, conversion_id)
    if old["removed_by"] != "person":
        replace_versions(session, [(old, _removed("person", reason, now))], now)


def restore_conversion(session: Session, client_id: int, conversion_id: int, reason: str, now: datetime) -> None:
    """From now on it counts again. Raises NotFoundError, and ConflictError when it is not removed."""
    old = _current(session, client_id, conversion_id)
    if old["removed_at"] is None:
        raise ConflictError(f"Conversion {conversion_id} is not deleted.")
    replace_versions(session, [(old, {"removed_at": None, "removed_by": None, "reason": reason})], now)


def withdraw_conversions(
    session: Session, client_id: int, identities: Collection[tuple[str, str]], reason: str, now: datetime
) -> int:
    """Remove the events with these (origin, external id), because their source says that they are none (any more).

    Return how many were removed. The next version that the source sends brings one back.
    """
    if not identities:
        return 0
    numbers = {number for _, number in identities}
    wanted = select(EVENTS.c.id, EVENTS.c.origin, EVENTS.c.external_id).where(
        EVENTS.c.client_id == client_id,
        among(EVENTS.c.external_id, numbers),
        EVENTS.c.removed_at.is_(None),
    )
    found = [row.id for row in session.execute(wanted) if (row.origin, row.external_id) in identities]
    return _withdraw(session, found, reason, now)


def remove_surplus(session: Session, client_id: int, counts: Mapping[tuple[str, str], int], now: datetime) -> int:
    """Remove the events of rows that count fewer events now. `counts` is {(origin, row key): events}.

    Return how many were removed.
    """
    if not counts:
        return 0
    wanted = select(EVENTS.c.id, EVENTS.c.origin, EVENTS.c.row_key, EVENTS.c.external_id).where(
        EVENTS.c.client_id == client_id,
        among(EVENTS.c.row_key, {key for _, key in counts}),
        EVENTS.c.removed_at.is_(None),
    )
    surplus = [
        row.id
        for row in session.execute(wanted)
        if int(row.external_id.rpartition(_ORDINAL)[2]) > counts.get((row.origin, row.row_key), 2**63)
    ]
    return _withdraw(session, surplus, "The newest file counts fewer events of this row.", now)


def _withdraw(session: Session, numbers: Sequence[int], reason: str, now: datetime) -> int:
    if not numbers:
        return 0
    versions = load_versions(session, numbers)
    pairs = [(old, _removed("source", reason, now)) for old in versions.values() if old["removed_at"] is None]
    replace_versions(session, pairs, now)
    return len(pairs)


def _removed(by: str, reason: str, now: datetime) -> dict[str, Any]:
    """A current version that counts at no moment."""
    return {"removed_at": now, "removed_by": by, "reason": reason}


def _current(session: Session, client_id: int, conversion_id: int) -> Version:
    version = load_versions(session, [conversion_id]).get(conversion_id)
    if version is None or version["client_id"] != client_id:
        raise NotFoundError(f"Client {client_id} has no conversion {conversion_id}.")
    return version
