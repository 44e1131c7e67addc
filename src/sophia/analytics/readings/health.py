"""The health check, and figures for Prometheus (C10, K10)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from sophia.access.bounds import STORE_SECONDS
from sophia.access.problems import documented
from sophia.access.web import AppState, ReadPortfolioContext, RequestContext, expect_known_parameters
from sophia.analytics.readings.account_states import accounts_by_status, last_successes, latest, readings_in_store
from sophia.analytics.readings.run_schemas import HealthAnswer
from sophia.analytics.readings.runs import calls_since, runs_by_status
from sophia.errors import StoreError
from sophia.migrations import expect_current

operations = APIRouter(tags=["operations"])
RUNS_OF = timedelta(hours=24)


@operations.get(
    "/healthz",
    responses={
        503: {"model": HealthAnswer, "description": "The store cannot be used."},
        **documented(422, 500),
    },
)
def healthz(request: Request, response: Response) -> HealthAnswer:
    """Return whether the store can be used. It needs no key, and so contains nothing about a client."""
    expect_known_parameters(request)
    health = check_health(request.app.state.app_state)
    if health.status != "ok":
        response.status_code = 503
    return health


def check_health(app_state: AppState) -> HealthAnswer:
    try:
        with app_state.database.read() as session:
            session.connection()
    except (SQLAlchemyError, StoreError):
        return HealthAnswer(status="degraded", database="unavailable", schema_="unknown", last_success_at=None)
    try:
        expect_current(app_state.database)
        with app_state.database.within(STORE_SECONDS).read() as session:
            last = latest(last_successes(session).values())
    except StoreError:
        return HealthAnswer(status="degraded", database="ok", schema_="outdated", last_success_at=None)
    except SQLAlchemyError:
        return HealthAnswer(status="degraded", database="unavailable", schema_="unknown", last_success_at=None)
    return HealthAnswer(status="ok", database="ok", schema_="current", last_success_at=last)


@dataclass(frozen=True, slots=True, eq=False)  # Prometheus wants collectors that can be hashed
class StoreFigures(Collector):
    """Figures of the store at one moment, as Prometheus collects them."""

    accounts: dict[str, int]
    readings: int
    successes: Mapping[int, datetime]
    runs: dict[str, int]
    calls: tuple[int, int]  # over HTTP, and as Meta counts them
    now: datetime

    def collect(self) -> Iterable[Metric]:
        ages = {str(account_id): (self.now - moment).total_seconds() for account_id, moment in self.successes.items()}
        calls = dict(zip(("http", "meta"), self.calls, strict=True))
        yield gauge("sophia_accounts", "Connected accounts by status.", "status", self.accounts)
        yield GaugeMetricFamily("sophia_readings", "Readings in the store.", value=self.readings)
        yield gauge("sophia_last_success_age_seconds", "Time since an account was last collected.", "account_id", ages)
        yield gauge("sophia_runs_24h", "Runs of the last 24 hours by status.", "status", self.runs)
        about_calls = "Calls to Meta of the last 24 hours: over HTTP, and as Meta counts."
        yield gauge("sophia_meta_calls_24h", about_calls, "count", calls)


def gauge(name: str, documentation: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for value_of_label, value in values.items():
        family.add_metric([value_of_label], value)
    return family


def read_figures(context: RequestContext) -> StoreFigures:
    with context.database.read() as session:
        return StoreFigures(
            accounts=accounts_by_status(session),
            readings=readings_in_store(session),
            successes=last_successes(session),
            runs=runs_by_status(session, context.now - RUNS_OF),
            calls=calls_since(session, context.now - RUNS_OF),
            now=context.now,
        )


@operations.get(
    "/metrics", response_class=PlainTextResponse, response_model=str, responses=documented(401, 403, 422, 429, 500, 503)
)
def prometheus(request: Request, context: ReadPortfolioContext) -> Response:
    """Figures of the store and of the requests answered so far, for Prometheus. Needs a key for all clients."""
    store = CollectorRegistry()
    store.register(read_figures(context))
    text = generate_latest(request.app.state.registry) + generate_latest(store)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
