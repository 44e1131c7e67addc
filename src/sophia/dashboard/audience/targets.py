"""The form of a target audience, and the table of all target audiences of a client."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sophia.analytics.audience.matching import SavedTargetAudience, TargetAudience
from sophia.analytics.audience.router import TargetAudienceBody
from sophia.dashboard.layout.client_forms import read_form
from sophia.dashboard.layout.forms import lines_of
from sophia.display.values import Cell, Column, Table, Value
from sophia.errors import InvalidInputError

GENDERS = {"F": "women", "M": "men"}
ANY = "any"


@dataclass(frozen=True, slots=True)
class TargetForm:
    """What a person typed. Ages are years or empty; countries are separated by commas, places have a line each."""

    name: str
    youngest: str
    oldest: str
    genders: tuple[str, ...]
    countries: str
    places: str

    def target_audience(self) -> TargetAudience:
        """Raises InvalidInputError with each wrong field."""
        ages: dict[str, Any] | None = None
        if self.youngest.strip():
            oldest = self.oldest.strip()
            ages = {"youngest": years_of(self.youngest), "oldest": years_of(oldest) if oldest else None}
        elif self.oldest.strip():
            raise InvalidInputError("Nothing was saved. Give the lowest age too.")
        values = {
            "ages": ages,
            "genders": self.genders,
            "countries": tuple(part.strip() for part in self.countries.split(",") if part.strip()),
            "places": lines_of(self.places),
        }
        return read_form(TargetAudienceBody, values).target_audience(" ".join(self.name.split()))


def years_of(text: str) -> int:
    """Return the years of a field. Raises InvalidInputError."""
    if not text.strip().isascii() or not text.strip().isdigit():
        raise InvalidInputError(f"Nothing was saved. Write an age in years, not {text!r}.")
    return int(text)


def target_table(targets: Sequence[SavedTargetAudience]) -> Table:
    columns = (Column("Target audience"), Column("Ages"), Column("Gender"), Column("Countries"), Column("Places"))
    rows = tuple(
        (
            Cell(Value(target.name)),
            Cell(Value(age_text(target))),
            Cell(Value(", ".join(GENDERS[gender] for gender in target.genders) or ANY)),
            Cell(Value(", ".join(target.countries) or ANY)),
            Cell(Value(", ".join(target.places) or ANY)),
        )
        for target in targets
    )
    return Table("targets", "Criteria", columns, rows, "This client has no target audience yet.")


def age_text(target: TargetAudience) -> str:
    if target.ages is None:
        return ANY
    return f"{target.ages.youngest}+" if target.ages.oldest is None else f"{target.ages.youngest}–{target.ages.oldest}"
