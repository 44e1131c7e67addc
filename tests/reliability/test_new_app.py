"""A Meta app that was created today, on the newest version of the Graph API, from `connect` to published posts."""

import asyncio
from collections import Counter
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import select
from tests.analytics.collector.test_comments import PLAN as COMMENTS_ONLY
from tests.analytics.collector.test_comments import stored as stored_comments
from tests.analytics.collector.test_comments import truth as true_comments
from tests.publishing.conftest import Newsroom, id_of
from tests.reliability.comparing import in_order, proved
from tests.reliability.ground import ONE_DAY, Ground, open_ground

from sophia.analytics.collector.plan import Plan
from sophia.database.engine import Database
from sophia.demo.meta.world.objects import Media, Post
from sophia.meta.client import GraphClient
from sophia.portfolio.connecting import Connecting, store
from sophia.portfolio.models import Client

VERSION = "v27.0"
MOST_COMMENTS_OF_A_POST = 1000
PUBLISHED = (("facebook", "photo"), ("instagram", "image"), ("instagram", "reel"))


def connect(ground: Ground) -> None:
    """Connect every Page and Instagram account that the person's token opens, as `sophia connect` does."""
    settings = ground.settings.model_copy(
        update={
            "facebook_app_id": ground.world.app_id,
            "facebook_app_secret": SecretStr(ground.world.app_secret),
            "graph_api_version": VERSION,
        }
    )

    async def connect_all() -> None:
        secret = SecretStr(ground.world.app_secret)
        async with GraphClient(ground.base_url, VERSION, lambda: ground.now, app_secret=secret) as client:
            connecting = Connecting(ground.database, ground.vault, client, settings, lambda: ground.now)
            offer = await connecting.examine(SecretStr(ground.world.user_token))
        clients = {page.id: page.name for page in offer.pages}
        accounts = store(ground.database, ground.vault, offer, clients, "UTC", ground.now)
        assert [account.refused for account in accounts] == [None, None]
        ground.account_ids.update({account.external_id: account.account_id for account in accounts})

    asyncio.run(connect_all())


def collect(ground: Ground, plan: Plan | None = None) -> None:
    outcomes = ground.collect(plan=plan, version=VERSION)
    assert [outcome.status for outcome in outcomes] == ["ok", "ok"], [outcome.problems for outcome in outcomes]


def expect_comments(ground: Ground) -> None:
    """Every comment is stored and nothing else, but of a post that has more than are read (docs/comments.md)."""
    stored, written = stored_comments(ground), true_comments(ground)
    counts = Counter(comment.object_id for comment in written.values())
    missing = {counts[written[name].object_id] for name in written.keys() - stored.keys()}
    assert len(stored) > 500
    assert stored.keys() <= written.keys()
    assert all(count > MOST_COMMENTS_OF_A_POST for count in missing), missing


def publish(newsroom: Newsroom) -> list[Post | Media]:
    """Publish one draft of each kind; return the posts as Meta has them."""
    with newsroom.house.database.write() as session:
        session.scalars(select(Client)).one().domains = ["amber-bakery.example"]
    entries = [newsroom.ready(platform, kind) for platform, kind in PUBLISHED]
    assert newsroom.publish() == {"due": 3, "published": 3}
    posts = [*newsroom.posted("facebook"), *newsroom.posted("instagram")]
    assert {newsroom.entry(entry).platform_post_id for entry in entries} == {id_of(post) for post in posts}
    return posts


def test_a_new_app_collects_and_publishes_without_legacy_features(sqlite_database: Database, tmp_path: Path) -> None:
    """L1: connecting, a first collection, a daily run, comments, publishing on both platforms, and the readings of what
    was published. The store equals the truth after each collection, and Meta counted no use of a legacy feature.
    """
    with open_ground(sqlite_database, tmp_path, connected=False) as ground:
        ground.api.new_app = True
        connect(ground)
        collect(ground)
        ground.before = proved(ground, VERSION)
        ground.now += ONE_DAY
        collect(ground, Plan(trigger="daily"))
        ground.before = proved(ground, VERSION)
        collect(ground, COMMENTS_ONLY)
        expect_comments(ground)
        posts = publish(Newsroom(ground, ground.key, VERSION))
        ground.now += ONE_DAY
        collect(ground, Plan(trigger="daily"))
        readings = proved(ground, VERSION)
        assert {post for _, post, *_ in readings} >= {post.id for post in posts}
        assert in_order(ground) == []
        assert ground.api.legacy_uses == {}
        assert ground.api.seen_secrets_in_urls == []
        assert {call.path.split("/")[1] for call in ground.api.calls} == {VERSION}
