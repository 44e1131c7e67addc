"""Reads a client's campaigns with their drafts, totals and revenue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any, TypeVar

from pydantic import Field
from sqlalchemy import ColumnElement, Row, Select, Subquery, func, select
from sqlalchemy.orm import Session, aliased

from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.campaigns.totals import (
    CampaignFacts,
    CampaignStatus,
    CampaignTotals,
    campaign_events,
    campaign_status,
    campaign_totals,
)
from sophia.analytics.conversions.commerce import revenue_by_currency
from sophia.analytics.conversions.counted import conversion_fact, counted_conversions
from sophia.analytics.conversions.event_types import SALES
from sophia.analytics.conversions.queries import client_today
from sophia.analytics.figures.facts import ConversionFact, PostFacts
from sophia.analytics.figures.figures import Figure, Number, total
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.database.records import as_record
from sophia.meta.catalogue.canonical import CANONICAL
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform
from sophia.meta.reporting_zone import day_start
from sophia.portfolio.models import Account, Post


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A campaign with its drafts and results. Both dates are included; an `end_date` of null means no end."""

    id: int
    name: str
    slug: str
    content_pillar: str | None
    start_date: date
    end_date: date | None
    status: CampaignStatus
    draft_ids: list[int]
    is_automatic: Annotated[bool, Field(description="Made from a content pillar and a month.")]
    totals: CampaignTotals
    events: Annotated[
        dict[str, int], Field(description="Events of its drafts, or without a draft and with its tag, by type.")
    ]
    revenue: Annotated[tuple[Figure, ...], Field(description="Net of refunds, one figure for each currency.")]


def list_campaigns(
    session: Session, client_id: int, now: datetime, campaign_id: int | None = None
) -> list[CampaignRecord]:
    """Return a client's campaigns, newest first, or one of them. Makes six queries for any number of campaigns (J9).

    The status follows from the dates on the client's own calendar (G13, G14).
    """
    today = client_today(session, client_id, now)
    drafts = _drafts(session, client_id)
    posts = _by_draft(_posts(session, client_id))
    sales = _by_draft(_sales(session, client_id))
    event_counts = _event_counts(session, client_id)
    selected = Campaign.client_id == client_id
    if campaign_id is not None:
        selected &= Campaign.id == campaign_id
    rows = session.scalars(select(Campaign).where(selected).order_by(Campaign.start_date.desc(), Campaign.id.desc()))
    campaigns = []
    for row in rows:
        draft_ids = drafts.get(row.id, [])
        facts = CampaignFacts(row.id, row.start_date, row.end_date, frozenset(draft_ids))
        campaign_posts = [post for draft_id in draft_ids for post in posts.get(draft_id, [])]
        campaign_sales = campaign_events(
            facts, [sale for draft_id in (*draft_ids, None) for sale in sales.get(draft_id, [])]
        )
        campaigns.append(
            as_record(
                CampaignRecord,
                row,
                status=campaign_status(facts, today),
                draft_ids=draft_ids,
                totals=campaign_totals(facts, campaign_posts, campaign_sales),
                events=event_counts.get(row.id, {}),
                revenue=revenue_by_currency(campaign_sales),
            )
        )
    return campaigns


Fact = TypeVar("Fact", PostFacts, ConversionFact)


def _by_draft(facts: Iterable[Fact]) -> dict[int | None, list[Fact]]:
    by_draft: dict[int | None, list[Fact]] = {}
    for fact in facts:
        by_draft.setdefault(fact.draft_id, []).append(fact)
    return by_draft


def _drafts(session: Session, client_id: int) -> dict[int, list[int]]:
    members = (
        select(CampaignMembership.campaign_id, CampaignMembership.draft_id)
        .join(Campaign, Campaign.id == CampaignMembership.campaign_id)
        .where(Campaign.client_id == client_id)
        .order_by(CampaignMembership.draft_id)
    )
    drafts: dict[int, list[int]] = {}
    for campaign_id, draft_id in session.execute(members):
        drafts.setdefault(campaign_id, []).append(draft_id)
    return drafts


def _members(client_id: int) -> Select[int]:
    """Return the query for the drafts in any campaign of the client."""
    members: Select[int] = (
        select(CampaignMembership.draft_id)
        .join(Campaign, Campaign.id == CampaignMembership.campaign_id)
        .where(Campaign.client_id == client_id)
    )
    return members


def _posts(session: Session, client_id: int) -> list[PostFacts]:
    """Return the posts of drafts in campaigns, each with the last reading of every counter, never a sum of readings (A2)."""
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
    """Return the facts of a post from its rows, one for each counter. A post without counters has one row without a metric."""
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
        values=_canonical_values(platform, kind, counters),
        draft_id=first.draft_id,
    )


def _canonical_values(platform: Platform, kind: ObjectKind, counters: Mapping[str, Number]) -> dict[str, Number]:
    """Return the canonical metrics of a post. A sum of several counters needs all of them."""
    values: dict[str, Number] = {}
    for canonical in CANONICAL:
        names = reads(platform, Level.POST, canonical, kind)
        value = total(counters[name] for name in names) if all(name in counters for name in names) else None
        if value is not None:
            values[canonical] = value
    return values


def _sales(session: Session, client_id: int) -> list[ConversionFact]:
    """Return sales and refunds of drafts in campaigns, and those without a draft whose tag names a campaign."""
    event = counted_conversions()
    rows = session.execute(
        select(event, Campaign.id.label("campaign_id"))
        .outerjoin(Campaign, _names_campaign(event))
        .where(
            event.c.client_id == client_id,
            event.c.event_type.in_(SALES),
            event.c.content_draft_id.in_(_members(client_id)) | Campaign.id.is_not(None),
        )
    )
    return [replace(conversion_fact(row), campaign_id=row.campaign_id) for row in rows]


def _names_campaign(event: Subquery) -> ColumnElement[bool]:
    """Return the condition that an event has no draft and its tag is the slug of a campaign of its client.

    An event with a draft never counts by its tag. Otherwise it could count in two campaigns.
    """
    return (
        event.c.content_draft_id.is_(None)
        & (Campaign.client_id == event.c.client_id)
        & (Campaign.slug == func.lower(event.c.utm_campaign))
    )


def _event_counts(session: Session, client_id: int) -> dict[int, dict[str, int]]:
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
    counts: dict[int, dict[str, int]] = {}
    for row_campaign_id, row_event_type, count in rows:
        counts.setdefault(row_campaign_id, {})[row_event_type] = count
    return counts
