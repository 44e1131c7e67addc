"""Unpublished objects of the simulated Meta: containers of Instagram and uploads of reels."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

CONTAINER_LIFE = timedelta(hours=24)
ContainerKind = Literal["IMAGE", "VIDEO", "REELS", "STORIES", "CAROUSEL"]


@dataclass(slots=True)
class Container:
    """A medium before its publication. Its next `polls_left` answers are IN_PROGRESS."""

    id: str
    account_id: str
    kind: ContainerKind
    urls: tuple[str, ...]
    caption: str
    is_child: bool
    made_at: datetime
    polls_left: int
    medium_id: str | None = None

    def is_expired(self, now: datetime) -> bool:
        return self.medium_id is None and now >= self.made_at + CONTAINER_LIFE


@dataclass(slots=True)
class Upload:
    """A reel before its publication; `url` is set once its video has arrived."""

    video_id: str
    page_id: str
    url: str | None = None


@dataclass(slots=True)
class UploadStore:
    """Unpublished objects. `cap`: posts an Instagram account may publish in 24 hours. `polls`: answers before a
    container is ready. `bad_urls`: addresses that Meta cannot use.
    """

    cap: int = 50
    polls: int = 1
    bad_urls: set[str] = field(default_factory=set)
    containers: dict[str, Container] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    # account id → moments of publication through the API
    published: dict[str, list[datetime]] = field(default_factory=dict)
    made: int = 0

    def number(self) -> int:
        """Return a number for the next object, far from those of invented ones."""
        self.made += 1
        return 50_000_000 + self.made

    def used(self, account_id: str, now: datetime) -> int:
        """Posts of the account that count against its cap."""
        return sum(1 for at in self.published.get(account_id, []) if at > now - timedelta(hours=24))
