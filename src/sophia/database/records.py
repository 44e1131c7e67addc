"""Turns rows into frozen records."""

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Record = TypeVar("Record", bound="DataclassInstance")


def as_record(record_type: type[Record], row: object, /, **values: Any) -> Record:
    """Return a record with these values and, for its other fields, the row's attributes of the same names."""
    copied = {name: getattr(row, name) for name in _field_names(record_type) if name not in values}
    return record_type(**copied, **values)


@cache
def _field_names(record_type: "type[DataclassInstance]") -> tuple[str, ...]:
    return tuple(field.name for field in fields(record_type))
