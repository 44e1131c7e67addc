"""Accounts, runs, gaps and the catalogue, for all clients that a key may see."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext
from sophia.analytics.figures.figures import expect_days
from sophia.analytics.figures.pagination import Paging
from sophia.analytics.figures.requests import CatalogueQuery, GapsQuery, RunsQuery
from sophia.analytics.readings.account_states import (
    AccountState,
    account_states,
    unknown_metrics,
)
from sophia.analytics.readings.gaps import Gap, find_gaps
from sophia.analytics.readings.permissions import expect_client
from sophia.analytics.readings.refusals import list_refusals
from sophia.analytics.readings.run_schemas import (
    AccountAnswer,
    CatalogueAnswer,
    MetricAnswer,
)
from sophia.analytics.readings.runs import RunRecord, list_runs, runs_by_id
from sophia.meta.catalogue.canonical import CANONICAL, IS_ALGORITHM_DEPENDENT
from sophia.meta.catalogue.lookup import METRICS, live
from sophia.meta.catalogue.terms import Metric
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

router = APIRouter()

GAP_DAYS = 90
MOST_GAP_DAYS = 731


@router.get("/accounts")
def accounts(context: ReadContext) -> list[AccountAnswer]:
    """Connected accounts, the state of their collection, and what a person has to do. Tokens are never shown."""
    with context.database.read() as session:
        states = account_states(session, context.allowed_clients)
        runs = runs_by_id(session, [state.last_run_id for state in states if state.last_run_id is not None])
    return [account_answer(state, runs.get(state.last_run_id or 0), context) for state in states]


def account_answer(state: AccountState, run: RunRecord | None, context: RequestContext) -> AccountAnswer:
    return AccountAnswer(
        **asdict(state),
        action_needed=state.action_needed,
        warning=token_warning(state, context.now, context.settings.token_warning_days),
        asked_through=state.through_day,
        stale=state.is_stale(context.now),
        last_run=run,
    )


def token_warning(state: AccountState, now: datetime, warning_days: int) -> str | None:
    """Return which access ends soon or has ended, and what to do; None if none does."""
    ends = {"The token": state.token_expires_at, "Meta's access to the data": state.data_access_expires_at}
    sentences = []
    for subject, moment in ends.items():
        if moment is not None and moment - now <= timedelta(days=warning_days):
            verb = "ended" if moment <= now else "ends"
            sentences.append(f"{subject} {verb} on {moment:%Y-%m-%d}.")
    return f"{' '.join(sentences)} Connect this account again: sophia connect" if sentences else None


@router.get("/runs", responses=documented(404))
def runs(context: ReadContext, query: Annotated[RunsQuery, Query()], paging: Paging) -> list[RunRecord]:
    """Collections, newest first: what was requested, what was stored, what failed and what to do about it."""
    with context.database.read() as session:
        if query.client_id is not None:
            expect_client(session, context.allowed_clients, query.client_id)
        records = list_runs(
            session,
            context.allowed_clients,
            client_id=query.client_id,
            account_id=query.account_id,
            status=query.status,
            before_id=query.before_id,
            limit=query.limit + 1,
        )
    return paging.cut(records, query.limit, before_id=lambda last: last.id)


@router.get("/gaps", responses=documented(404))
def gaps(context: ReadContext, query: Annotated[GapsQuery, Query()]) -> list[Gap]:
    """Days that should have readings and have none, with the reason. Without a window: the 90 days until yesterday."""
    window = gap_window(query.start_date, query.end_date, context.now)
    with context.database.read() as session:
        if query.client_id is not None:
            expect_client(session, context.allowed_clients, query.client_id)
        states = account_states(session, context.allowed_clients, client_id=query.client_id)
        selected = [state for state in states if query.account_id in (None, state.id)]
        return find_gaps(session, selected, list_refusals(session, context.allowed_clients), window)


def gap_window(start: date | None, end: date | None, now: datetime) -> DateRange:
    """Return the window of a gap query, which ends yesterday in Meta's reporting zone at the latest. Raise
    InvalidInputError if it is too long.
    """
    yesterday = reporting_day(now) - ONE_DAY
    last = min(end or yesterday, yesterday)
    window = DateRange(min(start or last - (GAP_DAYS - 1) * ONE_DAY, last), last + ONE_DAY)
    expect_days(window.days, MOST_GAP_DAYS)
    return window


@router.get("/catalogue")
def catalogue(context: ReadContext, query: Annotated[CatalogueQuery, Query()]) -> CatalogueAnswer:
    """Every metric that Sophia knows, those that Meta sent and Sophia does not know, and those that Meta refuses."""
    with context.database.read() as session:
        unknown = unknown_metrics(session, context.allowed_clients)
        refused = list_refusals(session, context.allowed_clients)
    today, version = reporting_day(context.now), context.settings.graph_api_version
    return CatalogueAnswer(
        metrics=[
            metric_answer(metric, alive=live(metric, version, today))
            for metric in METRICS
            if query.platform in (None, metric.platform) and query.level in (None, metric.level)
        ],
        unclassified=[
            metric
            for metric in unknown
            if query.platform in (None, metric.platform) and query.level in (None, metric.level)
        ],
        refusals=[
            refusal
            for refusal in refused
            if query.platform in (None, refusal.platform) and query.level in (None, refusal.object_kind.level)
        ],
    )


def metric_answer(metric: Metric, *, alive: bool) -> MetricAnswer:
    same_fields = {name: getattr(metric, name) for name in MetricAnswer.model_fields.keys() & dir(metric)}
    metric_class = metric.metric_class
    return MetricAnswer(
        **same_fields | {"kinds": sorted(metric.kinds)},
        meaning=CANONICAL[metric.canonical].meaning,
        classification=metric_class,
        is_algorithm_dependent=IS_ALGORITHM_DEPENDENT.get(metric_class),
        live=alive,
    )
