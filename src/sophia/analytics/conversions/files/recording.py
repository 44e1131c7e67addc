"""Records a file of conversions: it stores good rows and reports bad ones. Importing a file twice adds nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice

from sqlalchemy.orm import Session

from sophia.analytics.conversions.event_types import CONVERSION
from sophia.analytics.conversions.files.column_plan import plan_columns
from sophia.analytics.conversions.files.columns import FileFormat
from sophia.analytics.conversions.files.options import FileOptions
from sophia.analytics.conversions.files.parsed_rows import CountedRow, ParsedRow
from sophia.analytics.conversions.files.rows import RowReader
from sophia.analytics.conversions.files.tables import Table, read_table
from sophia.analytics.conversions.incoming import Conversion, IncomingConversion, Outcome, Recorded, RecordStatus
from sophia.analytics.conversions.sources import SharedSales, find_shared_sales
from sophia.analytics.conversions.store import record_conversions
from sophia.analytics.conversions.versions import remove_surplus, withdraw_conversions
from sophia.database.engine import Database
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, DateRange

EVENTS_PER_TRANSACTION = 500


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not recorded, and the reason."""

    line: int
    reason: str


@dataclass
class ImportReport:
    """The result of an import. Numbers count events; `passed_over` and `bad` count rows.

    `changed`: events with a new version. `withdrawn`: events that the file no longer counts. `kept_deleted`: events that a
    person deleted, which stay deleted. `amendments_replaced`: events that a person had amended and the file changed.
    `unattributed`: events without a known post or channel. `shared`: sales that other sources report too. `counted_by`: the
    column with the number of events of a row. `conversions`: sales in the good rows.
    """

    format: FileFormat
    columns: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    dry_run: bool
    counted_by: str | None = None
    unused_numbers: tuple[str, ...] = ()
    rows: int = 0
    conversions: int = 0
    recorded: int = 0
    changed: int = 0
    known_before: int = 0
    withdrawn: int = 0
    kept_deleted: int = 0
    amendments_replaced: int = 0
    unattributed: int = 0
    refunds_without_day: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    bad: list[BadRow] = field(default_factory=list)
    shared: tuple[SharedSales, ...] = ()


@dataclass(frozen=True, slots=True)
class _Step:
    """One change that a row requires: an event, or events to withdraw."""

    line: int
    incoming: IncomingConversion | None = None
    withdrawn: tuple[tuple[str, str], ...] = ()
    reason: str = ""


def import_conversions(
    database: Database, client_id: int, raw: bytes, options: FileOptions, now: datetime, *, dry_run: bool = False
) -> ImportReport:
    """Record the events of a CSV file for a client. With `dry_run`, report the outcome and write nothing.

    An event is identified by its source and external id, in analytics reports by its row, and otherwise by its content and
    by how often the file repeats that content. A transaction has 500 events, so repeating a killed import completes it.
    Raises InvalidInputError if the whole file is not usable.
    """
    table = read_table(raw, options.columns)
    plan = plan_columns(table, options)
    columns = tuple(f"{table.headings[index]} → {name}" for name, index in table.columns.items())
    report = ImportReport(
        table.format,
        columns,
        plan.ignored,
        dry_run,
        counted_by=None if plan.count_column is None else table.headings[plan.count_column],
        unused_numbers=plan.unused_numbers,
    )
    source = _Source(RowReader(table, options, plan), table, report)
    if dry_run:
        with suppress(_RollbackError), database.write() as session:
            _import_in(session, client_id, source, now)
            raise _RollbackError
    else:
        _import_by_batches(database, client_id, source, now)
    report.bad.sort(key=lambda row: row.line)
    return report


class _RollbackError(Exception):
    """A signal that rolls the transaction of a dry run back."""


def _import_in(session: Session, client_id: int, source: "_Source", now: datetime) -> None:
    for batch in _batches(source.steps()):
        _count(source.report, batch, _record(session, client_id, batch, now))
    for counts in source.counts():
        source.report.withdrawn += remove_surplus(session, client_id, counts, now)
    source.report.shared = _shared_sales(session, client_id, source)


def _import_by_batches(database: Database, client_id: int, source: "_Source", now: datetime) -> None:
    """Import in short transactions, because a long one blocks all other writers."""
    report = source.report
    for batch in _batches(source.steps()):
        with database.write() as session:
            result = _record(session, client_id, batch, now)
        # Counted after the commit, not before (E8).
        _count(report, batch, result)
    for counts in source.counts():
        with database.write() as session:
            removed = remove_surplus(session, client_id, counts, now)
        report.withdrawn += removed
    with database.read() as session:
        report.shared = _shared_sales(session, client_id, source)


def _shared_sales(session: Session, client_id: int, source: "_Source") -> tuple[SharedSales, ...]:
    if not source.days:
        return ()
    return find_shared_sales(
        session, client_id, DateRange(min(source.days), max(source.days) + ONE_DAY), source.origins
    )


def _batches(steps: Iterator[_Step]) -> Iterator[list[_Step]]:
    while batch := list(islice(steps, EVENTS_PER_TRANSACTION)):
        yield batch


def _record(session: Session, client_id: int, batch: Sequence[_Step], now: datetime) -> tuple[list[Outcome], int]:
    """Return the outcomes of the events of a batch, and how many events were withdrawn."""
    incoming = [step.incoming for step in batch if step.incoming is not None]
    outcomes = record_conversions(session, client_id, incoming, now)
    # There are only a few reasons, however many orders a shop has.
    identities_by_reason: dict[str, set[tuple[str, str]]] = {}
    for step in batch:
        if step.withdrawn:
            identities_by_reason.setdefault(step.reason, set()).update(step.withdrawn)
    withdrawn = sum(
        withdraw_conversions(session, client_id, identities, reason, now)
        for reason, identities in identities_by_reason.items()
    )
    return outcomes, withdrawn


def _count(report: ImportReport, batch: Sequence[_Step], result: tuple[list[Outcome], int]) -> None:
    outcomes, withdrawn = result
    report.withdrawn += withdrawn
    steps = [step for step in batch if step.incoming is not None]
    for step, outcome in zip(steps, outcomes, strict=True):
        if not isinstance(outcome, Recorded):
            report.bad.append(BadRow(step.line, str(outcome)))
            continue
        is_new = outcome.status is RecordStatus.RECORDED
        report.recorded += is_new
        report.changed += outcome.status is RecordStatus.CHANGED
        report.known_before += outcome.status is RecordStatus.DUPLICATE
        report.kept_deleted += outcome.status is RecordStatus.DELETED
        report.amendments_replaced += outcome.replaces_amendment
        report.unattributed += is_new and outcome.attributed_by is None


@dataclass
class _Source:
    """The events of all good rows, with keys that the next import of the same rows recognizes."""

    reader: RowReader
    table: Table
    report: ImportReport
    # {content: repetitions}, {counted row: events}, and {identity: (line, content)}.
    repetitions: Counter[str] = field(default_factory=Counter)
    ordinals: Counter[tuple[str, str]] = field(default_factory=Counter)
    numbers: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    # The days and origins of its sales, to find the same sales in other sources.
    days: set[date] = field(default_factory=set)
    origins: set[str] = field(default_factory=set)

    def steps(self) -> Iterator[_Step]:
        for line, cells in self.table.rows():
            self.report.rows += 1
            try:
                parsed = self.reader.read(cells)
                self._expect_no_contradiction(line, parsed)
            except InvalidInputError as error:
                self.report.bad.append(BadRow(line, str(error)))
                continue
            self.report.refunds_without_day += parsed.refunds_without_day
            if parsed.skipped:
                self.report.passed_over[parsed.skipped] += 1
            for row in parsed.counted:
                yield from self._counted(line, row)
            for event in parsed.events:
                yield _Step(line, self._incoming(event))
            if parsed.withdrawn:
                yield _Step(line, withdrawn=parsed.withdrawn, reason=parsed.withdrawn_because)

    def _expect_no_contradiction(self, line: int, parsed: ParsedRow) -> None:
        """Raise InvalidInputError if another row has the same number and other content: either may be right."""
        for event in parsed.events:
            if (identity := event.identity) is None:
                continue
            first_line, digest = self.numbers.setdefault(identity, (line, event.sha256))
            if digest != event.sha256:
                raise InvalidInputError(
                    f"The external_id {identity[1]} has other values in line {first_line}. Keep the row that is right."
                )

    def counts(self) -> Iterator[dict[tuple[str, str], int]]:
        """Return {(origin, key of a counted row): events}, in batches."""
        remaining = iter(self.ordinals.items())
        while batch := dict(islice(remaining, EVENTS_PER_TRANSACTION)):
            yield batch

    def _counted(self, line: int, row: CountedRow) -> Iterator[_Step]:
        counted_row = row.origin, row.key
        self.ordinals[counted_row] += 0
        for event in row.events:
            self.ordinals[counted_row] += 1
            self._count_sale(event)
            digest = event.sha256
            self.repetitions[digest] += 1
            numbered = replace(event, external_id=f"row-{row.key}-{self.ordinals[counted_row]}", row_key=row.key)
            yield _Step(line, IncomingConversion(numbered, legacy_key=f"row-{digest}-{self.repetitions[digest]}"))

    def _incoming(self, event: Conversion) -> IncomingConversion:
        self._count_sale(event)
        if event.external_id is not None:
            return IncomingConversion(event)
        digest = event.sha256
        self.repetitions[digest] += 1
        return IncomingConversion(event, key=f"row-{digest}-{self.repetitions[digest]}")

    def _count_sale(self, event: Conversion) -> None:
        if event.event_type == CONVERSION:
            self.days.add(event.event_date)
            self.origins.add(event.origin or event.source)
            self.report.conversions += 1
