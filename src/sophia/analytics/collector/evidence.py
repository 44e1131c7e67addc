"""What Meta answered in one run, by family. An answer without values proves nothing.

A token without `read_insights` gets HTTP 200 and `data: []` (GRAPH_API §5), so a successful request says nothing about
coverage. Only days and posts that came back with a value do.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import unquote

from sophia.meta.bisection import TEMPORARY
from sophia.meta.catalogue.lookup import find
from sophia.meta.catalogue.terms import Level, Period, Platform, Source
from sophia.meta.envelope import Answer
from sophia.meta.errors import GraphError
from sophia.meta.fallbacks import NOT_ABOUT_THE_OBJECT
from sophia.meta.listing import ids_of, is_past
from sophia.meta.records import Batch, ObservedPost

# Answers that list objects; one that lists no object holds no value.
LISTS = frozenset({"published_posts", "video_posts", "media", "stories", "video_reels", "page_stories"})
# Errors that are not about the post whose request they answer.
NOT_ABOUT_THE_POST = TEMPORARY | NOT_ABOUT_THE_OBJECT
PROFILES = frozenset({"page_profile", "account_profile"})


@dataclass(slots=True)
class Evidence:
    """What came back for one family in one run.

    `expected` counts the answers that should hold values. `days` and `metrics` are those of the account's own values,
    `daily` is the first day of each daily series without breakdown, `posts` are the ids of posts and videos whose
    insights came, `listed` the posts that Meta listed, by id. `has_blocks`: an answer held at least a metric, with or
    without a value. `has_rejected_items`: a part of an answer was invalid.
    """

    platform: Platform
    expected: int = 0
    days: set[date] = field(default_factory=set)
    metrics: set[str] = field(default_factory=set)
    daily: dict[str, date] = field(default_factory=dict)
    posts: set[str] = field(default_factory=set)
    listed: dict[str, ObservedPost] = field(default_factory=dict)
    has_blocks: bool = False
    has_rejected_items: bool = False

    def add(self, answer: Answer, batch: Batch) -> None:
        """Add an answer that was stored."""
        source = batch.source
        self.has_rejected_items = self.has_rejected_items or bool(batch.rejected_items)
        self.listed |= {post.external_id: post for post in batch.posts}
        has_objects = bool(batch.posts or batch.reels)
        if asks_values(source.subject, source.request) and (has_objects or source.subject not in LISTS):
            self.expected += 1
        if source.subject not in LISTS:
            self.has_blocks = self.has_blocks or bool(answer.data.get("data"))
        for reading in batch.readings:
            if reading.post is None:
                self.days.add(reading.day)
                self.metrics.add(reading.metric)
                if reading.period is Period.DAY and not reading.breakdown:
                    self.daily[reading.metric] = min(reading.day, self.daily.get(reading.metric, reading.day))
            elif not is_field(self.platform, reading.metric):
                self.posts.add(reading.post)
        self.posts |= {rejected.object_id for rejected in batch.rejected_items}

    @property
    def newest_day(self) -> date:
        """The newest day with a value of the account, or date.min without any."""
        return max(self.days, default=date.min)

    @property
    def is_empty(self) -> bool:
        """Whether requests for values brought no value."""
        return self.expected > 0 and not (self.days or self.posts or self.has_blocks or self.has_rejected_items)

    def unanswered(self, skipped: Mapping[str, GraphError]) -> list[ObservedPost]:
        """Return the listed posts without insights, except those that Meta refused with a reason."""
        if not self.expected:
            return []
        return [post for post in self.listed.values() if not ids_of_post(post) & (self.posts | skipped.keys())]

    def is_silent_about_posts(self, skipped: Mapping[str, GraphError], published_before: datetime) -> bool:
        """Return whether no listed post had insights, although some are older than `published_before`."""
        settled = [post for post in self.unanswered(skipped) if post.published_at < published_before]
        return bool(settled) and not self._has_post

    def failure_of_posts(self, skipped: Mapping[str, GraphError]) -> GraphError | None:
        """Return the error of the listed posts if none had insights and some failed for an external reason."""
        errors = (skipped[name] for post in self.listed.values() for name in ids_of_post(post) & skipped.keys())
        return None if self._has_post else next((e for e in errors if e.remedy in NOT_ABOUT_THE_POST), None)

    @property
    def _has_post(self) -> bool:
        return any(ids_of_post(post) & self.posts for post in self.listed.values())


def ids_of_post(post: ObservedPost) -> set[str]:
    """Return Meta's ids of a post: its own, and that of its video."""
    return {post.external_id, post.video_id} if post.video_id else {post.external_id}


def asks_values(subject: str, request: str) -> bool:
    """Return whether a request asks for insights, on their own edge or in a list, or for an account's totals."""
    return subject in PROFILES or "insights" in unquote(request)


def is_field(platform: Platform, metric: str) -> bool:
    """Return whether a number is a field of the post itself, which Meta returns without a permission for insights."""
    row = find(platform, Level.POST, metric)
    return row is not None and row.source is Source.FIELD


@dataclass(slots=True)
class ListedObjects:
    """The objects that an edge listed, and whether the list is complete.

    `is_complete`: the last page named no next page, or reached objects that were published before `since`. `moment` is
    the field that holds the time of publication.
    """

    moment: str
    since: datetime
    ids: set[str] = field(default_factory=set)
    is_complete: bool = False

    def add(self, page: Answer) -> None:
        """Add a page of the list; pages come newest first."""
        paging = page.data.get("paging")
        has_next = isinstance(paging, dict) and bool(paging.get("next"))
        self.ids.update(ids_of(page))
        self.is_complete = not has_next or is_past(page, self.moment, self.since)


async def record_listed(
    answers: AsyncGenerator[Answer, None], subject: str, listing: ListedObjects
) -> AsyncGenerator[Answer, None]:
    """Yield the same answers, and add those about `subject` to the listing."""
    async with aclosing(answers):
        async for answer in answers:
            if answer.source.subject == subject:
                listing.add(answer)
            yield answer
