"""What concerns all clients that a key may see: the portfolio, accounts, runs, gaps and the catalogue."""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from sophia.access.problems import documented
from sophia.access.web import Visit, Visited
from sophia.analytics import queries, schemas
from sophia.analytics.measures.figures import expect_days
from sophia.analytics.queries import AccountState, RunRecord
from sophia.analytics.queries.snapshots import portfolio_snapshots
from sophia.analytics.report.brief import BRIEF_KPIS
from sophia.analytics.report.portfolio_week import newest_portfolio_week, two_newest_weeks
from sophia.analytics.router.linking import cut_page
from sophia.analytics.schedule import Days
from sophia.meta.catalogue import CANONICAL, METRICS, Metric, MetricClass, Platform, live
from sophia.meta.reporting_zone import reporting_day

router = APIRouter()

GAP_DAYS = 90
MOST_GAP_DAYS = 731
NO_WEEK = "The newest closed week has not been computed for any client yet; that happens every morning."


@router.get("/portfolio/summary", response_model=schemas.PortfolioAnswer)
def portfolio_summary(who: Visited) -> schemas.PortfolioAnswer:
    """Every active client that the key may see, from totals and weeks that are kept; GET /portfolio/brief says more."""
    with who.database.read() as session:
        clients = queries.client_states(session, who.seen, who.now)
        snapshots = portfolio_snapshots(session, who.seen, two_newest_weeks(who.now), BRIEF_KPIS)
    week = newest_portfolio_week(snapshots, who.now)
    return schemas.PortfolioAnswer(
        client_count=len(clients),
        total_metrics=sum(client.readings for client in clients),
        latest_metric_date=queries.newest(client.latest_metric_date for client in clients),
        detailed_kpis=None if week is None else schemas.DetailedKpis.model_validate(week),
        commentary=None if week is None else " ".join(sentence.text for sentence in week.commentary),
        reasons={name: NO_WEEK for name in ("detailed_kpis", "commentary") if week is None},
        clients=[schemas.ClientStateAnswer.model_validate(client) for client in clients],
    )


@router.get("/accounts", response_model=list[schemas.AccountAnswer])
def accounts(who: Visited) -> list[schemas.AccountAnswer]:
    """Connected accounts, how their collection stands, and what a person has to do. Tokens are never shown."""
    with who.database.read() as session:
        states = queries.account_states(session, who.seen)
        runs = queries.runs_by_id(session, [state.last_run_id for state in states if state.last_run_id is not None])
    return [account_answer(state, runs.get(state.last_run_id or 0), who) for state in states]


def account_answer(state: AccountState, run: RunRecord | None, who: Visit) -> schemas.AccountAnswer:
    return schemas.AccountAnswer(
        id=state.id,
        client_id=state.client_id,
        client_name=state.client_name,
        platform=Platform(state.platform),
        name=state.name,
        username=state.username,
        external_id=state.external_id,
        status=schemas.AccountStatus(state.status),
        action_needed=state.action_needed,
        warning=token_warning(state, who.now, who.settings.token_warning_days),
        connected_at=state.connected_at,
        has_token=state.has_token,
        token_expires_at=state.token_expires_at,
        data_access_expires_at=state.data_access_expires_at,
        readings=state.readings,
        latest_metric_date=state.latest_metric_date,
        asked_through=state.through_day,
        last_success_at=state.last_success_at,
        stale=state.is_stale(who.now),
        last_run=None if run is None else schemas.RunAnswer.model_validate(run),
    )


def token_warning(state: AccountState, now: datetime, warning_days: int) -> str | None:
    """What ends soon, or has ended, and what to do about it; None when nothing does."""
    ends = {"The token": state.token_expires_at, "Meta's access to the data": state.data_access_expires_at}
    said = []
    for what, moment in ends.items():
        if moment is not None and moment - now <= timedelta(days=warning_days):
            verb = "ended" if moment <= now else "ends"
            said.append(f"{what} {verb} on {moment:%Y-%m-%d}.")
    return f"{' '.join(said)} Connect this account again: sophia connect" if said else None


@router.get("/runs", response_model=list[schemas.RunAnswer], responses=documented(404))
def runs(
    who: Visited, asked: Annotated[schemas.RunsQuery, Query()], request: Request, response: Response
) -> list[RunRecord]:
    """Collections, newest first: what was asked, what was stored, what failed and what to do about it."""
    with who.database.read() as session:
        if asked.client_id is not None:
            queries.expect_client(session, who.seen, asked.client_id)
        found = queries.list_runs(
            session,
            who.seen,
            client_id=asked.client_id,
            account_id=asked.account_id,
            status=asked.status,
            before_id=asked.before_id,
            limit=asked.limit + 1,
        )
    return cut_page(request, response, found, asked.limit, before_id=lambda last: last.id)


@router.get("/gaps", response_model=list[schemas.GapAnswer], responses=documented(404))
def gaps(who: Visited, asked: Annotated[schemas.GapsQuery, Query()]) -> list[queries.Gap]:
    """Days that should have readings and have none, with the reason. Without a window: the 90 days until yesterday."""
    window = gap_window(asked.start_date, asked.end_date, who.now)
    with who.database.read() as session:
        if asked.client_id is not None:
            queries.expect_client(session, who.seen, asked.client_id)
        states = queries.account_states(session, who.seen, client_id=asked.client_id)
        mine = [state for state in states if asked.account_id in (None, state.id)]
        return queries.find_gaps(session, mine, queries.list_refusals(session, who.seen), window)


def gap_window(start: date | None, end: date | None, now: datetime) -> Days:
    """Raises InvalidInputError when it is too long. Never ends later than yesterday in Meta's reporting zone."""
    yesterday = reporting_day(now) - timedelta(days=1)
    last = min(end or yesterday, yesterday)
    first = min(start or last - timedelta(days=GAP_DAYS - 1), last)
    window = Days(first, last)
    expect_days(len(window), MOST_GAP_DAYS)
    return window


@router.get("/catalogue", response_model=schemas.CatalogueAnswer)
def catalogue(who: Visited, asked: Annotated[schemas.CatalogueQuery, Query()]) -> schemas.CatalogueAnswer:
    """Every metric that we know, those that Meta sent and we do not know, and those that Meta refuses."""
    with who.database.read() as session:
        unknown = queries.unknown_metrics(session, who.seen)
        refused = queries.list_refusals(session, who.seen)
    platforms, levels = (None, asked.platform), (None, asked.level)
    today, version = reporting_day(who.now), who.settings.graph_api_version
    return schemas.CatalogueAnswer(
        metrics=[
            metric_answer(metric, alive=live(metric, version, today))
            for metric in METRICS
            if asked.platform in (None, metric.platform) and asked.level in (None, metric.level)
        ],
        unclassified=[
            schemas.UnclassifiedAnswer.model_validate(row)
            for row in unknown
            if (asked.platform is None or row.platform in platforms) and (asked.level is None or row.level in levels)
        ],
        refusals=[
            answer
            for answer in (schemas.RefusalAnswer.model_validate(row) for row in refused)
            if asked.platform in (None, answer.platform) and asked.level in (None, answer.object_kind.level)
        ],
    )


def metric_answer(metric: Metric, *, alive: bool) -> schemas.MetricAnswer:
    return schemas.MetricAnswer(
        platform=metric.platform,
        level=metric.level,
        kinds=sorted(metric.kinds),
        name=metric.name,
        stored_names=list(metric.stored_names),
        canonical=metric.canonical,
        meaning=CANONICAL[metric.canonical].meaning,
        classification=metric.metric_class,
        is_algorithm_dependent={
            MetricClass.ALGORITHM_DEPENDENT: True,
            MetricClass.ALGORITHM_INDEPENDENT: False,
        }.get(metric.metric_class),
        unit=metric.unit,
        counting=metric.counting,
        source=metric.source,
        periods=list(metric.periods),
        breakdowns=list(metric.breakdowns),
        primary=metric.primary,
        asked=metric.asked,
        live=alive,
        first_version=metric.first_version,
        last_version=metric.last_version,
        retired_on=metric.retired_on,
        successor=metric.successor,
        sure=metric.sure,
        note=metric.note,
    )
