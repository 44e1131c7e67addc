"""The endpoint for forecasts of a client's KPIs."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from sophia.access.problems import documented
from sophia.access.web import ReadContext
from sophia.analytics.figures.requests import ClientId, Id, RequestModel
from sophia.analytics.forecasts.client_forecasts import LONGEST, SHORTEST, USUAL, ClientForecasts, client_forecasts
from sophia.analytics.readings.permissions import account_ids, read_client
from sophia.errors import NotFoundError

router = APIRouter(responses=documented(404))


class ForecastsQuery(RequestModel):
    """The number of coming weeks, and the account if not the whole client."""

    weeks: Annotated[int, Field(ge=SHORTEST, le=LONGEST)] = USUAL
    account_id: Id | None = None


@router.get("/{client_id}/forecasts")
def get_forecasts(
    context: ReadContext, client_id: ClientId, query: Annotated[ForecastsQuery, Query()]
) -> ClientForecasts:
    """Return what to expect in the next 4 to 12 weeks, with 80 % intervals; KPIs with fewer than ten weeks have a reason."""
    with read_client(context, client_id) as session:
        if query.account_id is not None and query.account_id not in account_ids(session, client_id):
            raise NotFoundError(f"Client {client_id} has no account {query.account_id}.")
        return client_forecasts(session, client_id, context.now, weeks=query.weeks, account_id=query.account_id)
