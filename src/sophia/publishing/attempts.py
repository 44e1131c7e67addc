"""Writes around one attempt to publish: each is committed before Meta hears of what it announces.

Whoever goes on after a crash finds here how far it went. An attempt is taken over by giving it another id; the process
that had it before can write nothing more, and makes nothing public.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.campaigns.store import expect_own_account_and_campaign
from sophia.analytics.links.store import register_links
from sophia.errors import BusyError
from sophia.portfolio.approvals import is_released, last_events, lock_draft
from sophia.portfolio.models import Account, ContentDraft, Post, PublishingQueueEntry
from sophia.publishing.composing import compose, join_month
from sophia.publishing.queue import CANCELLED, FAILED, PUBLISHED, PUBLISHING, QUEUED, lock_entry

# Between the tries of something that Meta could not do for the moment.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))


class OvertakenError(BusyError):
    """Another process has taken this entry over."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to make a draft a post on one account. `external_id` is Meta's id of the account.

    `container_id` is what was made at Meta and is not public; `parts` are the pictures of a carousel. `sent_at` (aware) is
    set from just before the call that makes it public until it is certain what became of it.
    """

    id: str
    entry_id: int
    draft_id: int
    account_id: int
    external_id: str
    platform: str
    kind: str
    caption: str
    media_urls: tuple[str, ...]
    started_at: datetime
    number: int
    parts: tuple[str, ...] = ()
    container_id: str | None = None
    sent_at: datetime | None = None


def begin(session: Session, entry_id: int, now: datetime, *, two_person: bool = False) -> Attempt | None:
    """Take the entry on, or over: a new attempt, or the one that was left unfinished, under a new id.

    None when there is nothing to do: it was cancelled, sent, put off or edited since it was due. With `two_person`, what
    one actor approved and queued is not begun. Raises CaptionTooLongError.
    """
    draft_id = session.scalar(select(PublishingQueueEntry.draft_id).where(PublishingQueueEntry.id == entry_id))
    if draft_id is None:
        return None
    draft = lock_draft(session, draft_id)
    entry = lock_entry(session, entry_id)
    if entry.next_try_at is not None and entry.next_try_at > now:
        return None
    if entry.status == QUEUED:
        last = last_events(session, [draft.id]).get(draft.id)
        if not is_released(draft, last, entry.queued_by, two_person=two_person):
            return None
        if entry.scheduled_for is not None and entry.scheduled_for > now:
            return None
        join_month(session, draft, now)
        composed = compose(session, draft, now)
        expect_own_account_and_campaign(session, draft.client_id, entry.account_id, composed.campaign_id)
        register_links(session, draft.id, entry.account_id, composed.tagged, composed.campaign_id, now)
        entry.status, entry.started_at, entry.caption = PUBLISHING, now, composed.tagged.text
        entry.attempts += 1
        entry.parts, entry.container_id, entry.sent_at = [], None, None
    elif entry.status != PUBLISHING:
        return None
    entry.attempt_id, entry.next_try_at = uuid4().hex, None
    return _as_attempt(entry, draft, session.get_one(Account, entry.account_id), now)


def _as_attempt(entry: PublishingQueueEntry, draft: ContentDraft, account: Account, now: datetime) -> Attempt:
    return Attempt(
        id=entry.attempt_id or "",
        entry_id=entry.id,
        draft_id=draft.id,
        account_id=account.id,
        external_id=account.external_id,
        platform=account.platform,
        kind=draft.kind or "",
        caption=entry.caption or "",
        media_urls=tuple(draft.media_urls),
        started_at=entry.started_at or now,
        number=entry.attempts,
        parts=tuple(entry.parts),
        container_id=entry.container_id,
        sent_at=entry.sent_at,
    )


def held(session: Session, attempt: Attempt) -> PublishingQueueEntry:
    """The entry, held until the transaction ends. Raises OvertakenError when the attempt is not ours any more."""
    entry = lock_entry(session, attempt.entry_id)
    if entry.status != PUBLISHING or entry.attempt_id != attempt.id:
        raise OvertakenError(f"Entry {attempt.entry_id} was taken over by another process.")
    return entry


def note_made(session: Session, attempt: Attempt, parts: tuple[str, ...], container_id: str | None) -> Attempt:
    """Remember what was made at Meta and is not public."""
    entry = held(session, attempt)
    entry.parts, entry.container_id = list(parts), container_id
    return replace(attempt, parts=parts, container_id=container_id)


def announce(session: Session, attempt: Attempt, now: datetime) -> Attempt:
    """Remember that the call that makes it public goes out now. From here on, nothing is sent before looking."""
    entry = held(session, attempt)
    entry.sent_at = now
    return replace(attempt, sent_at=now)


def withdraw(session: Session, attempt: Attempt, *, keep_made: bool) -> Attempt:
    """Remember that what was sent is certainly no post: it may be sent again, as another attempt."""
    entry = held(session, attempt)
    entry.sent_at = None
    entry.attempts += 1
    if not keep_made:
        entry.parts, entry.container_id = [], None
    return replace(
        attempt,
        sent_at=None,
        number=entry.attempts,
        parts=attempt.parts if keep_made else (),
        container_id=attempt.container_id if keep_made else None,
    )


def arrive(session: Session, attempt: Attempt, post_id: str | None, at: datetime, problem: str | None = None) -> None:
    """It is a post. `post_id` is None where Meta says that it is public and not which post it is."""
    draft = lock_draft(
        session, attempt.draft_id
    )  # drafts before entries, as everywhere: or two would wait for each other
    entry = held(session, attempt)
    entry.status, entry.published_at, entry.platform_post_id = PUBLISHED, at, post_id
    entry.sent_at = entry.next_try_at = entry.what_to_do = None
    entry.problem = problem
    session.flush()
    query = select(PublishingQueueEntry.status).where(PublishingQueueEntry.draft_id == draft.id)
    if all(status in (PUBLISHED, CANCELLED) for status in session.scalars(query)):
        draft.status = "published"


def give_up(session: Session, attempt: Attempt, problem: str, what_to_do: str) -> None:
    """It is certainly no post, and will not become one by itself."""
    entry = held(session, attempt)
    entry.status, entry.problem, entry.what_to_do = FAILED, problem, what_to_do
    entry.sent_at = entry.next_try_at = None


def refuse(session: Session, entry_id: int, problem: str) -> None:
    """It cannot be sent as it is; nothing was."""
    entry = lock_entry(session, entry_id)
    if entry.status == QUEUED:
        entry.status, entry.problem = FAILED, problem
        entry.what_to_do = "Edit and approve the draft, then try this entry again."


def put_off(session: Session, attempt: Attempt, until: datetime, problem: str, *, counts: bool = True) -> None:
    """It is certainly no post, and goes back into the queue until then. `counts`: whether it was a try of its own."""
    entry = held(session, attempt)
    entry.status, entry.next_try_at, entry.problem = QUEUED, until, problem
    entry.sent_at = None
    entry.attempts -= 0 if counts else 1


def look_again(session: Session, attempt: Attempt, at: datetime, problem: str) -> None:
    """Leave it as it is, and go on with it then."""
    entry = held(session, attempt)
    entry.next_try_at, entry.problem = at, problem


def ask_for_connection(session: Session, account_id: int, reason: str) -> None:
    account = session.get_one(Account, account_id)
    account.status, account.status_reason = "needs_reconnect", reason


def other_posts(session: Session, attempt: Attempt) -> Callable[[str], bool]:
    """Whether a post of the account cannot be this attempt's: it is another entry's, or was known before this one began."""
    claimed = set(
        session.scalars(
            select(PublishingQueueEntry.platform_post_id).where(
                PublishingQueueEntry.account_id == attempt.account_id, PublishingQueueEntry.id != attempt.entry_id
            )
        )
    )
    rows = session.execute(
        select(Post.platform_post_id, Post.video_id).where(
            Post.account_id == attempt.account_id,
            Post.first_seen_at < attempt.started_at,
            Post.published_at >= attempt.started_at - timedelta(days=1),
        )
    )
    others = claimed | {name for row in rows for name in row if name}
    return lambda name: name in others
