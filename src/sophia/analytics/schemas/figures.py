"""A figure as the API tells it."""

from decimal import Decimal

from pydantic import FiniteFloat

from sophia.analytics.measures.figures import FigureUnit, Interval
from sophia.analytics.schemas.answering import Answering

Value = int | FiniteFloat | Decimal


class CoverageAnswer(Answering):
    days_with_data: int
    days: int


class FigureAnswer(Answering):
    """A value, or the reason why there is none. Money is exact, and so a text: "19.90"."""

    value: Value | None
    unit: FigureUnit
    n: int | None
    interval: Interval | None
    at_least: Value | None
    at_most: Value | None
    reason: str | None
    doubt: str | None
    coverage: CoverageAnswer | None
    currency: str | None
