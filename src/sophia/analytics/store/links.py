"""Writes about tagged links."""

from datetime import datetime

from sqlalchemy.orm import Session

from sophia.analytics.utm import TaggedCopy


def register_links(
    session: Session,
    draft_id: int,
    account_id: int | None,
    tagged: TaggedCopy,
    campaign_id: int | None,
    now: datetime,
) -> None:
    """The place where the links of a copy that goes out are remembered; this version of Sophia remembers none."""
