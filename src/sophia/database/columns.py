"""The base of all tables, and column types that work on SQLite and PostgreSQL."""

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

# SQLite generates row numbers only in a column of type INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The base class of all tables; its metadata lists them."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored and returned in UTC. A naive moment is refused, because it is ambiguous."""

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
    """Return a message cut to LONGEST_MESSAGE characters, with `…` at the end when it was longer."""
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"


class Message(TypeDecorator[str]):
    """A message, often from Meta, a database or a website, cut to LONGEST_MESSAGE characters.

    Such messages have any length: an error of Meta had 100 kB.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else shortened(value)


def in_cents(amount: Decimal) -> Decimal:
    """Return the amount with two decimals, or with three if it has thousandths."""
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount.quantize(Decimal("0.001"))


class MoneyAmount(TypeDecorator[Decimal]):
    """An amount of money, exact to the thousandth because some currencies have three decimals, with two if two are enough.

    SQLite stores a number unchanged, whatever type the column has; PostgreSQL rounds to the type of the column.
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        wide = dialect.name == "postgresql"
        return dialect.type_descriptor(Numeric(15, 3) if wide else Numeric(14, 2, decimal_return_scale=3))

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else in_cents(value)


def day_number(day: date) -> int:
    """Return the days since 1970-01-01, which take two bytes on disk instead of the ten of a date."""
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

    The type is NUMERIC on both databases: SQLite stores integers in 1 to 8 bytes, PostgreSQL stores decimals exactly.
    """

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "NUMERIC"

    def bind_processor(self, dialect: Dialect) -> Any:
        return to_decimal if dialect.name == "postgresql" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:  # noqa: ARG002
        return (lambda value: None if value is None else from_decimal(value)) if dialect.name == "postgresql" else None


def to_decimal(value: float | None) -> Decimal | int | None:
    """Return a float as Decimal. Its repr has the shortest digits of the same float, so that reading returns an equal value."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def from_decimal(value: Decimal | float) -> int | float:
    """Return a decimal from PostgreSQL as the integer or float that was stored."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


# None becomes SQL NULL and never JSON null; with both in use, `IS NULL` would miss rows (I8).
Json = JSON(none_as_null=True)
