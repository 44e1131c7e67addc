"""What the collector must know before it asks."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sophia.analytics.models import MetricStatus, Watermark
from sophia.analytics.schedule import Days
from sophia.errors import NotFoundError
from sophia.meta.catalogue import ObjectKind
from sophia.portfolio.models import Account


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as a run finds it. `covered` and `asked_at` are by family of series, `refused` by kind of object."""

    id: int
    name: str
    client_id: int
    platform: str
    external_id: str
    token_encrypted: str | None
    scopes: frozenset[str]
    covered: dict[str, Days]
    asked_at: dict[str, datetime]
    refused: dict[ObjectKind, set[str]]


def account_to_collect(session: Session, account_id: int, api_version: str, now: datetime) -> KnownAccount:
    """Raises NotFoundError when there is no such account. Refusals that are due for another try are left out."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFoundError(f"There is no account {account_id}.")
    marks = list(session.scalars(select(Watermark).where(Watermark.account_id == account_id)))
    refused: dict[ObjectKind, set[str]] = {}
    for kind, name in session.execute(
        select(MetricStatus.object_kind, MetricStatus.metric_name).where(
            MetricStatus.platform == account.platform,
            MetricStatus.api_version == api_version,
            MetricStatus.ask_again_at > now,
            or_(MetricStatus.account_id.is_(None), MetricStatus.account_id == account_id),
        )
    ):
        refused.setdefault(ObjectKind(kind), set()).add(name)
    return KnownAccount(
        id=account.id,
        name=account.name,
        client_id=account.client_id,
        platform=account.platform,
        external_id=account.external_id,
        token_encrypted=account.token_encrypted,
        scopes=frozenset(account.token_scopes),
        covered={mark.family: Days(mark.from_day, mark.through_day) for mark in marks},
        asked_at={mark.family: mark.updated_at for mark in marks},
        refused=refused,
    )
