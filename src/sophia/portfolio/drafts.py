"""Drafts: created, edited and listed. Their content is checked here, before they are queued or sent.

Every function works inside the caller's transaction.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sophia.database.records import as_record
from sophia.database.statements import among
from sophia.errors import ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio import approvals
from sophia.portfolio.approvals import (
    DraftEvent,
    events_by_draft,
    expect_not_sent,
    expect_version,
    is_approved,
    lock_draft,
)
from sophia.portfolio.models import Account, ContentDraft, DraftKind, PlatformName

# {platform: {kind of post: fewest and most pictures or videos}}. On Instagram a single video is always a reel.
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
    """The content of a draft. `media_urls` are addresses from which Meta fetches pictures and videos, in their order."""

    platform: str
    kind: str
    copy: str = ""
    media_urls: tuple[str, ...] = ()
    account_ids: tuple[int, ...] = ()
    content_pillar: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with its events, oldest first. `kind` is null for drafts that only describe a post."""

    id: int
    client_id: int
    platform: PlatformName
    kind: DraftKind | None
    copy: str
    media_urls: list[str]
    account_ids: list[int]
    content_pillar: str | None
    status: str
    version: int
    approved: Annotated[bool, Field(description="Whether this version may be published.")]
    created_at: datetime
    events: list[DraftEvent]


def create_draft(
    session: Session,
    client_id: int,
    content: DraftContent,
    actor: str,
    now: datetime,
    *,
    idempotency_key: str | None = None,
) -> int:
    """Create a draft and return its id, or the id of the draft that has the same key and content.

    Raises InvalidInputError for content that the platform does not accept, NotFoundError for accounts that are not the
    client's, and ConflictError when the key belongs to other content.
    """
    check(content)
    expect_accounts(session, client_id, content)
    digest = hashlib.sha256(json.dumps(_columns(content), sort_keys=True).encode()).hexdigest()
    if (existing_id := _find_repeated(session, client_id, idempotency_key, digest)) is not None:
        return existing_id
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
        # The same request came twice at once: the database accepts one, the other returns its draft.
        existing_id = _find_repeated(session, client_id, idempotency_key, digest)
        if existing_id is None:
            raise
        return existing_id
    approvals.record(session, draft, approvals.CREATED, actor, now)
    return draft.id


def _find_repeated(session: Session, client_id: int, idempotency_key: str | None, digest: str) -> int | None:
    """Return the id of the draft that was created with this key. Raises ConflictError when its content is another."""
    if idempotency_key is None:
        return None
    query = select(ContentDraft.id, ContentDraft.content_sha256).where(
        ContentDraft.client_id == client_id, ContentDraft.idempotency_key == idempotency_key
    )
    draft = session.execute(query).first()
    if draft is None:
        return None
    if draft.content_sha256 != digest:
        raise ConflictError(f"The Idempotency-Key was used for another draft, number {draft.id}. Use a new one.")
    return int(draft.id)


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
    """Change fields of the draft's content, such as `copy` or `media_urls`. The new version is not approved.

    `regenerated` marks a draft that was generated again rather than edited by hand; the two are counted apart. Equal
    content changes nothing. Raises NotFoundError, InvalidInputError as `create_draft` does, and ConflictError when
    publication has started or the draft was edited since `version` was read.
    """
    draft = lock_draft(session, draft_id)
    expect_version(draft, version)
    old = content_of(draft)
    new = DraftContent(**{name: changes.get(name, getattr(old, name)) for name in DraftContent.__dataclass_fields__})
    if new == old:
        return
    expect_not_sent(session, draft)
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
    """Return the message for a draft with too few or too many media addresses."""
    if most == 0:
        needed = "no media address"
    elif least == most:
        needed = "one media address" if most == 1 else f"{most} media addresses"
    else:
        needed = f"{least} to {most} media addresses"
    has = "none" if count == 0 else str(count)
    return f"A draft of kind {kind} needs {needed}, and this one has {has}. Change the addresses, or the kind."


def check(content: DraftContent) -> None:
    """Raise InvalidInputError when the platform has no such kind of post, or the kind does not accept this content."""
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
        raise InvalidInputError(f"The copy contains a null character, or has more than {LONGEST_COPY:,} characters.")
    if content.kind == "feed" and not content.copy.strip():
        raise InvalidInputError("A post without pictures needs a copy.")
    if content.kind == "story" and content.copy.strip():
        raise InvalidInputError(
            "Instagram shows no text with a story: leave the copy empty, and put the text into the picture."
        )
    if content.content_pillar is not None and not 0 < len(content.content_pillar.strip()) <= LONGEST_PILLAR:
        raise InvalidInputError(f"A content pillar has 1 to {LONGEST_PILLAR} characters.")


def check_media_url(url: str, kind: str) -> None:
    """Raise InvalidInputError for an address that Meta cannot fetch, or that leads to the wrong type of file."""
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
    """Return whether the path of the address ends like that of a video."""
    return urlsplit(url).path.lower().endswith(VIDEO_ENDINGS)


def expect_accounts(session: Session, client_id: int, content: DraftContent) -> None:
    """Raise NotFoundError unless all accounts of the draft belong to the client and the draft's platform (D4)."""
    client_account_ids = account_ids_of(session, client_id, content.platform)
    for account_id in content.account_ids:
        if account_id not in client_account_ids:
            raise NotFoundError(f"Client {client_id} has no {content.platform} account {account_id}.")


def account_ids_of(session: Session, client_id: int, platform: str) -> list[int]:
    query = select(Account.id).where(Account.client_id == client_id, Account.platform == platform)
    return list(session.scalars(query.order_by(Account.id)))


def find_draft(session: Session, allowed_clients: frozenset[int] | None, draft_id: int) -> Draft:
    """Return a draft. Raises NotFoundError when it does not exist or belongs to a client outside `allowed_clients`."""
    draft = session.get(ContentDraft, draft_id)
    if draft is None or (allowed_clients is not None and draft.client_id not in allowed_clients):
        raise NotFoundError(f"There is no draft {draft_id}.")
    return _as_draft(draft, events_by_draft(session, [draft_id])[draft_id])


def list_drafts(
    session: Session,
    allowed_clients: frozenset[int] | None,
    *,
    client_id: int | None = None,
    status: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Draft]:
    """Return drafts in every state, newest first. `before_id` continues a list.

    Drafts whose `kind` is None describe posts that were written elsewhere. They cannot be published from here.
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
    events = events_by_draft(session, [draft.id for draft in drafts])
    return [_as_draft(draft, events[draft.id]) for draft in drafts]


def _as_draft(draft: ContentDraft, events: list[DraftEvent]) -> Draft:
    return as_record(Draft, draft, approved=is_approved(draft, events[-1] if events else None), events=events)
