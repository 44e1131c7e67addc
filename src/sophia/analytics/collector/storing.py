"""Stores the answers of a run off the event loop: one transaction at a time, and one for all that came meanwhile."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio.to_thread
from sqlalchemy.orm import Session

from sophia.analytics.collector.evidence import Evidence
from sophia.analytics.readings.writer import AccountWriter, Saved
from sophia.database import Database
from sophia.meta.catalogue import Platform
from sophia.meta.envelope import Answer
from sophia.meta.subjects import interpret


@dataclass(frozen=True, slots=True)
class Waiting:
    """An answer that is to be stored; `stored` is done when it is, or tells why it is not."""

    answer: Answer
    family: str
    stored: "asyncio.Future[None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Storing:
    """The writes of one run. `tell` hears what was stored."""

    def __init__(
        self, database: Database, writer: AccountWriter, platform: Platform, tell: Callable[[Saved], None]
    ) -> None:
        self._evidence: dict[str, Evidence] = {}
        self._platform = platform
        self._database, self._writer, self._tell = database, writer, tell
        self._writing = asyncio.Lock()
        self._waiting: list[Waiting] = []

    def evidence(self, family: str) -> Evidence:
        """What has come back about a family of series, and is stored."""
        return self._evidence.setdefault(family, Evidence(self._platform))

    def has_values_of(self, metric: str) -> bool:
        """Whether a value of one of the account's metrics came, by Meta's name or by that of a part of it."""
        names = set().union(*(evidence.metrics for evidence in self._evidence.values()))
        return any(name == metric or name.startswith(f"{metric}_") for name in names)

    async def save(self, answer: Answer, family: str) -> None:
        """Store an answer, and with it all others that came while the store was busy: one transaction for all.

        Who had its answer taken along hears of a failure too, for nobody may believe that something is stored that is not.
        """
        waiting = Waiting(answer, family)
        self._waiting.append(waiting)
        async with self._writing:
            if not waiting.stored.done():
                taken, self._waiting = self._waiting, []
                try:
                    saved = await anyio.to_thread.run_sync(self._interpret_and_save, taken)
                except Exception as error:
                    for one in taken:
                        one.stored.set_exception(error)
                        one.stored.exception()  # whoever waits for it may have been cancelled meanwhile
                    raise
                except BaseException:
                    for one in taken:
                        one.stored.cancel()
                    raise
                for one in taken:
                    one.stored.set_result(None)
                self._tell(saved)
        await waiting.stored

    def _interpret_and_save(self, taken: list[Waiting]) -> Saved:
        batches = [interpret(one.answer.source, one.answer.data) for one in taken]
        saved = self._writer.save(batches)
        for one, batch in zip(taken, batches, strict=True):
            self.evidence(one.family).add(one.answer, batch)
        return saved

    async def write(self, change: Callable[[Session], object]) -> None:
        """Another change of the store, in a transaction of its own."""

        def write() -> None:
            with self._database.write() as session:
                change(session)

        async with self._writing:
            await anyio.to_thread.run_sync(write)
