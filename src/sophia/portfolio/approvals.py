"""Who did what to a draft before it may go out: made, edited, regenerated, approved, rejected; each an event with a name and a moment.

Every function works inside the caller's transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.database.statements import among
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.models import ApprovalEvent, ContentDraft, PublishingQueueEntry

CREATED, EDITED, REGENERATED, APPROVED, REJECTED = "created", "edited", "regenerated", "approved", "rejected"
LONGEST_ACTOR = 120
# What an account may have been told of already cannot be taken back, nor changed.
ON_ITS_WAY = ("publishing", "published")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a draft. `version` is the one that it happened to, `at` aware."""

    id: int
    draft_id: int
    kind: str
    version: int
    actor: str
    note: str | None
    at: datetime


def checked_actor(name: str) -> str:
    """The name with single spaces. Raises InvalidInputError when nothing can be shown of it, or it is too long."""
    name = " ".join(name.split())
    if not name or not name.isprintable() or len(name) > LONGEST_ACTOR:
        raise InvalidInputError(f"Say who does this, in 1 to {LONGEST_ACTOR} characters that can be read.")
    return name


def lock_draft(session: Session, draft_id: int) -> ContentDraft:
    """The draft, held until the transaction ends, so that what happens to it happens in order. Raises NotFoundError."""
    draft = session.get(ContentDraft, draft_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFoundError(f"There is no draft {draft_id}.")
    return draft


def record(
    session: Session, draft: ContentDraft, kind: str, actor: str, now: datetime, note: str | None = None
) -> None:
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
    """Let the draft go out as it is. `version` is the one that was read; None for whichever it is.

    With `two_person`, the actor must not have queued the draft. Approving what is approved changes nothing. Raises
    NotFoundError, and ConflictError when somebody has edited the draft since it was read, or the actor has queued it.
    """
    if two_person:
        expect_other_queuer(session, lock_draft(session, draft_id), actor)
    _decide(session, draft_id, APPROVED, actor, now, version, note)


def reject(
    session: Session, draft_id: int, actor: str, now: datetime, *, version: int | None = None, note: str | None = None
) -> None:
    """Keep the draft from going out. Raises as `approve` does, and ConflictError when it is on its way already."""
    draft = lock_draft(session, draft_id)
    expect_at_home(session, draft)
    _decide(session, draft_id, REJECTED, actor, now, version, note)


def _decide(
    session: Session, draft_id: int, kind: str, actor: str, now: datetime, version: int | None, note: str | None
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
    if version is not None and version != draft.version:
        raise ConflictError(
            f"Draft {draft.id} was edited meanwhile: you read version {version}, it is {draft.version} now. Read it again."
        )


def expect_at_home(session: Session, draft: ContentDraft) -> None:
    """Raises ConflictError when the draft is on its way to an account, or has arrived."""
    query = select(PublishingQueueEntry.status).where(
        PublishingQueueEntry.draft_id == draft.id, PublishingQueueEntry.status.in_(ON_ITS_WAY)
    )
    status = session.scalar(query.limit(1))
    if status is not None or draft.status == "published":
        raise ConflictError(f"Draft {draft.id} is {status or 'published'} already. Make a new draft instead.")


def is_approved(draft: ContentDraft, last: Event | None) -> bool:
    """Whether the draft may go out: the last thing that happened to it is an approval of what it says now."""
    return last is not None and last.kind == APPROVED and last.version == draft.version


def is_released(draft: ContentDraft, last: Event | None, queued_by: str | None, *, two_person: bool) -> bool:
    """Return whether a queue entry of the draft may be sent: it is approved, and with `two_person` by somebody other than
    who queued it. An entry of which nobody knows who queued it is not released then.
    """
    if last is None or not is_approved(draft, last):
        return False
    return not two_person or (queued_by is not None and queued_by != last.actor)


def expect_other_approver(draft: ContentDraft, last: Event | None, actor: str) -> None:
    """Raises ConflictError when the actor has approved what the draft says now."""
    if last is not None and is_approved(draft, last) and last.actor == actor:
        raise ConflictError(
            f"{actor} has approved draft {draft.id}, and SOPHIA_TWO_PERSON_APPROVAL requires that somebody else queues "
            "it. Let another person or key queue it."
        )


def expect_other_queuer(session: Session, draft: ContentDraft, actor: str) -> None:
    """Raises ConflictError when the actor has put the draft into the queue, and it still stands there."""
    entry = PublishingQueueEntry
    query = select(entry.id).where(
        entry.draft_id == draft.id, entry.status == "queued", entry.queued_by == checked_actor(actor)
    )
    if session.scalar(query.limit(1)) is not None:
        raise ConflictError(
            f"{actor} has queued draft {draft.id}, and SOPHIA_TWO_PERSON_APPROVAL requires that somebody else approves "
            "it. Let another person or key approve it."
        )


def last_events(session: Session, draft_ids: Collection[int]) -> dict[int, Event]:
    """What happened last to each of these drafts; drafts to which nothing happened are left out."""
    return {event.draft_id: event for event in events_of(session, draft_ids)}


def events_of(session: Session, draft_ids: Collection[int]) -> list[Event]:
    """Everything that happened to these drafts, in the order in which it did."""
    query = select(ApprovalEvent).where(among(ApprovalEvent.draft_id, draft_ids)).order_by(ApprovalEvent.id)
    return [
        Event(row.id, row.draft_id, row.kind, row.version, row.actor, row.note, row.happened_at)
        for row in session.scalars(query)
    ]
