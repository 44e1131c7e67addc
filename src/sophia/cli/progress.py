"""How far a collection is: bars on a terminal, a line per account in a log or a pipe, nothing beside JSON."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sophia.cli.output import echo
from sophia.escaping import escape_controls

if TYPE_CHECKING:
    from sophia.analytics.collector.plan import Progress
    from sophia.analytics.readings.runs_store import RunOutcome
    from sophia.portfolio.service import AccountInfo

Watching = Callable[["AccountInfo"], "Progress"]


def describe(outcome: "RunOutcome", seconds: float) -> str:
    """One line about a run."""
    saved = outcome.saved
    numbers = f"{saved.new:,} new, {saved.changed:,} changed, {saved.same:,} same"
    calls = f"{outcome.calls:,} HTTP calls, {outcome.calls_counted_by_meta:,} as Meta counts"
    line = f"{outcome.status}: {numbers}; {calls}, {seconds:.1f} s"
    if outcome.action_needed:
        return f"{line}. {outcome.action_needed}"
    # A run that is ok may still have met what a person should know: media of kinds that are new.
    shown = [problem for problem in outcome.problems if outcome.status != "ok" or problem.get("code") == "unknown_kind"]
    first = shown[0].get("message") if shown else None
    return f"{line}. {first}" if first else line


class AccountLine:
    """Prints a line when the account is done."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._began = time.monotonic()
        self._said = False

    def started(self, account: str, steps: int) -> None: ...

    def advanced(self, account: str, steps: int, readings: int) -> None: ...

    def finished(self, account: str, outcome: "RunOutcome") -> None:  # noqa: ARG002
        if not self._said:
            self._said = True
            echo(f"{self._label}: {describe(outcome, time.monotonic() - self._began)}")


class AccountBar:
    """Moves the account's bar and the total."""

    def __init__(self, bars: Any, total: Any, label: str) -> None:
        self._bars, self._total, self._label = bars, total, label
        self._bar: Any = None
        self._said = False
        self._readings = 0
        self._began = time.monotonic()

    def started(self, account: str, steps: int) -> None:  # noqa: ARG002
        self._bar = self._bars.add_task(self._label, total=max(steps, 1), readings=0)

    def advanced(self, account: str, steps: int, readings: int) -> None:  # noqa: ARG002
        self._readings += readings
        self._bars.update(self._bar, advance=steps, readings=self._readings)
        self._bars.update(self._total, readings=self._bars.tasks[0].fields["readings"] + readings)

    def finished(self, account: str, outcome: "RunOutcome") -> None:  # noqa: ARG002
        """The bar makes room for a line: three hundred bars would not fit on any screen."""
        if self._said:
            return
        self._said = True
        if self._bar is not None:
            self._bars.remove_task(self._bar)
        self._bars.update(self._total, advance=1)
        told = escape_controls(f"{self._label}: {describe(outcome, time.monotonic() - self._began)}")
        self._bars.console.print(told, markup=False, highlight=False)


@contextmanager
def watch(accounts: int, *, silent: bool) -> Iterator[Watching | None]:
    """What makes the progress of one account, for as long as the block lasts; None when nobody wants to know."""
    if silent:
        yield None
    elif not sys.stdout.isatty():
        yield lambda account: AccountLine(account.label)
    else:
        with bars() as progress:
            total = progress.add_task("All accounts", total=accounts, readings=0)
            yield lambda account: AccountBar(progress, total, escape_controls(account.label))


def bars() -> Any:
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text  # noqa: PLC0415

    class Rate(ProgressColumn):
        """Readings, and readings per second since the bar appeared."""

        def render(self, task: Task) -> Text:
            readings, elapsed = int(task.fields.get("readings", 0)), task.elapsed or 0
            rate = f"{readings / elapsed:,.0f}/s" if elapsed >= 1 else ""
            return Text(f"{readings:,} readings  {rate}")

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), Rate())
    return Progress(*columns, TimeElapsedColumn())


@contextmanager
def watch_tables(*, silent: bool) -> Iterator[Callable[[str, int, int], None]]:
    """What is told how far a table is: a bar each on a terminal, else a line when it is done."""
    if silent:
        yield lambda _what, _done, _total: None
    elif not sys.stdout.isatty():
        yield lambda what, done, total: echo(f"{what}: {done:,} rows") if done == total else None
    else:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

        shown: dict[str, Any] = {}
        with Progress(TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()) as progress:

            def told(what: str, done: int, total: int) -> None:
                if what not in shown:
                    shown[what] = progress.add_task(what, total=total)
                progress.update(shown[what], completed=done, total=total)

            yield told
