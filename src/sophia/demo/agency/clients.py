"""The clients of the invented agency, with drafts that became posts, and campaigns."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.audience.fit import Profile
from sophia.analytics.audience.store import put_ideal_customer
from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.database import Database
from sophia.demo.meta.world.objects import Business, Media, Post
from sophia.demo.meta.world.world import World
from sophia.portfolio.connecting import Connected, Offer, store_page
from sophia.portfolio.models import Account, Client, ContentDraft, PublishingQueueEntry
from sophia.portfolio.revising import set_industry
from sophia.vault import Vault

# Every so many posts was written in Sophia; the others were published elsewhere and are discovered.
DRAFTED_EVERY = 4
PILLARS = ("behind the scenes", "tips", "offers", "people")


def connect_clients(database: Database, vault: Vault, offer: Offer, world: World, now: datetime) -> list[Connected]:
    """Give each Page, with its Instagram account, to the client that it belongs to."""
    done: list[Connected] = []
    for business in world.businesses:
        accounts = offer.connections[business.page.id]
        done += store_page(database, vault, accounts, business.name, business.timezone, now)
    with database.write() as session:
        for business in world.businesses:
            client = session.scalars(select(Client).where(Client.name == business.name)).one()
            set_industry(session, client.id, business.industry, now)
            client.domains = [f"{business.slug}.example"]
    return done


def furnish(database: Database, world: World, now: datetime) -> None:
    """Drafts for some of each account's posts, linked by Meta's id, the campaigns that they belong to, and whom clients
    want to reach.
    """
    with database.write() as session:
        for business in world.businesses:
            client = session.scalars(select(Client).where(Client.name == business.name)).one()
            for profile in ideal_customers(business):
                put_ideal_customer(session, client.id, profile, now)
            campaigns = add_campaigns(session, world, business, client.id, now)
            for account in session.scalars(select(Account).where(Account.client_id == client.id)):
                listed: Sequence[Post | Media] = (
                    world.posts(account.external_id)
                    if account.platform == "facebook"
                    else world.media(account.external_id)
                )
                for post in [one for one in listed if one.created_at <= now][::DRAFTED_EVERY]:
                    draft = add_draft(session, account, post)
                    for campaign in campaigns:
                        if campaign.end_date and campaign.start_date <= post.created_at.date() <= campaign.end_date:
                            session.add(CampaignMembership(campaign_id=campaign.id, draft_id=draft.id))


def ideal_customers(business: Business) -> Sequence[Profile]:
    """Whom a client wants to reach; every third one has not said so yet."""
    families = Profile(name="young families", ages=(25, 44), genders=("F",), countries=("CA", "DE"))
    travellers = Profile(name="travellers", ages=(35, None), countries=("PT", "BR"), places=("Lisbon", "Porto Alegre"))
    return ((families,), (families, travellers), ())[business.number % 3]


def add_campaigns(
    session: Session, world: World, business: Business, client_id: int, now: datetime
) -> Sequence[Campaign]:
    rows = [
        Campaign(
            client_id=client_id,
            name=campaign.name,
            slug=campaign.slug,
            start_date=campaign.first_day,
            end_date=campaign.last_day,
            created_at=now,
        )
        for campaign in world.campaigns
        if campaign.business_number == business.number
    ]
    session.add_all(rows)
    session.flush()
    return rows


def add_draft(session: Session, account: Account, post: Post | Media) -> ContentDraft:
    """A draft that went through the publishing queue and became this post."""
    draft = ContentDraft(
        client_id=account.client_id,
        platform=account.platform,
        copy=post.message if isinstance(post, Post) else post.caption,
        image_prompt="A photograph of the day, natural light",
        image_ratio="4:5",
        content_pillar=PILLARS[post.serial % len(PILLARS)],
        status="published",
        created_at=post.created_at,
    )
    session.add(draft)
    session.flush()
    entry = PublishingQueueEntry(
        draft_id=draft.id,
        account_id=account.id,
        status="published",
        published_at=post.created_at,
        platform_post_id=post.id,
        created_at=post.created_at,
    )
    session.add(entry)
    return draft
