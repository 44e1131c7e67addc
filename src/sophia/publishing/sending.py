"""Sends what is due, exactly once, whatever happens on the way.

Before Meta is asked to make something public, that is written down. When no answer comes, or the program dies, what is
written says that nobody knows; then the post is looked for, and only what is certainly not there is sent again.
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
from sophia.config import Settings
from sophia.database.engine import Database
from sophia.errors import BusyError, InvalidInputError
from sophia.meta.client import GraphClient
from sophia.meta.errors import GraphError, Remedy
from sophia.meta.publishing import Verdict, verdict_on
from sophia.portfolio.models import Account
from sophia.portfolio.scopes import missing_to_publish
from sophia.publishing import attempts, queue
from sophia.publishing.attempts import Attempt, OvertakenError
from sophia.publishing.channels import (
    Channel,
    FacebookChannel,
    Found,
    InstagramChannel,
    MadeInVainError,
    MediaRefusedError,
    QuotaUsedError,
    Sleep,
    StillWorkingError,
)
from sophia.vault import Vault

log = structlog.get_logger(__name__)
T = TypeVar("T")

# A post that is not listed this long after it was sent is not there; longer than any answer may take.
SETTLED = timedelta(minutes=5)
# Meta lists a video only when it has processed it.
SETTLED_VIDEO = timedelta(minutes=30)
LONGEST_PROCESSING = timedelta(hours=2)
ONE_MINUTE, FIVE_MINUTES, ONE_HOUR, ONE_DAY = (timedelta(minutes=minutes) for minutes in (1, 5, 60, 24 * 60))
# One account with many videos must not keep the next round from the others; what is left is due again then.
ROUND_SECONDS = 120.0
CHANNELS: dict[str, Callable[..., Channel]] = {"facebook": FacebookChannel, "instagram": InstagramChannel}
# After these nothing more is sent for the account in this round.
ENDS_ROUND = frozenset({Verdict.REST, Verdict.BLOCKED, Verdict.RECONNECT, Verdict.TOMORROW})


@dataclass(slots=True)
class Sending:
    """One attempt under way, and the channel it takes. `holder` has the account's lease; `ends_round`: whether the account
    is through for now.
    """

    channel: Channel
    attempt: Attempt
    holder: str
    ends_round: bool = False


@dataclass(slots=True)
class Publisher:
    """Everything that publishing needs, put together at the edge. The clock gives aware moments in UTC."""

    database: Database
    vault: Vault
    client: GraphClient
    settings: Settings
    clock: Callable[[], datetime]
    sleep: Sleep = asyncio.sleep
    process: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")

    @property
    def _two_person(self) -> bool:
        return self.settings.two_person_approval

    async def publish_due(self, entry_ids: Collection[int] | None = None) -> dict[str, int]:
        """Send what is due, of these entries or of all; {status afterwards: how many}. Accounts go side by side."""
        due = await self._read(lambda session: queue.due(session, self.clock(), entry_ids, two_person=self._two_person))
        by_account = {
            account: [one.entry_id for one in ones] for account, ones in groupby(due, key=lambda one: one.account_id)
        }
        places = asyncio.Semaphore(self.settings.concurrency)

        async def one(account_id: int, entries: list[int]) -> Counter[str]:
            async with places:
                return await self._safely(account_id, entries)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(account_id, entries)) for account_id, entries in by_account.items()]
        counts = sum((task.result() for task in tasks), Counter[str]())
        return {"due": len(due), **counts}

    async def _safely(self, account_id: int, entry_ids: list[int]) -> Counter[str]:
        """The entries of one account; a fault of ours costs this account and no other (C2)."""
        holder = f"{self.process}:{secrets.token_hex(4)}"
        if not await self._write(lambda session: self._take(session, account_id, holder)):
            return Counter(skipped=len(entry_ids))
        renewing = asyncio.create_task(self._keep(account_id, holder))
        try:
            return await self._account(account_id, entry_ids, holder)
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

    async def _keep(self, account_id: int, holder: str) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._write(lambda session: self._take(session, account_id, holder))

    async def _account(self, account_id: int, entry_ids: list[int], holder: str) -> Counter[str]:
        """The entries of one account, one after the other."""
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
            attempt = await self._begun(entry_id, missing_to_publish(account.platform, account.token_scopes))
            sending = None if attempt is None else Sending(channel, attempt, holder)
            if sending is not None:
                await self._advance(sending)
            counts[await self._status(entry_id)] += 1
            if sending is not None and sending.ends_round:
                break
        pauses = self.client.pacing.pauses()
        await self._write(lambda session: record_pauses(session, pauses, self.clock()))
        return counts

    async def _begun(self, entry_id: int, missing: list[str]) -> Attempt | None:
        """The attempt to go on with; None when there is none, or it could not go out."""
        try:
            attempt = await self._write(
                lambda session: attempts.begin(session, entry_id, self.clock(), two_person=self._two_person)
            )
        except InvalidInputError as error:
            text = str(error)
            await self._write(lambda session: attempts.refuse(session, entry_id, text))
            return None
        if attempt is not None and missing and attempt.sent_at is None:
            what_to_do = "Connect again with this permission (sophia connect), then try this entry again."
            await self._give_up(attempt, " ".join(missing), what_to_do)
            return None
        return attempt

    async def _status(self, entry_id: int) -> str:
        return (await self._read(lambda session: queue.find_entry(session, None, entry_id))).status

    # -- one entry -----------------------------------------------------------------------------------------------------

    async def _advance(self, sending: Sending) -> None:
        """Bring one entry as far as it goes now. What went wrong is written down."""
        if sending.attempt.sent_at is not None and not await self._settle(sending):
            return
        if await self._made_ready(sending):
            await self._send(sending)

    async def _made_ready(self, sending: Sending) -> bool:
        """Whether all is made at Meta that must be made before anything can be public."""
        try:
            sending.attempt = await sending.channel.make_ready(sending.attempt, self._noted(sending))
        except QuotaUsedError as error:
            sending.ends_round = True
            await self._put_off(sending.attempt, ONE_HOUR, str(error), counts=False)
        except StillWorkingError as error:
            await self._wait_for_processing(sending.attempt, str(error))
        except MadeInVainError as error:
            await self._put_off(sending.attempt, ONE_MINUTE, str(error))
        except MediaRefusedError as error:
            what_to_do = "Look at the media addresses of the draft, mend and approve it, then try this entry again."
            await self._give_up(sending.attempt, str(error), what_to_do)
        except GraphError as error:
            await self._refused(sending, error)
        else:
            return True
        return False

    def _noted(self, sending: Sending) -> Callable[[Attempt, tuple[str, ...], str | None], Awaitable[Attempt]]:
        async def note(attempt: Attempt, parts: tuple[str, ...], container_id: str | None) -> Attempt:
            made = await self._write(lambda session: attempts.note_made(session, attempt, parts, container_id))
            sending.attempt = made
            return made

        return note

    async def _send(self, sending: Sending) -> None:
        """Make it public: written down first, sent once, and looked for when the answer leaves a doubt."""
        sending.attempt = await self._write(lambda session: self._announce(session, sending))
        try:
            post_id = await sending.channel.publish(sending.attempt)
        except GraphError as error:
            if verdict_on(error) in (Verdict.UNKNOWN, Verdict.LATER, Verdict.DUPLICATE):
                await self._settle(sending, error)
            else:
                await self._refused(sending, error)
            return
        await self._arrive(sending.attempt, Found(post_id, self.clock()))

    def _announce(self, session: Session, sending: Sending) -> Attempt:
        """Raises OvertakenError unless the account is still ours: whoever slept too long makes nothing public."""
        if not self._take(session, sending.attempt.account_id, sending.holder):
            raise OvertakenError(f"Account {sending.attempt.account_id} was taken over by another process.")
        return attempts.announce(session, sending.attempt, self.clock())

    async def _settle(self, sending: Sending, error: GraphError | None = None) -> bool:
        """Find out what became of what was sent. True when it is certainly not there and may be sent again."""
        attempt, said = sending.attempt, str(error or "The program ended before Meta's answer was kept.")
        is_another = await self._read(lambda session: attempts.other_posts(session, attempt))
        try:
            found = await sending.channel.find(attempt, is_another)
            is_kept = await sending.channel.is_kept(attempt) if found is None else False
        except GraphError as trouble:
            await self._could_not_look(sending, trouble, said)
            return False
        if found is not None:
            await self._arrive(attempt, found)
        elif error is not None and verdict_on(error) is Verdict.DUPLICATE:
            what_to_do = "Say it in other words, approve the draft, and try this entry again."
            await self._give_up(attempt, f"{error} It is an older post.", what_to_do)
        else:
            return await self._may_go_again(sending, said, is_kept=is_kept)
        return False

    async def _could_not_look(self, sending: Sending, trouble: GraphError, said: str) -> None:
        """Nobody knows still, and nothing is sent until somebody does."""
        sending.ends_round = True
        attempt, advice = sending.attempt, trouble.advice
        if verdict_on(trouble) is Verdict.RECONNECT:
            await self._write(lambda session: attempts.ask_for_connection(session, attempt.account_id, advice))
        at = trouble.resume_at or self.clock() + ONE_MINUTE
        why = "with the same answer" if str(trouble) == said else f"with: {trouble}"
        await self._look_again(attempt, at, f"{said} Looking for the post failed {why}")

    async def _may_go_again(self, sending: Sending, said: str, *, is_kept: bool) -> bool:
        """Whether what is not listed may be sent again now: once it had time to appear, and not for ever."""
        attempt = sending.attempt
        settled_at = (attempt.sent_at or attempt.started_at) + self._settled_after(attempt)
        if self.clock() < settled_at:
            sending.ends_round = True
            await self._look_again(attempt, settled_at, f"{said} It is not listed yet; Meta may be slow.")
            return False
        if attempt.number > len(attempts.WAITS):
            await self._give_up(
                attempt, f"{said} It is not there after {attempt.number} tries.", "Try this entry again."
            )
            return False
        sending.attempt = await self._write(lambda session: attempts.withdraw(session, attempt, keep_made=is_kept))
        return True

    def _settled_after(self, attempt: Attempt) -> timedelta:
        longest_answer = timedelta(seconds=self.settings.answer_timeout_seconds) + ONE_MINUTE
        return max(SETTLED_VIDEO if attempt.kind == "video" else SETTLED, longest_answer)

    async def _refused(self, sending: Sending, error: GraphError) -> None:
        """Nothing is public: Meta said no, or what failed makes nothing public. Write down what comes next."""
        attempt, verdict = sending.attempt, verdict_on(error)
        sending.ends_round = verdict in ENDS_ROUND
        if verdict is Verdict.TOMORROW:
            await self._put_off(attempt, ONE_DAY, str(error), counts=False)
        elif verdict is Verdict.REST:
            wait = error.resume_at - self.clock() if error.resume_at else FIVE_MINUTES
            await self._put_off(attempt, max(wait, ONE_MINUTE), f"{error} {error.advice}", counts=False)
        elif verdict in (Verdict.LATER, Verdict.UNKNOWN) and attempt.number <= len(attempts.WAITS):
            await self._put_off(attempt, attempts.WAITS[attempt.number - 1], str(error))
        else:
            if verdict is Verdict.RECONNECT:
                await self._write(
                    lambda session: attempts.ask_for_connection(session, attempt.account_id, error.advice)
                )
            await self._give_up(attempt, str(error), advice_on(verdict, error))

    async def _wait_for_processing(self, attempt: Attempt, problem: str) -> None:
        if self.clock() - attempt.started_at > LONGEST_PROCESSING:
            await self._give_up(attempt, problem, "Try a smaller file, in the form that Meta recommends.")
        else:
            await self._look_again(attempt, self.clock() + ONE_MINUTE, problem)

    # -- what is written -----------------------------------------------------------------------------------------------

    async def _arrive(self, attempt: Attempt, found: Found) -> None:
        problem = (
            None if found.id else "Meta says that it is public and does not list it, so its readings are not linked."
        )
        await self._write(lambda session: attempts.arrive(session, attempt, found.id, found.at, problem))
        log.info("published", entry=attempt.entry_id, draft=attempt.draft_id, post=found.id, attempt=attempt.number)

    async def _give_up(self, attempt: Attempt, problem: str, what_to_do: str) -> None:
        await self._write(lambda session: attempts.give_up(session, attempt, problem, what_to_do))
        log.warning("not_published", entry=attempt.entry_id, reason=problem, what_to_do=what_to_do)

    async def _put_off(self, attempt: Attempt, wait: timedelta, problem: str, *, counts: bool = True) -> None:
        until = self.clock() + wait
        await self._write(lambda session: attempts.put_off(session, attempt, until, problem, counts=counts))

    async def _look_again(self, attempt: Attempt, at: datetime, problem: str) -> None:
        await self._write(lambda session: attempts.look_again(session, attempt, at, problem))

    async def _write(self, work: Callable[[Session], T]) -> T:
        """One transaction, in a thread."""

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
    """What a person should do about a post that will not go out by itself."""
    if verdict in (Verdict.BLOCKED, Verdict.RECONNECT) or error.remedy is Remedy.ASK_PERSON:
        return f"{error.advice} Then try this entry again."
    return "Change what Meta complains about, approve the draft, and try this entry again."
