"""The invented agency: its clients connected as real ones would be, with drafts that became posts, and campaigns.

Unlike the rest of this folder, which is Meta, this is a user of Sophia and knows its rooms.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sophia.analytics.audience.matching import AgeRange, TargetAudience
from sophia.analytics.audience.store import put_target_audience
from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.decisions.predictions import AGES, TOLERANCES
from sophia.analytics.decisions.requests import NewDecision
from sophia.analytics.decisions.store import record_decision
from sophia.analytics.readings.runs_store import RunOutcome, finish_run, start_run
from sophia.analytics.readings.writer import AccountWriter, Owner
from sophia.database.engine import Database
from sophia.demo.noise import around_one, seed_of, unit
from sophia.demo.objects import Business, Media, Post
from sophia.demo.pacific import days_between, pacific_day
from sophia.demo.truth import Truth
from sophia.demo.world import World
from sophia.meta.catalogue.terms import Period, Platform
from sophia.meta.records import Batch, Reading, Source
from sophia.portfolio.connecting import Connected, Offer, store_page
from sophia.portfolio.models import Account, Client, ContentDraft, PublishingQueueEntry
from sophia.portfolio.models import Post as StoredPost
from sophia.portfolio.revising import set_industry
from sophia.vault import Vault

# Every so many posts was written in Sophia; the others were published elsewhere and are discovered.
DRAFTED_EVERY = 4
# So many clients have somebody who records what was decided and predicted.
PLANNERS = 3
REACH = {Platform.FACEBOOK: "post_total_media_view_unique", Platform.INSTAGRAM: "reach"}
PREDICTED = AGES["7d"]
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
            for target in target_audiences(business):
                put_target_audience(session, client.id, target, now)
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


def target_audiences(business: Business) -> Sequence[TargetAudience]:
    """Return a client's target audiences; every third client has none."""
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


def remember(database: Database, world: World, truth: Truth, now: datetime) -> None:
    """Give some clients what a quarter of daily runs would have read, and decisions whose quality is known.

    Their planner sees the truth when choosing a format, is far off in research, and knows how sure to be of an angle.
    """
    large = [one for one in world.businesses if not one.page.is_small and not one.instagram.is_small]
    for business in large[:PLANNERS]:
        with database.read() as session:
            client = session.scalars(select(Client).where(Client.name == business.name)).one()
            accounts = session.scalars(select(Account).where(Account.client_id == client.id)).all()
            session.expunge_all()
        for account in accounts:
            platform = Platform(account.platform)
            listed: Sequence[Post | Media] = (
                world.posts(account.external_id) if platform is Platform.FACEBOOK else world.media(account.external_id)
            )
            posts = {post.id: post for post in listed if post.created_at <= now}
            read_daily(database, account, list(posts.values()), truth, now)
            record_plans(database, account, posts, truth, now)


def reach_at(truth: Truth, post: Post | Media, at: datetime) -> int:
    value = (
        truth.post_lifetime(post, REACH[Platform.FACEBOOK], at)
        if isinstance(post, Post)
        else (truth.media_lifetime(post, REACH[Platform.INSTAGRAM], at))
    )
    if not isinstance(value, int):
        raise TypeError("reach is a number of people")
    return value


def read_daily(
    database: Database, account: Account, posts: Sequence[Post | Media], truth: Truth, now: datetime
) -> None:
    """Store the reach that a run at 20:00 UTC would have found on each day, of posts that come to an age of outcomes."""
    batches = list(daily_batches(Platform(account.platform), posts, truth, now))
    if not batches:
        return
    began = batches[0].source.fetched_at
    with database.write() as session:
        run_id = start_run(session, account.id, "daily", batches[0].source.api_version, began)
    owner = Owner(account.id, account.client_id, Platform(account.platform))
    outcome = RunOutcome()
    outcome.saved = AccountWriter(database, owner, run_id, lambda: now, keep=False).save(batches)
    with database.write() as session:
        finish_run(session, run_id, outcome, batches[-1].source.fetched_at)


def daily_batches(platform: Platform, posts: Sequence[Post | Media], truth: Truth, now: datetime) -> Iterator[Batch]:
    first = min((post.created_at for post in posts), default=now)
    for day in days_between(pacific_day(first), pacific_day(now - timedelta(days=1))):
        at = datetime.combine(day, time(20), now.tzinfo)
        due = [
            post
            for post in posts
            if any(0 <= (after - (at - post.created_at)) / TOLERANCES[age] <= 1 for age, after in AGES.items())
        ]
        readings = [
            Reading(post.id, REACH[platform], Period.LIFETIME, "", pacific_day(at), reach_at(truth, post, at))
            for post in due
        ]
        if readings:
            source = Source("daily", "what an earlier daily run read", at, "v22.0", b"")
            yield Batch(readings, [], [], [], source)


def record_plans(
    database: Database, account: Account, posts: dict[str, Post | Media], truth: Truth, now: datetime
) -> None:
    """What was decided the day before each drafted post went out."""
    with database.write() as session:
        rows = session.execute(
            select(StoredPost.platform_post_id, StoredPost.draft_id).where(
                StoredPost.account_id == account.id, StoredPost.draft_id.is_not(None)
            )
        )
        for name, draft in rows.all():
            post = posts[name]
            reach = reach_at(truth, post, post.created_at + PREDICTED)
            for decision in plans(post, draft, reach):
                record_decision(session, account.client_id, decision, f"demo-{decision.stage}-{draft}", now)


def plans(post: Post | Media, draft: int | None, reach: int) -> Iterator[NewDecision]:
    """A format whose reach is foreseen to a tenth, research that is off by a factor of six, an angle of 80 %."""
    seed = seed_of("plan", post.id)
    about: dict[str, Any] = {"draft_id": draft, "decided_at": post.created_at - timedelta(days=1)}
    middle = reach * around_one(seed, 0, 0.1)
    yield NewDecision(
        stage="research",
        decision="Follow what is talked about",
        rationale="Three accounts of the industry did well with it",
        evidence={"accounts looked at": 3},
        predicted={"reach": round(reach * 6 if unit(seed, 1) < 0.5 else reach / 6)},
        **about,
    )
    yield NewDecision(
        stage="angle",
        decision="Show the people behind it",
        alternatives_considered=["the price", "the place"],
        predicted={"reach": {"at_least": round(reach * (0.9 if unit(seed, 2) < 0.8 else 1.2)), "probability": 0.8}},
        **about,
    )
    yield NewDecision(
        stage="format",
        decision=f"A {post.kind if isinstance(post, Post) else post.media_type.lower()}",
        predicted={"reach": {"q10": round(middle * 0.8), "q50": round(middle), "q90": round(middle * 1.2)}},
        confidence=0.6,
        **about,
    )
