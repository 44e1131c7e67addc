"""Where the pictures of posts are on the pages of one reader."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sophia.portfolio.pictures import stored_pictures


@dataclass(frozen=True, slots=True)
class PictureAddresses:
    """The posts that have a picture, below the address `base`."""

    base: str
    post_ids: frozenset[int]

    def of(self, post_id: int) -> str:
        """Return the address of a post's picture; empty for a placeholder."""
        return f"{self.base}/pictures/{post_id}" if post_id in self.post_ids else ""


def picture_addresses(session: Session, base: str, post_ids: Collection[int]) -> PictureAddresses:
    return PictureAddresses(base, stored_pictures(session, post_ids))
