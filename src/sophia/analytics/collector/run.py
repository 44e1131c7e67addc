"""One run for one account: family by family, each answer read and stored as it arrives.

Whatever happens next, what was fetched is kept: an answer is one short transaction, and no transaction is open while
Meta is asked (C1, E1). A family that fails costs itself; a dead token costs the account; nothing costs another account.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from sophia.analytics.collector.accounting import Accounting, attempt
from sophia.analytics.collector.storing import Storing
from sophia.analytics.measures.figures import ONE_DAY
from sophia.analytics.queries import KnownAccount
from sophia.analytics.schedule import FRESH_AGE, POSTS_HISTORY, Days, Rung, closed_weeks, due_days, due_rungs
from sophia.analytics.store import AccountWriter, RunOutcome, Saved, cover_days, mark_unlisted_posts, note_asked
from sophia.config import Settings
from sophia.database import Database
from sophia.meta import facebook, instagram
from sophia.meta.asking import Ask
from sophia.meta.catalogue import ObjectKind, Platform
from sophia.meta.envelope import Answer
from sophia.meta.walking import PAGE_SIZE, ids_of

FAMILY: ContextVar[str] = ContextVar("family")  # which family of series a task works for

# Days whose totals are asked side by side; the watermark moves when all of them are stored.
DAYS_AT_ONCE = 6
FAMILIES_AT_ONCE = 4
WEEKLY = timedelta(days=6, hours=12)
FRESH_PAGE = 25


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is for.

    `since` asks for days, and posts, from then on, also for those read already. `at_least` is the age up to which posts
    are read whether they are due or not. `fresh_only` is the hourly look at stories and new posts, `comments_only` the
    daily one at comments and competitors.
    """

    trigger: str = "manual"
    since: date | None = None
    fresh_only: bool = False
    comments_only: bool = False
    at_least: timedelta | None = timedelta(days=28)


class Progress(Protocol):
    """Who wants to know how far a collection is. A step is an answer, or a window of days."""

    def started(self, account: str, steps: int) -> None: ...
    def advanced(self, account: str, steps: int, readings: int) -> None: ...
    def finished(self, account: str, outcome: RunOutcome) -> None: ...


class Silence:
    """Nobody wants to know."""

    def started(self, account: str, steps: int) -> None: ...
    def advanced(self, account: str, steps: int, readings: int) -> None: ...
    def finished(self, account: str, outcome: RunOutcome) -> None: ...


@dataclass(frozen=True, slots=True)
class Family:
    """Something a run does, and how many steps that is, as far as one can know before."""

    name: str
    steps: int
    work: Callable[[], Awaitable[None]]


class Run:
    """The state of one run. `outcome` is complete when go() has returned."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        progress: Progress,
        plan: Plan,
        known: KnownAccount,
        ask: Ask,
        writer: AccountWriter,
        run_id: int,
        now: datetime,
    ) -> None:
        self.plan, self.known, self.ask, self.run_id = plan, known, ask, run_id
        self._account = Accounting()
        self._settings, self._progress, self._now = settings, progress, now
        self._storing = Storing(database, writer, self._stored)
        self._anew: dict[str, date] = {}  # families whose watermark begins anew, and from which day on

    async def go(self) -> None:
        """Do everything that is due. Meta's errors end up in the outcome; anything else is raised."""
        families = self._families()
        self._progress.started(self.known.name, sum(family.steps for family in families))
        self._account.outcome.families = {family.name: {"answers": 0, "ended": "not asked"} for family in families}
        places = asyncio.Semaphore(FAMILIES_AT_ONCE)

        async def guarded(family: Family) -> None:
            async with places:
                if not self._stopped:
                    await self._attempt(family)

        try:
            async with asyncio.timeout(self._settings.run_minutes * 60):
                async with asyncio.TaskGroup() as group:
                    for family in families:
                        group.create_task(guarded(family))
                if self.known.lapsed and not self.plan.fresh_only and not self._stopped:
                    self.outcome.families["regained"] = {"answers": 0, "ended": "not asked"}
                    await self._attempt(Family("regained", 1, self._regained))
        except TimeoutError:
            self._account.out_of_time(self._settings.run_minutes)
        self._account.conclude(self.ask)

    async def _attempt(self, family: Family) -> None:
        FAMILY.set(family.name)
        await attempt(self._account, family.name, family.work, self.ask, self._now, self.known.name)

    @property
    def outcome(self) -> RunOutcome:
        return self._account.outcome

    @property
    def _stopped(self) -> bool:
        return self.ask.caller.stopped is not None

    async def _keep(self, answers: AsyncGenerator[Answer, None]) -> None:
        """Store each answer as it comes, off the event loop."""
        async with aclosing(answers):
            async for answer in answers:
                await self._storing.save(answer, FAMILY.get())
                self._account.answered(FAMILY.get())

    def _stored(self, saved: Saved) -> None:
        self.outcome.saved.add(saved)
        self._progress.advanced(self.known.name, 0, saved.new + saved.changed + saved.same)

    def _families(self) -> list[Family]:
        """What this run does, by platform. Posts come before what is said about them."""
        if self.ask.platform is Platform.FACEBOOK:
            stories = Family("stories", 1, lambda: self._once(facebook.stories(self.ask)))
            posts = Family("posts", 1, self._facebook_posts)
            if self.plan.fresh_only:
                return [posts, stories]
            windows = self._due("page_insights", facebook.LONGEST_WINDOW_DAYS, facebook.HISTORY_DAYS)
            return [
                posts,
                Family(
                    "page_insights", len(windows), lambda: self._windows("page_insights", windows, facebook.insights)
                ),
                Family("profile", 1, lambda: self._once(facebook.profile(self.ask))),
                stories,
            ]
        stories = Family("stories", 1, lambda: self._once(instagram.stories(self.ask)))
        media = Family("media", 1, self._instagram_media)
        if self.plan.fresh_only:
            return [media, stories]
        series = self._due("account_series", instagram.LONGEST_WINDOW_DAYS, instagram.HISTORY_DAYS)
        totals = self._due("account_totals", DAYS_AT_ONCE, instagram.HISTORY_DAYS)
        return [
            media,
            Family("account_totals", len(totals), lambda: self._totals(totals)),
            Family("account_series", len(series), lambda: self._windows("account_series", series, instagram.series)),
            Family("weeks", 1, self._weeks),
            Family("profile", 1, lambda: self._once(instagram.profile(self.ask))),
            Family("demographics", 1, self._demographics),
            stories,
        ]

    def _due(self, family: str, longest: int, history: int) -> list[Days]:
        since = self.plan.since
        oldest = self.ask.today - timedelta(days=history - 1)
        covered = self.known.covered.get(family)
        if covered is not None and covered.last < oldest - ONE_DAY:
            # Asleep for longer than Meta keeps days: what lies between is lost, and the watermark begins anew.
            self._anew[family] = date.max
            covered = None
        elif covered is not None and covered.last > self.ask.yesterday:
            # Noted by a clock that ran ahead. Which days were really asked nobody knows, so the usual history is read.
            known = self.ask.yesterday - self._settings.initial_days * ONE_DAY
            covered = Days(covered.first, max(covered.first, known))
            self._anew[family] = covered.first
        return due_days(
            covered,
            self.ask.yesterday,
            initial_days=min(self._settings.initial_days, history - 1),
            restated_days=self._settings.restatement_days,
            since=max(since, oldest) if since else None,
            longest=longest,
        )

    async def _once(self, answers: AsyncGenerator[Answer, None]) -> None:
        await self._keep(answers)
        self._step()

    async def _windows(
        self, family: str, windows: list[Days], asking: Callable[[Ask, date, date], AsyncGenerator[Answer, None]]
    ) -> None:
        for window in windows:
            await self._keep(asking(self.ask, window.first, window.last))
            if self._stopped:
                return
            await self._cover(family, window)
            self._step()

    async def _totals(self, windows: list[Days]) -> None:
        """Instagram's totals: a call for a day, some days side by side.

        The first day goes alone: what Meta refuses then is not asked, and refused, for all the others at once.
        """
        alone = True
        for window in windows:
            days = [window.first + timedelta(days=index) for index in range(len(window))]
            if alone:
                await self._keep(instagram.totals(self.ask, days.pop()))
                alone = False
            results = await asyncio.gather(
                *(self._keep(instagram.totals(self.ask, day)) for day in days), return_exceptions=True
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            if self._stopped:
                return
            await self._cover("account_totals", window)
            self._step()

    async def _weeks(self) -> None:
        """Weeks that closed since the last run; the first time, all that Meta still answers in full."""
        oldest_start = self.ask.today - timedelta(days=instagram.HISTORY_DAYS - 1)
        for window in self._due("weeks", instagram.HISTORY_DAYS, instagram.HISTORY_DAYS):
            sundays = [day for day in closed_weeks(window) if day - instagram.WEEK >= oldest_start]
            for sunday in sundays:
                await self._keep(instagram.week_by_follower(self.ask, sunday))
            if sundays:
                await self._keep(instagram.month_by_product(self.ask, sundays[-1]))
            if self._stopped:
                return
            await self._cover("weeks", window)
        self._step()

    async def _regained(self) -> None:
        """Metrics that Meta refused for a while and gives again: all their days, and nothing beside them."""
        kind = ObjectKind.PAGE if self.ask.platform is Platform.FACEBOOK else ObjectKind.ACCOUNT
        given = [one for one in self.known.lapsed if one.metric not in self.ask.refused_for(kind)]
        if not given:
            return
        ask = replace(self.ask, only=frozenset(one.metric for one in given))
        page = facebook if self.ask.platform is Platform.FACEBOOK else instagram
        oldest = self.ask.today - timedelta(days=page.HISTORY_DAYS - 1)
        # All days that the account was asked for: the refusal may be older than the account's first collection.
        asked_since = min((days.first for days in self.known.covered.values()), default=self.ask.yesterday)
        first = max(oldest, asked_since)
        for window in Days(first, self.ask.yesterday).pieces(page.LONGEST_WINDOW_DAYS, newest_first=False):
            if self.ask.platform is Platform.FACEBOOK:
                await self._keep(facebook.insights(ask, window.first, window.last))
                continue
            await self._keep(instagram.series(ask, window.first, window.last))
            for index in range(len(window)):
                await self._keep(instagram.totals(ask, window.first + index * ONE_DAY))
        if not self._stopped:
            await self._note_asked([one.mark for one in given])

    async def _demographics(self) -> None:
        """Demographics describe a month and move slowly: once a week is enough."""
        last = self.known.asked_at.get("demographics")
        if last is None or self._now - last >= WEEKLY:
            await self._keep(instagram.demographics(self.ask))
            if self._stopped:
                return
            await self._note_asked(["demographics"])
        self._step()

    async def _facebook_posts(self) -> None:
        rungs, since = self._walk_back_to()
        if not rungs:
            return
        listed: set[str] = set()
        await self._keep(noting(facebook.posts(self.ask, since, self._page_size), "published_posts", listed))
        await self._finish_walk("published_posts", rungs, since, listed)

    async def _instagram_media(self) -> None:
        rungs, since = self._walk_back_to()
        if rungs:
            listed: set[str] = set()
            await self._keep(noting(instagram.media(self.ask, since, self._page_size), "media", listed))
            await self._finish_walk("media", rungs, since, listed)

    @property
    def _page_size(self) -> int:
        """Few accounts publish more than this in three days; a larger page would bring old posts every hour."""
        return FRESH_PAGE if self.plan.fresh_only else PAGE_SIZE

    def _walk_back_to(self) -> tuple[tuple[Rung, ...], datetime]:
        """The rungs of the ladder that are due, and the moment back to which posts are read for them."""
        at_most = FRESH_AGE if self.plan.fresh_only else None
        rungs = due_rungs(self.known.asked_at, self._now, self.plan.at_least, at_most)
        age = (rungs[-1].age or POSTS_HISTORY) if rungs else timedelta(0)
        since = self._now - age
        if self.plan.since is not None:
            since = min(since, self._now - (self.ask.today - self.plan.since))
        return rungs, since

    async def _finish_walk(self, edge: str, rungs: tuple[Rung, ...], since: datetime, listed: set[str]) -> None:
        """Mark posts that are not listed any more, and note which rungs this walk served. After an incomplete list do
        neither: a post that it does not name may exist, and was not read.
        """
        if self._stopped or edge in self.ask.cut:
            return
        families = [rung.family for rung in rungs]
        is_odd = FAMILY.get() in self._storing.odd
        if is_odd and not self.known.odd_for_long:
            return  # asked again by the next run, in the hope of a better answer

        def change(session: Session) -> None:
            if not is_odd:  # an item that could not be read may be a post that lives
                mark_unlisted_posts(session, self.known.id, listed, since, self._now)
            note_asked(session, self.known.id, families, self.ask.today, self._now)

        await self._storing.write(change)
        self._step()

    async def _note_asked(self, families: list[str]) -> None:
        await self._storing.write(
            lambda session: note_asked(session, self.known.id, families, self.ask.today, self._now)
        )

    async def _cover(self, family: str, days: Days) -> None:
        """Note that these days were asked in full; from the first odd part on the next run asks again instead."""
        if FAMILY.get() in self._storing.odd and not self.known.odd_for_long:
            return
        anew = family in self._anew
        first = min(days.first, self._anew.pop(family, days.first))

        def change(session: Session) -> None:
            cover_days(session, self.known.id, family, first, days.last, self._now, anew=anew)

        await self._storing.write(change)

    def _step(self) -> None:
        self._progress.advanced(self.known.name, 1, 0)


async def noting(answers: AsyncGenerator[Answer, None], subject: str, ids: set[str]) -> AsyncGenerator[Answer, None]:
    """The same answers; the ids that those about `subject` list are added to `ids`."""
    async with aclosing(answers):
        async for answer in answers:
            if answer.source.subject == subject:
                ids.update(ids_of(answer))
            yield answer
