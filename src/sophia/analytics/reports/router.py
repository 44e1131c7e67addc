"""Endpoints for reports, the brief of the portfolio, summaries, and stored weeks of KPIs."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext
from sophia.analytics.annotations.queries import list_annotations, visible_annotations
from sophia.analytics.anomalies.queries import judged_through
from sophia.analytics.figures.figures import last_closed_week
from sophia.analytics.figures.requests import ClientId, ReportQuery
from sophia.analytics.kpis.kpis import MIXED_RATES
from sophia.analytics.kpis.measured_clients import find_measured_client, measured_clients
from sophia.analytics.kpis.portfolio_week import MOVING_KPIS, newest_portfolio_week, two_newest_weeks
from sophia.analytics.kpis.queries import client_snapshots, portfolio_snapshots
from sophia.analytics.kpis.trends import a_year_before, newest_weeks, trend, without_mixed_changes
from sophia.analytics.readings.account_states import (
    AccountState,
    account_states,
    client_states,
    latest,
    newest,
    unknown_metrics,
)
from sophia.analytics.readings.gaps import find_gaps
from sophia.analytics.readings.permissions import account_ids, expect_client, read_client
from sophia.analytics.readings.refusals import list_refusals
from sophia.analytics.readings.run_schemas import AccountStatus
from sophia.analytics.readings.runs_router import gap_window
from sophia.analytics.reports.brief import BRIEF_KPIS, make_brief
from sophia.analytics.reports.brief_records import Brief
from sophia.analytics.reports.gathering import make_report
from sophia.analytics.reports.records import Report
from sophia.analytics.reports.schemas import (
    AccountFreshness,
    BenchmarkSummary,
    ClientSummary,
    ClientWeeks,
    Freshness,
    PortfolioSummary,
    WeeksQuery,
)
from sophia.database.records import as_record
from sophia.errors import NotFoundError
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange, reporting_day

router = APIRouter(responses=documented(404))
NO_WEEK = "The newest complete week is not computed yet for any client; a job computes it every morning."
portfolio = APIRouter()


@portfolio.get("/portfolio/brief")
def brief(context: ReadContext, query: Annotated[ReportQuery, Query()]) -> Brief:
    """Return the status of every active client that the key may see, with the reasons, the most urgent first.

    `as_of` returns the brief as it was at that time, except for archived clients and the state of collection.
    """
    window = query.window_at(query.as_of or context.now)
    whole_brief = make_brief(
        context.database, context.allowed_clients, context.now, window, as_of=query.as_of, comparison=query.compare
    )
    return replace(whole_brief, annotations=visible_annotations(context.allowed_clients, whole_brief.annotations))


@router.get("/{client_id}/report")
def report(context: ReadContext, client_id: ClientId, query: Annotated[ReportQuery, Query()]) -> Report:
    """Return the report of a client's window; with `as_of` exactly as it was at that time."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    window = query.window_at(query.as_of or context.now)
    whole_report = make_report(
        context.database, client_id, window, context.now, as_of=query.as_of, comparison=query.compare
    )
    return replace(whole_report, annotations=visible_annotations(context.allowed_clients, whole_report.annotations))


@router.get("/{client_id}/kpis")
def kpis(context: ReadContext, client_id: ClientId, query: Annotated[WeeksQuery, Query()]) -> ClientWeeks:
    """Return the stored complete weeks, oldest first, of the client or of one account, and their trends."""
    today = reporting_day(context.now)
    weeks = newest_weeks(today, query.weeks)
    with read_client(context, client_id) as session:
        if query.account_id is not None and query.account_id not in account_ids(session, client_id):
            raise NotFoundError(f"Client {client_id} has no account {query.account_id}.")
        needed_weeks = (a_year_before(weeks[-1]), weeks[0].previous, *weeks)
        snapshots = client_snapshots(session, client_id, needed_weeks, account_id=query.account_id)
        annotations = list_annotations(session, [client_id], window=DateRange(weeks[0].start, weeks[-1].end))
        client = find_measured_client(measured_clients(session), client_id)
    is_mixed = query.account_id is None and len(set(client.accounts.values())) > 1
    figures_by_name = {
        name: [(snapshot.week.start, snapshot.kpis[name]) for snapshot in snapshots if name in snapshot.kpis]
        for name in sorted({name for snapshot in snapshots for name in snapshot.kpis})
    }
    return ClientWeeks(
        client_id=client_id,
        account_id=query.account_id,
        weeks=tuple(snapshot for snapshot in snapshots if snapshot.week in weeks),
        trends={
            name: without_mixed_changes(kpi_trend) if is_mixed and name in MIXED_RATES else kpi_trend
            for name, figures in figures_by_name.items()
            for kpi_trend in (trend(figures, today, query.weeks),)
        },
        annotations=visible_annotations(context.allowed_clients, annotations),
    )


@router.get("/{client_id}/summary")
def summary(context: ReadContext, client_id: ClientId) -> ClientSummary:
    """Return the last complete week in short, and how recent and complete the client's readings are.

    KPIs are computed from the current readings; trends and anomalies are those stored in the morning, if they cover the
    week.
    """
    with read_client(context, client_id) as session:
        accounts = account_states(session, context.allowed_clients, client_id=client_id)
        refusals = list_refusals(session, context.allowed_clients, client_id)
        gaps = find_gaps(session, accounts, refusals, gap_window(None, None, context.now))
        unknown = unknown_metrics(session, context.allowed_clients, client_id)
        snapshots = client_snapshots(session, client_id, [last_closed_week(context.now)])
        through = judged_through(session, client_id)
    report = make_report(context.database, client_id, None, context.now, use_stored=True)
    return as_record(
        ClientSummary,
        report,
        client_id=client_id,
        commentary=" ".join(sentence.text for sentence in report.commentary),
        benchmark=BenchmarkSummary(published=report.benchmarks, portfolio=report.peers),
        freshness=Freshness(
            latest_metric_date=newest(account.latest_metric_date for account in accounts),
            last_success_at=latest(account.last_success_at for account in accounts),
            stale=any(account.is_stale(context.now) for account in accounts),
            accounts=tuple(freshness(account, stale=account.is_stale(context.now)) for account in accounts),
            gaps=len(gaps),
            unclassified_metrics=tuple(sorted({metric.metric_name for metric in unknown})),
            weeks_checked_at=snapshots[0].checked_at if snapshots else None,
            judged_through=through,
        ),
    )


def freshness(account: AccountState, *, stale: bool) -> AccountFreshness:
    return as_record(
        AccountFreshness,
        account,
        account_id=account.id,
        platform=Platform(account.platform),
        status=AccountStatus(account.status),
        asked_through=account.through_day,
        stale=stale,
    )


@portfolio.get("/portfolio/summary")
def portfolio_summary(context: ReadContext) -> PortfolioSummary:
    """Return every active client that the key may see, from stored totals and weeks; GET /portfolio/brief has the details."""
    with context.database.read() as session:
        clients = client_states(session, context.allowed_clients, context.now)
        snapshots = portfolio_snapshots(
            session, context.allowed_clients, two_newest_weeks(context.now), {*BRIEF_KPIS, *MOVING_KPIS}
        )
    week = newest_portfolio_week(snapshots, context.now)
    return PortfolioSummary(
        client_count=len(clients),
        total_metrics=sum(client.readings for client in clients),
        latest_metric_date=newest(client.latest_metric_date for client in clients),
        detailed_kpis=week,
        commentary=None if week is None else " ".join(sentence.text for sentence in week.commentary),
        reasons={name: NO_WEEK for name in ("detailed_kpis", "commentary") if week is None},
        clients=tuple(clients),
    )
