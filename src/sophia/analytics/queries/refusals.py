"""What Meta refuses to tell, since when, and when it is asked again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sophia.analytics.models import MetricStatus
from sophia.analytics.queries.sight import Seen, visible
from sophia.portfolio.models import Account
from sophia.vault import strike_out


@dataclass(frozen=True, slots=True)
class KnownRefusal:
    """A metric, by Meta's name, that Meta refuses for a kind of object: of one account, or of all when it is None."""

    platform: str
    object_kind: str
    api_version: str
    metric_name: str
    account_id: int | None
    code: int
    subcode: int | None
    reason: str
    since: datetime
    ask_again_at: datetime


def list_refusals(session: Session, seen: Seen, client_id: int | None = None) -> list[KnownRefusal]:
    """The refusals that concern all accounts, and those of the accounts that may be seen."""
    mine = select(Account.id).where(visible(Account.client_id, seen, client_id))
    rows = session.scalars(
        select(MetricStatus)
        .where(or_(MetricStatus.account_id.is_(None), MetricStatus.account_id.in_(mine)))
        .order_by(MetricStatus.platform, MetricStatus.object_kind, MetricStatus.metric_name, MetricStatus.id)
    )
    return [
        KnownRefusal(
            platform=row.platform,
            object_kind=row.object_kind,
            api_version=row.api_version,
            metric_name=row.metric_name,
            account_id=row.account_id,
            code=row.code,
            subcode=row.subcode,
            reason=strike_out(row.reason),
            since=row.since,
            ask_again_at=row.ask_again_at,
        )
        for row in rows
    ]
