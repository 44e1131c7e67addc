"""Publishes due entries exactly once, whatever fails.

The call that makes a post public is recorded before it is sent. Without a clear answer, or after a crash, that record
says that the outcome is unknown. Then Sophia looks for the post, and sends it again only when it certainly does not exist.
"""

import asyncio
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar

import anyio.to_thread
import structlog
from sqlalchemy.orm import Session

from sophia.analytics.collector.due import budget_pauses
from sophia.analytics.collector.portfolio import LEASE, RENEW_SECONDS, is_dead
from sophia.analytics.readings.refusals import record_pauses
from sophia.analytics.readings.runs_store import release_lease, take_lease
from sophia.errors import BusyError, InvalidInputError
from sophia.meta.errors import GraphError, Remedy
from sophia.meta.publishing import Verdict, verdict_on
from sophia.portfolio.meta_context import MetaContext
from sophia.portfolio.models import Account
from sophia.portfolio.scopes import missing_to_publish
from sophia.publishing import attempts, queue
from sophia.publishing.attempts import Attempt, OvertakenError
from sophia.publishing.channels import (
    Channel,
    FacebookChannel,
    InstagramChannel,
    MediaRefusedError,
    ObjectExpiredError,
    PublishedPost,
    QuotaUsedError,
    Sleep,
    StillProcessingError,
)

log = structlog.get_logger(__name__)
T = TypeVar("T")

# A post that is not listed this long after the call does not exist; longer than any answer may take.
SETTLED = timedelta(minutes=5)
# Meta lists a video only after processing it.
SETTLED_VIDEO = timedelta(minutes=30)
LONGEST_PROCESSING = timedelta(hours=2)
ONE_MINUTE, FIVE_MINUTES, ONE_HOUR, ONE_DAY = (timedelta(minutes=minutes) for minutes in (1, 5, 60, 24 * 60))
# Bounds the time of one account with many videos, so that other accounts get the next round; the rest is due again then.
ROUND_SECONDS = 120.0
CHANNELS: dict[str, Callable[..., Channel]] = {"facebook": FacebookChannel, "instagram": InstagramChannel}
# After these verdicts, the account sends nothing more in this round.
ENDS_ROUND = frozenset({Verdict.REST, Verdict.BLOCKED, Verdict.RECONNECT, Verdict.TOMORROW})


@dataclass(slots=True)
class Sending:
    """A running attempt and its channel. `holder` has the account's lease; `ends_round` ends the account's round."""

    channel: Channel
    attempt: Attempt
    holder: str
    ends_round: bool = False


@dataclass(frozen=True, slots=True)
class Publisher(MetaContext):
    """Sends the due entries of all accounts."""

    sleep: Sleep = asyncio.sleep
    process: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")

    @property
    def _two_person(self) -> bool:
        return self.settings.two_person_approval

    async def publish_due(self, entry_ids: Collection[int] | None = None) -> dict[str, int]:
        """Send the due entries, of all or of these, and return {status afterwards: count}. Accounts run in parallel."""
        due = await self._read(lambda session: queue.due(session, self.clock(), entry_ids, two_person=self._two_person))
        by_account = {
            account_id: [entry.entry_id for entry in entries]
            for account_id, entries in groupby(due, key=lambda entry: entry.account_id)
        }
        slots = asyncio.Semaphore(self.settings.concurrency)

        async def publish(account_id: int, entries: list[int]) -> Counter[str]:
            async with slots:
                return await self._publish_safely(account_id, entries)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(publish(account_id, entries)) for account_id, entries in by_account.items()]
        counts = sum((task.result() for task in tasks), Counter[str]())
        return {"due": len(due), **counts}

    async def _publish_safely(self, account_id: int, entry_ids: list[int]) -> Counter[str]:
        """Publish the entries of one account under its lease; an error of Sophia affects no other account (C2)."""
        holder = f"{self.process}:{secrets.token_hex(4)}"
        if not await self._write(lambda session: self._take(session, account_id, holder)):
            return Counter(skipped=len(entry_ids))
        renewing = asyncio.create_task(self._renew(account_id, holder))
        try:
            return await self._publish_entries(account_id, entry_ids, holder)
        except BusyError as error:
            log.warning("publishing_overtaken", account_id=account_id, reason=str(error))
            return Counter(skipped=1)
        except Exception:  # the border of an account
            log.exception("publishing_crashed", account_id=account_id)
            return Counter(crashed=1)
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            with self.database.write() as session:
                release_lease(session, lease_of(account_id), holder)

    def _take(self, session: Session, account_id: int, holder: str) -> bool:
        return take_lease(session, lease_of(account_id), holder, self.clock(), LEASE, is_dead=is_dead)

    async def _renew(self, account_id: int, holder: str) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._write(lambda session: self._take(session, account_id, holder))

    async def _publish_entries(self, account_id: int, entry_ids: list[int], holder: str) -> Counter[str]:
        """Publish the entries of one account, one after the other."""
        counts: Counter[str] = Counter()
        account, pauses = await self._read(
            lambda session: (session.get_one(Account, account_id), budget_pauses(session))
        )
        for pause in pauses:
            self.client.pacing.rest(pause)
        caller = self.client.caller(self.vault.decrypt(account.token_encrypted or ""), account.external_id)
        channel = CHANNELS[account.platform](caller, self.sleep)
        ends_at = time.monotonic() + ROUND_SECONDS
        for entry_id in entry_ids:
            if time.monotonic() > ends_at:
                break
            unsure = await self._read(lambda session: queue.unsure_entry(session, account_id))
            if unsure not in (None, entry_id):
                break
            attempt = await self._begin(entry_id, missing_to_publish(account.platform, account.token_scopes))
            sending = None if attempt is None else Sending(channel, attempt, holder)
            if sending is not None:
                await self._advance(sending)
            counts[await self._status(entry_id)] += 1
            if sending is not None and sending.ends_round:
                break
        pauses = self.client.pacing.pauses()
        await self._write(lambda session: record_pauses(session, pauses, self.clock()))
        return counts

    async def _begin(self, entry_id: int, missing: list[str]) -> Attempt | None:
        """Return the attempt to continue with, or None when there is none or it cannot be sent."""
        try:
            attempt = await self._write(
                lambda session: attempts.begin(session, entry_id, self.clock(), two_person=self._two_person)
            )
        except InvalidInputError as error:
            text = str(error)
            await self._write(lambda session: attempts.refuse(session, entry_id, text))
            return None
        if attempt is not None and missing and attempt.sent_at is None:
            what_to_do = "Connect again with this permission (sophia connect), then retry this entry."
            await self._give_up(attempt, " ".join(missing), what_to_do)
            return None
        return attempt

    async def _status(self, entry_id: int) -> str:
        return (await self._read(lambda session: queue.find_entry(session, None, entry_id))).status

    # -- one entry -----------------------------------------------------------------------------------------------------

    async def _advance(self, sending: Sending) -> None:
        """Bring one entry as far as possible now and record what failed."""
        if sending.attempt.sent_at is not None and not await self._settle(sending):
            return
        if await self._prepare(sending):
            await self._send(sending)

    async def _prepare(self, sending: Sending) -> bool:
        """Create the objects that the post needs at Meta. Returns whether the post can be made public now."""
        try:
            sending.attempt = await sending.channel.make_ready(sending.attempt, self._recorder(sending))
        except QuotaUsedError as error:
            sending.ends_round = True
            await self._postpone(sending.attempt, ONE_HOUR, str(error), counts=False)
        except StillProcessingError as error:
            await self._wait_for_processing(sending.attempt, str(error))
        except ObjectExpiredError as error:
            await self._postpone(sending.attempt, ONE_MINUTE, str(error))
        except MediaRefusedError as error:
            what_to_do = "Correct the media addresses of the draft and approve it, then retry this entry."
            await self._give_up(sending.attempt, str(error), what_to_do)
        except GraphError as error:
            await self._refused(sending, error)
        else:
            return True
        return False

    def _recorder(self, sending: Sending) -> Callable[[Attempt, tuple[str, ...], str | None], Awaitable[Attempt]]:
        async def record(attempt: Attempt, parts: tuple[str, ...], container_id: str | None) -> Attempt:
            sending.attempt = await self._write(
                lambda session: attempts.record_objects(session, attempt, parts, container_id)
            )
            return sending.attempt

        return record

    async def _send(self, sending: Sending) -> None:
        """Make the post public: record the call, send it once, and look for the post when the answer is not clear."""
        sending.attempt = await self._write(lambda session: self._announce(session, sending))
        try:
            post_id = await sending.channel.publish(sending.attempt)
        except GraphError as error:
            if verdict_on(error) in (Verdict.UNKNOWN, Verdict.LATER, Verdict.DUPLICATE):
                await self._settle(sending, error)
            else:
                await self._refused(sending, error)
            return
        await self._record_published(sending.attempt, PublishedPost(post_id, self.clock()))

    def _announce(self, session: Session, sending: Sending) -> Attempt:
        """Record the call that follows. Raises OvertakenError when another process has the account's lease by now."""
        if not self._take(session, sending.attempt.account_id, sending.holder):
            raise OvertakenError(f"Account {sending.attempt.account_id} was taken over by another process.")
        return attempts.announce(session, sending.attempt, self.clock())

    async def _settle(self, sending: Sending, error: GraphError | None = None) -> bool:
        """Look for the post of an earlier call. Returns True when it certainly does not exist and may be sent again."""
        attempt, problem = sending.attempt, str(error or "The program ended before Meta's answer was stored.")
        is_other_post = await self._read(lambda session: attempts.other_posts(session, attempt))
        try:
            post = await sending.channel.find(attempt, is_other_post)
            is_kept = await sending.channel.is_kept(attempt) if post is None else False
        except GraphError as search_error:
            await self._search_later(sending, search_error, problem)
            return False
        if post is not None:
            await self._record_published(attempt, post)
        elif error is not None and verdict_on(error) is Verdict.DUPLICATE:
            what_to_do = "Change the text, approve the draft, and retry this entry."
            await self._give_up(attempt, f"{error} It is an older post.", what_to_do)
        else:
            return await self._allow_resend(sending, problem, is_kept=is_kept)
        return False

    async def _search_later(self, sending: Sending, search_error: GraphError, problem: str) -> None:
        """Schedule another search. The outcome stays unknown, so nothing is sent before it."""
        sending.ends_round = True
        attempt, advice = sending.attempt, search_error.advice
        if verdict_on(search_error) is Verdict.RECONNECT:
            await self._write(lambda session: attempts.request_reconnect(session, attempt.account_id, advice))
        at = search_error.resume_at or self.clock() + ONE_MINUTE
        reason = "with the same answer" if str(search_error) == problem else f"with: {search_error}"
        await self._check_later(attempt, at, f"{problem} Looking for the post failed {reason}")

    async def _allow_resend(self, sending: Sending, problem: str, *, is_kept: bool) -> bool:
        """Return whether a post that Meta does not list may be sent again: after time to appear, a limited number of times."""
        attempt = sending.attempt
        settled_at = (attempt.sent_at or attempt.started_at) + self._settled_after(attempt)
        if self.clock() < settled_at:
            sending.ends_round = True
            await self._check_later(attempt, settled_at, f"{problem} It is not listed yet; Meta may be slow.")
            return False
        if attempt.number > len(attempts.WAITS):
            await self._give_up(
                attempt, f"{problem} It does not exist after {attempt.number} attempts.", "Retry this entry."
            )
            return False
        sending.attempt = await self._write(lambda session: attempts.withdraw(session, attempt, keep_objects=is_kept))
        return True

    def _settled_after(self, attempt: Attempt) -> timedelta:
        longest_answer = timedelta(seconds=self.settings.answer_timeout_seconds) + ONE_MINUTE
        return max(SETTLED_VIDEO if attempt.kind == "video" else SETTLED, longest_answer)

    async def _refused(self, sending: Sending, error: GraphError) -> None:
        """Record what follows an error after which nothing is public."""
        attempt, verdict = sending.attempt, verdict_on(error)
        sending.ends_round = verdict in ENDS_ROUND
        if verdict is Verdict.TOMORROW:
            await self._postpone(attempt, ONE_DAY, str(error), counts=False)
        elif verdict is Verdict.REST:
            wait = error.resume_at - self.clock() if error.resume_at else FIVE_MINUTES
            await self._postpone(attempt, max(wait, ONE_MINUTE), f"{error} {error.advice}", counts=False)
        elif verdict in (Verdict.LATER, Verdict.UNKNOWN) and attempt.number <= len(attempts.WAITS):
            await self._postpone(attempt, attempts.WAITS[attempt.number - 1], str(error))
        else:
            if verdict is Verdict.RECONNECT:
                await self._write(lambda session: attempts.request_reconnect(session, attempt.account_id, error.advice))
            await self._give_up(attempt, str(error), advice_on(verdict, error))

    async def _wait_for_processing(self, attempt: Attempt, problem: str) -> None:
        if self.clock() - attempt.started_at > LONGEST_PROCESSING:
            await self._give_up(attempt, problem, "Use a smaller file in the format that Meta recommends.")
        else:
            await self._check_later(attempt, self.clock() + ONE_MINUTE, problem)

    # -- records -------------------------------------------------------------------------------------------------------

    async def _record_published(self, attempt: Attempt, post: PublishedPost) -> None:
        problem = (
            None if post.id else "Meta confirms that it is public but does not list it, so its readings are not linked."
        )
        await self._write(lambda session: attempts.record_published(session, attempt, post.id, post.at, problem))
        log.info("published", entry=attempt.entry_id, draft=attempt.draft_id, post=post.id, attempt=attempt.number)

    async def _give_up(self, attempt: Attempt, problem: str, what_to_do: str) -> None:
        await self._write(lambda session: attempts.give_up(session, attempt, problem, what_to_do))
        log.warning("not_published", entry=attempt.entry_id, reason=problem, what_to_do=what_to_do)

    async def _postpone(self, attempt: Attempt, wait: timedelta, problem: str, *, counts: bool = True) -> None:
        until = self.clock() + wait
        await self._write(lambda session: attempts.postpone(session, attempt, until, problem, counts=counts))

    async def _check_later(self, attempt: Attempt, at: datetime, problem: str) -> None:
        await self._write(lambda session: attempts.check_later(session, attempt, at, problem))

    async def _write(self, work: Callable[[Session], T]) -> T:
        """Run the work in a write transaction in a thread."""

        def run() -> T:
            with self.database.write() as session:
                return work(session)

        return await anyio.to_thread.run_sync(run)

    async def _read(self, work: Callable[[Session], T]) -> T:
        def run() -> T:
            with self.database.read() as session:
                return work(session)

        return await anyio.to_thread.run_sync(run)


def lease_of(account_id: int) -> str:
    return f"publish:{account_id}"


def advice_on(verdict: Verdict, error: GraphError) -> str:
    """Return what a person should do about a post that Sophia does not retry."""
    if verdict in (Verdict.BLOCKED, Verdict.RECONNECT) or error.remedy is Remedy.ASK_PERSON:
        return f"{error.advice} Then retry this entry."
    return "Correct the content that Meta refused, approve the draft, and retry this entry."
