"""Types that the API's responses share."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PlainSerializer,
    TypeAdapter,
)

from sophia.analytics.figures.currencies import decimals_of


def json_number(value: Any) -> Any:
    """Return a decimal as a float: percentages and counts need no more precision than a JSON number has."""
    return float(value) if isinstance(value, Decimal) else value


Quantity = Annotated[
    int | FiniteFloat | Decimal, BeforeValidator(json_number), PlainSerializer(json_number, return_type=int | float)
]
Number = int | FiniteFloat


class ResponseModel(BaseModel):
    """The base of responses that are no records."""

    model_config = ConfigDict(from_attributes=True)


def known_currency(code: str) -> str:
    """Refuse codes that are no currency of ISO 4217."""
    from babel.numbers import is_currency  # noqa: PLC0415 - slow to import

    if not is_currency(code):
        raise ValueError(f"{code} is no currency of ISO 4217, such as CAD")
    return code


def expect_decimals(amount: Decimal, currency: str) -> None:
    """Refuse amounts with more decimals than the currency has, apart from zeros at the end."""
    decimals = decimals_of(currency)
    if amount != round(amount, decimals):
        raise ValueError(
            f"{currency} has {decimals or 'no'} decimals, and {amount} has more: round it to the amount that was paid"
        )


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217"), AfterValidator(known_currency)]


def response_json(record: object) -> str:
    """Return a record as JSON text, exactly as the API returns it."""
    return TypeAdapter(type(record)).dump_json(record, indent=2).decode()
