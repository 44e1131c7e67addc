"""Which post or channel led to a conversion, and the hashes by which links and customers are recognised."""

import hashlib
from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.conversions.record_store import Conversion
from sophia.analytics.links.models import TrackedLink
from sophia.analytics.utm.addresses import address_hash
from sophia.analytics.utm.reading import draft_named
from sophia.database.statements import among
from sophia.errors import NotFoundError
from sophia.portfolio.models import ContentDraft

# A draft and how it, or else the channel, is known.
Credit = tuple[int | None, str | None]
# Google Analytics writes this where it knows of no channel.
DIRECT = "(direct)"


def find_credits(
    session: Session, client_id: int, conversions: Mapping[int, Conversion]
) -> dict[int, Credit | NotFoundError]:
    """Return whose post led to each: the draft that it names, else that of `utm_content`, else that of its link.

    Without a draft, `utm_source` says the channel. NotFoundError stands where a draft is named that is not one of this
    client. A tag that names another client's draft, or none that exists, says nothing. `conversions` have the tags of
    their links. At most four queries.
    """
    named = {index: conversion.content_draft_id for index, conversion in conversions.items()}
    tagged = {index: draft_named(conversion.utm_content) for index, conversion in conversions.items()}
    own = _own_drafts(session, client_id, ({*named.values(), *tagged.values()}) - {None})
    by_link = {
        index: address_hash(conversion.link_url)
        for index, conversion in conversions.items()
        if named[index] is None and tagged[index] not in own and conversion.link_url is not None
    }
    drafts = _drafts_of_links(session, client_id, set(by_link.values()))
    credits_: dict[int, Credit | NotFoundError] = {}
    for index, conversion in conversions.items():
        draft_id, tag, linked = named[index], tagged[index], drafts.get(by_link.get(index, ""))
        if draft_id is not None:
            missing = NotFoundError(f"Client {client_id} has no draft {draft_id}.")
            credits_[index] = (draft_id, "content_draft_id") if draft_id in own else missing
        elif tag is not None and tag in own:
            credits_[index] = tag, "utm_content"
        elif linked is not None:
            credits_[index] = linked, "link_url"
        else:
            has_channel = conversion.utm_source is not None and conversion.utm_source != DIRECT
            credits_[index] = None, "utm_source" if has_channel else None
    return credits_


def _own_drafts(session: Session, client_id: int, draft_ids: Collection[int | None]) -> set[int]:
    """Return which of these are drafts of this client."""
    if not draft_ids:
        return set()
    of_client = ContentDraft.client_id == client_id, among(ContentDraft.id, draft_ids)
    return set(session.scalars(select(ContentDraft.id).where(*of_client)))


def _drafts_of_links(session: Session, client_id: int, digests: Collection[str]) -> dict[str, int | None]:
    """Return, by the hash of a link as it was tagged or else as it was written, the draft in which it stood.

    None when several drafts have it.
    """
    drafts: dict[str, int | None] = {}
    # As it was tagged comes last, and counts.
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
    """Return what is kept of a customer: the same for the same key of the same client in any case; no name, no address."""
    if customer_key is None or not customer_key.strip():
        return None
    return hashlib.sha256(f"{client_id}:{customer_key.strip().casefold()}".encode()).hexdigest()
