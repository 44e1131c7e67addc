"""Finds the post or channel that led to a conversion, and hashes customers."""

import hashlib
from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.conversions.event_types import DIRECT
from sophia.analytics.conversions.incoming import Conversion
from sophia.analytics.links.models import TrackedLink
from sophia.analytics.utm.addresses import address_hash
from sophia.analytics.utm.reading import draft_from_tag
from sophia.database.statements import among
from sophia.errors import NotFoundError
from sophia.portfolio.models import ContentDraft

# A draft, and how the draft or else the channel is known (AttributedBy).
DraftMatch = tuple[int | None, str | None]


def match_drafts(
    session: Session, client_id: int, conversions: Mapping[int, Conversion]
) -> dict[int, DraftMatch | NotFoundError]:
    """Return the draft of each conversion: its `content_draft_id`, else that of `utm_content`, else that of its link.

    Without a draft, `utm_source` is the channel. The value is a NotFoundError if `content_draft_id` is not a draft of this
    client; a tag with such a draft is ignored. `conversions` have the tags of their links. Makes at most four queries.
    """
    tagged = {index: draft_from_tag(conversion.utm_content) for index, conversion in conversions.items()}
    draft_ids = {conversion.content_draft_id for conversion in conversions.values()} | set(tagged.values())
    own_drafts = _own_drafts(session, client_id, draft_ids - {None})
    link_hashes = {
        index: address_hash(conversion.link_url)
        for index, conversion in conversions.items()
        if conversion.content_draft_id is None and tagged[index] not in own_drafts and conversion.link_url is not None
    }
    drafts_by_link = _drafts_of_links(session, client_id, set(link_hashes.values()))
    matches: dict[int, DraftMatch | NotFoundError] = {}
    for index, conversion in conversions.items():
        draft_id, tagged_draft = conversion.content_draft_id, tagged[index]
        linked_draft = drafts_by_link.get(link_hashes.get(index, ""))
        if draft_id is not None:
            missing = NotFoundError(f"Client {client_id} has no draft {draft_id}.")
            matches[index] = (draft_id, "content_draft_id") if draft_id in own_drafts else missing
        elif tagged_draft is not None and tagged_draft in own_drafts:
            matches[index] = tagged_draft, "utm_content"
        elif linked_draft is not None:
            matches[index] = linked_draft, "link_url"
        else:
            has_channel = conversion.utm_source is not None and conversion.utm_source != DIRECT
            matches[index] = None, "utm_source" if has_channel else None
    return matches


def _own_drafts(session: Session, client_id: int, draft_ids: Collection[int | None]) -> set[int]:
    """Return the ids that are drafts of this client."""
    if not draft_ids:
        return set()
    of_client = ContentDraft.client_id == client_id, among(ContentDraft.id, draft_ids)
    return set(session.scalars(select(ContentDraft.id).where(*of_client)))


def _drafts_of_links(session: Session, client_id: int, digests: Collection[str]) -> dict[str, int | None]:
    """Return {hash: draft} of links in their tagged or original form; None if several drafts have the link."""
    drafts: dict[str, int | None] = {}
    # The tagged form comes last and overwrites the original form.
    for column in (TrackedLink.original_sha256, TrackedLink.tagged_sha256):
        if not digests:
            break
        first, last = func.min(TrackedLink.draft_id), func.max(TrackedLink.draft_id)
        of_client = TrackedLink.client_id == client_id, among(column, digests)
        for digest, first_id, last_id in session.execute(
            select(column, first, last).where(*of_client).group_by(column)
        ):
            drafts[digest] = first_id if first_id == last_id else None
    return drafts


def customer_hash(client_id: int, customer_key: str | None) -> str | None:
    """Return the stored hash of a customer's key, which ignores case and differs between clients."""
    if customer_key is None or not customer_key.strip():
        return None
    return hashlib.sha256(f"{client_id}:{customer_key.strip().casefold()}".encode()).hexdigest()
