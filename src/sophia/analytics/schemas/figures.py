"""What the answers share: windows, figures and changes. A figure without a value says why it has none."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, FiniteFloat

from sophia.analytics.measures.figures import FigureUnit


def json_number(value: Any) -> Any:
    """Percentages and counts need no exactness beyond that of a JSON number."""
    return float(value) if isinstance(value, Decimal) else value


Value = int | FiniteFloat | Decimal
Quantity = Annotated[int | FiniteFloat, BeforeValidator(json_number)]
Ends = tuple[FiniteFloat, FiniteFloat]


class Answering(BaseModel):
    """What is answered."""

    model_config = ConfigDict(from_attributes=True)


class WindowAnswer(Answering):
    """Days of Meta's reporting zone, `end` excluded."""

    start: date
    end: date


class IntervalAnswer(Answering):
    low: FiniteFloat
    high: FiniteFloat


class CoverageAnswer(Answering):
    days_with_data: int
    days: int


class FigureAnswer(Answering):
    """One number: a value or the reason why there is none, with its sample, interval, bounds, doubt and coverage.

    Money is exact, and so a text: "19.90".
    """

    value: Value | None
    unit: FigureUnit
    n: int | None
    interval: IntervalAnswer | None
    at_least: Value | None
    at_most: Value | None
    reason: str | None
    doubt: str | None
    coverage: CoverageAnswer | None
    currency: str | None


class ChangeAnswer(Answering):
    before: FigureAnswer
    after: FigureAnswer
    absolute: FigureAnswer
    percent: FigureAnswer
