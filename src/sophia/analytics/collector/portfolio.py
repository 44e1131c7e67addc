"""Collects the portfolio: accounts side by side, one run per account at a time, and the record of each run."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import anyio.to_thread
import structlog

from sophia.analytics.collector.comments import CommentsRun
from sophia.analytics.collector.due import account_to_collect, budget_pauses
from sophia.analytics.collector.plan import NullProgress, Plan, Progress
from sophia.analytics.collector.run import Run
from sophia.analytics.readings.refusals import record_pauses, record_refusals, record_refused_objects
from sophia.analytics.readings.runs_store import (
    RunOutcome,
    finish_run,
    record_unanswered_posts,
    release_lease,
    start_run,
    take_lease,
)
from sophia.analytics.readings.writer import AccountWriter, Owner
from sophia.errors import SophiaError
from sophia.meta.catalogue.terms import Platform
from sophia.meta.errors import GraphError
from sophia.meta.fallbacks import RunContext
from sophia.meta.reporting_zone import reporting_day
from sophia.portfolio.meta_context import MetaContext

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)
RENEW_SECONDS = 60.0
COLLECTED_ELSEWHERE = {"code": "not_due", "message": "Another process has collected this account in the meantime."}
STOPPED = {"code": "stopped", "message": "The run was stopped before it was complete."}


@dataclass(frozen=True, slots=True)
class Collector(MetaContext):
    """Everything that a collection needs, put together at the edge. The clock gives aware moments in UTC."""

    progress: Progress = field(default_factory=NullProgress)
    holder: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")

    async def collect(self, account_ids: Sequence[int], plan: Plan) -> list[RunOutcome]:
        """Collect several accounts side by side and return their outcomes in the same order (C2, C4)."""
        slots = asyncio.Semaphore(self.settings.concurrency)

        async def collect_one(account_id: int) -> RunOutcome:
            async with slots:
                return await self.collect_safely(account_id, plan)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(collect_one(account_id)) for account_id in account_ids]
        return [task.result() for task in tasks]

    async def collect_safely(
        self, account_id: int, plan: Plan, still_due: Callable[[], bool] | None = None
    ) -> RunOutcome:
        """Run collect_account and turn an unexpected exception into an outcome (C2)."""
        try:
            return await self.collect_account(account_id, plan, still_due)
        except GraphError as error:
            # Its budget rests: no request went out, so there is no run. The last run says when requests resume.
            problem = {"code": error.code, "message": error.text, "what_to_do": error.advice}
            return RunOutcome(status="throttled", problems=[problem], resume_at=error.resume_at)
        except SophiaError as error:
            log.error("collection_refused", account_id=account_id, reason=str(error))  # noqa: TRY400 - not a fault of Sophia
            return RunOutcome(
                status="failed", problems=[{"code": "refused", "message": str(error)}], action_needed=str(error)
            )
        except Exception as error:  # the border of a run
            log.exception("collection_crashed", account_id=account_id)
            problem = {"code": "crashed", "message": f"{type(error).__name__}: see the log"}
            return RunOutcome(status="failed", problems=[problem])

    async def collect_account(
        self, account_id: int, plan: Plan, still_due: Callable[[], bool] | None = None
    ) -> RunOutcome:
        """Run one collection. Errors of Meta or of a token are part of the outcome, which is stored as a run.

        `still_due` is called in a thread once this process holds the lease: two processes that start together both see
        the account as due, and the second gets the lease after the first has collected it.
        """
        lease = f"account:{account_id}"
        if not await anyio.to_thread.run_sync(self._take, lease):
            return RunOutcome(status="skipped", problems=[{"code": "busy", "message": "Another run is collecting it."}])
        renewing = asyncio.create_task(self._keep(lease))
        try:
            if still_due is not None and not await anyio.to_thread.run_sync(still_due):
                return RunOutcome(status="skipped", problems=[COLLECTED_ELSEWHERE])
            return await self._run(account_id, plan)
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            # In a thread, because another process may hold the store; a cancellation waits until it is done.
            await anyio.to_thread.run_sync(self._release, lease)

    def _take(self, lease: str) -> bool:
        with self.database.write() as session:
            return take_lease(session, lease, self.holder, self.clock(), LEASE, is_dead=is_dead)

    def _release(self, lease: str) -> None:
        with self.database.write() as session:
            release_lease(session, lease, self.holder)

    async def _keep(self, lease: str) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await anyio.to_thread.run_sync(self._take, lease)

    async def _run(self, account_id: int, plan: Plan) -> RunOutcome:
        run = await self._opened(account_id, plan)
        try:
            if run is None:
                return await anyio.to_thread.run_sync(self._refuse, account_id, plan)
            await run.go()
        except BaseException:
            if run is not None:
                run.outcome.status = "failed"
                run.outcome.problems.append(STOPPED)
            raise
        finally:
            if run is not None:
                await anyio.to_thread.run_sync(self._close, run)
        return run.outcome

    async def _opened(self, account_id: int, plan: Plan) -> Run | CommentsRun | None:
        """Call _open in a thread. After a cancellation, close the run record that the thread opened."""
        opening = asyncio.ensure_future(anyio.to_thread.run_sync(self._open, account_id, plan))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            run = await opening
            if run is not None:
                run.outcome.status = "failed"
                run.outcome.problems.append(STOPPED)
                self._close(run)
            raise

    def _open(self, account_id: int, plan: Plan) -> Run | CommentsRun | None:
        """Read once what a run needs, and open its record. Return None for an account without a token."""
        now, version = self.clock(), self.client.version
        with self.database.read() as session:
            account = account_to_collect(session, account_id, version, now)
            pauses = budget_pauses(session)
        if account.token_encrypted is None:
            return None
        for pause in pauses:
            self.client.pacing.rest(pause)
        caller = self.client.caller(self.vault.decrypt(account.token_encrypted), account.external_id)
        self.client.pacing.refuse_if_resting(caller.budgets)
        context = RunContext(
            caller=caller,
            platform=Platform(account.platform),
            account=account.external_id,
            scopes=account.scopes,
            today=reporting_day(now),
            also=self.settings.ask_also,
            refused=account.refused,
            resting=account.resting,
        )
        with self.database.write() as session:
            run_id = start_run(session, account_id, plan.trigger, version, now)
        if plan.comments_only:
            return CommentsRun(self.database, self.settings, account, context, run_id, now)
        keep = self.settings.raw_answer_days > 0
        owner = Owner(account.id, account.client_id, context.platform)
        writer = AccountWriter(self.database, owner, run_id, self.clock, keep=keep)
        return Run(self.database, self.settings, self.progress, plan, account, context, writer, run_id, now)

    def _refuse(self, account_id: int, plan: Plan) -> RunOutcome:
        """Record a run for an account without a token, so that somebody sees the problem and solves it."""
        action = "Connect this account again: sophia connect"
        problem = {"code": "no_token", "message": "There is no token for this account."}
        outcome = RunOutcome(status="needs_reconnect", problems=[problem], action_needed=action)
        with self.database.write() as session:
            now = self.clock()
            run_id = start_run(session, account_id, plan.trigger, self.client.version, now)
            finish_run(session, run_id, outcome, now)
        return outcome

    def _close(self, run: Run | CommentsRun) -> None:
        outcome, context = run.outcome, run.context
        tally = context.caller.tally
        outcome.calls, outcome.calls_counted_by_meta, outcome.retries = tally.calls, tally.counted, tally.retries
        outcome.percent_used = tally.percent_used
        with self.database.write() as session:
            now = self.clock()
            record_refusals(session, context.platform, run.account.id, self.client.version, context.refusals, now)
            if isinstance(run, Run):  # a post that refuses its comments may still have insights
                answered = run.account.retried & run.answered_objects
                record_refused_objects(session, run.account.id, context.skipped, answered, now)
                record_unanswered_posts(session, run.account.id, run.unanswered_posts, now)
            record_pauses(session, self.client.pacing.pauses(), now)
            finish_run(session, run.run_id, outcome, now)
        self.progress.finished(run.account.name, outcome)
        for problem in outcome.problems:
            fields = {name: value for name, value in problem.items() if name != "objects"}
            log.info("collection_problem", account=run.account.name, platform=context.platform.value, **fields)
        log.info(
            "collected",
            account=run.account.name,
            platform=context.platform.value,
            status=outcome.status,
            new=outcome.saved.new,
            changed=outcome.saved.changed,
            calls=outcome.calls,
            retries=outcome.retries,
            problems=len(outcome.problems),  # each has its own line above, with what to do
        )


def is_dead(holder: str) -> bool:
    """Return whether a holder is a process of this machine that has ended; of other machines that is unknown."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
