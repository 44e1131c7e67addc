"""The versions of the Graph API that are served, and until when (GRAPH_API.md, 5)."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

OLDEST_VERSION, NEWEST_VERSION = 22, 27

# The first Pacific day on which the version is no longer served; Meta has not said it of the newest ones.
EXPIRY_DAYS: Mapping[int, date] = MappingProxyType(
    {22: date(2027, 5, 20), 23: date(2027, 10, 8), 24: date(2028, 2, 18), 25: date(2028, 7, 29)}
)


def served_version(requested: int | None, today: date) -> int:
    """The version that answers on the Pacific day `today`: an expired one is silently served by the next usable one.

    The newest version answers a request that names none, and one for a version that does not exist yet.
    """
    if requested is None:
        return NEWEST_VERSION
    usable = (version for version in range(OLDEST_VERSION, NEWEST_VERSION) if version >= requested)
    return next((version for version in usable if today < EXPIRY_DAYS.get(version, date.max)), NEWEST_VERSION)
