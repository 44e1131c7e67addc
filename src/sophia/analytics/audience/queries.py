"""Who the audience of a client's accounts is, as Meta last said, and whom the client wants to reach."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from sophia.analytics.audience.fit import AudienceCell, Profile
from sophia.analytics.audience.models import IdealCustomer
from sophia.analytics.figures.facts import FOLLOWERS
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.analytics.readings.queries import CURRENT
from sophia.meta.catalogue.lookup import METRICS, read_breakdown, reads
from sophia.meta.catalogue.terms import Asked, Level, Platform
from sophia.portfolio.models import Account

# What an audience is called in questions, and what its people are called in the catalogue.
AUDIENCES = {
    "followers": "follower_demographics",
    "engaged": "engaged_demographics",
    "reached": "reached_demographics",
}


NOT_REPORTED = (
    "Meta has reported nothing of this audience: it needs at least 100 people, and Sophia asks for it once a week."
)
NOT_THERE = "This platform does not report such an audience."
ON_REQUEST = "This is asked only when SOPHIA_ASK_ALSO names {name}."


@dataclass(frozen=True, slots=True)
class IdealCustomerState:
    """A profile and when it was written."""

    profile: Profile
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AccountAudience:
    """The newest cells of one account. `days` are those of the numbers, by the names of a breakdown's dimensions.

    `everybody` is how many there are in all, where the platform counts them: followers it counts, others it does not.
    People of two accounts may be the same, and so audiences of accounts are never added.
    """

    account_id: int
    platform: Platform
    name: str
    cells: tuple[AudienceCell, ...]
    days: dict[tuple[str, ...], date]
    everybody: int | float | None
    # Why there is no cell; None where there is one.
    reason: str | None

    def day_of(self, dimension: str) -> date:
        """The day of the numbers by this dimension, which must be there: of the breakdown with the fewest dimensions."""
        mine = [(len(dimensions), dimensions) for dimensions in self.days if dimension in dimensions]
        return self.days[min(mine)[1]]


def ideal_customers(session: Session, client_id: int, name: str | None = None) -> list[IdealCustomerState]:
    """A client's profiles by name; only the one of this name if it is given."""
    query = select(IdealCustomer).where(IdealCustomer.client_id == client_id).order_by(IdealCustomer.name)
    rows = session.scalars(query if name is None else query.where(IdealCustomer.name == name))
    return [IdealCustomerState(_profile(row), row.created_at, row.updated_at) for row in rows]


def _profile(row: IdealCustomer) -> Profile:
    return Profile(
        name=row.name,
        ages=None if row.youngest is None else (row.youngest, row.oldest),
        genders=tuple(row.genders),
        countries=tuple(row.countries),
        places=tuple(row.places),
    )


def audiences(session: Session, client_id: int, audience: str) -> list[AccountAudience]:
    """The newest audience of each of the client's accounts, by account; two queries, however many cells there are."""
    accounts = session.execute(
        select(Account.id, Account.platform, Account.name).where(Account.client_id == client_id).order_by(Account.id)
    ).all()
    cells, followers = _newest(session, [account for account, _, _ in accounts], AUDIENCES[audience])
    account_audiences = []
    for account, platform, name in accounts:
        chosen = {dimensions: max(named) for dimensions, named in cells[account].items()}
        account_audiences.append(
            AccountAudience(
                account_id=account,
                platform=Platform(platform),
                name=name,
                cells=tuple(cell for dimensions, key in chosen.items() for cell in cells[account][dimensions][key]),
                days={dimensions: day for dimensions, (day, _) in chosen.items()},
                everybody=followers.get(account) if audience == "followers" else None,
                reason=None if chosen else why_silent(Platform(platform), AUDIENCES[audience]),
            )
        )
    return account_audiences


def why_silent(platform: Platform, canonical: str) -> str:
    """Why an account has no audience of this kind."""
    rows = [one for one in METRICS if (one.platform, one.canonical, one.retired_on) == (platform, canonical, None)]
    if not rows:
        return NOT_THERE
    asked = all(row.asked is Asked.ON_REQUEST for row in rows)
    return ON_REQUEST.format(name=rows[0].name) if asked else NOT_REPORTED


# Of an account by the dimensions of a breakdown: its cells by day and metric, so that no two days are mixed.
_Cells = dict[int, dict[tuple[str, ...], dict[tuple[date, str], list[AudienceCell]]]]


def _newest(
    session: Session, accounts: Sequence[int], canonical: str
) -> tuple[_Cells, dict[int, int | float]]:  # fmt: skip
    """The cells of each account as each was last read, and the newest total of its followers."""
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
            MetricSeries.account_id.in_(accounts),
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
    for account, platform, name, breakdown, day, people in rows:
        if day is None or people is None:
            continue
        if breakdown:
            dimensions = read_breakdown(breakdown)
            key = tuple(sorted(dimensions))
            cells[account][key][day, name].append(AudienceCell(dimensions, people))
        elif name in reads(Platform(platform), Level.ACCOUNT, FOLLOWERS):
            followers[account] = max(followers.get(account, (date.min, 0)), (day, people))
    return cells, {account: people for account, (_, people) in followers.items()}
