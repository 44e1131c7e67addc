"""Records a file of conversions: good rows are kept, bad ones reported with their lines, and twice adds nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import islice

from sqlalchemy.orm import Session

from sophia.analytics.conversions.files.column_plan import plan_columns
from sophia.analytics.conversions.files.columns import FileFormat
from sophia.analytics.conversions.files.reading import Reading
from sophia.analytics.conversions.files.row_meaning import CountedRow, RowMeaning
from sophia.analytics.conversions.files.rows import RowReader
from sophia.analytics.conversions.files.tables import Table, read_table
from sophia.analytics.conversions.record_store import Conversion, IncomingConversion, Outcome, Recorded, RecordStatus
from sophia.analytics.conversions.sources import SharedSales, find_shared_sales
from sophia.analytics.conversions.store import record_conversions
from sophia.analytics.conversions.versions import remove_surplus, withdraw_conversions
from sophia.database.engine import Database
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, DateRange

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


@dataclass
class ImportReport:
    """What became of a file. Counts are of events; `passed_over` and `bad` of rows.

    `changed` events were recorded before and have a new version now, `withdrawn` ones are none according to the file.
    `kept_deleted` were deleted by a person and stay deleted. `unattributed`: neither a post nor a channel is known.
    `amendments_replaced`: amended by a person before, and changed by the file since. `shared`: the same sales in other
    sources. `counted_by`: the column that says how many events a row has. `conversions`: sales in the good rows.
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
    """One thing that a row says: an event, or that events are none."""

    line: int
    incoming: IncomingConversion | None = None
    withdrawn: tuple[tuple[str, str], ...] = ()
    because: str = ""


def import_conversions(
    database: Database, client_id: int, raw: bytes, reading: Reading, now: datetime, *, dry_run: bool = False
) -> ImportReport:
    """Record what a CSV file says of one client; with `dry_run` say what would become of it, and write nothing.

    An event is recognised by its source and external id; in analytics reports by its row; else by what its row says and
    how often the file says the same. Every 500 events are one transaction: after a kill, the same import completes it.
    Raises InvalidInputError when the file as a whole cannot be read.
    """
    table = read_table(raw, reading.columns)
    plan = plan_columns(table, reading)
    columns = tuple(f"{table.headings[index]} → {name}" for name, index in table.columns.items())
    report = ImportReport(
        table.format,
        columns,
        plan.ignored,
        dry_run,
        counted_by=None if plan.count_column is None else table.headings[plan.count_column],
        unused_numbers=plan.unused_numbers,
    )
    source = _Source(RowReader(table, reading, plan), table, report)
    if dry_run:
        with suppress(_NothingKeptError), database.write() as session:
            _import_in(session, client_id, source, now)
            raise _NothingKeptError
    else:
        _import_by_batches(database, client_id, source, now)
    report.bad.sort(key=lambda row: row.line)
    return report


class _NothingKeptError(Exception):
    """Ends the transaction of a dry run."""


def _import_in(session: Session, client_id: int, source: "_Source", now: datetime) -> None:
    for batch in _batches(source.steps()):
        _count(source.report, batch, _record(session, client_id, batch, now))
    for counts in source.counts():
        source.report.withdrawn += remove_surplus(session, client_id, counts, now)
    source.report.shared = _shared_sales(session, client_id, source)


def _import_by_batches(database: Database, client_id: int, source: "_Source", now: datetime) -> None:
    """A transaction that is open for long keeps all other writers waiting."""
    report = source.report
    for batch in _batches(source.steps()):
        with database.write() as session:
            result = _record(session, client_id, batch, now)
        # Reported when it is committed, and not before (E8).
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
    while batch := list(islice(steps, AT_ONCE)):
        yield batch


def _record(session: Session, client_id: int, batch: Sequence[_Step], now: datetime) -> tuple[list[Outcome], int]:
    """The outcomes of the events of a batch, and how many events were withdrawn."""
    incoming = [step.incoming for step in batch if step.incoming is not None]
    outcomes = record_conversions(session, client_id, incoming, now)
    reasons: dict[str, set[tuple[str, str]]] = {}
    for step in batch:
        if step.withdrawn:
            reasons.setdefault(step.because, set()).update(step.withdrawn)
    # A shop has a handful of reasons, however many orders it has.
    removed = [withdraw_conversions(session, client_id, reason, because, now) for because, reason in reasons.items()]
    return outcomes, sum(removed)


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
    """The events of all good rows, in a form that the next import of the same rows recognises."""

    reader: RowReader
    table: Table
    report: ImportReport
    # How often the file says the same, how many events each counted row has, and what it says of each number.
    repetitions: Counter[str] = field(default_factory=Counter)
    ordinals: Counter[tuple[str, str]] = field(default_factory=Counter)
    numbers: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    # Of its sales, to look for them in other sources.
    days: set[date] = field(default_factory=set)
    origins: set[str] = field(default_factory=set)

    def steps(self) -> Iterator[_Step]:
        for line, cells in self.table.rows():
            self.report.rows += 1
            try:
                meaning = self.reader.read(cells)
                self._expect_no_contradiction(line, meaning)
            except InvalidInputError as error:
                self.report.bad.append(BadRow(line, str(error)))
                continue
            self.report.refunds_without_day += meaning.refunds_without_day
            if meaning.skipped:
                self.report.passed_over[meaning.skipped] += 1
            for row in meaning.counted:
                yield from self._counted(line, row)
            for event in meaning.events:
                yield _Step(line, self._incoming(event))
            if meaning.withdrawn:
                yield _Step(line, withdrawn=meaning.withdrawn, because=meaning.withdrawn_because)

    def _expect_no_contradiction(self, line: int, meaning: RowMeaning) -> None:
        """Refuse a second row that says something else of the same number: nothing tells which of them is right."""
        for event in meaning.events:
            if (identity := event.identity) is None:
                continue
            first, digest = self.numbers.setdefault(identity, (line, event.sha256))
            if digest != event.sha256:
                raise InvalidInputError(
                    f"The external_id {identity[1]} has other values in line {first}. Keep the row that is right."
                )

    def counts(self) -> Iterator[dict[tuple[str, str], int]]:
        """{(origin, key of a counted row): events}, in batches."""
        rest = iter(self.ordinals.items())
        while batch := dict(islice(rest, AT_ONCE)):
            yield batch

    def _counted(self, line: int, row: CountedRow) -> Iterator[_Step]:
        place = row.origin, row.key
        self.ordinals[place] += 0
        for event in row.events:
            self.ordinals[place] += 1
            self._note(event)
            digest = event.sha256
            self.repetitions[digest] += 1
            numbered = replace(event, external_id=f"row-{row.key}-{self.ordinals[place]}", row_key=row.key)
            yield _Step(line, IncomingConversion(numbered, legacy_key=f"row-{digest}-{self.repetitions[digest]}"))

    def _incoming(self, event: Conversion) -> IncomingConversion:
        self._note(event)
        if event.external_id is not None:
            return IncomingConversion(event)
        digest = event.sha256
        self.repetitions[digest] += 1
        return IncomingConversion(event, key=f"row-{digest}-{self.repetitions[digest]}")

    def _note(self, event: Conversion) -> None:
        if event.event_type == "conversion":
            self.days.add(event.event_date)
            self.origins.add(event.origin or event.source)
            self.report.conversions += 1
