"""The REST API of drafts and of the publishing queue, under /api/publishing. A key sees its clients' drafts only (D3).

Who did something is the name of the key. Each write is committed before its answer leaves (J1).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy.orm import Session

from sophia.access.problems import documented
from sophia.access.web import PublishContext, ReadContext, RequestContext, WriteContext
from sophia.analytics.campaigns.store import add_drafts
from sophia.analytics.figures.pagination import paginate
from sophia.analytics.figures.requests import Id, IdempotencyKey
from sophia.analytics.readings.permissions import expect_client
from sophia.portfolio import approvals, drafts
from sophia.portfolio.drafts import DraftContent, DraftInfo
from sophia.publishing import queue, schemas
from sophia.publishing.composing import Preview, preview
from sophia.publishing.queue import EntryInfo

PREFIX = "/api/publishing"
router = APIRouter(prefix=PREFIX, tags=["publishing"], responses=documented(401, 403, 404, 422, 429, 500, 503))
WRITES = documented(400, 409, 413)
DraftId = Annotated[Id, Path()]
EntryId = Annotated[Id, Path()]


@router.post("/drafts", status_code=201, response_model=schemas.DraftAnswer, responses=WRITES)
def create_draft(context: WriteContext, given: schemas.NewDraft, idempotency_key: IdempotencyKey = None) -> DraftInfo:
    """Write a draft, once per `Idempotency-Key`. It goes out once it is approved and stands in the queue."""
    content = DraftContent(
        given.platform,
        given.kind,
        given.copy_,
        tuple(given.media_urls),
        tuple(given.account_ids),
        given.content_pillar,
    )
    with context.database.write() as session:
        expect_client(session, context.allowed_clients, given.client_id)
        draft_id = drafts.create_draft(
            session, given.client_id, content, context.actor, context.now, idempotency_key=idempotency_key
        )
        if given.campaign_id is not None:
            add_drafts(session, given.client_id, given.campaign_id, [draft_id])
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.get("/drafts", response_model=list[schemas.DraftAnswer])
def list_drafts(
    context: ReadContext, asked: Annotated[schemas.DraftsQuery, Query()], request: Request, response: Response
) -> list[DraftInfo]:
    """Drafts, newest first; `Link: rel="next"` leads on."""
    with context.database.read() as session:
        if asked.client_id is not None:
            expect_client(session, context.allowed_clients, asked.client_id)
        found = drafts.list_drafts(
            session,
            context.allowed_clients,
            client_id=asked.client_id,
            status=asked.status,
            before_id=asked.before_id,
            limit=asked.limit + 1,
        )
    return paginate(request, response, found, asked.limit, before_id=lambda last: last.id)


@router.get("/drafts/{draft_id}", response_model=schemas.DraftAnswer)
def show_draft(context: ReadContext, draft_id: DraftId) -> DraftInfo:
    """A draft, and everything that happened to it."""
    with context.database.read() as session:
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.get("/drafts/{draft_id}/preview", response_model=schemas.PreviewResponse)
def preview_draft(context: ReadContext, draft_id: DraftId) -> Preview:
    """The draft's text as it would go out now, with its tagged links, and why other links are left alone."""
    with context.database.read() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
        return preview(session, draft_id, context.now)


@router.patch("/drafts/{draft_id}", response_model=schemas.DraftAnswer, responses=WRITES)
def edit_draft(context: WriteContext, draft_id: DraftId, given: schemas.DraftEdit) -> DraftInfo:
    """Change a draft. An approval that it had is taken back."""
    changes: dict[str, Any] = given.model_dump(exclude={"version", "regenerated"}, exclude_unset=True, by_alias=True)
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
            version=given.version,
            regenerated=given.regenerated,
            **changes,
        )
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.post("/drafts/{draft_id}/approve", response_model=schemas.DraftAnswer, responses=WRITES)
def approve(context: PublishContext, draft_id: DraftId, given: schemas.Decision) -> DraftInfo:
    """Let the draft go out as it is. A second time changes nothing."""
    with context.database.write() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
        approvals.approve(
            session,
            draft_id,
            context.actor,
            context.now,
            version=given.version,
            note=given.note,
            two_person=context.settings.two_person_approval,
        )
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.post("/drafts/{draft_id}/reject", response_model=schemas.DraftAnswer, responses=WRITES)
def reject(context: PublishContext, draft_id: DraftId, given: schemas.Decision) -> DraftInfo:
    """Keep the draft from going out. A second time changes nothing."""
    with context.database.write() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
        approvals.reject(session, draft_id, context.actor, context.now, version=given.version, note=given.note)
        return drafts.find_draft(session, context.allowed_clients, draft_id)


@router.post("/drafts/{draft_id}/queue", response_model=list[schemas.EntryAnswer], responses=WRITES)
def enqueue(context: PublishContext, draft_id: DraftId, given: schemas.Queueing) -> list[EntryInfo]:
    """Put the draft into the queue, or move it to another time. It stands there once for each account.

    A time more than five minutes ago is refused; without a time it goes out as soon as it is approved.
    """
    two_person = context.settings.two_person_approval
    with context.database.write() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
        ids = queue.enqueue(
            session,
            draft_id,
            context.actor,
            context.now,
            account_ids=given.account_ids,
            scheduled_for=given.scheduled_for,
            two_person=two_person,
        )
        return queue.list_entries(
            session, context.allowed_clients, entry_ids=ids, limit=len(ids), two_person=two_person
        )


@router.get("/queue", response_model=list[schemas.EntryAnswer])
def list_entries(
    context: ReadContext, asked: Annotated[schemas.QueueQuery, Query()], request: Request, response: Response
) -> list[EntryInfo]:
    """What stands in the queue, was published or failed, by the moment when it went out, is tried again or is meant for:
    the latest first; `Link: rel="next"` leads on.
    """
    with context.database.read() as session:
        if asked.client_id is not None:
            expect_client(session, context.allowed_clients, asked.client_id)
        entries = queue.list_entries(
            session,
            context.allowed_clients,
            client_id=asked.client_id,
            draft_id=asked.draft_id,
            status=asked.status,
            before_id=asked.before_id,
            limit=asked.limit + 1,
            two_person=context.settings.two_person_approval,
        )
    return paginate(request, response, entries, asked.limit, before_id=lambda last: last.id)


@router.post("/queue/{entry_id}/cancel", response_model=schemas.EntryAnswer, responses=WRITES)
def cancel(context: PublishContext, entry_id: EntryId) -> EntryInfo:
    """Take an entry out of the queue, as long as it is not being sent."""
    with context.database.write() as session:
        return changed(session, context, entry_id, queue.cancel)


@router.post("/queue/{entry_id}/retry", response_model=schemas.EntryAnswer, responses=WRITES)
def retry(context: PublishContext, entry_id: EntryId) -> EntryInfo:
    """Let an entry that failed try again."""
    with context.database.write() as session:
        return changed(session, context, entry_id, queue.retry)


def changed(session: Session, context: RequestContext, entry_id: int, change: Any) -> EntryInfo:
    queue.find_entry(session, context.allowed_clients, entry_id)
    change(session, entry_id)
    return queue.find_entry(session, context.allowed_clients, entry_id, two_person=context.settings.two_person_approval)
