"""The forms of goals, costs and annotations: what a user entered, and the request that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Form
from pydantic import TypeAdapter, ValidationError

from sophia.analytics.annotations.store import NewAnnotation
from sophia.analytics.conversions.costs_store import NewCost
from sophia.analytics.goals.progress import GOALS
from sophia.analytics.goals.store import GoalName, NewGoal
from sophia.display.figures import label_of
from sophia.errors import InvalidInputError

T = TypeVar("T")
Text = Annotated[str, Form(max_length=2_000)]
LABELS = {
    "name": "Name",
    "kpi": "KPI",
    "target": "Target",
    "start_date": "First day",
    "end_date": "Last day",
    "amount": "Amount",
    "currency": "Currency",
    "purpose": "Purpose",
    "day": "Day",
    "text": "What happened",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a list. `value` is sent with the form."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class GoalForm:
    """The form of a goal. `error` says why the entered goal was not saved."""

    name: str = ""
    kpi: str = ""
    target: str = ""
    start_date: str = ""
    end_date: str = ""
    at_most: bool = False
    error: str = ""

    @property
    def kpis(self) -> tuple[Choice, ...]:
        """The KPIs that can have a goal."""
        return tuple(Choice(kpi, label_of(kpi), kpi == self.kpi) for kpi in sorted(GOALS, key=label_of))

    def new_goal(self) -> tuple[str, NewGoal]:
        """Return the name and the goal. Raises InvalidInputError, naming the field."""
        try:
            target = float(self.target)
        except ValueError as error:
            raise InvalidInputError("Target: write a number, such as 2500 or 4.5.") from error
        name = validated(TypeAdapter(GoalName), self.name, "Name")
        values = {"kpi": self.kpi, "target": target, "at_most": self.at_most}
        days = {"start_date": self.start_date, "end_date": self.end_date}
        return name, validated(TypeAdapter(NewGoal), values | days)


@dataclass(frozen=True, slots=True)
class CostForm:
    """The form of a cost of sales and marketing."""

    start_date: str = ""
    end_date: str = ""
    amount: str = ""
    currency: str = ""
    purpose: str = ""
    error: str = ""

    def new_cost(self) -> NewCost:
        """Return the cost. Raises InvalidInputError, naming the field."""
        days = {"start_date": self.start_date, "end_date": self.end_date}
        values = {"amount": self.amount, "currency": self.currency.upper(), "purpose": self.purpose}
        return validated(TypeAdapter(NewCost), days | values)


@dataclass(frozen=True, slots=True)
class AnnotationForm:
    """The form of an annotation."""

    day: str = ""
    text: str = ""
    error: str = ""

    def new_annotation(self) -> NewAnnotation:
        """Return the annotation. Raises InvalidInputError, naming the field."""
        return validated(TypeAdapter(NewAnnotation), {"day": self.day, "text": self.text})


def validated(adapter: TypeAdapter[T], entered: str | Mapping[str, Any], label: str = "") -> T:
    """Return what was entered, by the same rules as the API. Raises InvalidInputError, naming the first wrong field."""
    try:
        return adapter.validate_python(entered)
    except ValidationError as error:
        problem = error.errors()[0]
        field = next((LABELS[part] for part in problem["loc"] if part in LABELS), label)
        text = "fill this in" if problem["input"] == "" else problem["msg"].removeprefix("Value error, ")
        raise InvalidInputError(f"{field}: {text}." if field else f"{text}.") from error
