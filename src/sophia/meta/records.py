"""What the next stage receives from Meta: frozen values, free of HTTP and of tables."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sophia.meta.catalogue import ObjectKind, Period


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
class PostSeen:
    """A post as Meta listed it. `video_id` is what video_insights wants, `text` the caption or message."""

    external_id: str
    kind: ObjectKind
    published_at: datetime
    permalink: str | None = None
    text: str | None = None
    video_id: str | None = None


@dataclass(frozen=True, slots=True)
class Oddity:
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
class Batch:
    """What one answer brought, to be stored together. `reels` are ids of videos that are reels."""

    source: Source
    readings: list[Reading]
    posts: list[PostSeen]
    oddities: list[Oddity]
    reels: list[str]
