"""A newsroom: accounts of a simulated Meta, drafts for them, and a publisher that a test lets run."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
import stamina
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select
from tests.analytics.collector.conftest import NOON, AppState, in_no_time, open_house
from tests.conftest import ON_POSTGRESQL_BY_HAND, store_of

from sophia.database.engine import Database
from sophia.demo.meta.world.objects import Media, Post
from sophia.demo.meta.world.upload_store import UploadStore
from sophia.meta.client import GraphClient
from sophia.meta.pacing import Pacing
from sophia.portfolio import approvals, drafts
from sophia.portfolio.drafts import DraftContent
from sophia.portfolio.models import Account, Client
from sophia.publishing import queue
from sophia.publishing.queue import QueueEntry
from sophia.publishing.sending import Publisher
from sophia.vault import Vault

SITE = "https://amber-bakery.example"
PICTURE, VIDEO = "https://cdn.example/cake.jpg", "https://cdn.example/cake.mp4"
COPY = f"New cakes: {SITE}/cakes 🍰"
TAGS = "utm_source={}&utm_medium=social&utm_campaign=cakes-november-2026&utm_content=post_{}"
# Every kind of post that can be published, with the media that it takes.
MEDIA: dict[tuple[str, str], tuple[str, ...]] = {
    ("facebook", "feed"): (),
    ("facebook", "photo"): (PICTURE,),
    ("facebook", "video"): (VIDEO,),
    ("facebook", "reel"): (VIDEO,),
    ("instagram", "image"): (PICTURE,),
    ("instagram", "carousel"): (PICTURE, VIDEO, "https://cdn.example/two.jpg"),
    ("instagram", "reel"): (VIDEO,),
    ("instagram", "story"): (PICTURE,),
}
KINDS = tuple(MEDIA)


@dataclass
class Newsroom:
    """One client with a Page and an Instagram account, whose links into SITE are tagged."""

    house: AppState
    key: str
    version: str = "v22.0"

    @property
    def desk(self) -> UploadStore:
        return self.house.api.simulation.upload_store

    @property
    def page(self) -> str:
        return self.house.world.pages[0].id

    @property
    def instagram(self) -> str:
        return self.house.world.instagram_accounts[0].id

    def account(self, platform: str) -> int:
        return self.house.account_ids[self.page if platform == "facebook" else self.instagram]

    def client(self) -> int:
        with self.house.database.read() as session:
            return session.scalars(select(Client.id)).one()

    def draft(self, platform: str = "facebook", kind: str = "feed", copy: str = COPY, **more: Any) -> int:
        """A draft that nobody has approved."""
        given = {"media_urls": MEDIA[platform, kind], "content_pillar": "Cakes"} | more
        content = DraftContent(platform, kind, "" if kind == "story" else copy, **given)
        with self.house.database.write() as session:
            return drafts.create_draft(session, self.client(), content, "Ada", self.house.now)

    def approve(self, draft_id: int) -> None:
        with self.house.database.write() as session:
            approvals.approve(session, draft_id, "Bo", self.house.now)

    def enqueue(self, draft_id: int, scheduled_for: datetime | None = None) -> int:
        with self.house.database.write() as session:
            (entry,) = queue.enqueue(session, draft_id, "Cy", self.house.now, scheduled_for=scheduled_for)
        return entry

    def ready(self, platform: str = "facebook", kind: str = "feed", copy: str = COPY, **more: Any) -> int:
        """An entry of the queue that may go out; returns its number."""
        draft = self.draft(platform, kind, copy, **more)
        self.approve(draft)
        return self.enqueue(draft)

    def publish(self, **options: Any) -> dict[str, int]:
        """One round, as the job would make it. Waiting takes no time."""
        now = lambda: self.house.now  # noqa: E731
        settings = self.house.settings

        async def run() -> dict[str, int]:
            base, secret = self.house.base_url, SecretStr(self.house.world.app_secret)
            pacing = Pacing(now, sleep=in_no_time)
            async with GraphClient(
                base, self.version, now, app_secret=secret, pacing=pacing, upload_url=base, timeout_seconds=5
            ) as client:
                publisher = Publisher(
                    self.house.database, self.house.vault, client, settings, now, sleep=in_no_time, **options
                )
                return await publisher.publish_due()

        return asyncio.run(run())

    def later(self, **ahead: float) -> None:
        """Move everybody's clock on."""
        self.house.now += timedelta(**ahead)

    def entry(self, number: int) -> QueueEntry:
        with self.house.database.read() as session:
            return queue.find_entry(session, None, number)

    def posted(self, platform: str = "facebook") -> list[Post | Media]:
        """What was published through the API, as the simulated Meta has it, oldest first."""
        world = self.house.world
        listed: tuple[Post | Media, ...] = (
            world.posts(self.page)
            if platform == "facebook"
            else (*world.media(self.instagram), *world.stories(self.instagram))
        )
        return sorted((one for one in listed if one.serial > 50_000_000), key=lambda one: one.serial)

    def asked(self, method: str, ending: str) -> int:
        """How many calls of this method came to an edge."""
        return sum(1 for call in self.house.api.calls if call.method == method and call.path.endswith(ending))


def id_of(post: Post | Media) -> str:
    """The id that a queue keeps of a post: of a video, that of the video."""
    return post.video_id if isinstance(post, Post) and post.video_id else post.id


@pytest.fixture(params=ON_POSTGRESQL_BY_HAND)
def database(request: pytest.FixtureRequest) -> Database:
    """On PostgreSQL by hand, `pytest tests/publishing -m campaign`, but for what says that it wants both."""
    return store_of(request)


@pytest.fixture
def newsroom(database: Database) -> Iterator[Newsroom]:
    """On SQLite, then on PostgreSQL. Calls are retried without waiting."""
    with ExitStack() as stack:
        house = stack.enter_context(open_house(database, NOON, 30, {"posts_per_account": 2}))
        stack.enter_context(stamina.set_testing(testing=True, attempts=2))
        # A key that can be handed to another process.
        key = Fernet.generate_key().decode()
        house.vault = Vault([key])
        with database.write() as session:
            session.scalars(select(Client)).one().domains = ["amber-bakery.example"]
            for account in session.scalars(select(Account)):
                account.token_encrypted = house.vault.encrypt(SecretStr(house.world.pages[0].access_token))
        yield Newsroom(house, key)
