"""Reports of clients, the brief of the portfolio, and the weeks that were kept."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext
from sophia.analytics.annotations.queries import notes, told_to
from sophia.analytics.anomalies.queries import judged_through
from sophia.analytics.figures.figures import last_closed_week
from sophia.analytics.figures.requests import (
    ClientId,
    ReportQuery,
)
from sophia.analytics.kpis.portfolio_week import newest_portfolio_week, two_newest_weeks
from sophia.analytics.kpis.queries import WeekSnapshot, client_snapshots, portfolio_snapshots
from sophia.analytics.kpis.trends import a_year_before, newest_weeks, trend
from sophia.analytics.readings.account_states import (
    AccountState,
    account_states,
    client_states,
    latest,
    newest,
    unknown_metrics,
)
from sophia.analytics.readings.gaps import find_gaps
from sophia.analytics.readings.permissions import account_ids, expect_client
from sophia.analytics.readings.refusals import list_refusals
from sophia.analytics.readings.run_schemas import (
    AccountStatus,
)
from sophia.analytics.readings.runs_router import gap_window
from sophia.analytics.reports.brief import BRIEF_KPIS, make_brief
from sophia.analytics.reports.brief_schemas import BriefAnswer, WeeksAnswer, WeeksQuery
from sophia.analytics.reports.gathering import make_report
from sophia.analytics.reports.schemas import (
    AccountFreshness,
    BenchmarkSummary,
    ClientSummaryAnswer,
    DetailedKpis,
    FreshnessAnswer,
    PortfolioAnswer,
    ReportAnswer,
    report_answer,
)
from sophia.errors import NotFoundError
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange, reporting_day

router = APIRouter(responses=documented(404))
NO_WEEK = "The newest complete week is not computed yet for any client; a job computes it every morning."
portfolio = APIRouter()


@portfolio.get("/portfolio/brief")
def brief(context: ReadContext, asked: Annotated[ReportQuery, Query()]) -> BriefAnswer:
    """Every active client that the key may see: coral, amber, sage, or no data, with the reasons, by need;
    with `as_of` as it was, but for what is known of today only.
    """
    found = make_brief(
        context.database,
        context.allowed_clients,
        context.now,
        asked.window_at(asked.as_of or context.now),
        as_of=asked.as_of,
    )
    shown = replace(found, annotations=told_to(context.allowed_clients, found.annotations))
    return BriefAnswer.model_validate(shown)


@router.get("/{client_id}/report")
def report(context: ReadContext, client_id: ClientId, asked: Annotated[ReportQuery, Query()]) -> ReportAnswer:
    """Everything that can be said of a client's window; with `as_of` exactly what could be said at that moment."""
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
    found = make_report(
        context.database, client_id, asked.window_at(asked.as_of or context.now), context.now, as_of=asked.as_of
    )
    return report_answer(replace(found, annotations=told_to(context.allowed_clients, found.annotations)))


@router.get("/{client_id}/kpis")
def kpis(context: ReadContext, client_id: ClientId, asked: Annotated[WeeksQuery, Query()]) -> WeeksAnswer:
    """The newest closed weeks that were kept, oldest first, of the client or of one account, and their trends."""
    today = reporting_day(context.now)
    weeks = newest_weeks(today, asked.weeks)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        if asked.account_id is not None and asked.account_id not in account_ids(session, client_id):
            raise NotFoundError(f"Client {client_id} has no account {asked.account_id}.")
        wanted = (a_year_before(weeks[-1]), weeks[0].previous, *weeks)
        found = client_snapshots(session, client_id, wanted, account_id=asked.account_id)
        told = told_to(
            context.allowed_clients, notes(session, [client_id], window=DateRange(weeks[0].start, weeks[-1].end))
        )
    names = sorted({name for one in found for name in one.kpis})
    week_snapshots: list[WeekSnapshot] = [one for one in found if one.week in weeks]
    trends = {
        name: trend([(one.week.start, one.kpis[name]) for one in found if name in one.kpis], today, asked.weeks)
        for name in names
    }
    return WeeksAnswer.model_validate(
        {"client_id": client_id, "account_id": asked.account_id, "weeks": week_snapshots, "trends": trends}
        | {"annotations": told}
    )


@router.get("/{client_id}/summary")
def summary(context: ReadContext, client_id: ClientId) -> ClientSummaryAnswer:
    """The newest closed week in short, and how fresh and complete the client's readings are.

    Its KPIs are computed from the readings as they are; trends and anomalies are those that were kept in the morning, when
    they were.
    """
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        accounts = account_states(session, context.allowed_clients, client_id=client_id)
        refused = list_refusals(session, context.allowed_clients, client_id)
        gaps = find_gaps(session, accounts, refused, gap_window(None, None, context.now))
        unknown = unknown_metrics(session, context.allowed_clients, client_id)
        kept = client_snapshots(session, client_id, [last_closed_week(context.now)])
        through = judged_through(session, client_id)
    report = report_answer(make_report(context.database, client_id, None, context.now, kept=True))
    return ClientSummaryAnswer(
        client_id=client_id,
        window=report.window,
        kpis=report.kpis,
        trends=report.trends,
        anomalies=report.anomalies,
        commentary=" ".join(sentence.text for sentence in report.commentary),
        benchmark=BenchmarkSummary(published=report.benchmarks, portfolio=report.peers),
        freshness=FreshnessAnswer(
            latest_metric_date=newest(account.latest_metric_date for account in accounts),
            last_success_at=latest(account.last_success_at for account in accounts),
            stale=any(account.is_stale(context.now) for account in accounts),
            accounts=[freshness(account, stale=account.is_stale(context.now)) for account in accounts],
            gaps=len(gaps),
            unclassified_metrics=sorted({metric.metric_name for metric in unknown}),
            weeks_checked_at=kept[0].checked_at if kept else None,
            judged_through=through,
        ),
    )


def freshness(account: AccountState, *, stale: bool) -> AccountFreshness:
    return AccountFreshness(
        account_id=account.id,
        platform=Platform(account.platform),
        name=account.name,
        status=AccountStatus(account.status),
        latest_metric_date=account.latest_metric_date,
        asked_through=account.through_day,
        last_success_at=account.last_success_at,
        stale=stale,
        readings=account.readings,
        action_needed=account.action_needed,
    )


@portfolio.get("/portfolio/summary")
def portfolio_summary(context: ReadContext) -> PortfolioAnswer:
    """Every active client that the key may see, from totals and weeks that are kept; GET /portfolio/brief says more."""
    with context.database.read() as session:
        clients = client_states(session, context.allowed_clients, context.now)
        snapshots = portfolio_snapshots(session, context.allowed_clients, two_newest_weeks(context.now), BRIEF_KPIS)
    week = newest_portfolio_week(snapshots, context.now)
    return PortfolioAnswer(
        client_count=len(clients),
        total_metrics=sum(client.readings for client in clients),
        latest_metric_date=newest(client.latest_metric_date for client in clients),
        detailed_kpis=None if week is None else DetailedKpis.model_validate(week),
        commentary=None if week is None else " ".join(sentence.text for sentence in week.commentary),
        reasons={name: NO_WEEK for name in ("detailed_kpis", "commentary") if week is None},
        clients=clients,
    )
