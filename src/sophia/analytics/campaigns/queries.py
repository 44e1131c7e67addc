"""Campaigns of one client, the drafts in them, and what they came to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, Subquery, func, select
from sqlalchemy.orm import Session, aliased

from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.campaigns.totals import CampaignFacts, CampaignTotals, campaign_totals
from sophia.analytics.conversions.commerce import CONVERSION, REFUND, revenue_by_currency
from sophia.analytics.conversions.counted import conversion_fact, counted_conversions
from sophia.analytics.figures.facts import ConversionFact, PostFacts
from sophia.analytics.figures.figures import Figure, Number, total
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.meta.catalogue.canonical import CANONICAL
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform
from sophia.meta.reporting_zone import day_start
from sophia.portfolio.models import Account, Client, Post


@dataclass(frozen=True, slots=True)
class CampaignState:
    """A campaign; both days are included, and an `end_date` of None means that none is set.

    `events` counts what was credited to its drafts, or to none and names the campaign in its tag, by type; `revenue` is net of refunds, one figure for each currency.
    """

    id: int
    name: str
    slug: str
    content_pillar: str | None
    start_date: date
    end_date: date | None
    status: str
    draft_ids: list[int]
    is_automatic: bool
    totals: CampaignTotals
    events: dict[str, int]
    revenue: tuple[Figure, ...]


def list_campaigns(
    session: Session, client_id: int, now: datetime, campaign_id: int | None = None
) -> list[CampaignState]:
    """Newest first, or one of them alone. Six queries, however many there are (J9).

    The status is what the dates say on the client's own calendar (G13, G14).
    """
    zone = session.scalar(select(Client.timezone).where(Client.id == client_id))
    today = now.astimezone(ZoneInfo(zone or "UTC")).date()
    drafts = _drafts(session, client_id)
    posts = _by_draft(_posts(session, client_id))
    sales = _by_draft(_sales(session, client_id))
    counted = _counted(session, client_id)
    asked = Campaign.client_id == client_id
    if campaign_id is not None:
        asked &= Campaign.id == campaign_id
    rows = session.scalars(select(Campaign).where(asked).order_by(Campaign.start_date.desc(), Campaign.id.desc()))
    campaign_states = []
    for row in rows:
        mine = drafts.get(row.id, [])
        sold = [sale for draft in mine for sale in sales.get(draft, [])]
        sold += [one for one in sales.get(None, []) if one.campaign_id == row.id]
        facts = CampaignFacts(row.id, row.start_date, row.end_date, frozenset(mine))
        totals = campaign_totals(facts, [post for draft in mine for post in posts.get(draft, [])], sold, today)
        campaign_states.append(
            CampaignState(
                id=row.id,
                name=row.name,
                slug=row.slug,
                content_pillar=row.content_pillar,
                start_date=row.start_date,
                end_date=row.end_date,
                status=totals.status,
                draft_ids=mine,
                is_automatic=row.is_automatic,
                totals=totals,
                events=counted.get(row.id, {}),
                revenue=revenue_by_currency(sold),
            )
        )
    return campaign_states


Fact = TypeVar("Fact", PostFacts, ConversionFact)


def _by_draft(facts: Iterable[Fact]) -> dict[int | None, list[Fact]]:
    found: dict[int | None, list[Fact]] = {}
    for fact in facts:
        found.setdefault(fact.draft_id, []).append(fact)
    return found


def _drafts(session: Session, client_id: int) -> dict[int, list[int]]:
    members = (
        select(CampaignMembership.campaign_id, CampaignMembership.draft_id)
        .join(Campaign, Campaign.id == CampaignMembership.campaign_id)
        .where(Campaign.client_id == client_id)
        .order_by(CampaignMembership.draft_id)
    )
    found: dict[int, list[int]] = {}
    for campaign_id, draft_id in session.execute(members):
        found.setdefault(campaign_id, []).append(draft_id)
    return found


def _members(client_id: int) -> Select[int]:
    """The drafts that are in any campaign of the client."""
    members: Select[int] = (
        select(CampaignMembership.draft_id)
        .join(Campaign, Campaign.id == CampaignMembership.campaign_id)
        .where(Campaign.client_id == client_id)
    )
    return members


def _posts(session: Session, client_id: int) -> list[PostFacts]:
    """The client's posts of these drafts, each with the last snapshot of every counter: never a sum of snapshots (A2)."""
    reading = aliased(EngagementMetric)
    last = select(func.max(reading.metric_date)).where(reading.series_id == MetricSeries.id).scalar_subquery()
    counters = (
        select(
            MetricSeries.post_id,
            StoredMetric.metric_name,
            EngagementMetric.metric_date,
            EngagementMetric.metric_value,
        )
        .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
        .join(
            EngagementMetric,
            (EngagementMetric.series_id == MetricSeries.id) & (EngagementMetric.metric_date == last),
        )
        .where(StoredMetric.period == "lifetime", StoredMetric.breakdown == "", StoredMetric.level == Level.POST.value)
        .subquery()
    )
    rows = session.execute(
        select(
            Post.id,
            Post.account_id,
            Account.platform,
            Post.kind,
            Post.published_at,
            Post.draft_id,
            counters.c.metric_name,
            counters.c.metric_date,
            counters.c.metric_value,
        )
        .join(Account, Account.id == Post.account_id)
        .outerjoin(counters, counters.c.post_id == Post.id)
        .where(Account.client_id == client_id, Post.draft_id.in_(_members(client_id)))
        .order_by(Post.id)
    )
    return [_post_facts(list(group)) for _, group in groupby(rows, key=lambda row: row.id)]


def _post_facts(rows: Sequence[Row[Any]]) -> PostFacts:
    """One post of its counters, one row each; a post without any has one row without a metric."""
    first = rows[0]
    platform, kind = Platform(first.platform), ObjectKind(first.kind)
    counters = {row.metric_name: row.metric_value for row in rows if row.metric_name is not None}
    days = [row.metric_date for row in rows if row.metric_date is not None]
    return PostFacts(
        post_id=first.id,
        account_id=first.account_id,
        platform=platform,
        kind=kind,
        published_at=first.published_at,
        read_at=day_start(max(days) + timedelta(days=1)) if days else first.published_at,
        values=_by_meaning(platform, kind, counters),
        draft_id=first.draft_id,
    )


def _by_meaning(platform: Platform, kind: ObjectKind, counters: Mapping[str, Number]) -> dict[str, Number]:
    """Canonical metrics of a post; one that is made of several counters is known when all of them are."""
    found: dict[str, Number] = {}
    for canonical in CANONICAL:
        names = reads(platform, Level.POST, canonical, kind)
        value = total(counters[name] for name in names) if all(name in counters for name in names) else None
        if value is not None:
            found[canonical] = value
    return found


def _sales(session: Session, client_id: int) -> list[ConversionFact]:
    """Sales and refunds of drafts in campaigns, and those without a draft whose tag names a campaign."""
    event = counted_conversions()
    rows = session.execute(
        select(event, Campaign.id.label("campaign_id"))
        .outerjoin(Campaign, _names_campaign(event))
        .where(
            event.c.client_id == client_id,
            event.c.event_type.in_((CONVERSION, REFUND)),
            event.c.content_draft_id.in_(_members(client_id)) | Campaign.id.is_not(None),
        )
    )
    return [replace(conversion_fact(row), campaign_id=row.campaign_id) for row in rows]


def _names_campaign(event: Subquery) -> ColumnElement[bool]:
    """Whether an event is credited to no draft, and its tag is the slug of a campaign of its client.

    The draft decides where tag and draft disagree, so that no event counts by its draft in one campaign and by its tag in
    another.
    """
    return (
        event.c.content_draft_id.is_(None)
        & (Campaign.client_id == event.c.client_id)
        & (Campaign.slug == func.lower(event.c.utm_campaign))
    )


def _counted(session: Session, client_id: int) -> dict[int, dict[str, int]]:
    event = counted_conversions()
    by_draft = (
        select(CampaignMembership.campaign_id, event.c.event_type, event.c.event_id)
        .join(Campaign, Campaign.id == CampaignMembership.campaign_id)
        .join(event, event.c.content_draft_id == CampaignMembership.draft_id)
        .where(Campaign.client_id == client_id, event.c.client_id == client_id)
    )
    by_tag = (
        select(Campaign.id, event.c.event_type, event.c.event_id)
        .join(event, _names_campaign(event))
        .where(Campaign.client_id == client_id, event.c.client_id == client_id)
    )
    events = by_draft.union_all(by_tag).subquery()
    campaign_id, event_type = events.c.campaign_id, events.c.event_type
    rows = session.execute(
        select(campaign_id, event_type, func.count())
        .group_by(campaign_id, event_type)
        .order_by(campaign_id, event_type)
    )
    found: dict[int, dict[str, int]] = {}
    for number, name, count in rows:
        found.setdefault(number, {})[name] = count
    return found
