"""Reads conversions, decisions on drafts, and costs of clients, as they were known at a time."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Subquery, and_, or_, select, true
from sqlalchemy.orm import Session

from sophia.analytics.conversions.costs import cost_facts
from sophia.analytics.conversions.counted import conversion_fact, counted_conversions
from sophia.analytics.conversions.event_types import CONVERSION
from sophia.analytics.figures.facts import ApprovalFact, ConversionFact, CostFact
from sophia.analytics.kpis.approvals import DECISIONS
from sophia.database.statements import among
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start
from sophia.portfolio.models import ApprovalEvent, ContentDraft


@dataclass(frozen=True, slots=True)
class ClientEvents:
    """The recorded events of a client.

    `purchases` are all conversions of the customers who bought in these days, of any age; `approvals` is the whole history
    of the drafts decided in these days.
    """

    conversions: Sequence[ConversionFact] = ()
    purchases: Sequence[ConversionFact] = ()
    approvals: Sequence[ApprovalFact] = ()
    costs: Sequence[CostFact] = ()


def client_events(
    session: Session, clients: Collection[int], windows: Collection[DateRange], as_of: datetime | None
) -> dict[int, ClientEvents]:
    """Return {client: its events in these windows}, with four queries for any number of clients and windows."""
    event = counted_conversions(as_of)
    on_days = or_(*(event.c.event_date.between(window.start, window.end - ONE_DAY) for window in windows))
    conversions = _conversions(session, clients, event, on_days)
    customers = {
        conversion.customer
        for client_conversions in conversions.values()
        for conversion in client_conversions
        if conversion.event_type == CONVERSION
    }
    bought = and_(
        event.c.event_type == CONVERSION,
        among(event.c.customer_key, sorted(customer for customer in customers if customer is not None)),
    )
    purchases = _conversions(session, clients, event, bought)
    approvals = _approvals(session, clients, windows, as_of)
    costs = cost_facts(session, clients, windows, as_of)
    return {
        client: ClientEvents(
            conversions.get(client, ()), purchases.get(client, ()), approvals.get(client, ()), costs.get(client, ())
        )
        for client in clients
    }


def _conversions(
    session: Session, clients: Collection[int], event: Subquery, condition: ColumnElement[bool]
) -> dict[int, list[ConversionFact]]:
    rows = session.execute(select(event).where(among(event.c.client_id, clients), condition).order_by(event.c.event_id))
    facts: dict[int, list[ConversionFact]] = defaultdict(list)
    for row in rows:
        facts[row.client_id].append(conversion_fact(row))
    return facts


def _approvals(
    session: Session, clients: Collection[int], windows: Collection[DateRange], as_of: datetime | None
) -> dict[int, list[ApprovalFact]]:
    event = ApprovalEvent
    # A day in the client's zone begins up to a day earlier or later than in Meta's.
    moments = or_(
        *(
            and_(
                event.happened_at >= day_start(window.start - ONE_DAY),
                event.happened_at < day_start(window.end + ONE_DAY),
            )
            for window in windows
        )
    )
    happened = true() if as_of is None else event.happened_at <= as_of
    decided = select(event.draft_id).where(event.kind.in_(DECISIONS), moments, happened)
    rows = session.execute(
        select(ContentDraft.client_id, event.id, event.draft_id, event.kind, event.happened_at)
        .join(ContentDraft, ContentDraft.id == event.draft_id)
        .where(among(ContentDraft.client_id, clients), event.draft_id.in_(decided), happened)
        .order_by(event.id)
    )
    facts: dict[int, list[ApprovalFact]] = defaultdict(list)
    for client, number, draft, kind, moment in rows:
        facts[client].append(ApprovalFact(number, draft, kind, moment))
    return facts
