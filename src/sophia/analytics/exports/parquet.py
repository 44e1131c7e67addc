"""Writes Parquet files with pyarrow, which is an extra."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from sophia.analytics.exports.names import ColumnKind
from sophia.errors import ConfigurationError, InvalidInputError

MISSING_EXTRA = 'Parquet needs the package pyarrow. Install Sophia with it: pip install "sophia[parquet]"'
# Rows that readers load at once. Batches are kept as Arrow columns until then, which takes a few megabytes.
ROWS_PER_GROUP = 25_000
# Larger integers are not exact in a column of floats.
LARGEST_EXACT = 2**53


@contextmanager
def write_parquet(file: BinaryIO, columns: Mapping[str, ColumnKind]) -> Iterator[Any]:
    """Texts are dictionaries of strings, numbers are floats of 64 bits, money has three decimals, moments are UTC.

    Raises ConfigurationError without pyarrow, InvalidInputError for a number that is too large to be exact.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigurationError(MISSING_EXTRA) from None

    types = {
        ColumnKind.TEXT: pa.string(),
        ColumnKind.INTEGER: pa.int64(),
        ColumnKind.NUMBER: pa.float64(),
        ColumnKind.MONEY: pa.decimal128(18, 3),
        ColumnKind.DAY: pa.date32(),
        ColumnKind.MOMENT: pa.timestamp("us", tz="UTC"),
    }
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    numbers = [index for index, kind in enumerate(columns.values()) if kind is ColumnKind.NUMBER]
    waiting: list[Any] = []

    def write(rows: Sequence[Sequence[Any]]) -> None:
        values = list(zip(*rows, strict=True))
        for index in numbers:
            expect_exact(values[index])
        arrays = [pa.array(cells, field.type) for cells, field in zip(values, schema, strict=True)]
        waiting.append(pa.record_batch(arrays, schema=schema))
        if sum(batch.num_rows for batch in waiting) >= ROWS_PER_GROUP:
            flush()

    def flush() -> None:
        writer.write_table(pa.Table.from_batches(waiting, schema=schema))
        waiting.clear()

    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        yield write
        if waiting:
            flush()


def expect_exact(numbers: Sequence[Any]) -> None:
    """Raise InvalidInputError for an integer that a float cannot hold."""
    for number in numbers:
        if number is not None and not -LARGEST_EXACT <= number <= LARGEST_EXACT:
            raise InvalidInputError(f"{number} is too large to be exact in Parquet. Export as CSV or JSON Lines.")
