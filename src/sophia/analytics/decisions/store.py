"""Records decisions, each once, and keeps the weekly scores of their stages."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.decisions.models import AGES, STAGES, DecisionQualityScore, DecisionTrace
from sophia.analytics.decisions.predictions import validate_confidence, validate_prediction
from sophia.analytics.figures.figures import DateRange
from sophia.database import among, insert_for
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.models import ContentDraft

_SCORED = ("sample_size", "skill", "details")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """A decision as it is told. `decided_at` is aware; None for the moment at which it is recorded."""

    stage: str
    decision: str
    draft_id: int | None = None
    rationale: str | None = None
    alternatives_considered: list[str] | None = None
    evidence: dict[str, Any] | None = None
    predicted: dict[str, Any] | None = None
    predicted_age: str = "7d"
    confidence: float | None = None
    decided_at: datetime | None = None

    @property
    def sha256(self) -> str:
        """The same for two that say the same."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, default=_plain).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    id: int
    duplicate: bool


def _plain(value: Any) -> str:
    return str(value.timestamp()) if isinstance(value, datetime) else str(value)


def record_decision(
    session: Session, client_id: int, decision: NewDecision, idempotency_key: str, now: datetime
) -> RecordedDecision:
    """Record a decision once per key; what it predicts is checked first (I5, I8).

    Raises InvalidInputError for what could never be judged and for a decision of the future, NotFoundError when the
    draft is not one of this client (D4), ConflictError when the key was used for something else.
    """
    check(decision, now)
    recorded_decision = _recorded_before(session, client_id, decision, idempotency_key)
    if recorded_decision is not None:
        return recorded_decision
    mine = ContentDraft.id == decision.draft_id, ContentDraft.client_id == client_id
    if decision.draft_id is not None and session.scalar(select(ContentDraft.id).where(*mine)) is None:
        raise NotFoundError(f"Client {client_id} has no draft {decision.draft_id}.")
    about = {
        "client_id": client_id,
        "decided_at": decision.decided_at or now,
        "recorded_at": now,
        "idempotency_key": idempotency_key,
        "content_sha256": decision.sha256,
    }
    # Another process may write the same at this moment: the database decides, and the loser reads what won.
    statement = insert_for(session, DecisionTrace).values(asdict(decision) | about).on_conflict_do_nothing()
    number = session.scalar(statement.returning(DecisionTrace.id))
    if number is not None:
        return RecordedDecision(number, duplicate=False)
    recorded_decision = _recorded_before(session, client_id, decision, idempotency_key)
    if recorded_decision is None:
        raise ConflictError("The Idempotency-Key was used and removed at this moment. Send the decision again.")
    return recorded_decision


def check(decision: NewDecision, now: datetime) -> None:
    """Raises InvalidInputError as `record_decision` does."""
    if decision.stage not in STAGES:
        raise InvalidInputError(f"There is no stage {decision.stage[:40]!r}. Give one of: {', '.join(STAGES)}.")
    if decision.predicted_age not in AGES:
        raise InvalidInputError(f"Outcomes are taken at {', '.join(AGES)}; predict one of these ages.")
    if decision.decided_at is not None and decision.decided_at > now:
        raise InvalidInputError("decided_at lies in the future. A decision is recorded once it is made.")
    validate_prediction(decision.predicted or {})
    validate_confidence(decision.confidence)


def _recorded_before(
    session: Session, client_id: int, decision: NewDecision, idempotency_key: str
) -> RecordedDecision | None:
    """What was recorded under the same key; ConflictError when it says something else."""
    same = DecisionTrace.client_id == client_id, DecisionTrace.idempotency_key == idempotency_key
    row = session.execute(select(DecisionTrace.id, DecisionTrace.content_sha256).where(*same)).one_or_none()
    if row is None:
        return None
    if row.content_sha256 != decision.sha256:
        raise ConflictError(f"The Idempotency-Key was used for another decision, number {row.id}. Use a new one.")
    return RecordedDecision(row.id, duplicate=True)


@dataclass(frozen=True, slots=True)
class ComputedScore:
    """The score of one stage in one closed week; without a `skill`, `details` holds the reason."""

    client_id: int
    stage: str
    week: DateRange
    sample_size: int
    skill: float | None
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SavedScores:
    """How many scores were new, said something else than before, or the same."""

    new: int = 0
    changed: int = 0
    same: int = 0


def save_scores(session: Session, computed: Sequence[ComputedScore], now: datetime) -> SavedScores:
    """Store scores by client, stage and week; those that are there are brought up to date. One transaction."""
    clients = {one.client_id for one in computed}
    rows = session.scalars(
        select(DecisionQualityScore).where(among(DecisionQualityScore.client_id, clients)).with_for_update()
    )
    known: dict[tuple[int, str, date], DecisionQualityScore] = {
        (row.client_id, row.stage, row.period_start): row for row in rows
    }
    counts = {"new": 0, "changed": 0, "same": 0}
    for one in computed:
        row = known.get((one.client_id, one.stage, one.week.start))
        said = {name: getattr(one, name) for name in _SCORED}
        if row is None:
            counts["new"] += 1
            place = {"client_id": one.client_id, "stage": one.stage}
            days = {"period_start": one.week.start, "period_end": one.week.end}
            session.add(DecisionQualityScore(**place, **days, **said, computed_at=now))
        elif all(getattr(row, name) == value for name, value in said.items()):
            counts["same"] += 1
        else:
            counts["changed"] += 1
            for name, value in said.items():
                setattr(row, name, value)
            row.computed_at = now
    session.flush()
    return SavedScores(**counts)
