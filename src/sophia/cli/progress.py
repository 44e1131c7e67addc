"""Shows the progress of a collection: bars on a terminal, a line per account in a log or a pipe, nothing with JSON."""

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

ProgressOf = Callable[["AccountInfo"], "Progress"]


def describe(outcome: "RunOutcome", seconds: float) -> str:
    """Return one line about a run."""
    saved = outcome.saved
    numbers = f"{saved.new:,} new, {saved.changed:,} changed, {saved.same:,} same"
    calls = f"{outcome.calls:,} HTTP calls, {outcome.calls_counted_by_meta:,} as Meta counts them"
    line = f"{outcome.status}: {numbers}; {calls}, {seconds:.1f} s"
    if outcome.action_needed:
        return f"{line}. {outcome.action_needed}"
    # A successful run can still report media of unknown kinds.
    problems = (item for item in outcome.problems if outcome.status != "ok" or item.get("code") == "unknown_kind")
    message = next(problems, {}).get("message")
    return f"{line}. {message}" if message else line


class AccountLine:
    """Prints a line when the account is done."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._started_at = time.monotonic()
        self._is_finished = False

    def started(self, account: str, steps: int) -> None: ...

    def advanced(self, account: str, steps: int, readings: int) -> None: ...

    def finished(self, account: str, outcome: "RunOutcome") -> None:  # noqa: ARG002
        if not self._is_finished:
            self._is_finished = True
            echo(f"{self._label}: {describe(outcome, time.monotonic() - self._started_at)}")


class AccountBar:
    """Moves the bar of an account and the bar of the total."""

    def __init__(self, bars: Any, total: Any, label: str) -> None:
        self._bars, self._total, self._label = bars, total, label
        self._bar: Any = None
        self._is_finished = False
        self._readings = 0
        self._started_at = time.monotonic()

    def started(self, account: str, steps: int) -> None:  # noqa: ARG002
        self._bar = self._bars.add_task(self._label, total=max(steps, 1), readings=0)

    def advanced(self, account: str, steps: int, readings: int) -> None:  # noqa: ARG002
        self._readings += readings
        self._bars.update(self._bar, advance=steps, readings=self._readings)
        self._bars.update(self._total, readings=self._bars.tasks[0].fields["readings"] + readings)

    def finished(self, account: str, outcome: "RunOutcome") -> None:  # noqa: ARG002
        """Replace the bar by a line: three hundred bars do not fit on a screen."""
        if self._is_finished:
            return
        self._is_finished = True
        if self._bar is not None:
            self._bars.remove_task(self._bar)
        self._bars.update(self._total, advance=1)
        line = escape_controls(f"{self._label}: {describe(outcome, time.monotonic() - self._started_at)}")
        self._bars.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def account_progress(accounts: int, *, silent: bool) -> Iterator[ProgressOf | None]:
    """Yield a function that returns the progress display of an account, or None when `silent`."""
    if silent:
        yield None
    elif not sys.stdout.isatty():
        yield lambda account: AccountLine(account.label)
    else:
        with bars() as progress:
            total = progress.add_task("All accounts", total=accounts, readings=0)
            yield lambda account: AccountBar(progress, total, escape_controls(account.label))


def bars() -> Any:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Readings, and readings per second since the bar appeared."""

        def render(self, task: Task) -> Text:
            readings, elapsed = int(task.fields.get("readings", 0)), task.elapsed or 0
            rate = f"{readings / elapsed:,.0f}/s" if elapsed >= 1 else ""
            return Text(f"{readings:,} readings  {rate}")

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), Rate())
    return Progress(*columns, TimeElapsedColumn())


@contextmanager
def table_progress(*, silent: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that shows the progress of a table: a bar on a terminal, else a line at the end."""
    if silent:
        yield lambda _table, _done, _total: None
    elif not sys.stdout.isatty():
        yield lambda table, done, total: echo(f"{table}: {done:,} rows") if done == total else None
    else:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        tasks: dict[str, Any] = {}
        with Progress(TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()) as progress:

            def update(table: str, done: int, total: int) -> None:
                if table not in tasks:
                    tasks[table] = progress.add_task(table, total=total)
                progress.update(tasks[table], completed=done, total=total)

            yield update


@contextmanager
def row_progress(label: str, *, silent: bool) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows the number of rows so far on a terminal."""
    if silent or not sys.stdout.isatty():
        yield lambda _rows: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()) as progress:
        task = progress.add_task(label)
        yield lambda rows: progress.update(task, description=f"{label}: {rows:,} rows")
