"""One comparison of an expected result with the actual one."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Check:
    """`label` says what is compared."""

    label: str
    expected: Any
    actual: Any

    @property
    def passed(self) -> bool:
        return bool(self.expected == self.actual)

    def line(self) -> str:
        if self.passed:
            return f"  as expected  {self.label}: {self.actual}"
        return f"  DIFFERENT    {self.label}: expected {self.expected}, got {self.actual}"
