"""Records the progress of one attempt to publish. Each record is committed before the call to Meta that it announces.

After a crash, the next process continues from these records. It takes an attempt over by giving it a new id; after that,
the earlier process can neither write nor publish.
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

# The waits between attempts after a temporary failure of Meta.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))


class OvertakenError(BusyError):
    """Another process has taken this entry over."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to publish a draft on one account. `external_id` is Meta's id of the account.

    `container_id` names an object at Meta that is not public yet; `parts` are the pictures of a carousel. `sent_at` (aware)
    is set just before the call that makes the post public, and until its outcome is certain.
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
    """Start an attempt for the entry, or take over its unfinished attempt under a new id.

    Returns None when the entry was cancelled, sent, postponed or edited since it was due and, with `two_person`, when the
    same actor approved and queued it. Raises CaptionTooLongError.
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


def lock_attempt(session: Session, attempt: Attempt) -> PublishingQueueEntry:
    """Return the attempt's entry, locked until the transaction ends. Raises OvertakenError after another process took over."""
    entry = lock_entry(session, attempt.entry_id)
    if entry.status != PUBLISHING or entry.attempt_id != attempt.id:
        raise OvertakenError(f"Entry {attempt.entry_id} was taken over by another process.")
    return entry


def record_objects(session: Session, attempt: Attempt, parts: tuple[str, ...], container_id: str | None) -> Attempt:
    """Record objects that exist at Meta and are not public."""
    entry = lock_attempt(session, attempt)
    entry.parts, entry.container_id = list(parts), container_id
    return replace(attempt, parts=parts, container_id=container_id)


def announce(session: Session, attempt: Attempt, now: datetime) -> Attempt:
    """Record that the call that makes the post public follows. From now on the post is looked for before anything is sent."""
    entry = lock_attempt(session, attempt)
    entry.sent_at = now
    return replace(attempt, sent_at=now)


def withdraw(session: Session, attempt: Attempt, *, keep_objects: bool) -> Attempt:
    """Record that the call certainly made no post, so that another attempt may send it again."""
    entry = lock_attempt(session, attempt)
    entry.sent_at = None
    entry.attempts += 1
    if not keep_objects:
        entry.parts, entry.container_id = [], None
    return replace(
        attempt,
        sent_at=None,
        number=entry.attempts,
        parts=attempt.parts if keep_objects else (),
        container_id=attempt.container_id if keep_objects else None,
    )


def record_published(
    session: Session, attempt: Attempt, post_id: str | None, at: datetime, problem: str | None = None
) -> None:
    """Record that the post is public. `post_id` is None when Meta confirms the post but does not list it."""
    # Every function locks drafts before entries, so that two transactions never wait for each other.
    draft = lock_draft(session, attempt.draft_id)
    entry = lock_attempt(session, attempt)
    entry.status, entry.published_at, entry.platform_post_id = PUBLISHED, at, post_id
    entry.sent_at = entry.next_try_at = entry.what_to_do = None
    entry.problem = problem
    session.flush()
    query = select(PublishingQueueEntry.status).where(PublishingQueueEntry.draft_id == draft.id)
    if all(status in (PUBLISHED, CANCELLED) for status in session.scalars(query)):
        draft.status = "published"


def give_up(session: Session, attempt: Attempt, problem: str, what_to_do: str) -> None:
    """Record that the attempt certainly made no post and that only a person can change that."""
    entry = lock_attempt(session, attempt)
    entry.status, entry.problem, entry.what_to_do = FAILED, problem, what_to_do
    entry.sent_at = entry.next_try_at = None


def refuse(session: Session, entry_id: int, problem: str) -> None:
    """Record that a queued entry cannot be sent with its current content; nothing was sent."""
    entry = lock_entry(session, entry_id)
    if entry.status == QUEUED:
        entry.status, entry.problem = FAILED, problem
        entry.what_to_do = "Edit and approve the draft, then retry this entry."


def postpone(session: Session, attempt: Attempt, until: datetime, problem: str, *, counts: bool = True) -> None:
    """Queue the entry again for this moment; it is certainly no post. `counts`: whether this was one of its attempts."""
    entry = lock_attempt(session, attempt)
    entry.status, entry.next_try_at, entry.problem = QUEUED, until, problem
    entry.sent_at = None
    entry.attempts -= 0 if counts else 1


def check_later(session: Session, attempt: Attempt, at: datetime, problem: str) -> None:
    """Keep the attempt as it is and continue with it at this moment."""
    entry = lock_attempt(session, attempt)
    entry.next_try_at, entry.problem = at, problem


def request_reconnect(session: Session, account_id: int, reason: str) -> None:
    """Record that a person must connect the account again."""
    account = session.get_one(Account, account_id)
    account.status, account.status_reason = "needs_reconnect", reason


def other_posts(session: Session, attempt: Attempt) -> Callable[[str], bool]:
    """Return a test whether a post id belongs to another entry, or to a post that was stored before this attempt began."""
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
