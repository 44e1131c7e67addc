"""Computes and stores the due KPIs of complete weeks for every client and account."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from sophia.analytics.figures.ages import AGES
from sophia.analytics.figures.documents import figures_document
from sophia.analytics.figures.facts import ClientWindow, of_accounts
from sophia.analytics.figures.saved_rows import SavedRows
from sophia.analytics.kpis.kpis import KPIS, OF_EVENTS, compute_kpis
from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.analytics.kpis.queries import weeks_due
from sophia.analytics.kpis.store import ComputedWeek, save_week
from sophia.analytics.kpis.summaries import algo_dependent_summary, algo_independent_summary, summary_document
from sophia.analytics.kpis.windows import client_windows
from sophia.database.engine import Database
from sophia.meta.reporting_zone import DateRange, reporting_day

# Events belong to the client: for an account, their KPIs would be zeros that are not true.
CLIENT_KPIS = frozenset(kpi.name for kpi in KPIS if OF_EVENTS & set(kpi.inputs))


def keep_weeks(database: Database, now: datetime) -> SavedRows:
    """Compute every complete week that is missing or outdated. A second call changes nothing.

    Each week, oldest first, has its own transaction, so a killed program resumes where it stopped.
    """
    with database.read() as session:
        due = weeks_due(session, reporting_day(now))
    saved = SavedRows()
    for week, clients in due.items():
        with database.read() as session:
            computed = compute_week(session, week, clients, now)
        with database.write() as session:
            saved += save_week(session, week, computed, now)
    return saved


def compute_week(session: Session, week: DateRange, client_ids: Collection[int], now: datetime) -> list[ComputedWeek]:
    """Return the KPIs of these clients and of each of their accounts."""
    clients = [client for client in measured_clients(session) if client.id in client_ids]
    windows = client_windows(session, clients, (week, week.previous), now, ages=AGES.values())
    computed_weeks = []
    for client in clients:
        after, before = windows[client.id][week], windows[client.id][week.previous]
        computed_weeks.append(_computed(client.id, None, after, before))
        for account, platform in client.accounts.items():
            account_only = {account: platform}
            computed_weeks.append(
                _computed(client.id, account, of_accounts(after, account_only), of_accounts(before, account_only))
            )
    return computed_weeks


def _computed(client_id: int, account_id: int | None, now: ClientWindow, before: ClientWindow) -> ComputedWeek:
    kpis = compute_kpis(now, before)
    if account_id is not None:
        kpis = {name: figure for name, figure in kpis.items() if name not in CLIENT_KPIS}
    return ComputedWeek(
        client_id=client_id,
        account_id=account_id,
        kpis=figures_document(kpis),
        algo_dependent_summary=summary_document(algo_dependent_summary(now)),
        algo_independent_summary=summary_document(algo_independent_summary(now)),
    )
