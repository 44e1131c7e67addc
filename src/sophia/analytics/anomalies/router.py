"""Endpoints for the anomalies of a client and the events of the portfolio."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext
from sophia.analytics.annotations.queries import list_annotations, visible_annotations
from sophia.analytics.anomalies.queries import judged_through, stored_anomalies, stored_events
from sophia.analytics.anomalies.schemas import AnomaliesQuery, AnomalyLine, ClientAnomalies, PortfolioEvents
from sophia.analytics.anomalies.sentences import say_anomaly
from sophia.analytics.anomalies.shared_events import shared_events
from sophia.analytics.figures.requests import ClientId, requested_dates
from sophia.analytics.readings.permissions import read_client
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

router = APIRouter(responses=documented(404))
portfolio = APIRouter()
DAYS = 90


@router.get("/{client_id}/anomalies")
def anomalies(context: ReadContext, client_id: ClientId, query: Annotated[AnomaliesQuery, Query()]) -> ClientAnomalies:
    """Return the client's unusual days with their values and expected ranges; Sophia judges new days every morning."""
    window = _window(context, query)
    with read_client(context, client_id) as session:
        records = stored_anomalies(session, client_id, window=window, only_open=query.open)
        through = judged_through(session, client_id)
        annotations = list_annotations(session, [client_id], window=window)
    lines = (
        AnomalyLine(record, say_anomaly(record, record.kind, record.metric, record.platform)) for record in records
    )
    return ClientAnomalies(
        client_id, window, through, tuple(lines), visible_annotations(context.allowed_clients, annotations)
    )


@portfolio.get("/portfolio/events")
def events(context: ReadContext, query: Annotated[AnomaliesQuery, Query()]) -> PortfolioEvents:
    """Return the days on which most accounts of a platform moved alike, with their numbers of accounts and their ends."""
    window = _window(context, query)
    with context.database.read() as session:
        events_by_date = shared_events(stored_events(session, window=window, only_open=query.open))
        annotations = list_annotations(session, [], window=window)
    return PortfolioEvents(window, events_by_date[::-1], visible_annotations(context.allowed_clients, annotations))


def _window(context: RequestContext, query: AnomaliesQuery) -> DateRange | None:
    """Return the requested days, by default the last 90; None, for all days, when only open anomalies are requested."""
    window = requested_dates(query)
    if window is not None or query.open:
        return window
    today = reporting_day(context.now)
    return DateRange(today - timedelta(days=DAYS), today + ONE_DAY)
