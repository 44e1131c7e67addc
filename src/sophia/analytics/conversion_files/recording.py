"""Records a file of conversions: good rows are kept, bad ones told with their lines, and twice adds nothing."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from sophia.analytics.conversion_files.columns import FileFormat
from sophia.analytics.conversion_files.rows import Reading, RowReader
from sophia.analytics.conversion_files.tables import Table, read_table
from sophia.analytics.store import Conversion, Outcome, Recorded, record_conversions
from sophia.database import Database
from sophia.errors import InvalidInputError

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    reason: str


@dataclass
class ImportReport:
    """What became of a file. Counts are of events; `passed_over` and `bad` of rows."""

    format: FileFormat
    columns: tuple[str, ...]
    ignored_columns: tuple[str, ...]
    dry_run: bool
    rows: int = 0
    recorded: int = 0
    known_before: int = 0
    unattributed: int = 0
    refunds_without_day: int = 0
    passed_over: Counter[str] = field(default_factory=Counter)
    bad: list[BadRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Event:
    line: int
    key: str
    conversion: Conversion


def import_conversions(
    database: Database, client_id: int, raw: bytes, reading: Reading, now: datetime, *, dry_run: bool = False
) -> ImportReport:
    """Record what a CSV file says of one client; with `dry_run` say what would become of it, and write nothing.

    An event is known again by its external id, or else by what its row says and how often the file says the same.
    Raises InvalidInputError when the file as a whole cannot be read.
    """
    table = read_table(raw)
    columns = tuple(f"{table.headings[index]} → {name}" for name, index in table.columns.items())
    report = ImportReport(table.format, columns, table.ignored, dry_run)
    batches = _batches(_events(table, reading, report))
    if dry_run:
        with suppress(_NothingKeptError), database.write() as session:
            for batch in batches:
                _count(report, batch, _record(session, client_id, batch, now))
            raise _NothingKeptError
    # A transaction that is open for long keeps all other writers waiting.
    for batch in batches:
        with database.write() as session:
            outcomes = _record(session, client_id, batch, now)
        # Reported when it is committed, and not before (E8).
        _count(report, batch, outcomes)
    report.bad.sort(key=lambda row: row.line)
    return report


class _NothingKeptError(Exception):
    """Ends the transaction of a dry run."""


def _batches(events: Iterator[_Event]) -> Iterator[list[_Event]]:
    while batch := list(islice(events, AT_ONCE)):
        yield batch


def _record(session: Session, client_id: int, batch: Iterable[_Event], now: datetime) -> list[Outcome]:
    return record_conversions(session, client_id, [(event.key, event.conversion) for event in batch], now)


def _count(report: ImportReport, batch: Iterable[_Event], outcomes: Iterable[Outcome]) -> None:
    for event, outcome in zip(batch, outcomes, strict=True):
        if not isinstance(outcome, Recorded):
            report.bad.append(BadRow(event.line, str(outcome)))
            continue
        report.known_before += outcome.duplicate
        report.recorded += not outcome.duplicate
        report.unattributed += not outcome.duplicate and outcome.draft_id is None


def _events(table: Table, reading: Reading, report: ImportReport) -> Iterator[_Event]:
    """The events of all good rows, each under a key that the next import of the same row finds again."""
    reader = RowReader(table, reading)
    seen: Counter[str] = Counter()
    for line, cells in table.rows():
        report.rows += 1
        try:
            meaning = reader.read(cells)
        except InvalidInputError as error:
            report.bad.append(BadRow(line, str(error)))
            continue
        report.refunds_without_day += meaning.refunds_without_day
        if meaning.passed_over:
            report.passed_over[meaning.passed_over] += 1
        for event in meaning.events:
            conversion = Conversion(**event.model_dump())
            digest = conversion.sha256
            for _ in range(meaning.times):
                seen[digest] += 1
                if conversion.external_id is None:
                    yield _Event(line, f"row-{digest}-{seen[digest]}", conversion)
                else:
                    name = hashlib.sha256(conversion.external_id.encode()).hexdigest()
                    yield _Event(line, f"external-{name}", conversion)
