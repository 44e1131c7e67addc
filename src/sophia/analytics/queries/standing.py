"""How each account stands: what it was asked, what came of it, what a person should do. A fixed number of queries."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.models import CollectionRun, Watermark
from sophia.analytics.models.collection import ASIDE
from sophia.analytics.queries.overview import account_states
from sophia.analytics.queries.runs import RunRecord, runs_by_id
from sophia.portfolio.service import AccountInfo, list_accounts


@dataclass(frozen=True, slots=True)
class Standing:
    """An account and its state. `through` is the last day asked, by family of series; `asked_at` when it was asked."""

    account: AccountInfo
    through: dict[str, date]
    asked_at: dict[str, datetime]
    readings: int
    latest_day: date | None
    last_success_at: datetime | None
    last_run: RunRecord | None


def standings(session: Session, *, client_id: int | None = None, account_id: int | None = None) -> list[Standing]:
    """The accounts of active clients, by client and name; `account_id` limits them, and the work, to one account."""
    accounts = list_accounts(session, client_id=client_id, account_ids=None if account_id is None else [account_id])
    if account_id is not None:
        client_id = accounts[0].client_id if accounts else client_id
    states = {state.id: state for state in account_states(session, None, client_id=client_id, active_clients=True)}
    through: dict[int, dict[str, date]] = {}
    asked_at: dict[int, dict[str, datetime]] = {}
    marks = select(Watermark) if account_id is None else select(Watermark).where(Watermark.account_id == account_id)
    for mark in session.scalars(marks):
        through.setdefault(mark.account_id, {})[mark.family] = mark.through_day
        asked_at.setdefault(mark.account_id, {})[mark.family] = mark.updated_at
    last = last_runs(session, account_id)
    return [
        Standing(
            account=account,
            through=through.get(account.id, {}),
            asked_at=asked_at.get(account.id, {}),
            readings=states[account.id].readings,
            latest_day=states[account.id].latest_metric_date,
            last_success_at=states[account.id].last_success_at,
            last_run=last.get(account.id),
        )
        for account in accounts
    ]


def last_runs(session: Session, account_id: int | None = None) -> dict[int, RunRecord]:
    """The newest run of each account that read more than stories or comments.

    By number and not by start: a run of a clock that ran ahead must not hide those after it (E4).
    """
    query = select(func.max(CollectionRun.id)).where(CollectionRun.trigger.not_in(ASIDE))
    if account_id is not None:
        query = query.where(CollectionRun.account_id == account_id)
    newest = session.scalars(query.group_by(CollectionRun.account_id))
    return {run.account_id: run for run in runs_by_id(session, newest.all()).values()}
