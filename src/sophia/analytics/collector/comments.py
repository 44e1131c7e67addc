"""The daily run for comments under an account's posts, and for the client's competitors on Instagram.

It is a run of its own, so that its failures affect no reading. It requests the comments of young posts with the list of
posts, those of older posts when Meta's count of comments changed, and further pages only where they may bring
something.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import anyio.to_thread

from sophia.analytics.collector.accounting import Accounting, attempt, skipped_problems
from sophia.analytics.collector.due import DueAccount
from sophia.analytics.comments.competitors import DueCompetitor, due_competitors
from sophia.analytics.comments.competitors_store import refuse_competitor, save_discovered
from sophia.analytics.comments.queries import CommentedPost, posts_to_read
from sophia.analytics.comments.store import finish_posts, save_comments
from sophia.analytics.readings.runs_store import RunOutcome
from sophia.analytics.readings.writer import Saved
from sophia.config import Settings
from sophia.database.engine import Database
from sophia.meta import comments, discovery
from sophia.meta.envelope import Answer
from sophia.meta.errors import STOPS, GraphError, Remedy
from sophia.meta.fallbacks import RunContext

# Most comments come within the first days; after that Meta's count shows when to read again.
YOUNG = timedelta(days=28)
# How often a post with several pages of comments is read to its end, to find deleted comments.
FULL_READ_EVERY = timedelta(days=7)
MOST_OLD_POSTS = 200
# Pages of fifty comments: a person reads neither further down a post nor more of an account in a day.
MOST_PAGES_OF_A_POST = 20
MOST_FURTHER_PAGES = 400
PERMISSION_MISSING = "Sophia does not read comments: the token lacks the permission {}."
ALLOW = "To read comments too, connect again with this permission: sophia connect"


@dataclass(slots=True)
class PostProgress:
    """How far this run has read the comments of one post.

    `is_ended`: no request is left, because the list is over or brings nothing new. `is_complete`: the list is over, and
    every item was readable.
    """

    post: CommentedPost
    needs_full_read: bool
    names: set[str] = field(default_factory=set)
    after: str | None = None
    pages: int = 0
    is_ended: bool = False
    is_complete: bool = False
    is_incomplete: bool = False

    @property
    def is_at_the_bound(self) -> bool:
        return self.pages >= MOST_PAGES_OF_A_POST

    @property
    def is_done(self) -> bool:
        """Whether Meta's count of comments is dealt with, so that the post rests until the count changes."""
        return self.is_at_the_bound or (self.is_ended and not self.is_incomplete)

    def read_at(self, now: datetime) -> datetime | None:
        """Return when the post was last read to its end, or as far as Sophia reads."""
        return now if self.is_complete or self.is_at_the_bound else self.post.read_at


def needs_full_read(post: CommentedPost, now: datetime) -> bool:
    """Return whether to read a post to its end: weekly, and when Meta counts fewer comments than before."""
    if post.read_at is None or now - post.read_at >= FULL_READ_EVERY:
        return True
    return post.counted is not None and post.counted_then is not None and post.counted < post.counted_then


def is_due(post: CommentedPost) -> bool:
    """Return whether Meta's count of comments under an older post changed since it was last read."""
    return post.counted is not None and post.counted != (post.counted_then or 0)


class CommentsRun:
    """The state of one run. `outcome` is complete when go() has returned; errors of Meta are part of it."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        account: DueAccount,
        context: RunContext,
        run_id: int,
        now: datetime,
    ) -> None:
        self.account, self.context, self.run_id = account, context, run_id
        self._accounting = Accounting()
        self._database, self._settings, self._now = database, settings, now
        self._keep_since = now - timedelta(days=settings.comment_days)
        self._posts: dict[str, PostProgress] = {}
        self._closed: dict[str, GraphError] = {}

    @property
    def outcome(self) -> RunOutcome:
        return self._accounting.outcome

    async def go(self) -> None:
        """Do everything that is due, in order."""
        competitors = await anyio.to_thread.run_sync(self._due_competitors)
        families: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        if self._settings.collect_comments:
            families.append(("comments", self._comments))
        if competitors:
            families.append(("competitors", lambda: self._competitors(competitors)))
        self.outcome.families = {name: {"answers": 0, "ended": "not asked"} for name, _ in families}
        try:
            async with asyncio.timeout(self._settings.run_minutes * 60):
                for name, work in families:
                    if self.context.caller.stopped is None:
                        await attempt(self._accounting, name, work, self._now, self.account.name)
        except TimeoutError:
            self._accounting.out_of_time(self._settings.run_minutes)
        self.outcome.problems += skipped_problems(self._closed.items())
        self._accounting.conclude(self.context)

    def _due_competitors(self) -> list[DueCompetitor]:
        with self._database.read() as session:
            return due_competitors(session, self.account.id, self._now)

    # -- comments ---------------------------------------------------------------------------------------------------------

    async def _comments(self) -> None:
        needed = comments.NEEDS[self.context.platform]
        if needed not in self.context.scopes:
            self._accounting.not_allowed("comments", PERMISSION_MISSING.format(needed), ALLOW)
            return
        posts = await anyio.to_thread.run_sync(self._read_posts)
        self._posts = {post.platform_post_id: PostProgress(post, needs_full_read(post, self._now)) for post in posts}
        young_since = self._now - YOUNG
        young = [post.platform_post_id for post in posts if post.published_at >= young_since]
        older = [post.platform_post_id for post in posts if post.published_at < young_since and is_due(post)]
        try:
            await self._young_posts(young, young_since)
            if older:
                await self._keep(comments.of_each_post(self.context, older[:MOST_OLD_POSTS], self._closed))
            await self._next_pages()
        finally:
            await anyio.to_thread.run_sync(self._finish)

    def _read_posts(self) -> list[CommentedPost]:
        with self._database.read() as session:
            return posts_to_read(session, self.account.id, self._keep_since)

    async def _young_posts(self, names: list[str], since: datetime) -> None:
        """Read the comments of young posts with their list. If the list fails, request each post on its own."""
        if not names:
            return
        try:
            await self._keep(comments.of_newest_posts(self.context, since))
        except GraphError as error:
            if error.remedy in STOPS | {Remedy.WITHOUT_FIELD}:
                raise
            missing = [name for name in names if not self._posts[name].pages]
            await self._keep(comments.of_each_post(self.context, missing, self._closed))

    async def _next_pages(self) -> None:
        """Read the next page of every post that has one and may hold something new, fifty posts at a time."""
        left = MOST_FURTHER_PAGES
        while left > 0:
            open_posts = [
                (name, _post.after)
                for name, _post in self._posts.items()
                if _post.after is not None and not _post.is_at_the_bound
            ][: min(left, comments.MOST_AT_ONCE)]
            if not open_posts:
                return
            left -= len(open_posts)
            for name, _ in open_posts:
                self._posts[name].after = None
            await self._keep(comments.next_pages(self.context, open_posts, self._closed))

    async def _keep(self, answers: AsyncGenerator[Answer, None]) -> None:
        async with aclosing(answers):
            async for answer in answers:
                await anyio.to_thread.run_sync(self._store, answer)
                self._accounting.answered("comments")

    def _store(self, answer: Answer) -> None:
        """Store one answer at once, and record what remains to be requested."""
        pages = comments.read(answer, self.context.platform, self.context.account, self.context.caller.base_url)
        saved_posts = save_comments(self._database, self.account.id, pages, self._now, self._keep_since)
        for saved_post in saved_posts:
            self.outcome.saved.add(Saved(new=saved_post.new, changed=saved_post.changed, same=saved_post.same))
        news = {saved_post.post: saved_post.new + saved_post.changed for saved_post in saved_posts}
        for page in pages:
            progress = self._posts.get(page.post)
            if page.is_incomplete and not page.post:
                description = "an item in a list of comments that names no post"
                self.outcome.saved.add(Saved(quarantined=1, rejected_items={description: 1}))
            if progress is None:
                continue
            progress.pages += 1
            progress.names |= {comment.comment_id for comment in page.comments}
            progress.is_incomplete = progress.is_incomplete or page.is_incomplete
            goes_on = page.after is not None and (progress.needs_full_read or news.get(page.post, 0) > 0)
            progress.after, progress.is_ended = (page.after, False) if goes_on else (None, True)
            progress.is_complete = page.after is None and not progress.is_incomplete
            if page.is_incomplete:
                description = "a comment that cannot be read, or more replies than one answer holds"
                self.outcome.saved.add(Saved(quarantined=1, rejected_items={description: 1}))

    def _finish(self) -> None:
        """Record the posts that were read to their end, also when the run stopped early."""
        complete = {name: post.names for name, post in self._posts.items() if post.is_complete}
        noted = {
            name: (read_at, post.post.counted)
            for name, post in self._posts.items()
            if post.is_done and (read_at := post.read_at(self._now)) is not None
        }
        with self._database.write() as session:
            finish_posts(session, self.account.id, complete, noted, self._now, self._keep_since)

    # -- competitors ------------------------------------------------------------------------------------------------------

    async def _competitors(self, competitors: list[DueCompetitor]) -> None:
        """Make one call per competitor and day. An unknown one is reported once and requested again in a week."""
        for competitor in competitors:
            try:
                answer = await discovery.discover(self.context, competitor.username)
            except GraphError as error:
                if error.remedy is not Remedy.OBJECT_GONE:
                    raise
                await anyio.to_thread.run_sync(self._refuse, competitor)
                continue
            self._accounting.answered("competitors")
            await anyio.to_thread.run_sync(self._store_discovered, competitor, answer)

    def _refuse(self, due_competitor: DueCompetitor) -> None:
        with self._database.write() as session:
            problem = refuse_competitor(session, due_competitor.id, self._now)
        if due_competitor.status != "refused":
            self._accounting.noted("competitors", "not_found", problem, "Check the name: sophia competitors list")

    def _store_discovered(self, due_competitor: DueCompetitor, answer: Answer) -> None:
        profile = discovery.read(answer.data)
        if profile is None or profile.unreadable:
            description = f"a post of the competitor {due_competitor.username}, or the whole answer about it"
            self.outcome.saved.add(
                Saved(quarantined=max(1, profile.unreadable if profile else 1), rejected_items={description: 1})
            )
        if profile is None:
            return
        with self._database.write() as session:
            save_discovered(session, due_competitor.id, profile, self._now)
