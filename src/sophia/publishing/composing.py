"""What goes out: the copy with its links tagged, checked before anything is sent. The stored draft stays as written."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.models import Campaign, CampaignMembership
from sophia.analytics.utm import TaggedCopy, copy_length, slug_of, tag_copy
from sophia.errors import InvalidInputError
from sophia.portfolio.models import Client, ContentDraft

# Links of drafts that belong to no campaign and no pillar.
NO_CAMPAIGN = "none"


class CaptionTooLongError(InvalidInputError):
    """The platform takes no text of this length; the message says by how much it is too long."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A copy as it goes out, and the campaign that its links name, where it is one of ours."""

    tagged: TaggedCopy
    campaign_id: int | None


def compose(session: Session, draft: ContentDraft) -> Composed:
    """The draft's copy with links into its client's own domains tagged. Raises CaptionTooLongError.

    `utm_campaign` is the slug of the draft's campaign, of several the one that began last; else of its content pillar.
    """
    campaign = campaign_of(session, draft.id)
    slug = campaign.slug if campaign else slug_of(draft.content_pillar) if draft.content_pillar else NO_CAMPAIGN
    domains = session.get_one(Client, draft.client_id).domains
    tagged = tag_copy(draft.copy, draft.platform, slug, draft.id, domains=domains)
    if tagged.overflow:
        added = tagged.length - copy_length(draft.copy)
        raise CaptionTooLongError(
            f"The text of draft {draft.id} has {tagged.length:,} characters as it goes out, {added:,} of them tags in its "
            f"links; {draft.platform.title()} takes {tagged.limit:,}. Shorten it by {tagged.overflow:,}."
        )
    return Composed(tagged, campaign.id if campaign else None)


def campaign_of(session: Session, draft_id: int) -> Campaign | None:
    query = (
        select(Campaign)
        .join(CampaignMembership, CampaignMembership.campaign_id == Campaign.id)
        .where(CampaignMembership.draft_id == draft_id)
        .order_by(Campaign.start_date.desc(), Campaign.id.desc())
    )
    return session.scalars(query.limit(1)).first()
