"""Writes tracked links, the results of checks, and the domains of clients."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sophia.analytics.links.models import TrackedLink
from sophia.analytics.utm.addresses import Untagged, address_hash
from sophia.analytics.utm.domains import canonical_host, has_real_suffix
from sophia.analytics.utm.reading import read_tags
from sophia.analytics.utm.tagging import TaggedCopy
from sophia.database.statements import among, insert_for
from sophia.errors import InvalidInputError, NotFoundError
from sophia.portfolio.models import Client, ContentDraft

# Links that no browser opens, or that hold a password, are not stored.
_NOT_REGISTERED = frozenset({Untagged.NOT_HTTP, Untagged.UNPARSABLE, Untagged.CREDENTIALS})
LONGEST_SLUG = 120
MOST_DOMAINS = 50


def register_links(
    session: Session, draft_id: int, account_id: int | None, tagged: TaggedCopy, campaign_id: int | None, now: datetime
) -> int:
    """Store the web links of a draft's published copy, each once per draft; return how many are new.

    Untagged links are stored too. Raises NotFoundError for an unknown draft.
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
    distinct_rows = list({row["tagged_sha256"]: row for row in rows}.values())
    if not distinct_rows:
        return 0
    statement = (
        insert_for(session, TrackedLink).values(distinct_rows).on_conflict_do_nothing().returning(TrackedLink.id)
    )
    return len(session.scalars(statement).all())


def record_check(session: Session, link_ids: Collection[int], status: str, problem: str | None, now: datetime) -> None:
    """Store the result of a check for links that lead to the same address."""
    session.execute(
        update(TrackedLink)
        .where(among(TrackedLink.id, link_ids))
        .values(status=status, problem=problem, last_checked_at=now)
        .execution_options(synchronize_session=False)
    )


def set_domains(session: Session, client_id: int, domains: Sequence[str]) -> list[str]:
    """Replace the client's domains, which include their subdomains; return them in their canonical form.

    Raises InvalidInputError for text that is not a host, and for a public suffix such as `co.uk`.
    """
    if len(domains) > MOST_DOMAINS:
        raise InvalidInputError(f"A client can have {MOST_DOMAINS} domains at most; you gave {len(domains)}.")
    canonical = sorted({_canonical_domain(domain) for domain in domains})
    session.get_one(Client, client_id).domains = canonical
    session.flush()
    return canonical


def _canonical_domain(text: str) -> str:
    host = canonical_host(text.strip())
    if host is None or not has_real_suffix(text.strip().lower()):
        raise InvalidInputError(
            f"{text!r} is not the domain of a website. Write it as example.com, without https:// and path."
        )
    return host
