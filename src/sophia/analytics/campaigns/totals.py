"""Calculates a campaign's totals: counts are added over posts, reach has bounds only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sophia.analytics.conversions.commerce import distinct_events
from sophia.analytics.conversions.event_types import CONVERSION
from sophia.analytics.figures.facts import ConversionFact, PostFacts, newest
from sophia.analytics.figures.figures import Figure, FigureUnit, figure
from sophia.analytics.kpis.post_kpis import engagements_of, of_post, ratio_of_sums
from sophia.analytics.kpis.summaries import posts_total
from sophia.meta.catalogue.canonical import CANONICAL, MetricClass
from sophia.meta.catalogue.terms import ObjectKind


class CampaignStatus(StrEnum):
    """The status of a campaign, which follows from its dates (G14)."""

    PLANNED = "planned"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign's drafts and its dates in the client's zone, both included; an `end_date` of None means no end."""

    campaign_id: int
    start_date: date
    end_date: date | None
    draft_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class CampaignTotals:
    """A campaign's figures. `metrics` are those of its posts by canonical metric, each post by its newest reading.

    Reach has bounds and no sum.
    """

    drafts: int
    posts: int
    metrics: dict[str, Figure]
    engagement_rate_by_reach: Figure
    conversions: Figure


def campaign_status(campaign: CampaignFacts, today: date) -> CampaignStatus:
    """Return the status on `today` in the client's zone. The campaign includes its last day (G13)."""
    if today < campaign.start_date:
        return CampaignStatus.PLANNED
    if campaign.end_date is not None and today > campaign.end_date:
        return CampaignStatus.ENDED
    return CampaignStatus.ACTIVE


def campaign_events(campaign: CampaignFacts, events: Iterable[ConversionFact]) -> list[ConversionFact]:
    """Return the events of the campaign's drafts, and those without a draft whose tag names the campaign."""
    return [
        event
        for event in distinct_events(events)
        if event.draft_id in campaign.draft_ids
        or (event.draft_id is None and event.campaign_id == campaign.campaign_id)
    ]


def campaign_totals(
    campaign: CampaignFacts, posts: Iterable[PostFacts], events: Iterable[ConversionFact]
) -> CampaignTotals:
    """Return the totals of the campaign's posts and events; ignore posts and events of other drafts (A2, A5)."""
    campaign_posts = [post for post in newest(posts) if post.draft_id in campaign.draft_ids]
    sales = [event for event in campaign_events(campaign, events) if event.event_type == CONVERSION]
    names = sorted({name for post in campaign_posts for name in post.values} & set(CANONICAL))
    without_stories = [post for post in campaign_posts if post.kind is not ObjectKind.STORY]
    return CampaignTotals(
        drafts=len(campaign.draft_ids),
        posts=len(campaign_posts),
        metrics={
            name: posts_total(campaign_posts, name)
            for name in names
            if CANONICAL[name].metric_class is not MetricClass.LEVEL
        },
        engagement_rate_by_reach=ratio_of_sums(without_stories, engagements_of, of_post("reach")),
        conversions=figure(len(sales), FigureUnit.COUNT),
    )
