"""Reads target audiences, and the newest audience of each account of a client."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sophia.analytics.audience.matching import (
    DIMENSIONS,
    AgeRange,
    AudienceCell,
    AudienceDimension,
    AudienceMatch,
    SavedTargetAudience,
    audience_dimension,
    match_audiences,
)
from sophia.analytics.audience.models import TargetAudienceEntry
from sophia.analytics.figures.facts import FOLLOWERS
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.analytics.readings.queries import CURRENT
from sophia.meta.catalogue.lookup import METRICS, read_breakdown, reads
from sophia.meta.catalogue.terms import Asked, Level, Platform
from sophia.portfolio.models import Account

AudienceKind = Literal["followers", "engaged", "reached"]
# The canonical metric of each kind of audience.
AUDIENCES: Mapping[str, str] = {
    "followers": "follower_demographics",
    "engaged": "engaged_demographics",
    "reached": "reached_demographics",
}

NOT_REPORTED = (
    "Meta has not reported this audience: it needs at least 100 people, and Sophia asks for it once a week."
)  # fmt: skip
NOT_AVAILABLE = "This platform does not report this audience."
ON_REQUEST = "Sophia asks for this only if SOPHIA_ASK_ALSO names {name}."


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAudience:
    """The newest audience of one account. Accounts can share people, so their audiences are never added."""

    account_id: int
    platform: Platform
    name: str
    day: Annotated[date | None, Field(description="Of the newest numbers; null if Meta has never reported any.")]
    everybody: Annotated[int | float | None, Field(description="All followers, if the audience is the followers.")]
    dimensions: tuple[AudienceDimension, ...]
    fits: tuple[AudienceMatch, ...]
    cells: tuple[AudienceCell, ...]
    reason: Annotated[str | None, Field(description="Why there is no cell.")]


@dataclass(frozen=True, slots=True)
class ClientAudience:
    """The audiences of a client's accounts, each matched with the client's target audiences."""

    client_id: int
    audience: AudienceKind
    accounts: tuple[AccountAudience, ...]


def list_target_audiences(session: Session, client_id: int, name: str | None = None) -> list[SavedTargetAudience]:
    """Return a client's target audiences by name, or only the one with this name."""
    table = TargetAudienceEntry
    query = select(table).where(table.client_id == client_id).order_by(table.name)
    rows = session.scalars(query if name is None else query.where(table.name == name))
    return [
        SavedTargetAudience(
            name=row.name,
            ages=None if row.youngest is None else AgeRange(row.youngest, row.oldest),
            genders=tuple(row.genders),  # type: ignore[arg-type]  # the store keeps only F and M
            countries=tuple(row.countries),
            places=tuple(row.places),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def client_audience(session: Session, client_id: int, audience: AudienceKind) -> ClientAudience:
    """Return the newest audience of each of the client's accounts; three queries, however many cells there are."""
    targets = list_target_audiences(session, client_id)
    accounts = session.execute(
        select(Account.id, Account.platform, Account.name).where(Account.client_id == client_id).order_by(Account.id)
    ).all()
    canonical = AUDIENCES[audience]
    cells, followers = _newest(session, [account_id for account_id, _, _ in accounts], canonical)
    account_audiences = []
    for account_id, platform, name in accounts:
        everybody = followers.get(account_id) if audience == "followers" else None
        newest = {dimensions: max(by_day) for dimensions, by_day in cells[account_id].items()}
        account_cells = tuple(
            cell for dimensions, key in newest.items() for cell in cells[account_id][dimensions][key]
        )  # fmt: skip
        days = {dimensions: day for dimensions, (day, _) in newest.items()}
        account_audiences.append(
            AccountAudience(
                account_id=account_id,
                platform=Platform(platform),
                name=name,
                day=max(days.values(), default=None),
                everybody=everybody,
                dimensions=_dimensions(account_cells, days, everybody),
                fits=match_audiences(targets, account_cells),
                cells=account_cells,
                reason=None if newest else why_not_reported(Platform(platform), canonical),
            )
        )
    return ClientAudience(client_id, audience, tuple(account_audiences))


def _dimensions(
    cells: Sequence[AudienceCell], days: Mapping[tuple[str, ...], date], everybody: float | None
) -> tuple[AudienceDimension, ...]:
    """Return each reported dimension with the day of the breakdown that has the fewest dimensions beside it."""
    dimensions = []
    for name in DIMENSIONS:
        breakdowns = [(len(breakdown), breakdown) for breakdown in days if name in breakdown]
        if breakdowns:
            dimensions.append(audience_dimension(cells, name, days[min(breakdowns)[1]], everybody))
    return tuple(dimensions)


def why_not_reported(platform: Platform, canonical: str) -> str:
    """Return why an account has no audience of this kind."""
    metrics = [
        metric for metric in METRICS if (metric.platform, metric.canonical, metric.retired_on) == (platform, canonical, None)
    ]  # fmt: skip
    if not metrics:
        return NOT_AVAILABLE
    on_request = all(metric.asked is Asked.ON_REQUEST for metric in metrics)
    return ON_REQUEST.format(name=metrics[0].name) if on_request else NOT_REPORTED


# {account: {dimensions of a breakdown: {(day, metric): cells}}}, so that no two days are mixed.
_Cells = dict[int, dict[tuple[str, ...], dict[tuple[date, str], list[AudienceCell]]]]


def _newest(
    session: Session, account_ids: Sequence[int], canonical: str
) -> tuple[_Cells, dict[int, int | float]]:  # fmt: skip
    """Return the cells of each account as they were last read, and the newest total of its followers."""
    value, _ = CURRENT
    reading = EngagementMetric
    newest = (
        select(reading.metric_date)
        .where(reading.series_id == MetricSeries.id)
        .order_by(reading.metric_date.desc())
        .limit(1)
        .correlate(MetricSeries)
    )
    rows = session.execute(
        select(
            MetricSeries.account_id,
            StoredMetric.platform,
            StoredMetric.metric_name,
            StoredMetric.breakdown,
            newest.scalar_subquery(),
            newest.with_only_columns(value).scalar_subquery(),
        )
        .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
        .where(
            MetricSeries.account_id.in_(account_ids),
            MetricSeries.post_id.is_(None),
            or_(
                (StoredMetric.canonical == canonical) & (StoredMetric.breakdown != ""),
                (StoredMetric.canonical == FOLLOWERS) & (StoredMetric.breakdown == ""),
            ),
        )
        .order_by(MetricSeries.id)
    )
    cells: _Cells = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    followers: dict[int, tuple[date, int | float]] = {}
    for account_id, platform, name, breakdown, day, people in rows:
        if day is None or people is None:
            continue
        if breakdown:
            dimensions = read_breakdown(breakdown)
            cells[account_id][tuple(sorted(dimensions))][day, name].append(AudienceCell(dimensions, people))
        elif name in reads(Platform(platform), Level.ACCOUNT, FOLLOWERS):
            followers[account_id] = max(followers.get(account_id, (date.min, 0)), (day, people))
    return cells, {account_id: people for account_id, (_, people) in followers.items()}
