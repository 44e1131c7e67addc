"""What the watch over daily series has told: anomalies of one client, and events of the portfolio."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext
from sophia.analytics.annotations.queries import list_annotations, visible_annotations
from sophia.analytics.anomalies.queries import judged_through, told_anomalies, told_events
from sophia.analytics.anomalies.schemas import AnomaliesAnswer, AnomaliesQuery, EventsAnswer
from sophia.analytics.anomalies.sentences import say_anomaly
from sophia.analytics.anomalies.shared_events import shared_events
from sophia.analytics.figures.figures import ONE_DAY, DateRange
from sophia.analytics.figures.requests import ClientId, requested_dates
from sophia.analytics.readings.permissions import expect_client
from sophia.meta.reporting_zone import reporting_day

router = APIRouter(responses=documented(404))
portfolio = APIRouter()
DAYS = 90


@router.get("/{client_id}/anomalies")
def anomalies(context: ReadContext, client_id: ClientId, query: Annotated[AnomaliesQuery, Query()]) -> AnomaliesAnswer:
    """What was unusual, since when, how much and against what was expected; judged every morning, open until it ends."""
    window = _window(context, query)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        stored_anomalies = told_anomalies(session, client_id, window=window, only_open=query.open)
        through = judged_through(session, client_id)
        annotations = visible_annotations(
            context.allowed_clients, list_annotations(session, [client_id], window=window)
        )
    lines = [
        {"anomaly": anomaly, "sentence": say_anomaly(anomaly, anomaly.kind, anomaly.metric, anomaly.platform)}
        for anomaly in stored_anomalies
    ]
    about = {"client_id": client_id, "window": window, "judged_through": through}
    return AnomaliesAnswer.model_validate(about | {"anomalies": lines, "annotations": annotations})


@portfolio.get("/portfolio/events")
def events(context: ReadContext, query: Annotated[AnomaliesQuery, Query()]) -> EventsAnswer:
    """Days on which most accounts of a platform moved alike: how many, how much, since when and until when."""
    window = _window(context, query)
    with context.database.read() as session:
        stand = [
            told_event
            for told_event in told_events(session, window=window, only_open=query.open)
            if told_event.withdrawn_at is None
        ]
        events_by_date = shared_events(stand)[::-1]
        annotations = visible_annotations(context.allowed_clients, list_annotations(session, [], window=window))
    return EventsAnswer.model_validate({"window": window, "events": events_by_date, "annotations": annotations})


def _window(context: RequestContext, query: AnomaliesQuery) -> DateRange | None:
    """The days that were asked for; without any the last 90, or all for what is open."""
    window = requested_dates(query)
    if window is not None or query.open:
        return window
    today = reporting_day(context.now)
    return DateRange(today - timedelta(days=DAYS), today + ONE_DAY)
