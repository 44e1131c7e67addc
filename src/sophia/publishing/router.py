"""The REST API of drafts and of the publishing queue, under /api/publishing.

A key sees the drafts of its clients only (D3). Events name the key that caused them. Each write is committed before its
response is sent (J1).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from sqlalchemy.orm import Session

from sophia.access.problems import documented
from sophia.access.web import PublishContext, ReadContext, RequestContext, WriteContext
from sophia.analytics.campaigns.store import add_drafts
from sophia.analytics.figures.pagination import Paging
from sophia.analytics.figures.requests import Id, IdempotencyKey, writing
from sophia.analytics.readings.permissions import expect_client
from sophia.portfolio import approvals, drafts
from sophia.portfolio.drafts import Draft, DraftContent
from sophia.publishing import queue, schemas
from sophia.publishing.composing import Preview, preview
from sophia.publishing.queue import QueueEntry

PREFIX = "/api/publishing"
router = APIRouter(prefix=PREFIX, tags=["publishing"], responses=documented(401, 403, 404, 422, 429, 500, 503))
DraftId = Annotated[Id, Path()]
EntryId = Annotated[Id, Path()]


@router.post("/drafts", status_code=201, responses=writing)
def create_draft(context: WriteContext, draft: schemas.NewDraft, idempotency_key: IdempotencyKey = None) -> Draft:
    """Create a draft, once per `Idempotency-Key`. It is published when it is approved and queued."""
    content = DraftContent(
        draft.platform,
        draft.kind,
        draft.copy_,
        tuple(draft.media_urls),
        tuple(draft.account_ids),
        draft.content_pillar,
    )
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, draft.client_id)
        draft_id = drafts.create_draft(
            session, draft.client_id, content, context.actor, context.now, idempotency_key=idempotency_key
        )
        if draft.campaign_id is not None:
            add_drafts(session, draft.client_id, draft.campaign_id, [draft_id])
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.get("/drafts")
def list_drafts(context: ReadContext, query: Annotated[schemas.DraftsQuery, Query()], paging: Paging) -> list[Draft]:
    """List drafts, newest first. The `Link: rel="next"` header leads to the next page."""
    with context.database.read() as session:
        if query.client_id is not None:
            expect_client(session, context.allowed_clients, query.client_id)
        rows = drafts.list_drafts(
            session,
            context.allowed_clients,
            client_id=query.client_id,
            status=query.status,
            before_id=query.before_id,
            limit=query.limit + 1,
        )
    return paging.cut(rows, query.limit, before_id=lambda last: last.id)


@router.get("/drafts/{draft_id}")
def show_draft(context: ReadContext, draft_id: DraftId) -> Draft:
    """Return a draft with all its events."""
    with context.database.read() as session:
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.get("/drafts/{draft_id}/preview")
def preview_draft(context: ReadContext, draft_id: DraftId) -> Preview:
    """Return the draft's text as it would be published now, with tagged links and the reason why other links have no tags."""
    with context.database.read() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
        return preview(session, draft_id, context.now)


@router.patch("/drafts/{draft_id}", responses=writing)
def edit_draft(context: WriteContext, draft_id: DraftId, edit: schemas.DraftEdit) -> Draft:
    """Change a draft. The new version needs an approval of its own."""
    changes: dict[str, Any] = edit.model_dump(exclude={"version", "regenerated"}, exclude_unset=True, by_alias=True)
    for name in ("media_urls", "account_ids"):
        if name in changes:
            changes[name] = tuple(changes[name] or ())
    changes = {name: value for name, value in changes.items() if value is not None or name == "content_pillar"}
    with context.database.write() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
        drafts.edit_draft(
            session,
            draft_id,
            context.actor,
            context.now,
            version=edit.version,
            regenerated=edit.regenerated,
            **changes,
        )
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.post("/drafts/{draft_id}/approve", responses=writing)
def approve(context: PublishContext, draft_id: DraftId, decision: schemas.Decision) -> Draft:
    """Approve the draft for publication. A second approval changes nothing."""
    with context.database.write() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
        approvals.approve(
            session,
            draft_id,
            context.actor,
            context.now,
            version=decision.version,
            note=decision.note,
            two_person=context.settings.two_person_approval,
        )
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.post("/drafts/{draft_id}/reject", responses=writing)
def reject(context: PublishContext, draft_id: DraftId, decision: schemas.Decision) -> Draft:
    """Reject the draft, so that it is not published. A second rejection changes nothing."""
    with context.database.write() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
        approvals.reject(session, draft_id, context.actor, context.now, version=decision.version, note=decision.note)
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.post("/drafts/{draft_id}/queue", responses=writing)
def enqueue(context: PublishContext, draft_id: DraftId, queueing: schemas.Queueing) -> list[QueueEntry]:
    """Queue the draft, or move it to another time. The queue has one entry per account.

    A time more than five minutes ago is refused. Without a time, the draft is published as soon as it is approved.
    """
    two_person = context.settings.two_person_approval
    with context.database.write() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
        ids = queue.enqueue(
            session,
            draft_id,
            context.actor,
            context.now,
            account_ids=queueing.account_ids,
            scheduled_for=queueing.scheduled_for,
            two_person=two_person,
        )
        return queue.list_entries(
            session, context.allowed_clients, entry_ids=ids, limit=len(ids), two_person=two_person
        )


@router.get("/queue")
def list_entries(
    context: ReadContext, query: Annotated[schemas.QueueQuery, Query()], paging: Paging
) -> list[QueueEntry]:
    """List queue entries in every state, the latest moment of publication, next attempt or schedule first.

    The `Link: rel="next"` header leads to the next page.
    """
    with context.database.read() as session:
        if query.client_id is not None:
            expect_client(session, context.allowed_clients, query.client_id)
        entries = queue.list_entries(
            session,
            context.allowed_clients,
            client_id=query.client_id,
            draft_id=query.draft_id,
            status=query.status,
            before_id=query.before_id,
            limit=query.limit + 1,
            two_person=context.settings.two_person_approval,
        )
    return paging.cut(entries, query.limit, before_id=lambda last: last.id)


@router.post("/queue/{entry_id}/cancel", responses=writing)
def cancel(context: PublishContext, entry_id: EntryId) -> QueueEntry:
    """Remove an entry from the queue, unless it is being sent."""
    with context.database.write() as session:
        return changed(session, context, entry_id, queue.cancel)


@router.post("/queue/{entry_id}/retry", responses=writing)
def retry(context: PublishContext, entry_id: EntryId) -> QueueEntry:
    """Retry an entry that failed."""
    with context.database.write() as session:
        return changed(session, context, entry_id, queue.retry)


def changed(session: Session, context: RequestContext, entry_id: int, change: Any) -> QueueEntry:
    queue.find_entry(session, context.allowed_clients, entry_id)
    change(session, entry_id)
    return queue.find_entry(session, context.allowed_clients, entry_id, two_person=context.settings.two_person_approval)
