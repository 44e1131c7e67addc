"""Daily values of one metric, combined into days, weeks or months as far as its counting allows (A4, A5, J7)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.figures.figures import NO_READINGS, NOT_AVERAGED, NOT_COMPLETE, Number
from sophia.analytics.figures.people import count_people
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.database.statements import among
from sophia.meta.catalogue.canonical import Counting, Unit
from sophia.meta.catalogue.lookup import reads
from sophia.meta.catalogue.terms import Level, Platform
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange
from sophia.portfolio.models import Account

Bucket = Literal["day", "week", "month"]
GroupBy = Literal["none", "platform", "account"]

NOT_KNOWN = "The catalogue does not know this metric, so it is unknown whether its values may be added."


@dataclass(frozen=True, slots=True)
class DailyValue:
    """The value of one account on one day. `own_week`: Meta's own number for the seven days that end with `day`."""

    account_id: int
    platform: str
    day: date
    value: int | float
    own_week: bool = False


@dataclass(frozen=True, slots=True)
class BucketValue:
    """The value of one bucket, `end` excluded. Without a value `reason` says why, and people have bounds."""

    start: date
    end: date
    value: int | float | None
    days_with_data: int
    accounts_with_data: int
    at_least: int | float | None
    at_most: int | float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class SeriesGroup:
    """The buckets of all accounts, of one platform or of one account."""

    platform: Platform | None
    account_id: int | None
    accounts: Annotated[int, Field(description="Accounts that have readings in these days.")]
    points: list[BucketValue]


@dataclass(frozen=True, slots=True)
class Aggregated:
    """The result. `names` are the stored names whose values were added for an account and day."""

    names: tuple[str, ...]
    counting: Counting | None
    unit: Unit | None
    groups: list[SeriesGroup]


def aggregate(
    session: Session,
    client_id: int,
    days: DateRange,
    bucket: Bucket,
    group_by: GroupBy,
    *,
    canonical: str | None = None,
    metric_name: str | None = None,
) -> Aggregated:
    """Return one metric of a client's accounts, by canonical or stored name; never one of posts (A4)."""
    metrics = _metrics(session, canonical, metric_name)
    daily = [metric for metric in metrics if metric.period == "day"]
    counting = _shared_counting(daily)
    values = list(_daily_values(session, client_id, [metric.id for metric in daily], days))
    if bucket == "week" and counting is Counting.UNIQUE and _has_one_name_per_platform(daily):
        weekly = [metric.id for metric in metrics if metric.period == "week"]
        values += _daily_values(session, client_id, weekly, days, own_week=True)
    platforms = {metric.platform for metric in daily}
    serving = {
        account_id: platform
        for account_id, platform in session.execute(
            select(Account.id, Account.platform).where(Account.client_id == client_id)
        )
        if platform in platforms
    }
    units = {None if metric.unit is None else Unit(metric.unit) for metric in daily}
    return Aggregated(
        names=tuple(sorted({metric.metric_name for metric in daily})),
        counting=counting,
        unit=units.pop() if len(units) == 1 else None,
        groups=list(grouped(values, counting, days, bucket, group_by, serving)),
    )


def _metrics(session: Session, canonical: str | None, metric_name: str | None) -> list[StoredMetric]:
    """Return the stored metrics of accounts, without breakdown, that make up the requested metric."""
    names = {platform.value: {metric_name} for platform in Platform}
    if canonical is not None:
        names = {platform.value: set(reads(platform, Level.ACCOUNT, canonical)) for platform in Platform}
    all_names = {name for group in names.values() for name in group if name is not None}
    rows = session.scalars(
        select(StoredMetric).where(
            among(StoredMetric.metric_name, all_names),
            StoredMetric.level == "account",
            StoredMetric.breakdown == "",
            StoredMetric.period.in_(("day", "week")),
        )
    )
    return [row for row in rows if row.metric_name in names[row.platform]]


def _shared_counting(metrics: Collection[StoredMetric]) -> Counting | None:
    """Return how all of them may be combined, or None if they differ or the catalogue does not know."""
    countings = {metric.counting for metric in metrics}
    counting = countings.pop() if len(countings) == 1 else None
    return None if counting is None else Counting(counting)


def _has_one_name_per_platform(metrics: Collection[StoredMetric]) -> bool:
    """Return whether each platform has one name: people counted under several names cannot be added."""
    return len({metric.platform for metric in metrics}) == len(metrics)


def _daily_values(
    session: Session, client_id: int, metric_ids: list[int], days: DateRange, *, own_week: bool = False
) -> Iterator[DailyValue]:
    if not metric_ids:
        return
    rows = session.execute(
        select(Account.id, Account.platform, EngagementMetric.metric_date, func.sum(EngagementMetric.metric_value))
        .select_from(Account)
        .join(MetricSeries, MetricSeries.account_id == Account.id)
        .join(EngagementMetric, EngagementMetric.series_id == MetricSeries.id)
        .where(
            Account.client_id == client_id,
            among(MetricSeries.metric_id, metric_ids),
            MetricSeries.post_id.is_(None),
            EngagementMetric.metric_date.between(days.start, days.end - ONE_DAY),
        )
        .group_by(Account.id, Account.platform, EngagementMetric.metric_date)
    )
    for account_id, platform, day, value in rows:
        yield DailyValue(account_id, platform, day, value, own_week)


def full_buckets(days: DateRange, bucket: Bucket) -> DateRange:
    """Return the days of all buckets that the given days touch. Weeks begin on Monday."""
    if bucket == "week":
        last_monday = (days.end - ONE_DAY) - (days.end - ONE_DAY).weekday() * ONE_DAY
        return DateRange(days.start - days.start.weekday() * ONE_DAY, last_monday + ONE_WEEK)
    if bucket == "month":
        return DateRange(days.start.replace(day=1), next_month(days.end - ONE_DAY))
    return days


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def buckets(days: DateRange, bucket: Bucket) -> Iterator[tuple[date, date]]:
    """Yield (start, end excluded) of every bucket in days that are whole buckets."""
    start = days.start
    while start < days.end:
        end = next_month(start) if bucket == "month" else start + (7 if bucket == "week" else 1) * ONE_DAY
        yield start, end
        start = end


def grouped(
    values: Iterable[DailyValue],
    counting: Counting | None,
    days: DateRange,
    bucket: Bucket,
    group_by: GroupBy,
    serving: Mapping[int, str],
) -> Iterator[SeriesGroup]:
    """Yield a group for each platform or account with readings, or one for all accounts.

    `serving` is {account: platform} of all accounts whose platform has the metric: people of an account without readings
    are unknown.
    """
    members: dict[tuple[str | None, int | None], list[DailyValue]] = {}
    if group_by == "none":
        members[None, None] = []
    for value in values:
        key = {
            "none": (None, None),
            "platform": (value.platform, None),
            "account": (value.platform, value.account_id),
        }[group_by]
        members.setdefault(key, []).append(value)
    for (platform, account_id), group_values in sorted(members.items(), key=str):
        accounts = {value.account_id for value in group_values}
        members_of_group = accounts | {
            account for account, on in serving.items() if platform in (None, on) and account_id in (None, account)
        }
        placed: dict[date, list[DailyValue]] = {}
        for value in group_values:
            placed.setdefault(bucket_start(value.day, bucket), []).append(value)
        combined = members_of_group if counting is Counting.UNIQUE else accounts
        points = [point(start, end, placed.get(start, []), counting, combined) for start, end in buckets(days, bucket)]
        yield SeriesGroup(None if platform is None else Platform(platform), account_id, len(accounts), points)


def bucket_start(day: date, bucket: Bucket) -> date:
    return full_buckets(DateRange(day, day + ONE_DAY), bucket).start


def point(
    start: date, end: date, values: Sequence[DailyValue], counting: Counting | None, accounts: Collection[int]
) -> BucketValue:
    """Return the value of one bucket; `accounts` are those whose values it combines."""
    daily = [value for value in values if not value.own_week]
    numbers = [value.value for value in daily]
    days, accounts_with_data = len({value.day for value in daily}), len({value.account_id for value in daily})
    bare = BucketValue(start, end, None, days, accounts_with_data, at_least=None, at_most=None, reason=None)
    if counting is Counting.UNIQUE:
        return people_point(bare, values, accounts)
    if not daily:
        return replace(bare, reason=NO_READINGS)
    if counting is Counting.ADDITIVE:
        return replace(bare, value=sum(numbers))
    if counting is Counting.LEVEL:
        last = {value.account_id: value.value for value in sorted(daily, key=lambda value: value.day)}
        complete = len(last) == len(accounts)
        return replace(bare, value=sum(last.values())) if complete else replace(bare, reason=NOT_COMPLETE)
    if len(accounts) == 1 and end - start == ONE_DAY:
        return replace(bare, value=numbers[0])
    return replace(bare, reason=NOT_AVERAGED if counting is Counting.RATIO else NOT_KNOWN)


def people_point(bare: BucketValue, values: Sequence[DailyValue], accounts: Collection[int]) -> BucketValue:
    """Return the people of a bucket: Meta's own number for the week if there is one, else bounds (A5)."""
    last_day = bare.end - ONE_DAY
    own = {value.account_id: value.value for value in values if value.own_week and value.day == last_day}
    daily: dict[int, dict[date, Number]] = {}
    for value in values:
        if not value.own_week:
            daily.setdefault(value.account_id, {})[value.day] = value.value
    people = count_people(accounts, own, daily, (bare.end - bare.start).days)
    return replace(bare, **{name: getattr(people, name) for name in ("value", "at_least", "at_most", "reason")})
