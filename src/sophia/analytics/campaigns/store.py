"""Writes campaigns: made by hand, or grouped by content pillar and month; once, however many do it at a time (E6)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.figures.figures import month_of
from sophia.database import among, insert_for
from sophia.errors import BusyError, ConflictError, InvalidInputError, NotFoundError
from sophia.portfolio.models import Account, Client, ContentDraft, Post, PublishingQueueEntry
from sophia.portfolio.slugs import slug_of

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
# Somebody else takes the slug each time; more than once is rare, this often does not happen.
TRIES = 20


@dataclass(frozen=True, slots=True)
class Grouping:
    """What was grouped: new campaigns, drafts put into one, and drafts that cannot be, for they lack a pillar or a day."""

    campaigns: int
    drafts: int
    without_pillar: int
    without_day: int


@dataclass(frozen=True, slots=True)
class CampaignRef:
    """A campaign and the slug that its links carry."""

    id: int
    slug: str


def create_campaign(
    session: Session,
    client_id: int,
    name: str,
    start_date: date,
    end_date: date | None,
    now: datetime,
    *,
    content_pillar: str | None = None,
    draft_ids: Collection[int] = (),
) -> int:
    """Make a campaign by hand; both days are included. Raises NotFoundError for drafts that are not the client's."""
    made, _ = _insert(session, client_id, name, start_date, end_date, content_pillar, None, now)
    add_drafts(session, client_id, made.id, draft_ids)
    return made.id


def change_campaign(session: Session, client_id: int, campaign_id: int, changes: Mapping[str, Any]) -> None:
    """Give it another name, other days or another pillar. The slug stays: links that are out carry it (F11).

    Raises NotFoundError, InvalidInputError for days in the wrong order, ConflictError for the days of a grouped one.
    """
    campaign = _own(session, client_id, campaign_id)
    if campaign.is_automatic and changes.keys() - {"name"}:
        raise ConflictError("This campaign is grouped by pillar and month; only its name can be changed.")
    for name, value in changes.items():
        setattr(campaign, name, value)
    if campaign.end_date is not None and campaign.end_date < campaign.start_date:
        raise InvalidInputError(f"A campaign cannot end on {campaign.end_date}, before {campaign.start_date}.")
    session.flush()


def add_drafts(session: Session, client_id: int, campaign_id: int, draft_ids: Collection[int]) -> None:
    """Put drafts into a campaign, each once (G14). Raises NotFoundError when one is not the client's (D4)."""
    _own(session, client_id, campaign_id)
    if not draft_ids:
        return
    mine = select(ContentDraft.id).where(ContentDraft.client_id == client_id, among(ContentDraft.id, draft_ids))
    foreign = set(draft_ids) - set(session.scalars(mine))
    if foreign:
        raise NotFoundError(f"Client {client_id} has no draft {', '.join(map(str, sorted(foreign)))}.")
    _join(session, dict.fromkeys(draft_ids, campaign_id))


def remove_draft(session: Session, client_id: int, campaign_id: int, draft_id: int) -> None:
    """Take a draft out. Raises NotFoundError when it is not in it, ConflictError when the campaign is a grouped one."""
    if _own(session, client_id, campaign_id).is_automatic:
        raise ConflictError("This campaign is grouped by pillar and month; its drafts follow from that.")
    membership = session.get(CampaignMembership, (campaign_id, draft_id))
    if membership is None:
        raise NotFoundError(f"Campaign {campaign_id} has no draft {draft_id}.")
    session.delete(membership)


def delete_campaign(session: Session, client_id: int, campaign_id: int) -> None:
    """Its drafts, posts and conversions stay. Raises NotFoundError; ConflictError for a grouped one, which would return."""
    if _own(session, client_id, campaign_id).is_automatic:
        raise ConflictError("This campaign is grouped by pillar and month; it would be made again.")
    session.execute(delete(Campaign).where(Campaign.id == campaign_id))


def group_drafts(session: Session, client_id: int, now: datetime) -> Grouping:
    """Put every draft that is in no grouped campaign into that of its content pillar and month; twice changes nothing.

    The month is the one on the client's calendar in which it was published, or else is to be (G13). A draft stays where
    it was put: its links carry that name.
    """
    zone = ZoneInfo(session.execute(select(Client.timezone).where(Client.id == client_id)).scalar_one())
    campaigns: dict[str, int] = {}
    memberships: dict[int, int] = {}
    made = without_pillar = without_day = 0
    for draft_id, pillar, moment in _ungrouped(session, client_id):
        if pillar is None or not pillar.strip():
            without_pillar += 1
        elif moment is None:
            without_day += 1
        else:
            day = moment.astimezone(zone).date()
            key = _grouping_key(pillar, day)
            if key not in campaigns:
                campaign, is_new = _of_month(session, client_id, pillar, day, now)
                campaigns[key] = campaign.id
                made += is_new
            memberships[draft_id] = campaigns[key]
    _join(session, memberships)
    return Grouping(made, len(memberships), without_pillar, without_day)


def campaign_of_month(session: Session, client_id: int, pillar: str, day: date, now: datetime) -> CampaignRef:
    """The grouped campaign of a pillar in the month of a day on the client's calendar; made when there is none."""
    return _of_month(session, client_id, pillar, day, now)[0]


def slug_of_month(session: Session, client_id: int, pillar: str, day: date) -> str:
    """The slug of that campaign, or the one that it would get now; nothing is made."""
    known = _grouped(session, client_id, _grouping_key(pillar, day))
    return known.slug if known else slug_of(_name_of_month(pillar, day), _slugs(session, client_id))


def _of_month(session: Session, client_id: int, pillar: str, day: date, now: datetime) -> tuple[CampaignRef, bool]:
    month = month_of(day)
    name, tidy = _name_of_month(pillar, day), " ".join(pillar.split())
    last = month.end - timedelta(days=1)
    return _insert(session, client_id, name, month.start, last, tidy, _grouping_key(pillar, day), now)


def _name_of_month(pillar: str, day: date) -> str:
    return f"{' '.join(pillar.split())} {MONTHS[day.month - 1]} {day.year}"


def _grouping_key(pillar: str, day: date) -> str:
    return f"{day:%Y-%m} {' '.join(pillar.split()).casefold()}"


def _insert(
    session: Session,
    client_id: int,
    name: str,
    start_date: date,
    end_date: date | None,
    content_pillar: str | None,
    grouping_key: str | None,
    now: datetime,
) -> tuple[CampaignRef, bool]:
    """The campaign, and whether it is new: one with the same grouping key is taken as it is."""
    values = {
        "client_id": client_id,
        "name": name,
        "content_pillar": content_pillar,
        "start_date": start_date,
        "end_date": end_date,
        "grouping_key": grouping_key,
        "created_at": now,
    }
    for _ in range(TRIES):
        known = None if grouping_key is None else _grouped(session, client_id, grouping_key)
        if known is not None:
            return known, False
        slug = slug_of(name, _slugs(session, client_id))
        # Two may do this at once: the database decides, and the other one looks again.
        statement = (
            insert_for(session, Campaign)
            .values(values | {"slug": slug})
            .on_conflict_do_nothing()
            .returning(Campaign.id)
        )
        number = session.scalar(statement)
        if number is not None:
            return CampaignRef(number, slug), True
    raise BusyError("Many campaigns are being made at this moment. Try again.")


def _grouped(session: Session, client_id: int, grouping_key: str) -> CampaignRef | None:
    mine = Campaign.client_id == client_id, Campaign.grouping_key == grouping_key
    known = session.execute(select(Campaign.id, Campaign.slug).where(*mine)).first()
    return None if known is None else CampaignRef(known.id, known.slug)


def _slugs(session: Session, client_id: int) -> set[str]:
    return set(session.scalars(select(Campaign.slug).where(Campaign.client_id == client_id)))


def _ungrouped(session: Session, client_id: int) -> list[tuple[int, str | None, datetime | None]]:
    """(draft, pillar, moment) of every draft in no grouped campaign: its first publication, or else when that is due."""
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


def _join(session: Session, campaigns: Mapping[int, int]) -> None:
    """Put each draft into its campaign; those that are in it already stay so."""
    if not campaigns:
        return
    rows = [{"draft_id": draft, "campaign_id": campaign} for draft, campaign in sorted(campaigns.items())]
    session.execute(insert_for(session, CampaignMembership).on_conflict_do_nothing(), rows)


def _own(session: Session, client_id: int, campaign_id: int) -> Campaign:
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or campaign.client_id != client_id:
        raise NotFoundError(f"Client {client_id} has no campaign {campaign_id}.")
    return campaign


def expect_own_account_and_campaign(
    session: Session, client_id: int, account_id: int | None, campaign_id: int | None
) -> None:
    """Raise NotFoundError unless the account and the campaign, where given, are the client's own."""
    for table, name, number in ((Account, "account", account_id), (Campaign, "campaign", campaign_id)):
        if number is None:
            continue
        owner = session.scalar(select(table.client_id).where(table.id == number))
        if owner != client_id:
            raise NotFoundError(f"Client {client_id} has no {name} {number}.")
