"""Decides which column of a file counts its events and which holds its money; no money and no count is ignored unsaid."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from sophia.analytics.conversions.files.columns import FileFormat, columns_of, find_heading, plain_name
from sophia.analytics.conversions.files.headings import COUNT_WORDS, MONEY_WORDS, PEOPLE_WORDS
from sophia.analytics.conversions.files.reading import Reading
from sophia.analytics.conversions.files.tables import Table
from sophia.analytics.conversions.files.values import read_amount
from sophia.errors import InvalidInputError

CONVERSION = "conversion"
_MONEY_FIELDS = ("revenue_amount", "gross", "refunded", "outstanding")
_COUNT_FIELDS = ("count", "purchases", "key_events", "event_count")
# Each row of such a file is one sale or event, whatever else it counts.
_NUMBERS = ("external_id", "transaction_id")
# Averages and sums per item are never the amount of a sale.
_PER_ITEM = ("item", "product", "artikel", "average", "perpurchaser", "peruser", "arpu", "arppu", "durchschnitt")


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How a table is read. `count_column` is None when each row is one event. `unused_numbers` says of columns with money
    or counts that are not read, what is read instead. `counts_sales`: the column counts purchases, so that no event name
    is needed.
    """

    count_column: int | None
    counts_sales: bool
    has_amounts: bool
    unused_numbers: tuple[str, ...]
    ignored: tuple[str, ...]


def plan_columns(table: Table, reading: Reading) -> ColumnPlan:
    """Raises InvalidInputError that names the columns, where one could hold counts or money and nothing says so."""
    field = _count_field(table, reading)
    count_column = table.columns.get(field or "")
    if reading.count_column is not None:
        count_column = find_heading(table.headings, reading.count_column)
    counts_sales = field == "purchases" and "event_type" not in table.columns
    if counts_sales and reading.event_type not in (None, CONVERSION) and reading.count_column is None:
        raise InvalidInputError(
            f"{table.headings[count_column or 0]!r} counts purchases, and --event-type says {reading.event_type}. Give"
            " --event-type conversion, or name the column that counts with --count-column."
        )
    amounts = [table.columns[name] for name in _MONEY_FIELDS if name in table.columns]
    skipped = {find_heading(table.headings, heading) for heading in reading.ignored_columns}
    used = _used(table, count_column) | skipped
    unused = [index for index in range(len(table.headings)) if index not in used]
    unused_numbers = _explain_unused(table, unused, count_column, amounts)
    return ColumnPlan(
        count_column=count_column,
        counts_sales=counts_sales,
        has_amounts=bool(amounts),
        unused_numbers=unused_numbers,
        ignored=tuple(table.headings[index] for index in sorted({*unused, *skipped})),
    )


def _count_field(table: Table, reading: Reading) -> str | None:
    """The field that counts, by what the file says of its events. Raises InvalidInputError where nothing says it."""
    if reading.count_column is not None or table.format is FileFormat.SHOPIFY:
        return None
    if "event_type" in table.columns:
        # The name says which events are counted.
        fields: tuple[str, ...] = ("count", "event_count", "purchases", "key_events")
    elif reading.event_type in (None, CONVERSION):
        fields = ("count", "purchases", "key_events")
    else:
        fields = ("count", "key_events", "purchases")
    if (found := next((field for field in fields if field in table.columns), None)) is not None:
        return found
    if "event_count" in table.columns:
        heading = table.headings[table.columns["event_count"]]
        raise InvalidInputError(
            f"{heading!r} counts events of every kind, and no column says which. Export the event name, key events or"
            f' purchases too, or name the column that counts what you import: --count-column "{heading}"'
        )
    return None


def _used(table: Table, count_column: int | None) -> set[int]:
    counting = {table.columns[field] for field in _COUNT_FIELDS if field in table.columns}
    used = {index for field, index in table.columns.items() if field not in _COUNT_FIELDS}
    return (used - counting) | ({count_column} if count_column is not None else set())


def _explain_unused(
    table: Table, unused: Collection[int], count_column: int | None, amounts: Collection[int]
) -> tuple[str, ...]:
    """Say what is read in the place of columns with money or counts; refuse the file where nothing is."""
    suspects = {index: kind for index in unused if (kind := _kind(table, index)) is not None}
    filled = _with_numbers(table, suspects)
    is_numbered = any(field in table.columns for field in _NUMBERS)
    unknown: list[str] = []
    explained: list[str] = []
    for index in sorted(filled):
        heading, kind = table.headings[index], suspects[index]
        if kind == "money" and amounts:
            explained.append(f"{heading} (amounts are read from {_names(table, amounts)})")
        elif kind != "money" and count_column is not None:
            explained.append(f"{heading} (events are counted by {table.headings[count_column]})")
        elif kind != "money" and is_numbered:
            explained.append(f"{heading} (each row is one event)")
        elif kind == "people":
            unknown.append(f"{heading} counts people, not events.")
        elif any(word in plain_name(heading) for word in _PER_ITEM):
            unknown.append(f"{heading} is no amount of a sale: it is an average or one of an item.")
        else:
            unknown.append(f"{heading} may hold {'money' if kind == 'money' else 'counts'} and is not known.")
    if unknown:
        raise InvalidInputError(
            f"{' '.join(unknown)} Name what is to be read: --column revenue_amount=HEADING for money, --count-column"
            " HEADING for counts. Leave the others out: --ignore-column HEADING"
        )
    return tuple(explained)


def _kind(table: Table, index: int) -> str | None:
    """What the heading of a column that is not read suggests: people, counts, money or nothing of these."""
    name = plain_name(table.headings[index])
    counting = {table.columns[field] for field in _COUNT_FIELDS if field in table.columns}
    known = {plain_name(word) for field in _MONEY_FIELDS for word in columns_of(table.format).get(field, ())}
    if any(plain_name(word) in name for word in PEOPLE_WORDS) and "per" not in name:
        return "people"
    if name in known or any(plain_name(word) in name for word in MONEY_WORDS):
        return "money"
    if index in counting or any(plain_name(word) in name for word in COUNT_WORDS):
        return "counts"
    return None


def _with_numbers(table: Table, indexes: Iterable[int]) -> set[int]:
    """Which of these columns hold a number other than 0 in any row; an empty column says nothing."""
    open_ = set(indexes)
    filled: set[int] = set()
    if not open_:
        return filled
    for _, cells in table.rows():
        for index in [index for index in open_ if index < len(cells) and _is_number(cells[index])]:
            open_.discard(index)
            filled.add(index)
        if not open_:
            break
    return filled


def _is_number(text: str) -> bool:
    try:
        return read_amount(text, ".") != Decimal(0)
    except InvalidInputError:
        pass
    try:
        return read_amount(text, ",") != Decimal(0)
    except InvalidInputError:
        return False


def _names(table: Table, indexes: Iterable[int]) -> str:
    return " and ".join(table.headings[index] for index in sorted(indexes))
