"""Opens an alert when its condition begins and ends it when the condition ends, each once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, true, update
from sqlalchemy.orm import Session

from sophia.alerts.conditions import Condition, Situation
from sophia.analytics.readings.permissions import ClientScope
from sophia.database.records import as_record
from sophia.database.statements import among, insert_for
from sophia.portfolio.alert_models import IS_OPEN, AlertEntry
from sophia.portfolio.models import Client

# Ended alerts and their deliveries are kept for a look back.
KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Changes:
    """How many alerts began, ended, and were deleted after KEPT_DAYS."""

    began: int
    ended: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert; moments are in UTC, and `ended_at` is None while it is open."""

    id: int
    condition: Condition
    client_name: str | None
    began_at: datetime
    ended_at: datetime | None
    outcome: str | None


def track(session: Session, situation: Situation, now: datetime) -> Changes:
    """Store which conditions began and ended, in the caller's transaction. A second call changes nothing."""
    open_keys = set(session.scalars(select(AlertEntry.key).where(AlertEntry.ended_at.is_(None))))
    conditions = {condition.key: condition for condition in situation.conditions}
    began = sum(begin(session, conditions[key], now) for key in sorted(conditions.keys() - open_keys))
    ended = end(session, sorted(open_keys - conditions.keys()), situation.outcomes, now)
    before = now - timedelta(days=KEPT_DAYS)
    removed = session.execute(delete(AlertEntry).where(AlertEntry.ended_at < before).returning(AlertEntry.id))
    return Changes(began, ended, len(removed.all()))


def begin(session: Session, condition: Condition, now: datetime) -> bool:
    """Open an alert. Return False if another process has just opened it."""
    values: dict[str, Any] = {
        "key": condition.key,
        "kind": condition.kind,
        "client_id": condition.client_id,
        "account_id": condition.account_id,
        "title": condition.title,
        "text": condition.text,
        "path": condition.path,
        "began_at": now,
    }
    statement = insert_for(session, AlertEntry).values(values)
    statement = statement.on_conflict_do_nothing(index_elements=["key"], index_where=IS_OPEN)
    return session.execute(statement.returning(AlertEntry.id)).scalar() is not None


def end(session: Session, keys: Sequence[str], outcomes: Mapping[str, str], now: datetime) -> int:
    """End the open alerts of these keys, with the outcome where one is known. Return how many ended."""
    ended = 0
    for key in keys:
        statement = (
            update(AlertEntry)
            .where(AlertEntry.key == key, AlertEntry.ended_at.is_(None))
            .values(ended_at=now, outcome=outcomes.get(key))
        )
        ended += len(session.execute(statement.returning(AlertEntry.id)).all())
    return ended


def list_alerts(
    session: Session, allowed_clients: ClientScope, *, only_open: bool = True, limit: int = 100
) -> list[Alert]:
    """Return the newest alerts that the viewer may see; only a viewer of every client sees those of the portfolio."""
    entry = AlertEntry
    is_visible = true() if allowed_clients is None else among(entry.client_id, sorted(allowed_clients))
    rows = session.execute(
        select(entry, Client.name)
        .outerjoin(Client, Client.id == entry.client_id)
        .where(is_visible, entry.ended_at.is_(None) if only_open else true())
        .order_by(entry.began_at.desc(), entry.id.desc())
        .limit(limit)
    )
    return [as_alert(row, name) for row, name in rows]


def as_alert(row: AlertEntry, client_name: str | None = None) -> Alert:
    return as_record(Alert, row, condition=as_record(Condition, row), client_name=client_name)
