"""Counts of the rows that storing a result wrote."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SavedRows:
    """The numbers of rows that were new, changed, unchanged (`same`), or withdrawn."""

    new: int = 0
    changed: int = 0
    same: int = 0
    withdrawn: int = 0

    def __add__(self, other: "SavedRows") -> "SavedRows":
        return SavedRows(
            self.new + other.new,
            self.changed + other.changed,
            self.same + other.same,
            self.withdrawn + other.withdrawn,
        )
