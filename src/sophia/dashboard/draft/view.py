"""One draft: its text as it would be published, its steps and its entries in the queue; and the form of a new draft."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from sophia.access.pages import PublishPage, ReadPage, WritePage
from sophia.access.roles import Role
from sophia.access.web import RequestContext
from sophia.analytics.campaigns.store import add_drafts
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.dashboard.draft.fields import DraftFields, DraftForm, draft_form, fields_of
from sophia.dashboard.drafts.view import ENTRY_LABELS, LONGEST_TITLE, STATUS_LABELS, STEP_LABELS, type_label
from sophia.dashboard.layout.forms import LineField, NoteField, OptionalId, TextField, moment_of
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.formatting import DASH, beginning, clock, whole
from sophia.display.values import Cell, Column, Table, Value
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio import approvals, drafts
from sophia.portfolio.drafts import Draft
from sophia.portfolio.models import Client
from sophia.publishing import queue
from sophia.publishing.composing import Preview, preview
from sophia.publishing.queue import CANCELLED, FAILED, QUEUED, QueueEntry

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MOST_ENTRIES = 200
REFUSALS = (InvalidInputError, ConflictError, NotFoundError)
Version = Annotated[int, Form(ge=1)]
Accounts = Annotated[list[Id], Form(max_length=100)]
Change = Callable[[Session], object]


class NewDraftQuery(PageQuery):
    client_id: Id


@dataclass(frozen=True, slots=True)
class NewDraftPage:
    """The form of a new draft. `form_key` is new on each page, so that a form sent twice makes one draft."""

    name: str
    client_id: int
    form_key: str
    form: DraftForm
    error: str = ""


@dataclass(frozen=True, slots=True)
class DraftPage:
    """A draft. `error` says why the last form changed nothing."""

    id: int
    title: str
    client: str
    lead: str
    kind: str
    version: int
    text: str
    length: str
    media: tuple[str, ...]
    links: Table
    entries: Table
    steps: Table
    cancellable: tuple[int, ...]
    retriable: tuple[int, ...]
    may_write: bool
    may_publish: bool
    form: DraftForm
    zone: str
    error: str = ""


@router.get("/drafts/new")
def new_draft(request: Request, context: WritePage, query: Annotated[NewDraftQuery, Query()]) -> Response:
    return show_new_draft(request, context, query.client_id, DraftFields(), secrets.token_hex(16))


@router.post("/drafts/new")
def create(
    request: Request,
    context: WritePage,
    client_id: Annotated[Id, Form()],
    form_key: Annotated[str, Form(pattern="^[0-9a-f]{32}$")],
    post_type: LineField,
    copy_: Annotated[TextField, Form(alias="copy")] = "",
    media: TextField = "",
    account_ids: Accounts = [],  # noqa: B006 - FastAPI copies defaults
    content_pillar: LineField = "",
    campaign_id: OptionalId = None,
) -> Response:
    fields = DraftFields(post_type, copy_, media, tuple(account_ids), content_pillar, campaign_id)
    try:
        with context.database.write() as session:
            expect_client(session, context.allowed_clients, client_id)
            draft_id = drafts.create_draft(
                session, client_id, fields.content, context.actor, context.now, idempotency_key=form_key
            )
            if campaign_id is not None:
                add_drafts(session, client_id, campaign_id, [draft_id])
    except REFUSALS as error:
        return show_new_draft(request, context, client_id, fields, secrets.token_hex(16), str(error))
    return to_draft(context, draft_id)


@router.get("/drafts/{draft_id}")
def draft(
    request: Request, context: ReadPage, draft_id: Annotated[Id, Path()], _query: Annotated[PageQuery, Query()]
) -> Response:
    return show_draft(request, context, draft_id)


@router.post("/drafts/{draft_id}/edit")
def edit(
    request: Request,
    context: WritePage,
    draft_id: Annotated[Id, Path()],
    version: Version,
    post_type: LineField,
    copy_: Annotated[TextField, Form(alias="copy")] = "",
    media: TextField = "",
    account_ids: Accounts = [],  # noqa: B006 - FastAPI copies defaults
    content_pillar: LineField = "",
) -> Response:
    """Change a draft. The new version needs an approval of its own."""
    fields = DraftFields(post_type, copy_, media, tuple(account_ids), content_pillar)
    content = fields.content

    def change(session: Session) -> None:
        drafts.edit_draft(
            session,
            draft_id,
            context.actor,
            context.now,
            version=version,
            kind=content.kind,
            copy=content.copy,
            media_urls=content.media_urls,
            account_ids=content.account_ids,
            content_pillar=content.content_pillar,
        )

    return change_draft(request, context, draft_id, change, fields)


@router.post("/drafts/{draft_id}/approve")
def approve(
    request: Request, context: PublishPage, draft_id: Annotated[Id, Path()], version: Version, note: NoteField = ""
) -> Response:
    two_person = context.settings.two_person_approval
    return change_draft(
        request,
        context,
        draft_id,
        lambda session: approvals.approve(
            session,
            draft_id,
            context.actor,
            context.now,
            version=version,
            note=note.strip() or None,
            two_person=two_person,
        ),
    )


@router.post("/drafts/{draft_id}/reject")
def reject(
    request: Request, context: PublishPage, draft_id: Annotated[Id, Path()], version: Version, note: NoteField = ""
) -> Response:
    return change_draft(
        request,
        context,
        draft_id,
        lambda session: approvals.reject(
            session, draft_id, context.actor, context.now, version=version, note=note.strip() or None
        ),
    )


@router.post("/drafts/{draft_id}/queue")
def enqueue(
    request: Request, context: PublishPage, draft_id: Annotated[Id, Path()], planned_at: LineField = ""
) -> Response:
    """Queue the draft for its accounts, or move it to another time. An empty time means as soon as it is approved."""
    zone = ZoneInfo(context.settings.operator_timezone)
    return change_draft(
        request,
        context,
        draft_id,
        lambda session: queue.enqueue(
            session,
            draft_id,
            context.actor,
            context.now,
            scheduled_for=moment_of(planned_at, zone),
            two_person=context.settings.two_person_approval,
        ),
    )


@router.post("/drafts/{draft_id}/entries/{entry_id}/cancel")
def cancel(
    request: Request, context: PublishPage, draft_id: Annotated[Id, Path()], entry_id: Annotated[Id, Path()]
) -> Response:
    return change_entry(request, context, draft_id, entry_id, queue.cancel)


@router.post("/drafts/{draft_id}/entries/{entry_id}/retry")
def retry(
    request: Request, context: PublishPage, draft_id: Annotated[Id, Path()], entry_id: Annotated[Id, Path()]
) -> Response:
    return change_entry(request, context, draft_id, entry_id, queue.retry)


def change_draft(
    request: Request, context: RequestContext, draft_id: int, change: Change, fields: DraftFields | None = None
) -> Response:
    """Change a draft and lead back to its page, or show the page with the reason why nothing was changed."""
    with context.database.read() as session:
        drafts.find_draft(session, context.allowed_clients, draft_id)
    try:
        with context.database.write() as session:
            change(session)
    except REFUSALS as error:
        return show_draft(request, context, draft_id, str(error), fields)
    return to_draft(context, draft_id)


def change_entry(
    request: Request,
    context: RequestContext,
    draft_id: int,
    entry_id: int,
    change: Callable[[Session, int], None],
) -> Response:
    with context.database.read() as session:
        entry = queue.find_entry(session, context.allowed_clients, entry_id)
    if entry.draft_id != draft_id:
        raise NotFoundError(f"There is no entry {entry_id} of draft {draft_id} in the publishing queue.")
    return change_draft(request, context, draft_id, lambda session: change(session, entry_id))


def to_draft(context: RequestContext, draft_id: int) -> Response:
    return RedirectResponse(f"{context.settings.path_prefix}/drafts/{draft_id}", 303)


def show_new_draft(
    request: Request, context: RequestContext, client_id: int, fields: DraftFields, form_key: str, error: str = ""
) -> Response:
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        name = session.get_one(Client, client_id).name
        form = draft_form(session, client_id, fields, context.now)
    page = NewDraftPage(name, client_id, form_key, form, error)
    outside = frame(request, context, f"New draft for {name}")
    return respond(request, "draft/new.html", outside, page, 422 if error else 200)


def show_draft(
    request: Request, context: RequestContext, draft_id: int, error: str = "", fields: DraftFields | None = None
) -> Response:
    with context.database.read() as session:
        record = drafts.find_draft(session, context.allowed_clients, draft_id)
        name = session.get_one(Client, record.client_id).name
        text = preview(session, draft_id, context.now)
        entries = queue.list_entries(
            session,
            context.allowed_clients,
            draft_id=draft_id,
            limit=MOST_ENTRIES,
            two_person=context.settings.two_person_approval,
        )
        form = draft_form(session, record.client_id, fields or fields_of(record), context.now, record.platform)
    page = draft_page(context, record, name, text, entries, form, error)
    outside = frame(request, context, page.title)
    return respond(request, "draft/page.html", outside, page, 422 if error else 200)


def draft_page(
    context: RequestContext,
    record: Draft,
    client: str,
    text: Preview,
    entries: Sequence[QueueEntry],
    form: DraftForm,
    error: str,
) -> DraftPage:
    zone = ZoneInfo(context.settings.operator_timezone)
    role = context.viewer.role
    too_long = f"; {whole(text.overflow)} too many" if text.overflow else ""
    return DraftPage(
        id=record.id,
        title=f"Draft {record.id}: {beginning(record.copy or 'without text', LONGEST_TITLE)}",
        client=client,
        lead=lead(record, entries, zone, context.now),
        kind=type_label(record),
        version=record.version,
        text=text.text,
        length=f"{whole(text.length)} of {whole(text.limit)} characters as published{too_long}",
        media=tuple(record.media_urls),
        links=link_table(text),
        entries=entry_table(entries, zone, context.now),
        steps=step_table(record, zone, context.now),
        cancellable=tuple(entry.id for entry in entries if entry.status == QUEUED),
        retriable=tuple(entry.id for entry in entries if entry.status == FAILED),
        may_write=role.includes(Role.WRITE),
        may_publish=role.includes(Role.PUBLISH),
        form=form,
        zone=zone.key,
        error=error,
    )


def lead(record: Draft, entries: Sequence[QueueEntry], zone: ZoneInfo, now: datetime) -> str:
    """Return one sentence: the state of the draft, and when it is published next."""
    label = STATUS_LABELS.get(record.status, record.status)
    waiting = [entry for entry in entries if entry.status == QUEUED]
    times = [moment for entry in waiting if (moment := entry.next_try_at or entry.scheduled_for) is not None]
    if any(entry.status == FAILED for entry in entries):
        return f"{label}; publishing failed."
    if times:
        return f"{label}; planned for {clock(min(times), zone, now).exact}."
    if waiting:
        return f"{label}; queued to be published as soon as it is approved."
    return f"{label}." if any(entry.status != CANCELLED for entry in entries) else f"{label}; not queued."


def link_table(text: Preview) -> Table:
    columns = (Column("Link"), Column("As published"), Column("Note"))
    rows = tuple(
        (Cell(Value(link.original)), Cell(Value(link.tagged)), Cell(Value(link.note or "tagged")))
        for link in text.links
    )
    return Table("links", "Links in the text", columns, rows, "The text has no link.")


def entry_table(entries: Sequence[QueueEntry], zone: ZoneInfo, now: datetime) -> Table:
    columns = (
        Column("Entry"),
        Column("Account"),
        Column("State"),
        Column("When"),
        Column("Queued by"),
        Column("Problem"),
        Column("What to do"),
    )
    rows = tuple(
        (
            Cell(Value(str(entry.id))),
            Cell(Value(entry.account_name), note=entry.platform.capitalize()),
            Cell(Value(ENTRY_LABELS.get(entry.status, entry.status))),
            Cell(entry_time(entry, zone, now)),
            Cell(Value(entry.queued_by or DASH)),
            Cell(Value(entry.problem or DASH)),
            Cell(Value(entry.what_to_do or DASH)),
        )
        for entry in entries
    )
    return Table("queue", "Queue", columns, rows, "This draft is not queued.")


def entry_time(entry: QueueEntry, zone: ZoneInfo, now: datetime) -> Value:
    moment = entry.published_at or entry.next_try_at or entry.scheduled_for
    return Value("as soon as possible") if moment is None else clock(moment, zone, now)


def step_table(record: Draft, zone: ZoneInfo, now: datetime) -> Table:
    columns = (Column("When"), Column("Step"), Column("Version"), Column("By"), Column("Note"))
    rows = tuple(
        (
            Cell(clock(event.at, zone, now)),
            Cell(Value(STEP_LABELS[event.kind])),
            Cell(Value(str(event.version))),
            Cell(Value(event.actor)),
            Cell(Value(event.note or DASH)),
        )
        for event in record.events
    )
    return Table("steps", "Steps", columns, rows, "No step of this draft was recorded.")
