"""What a campaign came to: its posts' counts added, its people bounded, its conversions and their revenue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sophia.analytics.conversions.commerce import CONVERSION, each_event, net_revenue
from sophia.analytics.figures.facts import ConversionFact, PostFacts, newest
from sophia.analytics.figures.figures import Figure, FigureUnit, figure
from sophia.analytics.kpis.kpis import engagements_of, of_post, ratio_of_sums
from sophia.analytics.kpis.summaries import posts_total
from sophia.meta.catalogue.canonical import CANONICAL, MetricClass
from sophia.meta.catalogue.terms import ObjectKind


class CampaignStatus(StrEnum):
    """Where a campaign stands, by its dates alone (G14)."""

    PLANNED = "planned"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign's days, both included, in the client's zone (None: without an end), and its drafts."""

    campaign_id: int
    start_date: date
    end_date: date | None
    draft_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class CampaignTotals:
    """A campaign's figures; `metrics` are those of its posts by canonical metric, whenever they came in."""

    status: CampaignStatus
    drafts: int
    posts: int
    metrics: dict[str, Figure]
    engagement_rate_by_reach: Figure
    conversions: Figure
    revenue: Figure


def campaign_status(campaign: CampaignFacts, today: date) -> CampaignStatus:
    """On `today` in the client's zone; the last day still belongs to it (G13)."""
    if today < campaign.start_date:
        return CampaignStatus.PLANNED
    if campaign.end_date is not None and today > campaign.end_date:
        return CampaignStatus.ENDED
    return CampaignStatus.ACTIVE


def belongs(event: ConversionFact, campaign: CampaignFacts) -> bool:
    """Whether it is credited to a draft of the campaign, or to no draft at all and its tag names the campaign."""
    if event.draft_id is None:
        return event.campaign_id == campaign.campaign_id
    return event.draft_id in campaign.draft_ids


def campaign_totals(
    campaign: CampaignFacts, posts: Iterable[PostFacts], events: Iterable[ConversionFact], today: date
) -> CampaignTotals:
    """The totals of its drafts' posts and of what `belongs` to it; others that are given are left aside (A2, A5)."""
    mine = [post for post in newest(posts) if post.draft_id in campaign.draft_ids]
    sold = [one for one in each_event(events) if belongs(one, campaign)]
    names = sorted({name for post in mine for name in post.values} & set(CANONICAL))
    engaging = [post for post in mine if post.kind is not ObjectKind.STORY]
    return CampaignTotals(
        status=campaign_status(campaign, today),
        drafts=len(campaign.draft_ids),
        posts=len(mine),
        metrics={
            name: posts_total(mine, name) for name in names if CANONICAL[name].metric_class is not MetricClass.LEVEL
        },
        engagement_rate_by_reach=ratio_of_sums(engaging, engagements_of, of_post("reach")),
        conversions=figure(sum(one.event_type == CONVERSION for one in sold), FigureUnit.COUNT),
        revenue=net_revenue(sold),
    )
