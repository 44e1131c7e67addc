"""Conversions as they come in, and what became of each."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sophia.analytics.utm.reading import TAGS, read_tags
from sophia.database.columns import in_cents
from sophia.errors import ConflictError, NotFoundError

LONGEST_TAG = 200
SALES = ("conversion", "refund")
REFUND_PREFIX = "refund:"
# The hashes of what the first version recorded must stay what they are.
_FIRST_FIELDS = frozenset(
    {"event_type", "source", "event_date", "details", "revenue_amount", "currency", "content_draft_id"}
)
# These say where an event came from, not what happened.
_PROVENANCE = frozenset({"origin", "from_analytics", "row_key", "transaction_id"})


@dataclass(frozen=True, slots=True)
class Conversion:
    """Something that a person did. Revenue has no more decimals than `currency`; both or neither are given.

    `external_id` is the number that the event has where it comes from, `customer_key` whatever tells customers apart;
    `link_url` is the link that was followed. `origin` is the system that numbers the event; without one it is `source`.
    `row_key` stands for the row of an analytics report that counts the event; `transaction_id` is the number of the sale
    where `external_id` says more than that.
    """

    event_type: str
    source: str
    event_date: date
    details: dict[str, Any] | None
    revenue_amount: Decimal | None
    currency: str | None
    content_draft_id: int | None
    external_id: str | None = None
    customer_key: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    link_url: str | None = None
    origin: str | None = None
    from_analytics: bool = False
    row_key: str | None = None
    transaction_id: str | None = None

    @property
    def sha256(self) -> str:
        """The same for two conversions that say the same, in whatever order and with however many zeros.

        The case of a customer's key makes no difference where the event has a number.
        """
        content = {
            name: value
            for name, value in asdict(self).items()
            if name not in _PROVENANCE and (name in _FIRST_FIELDS or value is not None)
        }
        if self.revenue_amount is not None:
            content["revenue_amount"] = in_cents(self.revenue_amount)
        if self.external_id is not None and self.customer_key is not None:
            content["customer_key"] = self.customer_key.strip().casefold()
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def identity(self) -> tuple[str, str] | None:
        """(origin, external id), by which the next version of the event is recognised; None without an id."""
        return None if self.external_id is None else (self.origin or self.source, self.external_id)

    @property
    def transaction_key(self) -> str | None:
        """The number of a sale or refund as two systems would both write it."""
        if self.event_type not in SALES or self.row_key is not None:
            return None
        return normalise_transaction_id(self.transaction_id or self.external_id)

    @property
    def with_tags(self) -> "Conversion":
        """The same, with the tags of its link where it names none itself."""
        found = read_tags(self.link_url or "")
        tags: dict[str, Any] = {name: getattr(self, name) or found.get(name, "")[:LONGEST_TAG] or None for name in TAGS}
        return replace(self, **tags)


def normalise_transaction_id(text: str | None) -> str | None:
    """Return `#4401`, `4401` and `refund:#4401` as `4401`; None when nothing is left."""
    bare = (text or "").removeprefix(REFUND_PREFIX).strip().lstrip("#").strip().lower()
    return bare or None


@dataclass(frozen=True, slots=True)
class IncomingConversion:
    """A conversion with the key of its request, if it has one.

    `legacy_key` is the key under which earlier versions of Sophia recorded the same row of a file.
    """

    conversion: Conversion
    key: str | None = None
    legacy_key: str | None = None


class RecordStatus(StrEnum):
    """What became of a conversion. `deleted`: a person deleted it before, and it stays deleted."""

    RECORDED = "recorded"
    CHANGED = "changed"
    DUPLICATE = "duplicate"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The number of a conversion, what became of it, and the draft that it is credited to.

    `attributed_by` is None when neither the post nor the channel is known. `replaces_amendment`: a person had amended
    the version that this one replaces.
    """

    id: int
    status: RecordStatus
    draft_id: int | None
    attributed_by: str | None
    replaces_amendment: bool = False

    @property
    def duplicate(self) -> bool:
        return self.status is RecordStatus.DUPLICATE


Outcome = Recorded | ConflictError | NotFoundError
