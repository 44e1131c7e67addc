"""The base of all tables, and the column types that both databases share."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Numeric,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine, UserDefinedType

EPOCH = date(1970, 1, 1)
EPOCH_ORDINAL = EPOCH.toordinal()
LONGEST_MESSAGE = 2_000
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows by itself only in a column of type INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Every table of Sophia hangs on this metadata."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored and returned in UTC. A naive one is refused: nobody can say what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def shortened(text: str) -> str:
    """The beginning of a message, as much of it as a person reads, with `…` where something was cut off."""
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"


class Message(TypeDecorator[str]):
    """A text that says what happened and why, often in the words of Meta, a database or a website.

    Such words may have any length (an error of Meta's had 100 kB), so what is stored is cut at LONGEST_MESSAGE characters.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else shortened(value)


def in_cents(amount: Decimal) -> Decimal:
    """The amount with two decimals, or with three where it has thousandths."""
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount.quantize(Decimal("0.001"))


class MoneyAmount(TypeDecorator[Decimal]):
    """An amount of money, exact to the thousandth, for some currencies have three decimals; with two where two will do.

    SQLite keeps a number as it is, whatever the column was declared to be; PostgreSQL rounds to what was declared.
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        wide = dialect.name == "postgresql"
        return dialect.type_descriptor(Numeric(15, 3) if wide else Numeric(14, 2, decimal_return_scale=3))

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else in_cents(value)


def day_number(day: date) -> int:
    """Days since 1970-01-01; two bytes on disk where a date written out takes ten."""
    return day.toordinal() - EPOCH_ORDINAL


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


class Day(TypeDecorator[date]):
    """A calendar day, stored as the number of days since 1970-01-01."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else day_number(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> date | None:  # noqa: ARG002
        return None if value is None else day_of(value)


class MetricValue(UserDefinedType[int | float]):
    """An exact number: counts are integers, only rates and watch times have decimals (A17).

    NUMERIC on both databases: SQLite keeps integers as integers of 1 to 8 bytes, PostgreSQL keeps decimals exactly.
    """

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "NUMERIC"

    def bind_processor(self, dialect: Dialect) -> Any:
        return to_decimal if dialect.name == "postgresql" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002
        return (lambda value: None if value is None else from_decimal(value)) if dialect.name == "postgresql" else None


def to_decimal(value: float | None) -> Decimal | int | None:
    """Repr gives the shortest digits that mean the same float, so that what comes back equals what went in."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def from_decimal(value: Decimal | float) -> int | float:
    """What PostgreSQL keeps as a decimal, as the integer or float that went in."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


# JSON null and SQL NULL must not both stand for "nothing": `IS NULL` would find neither of the two for certain (I8).
Json = JSON(none_as_null=True)
