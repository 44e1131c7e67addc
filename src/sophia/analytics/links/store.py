"""Writes the register of links, what checks found, and which hosts are a client's own."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sophia.analytics.links.models import TrackedLink
from sophia.analytics.utm.addresses import Untagged, address_hash
from sophia.analytics.utm.domains import canonical_host, has_real_suffix
from sophia.analytics.utm.reading import read_tags
from sophia.analytics.utm.tagging import TaggedCopy
from sophia.database import among, insert_for
from sophia.errors import InvalidInputError, NotFoundError
from sophia.portfolio.models import Client, ContentDraft

# What leads nowhere over the web, or holds a password, is not registered.
_NOT_REGISTERED = frozenset({Untagged.NOT_HTTP, Untagged.UNPARSABLE, Untagged.CREDENTIALS})
LONGEST_SLUG = 120
MOST_DOMAINS = 50


def register_links(
    session: Session, draft_id: int, account_id: int | None, tagged: TaggedCopy, campaign_id: int | None, now: datetime
) -> int:
    """Register the web links of a draft's copy as they go out, each once per draft; return how many are new.

    Links that were left alone are registered as they stand. Raises NotFoundError when the draft is unknown, or the
    account or campaign belongs to another client (D4).
    """
    client_id = session.scalar(select(ContentDraft.client_id).where(ContentDraft.id == draft_id))
    if client_id is None:
        raise NotFoundError(f"There is no draft {draft_id}.")
    rows = [
        {
            "client_id": client_id,
            "draft_id": draft_id,
            "account_id": account_id,
            "campaign_id": campaign_id,
            "campaign_slug": read_tags(link.tagged).get("utm_campaign", "")[:LONGEST_SLUG] or None,
            "original": link.original,
            "tagged": link.tagged,
            "original_sha256": address_hash(link.original),
            "tagged_sha256": address_hash(link.tagged),
            "first_seen_at": now,
            "status": "unchecked",
        }
        for link in tagged.links
        if link.untagged not in _NOT_REGISTERED
    ]
    once = {row["tagged_sha256"]: row for row in rows}.values()
    if not once:
        return 0
    statement = insert_for(session, TrackedLink).values(list(once)).on_conflict_do_nothing().returning(TrackedLink.id)
    return len(session.scalars(statement).all())


def record_check(session: Session, link_ids: Collection[int], status: str, problem: str | None, now: datetime) -> None:
    """Store what a check found of these links, which lead to the same place."""
    session.execute(
        update(TrackedLink)
        .where(among(TrackedLink.id, link_ids))
        .values(status=status, problem=problem, last_checked_at=now)
        .execution_options(synchronize_session=False)
    )


def set_domains(session: Session, client_id: int, domains: Sequence[str]) -> list[str]:
    """Say which hosts are the client's own, with all below them; return them as they are kept, none for none.

    Raises InvalidInputError for what is no host, or a suffix that many share, such as `co.uk`.
    """
    if len(domains) > MOST_DOMAINS:
        raise InvalidInputError(f"A client has {MOST_DOMAINS} domains at most; these are {len(domains)}.")
    kept = sorted({_checked_domain(domain) for domain in domains})
    session.get_one(Client, client_id).domains = kept
    session.flush()
    return kept


def _checked_domain(text: str) -> str:
    host = canonical_host(text.strip())
    if host is None or not has_real_suffix(text.strip().lower()):
        raise InvalidInputError(
            f"{text!r} is no domain of a website. Write it as example.com, without https:// and path."
        )
    return host
