"""What the invented agency read and planned in the quarter before the demo begins."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from sophia.analytics.decisions.predictions import AGES, TOLERANCES
from sophia.analytics.decisions.store import NewDecision, record_decision
from sophia.analytics.readings.runs_store import RunOutcome, finish_run, start_run
from sophia.analytics.readings.writer import AccountWriter, Owner
from sophia.database import Database
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.noise import around_one, seed_of, unit
from sophia.demo.meta.world.objects import Media, Post
from sophia.demo.meta.world.pacific import days_between, pacific_day
from sophia.demo.meta.world.world import World
from sophia.meta.catalogue import Period, Platform
from sophia.meta.records import Batch, Reading, Source
from sophia.portfolio.models import Account, Client
from sophia.portfolio.models import Post as StoredPost

# So many clients have somebody who records what was decided and predicted.
PLANNERS = 3
REACH = {Platform.FACEBOOK: "post_total_media_view_unique", Platform.INSTAGRAM: "reach"}
PREDICTED = AGES["7d"]


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
            yield Batch(source, readings, [], [], [])


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
