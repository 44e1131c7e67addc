"""What Meta refuses, since when, and when Sophia requests it again."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from sophia.analytics.readings.permissions import ClientScope, visible
from sophia.analytics.readings.run_models import BudgetPause, MetricStatus, RefusedObject
from sophia.database.columns import shortened
from sophia.database.statements import among, put_rows
from sophia.meta.bisection import OLDER_THAN_THE_PROFESSIONAL_ACCOUNT, TEMPORARY
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.errors import STOPS, GraphError, Remedy
from sophia.meta.pacing import Pause
from sophia.meta.records import Refusal
from sophia.portfolio.models import Account
from sophia.vault import redact_secrets


@dataclass(frozen=True, slots=True)
class RecordedRefusal:
    """A metric, by Meta's name, that Meta refuses for a kind of object."""

    platform: Platform
    object_kind: ObjectKind
    api_version: str
    metric_name: str
    account_id: Annotated[int | None, Field(description="Null when Meta refuses it for every account.")]
    code: int
    subcode: int | None
    reason: str
    since: datetime
    ask_again_at: datetime


def list_refusals(
    session: Session, allowed_clients: ClientScope, client_id: int | None = None
) -> list[RecordedRefusal]:
    """Return the refusals that concern all accounts, and those of the allowed accounts."""
    accounts = select(Account.id).where(visible(Account.client_id, allowed_clients, client_id))
    rows = session.scalars(
        select(MetricStatus)
        .where(or_(MetricStatus.account_id.is_(None), MetricStatus.account_id.in_(accounts)))
        .order_by(MetricStatus.platform, MetricStatus.object_kind, MetricStatus.metric_name, MetricStatus.id)
    )
    return [_recorded(row) for row in rows]


def _recorded(row: MetricStatus) -> RecordedRefusal:
    values = {field.name: getattr(row, field.name) for field in fields(RecordedRefusal)}
    platform, object_kind = Platform(row.platform), ObjectKind(row.object_kind)
    return RecordedRefusal(
        **values | {"platform": platform, "object_kind": object_kind, "reason": redact_secrets(row.reason)}
    )


# How long a refusal is valid. Meta brings metrics back, and a Page grows past the size from which it has them.
ASK_AGAIN_AFTER = timedelta(days=14)
# An object counts as gone after three tries on different days (GRAPH_API §3, 100/33), and is then requested rarely.
OBJECT_AGAIN_AFTER = (timedelta(hours=20), timedelta(hours=20), timedelta(days=30))
# Media older than the professional account never get insights (GRAPH_API §3, 100/2108006).
NEVER_AGAIN = timedelta(days=100 * 365)


def record_refusals(
    session: Session,
    platform: Platform,
    account_id: int,
    api_version: str,
    refusals: Collection[Refusal],
    now: datetime,
) -> None:
    """Record what Meta refuses, so that no run requests it until ASK_AGAIN_AFTER has passed (B3)."""
    if refusals and session.get_bind().dialect.name == "postgresql":
        # Two machines may learn the same refusal at once; the second must see the first one's row.
        session.execute(select(func.pg_advisory_xact_lock(-1)))
    for refusal in refusals:
        owner = None if refusal.everywhere else account_id
        key = (
            MetricStatus.platform == platform.value,
            MetricStatus.object_kind == refusal.kind.value,
            MetricStatus.api_version == api_version,
            MetricStatus.metric_name == refusal.metric,
            MetricStatus.account_id.is_(None) if owner is None else MetricStatus.account_id == owner,
        )
        row = session.scalar(select(MetricStatus).where(*key))
        if row is None:
            row = MetricStatus(
                platform=platform.value,
                object_kind=refusal.kind.value,
                api_version=api_version,
                metric_name=refusal.metric,
                account_id=owner,
                since=now,
            )
            session.add(row)
        row.code, row.subcode, row.reason = refusal.code, refusal.subcode, redact_secrets(refusal.reason)
        row.ask_again_at = now + ASK_AGAIN_AFTER


def record_refused_objects(
    session: Session, account_id: int, skipped: Mapping[str, GraphError], tried: Collection[str], now: datetime
) -> None:
    """Leave objects that refused alone for a while, longer with every try.

    `tried` are objects that had refused before and were requested again; those not among the skipped have recovered.
    """
    lasting = {
        name: error
        for name, error in skipped.items()
        if error.remedy not in TEMPORARY | STOPS and error.remedy is not Remedy.NO_DATA_YET
    }
    recovered = [name for name in tried if name not in skipped]
    if recovered:
        session.execute(
            delete(RefusedObject).where(
                RefusedObject.account_id == account_id, among(RefusedObject.object_id, recovered)
            )
        )
    for name, error in lasting.items():
        row = session.get(RefusedObject, (account_id, name))
        if row is None:
            row = RefusedObject(account_id=account_id, object_id=name, since=now, tries=0)
            session.add(row)
        row.tries += 1
        row.code, row.subcode, row.reason = error.code, error.subcode, error.text
        is_for_good = error.subcode == OLDER_THAN_THE_PROFESSIONAL_ACCOUNT
        after = OBJECT_AGAIN_AFTER[min(row.tries, len(OBJECT_AGAIN_AFTER)) - 1]
        row.ask_again_at = now + (NEVER_AGAIN if is_for_good else after)


def record_pauses(session: Session, pauses: Iterable[Pause], now: datetime) -> None:
    """Record for the other processes which budgets rest, and delete rests that are over."""
    session.execute(delete(BudgetPause).where(BudgetPause.until <= now))
    rows = [(pause.budget.key, pause.until, shortened(redact_secrets(pause.reason))) for pause in pauses]
    put_rows(session, BudgetPause, ("budget", "until", "reason"), sorted(rows), replace=("until", "reason"))
