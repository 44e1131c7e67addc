"""Turns rows into frozen records."""

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


def as_record(record_type: type[Record], row: object, /, **values: Any) -> Record:
    """Return a record with these values and, for its other fields, the row's attributes of the same names."""
    copied = {field.name: getattr(row, field.name) for field in fields(record_type) if field.name not in values}
    return record_type(**copied, **values)
