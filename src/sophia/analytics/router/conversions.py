"""What people did on the way to a sale, as others report it to us."""

import uuid
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Response

from sophia.access.problems import documented
from sophia.access.web import Visited
from sophia.analytics import queries, schemas, store
from sophia.analytics.router.clients import ClientId

router = APIRouter(responses=documented(400, 404, 409, 413))

EARLIEST_EVENT = date(2004, 1, 1)
IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Your own name for this event; sending it again under the same name records nothing twice.",
    ),
]


@router.post(
    "/{client_id}/conversion",
    status_code=201,
    response_model=schemas.ConversionAnswer,
    responses={200: {"model": schemas.ConversionAnswer, "description": "It had been recorded under this key before."}},
)
def record_conversion(
    who: Visited,
    client_id: ClientId,
    conversion: schemas.NewConversion,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> schemas.ConversionAnswer:
    """Record a conversion. It is committed before the answer leaves (J1)."""
    # Somewhere on earth it is tomorrow already.
    schemas.expect_event_date(conversion.event_date, EARLIEST_EVENT, who.now.date() + timedelta(days=1))
    event = store.Conversion(
        event_type=conversion.event_type,
        source=conversion.source,
        event_date=conversion.event_date,
        details=conversion.details,
        revenue_amount=conversion.revenue_amount,
        currency=conversion.currency,
        content_draft_id=conversion.content_draft_id,
    )
    with who.database.write() as session:
        queries.expect_client(session, who.seen, client_id)
        recorded = store.record_conversion(session, client_id, event, idempotency_key or str(uuid.uuid4()), who.now)
    if recorded.duplicate:
        response.status_code = 200
    return schemas.ConversionAnswer(id=recorded.id, status="duplicate" if recorded.duplicate else "recorded")
