"""What the invented agency collected and decided in the quarter before the demo begins."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from sophia.analytics.decisions.predictions import TOLERANCES
from sophia.analytics.decisions.requests import NewDecision
from sophia.analytics.decisions.store import record_decision
from sophia.analytics.figures.ages import AGES
from sophia.analytics.readings.runs_store import RunOutcome, finish_run, start_run
from sophia.analytics.readings.writer import AccountWriter, Owner
from sophia.database.engine import Database
from sophia.demo.agency.clients import find_business, published_posts
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.noise import around_one, seed_of, unit
from sophia.demo.meta.world.objects import Media, Post
from sophia.demo.meta.world.pacific import days_between, pacific_day
from sophia.demo.meta.world.world import World
from sophia.meta.catalogue.terms import Period, Platform
from sophia.meta.records import Batch, Reading, Source
from sophia.portfolio.models import Account
from sophia.portfolio.models import Post as StoredPost

# So many clients record what they decided and predicted.
PLANNERS = 3
REACH = {Platform.FACEBOOK: "post_total_media_view_unique", Platform.INSTAGRAM: "reach"}


def remember(database: Database, world: World, truth: Truth, now: datetime) -> None:
    """Store a quarter of daily readings and decisions for some clients.

    The decisions of the format predict well, those of the research badly, and those of the angle with a known
    certainty.
    """
    large = [
        business for business in world.businesses if not business.page.is_small and not business.instagram.is_small
    ]
    for business in large[:PLANNERS]:
        with database.read() as session:
            client_id = find_business(session, business).id
            accounts = session.scalars(select(Account).where(Account.client_id == client_id)).all()
            session.expunge_all()
        for account in accounts:
            posts = published_posts(world, account, now)
            read_daily(database, account, posts, truth, now)
            record_decisions(database, account, {post.id: post for post in posts}, truth, now)


def reach_at(truth: Truth, post: Post | Media, moment: datetime) -> int:
    figures = truth.post_figures(post, moment) if isinstance(post, Post) else truth.media_figures(post, moment)
    return figures.reach


def read_daily(
    database: Database, account: Account, posts: Sequence[Post | Media], truth: Truth, now: datetime
) -> None:
    """Store the reach that a daily run at 20:00 UTC would have read of posts at the ages at which they are judged."""
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
    yesterday = pacific_day(now) - timedelta(days=1)
    readings_by_moment: dict[datetime, list[Reading]] = defaultdict(list)
    for post in posts:
        for moment in judging_moments(post):
            if moment.date() <= yesterday:
                reading = Reading(
                    post.id, REACH[platform], Period.LIFETIME, "", pacific_day(moment), reach_at(truth, post, moment)
                )
                readings_by_moment[moment].append(reading)
    for moment, readings in sorted(readings_by_moment.items()):
        source = Source("daily", "what an earlier daily run read", moment, "v22.0", b"")
        yield Batch(readings, [], [], [], source)


def judging_moments(post: Post | Media) -> set[datetime]:
    """Return the moments at 20:00 UTC at which the post has nearly reached an age at which outcomes are taken."""
    moments = set()
    for age, after in AGES.items():
        end = post.created_at + after
        for day in days_between((end - TOLERANCES[age]).date(), end.date()):
            moment = datetime.combine(day, time(20), end.tzinfo)
            if end - TOLERANCES[age] <= moment <= end:
                moments.add(moment)
    return moments


def record_decisions(
    database: Database, account: Account, posts: dict[str, Post | Media], truth: Truth, now: datetime
) -> None:
    """Record what was decided the day before each drafted post was published."""
    with database.write() as session:
        rows = session.execute(
            select(StoredPost.platform_post_id, StoredPost.draft_id).where(
                StoredPost.account_id == account.id, StoredPost.draft_id.is_not(None)
            )
        )
        for post_id, draft_id in rows.all():
            if post_id not in posts:  # published while the demo collects
                continue
            post = posts[post_id]
            reach = reach_at(truth, post, post.created_at + AGES["7d"])
            for decision in decisions_about(post, draft_id, reach):
                record_decision(session, account.client_id, decision, f"demo-{decision.stage}-{draft_id}", now)


def decisions_about(post: Post | Media, draft_id: int | None, reach: int) -> Iterator[NewDecision]:
    """Return three decisions about a post: research that is wrong by a factor of six, an angle that is right in 80 % of
    the posts, and a format whose reach is right to a tenth.
    """
    seed = seed_of("plan", post.id)
    context: dict[str, Any] = {"draft_id": draft_id, "decided_at": post.created_at - timedelta(days=1)}
    median = reach * around_one(seed, 0, 0.1)
    yield NewDecision(
        stage="research",
        decision="Follow what is talked about",
        rationale="Three accounts of the industry did well with it",
        evidence={"accounts looked at": 3},
        predicted={"reach": round(reach * 6 if unit(seed, 1) < 0.5 else reach / 6)},
        **context,
    )
    yield NewDecision(
        stage="angle",
        decision="Show the people behind it",
        alternatives_considered=["the price", "the place"],
        predicted={"reach": {"at_least": round(reach * (0.9 if unit(seed, 2) < 0.8 else 1.2)), "probability": 0.8}},
        **context,
    )
    yield NewDecision(
        stage="format",
        decision=f"A {post.kind if isinstance(post, Post) else post.media_type.lower()}",
        predicted={"reach": {"q10": round(median * 0.8), "q50": round(median), "q90": round(median * 1.2)}},
        confidence=0.6,
        **context,
    )
