"""What the collector must know before it asks."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from sophia.analytics.models import BudgetPause, CollectionRun, MetricStatus, RefusedObject, Watermark
from sophia.analytics.models.collection import ASIDE
from sophia.analytics.schedule import Days
from sophia.errors import NotFoundError
from sophia.meta.catalogue import ObjectKind
from sophia.meta.pacing import Budget, Pause
from sophia.portfolio.models import Account

# So many runs ask for the same days again when a part of the answer could not be believed; then the days are let go.
ODD_RUNS = 3


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A metric of the account itself whose refusal is due for another try, and since when Meta refuses it."""

    metric: str
    since: datetime
    mark: str


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as a run finds it. `covered` and `asked_at` are by family of series, `refused` by kind of object.

    `resting` are objects that have refused and are left alone, `retried` those that are due for another try.
    `odd_for_long`: Meta's answers held parts that cannot be believed in each of the last runs, so it will not pass.
    """

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
    resting: frozenset[str]
    retried: frozenset[str]
    odd_for_long: bool
    lapsed: tuple[Lapsed, ...]


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
    objects = session.execute(
        select(RefusedObject.object_id, RefusedObject.ask_again_at).where(RefusedObject.account_id == account_id)
    ).all()
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
        resting=frozenset(name for name, again_at in objects if again_at > now),
        retried=frozenset(name for name, again_at in objects if again_at <= now),
        odd_for_long=_odd_for_long(session, account_id),
        lapsed=_lapsed(session, account, api_version, {mark.family: mark.updated_at for mark in marks}, now),
    )


def regained_mark(metric: str) -> str:
    """The family under which it is noted that the days of a refusal that is over were read; names may be long."""
    return f"regained:{hashlib.sha256(metric.encode()).hexdigest()[:16]}"


def _lapsed(
    session: Session, account: Account, api_version: str, noted: Mapping[str, datetime], now: datetime
) -> tuple[Lapsed, ...]:
    rows = session.execute(
        select(MetricStatus.metric_name, func.min(MetricStatus.since), func.max(MetricStatus.ask_again_at))
        .where(
            MetricStatus.platform == account.platform,
            MetricStatus.object_kind.in_((ObjectKind.PAGE.value, ObjectKind.ACCOUNT.value)),
            MetricStatus.api_version == api_version,
            or_(MetricStatus.account_id.is_(None), MetricStatus.account_id == account.id),
        )
        .group_by(MetricStatus.metric_name)
    )
    return tuple(
        Lapsed(name, since, regained_mark(name))
        for name, since, again_at in rows
        if again_at <= now and (regained_mark(name) not in noted or noted[regained_mark(name)] < again_at)
    )


def _odd_for_long(session: Session, account_id: int) -> bool:
    newest = (
        select(CollectionRun.quarantined)
        .where(CollectionRun.account_id == account_id, CollectionRun.trigger.not_in(ASIDE))
        .order_by(CollectionRun.id.desc())
        .limit(ODD_RUNS)
    )
    counts = session.scalars(newest).all()
    return len(counts) == ODD_RUNS and all(counts)


def budget_pauses(session: Session) -> list[Pause]:
    """The budgets of Meta's limits that some process has noted as resting."""
    rows = session.execute(select(BudgetPause.budget, BudgetPause.until, BudgetPause.reason))
    return [Pause(Budget.of_key(key), until, reason) for key, until, reason in rows]
