"""Records decisions, each once, and saves the weekly scores of their stages."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.decisions.models import DecisionQualityScore, DecisionTrace
from sophia.analytics.decisions.predictions import Stage
from sophia.analytics.decisions.requests import NewDecision
from sophia.analytics.figures.saved_rows import SavedRows
from sophia.database.statements import among, insert_for
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import ContentDraft

_SCORE_COLUMNS = ("sample_size", "skill", "details")


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """The id of a decision, and whether it was recorded now or before."""

    id: int
    status: Literal["recorded", "duplicate"]


def record_decision(
    session: Session, client_id: int, decision: NewDecision, idempotency_key: str, now: datetime
) -> RecordedDecision:
    """Record a decision once per key.

    Raises InvalidInputError for a decision in the future, NotFoundError if the client has no such draft (D4), ConflictError
    if the key was used for another decision.
    """
    if decision.decided_at is not None and decision.decided_at > now:
        raise InvalidInputError("decided_at lies in the future. A decision is recorded once it is made.")
    recorded = _recorded_before(session, client_id, decision, idempotency_key)
    if recorded is not None:
        return recorded
    draft = select(ContentDraft.id).filter_by(id=decision.draft_id, client_id=client_id)
    if decision.draft_id is not None and session.scalar(draft) is None:
        raise NotFoundError(f"Client {client_id} has no draft {decision.draft_id}.")
    values = asdict(decision) | {
        "client_id": client_id,
        "decided_at": decision.decided_at or now,
        "recorded_at": now,
        "idempotency_key": idempotency_key,
        "content_sha256": decision.sha256,
    }
    # Another process may write the same key at this moment: the database decides, and the loser reads the winner's row.
    statement = insert_for(session, DecisionTrace).values(values).on_conflict_do_nothing()
    decision_id = session.scalar(statement.returning(DecisionTrace.id))
    if decision_id is not None:
        return RecordedDecision(decision_id, "recorded")
    recorded = _recorded_before(session, client_id, decision, idempotency_key)
    if recorded is None:
        raise ConflictError("The Idempotency-Key was used and removed at this moment. Send the decision again.")
    return recorded


def _recorded_before(
    session: Session, client_id: int, decision: NewDecision, idempotency_key: str
) -> RecordedDecision | None:
    """Return the decision that was recorded with this key. Raises ConflictError if its content differs."""
    by_key = DecisionTrace.client_id == client_id, DecisionTrace.idempotency_key == idempotency_key
    row = session.execute(select(DecisionTrace.id, DecisionTrace.content_sha256).where(*by_key)).one_or_none()
    if row is None:
        return None
    if row.content_sha256 != decision.sha256:
        raise ConflictError(f"The Idempotency-Key was used for another decision, number {row.id}. Use a new one.")
    return RecordedDecision(row.id, "duplicate")


@dataclass(frozen=True, slots=True)
class ComputedScore:
    """The score of one stage in one closed week; without a `skill`, `details` has the reason."""

    client_id: int
    stage: Stage
    week: DateRange
    sample_size: int
    skill: float | None
    details: dict[str, Any]


def save_scores(session: Session, scores: Sequence[ComputedScore], now: datetime) -> SavedRows:
    """Save scores by client, stage and week, and update those that differ. One transaction."""
    clients = {score.client_id for score in scores}
    rows = session.scalars(
        select(DecisionQualityScore).where(among(DecisionQualityScore.client_id, clients)).with_for_update()
    )
    stored: dict[tuple[int, str, date], DecisionQualityScore] = {
        (row.client_id, row.stage, row.period_start): row for row in rows
    }
    counts = {"new": 0, "changed": 0, "same": 0}
    for score in scores:
        row = stored.get((score.client_id, score.stage, score.week.start))
        values = {name: getattr(score, name) for name in _SCORE_COLUMNS}
        if row is None:
            counts["new"] += 1
            key = {"client_id": score.client_id, "stage": score.stage}
            days = {"period_start": score.week.start, "period_end": score.week.end}
            session.add(DecisionQualityScore(**key, **days, **values, computed_at=now))
        elif all(getattr(row, name) == value for name, value in values.items()):
            counts["same"] += 1
        else:
            counts["changed"] += 1
            for name, value in values.items():
                setattr(row, name, value)
            row.computed_at = now
    session.flush()
    return SavedRows(**counts)
