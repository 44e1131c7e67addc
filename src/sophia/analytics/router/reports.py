"""Reports of clients, the brief of the portfolio, and the weeks that were kept."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from sophia.access.problems import documented
from sophia.access.web import Visited
from sophia.analytics import queries
from sophia.analytics.measures.figures import Window
from sophia.analytics.measures.trends import a_year_before, newest_weeks, trend
from sophia.analytics.queries.snapshots import WeekSnapshot, client_snapshots
from sophia.analytics.queries.told import notes, told_to
from sophia.analytics.report import make_brief, make_report
from sophia.analytics.router.clients import ClientId
from sophia.analytics.schemas import briefs
from sophia.analytics.schemas import reports as shapes
from sophia.analytics.schemas.asking import ReportQuery
from sophia.errors import NotFoundError
from sophia.meta.reporting_zone import reporting_day

router = APIRouter(responses=documented(404))
portfolio = APIRouter()


@portfolio.get("/portfolio/brief", response_model=briefs.BriefAnswer)
def brief(who: Visited, asked: Annotated[ReportQuery, Query()]) -> briefs.BriefAnswer:
    """Every active client that the key may see: coral, amber, sage, or no data, with the reasons, by need;
    with `as_of` as it was, but for what is known of today only.
    """
    found = make_brief(who.database, who.seen, who.now, asked.window_at(asked.as_of or who.now), as_of=asked.as_of)
    shown = replace(found, annotations=told_to(who.seen, found.annotations))
    return briefs.BriefAnswer.model_validate(shown)


@router.get("/{client_id}/report", response_model=shapes.ReportAnswer)
def report(who: Visited, client_id: ClientId, asked: Annotated[ReportQuery, Query()]) -> shapes.ReportAnswer:
    """Everything that can be said of a client's window; with `as_of` exactly what could be said at that moment."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
    found = make_report(who.database, client_id, asked.window_at(asked.as_of or who.now), who.now, as_of=asked.as_of)
    return shapes.report_answer(replace(found, annotations=told_to(who.seen, found.annotations)))


@router.get("/{client_id}/kpis", response_model=briefs.WeeksAnswer)
def kpis(who: Visited, client_id: ClientId, asked: Annotated[briefs.WeeksQuery, Query()]) -> briefs.WeeksAnswer:
    """The newest closed weeks that were kept, oldest first, of the client or of one account, and their trends."""
    today = reporting_day(who.now)
    weeks = newest_weeks(today, asked.weeks)
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        if asked.account_id is not None and asked.account_id not in queries.account_ids(session, client_id):
            raise NotFoundError(f"Client {client_id} has no account {asked.account_id}.")
        wanted = (a_year_before(weeks[-1]), weeks[0].previous, *weeks)
        found = client_snapshots(session, client_id, wanted, account_id=asked.account_id)
        told = told_to(who.seen, notes(session, [client_id], window=Window(weeks[0].start, weeks[-1].end)))
    names = sorted({name for one in found for name in one.kpis})
    shown: list[WeekSnapshot] = [one for one in found if one.week in weeks]
    trends = {
        name: trend([(one.week.start, one.kpis[name]) for one in found if name in one.kpis], today, asked.weeks)
        for name in names
    }
    return briefs.WeeksAnswer.model_validate(
        {"client_id": client_id, "account_id": asked.account_id, "weeks": shown, "trends": trends}
        | {"annotations": told}
    )
