"""The number of decimals of currencies."""

from decimal import Decimal

# ISO 4217 decimals other than two. Stores keep at most three, so currencies with four have three here. babel's table is
# that of CLDR: it gives 0 for currencies whose amounts are written with cents, such as IQD, LBP and RSD.
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
    """Return the number of decimals that amounts of a currency have."""
    return _DECIMALS.get(currency, 2)


def smallest_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency, such as a cent, a yen or a fils."""
    return Decimal(1).scaleb(-decimals_of(currency))
