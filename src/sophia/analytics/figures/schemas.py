"""What the answers share: windows, figures and changes. A figure without a value says why it has none."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat

from sophia.analytics.figures.currencies import decimals_of


def json_number(value: Any) -> Any:
    """Percentages and counts need no exactness beyond that of a JSON number."""
    return float(value) if isinstance(value, Decimal) else value


Value = int | FiniteFloat | Decimal
Quantity = Annotated[int | FiniteFloat, BeforeValidator(json_number)]
Ends = tuple[FiniteFloat, FiniteFloat]


class ResponseModel(BaseModel):
    """What is answered."""

    model_config = ConfigDict(from_attributes=True)


Number = int | FiniteFloat


def known_currency(code: str) -> str:
    """Refuse three letters that are no currency of ISO 4217."""
    from babel.numbers import is_currency  # noqa: PLC0415 - takes longer to import than all of this room

    if not is_currency(code):
        raise ValueError(f"{code} is no currency of ISO 4217, such as CAD")
    return code


def expect_decimals(amount: Decimal, currency: str) -> None:
    """Refuse a part of the currency's smallest unit; zeros at the end do no harm."""
    decimals = decimals_of(currency)
    if amount != round(amount, decimals):
        raise ValueError(
            f"{currency} has {decimals or 'no'} decimals, and {amount} has more: round it to what was paid"
        )


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217"), AfterValidator(known_currency)]
