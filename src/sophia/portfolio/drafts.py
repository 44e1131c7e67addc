"""Drafts: made, edited, listed. What they may hold is checked here, long before anything is sent.

Every function works inside the caller's transaction.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sophia.database.statements import among
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio import approvals
from sophia.portfolio.approvals import Event, events_of, expect_at_home, expect_version, is_approved, lock_draft
from sophia.portfolio.models import Account, ContentDraft

# How many pictures or videos each kind of post takes, from and to. On Instagram every video of its own is a reel.
KINDS = {
    "facebook": {"feed": (0, 0), "photo": (1, 1), "video": (1, 1), "reel": (1, 1)},
    "instagram": {"image": (1, 1), "carousel": (2, 10), "reel": (1, 1), "story": (1, 1)},
}
VIDEOS_ONLY = frozenset({"video", "reel"})
PICTURES_ONLY = frozenset({"photo", "image"})
VIDEO_ENDINGS = (".mp4", ".mov", ".m4v", ".webm", ".avi", ".mkv")
LONGEST_COPY, LONGEST_URL, LONGEST_PILLAR = 100_000, 2_000, 100


@dataclass(frozen=True, slots=True)
class DraftContent:
    """What a draft says. `media_urls` are addresses from which Meta fetches pictures and videos, in their order."""

    platform: str
    kind: str
    copy: str = ""
    media_urls: tuple[str, ...] = ()
    account_ids: tuple[int, ...] = ()
    content_pillar: str | None = None


@dataclass(frozen=True, slots=True)
class DraftInfo:
    """A draft with what happened to it, oldest first. `kind` is None for drafts that were not made to be published."""

    id: int
    client_id: int
    platform: str
    kind: str | None
    copy: str
    media_urls: list[str]
    account_ids: list[int]
    content_pillar: str | None
    status: str
    version: int
    approved: bool
    created_at: datetime
    events: list[Event]


def create_draft(
    session: Session,
    client_id: int,
    content: DraftContent,
    actor: str,
    now: datetime,
    *,
    idempotency_key: str | None = None,
) -> int:
    """The number of a new draft, or of the one that was made of the same content under the same key.

    Raises InvalidInputError for what no platform would take, NotFoundError for accounts that are not the client's, and
    ConflictError when the key was used for something else.
    """
    check(content)
    expect_accounts(session, client_id, content)
    digest = hashlib.sha256(json.dumps(_columns(content), sort_keys=True).encode()).hexdigest()
    if (known := _made_before(session, client_id, idempotency_key, digest)) is not None:
        return known
    draft = ContentDraft(
        client_id=client_id,
        image_prompt="",
        image_ratio="",
        status="draft",
        created_at=now,
        idempotency_key=idempotency_key,
        content_sha256=digest if idempotency_key else None,
        **_columns(content),
    )
    try:
        with session.begin_nested():
            session.add(draft)
    except IntegrityError:
        # The same request, twice at this moment: the database decides, and the loser gets what won.
        known = _made_before(session, client_id, idempotency_key, digest)
        if known is None:
            raise
        return known
    approvals.record(session, draft, approvals.CREATED, actor, now)
    return draft.id


def _made_before(session: Session, client_id: int, idempotency_key: str | None, digest: str) -> int | None:
    if idempotency_key is None:
        return None
    same = ContentDraft.client_id == client_id, ContentDraft.idempotency_key == idempotency_key
    known = session.execute(select(ContentDraft.id, ContentDraft.content_sha256).where(*same)).first()
    if known is None:
        return None
    if known.content_sha256 != digest:
        raise ConflictError(f"The Idempotency-Key was used for another draft, number {known.id}. Use a new one.")
    return int(known.id)


def edit_draft(
    session: Session,
    draft_id: int,
    actor: str,
    now: datetime,
    *,
    version: int | None = None,
    regenerated: bool = False,
    **changes: Any,
) -> None:
    """Change what the draft says: `copy`, `media_urls`, `kind`, `account_ids`, `content_pillar`. Takes an approval back.

    `regenerated` tells a draft that was made anew from one that was mended: they are counted apart.
    A change that changes nothing is none. Raises NotFoundError, InvalidInputError as `create_draft` does, and
    ConflictError when the draft is on its way, or somebody else has edited it since `version` was read.
    """
    draft = lock_draft(session, draft_id)
    expect_version(draft, version)
    old = content_of(draft)
    new = DraftContent(**{name: changes.get(name, getattr(old, name)) for name in DraftContent.__dataclass_fields__})
    if new == old:
        return
    expect_at_home(session, draft)
    check(new)
    expect_accounts(session, draft.client_id, new)
    for name, value in _columns(new).items():
        setattr(draft, name, value)
    draft.version += 1
    draft.status = "draft"
    approvals.record(session, draft, approvals.REGENERATED if regenerated else approvals.EDITED, actor, now)


def content_of(draft: ContentDraft) -> DraftContent:
    return DraftContent(
        draft.platform,
        draft.kind or "",
        draft.copy,
        tuple(draft.media_urls),
        tuple(draft.account_ids),
        draft.content_pillar,
    )


def _columns(content: DraftContent) -> dict[str, Any]:
    return {
        "platform": content.platform,
        "kind": content.kind,
        "copy": content.copy,
        "media_urls": list(content.media_urls),
        "account_ids": list(content.account_ids),
        "content_pillar": content.content_pillar,
    }


def media_needed(kind: str, least: int, most: int, count: int) -> str:
    """The sentence for a draft with too few or too many media addresses."""
    if most == 0:
        needed = "no media address"
    elif least == most:
        needed = "one media address" if most == 1 else f"{most} media addresses"
    else:
        needed = f"{least} to {most} media addresses"
    has = "none" if count == 0 else str(count)
    return f"A draft of kind {kind} needs {needed}, and this one has {has}. Change the addresses, or the kind."


def check(content: DraftContent) -> None:
    """Raises InvalidInputError when the platform has no such kind of post, or the kind does not take these media."""
    kinds = KINDS.get(content.platform)
    if kinds is None:
        raise InvalidInputError(f"There is no platform {content.platform!r}. Give one of: {', '.join(KINDS)}.")
    if content.kind not in kinds:
        raise InvalidInputError(f"{content.platform} has no {content.kind!r}. Give one of: {', '.join(kinds)}.")
    least, most = kinds[content.kind]
    if not least <= len(content.media_urls) <= most:
        raise InvalidInputError(media_needed(content.kind, least, most, len(content.media_urls)))
    for url in content.media_urls:
        check_media_url(url, content.kind)
    if "\x00" in content.copy or len(content.copy) > LONGEST_COPY:
        raise InvalidInputError(f"The copy holds a character that no text may hold, or more than {LONGEST_COPY:,}.")
    if content.kind == "feed" and not content.copy.strip():
        raise InvalidInputError("A post without pictures needs a copy.")
    if content.kind == "story" and content.copy.strip():
        raise InvalidInputError(
            "Instagram shows no text with a story: leave the copy empty, and write into the picture."
        )
    if content.content_pillar is not None and not 0 < len(content.content_pillar.strip()) <= LONGEST_PILLAR:
        raise InvalidInputError(f"A content pillar has 1 to {LONGEST_PILLAR} characters.")


def check_media_url(url: str, kind: str) -> None:
    """Raises InvalidInputError for an address that Meta cannot fetch, or that leads to the wrong sort of file."""
    try:
        parts = urlsplit(url)
        host, has_login = parts.hostname, parts.username is not None or parts.password is not None
    except ValueError:
        host, has_login, parts = None, False, urlsplit("")
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not host or has_login or not is_plain or len(url) > LONGEST_URL:
        raise InvalidInputError(
            f"{url[:100]!r} is no address that Meta can fetch: http or https, without login, in ASCII, "
            f"{LONGEST_URL:,} characters at most."
        )
    if kind in VIDEOS_ONLY and not is_video(url):
        raise InvalidInputError(f"A {kind} takes a video ({', '.join(VIDEO_ENDINGS)}); {url[:100]} is none.")
    if kind in PICTURES_ONLY and is_video(url):
        raise InvalidInputError(f"A {kind} takes a picture; {url[:100]} is a video.")


def is_video(url: str) -> bool:
    """Whether the address is that of a video, by the ending of its path."""
    return urlsplit(url).path.lower().endswith(VIDEO_ENDINGS)


def expect_accounts(session: Session, client_id: int, content: DraftContent) -> None:
    """Raises NotFoundError unless every account named is the client's and of the draft's platform (D4)."""
    mine = account_ids_of(session, client_id, content.platform)
    for account_id in content.account_ids:
        if account_id not in mine:
            raise NotFoundError(f"Client {client_id} has no {content.platform} account {account_id}.")


def account_ids_of(session: Session, client_id: int, platform: str) -> list[int]:
    query = select(Account.id).where(Account.client_id == client_id, Account.platform == platform)
    return list(session.scalars(query.order_by(Account.id)))


def find_draft(session: Session, allowed_clients: frozenset[int] | None, draft_id: int) -> DraftInfo:
    """Raises NotFoundError for a draft that does not exist, and the same for one of a client that may not be seen."""
    draft = session.get(ContentDraft, draft_id)
    if draft is None or (allowed_clients is not None and draft.client_id not in allowed_clients):
        raise NotFoundError(f"There is no draft {draft_id}.")
    return as_info(draft, events_of(session, [draft_id]))


def list_drafts(
    session: Session,
    allowed_clients: frozenset[int] | None,
    *,
    client_id: int | None = None,
    status: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[DraftInfo]:
    """Drafts, newest first, in every state; `before_id` continues a list.

    Drafts whose `kind` is None describe posts that were made elsewhere, and cannot be published from here.
    """
    query = select(ContentDraft).order_by(ContentDraft.id.desc()).limit(limit)
    if allowed_clients is not None:
        query = query.where(among(ContentDraft.client_id, sorted(allowed_clients)))
    if client_id is not None:
        query = query.where(ContentDraft.client_id == client_id)
    if status is not None:
        query = query.where(ContentDraft.status == status)
    if before_id is not None:
        query = query.where(ContentDraft.id < before_id)
    drafts = list(session.scalars(query))
    return [as_info(draft, events) for draft, events in with_events(session, drafts)]


def with_events(session: Session, drafts: Sequence[ContentDraft]) -> list[tuple[ContentDraft, list[Event]]]:
    by_draft: dict[int, list[Event]] = {draft.id: [] for draft in drafts}
    for event in events_of(session, list(by_draft)):
        by_draft[event.draft_id].append(event)
    return [(draft, by_draft[draft.id]) for draft in drafts]


def as_info(draft: ContentDraft, events: Collection[Event]) -> DraftInfo:
    happened = list(events)
    return DraftInfo(
        id=draft.id,
        client_id=draft.client_id,
        platform=draft.platform,
        kind=draft.kind,
        copy=draft.copy,
        media_urls=list(draft.media_urls),
        account_ids=list(draft.account_ids),
        content_pillar=draft.content_pillar,
        status=draft.status,
        version=draft.version,
        approved=is_approved(draft, happened[-1] if happened else None),
        created_at=draft.created_at,
        events=happened,
    )
