"""Composes the text that is published: the draft's copy with tagged links. The stored draft does not change."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.campaigns.store import add_drafts, campaign_of_month, slug_of_month
from sophia.analytics.utm.addresses import Untagged
from sophia.analytics.utm.tagging import TaggedCopy, copy_length, tag_copy
from sophia.errors import InvalidInputError
from sophia.portfolio.models import Client, ContentDraft

# Links of drafts that belong to no campaign and no pillar.
NO_CAMPAIGN = "none"


class CaptionTooLongError(InvalidInputError):
    """The text is longer than the platform accepts; the message says by how much."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The text to publish, and the id of the stored campaign that its links name, if there is one."""

    tagged: TaggedCopy
    campaign_id: int | None


@dataclass(frozen=True, slots=True)
class LinkPreview:
    """A link of a draft as written and as published. `untagged` is the reason why it has no tags, `note` what to do."""

    original: str
    tagged: str
    untagged: Untagged | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A draft's text as it would be published now. `length`, `limit` and `overflow` are in UTF-16 units."""

    draft_id: int
    text: str
    length: int
    limit: int
    overflow: int
    links: tuple[LinkPreview, ...]


def preview(session: Session, draft_id: int, moment: datetime) -> Preview:
    """Return the text that would be published at `moment`, even when it is too long. The caller checks the draft's client."""
    tagged = tag_links(session, session.get_one(ContentDraft, draft_id), moment).tagged
    links = tuple(
        LinkPreview(link.original, link.tagged, link.untagged, link.untagged and link.untagged.note)
        for link in tagged.links
    )
    return Preview(draft_id, tagged.text, tagged.length, tagged.limit, tagged.overflow, links)


def compose(session: Session, draft: ContentDraft, moment: datetime) -> Composed:
    """Return the draft's copy with its links tagged (see `tag_links`). Raises CaptionTooLongError."""
    composed = tag_links(session, draft, moment)
    tagged = composed.tagged
    if tagged.overflow:
        added = tagged.length - copy_length(draft.copy)
        raise CaptionTooLongError(
            f"The text of draft {draft.id} has {tagged.length:,} characters as published, {added:,} of them tags in its "
            f"links; {draft.platform.title()} accepts {tagged.limit:,}. Shorten it by {tagged.overflow:,}."
        )
    return composed


def tag_links(session: Session, draft: ContentDraft, moment: datetime) -> Composed:
    """Return the draft's copy with tags on links to its client's domains, whatever its length.

    `utm_campaign` is the slug of the draft's campaign. Of several campaigns, those created by hand come first, then the
    latest start. Without a campaign it is the slug of the draft's pillar and month, which `join_month` assigns at `moment`.
    """
    client = session.get_one(Client, draft.client_id)
    campaign = campaign_of(session, draft.id)
    slug = campaign.slug if campaign else NO_CAMPAIGN
    if campaign is None and draft.content_pillar:
        slug = slug_of_month(session, client.id, draft.content_pillar, day_of(client, moment))
    tagged = tag_copy(draft.copy, draft.platform, slug, draft.id, domains=client.domains)
    return Composed(tagged, campaign.id if campaign else None)


def join_month(session: Session, draft: ContentDraft, now: datetime) -> None:
    """Add a draft that is published now without a campaign to the campaign of its pillar and month, which its links name."""
    if draft.content_pillar and campaign_of(session, draft.id) is None:
        day = day_of(session.get_one(Client, draft.client_id), now)
        campaign = campaign_of_month(session, draft.client_id, draft.content_pillar, day, now)
        add_drafts(session, draft.client_id, campaign.id, [draft.id])


def day_of(client: Client, moment: datetime) -> date:
    return moment.astimezone(ZoneInfo(client.timezone)).date()


def campaign_of(session: Session, draft_id: int) -> Campaign | None:
    query = (
        select(Campaign)
        .join(CampaignMembership, CampaignMembership.campaign_id == Campaign.id)
        .where(CampaignMembership.draft_id == draft_id)
        # Campaigns that a person chose come before those of a pillar and month.
        .order_by(Campaign.grouping_key.is_not(None), Campaign.start_date.desc(), Campaign.id.desc())
    )
    return session.scalars(query.limit(1)).first()
