"""The steps of a draft before publication: created, edited, regenerated, approved, rejected. Each is stored as an event.

Every function works inside the caller's transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.database.statements import among
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.models import ApprovalEvent, ContentDraft, EventKind, PublishingQueueEntry

CREATED: Final = "created"
EDITED: Final = "edited"
REGENERATED: Final = "regenerated"
APPROVED: Final = "approved"
REJECTED: Final = "rejected"
LONGEST_ACTOR = 120
# A draft in one of these states may be public already, so that it can be neither rejected nor edited.
SENT_STATUSES = ("publishing", "published")


@dataclass(frozen=True, slots=True)
class DraftEvent:
    """An action on one version of a draft. `at` is aware."""

    kind: EventKind
    version: int
    actor: str
    note: str | None
    at: datetime


def checked_actor(name: str) -> str:
    """Return the name with single spaces. Raises InvalidInputError when it has no printable character or is too long."""
    name = " ".join(name.split())
    if not name or not name.isprintable() or len(name) > LONGEST_ACTOR:
        raise InvalidInputError(f"Give the name of the actor in 1 to {LONGEST_ACTOR} printable characters.")
    return name


def lock_draft(session: Session, draft_id: int) -> ContentDraft:
    """Return the draft, locked until the transaction ends, so that its events stay in order. Raises NotFoundError."""
    draft = session.get(ContentDraft, draft_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFoundError(f"There is no draft {draft_id}.")
    return draft


def record(
    session: Session, draft: ContentDraft, kind: EventKind, actor: str, now: datetime, note: str | None = None
) -> None:
    """Store an event of the draft's current version."""
    session.add(
        ApprovalEvent(
            draft_id=draft.id, kind=kind, version=draft.version, actor=checked_actor(actor), note=note, happened_at=now
        )
    )
    session.flush()


def approve(
    session: Session,
    draft_id: int,
    actor: str,
    now: datetime,
    *,
    version: int | None = None,
    note: str | None = None,
    two_person: bool = False,
) -> None:
    """Approve the draft's current version for publication. `version` is the version that the actor read, None for any.

    With `two_person`, the actor must not have queued the draft. A second approval of the same version changes nothing.
    Raises NotFoundError, and ConflictError when the draft was edited after the actor read it, or the actor queued it.
    """
    if two_person:
        expect_other_queuer(session, lock_draft(session, draft_id), actor)
    _decide(session, draft_id, APPROVED, actor, now, version, note)


def reject(
    session: Session, draft_id: int, actor: str, now: datetime, *, version: int | None = None, note: str | None = None
) -> None:
    """Reject the draft. Raises as `approve` does, and ConflictError when publication has started."""
    draft = lock_draft(session, draft_id)
    expect_not_sent(session, draft)
    _decide(session, draft_id, REJECTED, actor, now, version, note)


def _decide(
    session: Session, draft_id: int, kind: EventKind, actor: str, now: datetime, version: int | None, note: str | None
) -> None:
    draft = lock_draft(session, draft_id)
    expect_version(draft, version)
    last = last_events(session, [draft_id]).get(draft_id)
    if last is not None and (last.kind, last.version) == (kind, draft.version):
        return
    record(session, draft, kind, actor, now, note)
    if draft.status != "published":
        draft.status = kind


def expect_version(draft: ContentDraft, version: int | None) -> None:
    """Raise ConflictError when the draft has another version than the one that the actor read."""
    if version is not None and version != draft.version:
        raise ConflictError(
            f"Draft {draft.id} was edited meanwhile: you read version {version}, it is {draft.version} now. Read it again."
        )


def expect_not_sent(session: Session, draft: ContentDraft) -> None:
    """Raise ConflictError when publication of the draft has started or is complete."""
    query = select(PublishingQueueEntry.status).where(
        PublishingQueueEntry.draft_id == draft.id, PublishingQueueEntry.status.in_(SENT_STATUSES)
    )
    status = session.scalar(query.limit(1))
    if status is not None or draft.status == "published":
        raise ConflictError(f"Draft {draft.id} is {status or 'published'} already. Make a new draft instead.")


def is_approved(draft: ContentDraft, last: DraftEvent | None) -> bool:
    """Return whether the draft's last event is an approval of its current version."""
    return last is not None and last.kind == APPROVED and last.version == draft.version


def is_released(draft: ContentDraft, last: DraftEvent | None, queued_by: str | None, *, two_person: bool) -> bool:
    """Return whether a queue entry of the draft may be sent.

    The draft must be approved. With `two_person`, the approver and the actor who queued the entry must differ, and an
    entry without a recorded actor is not released.
    """
    if last is None or not is_approved(draft, last):
        return False
    return not two_person or (queued_by is not None and queued_by != last.actor)


def expect_other_approver(draft: ContentDraft, last: DraftEvent | None, actor: str) -> None:
    """Raise ConflictError when the actor has approved the draft's current version."""
    if last is not None and is_approved(draft, last) and last.actor == actor:
        raise ConflictError(
            f"{actor} has approved draft {draft.id}, and SOPHIA_TWO_PERSON_APPROVAL requires that somebody else queues "
            "it. Let another person or key queue it."
        )


def expect_other_queuer(session: Session, draft: ContentDraft, actor: str) -> None:
    """Raise ConflictError when the actor has queued the draft and the entry is still queued."""
    entry = PublishingQueueEntry
    query = select(entry.id).where(
        entry.draft_id == draft.id, entry.status == "queued", entry.queued_by == checked_actor(actor)
    )
    if session.scalar(query.limit(1)) is not None:
        raise ConflictError(
            f"{actor} has queued draft {draft.id}, and SOPHIA_TWO_PERSON_APPROVAL requires that somebody else approves "
            "it. Let another person or key approve it."
        )


def last_events(session: Session, draft_ids: Collection[int]) -> dict[int, DraftEvent]:
    """Return {draft id: its last event}; drafts without an event are left out."""
    return {draft_id: events[-1] for draft_id, events in events_by_draft(session, draft_ids).items() if events}


def events_by_draft(session: Session, draft_ids: Collection[int]) -> dict[int, list[DraftEvent]]:
    """Return {draft id: all its events, oldest first} for these drafts."""
    events: dict[int, list[DraftEvent]] = {draft_id: [] for draft_id in draft_ids}
    query = select(ApprovalEvent).where(among(ApprovalEvent.draft_id, draft_ids)).order_by(ApprovalEvent.id)
    for row in session.scalars(query):
        events[row.draft_id].append(DraftEvent(row.kind, row.version, row.actor, row.note, row.happened_at))
    return events
