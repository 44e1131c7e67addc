"""Stores the KPIs of complete weeks. The same values change nothing; replaced values are kept as revisions (G1, G3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.figures.saved_rows import SavedRows
from sophia.analytics.kpis.models import FORMULAS, KPISnapshot, KPISnapshotRevision
from sophia.database.statements import among
from sophia.meta.reporting_zone import ONE_DAY, DateRange

_DOCUMENTS = ("kpis", "algo_dependent_summary", "algo_independent_summary")


@dataclass(frozen=True, slots=True)
class ComputedWeek:
    """The KPIs of one client, or of one of its accounts, as JSON documents (`figures/documents.py`)."""

    client_id: int
    account_id: int | None
    kpis: dict[str, Any]
    algo_dependent_summary: dict[str, Any]
    algo_independent_summary: dict[str, Any]


def save_week(session: Session, week: DateRange, computed: Sequence[ComputedWeek], now: datetime) -> SavedRows:
    """Store the KPIs of one complete week in the caller's transaction."""
    rows = session.scalars(
        select(KPISnapshot)
        .where(
            KPISnapshot.week_start == week.start, among(KPISnapshot.client_id, {computed_week.client_id for computed_week in computed})
        )
        .with_for_update()
    )  # fmt: skip
    rows_by_key = {(row.client_id, row.account_key): row for row in rows}
    counts = {"new": 0, "changed": 0, "same": 0}
    for computed_week in computed:
        row = rows_by_key.get((computed_week.client_id, computed_week.account_id or 0))
        if row is None:
            counts["new"] += 1
            session.add(_new(week, computed_week, now))
        elif all(getattr(row, name) == getattr(computed_week, name) for name in _DOCUMENTS):
            counts["same"] += 1
            row.checked_at, row.formulas = now, FORMULAS
        else:
            counts["changed"] += 1
            _replace(session, row, computed_week, now)
    session.flush()
    return SavedRows(**counts)


def _new(week: DateRange, computed_week: ComputedWeek, now: datetime) -> KPISnapshot:
    return KPISnapshot(
        client_id=computed_week.client_id,
        account_id=computed_week.account_id,
        account_key=computed_week.account_id or 0,
        week_start=week.start,
        week_end=week.end - ONE_DAY,
        computed_at=now,
        checked_at=now,
        **{name: getattr(computed_week, name) for name in _DOCUMENTS},
    )


def _replace(session: Session, row: KPISnapshot, computed_week: ComputedWeek, now: datetime) -> None:
    kept = {name: getattr(row, name) for name in _DOCUMENTS}
    session.add(KPISnapshotRevision(snapshot_id=row.id, replaced_at=now, computed_at=row.computed_at, **kept))
    for name in _DOCUMENTS:
        setattr(row, name, getattr(computed_week, name))
    row.computed_at = row.checked_at = now
    row.formulas = FORMULAS
