"""Frozen values that the next stage receives from Meta, free of HTTP and of tables."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sophia.meta.catalogue.terms import ObjectKind, Period


class Reading(NamedTuple):
    """The value of one metric of one object for one day of the platform's reporting zone.

    A NamedTuple, because a collection makes hundreds of thousands and this is the cheapest frozen value there is.
    `post` is Meta's id of the post, None for the account itself. `breakdown` is "dimension=value", joined by commas.
    """

    post: str | None
    metric: str
    period: Period
    breakdown: str
    day: date
    value: int | float


@dataclass(frozen=True, slots=True)
class ObservedPost:
    """A post as Meta listed it. `video_id` is the id for video_insights, `text` the caption or message.

    `unknown_kind` is Meta's description of a post whose kind is OTHER. `picture` is the signed address of its picture,
    which expires and identifies nothing.
    """

    external_id: str
    kind: ObjectKind
    published_at: datetime
    permalink: str | None = None
    text: str | None = None
    video_id: str | None = None
    unknown_kind: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """An invalid part of an answer: its object and metric, the reason, and its beginning."""

    object_id: str
    metric: str
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A metric that Meta refuses. `everywhere`: for every object of this kind; else for this account only."""

    kind: ObjectKind
    metric: str
    everywhere: bool
    code: int
    subcode: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """The origin of readings; `body` is Meta's answer, `request` the request without any token."""

    subject: str
    request: str
    fetched_at: datetime
    api_version: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The content of an answer. `reels` are ids of videos that Meta lists as reels."""

    readings: list[Reading]
    posts: list[ObservedPost]
    rejected_items: list[RejectedItem]
    reels: list[str]


@dataclass(frozen=True, slots=True)
class Batch(Interpretation):
    """The content of one answer, with its source; stored in one transaction."""

    source: Source


@dataclass(frozen=True, slots=True)
class ObservedComment:
    """A comment as Meta listed it, without its author. `is_own`: the account wrote it. None: Meta did not say."""

    comment_id: str
    written_at: datetime
    text: str | None
    is_reply: bool
    is_own: bool
    is_hidden: bool | None = None
    likes: int | None = None


@dataclass(frozen=True, slots=True)
class ObservedComments:
    """The comments of one post in one answer, newest first.

    `after` holds the paging parameters of the next page, URL-encoded; None on the last one. `is_incomplete`: a part was
    unreadable, or replies were left out, so that a missing comment may still exist. `post` is empty for a part of an
    answer that names no post.
    """

    post: str
    comments: list[ObservedComment]
    after: str | None
    is_incomplete: bool


@dataclass(frozen=True, slots=True)
class DiscoveredPost:
    """A post of another account; None if its owner hides the number."""

    post_id: str
    published_at: datetime
    media_type: str | None
    likes: int | None
    comments: int | None


@dataclass(frozen=True, slots=True)
class Discovered:
    """What Meta returns about another Instagram account. `is_all`: there are no older posts than these.

    `unreadable`: posts that Meta listed without an id or a readable moment.
    """

    followers: int | None
    media: int | None
    posts: list[DiscoveredPost]
    is_all: bool
    unreadable: int = 0
