"""The invented agency's clients, with their drafts, campaigns and target audiences."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.audience.matching import AgeRange, TargetAudience
from sophia.analytics.audience.store import put_target_audience
from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.database.engine import Database
from sophia.demo.meta.world.objects import Business, Media, Post
from sophia.demo.meta.world.world import World
from sophia.portfolio.connecting import Connected, Offer, store_page
from sophia.portfolio.models import Account, Client, ContentDraft, PublishingQueueEntry
from sophia.portfolio.revising import set_industry
from sophia.vault import Vault

# The agency wrote one of so many posts in Sophia. The others were published elsewhere and are discovered.
POSTS_PER_DRAFT = 4
PILLARS = ("behind the scenes", "tips", "offers", "people")


def connect_clients(database: Database, vault: Vault, offer: Offer, world: World, now: datetime) -> list[Connected]:
    """Connect each Page and its Instagram account to their client."""
    connected: list[Connected] = []
    for business in world.businesses:
        accounts = offer.connections[business.page.id]
        connected += store_page(database, vault, accounts, business.name, business.timezone, now)
    with database.write() as session:
        for business in world.businesses:
            client = find_business(session, business)
            set_industry(session, client.id, business.industry, now)
            client.domains = [f"{business.slug}.example"]
    return connected


def find_business(session: Session, business: Business) -> Client:
    return session.scalars(select(Client).where(Client.name == business.name)).one()


def published_posts(world: World, account: Account, now: datetime) -> list[Post | Media]:
    """Return the posts of a stored account up to `now`, newest first."""
    external_id = account.external_id
    posts = world.posts(external_id) if account.platform == "facebook" else world.media(external_id)
    return [post for post in posts if post.created_at <= now]


def furnish(database: Database, world: World, now: datetime) -> None:
    """Add the clients' target audiences, campaigns, and the drafts of some posts, linked by Meta's id."""
    with database.write() as session:
        for business in world.businesses:
            client_id = find_business(session, business).id
            for target in target_audiences(business):
                put_target_audience(session, client_id, target, now)
            campaigns = add_campaigns(session, world, business, client_id, now)
            for account in session.scalars(select(Account).where(Account.client_id == client_id)):
                add_drafts(session, account, published_posts(world, account, now)[::POSTS_PER_DRAFT], campaigns)


def target_audiences(business: Business) -> Sequence[TargetAudience]:
    """Return a client's target audiences. Every third client has named none yet."""
    families = TargetAudience(name="young families", ages=AgeRange(25, 44), genders=("F",), countries=("CA", "DE"))
    travellers = TargetAudience(
        name="travellers", ages=AgeRange(35), countries=("PT", "BR"), places=("Lisbon", "Porto Alegre")
    )
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


def add_drafts(
    session: Session, account: Account, posts: Sequence[Post | Media], campaigns: Sequence[Campaign]
) -> None:
    """Add a draft for each post, its entry in the publishing queue, and its membership in campaigns."""
    drafts = [make_draft(account, post) for post in posts]
    session.add_all(drafts)
    session.flush()
    for draft, post in zip(drafts, posts, strict=True):
        session.add(
            PublishingQueueEntry(
                draft_id=draft.id,
                account_id=account.id,
                status="published",
                published_at=post.created_at,
                platform_post_id=post.id,
                created_at=post.created_at,
            )
        )
        for campaign in campaigns:
            if campaign.end_date and campaign.start_date <= post.created_at.date() <= campaign.end_date:
                session.add(CampaignMembership(campaign_id=campaign.id, draft_id=draft.id))


def make_draft(account: Account, post: Post | Media) -> ContentDraft:
    return ContentDraft(
        client_id=account.client_id,
        platform=account.platform,
        copy=post.message if isinstance(post, Post) else post.caption,
        image_prompt="A photograph of the day, natural light",
        image_ratio="4:5",
        content_pillar=PILLARS[post.serial % len(PILLARS)],
        status="published",
        created_at=post.created_at,
    )
