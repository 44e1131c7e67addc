"""What the watch over daily series has told: anomalies of one client, and events of the portfolio."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import ReadContext, RequestContext
from sophia.analytics.annotations.queries import notes, told_to
from sophia.analytics.anomalies.queries import judged_through, told_anomalies, told_events
from sophia.analytics.anomalies.schemas import AnomaliesAnswer, AnomaliesQuery, EventsAnswer
from sophia.analytics.anomalies.sentences import say_anomaly
from sophia.analytics.anomalies.shared_events import shared_events
from sophia.analytics.figures.requests import ClientId, requested_dates
from sophia.analytics.readings.permissions import expect_client
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

router = APIRouter(responses=documented(404))
portfolio = APIRouter()
DAYS = 90


@router.get("/{client_id}/anomalies")
def anomalies(context: ReadContext, client_id: ClientId, asked: Annotated[AnomaliesQuery, Query()]) -> AnomaliesAnswer:
    """What was unusual, since when, how much and against what was expected; judged every morning, open until it ends."""
    window = _window(context, asked)
    with context.database.read() as session:
        expect_client(session, context.allowed_clients, client_id)
        found = told_anomalies(session, client_id, window=window, only_open=asked.open)
        through = judged_through(session, client_id)
        told = told_to(context.allowed_clients, notes(session, [client_id], window=window))
    lines = [{"anomaly": one, "sentence": say_anomaly(one, one.kind, one.metric, one.platform)} for one in found]
    about = {"client_id": client_id, "window": window, "judged_through": through}
    return AnomaliesAnswer.model_validate(about | {"anomalies": lines, "annotations": told})


@portfolio.get("/portfolio/events")
def events(context: ReadContext, asked: Annotated[AnomaliesQuery, Query()]) -> EventsAnswer:
    """Days on which most accounts of a platform moved alike: how many, how much, since when and until when."""
    window = _window(context, asked)
    with context.database.read() as session:
        stand = [
            told_event
            for told_event in told_events(session, window=window, only_open=asked.open)
            if told_event.withdrawn_at is None
        ]
        found = shared_events(stand)[::-1]
        told = told_to(context.allowed_clients, notes(session, [], window=window))
    return EventsAnswer.model_validate({"window": window, "events": found, "annotations": told})


def _window(context: RequestContext, asked: AnomaliesQuery) -> DateRange | None:
    """The days that were asked for; without any the last 90, or all for what is open."""
    window = requested_dates(asked)
    if window is not None or asked.open:
        return window
    today = reporting_day(context.now)
    return DateRange(today - timedelta(days=DAYS), today + ONE_DAY)
