"""What the next stage receives from Meta: frozen values, free of HTTP and of tables."""

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
    """A post as Meta listed it. `video_id` is what video_insights wants, `text` the caption or message.

    `unknown_kind` is what Meta says about the kind of a post whose kind is OTHER.
    """

    external_id: str
    kind: ObjectKind
    published_at: datetime
    permalink: str | None = None
    text: str | None = None
    video_id: str | None = None
    unknown_kind: str | None = None


@dataclass(frozen=True, slots=True)
class RejectedItem:
    """A part of an answer that cannot be believed: where it stood, why, and its beginning."""

    object_id: str
    metric: str
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A metric that Meta refuses. `everywhere`: for every object of this kind; else for this account alone."""

    kind: ObjectKind
    metric: str
    everywhere: bool
    code: int
    subcode: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """The answer that readings came from; `body` is what Meta sent, `request` what was asked, without any token."""

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
    """A comment as Meta listed it; who wrote it is not kept. `is_own`: the account itself. None: Meta did not say."""

    comment_id: str
    written_at: datetime
    text: str | None
    is_reply: bool
    is_own: bool
    is_hidden: bool | None = None
    likes: int | None = None


@dataclass(frozen=True, slots=True)
class ObservedComments:
    """What one answer says about the comments of one post, newest first.

    `after` holds the paging parameters of the next page, URL-encoded; None on the last one. `is_odd`: a part of it could
    not be read, or replies were left out, so that a comment which is not here may yet be there. `post` is empty for a
    part of an answer that does not say which post it is about.
    """

    post: str
    comments: list[ObservedComment]
    after: str | None
    is_incomplete: bool


@dataclass(frozen=True, slots=True)
class DiscoveredPost:
    """A post of somebody else's account; None where its owner hides the number."""

    post_id: str
    published_at: datetime
    media_type: str | None
    likes: int | None
    comments: int | None


@dataclass(frozen=True, slots=True)
class Discovered:
    """What may be seen of somebody else's Instagram account. `is_all`: there are no older posts than these.

    `unreadable`: posts that Meta listed without an id or a moment that can be read.
    """

    followers: int | None
    media: int | None
    posts: list[DiscoveredPost]
    is_all: bool
    unreadable: int = 0
