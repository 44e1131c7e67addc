"""Writes campaigns, made by hand or from a content pillar and a month. Concurrent requests create each once (E6)."""

from calendar import month_name
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.campaigns.schemas import NewCampaign
from sophia.analytics.figures.figures import month_of
from sophia.database.statements import among, insert_for
from sophia.errors import BusyError, ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.models import Account, Client, ContentDraft, Post, PublishingQueueEntry
from sophia.portfolio.slugs import slug_of

# Each retry means that another request took the slug. Even one retry is rare.
MOST_TRIES = 20


@dataclass(frozen=True, slots=True)
class Grouping:
    """The number of new campaigns, of drafts added to one, and of drafts without a content pillar or a day."""

    campaigns: int
    drafts: int
    without_pillar: int
    without_day: int


@dataclass(frozen=True, slots=True)
class CampaignRef:
    """A campaign and the slug that its links carry."""

    id: int
    slug: str


def create_campaign(session: Session, client_id: int, campaign: NewCampaign, now: datetime) -> int:
    """Create a campaign by hand and return its id. Raises NotFoundError for drafts of other clients."""
    values = campaign.model_dump(exclude={"draft_ids"})
    reference, _ = _insert(session, client_id, values | {"grouping_key": None}, now)
    add_drafts(session, client_id, reference.id, campaign.draft_ids)
    return reference.id


def change_campaign(session: Session, client_id: int, campaign_id: int, changes: Mapping[str, Any]) -> None:
    """Change name, dates or pillar. The slug never changes, because published links contain it (F11).

    Raises NotFoundError, InvalidInputError for dates in the wrong order, ConflictError for the dates or the pillar of an
    automatic campaign.
    """
    campaign = _own(session, client_id, campaign_id)
    if campaign.is_automatic and changes.keys() - {"name"}:
        raise ConflictError("This campaign comes from a content pillar and a month. You can change its name only.")
    for name, value in changes.items():
        setattr(campaign, name, value)
    if campaign.end_date is not None and campaign.end_date < campaign.start_date:
        raise InvalidInputError(f"A campaign cannot end on {campaign.end_date}, before {campaign.start_date}.")
    session.flush()


def add_drafts(session: Session, client_id: int, campaign_id: int, draft_ids: Collection[int]) -> None:
    """Add drafts to a campaign, each once (G14). Raises NotFoundError for a draft of another client (D4)."""
    _own(session, client_id, campaign_id)
    if not draft_ids:
        return
    of_client = select(ContentDraft.id).where(ContentDraft.client_id == client_id, among(ContentDraft.id, draft_ids))
    foreign = set(draft_ids) - set(session.scalars(of_client))
    if foreign:
        raise NotFoundError(f"Client {client_id} has no draft {', '.join(map(str, sorted(foreign)))}.")
    _add_memberships(session, dict.fromkeys(draft_ids, campaign_id))


def remove_draft(session: Session, client_id: int, campaign_id: int, draft_id: int) -> None:
    """Remove a draft from a campaign. Raises NotFoundError if it is not in it, ConflictError for an automatic campaign."""
    if _own(session, client_id, campaign_id).is_automatic:
        raise ConflictError("This campaign comes from a content pillar and a month, and so do its drafts.")
    membership = session.get(CampaignMembership, (campaign_id, draft_id))
    if membership is None:
        raise NotFoundError(f"Campaign {campaign_id} has no draft {draft_id}.")
    session.delete(membership)


def delete_campaign(session: Session, client_id: int, campaign_id: int) -> None:
    """Delete a campaign; its drafts, posts and conversions stay. Raises NotFoundError, ConflictError for an automatic one."""
    if _own(session, client_id, campaign_id).is_automatic:
        raise ConflictError(
            "This campaign comes from a content pillar and a month. The next grouping would create it again."
        )
    session.execute(delete(Campaign).where(Campaign.id == campaign_id))


def group_drafts(session: Session, client_id: int, now: datetime) -> Grouping:
    """Add every draft without an automatic campaign to the campaign of its content pillar and month.

    The month is that of the publication, or else of the planned publication, on the client's calendar (G13). A draft
    never moves to another automatic campaign, because its links contain the slug. A repetition changes nothing.
    """
    zone = ZoneInfo(session.execute(select(Client.timezone).where(Client.id == client_id)).scalar_one())
    campaigns: dict[str, int] = {}
    memberships: dict[int, int] = {}
    created = without_pillar = without_day = 0
    for draft_id, pillar, moment in _ungrouped(session, client_id):
        if pillar is None or not pillar.strip():
            without_pillar += 1
        elif moment is None:
            without_day += 1
        else:
            day = moment.astimezone(zone).date()
            key = _grouping_key(pillar, day)
            if key not in campaigns:
                campaign, is_new = _campaign_of_month(session, client_id, pillar, day, now)
                campaigns[key] = campaign.id
                created += is_new
            memberships[draft_id] = campaigns[key]
    _add_memberships(session, memberships)
    return Grouping(created, len(memberships), without_pillar, without_day)


def campaign_of_month(session: Session, client_id: int, pillar: str, day: date, now: datetime) -> CampaignRef:
    """Return the campaign of a pillar and of the month of a day on the client's calendar; create it if there is none."""
    return _campaign_of_month(session, client_id, pillar, day, now)[0]


def slug_of_month(session: Session, client_id: int, pillar: str, day: date) -> str:
    """Return the slug that `campaign_of_month` would return, without creating the campaign."""
    campaign = _find_automatic(session, client_id, _grouping_key(pillar, day))
    return campaign.slug if campaign else slug_of(_name_of_month(pillar, day), _slugs(session, client_id))


def _campaign_of_month(
    session: Session, client_id: int, pillar: str, day: date, now: datetime
) -> tuple[CampaignRef, bool]:
    month = month_of(day)
    values = {
        "name": _name_of_month(pillar, day),
        "content_pillar": " ".join(pillar.split()),
        "start_date": month.start,
        "end_date": month.end - timedelta(days=1),
        "grouping_key": _grouping_key(pillar, day),
    }
    return _insert(session, client_id, values, now)


def _name_of_month(pillar: str, day: date) -> str:
    return f"{' '.join(pillar.split())} {month_name[day.month]} {day.year}"


def _grouping_key(pillar: str, day: date) -> str:
    return f"{day:%Y-%m} {' '.join(pillar.split()).casefold()}"


def _insert(session: Session, client_id: int, values: Mapping[str, Any], now: datetime) -> tuple[CampaignRef, bool]:
    """Return the campaign and whether it is new. An existing campaign with the same grouping key does not change."""
    grouping_key = values["grouping_key"]
    for _ in range(MOST_TRIES):
        existing = None if grouping_key is None else _find_automatic(session, client_id, grouping_key)
        if existing is not None:
            return existing, False
        slug = slug_of(values["name"], _slugs(session, client_id))
        row = {**values, "client_id": client_id, "slug": slug, "created_at": now}
        # If another request inserts the same campaign or slug first, this one inserts nothing and looks again.
        statement = insert_for(session, Campaign).values(row).on_conflict_do_nothing().returning(Campaign.id)
        campaign_id = session.scalar(statement)
        if campaign_id is not None:
            return CampaignRef(campaign_id, slug), True
    raise BusyError("Too many campaigns are being created right now. Try again.")


def _find_automatic(session: Session, client_id: int, grouping_key: str) -> CampaignRef | None:
    selected = Campaign.client_id == client_id, Campaign.grouping_key == grouping_key
    row = session.execute(select(Campaign.id, Campaign.slug).where(*selected)).first()
    return None if row is None else CampaignRef(row.id, row.slug)


def _slugs(session: Session, client_id: int) -> set[str]:
    return set(session.scalars(select(Campaign.slug).where(Campaign.client_id == client_id)))


def _ungrouped(session: Session, client_id: int) -> list[tuple[int, str | None, datetime | None]]:
    """Return (draft, pillar, moment) of each draft without an automatic campaign; the first or the planned publication."""
    grouped = (
        select(CampaignMembership.draft_id)
        .join(Campaign, Campaign.id == CampaignMembership.campaign_id)
        .where(Campaign.client_id == client_id, Campaign.grouping_key.is_not(None))
    )
    rows = session.execute(
        select(
            ContentDraft.id,
            ContentDraft.content_pillar,
            func.min(Post.published_at),
            func.min(PublishingQueueEntry.published_at),
            func.min(PublishingQueueEntry.scheduled_for),
        )
        .outerjoin(Post, Post.draft_id == ContentDraft.id)
        .outerjoin(PublishingQueueEntry, PublishingQueueEntry.draft_id == ContentDraft.id)
        .where(ContentDraft.client_id == client_id, ContentDraft.id.not_in(grouped))
        .group_by(ContentDraft.id)
        .order_by(ContentDraft.id)
    )
    return [(row[0], row[1], row[2] or row[3] or row[4]) for row in rows]


def _add_memberships(session: Session, campaigns: Mapping[int, int]) -> None:
    """Add each draft to its campaign, for `campaigns` of {draft: campaign}; existing memberships do not change."""
    rows = [{"draft_id": draft, "campaign_id": campaign} for draft, campaign in sorted(campaigns.items())]
    if rows:
        session.execute(insert_for(session, CampaignMembership).on_conflict_do_nothing(), rows)


def _own(session: Session, client_id: int, campaign_id: int) -> Campaign:
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or campaign.client_id != client_id:
        raise NotFoundError(f"Client {client_id} has no campaign {campaign_id}.")
    return campaign


def expect_own_account_and_campaign(
    session: Session, client_id: int, account_id: int | None, campaign_id: int | None
) -> None:
    """Raise NotFoundError unless the account and the campaign (None for neither) belong to the client."""
    for table, name, row_id in ((Account, "account", account_id), (Campaign, "campaign", campaign_id)):
        if row_id is not None and session.scalar(select(table.client_id).where(table.id == row_id)) != client_id:
            raise NotFoundError(f"Client {client_id} has no {name} {row_id}.")
