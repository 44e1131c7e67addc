"""Reads the engagements of a campaign's client and of the other clients, and estimates the lift on each platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import exp
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sophia.analytics.campaigns.models import Campaign
from sophia.analytics.campaigns.synthetic_control import LEVEL, Floats, LiftEstimate, NoLift, estimate_lift
from sophia.analytics.drivers.portfolio_windows import client_days, portfolio_days
from sophia.analytics.kpis.measured_clients import MeasuredClient, find_measured_client, measured_clients
from sophia.database.statements import among
from sophia.errors import NotFoundError
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange, reporting_day

HISTORY_DAYS = 26 * 7
SHORTEST, LONGEST = 3, 92
# More clients improve the control little, and the time grows with their square.
MOST_OTHERS = 30
AUTOMATIC = (
    "This campaign groups the usual posts of a month by content pillar, so there is no time without it to compare."
)
TOO_SHORT = f"The lift needs at least {SHORTEST} complete days of the campaign."
TOO_LONG = f"The campaign is longer than {LONGEST} days; the other clients say little about so long a time."
OVERLAPS = "Another campaign of this client ran in the same days, and the effects cannot be separated."
PLATFORM_NAMES = {Platform.FACEBOOK: "Facebook", Platform.INSTAGRAM: "Instagram"}
Verdict = Literal["lift", "fall", "not enough evidence", "no estimate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformLift:
    """The change of a client's daily engagements on one platform by the campaign, in percent, with its 95 % interval.

    `p_value` is the rank among the placebos. `misfit_percent` is how far the other clients were off before the campaign.
    """

    platform: Platform
    verdict: Verdict
    text: str
    percent: float | None = None
    low_percent: float | None = None
    high_percent: float | None = None
    p_value: float | None = None
    placebos: int | None = None
    others: int | None = None
    weeks: int | None = None
    misfit_percent: float | None = None


@dataclass(frozen=True, slots=True)
class CampaignLift:
    """The lift of a campaign on each platform of its client, over the complete days so far; or why there is none."""

    client_id: int
    campaign_id: int
    start: date
    end: Annotated[date, Field(description="Not included.")]
    platforms: tuple[PlatformLift, ...]
    reason: str | None


def campaign_lift(session: Session, client_id: int, campaign_id: int, now: datetime) -> CampaignLift:
    """Estimate the lift of a campaign. Raises NotFoundError if the client has no such campaign.

    Days are those of the reporting zone. The control consists of other clients; the result names none of them.
    """
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or campaign.client_id != client_id:
        raise NotFoundError(f"This client has no campaign {campaign_id}.")
    today = reporting_day(now)
    end = today if campaign.end_date is None else min(today, campaign.end_date + timedelta(days=1))
    end = max(end, campaign.start_date)
    reason = _why_no_lift(campaign, (end - campaign.start_date).days)
    lifts: tuple[PlatformLift, ...] = ()
    if reason is None:
        window = DateRange(campaign.start_date - timedelta(days=HISTORY_DAYS), end)
        clients = [client for client in measured_clients(session) if client.is_active or client.id == client_id]
        own = _other_campaigns(session, clients, campaign_id, window)
        if own[[client.id for client in clients].index(client_id), HISTORY_DAYS:].any():
            reason = OVERLAPS
        else:
            platforms = sorted(set(find_measured_client(clients, client_id).accounts.values()))
            lifts = tuple(_lift_on(session, clients, client_id, platform, window, own) for platform in platforms)
    return CampaignLift(client_id, campaign_id, campaign.start_date, end, lifts, reason)


def _why_no_lift(campaign: Campaign, days: int) -> str | None:
    if campaign.is_automatic:
        return AUTOMATIC
    if days < SHORTEST:
        return TOO_SHORT
    return TOO_LONG if days > LONGEST else None


def _other_campaigns(
    session: Session, clients: Sequence[MeasuredClient], campaign_id: int, window: DateRange
) -> NDArray[np.bool_]:
    """Return the days [client, day] with a campaign made by hand, other than this one."""
    ids = [client.id for client in clients]
    days = np.zeros((len(ids), window.days), dtype=np.bool_)
    rows = session.execute(
        select(Campaign.client_id, Campaign.start_date, Campaign.end_date).where(
            among(Campaign.client_id, ids),
            Campaign.id != campaign_id,
            Campaign.grouping_key.is_(None),
            Campaign.start_date < window.end,
            or_(Campaign.end_date.is_(None), Campaign.end_date >= window.start),
        )
    )
    for client_id, first, last in rows:
        start = max(0, (first - window.start).days)
        end = window.days if last is None else (last - window.start).days + 1
        days[ids.index(client_id), start:end] = True
    return days


def _lift_on(
    session: Session,
    clients: Sequence[MeasuredClient],
    client_id: int,
    platform: Platform,
    window: DateRange,
    own: NDArray[np.bool_],
) -> PlatformLift:
    rows = [index for index, client in enumerate(clients) if platform in client.accounts.values()]
    days = _engagements(session, [clients[index] for index in rows], platform, window)
    place = [clients[index].id for index in rows].index(client_id)
    chosen = _alike(days, place)
    result = estimate_lift(
        days[chosen],
        int(np.flatnonzero(chosen == place)[0]),
        HISTORY_DAYS,
        window.days - HISTORY_DAYS,
        own[rows][chosen],
    )
    return _described(platform, result)


def _engagements(session: Session, clients: Sequence[MeasuredClient], platform: Platform, window: DateRange) -> Floats:
    """Return the interactions [client, day], paid and organic; NaN on days on which an account has none."""
    accounts = [
        [account for account, found in client.accounts.items() if found is platform] for client in clients
    ]  # fmt: skip
    days = portfolio_days(session, [account for group in accounts for account in group], window)
    rows = [
        client_days(client.id, group, days, {}, window, None, frozenset())
        for client, group in zip(clients, accounts, strict=True)
    ]
    return np.array([[np.nan if value is None else value for value in row.engagements] for row in rows])


def _alike(days: Floats, row: int) -> NDArray[np.intp]:
    """Return the rows of the client and of the others whose number of engagements before is nearest, in order."""
    known = np.isfinite(days[:, :HISTORY_DAYS])
    means = np.log1p(np.nansum(days[:, :HISTORY_DAYS], axis=1) / np.maximum(known.sum(axis=1), 1))
    distances = np.where(known.any(axis=1), np.abs(means - means[row]), np.inf)
    distances[row] = -1.0
    return np.sort(np.argsort(distances, kind="stable")[: MOST_OTHERS + 1])


def _described(platform: Platform, result: LiftEstimate | NoLift) -> PlatformLift:
    name = PLATFORM_NAMES[platform]
    if isinstance(result, NoLift):
        text = f"{name}: no estimate, because {result.reason}."
        return PlatformLift(platform=platform, verdict="no estimate", text=text)
    percent, low, high = (100 * (exp(log) - 1) for log in (result.log, result.low, result.high))
    verdict: Verdict = "not enough evidence"
    if result.p_value <= LEVEL:
        verdict = "lift" if result.log > 0 else "fall"
    interval = f"{low:+.0f} to {high:+.0f} %"
    found = f"{name}: {percent:+.0f} % engagements against the other clients ({interval})"
    if verdict == "not enough evidence":
        share = f"{round(100 * result.p_value)} % of {result.placebos} placebo campaigns"
        text = f"{found}. Not enough evidence of an effect: {share} moved as much."
    else:
        text = f"{found}, more than {round(100 * (1 - result.p_value))} % of {result.placebos} placebo campaigns."
    return PlatformLift(
        platform=platform,
        verdict=verdict,
        text=text,
        percent=percent,
        low_percent=low,
        high_percent=high,
        p_value=result.p_value,
        placebos=result.placebos,
        others=result.others,
        weeks=result.weeks,
        misfit_percent=100 * (exp(result.misfit) - 1),
    )
