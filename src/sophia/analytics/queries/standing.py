"""How each account stands: what it was asked, what came of it, what a person should do. A fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from sophia.analytics.models import CollectionRun, Watermark
from sophia.analytics.models.collection import ASIDE, COMMENTS, FRESH
from sophia.analytics.queries.overview import account_states
from sophia.analytics.queries.runs import RunRecord, runs_by_id
from sophia.portfolio.models import Account
from sophia.portfolio.service import AccountInfo, list_accounts

# How a family ends that a person should know of. One that was not asked, or stopped by a limit, says nothing about itself.
FAILED = frozenset({"failed", "empty", "incomplete", "not permitted"})
SAYS_NOTHING = frozenset({"not asked", "stopped"})
RUNS_COUNTED = 3


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


@dataclass(frozen=True, slots=True)
class FailingFamily:
    """A family of series that failed in its last run, and in how many runs in a row, RUNS_COUNTED at most."""

    family: str
    runs: int
    message: str
    what_to_do: str


def failing_families(session: Session, *, client_id: int | None = None) -> dict[int, list[FailingFamily]]:
    """{account: the families that failed when they were last asked, by name}, whatever kind of run asked them; two queries.

    The hourly look at stories and new posts, the daily one at comments, and the daily collection are looked at alike.
    """
    kind = case((CollectionRun.trigger == FRESH, FRESH), (CollectionRun.trigger == COMMENTS, COMMENTS), else_="")
    order = func.row_number().over(partition_by=(CollectionRun.account_id, kind), order_by=CollectionRun.id.desc())
    numbered = select(CollectionRun.id, order.label("place"))
    if client_id is not None:
        accounts = select(Account.id).where(Account.client_id == client_id)
        numbered = numbered.where(CollectionRun.account_id.in_(accounts))
    newest = numbered.subquery()
    ids = session.scalars(select(newest.c.id).where(newest.c.place <= RUNS_COUNTED)).all()
    runs: dict[int, list[RunRecord]] = {}
    for run in sorted(runs_by_id(session, ids).values(), key=lambda run: run.id, reverse=True):
        runs.setdefault(run.account_id, []).append(run)
    return {account_id: _failing(of_account) for account_id, of_account in runs.items()}


def _failing(runs: Sequence[RunRecord]) -> list[FailingFamily]:
    """The families that failed in the newest of these runs, which are sorted newest first, that says anything of them."""
    found = []
    for family in sorted({name for run in runs for name in run.families}):
        speaking = [run for run in runs if run.families.get(family, {}).get("ended", "not asked") not in SAYS_NOTHING]
        ends = [run.families[family]["ended"] in FAILED for run in speaking]
        if not ends or not ends[0]:
            continue
        problems = [p for p in speaking[0].problems if p.family == family] or speaking[0].problems
        message = problems[0].message if problems else "see the log of the last run"
        what_to_do = (problems[0].what_to_do if problems else None) or "Look at the run: GET /api/analytics/runs"
        runs_in_a_row = ends.index(False) if False in ends else len(ends)
        found.append(FailingFamily(family, min(runs_in_a_row, RUNS_COUNTED), message, what_to_do))
    return found
