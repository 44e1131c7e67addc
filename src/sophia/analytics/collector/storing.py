"""Stores the answers of a run in a thread, one transaction at a time; answers that wait share one transaction."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio.to_thread
from sqlalchemy.orm import Session

from sophia.analytics.collector.evidence import Evidence
from sophia.analytics.readings.writer import AccountWriter, Saved
from sophia.database.engine import Database
from sophia.meta.catalogue.terms import Platform
from sophia.meta.envelope import Answer
from sophia.meta.subjects import interpret


@dataclass(frozen=True, slots=True)
class PendingAnswer:
    """An answer to store. `stored` is done after the commit, or holds the exception."""

    answer: Answer
    family: str
    stored: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class AnswerStore:
    """The writes of one run. `on_saved` is called after each commit."""

    def __init__(
        self, database: Database, writer: AccountWriter, platform: Platform, on_saved: Callable[[Saved], None]
    ) -> None:
        self._evidence: dict[str, Evidence] = {}
        self._platform = platform
        self._database, self._writer, self._on_saved = database, writer, on_saved
        self._writing = asyncio.Lock()
        self._pending: list[PendingAnswer] = []

    def evidence(self, family: str) -> Evidence:
        """Return what came back for a family and is stored."""
        return self._evidence.setdefault(family, Evidence(self._platform))

    def has_values_of(self, metric: str) -> bool:
        """Return whether a value of an account's metric came, under Meta's name or that of one of its parts."""
        names = set().union(*(evidence.metrics for evidence in self._evidence.values()))
        return any(name == metric or name.startswith(f"{metric}_") for name in names)

    async def save(self, answer: Answer, family: str) -> None:
        """Store an answer together with all that arrived while the store was busy, in one transaction.

        Every waiter of the batch receives the exception of a failed write.
        """
        pending = PendingAnswer(answer, family)
        self._pending.append(pending)
        async with self._writing:
            if not pending.stored.done():
                pending_answers, self._pending = self._pending, []
                try:
                    saved = await anyio.to_thread.run_sync(self._interpret_and_save, pending_answers)
                except Exception as error:
                    for entry in pending_answers:
                        entry.stored.set_exception(error)
                        entry.stored.exception()  # marks it as retrieved: its waiter may have been cancelled
                    raise
                except BaseException:
                    for entry in pending_answers:
                        entry.stored.cancel()
                    raise
                for entry in pending_answers:
                    entry.stored.set_result(None)
                self._on_saved(saved)
        await pending.stored

    def _interpret_and_save(self, pending_answers: list[PendingAnswer]) -> Saved:
        batches = [interpret(entry.answer.source, entry.answer.data) for entry in pending_answers]
        saved = self._writer.save(batches)
        for entry, batch in zip(pending_answers, batches, strict=True):
            self.evidence(entry.family).add(entry.answer, batch)
        return saved

    async def write(self, change: Callable[[Session], object]) -> None:
        """Run another change of the store in its own transaction."""

        def write() -> None:
            with self._database.write() as session:
                change(session)

        async with self._writing:
            await anyio.to_thread.run_sync(write)
