"""Keeps what posts had at fixed ages: the same again changes nothing, and what is replaced is kept (I2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.measures.decisions import Outcome
from sophia.analytics.models import PostOutcome, PostOutcomeRevision
from sophia.database import among, put_rows

OUTCOME_COLUMNS = ("post_id", "age", "metric", "value", "read_at", "measured_at")
REVISION_COLUMNS = (*OUTCOME_COLUMNS, "replaced_at")
OutcomesByAge = Mapping[str, Mapping[str, Outcome]]


@dataclass(frozen=True, slots=True)
class SavedOutcomes:
    """How many outcomes were new, said something else than before, or the same."""

    new: int = 0
    changed: int = 0
    same: int = 0


def save_outcomes(session: Session, found: Mapping[int, OutcomesByAge], now: datetime) -> SavedOutcomes:
    """Store {post: its outcomes by age and metric}. Everything is one transaction of the caller's."""
    columns = [getattr(PostOutcome, name) for name in OUTCOME_COLUMNS]
    rows = session.execute(select(*columns).where(among(PostOutcome.post_id, list(found))))
    stored = {(row.post_id, row.age, row.metric): tuple(row) for row in rows}
    new, changed, revisions, same = [], [], [], 0
    for post, ages in found.items():
        for age, metrics in ages.items():
            for metric, outcome in metrics.items():
                old = stored.get((post, age, metric))
                row = (post, age, metric, outcome.value, outcome.read_at, now)
                if old is None:
                    new.append(row)
                elif old[3] == outcome.value:
                    same += 1
                else:
                    changed.append(row)
                    revisions.append((*old, now))
    put_rows(session, PostOutcome, OUTCOME_COLUMNS, new)
    put_rows(session, PostOutcome, OUTCOME_COLUMNS, changed, replace=("value", "read_at", "measured_at"))
    put_rows(session, PostOutcomeRevision, REVISION_COLUMNS, revisions)
    return SavedOutcomes(len(new), len(changed), same)
