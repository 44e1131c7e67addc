"""The publishing queue: add, cancel, retry and list entries, and find those that are due.

Every function works inside the caller's transaction. An entry can be cancelled or moved only while it is not being sent.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from sophia.database.records import as_record
from sophia.database.statements import among
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.approvals import (
    DraftEvent,
    checked_actor,
    expect_other_approver,
    is_approved,
    is_released,
    last_events,
    lock_draft,
)
from sophia.portfolio.drafts import account_ids_of, check, content_of
from sophia.portfolio.models import (
    Account,
    Client,
    ContentDraft,
    DraftKind,
    EntryStatus,
    PlatformName,
    PublishingQueueEntry,
)
from sophia.publishing.composing import compose

QUEUED: Final = "queued"
PUBLISHING: Final = "publishing"
PUBLISHED: Final = "published"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
STATUSES = (QUEUED, PUBLISHING, PUBLISHED, FAILED, CANCELLED)
# A publishing time may be this far in the past: clocks differ, and people need a moment to press Enter.
TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A draft in the queue of one account. `what_to_do` is for a person, and null when there is nothing to do."""

    id: int
    draft_id: int
    client_id: int
    client_name: str
    account_id: int
    account_name: str
    platform: PlatformName
    kind: DraftKind | None
    status: EntryStatus
    approved: bool
    queued_by: Annotated[
        str | None, Field(description="The actor who queued it or last moved it; null when that is not known.")
    ]
    scheduled_for: datetime | None
    next_try_at: datetime | None
    published_at: datetime | None
    platform_post_id: str | None
    attempts: int
    problem: str | None
    what_to_do: str | None


@dataclass(frozen=True, slots=True)
class DueEntry:
    """An entry that should be sent or looked after now."""

    entry_id: int
    account_id: int


def enqueue(
    session: Session,
    draft_id: int,
    actor: str,
    now: datetime,
    *,
    account_ids: Collection[int] = (),
    scheduled_for: datetime | None = None,
    two_person: bool = False,
) -> list[int]:
    """Queue the draft for these accounts, else for its own, else for all accounts of its client on its platform.

    `scheduled_for` is aware; None means as soon as possible. With `two_person`, the actor must not be the approver.
    Returns the ids of the entries in the order of their accounts. Queued entries move to the new time, cancelled entries
    are queued again, and entries that are being sent or are published stay as they are. Raises InvalidInputError for a
    draft that cannot be sent and for a time in the past, NotFoundError for an account that is not the client's,
    ConflictError for the approver.
    """
    draft = lock_draft(session, draft_id)
    if draft.kind is None:
        raise InvalidInputError(f"Draft {draft_id} only describes a post. Write one to publish: sophia draft create")
    expect_future(scheduled_for, now)
    actor = checked_actor(actor)
    if two_person:
        expect_other_approver(draft, last_events(session, [draft_id]).get(draft_id), actor)
    check(content_of(draft))
    compose(session, draft, scheduled_for or now)
    chosen = _chosen_accounts(session, draft, account_ids)
    queued = set(session.scalars(select(PublishingQueueEntry.account_id).where(_of(draft_id, chosen))))
    session.add_all(
        PublishingQueueEntry(draft_id=draft_id, account_id=account_id, status=QUEUED, created_at=now)
        for account_id in chosen
        if account_id not in queued
    )
    session.flush()
    query = select(PublishingQueueEntry).where(_of(draft_id, chosen)).order_by(PublishingQueueEntry.account_id)
    entries = list(session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    for entry in entries:
        if entry.status in (QUEUED, CANCELLED):
            entry.status, entry.scheduled_for, entry.next_try_at = QUEUED, scheduled_for, None
            entry.queued_by = actor
    return [entry.id for entry in entries]


def expect_future(scheduled_for: datetime | None, now: datetime) -> None:
    """Raise InvalidInputError for a publishing time more than five minutes ago, which would publish immediately."""
    if scheduled_for is None or scheduled_for >= now - TOLERANCE:
        return
    local_now = now.astimezone(scheduled_for.tzinfo)
    raise InvalidInputError(
        f"The publishing time {scheduled_for:%Y-%m-%d %H:%M %Z} is in the past: it is {local_now:%Y-%m-%d %H:%M %Z} now. "
        "Nothing was queued. Give a later time, or leave the time out to publish as soon as the draft is approved."
    )


def _chosen_accounts(session: Session, draft: ContentDraft, account_ids: Collection[int]) -> list[int]:
    client_accounts = account_ids_of(session, draft.client_id, draft.platform)
    chosen = sorted(set(account_ids or draft.account_ids or client_accounts))
    for account_id in chosen:
        if account_id not in client_accounts:
            raise NotFoundError(f"Client {draft.client_id} has no {draft.platform} account {account_id}.")
    if not chosen:
        raise InvalidInputError(f"The client of draft {draft.id} has no {draft.platform} account. Run: sophia connect")
    return chosen


def _of(draft_id: int, account_ids: Collection[int]) -> ColumnElement[bool]:
    return (PublishingQueueEntry.draft_id == draft_id) & among(PublishingQueueEntry.account_id, account_ids)


def cancel(session: Session, entry_id: int) -> None:
    """Cancel a queued entry. Raises ConflictError when it is being sent, was sent or has failed."""
    entry = lock_entry(session, entry_id)
    if entry.status == CANCELLED:
        return
    if entry.status != QUEUED:
        raise ConflictError(f"Entry {entry_id} is {entry.status}; only what is still queued can be cancelled.")
    entry.status = CANCELLED


def retry(session: Session, entry_id: int) -> None:
    """Queue a failed entry again with the attempts of a new one. Raises ConflictError when it did not fail."""
    entry = lock_entry(session, entry_id)
    if entry.status == QUEUED:
        return
    if entry.status != FAILED:
        raise ConflictError(f"Entry {entry_id} is {entry.status}; only what has failed can be tried again.")
    entry.status, entry.attempts = QUEUED, 0
    entry.next_try_at = entry.problem = entry.what_to_do = None


def lock_entry(session: Session, entry_id: int) -> PublishingQueueEntry:
    """Return the entry, locked until the transaction ends. Raises NotFoundError."""
    entry = session.get(PublishingQueueEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise NotFoundError(f"There is no entry {entry_id} in the publishing queue.")
    return entry


def due(
    session: Session, now: datetime, entry_ids: Collection[int] | None = None, *, two_person: bool = False
) -> list[DueEntry]:
    """Return the entries to send or look after now: by account, unsure entries first, then by scheduled time.

    Left out are drafts without a valid approval, inactive accounts and clients, and, with `two_person`, drafts that the
    same actor approved and queued.
    """
    entry = PublishingQueueEntry
    is_open = (entry.status == QUEUED) & or_(entry.scheduled_for.is_(None), entry.scheduled_for <= now)
    query = (
        select(entry, ContentDraft)
        .join(ContentDraft, ContentDraft.id == entry.draft_id)
        .join(Account, Account.id == entry.account_id)
        .join(Client, Client.id == Account.client_id)
        .where(or_(is_open, entry.status == PUBLISHING), or_(entry.next_try_at.is_(None), entry.next_try_at <= now))
        .where(Account.status == "active", Account.token_encrypted.is_not(None), Client.status == "active")
    )
    if entry_ids is not None:
        query = query.where(among(entry.id, entry_ids))
    rows = [(row, draft) for row, draft in session.execute(query)]
    last = last_events(session, list({draft.id for _, draft in rows}))
    ready = [
        row
        for row, draft in rows
        if row.status == PUBLISHING or is_released(draft, last.get(draft.id), row.queued_by, two_person=two_person)
    ]
    ready.sort(key=lambda row: (row.account_id, row.sent_at is None, row.scheduled_for or row.created_at, row.id))
    return [DueEntry(row.id, row.account_id) for row in ready]


def unsure_entry(session: Session, account_id: int) -> int | None:
    """Return the account's first entry that may or may not be a post already, or None.

    Nothing else is sent to the account until that is certain, because two posts with the same text look alike.
    """
    entry = PublishingQueueEntry
    unsure = (entry.account_id == account_id, entry.status == PUBLISHING, entry.sent_at.is_not(None))
    return session.scalar(select(entry.id).where(*unsure).order_by(entry.id).limit(1))


def find_entry(
    session: Session, allowed_clients: frozenset[int] | None, entry_id: int, *, two_person: bool = False
) -> QueueEntry:
    """Return an entry. Raises NotFoundError when it does not exist or belongs to a client outside `allowed_clients`."""
    entries = list_entries(session, allowed_clients, entry_ids=[entry_id], two_person=two_person)
    if not entries:
        raise NotFoundError(f"There is no entry {entry_id} in the publishing queue.")
    return entries[0]


def list_entries(
    session: Session,
    allowed_clients: frozenset[int] | None,
    *,
    client_id: int | None = None,
    draft_id: int | None = None,
    status: str | None = None,
    entry_ids: Collection[int] | None = None,
    before_id: int | None = None,
    between: tuple[datetime, datetime] | None = None,
    limit: int = 50,
    two_person: bool = False,
) -> list[QueueEntry]:
    """Return entries, the latest first, by moment of publication, next attempt or schedule, else of queueing.

    `between` keeps entries whose moment is in this half-open span. `before_id` continues a list after that entry. With `two_person`, approver and queuer must differ. Raises NotFoundError
    when there is no entry `before_id`.
    """
    entry = PublishingQueueEntry
    # Only the ids are sorted here: sorting full rows with their drafts takes three times as long.
    query = select(entry.id).order_by(_moment_of(entry).desc(), entry.id.desc()).limit(limit)
    if allowed_clients is not None or client_id is not None:
        query = query.join(ContentDraft, ContentDraft.id == entry.draft_id)
    if allowed_clients is not None:
        query = query.where(among(ContentDraft.client_id, sorted(allowed_clients)))
    if entry_ids is not None:
        query = query.where(among(entry.id, entry_ids))
    if between is not None:
        query = query.where(_moment_of(entry) >= between[0], _moment_of(entry) < between[1])
    if before_id is not None:
        query = query.where(_listed_after(session, allowed_clients, before_id))
    for column, value in ((ContentDraft.client_id, client_id), (entry.draft_id, draft_id), (entry.status, status)):
        if value is not None:
            query = query.where(column == value)
    return _describe(session, list(session.scalars(query)), two_person=two_person)


def _describe(session: Session, ids: list[int], *, two_person: bool) -> list[QueueEntry]:
    """Return these entries in this order; two queries."""
    entry = PublishingQueueEntry
    query = (
        select(entry, ContentDraft, Account, Client.name)
        .join(ContentDraft, ContentDraft.id == entry.draft_id)
        .join(Account, Account.id == entry.account_id)
        .join(Client, Client.id == ContentDraft.client_id)
        .where(among(entry.id, ids))
    )
    rows = {row[0].id: row for row in session.execute(query)}
    last = last_events(session, list({draft.id for _, draft, _, _ in rows.values()}))
    return [
        _as_entry(row, draft, account, name, last.get(draft.id), two_person=two_person)
        for row, draft, account, name in (rows[entry_id] for entry_id in ids if entry_id in rows)
    ]


def _moment_of(entry: type[PublishingQueueEntry]) -> ColumnElement[datetime]:
    return func.coalesce(entry.published_at, entry.next_try_at, entry.scheduled_for, entry.created_at)


def _listed_after(session: Session, allowed_clients: frozenset[int] | None, entry_id: int) -> ColumnElement[bool]:
    """Return the condition that a row comes after this entry in a list. Raises NotFoundError as `find_entry` does."""
    entry = PublishingQueueEntry
    moment = _moment_of(entry)
    query = select(moment).join(ContentDraft, ContentDraft.id == entry.draft_id).where(entry.id == entry_id)
    if allowed_clients is not None:
        query = query.where(among(ContentDraft.client_id, sorted(allowed_clients)))
    last = session.scalar(query)
    if last is None:
        raise NotFoundError(f"There is no entry {entry_id} in the publishing queue.")
    return or_(moment < last, (moment == last) & (entry.id < entry_id))


def _as_entry(
    row: PublishingQueueEntry,
    draft: ContentDraft,
    account: Account,
    client_name: str,
    last: DraftEvent | None,
    *,
    two_person: bool,
) -> QueueEntry:
    approved = is_approved(draft, last)
    released = is_released(draft, last, row.queued_by, two_person=two_person)
    return as_record(
        QueueEntry,
        row,
        client_id=draft.client_id,
        client_name=client_name,
        account_name=account.name,
        platform=account.platform,
        kind=draft.kind,
        approved=approved,
        what_to_do=row.what_to_do or _waiting_for(row, account, approved=approved, released=released),
    )


def _waiting_for(row: PublishingQueueEntry, account: Account, *, approved: bool, released: bool) -> str | None:
    """Return what a person must do before a queued entry can be sent, or None."""
    if row.status not in (QUEUED, PUBLISHING):
        return None
    if row.status == QUEUED and not approved:
        return f"Approve the current version: sophia draft approve {row.draft_id}"
    if row.status == QUEUED and not released:
        return f"Somebody other than the approver must queue it: sophia publish queue {row.draft_id}"
    if account.status != "active" or account.token_encrypted is None:
        return account.status_reason or "Connect this account again: sophia connect"
    return None
