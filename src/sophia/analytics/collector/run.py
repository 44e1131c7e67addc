"""One run for one account: family by family, each answer interpreted and stored as it arrives.

An answer is one short transaction, and no transaction is open during a request to Meta, so everything fetched is kept
(C1, E1). An error of a family ends that family, a dead token ends the account's run, and nothing affects another
account.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from sophia.analytics.collector.accounting import Accounting, attempt
from sophia.analytics.collector.coverage import Coverage
from sophia.analytics.collector.due import DueAccount
from sophia.analytics.collector.evidence import Evidence, ListedObjects, record_listed
from sophia.analytics.collector.plan import Plan, Progress
from sophia.analytics.collector.recovery import ask_days, oldest_day, returned_metrics
from sophia.analytics.collector.storing import AnswerStore
from sophia.analytics.figures.schedule import (
    FRESH_AGE,
    POSTS_HISTORY,
    RefreshInterval,
    closed_weeks,
    due_intervals,
)
from sophia.analytics.readings.account_states import DAY_FAMILIES
from sophia.analytics.readings.runs_store import RunOutcome, mark_unlisted_posts, note_asked
from sophia.analytics.readings.writer import AccountWriter, Saved
from sophia.config import Settings
from sophia.database.engine import Database
from sophia.meta import facebook, instagram
from sophia.meta.bisection import TEMPORARY
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.envelope import Answer
from sophia.meta.fallbacks import RunContext
from sophia.meta.listing import PAGE_SIZE
from sophia.meta.reporting_zone import ONE_DAY, DateRange

FAMILY: ContextVar[str] = ContextVar("family")  # the family of series that a task works for

# Days whose totals are requested side by side; the watermark moves when all of them are stored.
DAYS_AT_ONCE = 6
FAMILIES_AT_ONCE = 4
WEEKLY = timedelta(days=6, hours=12)
FRESH_PAGE = 25
# Meta may need this long before a new post, or a story, has insights (GRAPH_API §1).
POST_IS_SETTLED_AFTER = timedelta(days=2)
STORY_IS_SETTLED_AFTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Family:
    """A part of a run, and its expected number of steps."""

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
        account: DueAccount,
        context: RunContext,
        writer: AccountWriter,
        run_id: int,
        now: datetime,
    ) -> None:
        self.plan, self.account, self.context, self.run_id = plan, account, context, run_id
        self._accounting = Accounting()
        self._settings, self._progress, self._now = settings, progress, now
        self._storing = AnswerStore(database, writer, context.platform, self._stored)
        self._coverage = Coverage(account, settings, plan.since, context.today, now, self._storing)
        self._unanswered: dict[str, str] = {}

    async def go(self) -> None:
        """Do everything that is due. Errors of Meta end up in the outcome; other exceptions are raised."""
        families = self._families()
        self._progress.started(self.account.name, sum(family.steps for family in families))
        self._accounting.outcome.families = {family.name: {"answers": 0, "ended": "not asked"} for family in families}
        slots = asyncio.Semaphore(FAMILIES_AT_ONCE)

        async def run_when_free(family: Family) -> None:
            async with slots:
                if not self._stopped:
                    await self._attempt(family)

        try:
            async with asyncio.timeout(self._settings.run_minutes * 60):
                async with asyncio.TaskGroup() as group:
                    for family in families:
                        group.create_task(run_when_free(family))
                needs_recovery = not self.plan.fresh_only and (
                    self.account.expired_refusals or self._returned_metrics()
                )
                if needs_recovery and not self._stopped:
                    self.outcome.families["regained"] = {"answers": 0, "ended": "not asked"}
                    await self._attempt(Family("regained", 1, self._recovered_metrics))
        except TimeoutError:
            self._accounting.out_of_time(self._settings.run_minutes)
        self._accounting.conclude(self.context)

    async def _attempt(self, family: Family) -> None:
        FAMILY.set(family.name)
        await attempt(self._accounting, family.name, family.work, self._now, self.account.name)

    @property
    def outcome(self) -> RunOutcome:
        return self._accounting.outcome

    @property
    def _stopped(self) -> bool:
        return self.context.caller.stopped is not None

    @property
    def answered_objects(self) -> set[str]:
        """Ids of the posts and videos whose insights came."""
        return set().union(*(self._storing.evidence(family).posts for family in self.outcome.families))

    @property
    def unanswered_posts(self) -> dict[str, str]:
        """{id: reason} of the posts without an answer that the next run should request again."""
        temporary = {name: e.message for name, e in self.context.skipped.items() if e.remedy in TEMPORARY}
        return {**self._unanswered, **temporary}

    async def _keep(self, answers: AsyncGenerator[Answer, None]) -> None:
        """Store each answer as it arrives, in a thread."""
        async with aclosing(answers):
            async for answer in answers:
                await self._storing.save(answer, FAMILY.get())
                self._accounting.answered(FAMILY.get())

    def _stored(self, saved: Saved) -> None:
        self.outcome.saved.add(saved)
        self._progress.advanced(self.account.name, 0, saved.new + saved.changed + saved.same)

    def _families(self) -> list[Family]:
        """Return the families of this run, by platform. Posts come before their insights."""
        if self.context.platform is Platform.FACEBOOK:
            stories = Family("stories", 1, lambda: self._stories(facebook.stories(self.context)))
            posts = Family("posts", 1, lambda: self._posts("published_posts", "created_time", facebook.posts))
            if self.plan.fresh_only:
                return [posts, stories]
            windows = self._coverage.due("page_insights", facebook.LONGEST_WINDOW_DAYS, facebook.HISTORY_DAYS)
            return [
                posts,
                Family("page_insights", len(windows), lambda: self._windows(windows, self._page_insights)),
                Family("profile", 1, lambda: self._read_once(facebook.profile(self.context))),
                stories,
            ]
        stories = Family("stories", 1, lambda: self._stories(instagram.stories(self.context)))
        media = Family("media", 1, lambda: self._posts("media", "timestamp", instagram.media))
        if self.plan.fresh_only:
            return [media, stories]
        series = self._coverage.due("account_series", instagram.LONGEST_WINDOW_DAYS, instagram.HISTORY_DAYS)
        totals = self._coverage.due("account_totals", DAYS_AT_ONCE, instagram.HISTORY_DAYS)
        return [
            media,
            Family("account_totals", len(totals), lambda: self._windows(totals, self._totals)),
            Family("account_series", len(series), lambda: self._windows(series, self._series)),
            Family("weeks", 1, self._weeks),
            Family("profile", 1, lambda: self._read_once(instagram.profile(self.context))),
            Family("demographics", 1, self._demographics),
            stories,
        ]

    async def _read_once(self, answers: AsyncGenerator[Answer, None]) -> None:
        await self._keep(answers)
        if self._evidence.is_empty:
            self._report_silence()
        self._step()

    async def _stories(self, answers: AsyncGenerator[Answer, None]) -> None:
        await self._keep(answers)
        self._raise_failure_of_posts()
        if self._evidence.is_silent_about_posts(self.context.skipped, self._now - STORY_IS_SETTLED_AFTER):
            self._report_silence()
        self._step()

    def _raise_failure_of_posts(self) -> None:
        """Raise the error if every post of the family failed; a single post that fails is skipped."""
        error = self._evidence.failure_of_posts(self.context.skipped)
        if error is not None:
            raise error

    async def _windows(self, windows: list[DateRange], ask_window: Callable[[DateRange], Awaitable[None]]) -> None:
        """Request windows of days. A family that was silent in the last run is first asked for its newest days."""
        family = FAMILY.get()
        probe = self._coverage.probe(family, windows)
        if probe is not None:
            await ask_window(probe)
        if probe is None or self._evidence.days or self._evidence.has_rejected_items:
            for window in windows:
                await ask_window(window)
                await self._coverage.note(family, window, self._evidence.newest_day)
                self._step()
        if self._coverage.is_silent(family):
            self._report_silence()

    async def _page_insights(self, window: DateRange) -> None:
        await self._keep(facebook.insights(self.context, window))

    async def _series(self, window: DateRange) -> None:
        await self._keep(instagram.series(self.context, window))

    async def _totals(self, window: DateRange) -> None:
        """Request Instagram's totals: one call per day, several days side by side.

        The first day goes alone, so that a metric that Meta refuses is requested once and not once per day.
        """
        days = list(window)
        if not self._evidence.expected:
            await self._keep(instagram.totals(self.context, days.pop()))
        results = await asyncio.gather(
            *(self._keep(instagram.totals(self.context, day)) for day in days), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _weeks(self) -> None:
        """Request the weeks that closed since the last run; the first time, all that Meta still answers in full.

        An account with fewer than 100 followers has no such weeks. Its days count as covered; after its first value,
        the next run requests all its weeks.
        """
        oldest_start = self.context.today - timedelta(days=instagram.HISTORY_DAYS - 1)
        for window in self._coverage.due("weeks", instagram.HISTORY_DAYS, instagram.HISTORY_DAYS):
            sundays = [day for day in closed_weeks(window) if day - instagram.WEEK >= oldest_start]
            for sunday in reversed(sundays):
                await self._keep(instagram.week_by_follower(self.context, sunday))
                if "weeks" in self.account.silent and not self._evidence.days:
                    break
            if sundays:
                await self._keep(instagram.month_by_product(self.context, sundays[-1]))
            newest = self._evidence.newest_day
            if not sundays or newest >= sundays[-1] or "weeks" not in self.account.answered_before:
                newest = window.end - ONE_DAY
            await self._coverage.note("weeks", window, newest)
        if self._evidence.is_empty:
            self._report_silence()
        self._step()

    async def _recovered_metrics(self) -> None:
        """Request only metrics that have values again: all days after a refusal, missing ones after a silence."""
        oldest = oldest_day(self.context)
        for days, names in self._returned_metrics().items():
            if days.end > oldest:
                context = replace(self.context, only=names)
                await self._keep(ask_days(context, DateRange(max(days.start, oldest), days.end)))
        kind = ObjectKind.PAGE if self.context.platform is Platform.FACEBOOK else ObjectKind.ACCOUNT
        answered = [
            refusal
            for refusal in self.account.expired_refusals
            if refusal.metric not in self.context.refused_for(kind) and self._storing.has_values_of(refusal.metric)
        ]
        if not answered:
            return
        # All covered days of the account: the refusal may be older than its first collection.
        asked_since = min((days.start for days in self.account.covered.values()), default=self.context.yesterday)
        context = replace(self.context, only=frozenset(refusal.metric for refusal in answered))
        await self._keep(ask_days(context, DateRange(max(oldest, asked_since), self.context.today)))
        await self._note_asked([refusal.mark for refusal in answered])

    def _returned_metrics(self) -> dict[DateRange, frozenset[str]]:
        names_by_days: dict[DateRange, frozenset[str]] = {}
        for family in DAY_FAMILIES:
            first = self._coverage.first_asked.get(family)
            values = self._storing.evidence(family).daily
            returned = returned_metrics(self.context.platform, values, self.account.last_days, first) if first else {}
            for days, names in returned.items():
                names_by_days[days] = names_by_days.get(days, frozenset()) | names
        return names_by_days

    async def _demographics(self) -> None:
        """Request demographics once a week: they describe a month, so this is enough if the account answers."""
        last = self.account.asked_at.get("demographics")
        is_fresh = last is not None and timedelta(0) <= self._now - last < WEEKLY
        # An account that answers its days and never had demographics is too small to have any.
        is_silent = "demographics" in self.account.answered_before or bool(self.account.silent & set(DAY_FAMILIES))
        if not is_fresh or ("demographics" in self.account.silent and is_silent):
            await self._keep(instagram.demographics(self.context))
            if self._evidence.is_empty:
                self._report_silence()
            await self._note_asked(["demographics"])
        self._step()

    def _report_silence(self) -> None:
        """Report that the current family gave no value although the run requested some."""
        family = FAMILY.get()
        self._accounting.silent(family, self.context, had_values=family in self.account.answered_before)

    @property
    def _evidence(self) -> Evidence:
        """What came back for the current family."""
        return self._storing.evidence(FAMILY.get())

    async def _posts(
        self, subject: str, moment: str, posts: Callable[[RunContext, datetime, int], AsyncGenerator[Answer, None]]
    ) -> None:
        intervals, since = self._due_intervals()
        if since is None:
            return
        if FAMILY.get() in self.account.silent:
            # While the newest posts have no insights, the run does not request older ones.
            newest = ListedObjects(moment, self._now)
            await self._keep(record_listed(posts(self.context, self._now, self._page_size), subject, newest))
            if self._is_silent_about_posts(newest):
                self._report_silence()
                return
        listing = ListedObjects(moment, since)
        await self._keep(record_listed(posts(self.context, since, self._page_size), subject, listing))
        await self._finish_walk(intervals, listing, subject)

    def _is_silent_about_posts(self, listing: ListedObjects) -> bool:
        """Return whether no post had insights, or the list was empty although Sophia has posts (accepted later)."""
        if not listing.ids:
            return self.account.has_posts and FAMILY.get() not in self.account.silent_for_long
        return self._evidence.is_silent_about_posts(self.context.skipped, self._now - POST_IS_SETTLED_AFTER)

    @property
    def _page_size(self) -> int:
        """Few accounts publish more than FRESH_PAGE posts in three days; a larger page would read old posts hourly."""
        return FRESH_PAGE if self.plan.fresh_only else PAGE_SIZE

    def _due_intervals(self) -> tuple[tuple[RefreshInterval, ...], datetime | None]:
        """Return the refresh intervals that are due, and the moment back to which posts are read (None when nothing is
        due).

        Posts whose insights failed temporarily are due whatever their age.
        """
        at_most = FRESH_AGE if self.plan.fresh_only else None
        intervals = due_intervals(self.account.asked_at, self._now, self.plan.at_least, at_most)
        moments = [self._now - (intervals[-1].age or POSTS_HISTORY)] if intervals else []
        if self.account.unanswered_since is not None and not self.plan.fresh_only:
            moments.append(max(self.account.unanswered_since, self._now - POSTS_HISTORY))
        if intervals and self.plan.since is not None:
            moments.append(self._now - (self.context.today - self.plan.since))
        return intervals, min(moments, default=None)

    async def _finish_walk(self, intervals: tuple[RefreshInterval, ...], listing: ListedObjects, subject: str) -> None:
        """Mark posts that Meta no longer lists, and record the refresh intervals that this run served.

        A list that Meta cut short, and an empty list where Sophia has posts, do not prove that a post is gone.
        """
        if self._stopped:
            return
        evidence = self._evidence
        if evidence.has_rejected_items and not self.account.persistently_invalid:
            return  # the next run requests them again and may get a better answer
        if self._is_silent_about_posts(listing):
            self._report_silence()
            return
        self._raise_failure_of_posts()
        posts = evidence.unanswered(self.context.skipped)
        self._unanswered |= {post.external_id: "Meta returned no insights for it." for post in posts}
        if subject in self.context.cut:
            return  # the accounting reports it
        if not listing.is_complete:
            self._accounting.cut_short(FAMILY.get())
            return

        def change(session: Session) -> None:
            if not evidence.has_rejected_items:  # a rejected item may be a post that still exists
                mark_unlisted_posts(session, self.account.id, listing.ids, listing.since, self._now)
            note_asked(
                session, self.account.id, [interval.family for interval in intervals], self.context.today, self._now
            )

        await self._storing.write(change)
        self._step()

    async def _note_asked(self, families: list[str]) -> None:
        await self._storing.write(
            lambda session: note_asked(session, self.account.id, families, self.context.today, self._now)
        )

    def _step(self) -> None:
        self._progress.advanced(self.account.name, 1, 0)
