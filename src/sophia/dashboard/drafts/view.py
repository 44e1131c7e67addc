"""Drafts of all allowed clients, and a month of what is planned and published."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from sophia.access.pages import ReadPage
from sophia.access.roles import Role
from sophia.access.web import RequestContext
from sophia.analytics.figures.requests import Id
from sophia.analytics.readings.permissions import expect_client
from sophia.analytics.readings.posts import observed_posts
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.formatting import DASH, beginning, clock, whole
from sophia.display.values import Cell, Choice, Column, Link, Table, Value
from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.portfolio.drafts import Draft, list_drafts
from sophia.portfolio.service import list_accounts, list_clients
from sophia.publishing.queue import CANCELLED, FAILED, PUBLISHED, QueueEntry, list_entries
from sophia.publishing.schemas import DraftStatus

router = APIRouter(route_class=PageRoute, include_in_schema=False)

DRAFTS_PER_PAGE = 25
MOST_ENTRIES = 2000
MOST_PER_DAY = 4
LONGEST_TITLE = 60
STATUS_LABELS = {
    "draft": "Waiting for approval",
    "approved": "Approved",
    "rejected": "Rejected",
    "published": "Published",
}
ENTRY_LABELS = {"queued": "planned", "publishing": "being sent", "published": "published", "failed": "failed"}
STEP_LABELS = {
    "created": "created",
    "edited": "edited",
    "regenerated": "generated again",
    "approved": "approved",
    "rejected": "rejected",
}


class DraftsQuery(PageQuery):
    """The month of the calendar, and filters of the list. Empty filters, which forms send, match everything."""

    month: Annotated[str, Field(pattern=r"^(20[0-9]{2}-(0[1-9]|1[0-2]))?$")] = ""
    client: Annotated[str, Field(max_length=18, pattern=r"^[0-9]*$")] = ""
    status: DraftStatus | Annotated[str, Field(max_length=0)] = ""
    before_id: Id | None = None


@dataclass(frozen=True, slots=True)
class CalendarItem:
    """Something planned or published. `status` is a word; `state` is its name in the stylesheet."""

    at: datetime
    time: str
    text: str
    client: str
    status: str
    state: str
    href: str


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An item as the calendar shows it."""

    text: str
    status: str
    state: str
    href: str


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day with its first entries, and in `more` how many others there are. `column` is 1 for Monday."""

    label: str
    column: int
    is_today: bool
    entries: tuple[CalendarEntry, ...]
    more: str


@dataclass(frozen=True, slots=True)
class DraftsPage:
    """`planned` is the calendar as a list. For several clients it leaves published posts out, which are counted only."""

    lead: str
    month: str
    month_name: str
    previous_month: str
    next_month: str
    client: str
    status: str
    clients: tuple[Choice, ...]
    statuses: tuple[Choice, ...]
    days: tuple[CalendarDay, ...]
    planned: Table
    drafts: Table
    older: tuple[Link, ...]
    may_write: bool


@router.get("/drafts")
def drafts(request: Request, context: ReadPage, query: Annotated[DraftsQuery, Query()]) -> Response:
    zone = ZoneInfo(context.settings.operator_timezone)
    month = month_of(query.month, context.now.astimezone(zone).date())
    client_id = int(query.client) if query.client else None
    with context.database.read() as session:
        if client_id is not None:
            expect_client(session, context.allowed_clients, client_id)
        rows = list_drafts(
            session,
            context.allowed_clients,
            client_id=client_id,
            status=query.status or None,
            before_id=query.before_id,
            limit=DRAFTS_PER_PAGE + 1,
        )
        items = calendar_items(session, context, client_id, month, zone)
        names = allowed_names(session, context.allowed_clients)
    page = drafts_page(request, context, query, names, rows, items, month)
    return respond(request, "drafts/page.html", frame(request, context, "Drafts and calendar"), page)


def allowed_names(session: Session, allowed_clients: frozenset[int] | None) -> dict[int, str]:
    """Return {id: name} of the active clients that the user may see, by name."""
    return {
        client.id: client.name
        for client in list_clients(session)
        if client.status == "active" and (allowed_clients is None or client.id in allowed_clients)
    }


def month_of(text: str, today: date) -> DateRange:
    """Return the calendar month that is written like 2026-11, or the current one."""
    first = date.fromisoformat(f"{text}-01") if text else today.replace(day=1)
    days = calendar.monthrange(first.year, first.month)[1]
    return DateRange(first, first + days * ONE_DAY)


def calendar_items(
    session: Session, context: RequestContext, client_id: int | None, month: DateRange, zone: ZoneInfo
) -> list[CalendarItem]:
    """Return the queue's entries and the published posts of a month on the operator's clock, in their order."""
    prefix = context.settings.path_prefix
    span = tuple(datetime.combine(day, time(), zone).astimezone(UTC) for day in (month.start, month.end))
    entries = list_entries(
        session, context.allowed_clients, client_id=client_id, between=(span[0], span[1]), limit=MOST_ENTRIES
    )
    accounts = {
        account.id: account
        for account in list_accounts(session, client_id=client_id, archived=True)
        if context.allowed_clients is None or account.client_id in context.allowed_clients
    }
    # Meta's days begin later than the operator's in most of the world.
    posts = observed_posts(session, list(accounts), [DateRange(month.start - ONE_DAY, month.end + ONE_DAY)])
    items = [
        CalendarItem(
            post.published_at,
            f"{post.published_at.astimezone(zone):%H:%M}",
            beginning(post.title or f"{post.kind.value} without text", LONGEST_TITLE),
            accounts[post.account_id].client_name,
            "published",
            "sage",
            f"{prefix}/posts/{post.id}",
        )
        for post in posts
        if span[0] <= post.published_at < span[1]
    ]
    collected = {post.platform_post_id for post in posts}
    items += [
        item_of(entry, context, zone)
        for entry in entries
        if entry.status != CANCELLED and (entry.platform_post_id is None or entry.platform_post_id not in collected)
    ]
    return sorted(items, key=lambda item: (item.at, item.client, item.text))


def item_of(entry: QueueEntry, context: RequestContext, zone: ZoneInfo) -> CalendarItem:
    """Return an entry of the queue as an item. Without a time it is sent as soon as possible, so it belongs to today."""
    moment = entry.published_at or entry.next_try_at or entry.scheduled_for
    status = ENTRY_LABELS[entry.status]
    if entry.status not in (PUBLISHED, FAILED) and not entry.approved:
        status = "waiting for approval"
    return CalendarItem(
        moment or context.now,
        "soon" if moment is None else f"{moment.astimezone(zone):%H:%M}",
        f"Draft {entry.draft_id} on {entry.account_name}",
        entry.client_name,
        status,
        {PUBLISHED: "sage", FAILED: "coral"}.get(entry.status, "none" if entry.approved else "amber"),
        f"{context.settings.path_prefix}/drafts/{entry.draft_id}",
    )


def drafts_page(
    request: Request,
    context: RequestContext,
    query: DraftsQuery,
    names: dict[int, str],
    rows: Sequence[Draft],
    items: Sequence[CalendarItem],
    month: DateRange,
) -> DraftsPage:
    zone = ZoneInfo(context.settings.operator_timezone)
    today = context.now.astimezone(zone).date()
    one_client = bool(query.client) or len(names) == 1
    listed = rows[:DRAFTS_PER_PAGE]
    older = f"?{request.url.include_query_params(before_id=listed[-1].id).query}" if len(rows) > len(listed) else ""
    return DraftsPage(
        lead=lead(items),
        month=f"{month.start:%Y-%m}",
        month_name=f"{month.start:%B %Y}",
        previous_month=f"{month.start - ONE_DAY:%Y-%m}",
        next_month=f"{month.end:%Y-%m}",
        client=query.client,
        status=query.status,
        clients=tuple(Choice(str(number), name, str(number) == query.client) for number, name in names.items()),
        statuses=tuple(Choice(status, label, status == query.status) for status, label in STATUS_LABELS.items()),
        days=calendar_days(items, month, today, zone, one_client=one_client),
        planned=planned_table(items, zone, one_client=one_client),
        drafts=draft_table(context.settings.path_prefix, listed, names, zone, context.now),
        older=(Link("Older drafts", older),) if older else (),
        may_write=context.viewer.role.includes(Role.WRITE),
    )


def lead(items: Sequence[CalendarItem]) -> str:
    """Return one sentence: how much was published, is planned, and needs a person."""
    published, failed, waiting = (
        sum(item.status == status for item in items) for status in ("published", "failed", "waiting for approval")
    )
    planned = len(items) - published - failed
    sentence = f"{whole(published)} published and {whole(planned)} planned in this month"
    needs = [f"{waiting} of them not approved"] if waiting else []
    needs += [f"{failed} failed"] if failed else []
    return f"{'; '.join([sentence, *needs])}."


def calendar_days(
    items: Sequence[CalendarItem], month: DateRange, today: date, zone: ZoneInfo, *, one_client: bool
) -> tuple[CalendarDay, ...]:
    """Return every day of the month with its items."""
    by_day = {day: list(group) for day, group in groupby(items, lambda item: item.at.astimezone(zone).date())}
    days = [month.start + index * ONE_DAY for index in range(month.days)]
    return tuple(calendar_day(day, by_day.get(day, []), today, one_client=one_client) for day in days)


def calendar_day(day: date, items: Sequence[CalendarItem], today: date, *, one_client: bool) -> CalendarDay:
    """Return a day. What is not published yet comes first, because a person can still change it."""
    pending = [item for item in items if item.status != PUBLISHED]
    published = [item for item in items if item.status == PUBLISHED]
    listed = [*pending, *(published if one_client else [])][:MOST_PER_DAY]
    unlisted = len(pending) - sum(item.status != PUBLISHED for item in listed)
    posts = len(published) - sum(item.status == PUBLISHED for item in listed)
    counts = [f"{unlisted} more planned"] if unlisted else []
    counts += [f"{posts} {'more ' if one_client else ''}published"] if posts else []
    entries = tuple(
        CalendarEntry(
            f"{item.time} {item.text}" if one_client else f"{item.time} {item.client}: {item.text}",
            item.status,
            item.state,
            item.href,
        )
        for item in listed
    )
    return CalendarDay(f"{day:%a} {day.day}", day.isoweekday(), day == today, entries, ", ".join(counts))


def planned_table(items: Sequence[CalendarItem], zone: ZoneInfo, *, one_client: bool) -> Table:
    columns = (Column("Day"), Column("Time"), Column("Client"), Column("What"), Column("State"))
    rows = tuple(
        (
            Cell(Value(f"{item.at.astimezone(zone):%a %d %b}", f"{item.at.astimezone(zone):%Y-%m-%d}")),
            Cell(Value(item.time)),
            Cell(Value(item.client)),
            Cell(Value(item.text), item.href),
            Cell(Value(item.status)),
        )
        for item in items
        if one_client or item.status != PUBLISHED
    )
    if one_client:
        return Table(
            "calendar", "This month as a list", columns, rows, "Nothing is planned or published in this month."
        )
    return Table(
        "calendar",
        "Planned in this month",
        columns,
        rows,
        "Nothing is planned in this month. Choose a client to list what was published.",
        "Choose a client to list what was published.",
    )


def draft_table(prefix: str, rows: Sequence[Draft], names: dict[int, str], zone: ZoneInfo, now: datetime) -> Table:
    columns = (Column("Draft"), Column("Client"), Column("Type"), Column("State"), Column("Last step"), Column("When"))
    return Table(
        "drafts",
        "Drafts, newest first",
        columns,
        tuple(draft_row(prefix, draft, names, zone, now) for draft in rows),
        "There is no draft. Write the first one above.",
    )


def draft_row(prefix: str, draft: Draft, names: dict[int, str], zone: ZoneInfo, now: datetime) -> tuple[Cell, ...]:
    last = draft.events[-1] if draft.events else None
    never = Value(DASH, reason="No step of this draft was recorded.")
    return (
        Cell(
            Value(f"{draft.id} · {beginning(draft.copy or 'without text', LONGEST_TITLE)}"),
            f"{prefix}/drafts/{draft.id}",
        ),
        Cell(Value(names.get(draft.client_id, "archived client"))),
        Cell(Value(type_label(draft))),
        Cell(Value(STATUS_LABELS.get(draft.status, draft.status))),
        Cell(never if last is None else Value(f"{STEP_LABELS[last.kind]} by {last.actor}")),
        Cell(clock(draft.created_at if last is None else last.at, zone, now)),
    )


def type_label(draft: Draft) -> str:
    return f"{draft.platform.capitalize()} · {draft.kind or 'written elsewhere'}"
