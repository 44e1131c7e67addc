"""Decides which column of a file counts its events and which contain money, and never ignores either silently."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from sophia.analytics.conversions.event_types import CONVERSION
from sophia.analytics.conversions.files.columns import FileFormat, columns_of, find_heading, plain_name
from sophia.analytics.conversions.files.headings import COUNT_WORDS, MONEY_WORDS, PEOPLE_WORDS
from sophia.analytics.conversions.files.options import FileOptions
from sophia.analytics.conversions.files.tables import Table
from sophia.analytics.conversions.files.values import read_amount
from sophia.errors import InvalidInputError

_MONEY_FIELDS = ("revenue_amount", "gross", "refunded", "outstanding")
_COUNT_FIELDS = ("count", "purchases", "key_events", "event_count")
# With one of these fields, each row is one event, whatever else it counts.
_NUMBERS = ("external_id", "transaction_id")
# Words for averages and amounts per item, which are never the amount of a sale.
_PER_ITEM = ("item", "product", "artikel", "average", "perpurchaser", "peruser", "arpu", "arppu", "durchschnitt")


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """How to read a table. `count_column` is None if each row is one event.

    `counts_sales`: the column counts purchases, so that rows need no event name. `unused_numbers` names each column with
    money or counts that is not read, and the column that is read instead.
    """

    count_column: int | None
    counts_sales: bool
    has_amounts: bool
    unused_numbers: tuple[str, ...]
    ignored: tuple[str, ...]


def plan_columns(table: Table, options: FileOptions) -> ColumnPlan:
    """Return the plan. Raises InvalidInputError with the names of columns that may contain counts or money."""
    field = _count_field(table, options)
    count_column = table.columns.get(field or "")
    if options.count_column is not None:
        count_column = find_heading(table.headings, options.count_column)
    counts_sales = field == "purchases" and "event_type" not in table.columns
    if counts_sales and options.event_type not in (None, CONVERSION) and options.count_column is None:
        raise InvalidInputError(
            f"{table.headings[count_column or 0]!r} counts purchases, but --event-type is {options.event_type}. Give"
            " --event-type conversion, or name the column that counts with --count-column."
        )
    amounts = [table.columns[name] for name in _MONEY_FIELDS if name in table.columns]
    skipped = {find_heading(table.headings, heading) for heading in options.ignored_columns}
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


def _count_field(table: Table, options: FileOptions) -> str | None:
    """Return the field that counts events, or None. Raises InvalidInputError if events are counted without their names."""
    if options.count_column is not None or table.format is FileFormat.SHOPIFY:
        return None
    if "event_type" in table.columns:
        fields: tuple[str, ...] = ("count", "event_count", "purchases", "key_events")
    elif options.event_type in (None, CONVERSION):
        fields = ("count", "purchases", "key_events")
    else:
        fields = ("count", "key_events", "purchases")
    count_field = next((field for field in fields if field in table.columns), None)
    if count_field is None and "event_count" in table.columns:
        heading = table.headings[table.columns["event_count"]]
        raise InvalidInputError(
            f"{heading!r} counts events of every kind, and no column names them. Export the event name, key events or"
            f' purchases too, or name the column that counts what you import: --count-column "{heading}"'
        )
    return count_field


def _used(table: Table, count_column: int | None) -> set[int]:
    counting = {table.columns[field] for field in _COUNT_FIELDS if field in table.columns}
    used = {index for field, index in table.columns.items() if field not in _COUNT_FIELDS}
    return (used - counting) | ({count_column} if count_column is not None else set())


def _explain_unused(
    table: Table, unused: Collection[int], count_column: int | None, amounts: Collection[int]
) -> tuple[str, ...]:
    """Return which column replaces each column with money or counts; raise InvalidInputError if none does."""
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
            unknown.append(f"{heading} is not the amount of a sale: it is an average or the amount of an item.")
        else:
            unknown.append(
                f"{heading} may hold {'money' if kind == 'money' else 'counts'}, but its heading is unknown."
            )
    if unknown:
        raise InvalidInputError(
            f"{' '.join(unknown)} Name the columns to read: --column revenue_amount=HEADING for money, --count-column"
            " HEADING for counts. Leave out the others: --ignore-column HEADING"
        )
    return tuple(explained)


def _kind(table: Table, index: int) -> str | None:
    """Return what the heading of an unused column suggests: people, counts, money or None."""
    name = plain_name(table.headings[index])
    counting = {table.columns[field] for field in _COUNT_FIELDS if field in table.columns}
    money_headings = {plain_name(word) for field in _MONEY_FIELDS for word in columns_of(table.format).get(field, ())}
    if any(plain_name(word) in name for word in PEOPLE_WORDS) and "per" not in name:
        return "people"
    if name in money_headings or any(plain_name(word) in name for word in MONEY_WORDS):
        return "money"
    if index in counting or any(plain_name(word) in name for word in COUNT_WORDS):
        return "counts"
    return None


def _with_numbers(table: Table, indexes: Iterable[int]) -> set[int]:
    """Return which of these columns have a number other than 0 in any row."""
    unchecked = set(indexes)
    filled: set[int] = set()
    if not unchecked:
        return filled
    for _, cells in table.rows():
        filled |= {index for index in unchecked if index < len(cells) and _is_number(cells[index])}
        unchecked -= filled
        if not unchecked:
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
