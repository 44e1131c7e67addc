"""Tables of the portfolio: clients, accounts, posts and their pictures, drafts and the publishing queue."""

from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sophia.database.columns import Base, BigId, Message, UtcDateTime

PlatformName = Literal["facebook", "instagram"]
DraftKind = Literal["feed", "photo", "video", "reel", "image", "carousel", "story"]
EventKind = Literal["created", "edited", "regenerated", "approved", "rejected"]
PictureStatus = Literal["waiting", "stored", "refused", "removed"]
EntryStatus = Literal["queued", "publishing", "published", "failed", "cancelled"]
PLATFORM_KNOWN = f"platform IN {get_args(PlatformName)}"


class Client(Base):
    """A business whose social presence is measured."""

    __tablename__ = "clients"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="name_given"),
        CheckConstraint("status IN ('active', 'archived')", name="status_known"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    timezone: Mapped[str] = mapped_column(String(60))
    industry: Mapped[str | None] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(20), default="active")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Hosts of the client, with their subdomains. Links to other hosts are never tagged (F10).
    domains: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")

    accounts: Mapped[list["Account"]] = relationship(back_populates="client", passive_deletes=True)


class ClientRevision(Base):
    """The name, zone and industry of a client until they changed. Reports as of an earlier moment use them."""

    __tablename__ = "client_revisions"
    __table_args__ = (Index("ix_client_revisions_client_id_replaced_at", "client_id", "replaced_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    timezone: Mapped[str] = mapped_column(String(60))
    industry: Mapped[str | None] = mapped_column(String(60))
    replaced_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Account(Base):
    """One Facebook Page or one Instagram professional account. Belongs to exactly one client (A3)."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("platform", "external_id"),
        CheckConstraint(PLATFORM_KNOWN, name="platform_known"),
        CheckConstraint("status IN ('active', 'needs_reconnect', 'paused')", name="status_known"),
        CheckConstraint("length(external_id) > 0", name="external_id_given"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    platform: Mapped[PlatformName] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(200))
    username: Mapped[str | None] = mapped_column(String(100))
    status: Mapped[str] = mapped_column(String(20), default="active")
    status_reason: Mapped[str | None] = mapped_column(Message)
    token_encrypted: Mapped[str | None] = mapped_column(Text)
    token_scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    data_access_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    token_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    connected_at: Mapped[datetime] = mapped_column(UtcDateTime)

    client: Mapped[Client] = relationship(back_populates="accounts")


class ContentDraft(Base):
    """Copy written here before it becomes a post.

    Every edit increments `version`, so that an approval names what it approves. An empty `account_ids` means all accounts
    of the client on the platform. `kind` is None for drafts that only describe a post.
    """

    __tablename__ = "content_drafts"
    __table_args__ = (
        CheckConstraint(PLATFORM_KNOWN, name="platform_known"),
        Index("ix_content_drafts_platform_post_id", "platform_post_id"),
        # SQLite can add an index to an existing table, but not a constraint.
        Index("uq_content_drafts_client_id_idempotency_key", "client_id", "idempotency_key", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id", ondelete="CASCADE"), index=True)
    platform: Mapped[PlatformName] = mapped_column(String(20))
    copy: Mapped[str] = mapped_column(Text)
    image_prompt: Mapped[str] = mapped_column(Text)
    image_ratio: Mapped[str] = mapped_column(String(20))
    content_pillar: Mapped[str | None] = mapped_column(String(100))
    content_format: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(20), default="draft")
    platform_post_id: Mapped[str | None] = mapped_column(String(80))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    kind: Mapped[DraftKind | None] = mapped_column(String(20))
    media_urls: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    account_ids: Mapped[list[int]] = mapped_column(JSON, default=list, server_default="[]")
    # The key of the request and the hash of its content: a repeated request creates no second draft (J5).
    idempotency_key: Mapped[str | None] = mapped_column(String(200))
    content_sha256: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApprovalEvent(Base):
    """A step of a draft on its way to publication. Rows are added, never changed; `id` gives their order."""

    __tablename__ = "approval_events"
    __table_args__ = (
        CheckConstraint(f"kind IN {get_args(EventKind)}", name="kind_known"),
        CheckConstraint("length(actor) > 0", name="actor_given"),
        Index("ix_approval_events_draft_id", "draft_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("content_drafts.id", ondelete="CASCADE"))
    kind: Mapped[EventKind] = mapped_column(String(20))
    version: Mapped[int] = mapped_column()
    actor: Mapped[str] = mapped_column(String(120))
    note: Mapped[str | None] = mapped_column(Text)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Post(Base):
    """Something published on an account, from here or elsewhere."""

    __tablename__ = "posts"
    __table_args__ = (
        UniqueConstraint("account_id", "platform_post_id"),
        CheckConstraint("length(platform_post_id) > 0", name="platform_post_id_given"),
        Index("ix_posts_account_id_published_at", "account_id", "published_at"),
        Index("ix_posts_platform_post_id", "platform_post_id"),
        Index("ix_posts_draft_id", "draft_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    platform_post_id: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    video_id: Mapped[str | None] = mapped_column(String(40))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    permalink: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    draft_id: Mapped[int | None] = mapped_column(ForeignKey("content_drafts.id", ondelete="SET NULL"))
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gone_reason: Mapped[str | None] = mapped_column(Message)


class PostPicture(Base):
    """The picture of a post: the address at Meta, which expires after some days, or the small copy in the data folder.

    *waiting*: to be fetched. *stored*: the copy is the file `sha256`. *refused*: it cannot be had from this address.
    *removed*: the copy made room for newer ones.
    """

    __tablename__ = "post_pictures"
    __table_args__ = (
        CheckConstraint(f"status IN {get_args(PictureStatus)}", name="status_known"),
        CheckConstraint("(status = 'stored') = (sha256 IS NOT NULL)", name="stored_has_file"),
        Index("ix_post_pictures_status", "status"),
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    status: Mapped[PictureStatus] = mapped_column(String(20), default="waiting")
    address: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    sha256: Mapped[str | None] = mapped_column(String(64))
    bytes: Mapped[int | None] = mapped_column()
    problem: Mapped[str | None] = mapped_column(Message)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PublishingQueueEntry(Base):
    """A draft on its way to an account, and the post that it became.

    Before each call to Meta, the row holds what a process needs to continue after a crash: the final `caption`, objects at
    Meta that are not public yet (`parts`, `container_id`), and `sent_at`, the moment before the single call that makes the
    post public. While `sent_at` is set and the status is `publishing`, it is unknown whether the post exists.
    """

    __tablename__ = "publishing_queue"
    __table_args__ = (
        UniqueConstraint("draft_id", "account_id"),
        CheckConstraint(f"status IN {get_args(EntryStatus)}", name="status_known"),
        Index("ix_publishing_queue_account_id_platform_post_id", "account_id", "platform_post_id"),
        Index("ix_publishing_queue_status", "status"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("content_drafts.id", ondelete="CASCADE"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    status: Mapped[EntryStatus] = mapped_column(String(20), default="queued")
    # The actor who queued or last moved the entry. None for entries from before this column existed.
    queued_by: Mapped[str | None] = mapped_column(String(120))
    scheduled_for: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    platform_post_id: Mapped[str | None] = mapped_column(String(80))
    attempt_id: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    caption: Mapped[str | None] = mapped_column(Text)
    parts: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    container_id: Mapped[str | None] = mapped_column(String(40))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(Message)
    what_to_do: Mapped[str | None] = mapped_column(Message)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
