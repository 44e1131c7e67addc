"""How small the parts of a currency are."""

from decimal import Decimal

# ISO 4217: how many decimals the amounts of a currency have, where it is not two. Those with four are kept with three.
_DECIMALS = dict.fromkeys(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ],
    0,
) | dict.fromkeys(["BHD", "CLF", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", "UYW"], 3)


def decimals_of(currency: str) -> int:
    return _DECIMALS.get(currency, 2)


def smallest_unit(currency: str) -> Decimal:
    """A cent, a yen, a fils."""
    return Decimal(1).scaleb(-decimals_of(currency))
