"""How each account stands: what it was asked, what came of it, what a person should do. A fixed number of queries."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.models import AccountTotal, CollectionRun, Watermark
from sophia.analytics.models.collection import ASIDE
from sophia.portfolio.service import AccountInfo, list_accounts


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of an account that was more than a look at its stories. Moments in UTC."""

    status: str
    started_at: datetime
    finished_at: datetime | None
    action_needed: str | None
    problems: int
    resume_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An account and its state. `through` is the last day asked, by family of series; `asked_at` when it was asked."""

    account: AccountInfo
    through: dict[str, date]
    asked_at: dict[str, datetime]
    readings: int
    latest_day: date | None
    last_success_at: datetime | None
    last_run: LastRun | None


def standings(
    session: Session, *, client_id: int | None = None, account_ids: Collection[int] | None = None
) -> list[Standing]:
    """The accounts of active clients, by client and name."""
    accounts = list_accounts(session, client_id=client_id, account_ids=account_ids)
    totals = {row.account_id: row for row in session.scalars(select(AccountTotal))}
    through: dict[int, dict[str, date]] = {}
    asked_at: dict[int, dict[str, datetime]] = {}
    for mark in session.scalars(select(Watermark)):
        through.setdefault(mark.account_id, {})[mark.family] = mark.through_day
        asked_at.setdefault(mark.account_id, {})[mark.family] = mark.updated_at
    success, last = last_successes(session), last_runs(session)
    return [
        Standing(
            account=account,
            through=through.get(account.id, {}),
            asked_at=asked_at.get(account.id, {}),
            readings=totals[account.id].readings if account.id in totals else 0,
            latest_day=totals[account.id].latest_metric_date if account.id in totals else None,
            last_success_at=success.get(account.id),
            last_run=last.get(account.id),
        )
        for account in accounts
    ]


def last_successes(session: Session) -> dict[int, datetime]:
    """When a run of each account last ended well, at least in part."""
    rows = session.execute(
        select(CollectionRun.account_id, func.max(CollectionRun.finished_at))
        .where(CollectionRun.status.in_(("ok", "partial")), CollectionRun.trigger.not_in(ASIDE))
        .group_by(CollectionRun.account_id)
    )
    return {account: moment for account, moment in rows if moment is not None}


def last_runs(session: Session) -> dict[int, LastRun]:
    newest = select(func.max(CollectionRun.id)).where(CollectionRun.trigger.not_in(ASIDE))
    runs = session.scalars(select(CollectionRun).where(CollectionRun.id.in_(newest.group_by(CollectionRun.account_id))))
    return {
        run.account_id: LastRun(
            run.status, run.started_at, run.finished_at, run.action_needed, len(run.problems), run.resume_at
        )
        for run in runs
    }
