"""Requests about decisions: a new decision and the filters of lists."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, with_config

from sophia.analytics.decisions.predictions import Stage, validate_confidence, validate_prediction
from sophia.analytics.figures.ages import Age
from sophia.analytics.figures.requests import (
    UNSTORABLE,
    BodyId,
    Cursor,
    DateRangeQuery,
    Id,
    Moment,
    expect_plain,
    plain_number,
    visible,
)
from sophia.errors import InvalidInputError

MOST_EVIDENCE_BYTES = 16_000
MOST_ALTERNATIVES = 50


def keepable(text: str) -> str:
    if UNSTORABLE.search(text):
        raise ValueError("holds a character that cannot be stored")
    return visible(text)


def as_list(alternatives: Any) -> Any:
    """Return a dictionary of alternatives, which older programs sent and stored, as a list of texts (I1)."""
    if isinstance(alternatives, dict):
        return [name if reason is None else f"{name}: {_text(reason)}" for name, reason in alternatives.items()]
    return alternatives


def _text(reason: Any) -> str:
    return reason if isinstance(reason, str) else json.dumps(reason, ensure_ascii=False)


Text = Annotated[str, AfterValidator(keepable), Field(min_length=1, max_length=4_000)]
LongText = Annotated[str, AfterValidator(keepable), Field(min_length=1, max_length=16_000)]
Alternatives = Annotated[list[Text], BeforeValidator(as_list), Field(max_length=MOST_ALTERNATIVES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionContent:
    """The content of a decision about a draft at one stage."""

    stage: Stage
    decision: Text
    draft_id: BodyId | None = None
    rationale: LongText | None = None
    alternatives_considered: Annotated[
        Alternatives | None, Field(description="Texts; a dictionary becomes a list of `name: reason`.")
    ] = None
    evidence: Annotated[dict[str, Any] | None, Field(description="At most 16 kB as JSON.")] = None
    predicted: Annotated[
        dict[str, Any] | None,
        Field(
            description="By canonical metric of a post, or a rate in percent: a number; q10, q50 and q90; or at_least and "
            "probability. approved and approved_without_edits by a probability."
        ),
    ] = None
    predicted_age: Annotated[Age, Field(description="The age of the post at which the prediction is judged.")] = "7d"
    confidence: Annotated[
        Annotated[float, Field(strict=True)] | None,
        Field(description="From 0 to 1: that the first predicted metric reaches what history would predict."),
    ] = None


@with_config(extra="forbid")
@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision(DecisionContent):
    """A decision to record. A text that is too long is refused, never cut."""

    decided_at: Annotated[Moment | None, Field(description="Now, if left out; never in the future.")] = None

    def __post_init__(self) -> None:
        """Raise ValueError for evidence that cannot be stored, and for predictions that cannot be judged (I5, I8)."""
        expect_plain(self.evidence)
        try:
            size = len(json.dumps(self.evidence, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode())
        except (ValueError, RecursionError) as error:
            raise ValueError("evidence holds something that JSON cannot express") from error
        if size > MOST_EVIDENCE_BYTES:
            raise ValueError(f"evidence has {size:,} bytes; {MOST_EVIDENCE_BYTES:,} are allowed")
        try:
            validate_prediction(self.predicted or {})
            validate_confidence(self.confidence)
        except InvalidInputError as error:
            raise ValueError(str(error)) from error

    @property
    def sha256(self) -> str:
        """Return a hash that is the same for equal decisions."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> str:
    return str(value.timestamp()) if isinstance(value, datetime) else str(value)


class DecisionsQuery(DateRangeQuery):
    """Filters of decisions; days of the reporting zone, both included."""

    stage: Stage | None = None
    draft_id: Id | None = None
    limit: Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=200)] = 50
    cursor: Cursor | None = None
