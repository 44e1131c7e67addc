"""What a run reads from the store before its first request."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from sophia.analytics.readings.gaps import family_of_series
from sophia.analytics.readings.models import EngagementMetric, MetricSeries, StoredMetric
from sophia.analytics.readings.run_models import (
    ASIDE,
    BudgetPause,
    CollectionRun,
    MetricStatus,
    RefusedObject,
    Watermark,
)
from sophia.database.records import as_record
from sophia.errors import NotFoundError
from sophia.meta.catalogue.terms import ObjectKind, Platform
from sophia.meta.pacing import Budget, Pause
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import Account, Post

# After this many runs with invalid parts, Sophia accepts that Meta sends no better answer and covers the days.
PERSISTENT_RUNS = 3
# Results of a family without values, whether it should have some or not.
SILENT = frozenset({"empty", "none"})


@dataclass(frozen=True, slots=True)
class ExpiredRefusal:
    """A refused metric of the account itself that is due for another try; `mark` is its watermark family."""

    metric: str
    since: datetime
    mark: str


@dataclass(frozen=True, slots=True)
class DueAccount:
    """The state of an account at the start of a run. `covered` and `asked_at` are by family of series, `refused` by
    kind of object.

    `resting` are objects that refused and are left alone, `retried` those that are due for another try.
    `persistently_invalid`: Meta's answers held invalid parts in each of the last runs, so waiting does not help.
    `silent`: families that gave no value in the last run; `silent_for_long`: in each of the last PERSISTENT_RUNS runs.
    `answered_before`: families of which the account has readings. `has_posts`: it has posts that Meta still lists.
    `last_days`: the last day with a reading, by name of the account's daily series without breakdown.
    `unanswered_since`: when the oldest post was published whose insights are due again at once.
    """

    id: int
    name: str
    client_id: int
    platform: str
    external_id: str
    token_encrypted: str | None
    scopes: frozenset[str]
    covered: dict[str, DateRange]
    asked_at: dict[str, datetime]
    refused: dict[ObjectKind, set[str]]
    resting: frozenset[str]
    retried: frozenset[str]
    persistently_invalid: bool
    expired_refusals: tuple[ExpiredRefusal, ...]
    silent: frozenset[str]
    silent_for_long: frozenset[str]
    answered_before: frozenset[str]
    last_days: dict[str, date]
    has_posts: bool
    unanswered_since: datetime | None


def account_to_collect(session: Session, account_id: int, api_version: str, now: datetime) -> DueAccount:
    """Return the state of an account, without refusals that are due for another try. Raises NotFoundError."""
    account = session.get(Account, account_id)
    if account is None:
        raise NotFoundError(f"There is no account {account_id}.")
    marks = list(session.scalars(select(Watermark).where(Watermark.account_id == account_id)))
    refused: dict[ObjectKind, set[str]] = {}
    for kind, name in session.execute(
        select(MetricStatus.object_kind, MetricStatus.metric_name).where(
            MetricStatus.platform == account.platform,
            MetricStatus.api_version == api_version,
            MetricStatus.ask_again_at > now,
            or_(MetricStatus.account_id.is_(None), MetricStatus.account_id == account_id),
        )
    ):
        refused.setdefault(ObjectKind(kind), set()).add(name)
    objects = session.execute(
        select(RefusedObject.object_id, RefusedObject.ask_again_at).where(RefusedObject.account_id == account_id)
    ).all()
    runs = _last_runs(session, account_id)
    silent = [{name for name, state in families.items() if state.get("ended") in SILENT} for _, families in runs]
    return as_record(
        DueAccount,
        account,
        scopes=frozenset(account.token_scopes),
        covered={mark.family: mark.days for mark in marks},
        asked_at={mark.family: mark.updated_at for mark in marks},
        refused=refused,
        resting=frozenset(name for name, again_at in objects if again_at > now),
        retried=frozenset(name for name, again_at in objects if again_at <= now),
        persistently_invalid=len(runs) == PERSISTENT_RUNS and all(quarantined for quarantined, _ in runs),
        expired_refusals=_expired_refusals(
            session, account, api_version, {mark.family: mark.updated_at for mark in marks}, now
        ),
        silent=frozenset(silent[0] if silent else ()),
        silent_for_long=frozenset(set.intersection(*silent) if len(silent) == PERSISTENT_RUNS else ()),
        answered_before=_answered_before(session, account),
        last_days=_last_days(session, account_id),
        has_posts=bool(session.scalar(select(exists().where(*_living_posts(account_id))))),
        unanswered_since=_unanswered_since(session, account_id),
    )


def recovered_mark(metric: str) -> str:
    """Return the watermark family that records a recovered metric; a hash, because names may be long."""
    return f"regained:{hashlib.sha256(metric.encode()).hexdigest()[:16]}"


def _expired_refusals(
    session: Session, account: Account, api_version: str, noted: Mapping[str, datetime], now: datetime
) -> tuple[ExpiredRefusal, ...]:
    rows = session.execute(
        select(MetricStatus.metric_name, func.min(MetricStatus.since), func.max(MetricStatus.ask_again_at))
        .where(
            MetricStatus.platform == account.platform,
            MetricStatus.object_kind.in_((ObjectKind.PAGE.value, ObjectKind.ACCOUNT.value)),
            MetricStatus.api_version == api_version,
            or_(MetricStatus.account_id.is_(None), MetricStatus.account_id == account.id),
        )
        .group_by(MetricStatus.metric_name)
    )
    return tuple(
        ExpiredRefusal(name, since, recovered_mark(name))
        for name, since, again_at in rows
        if again_at <= now and (recovered_mark(name) not in noted or noted[recovered_mark(name)] < again_at)
    )


def _last_runs(session: Session, account_id: int) -> list[tuple[int, dict[str, dict[str, Any]]]]:
    """Return (number of rejected items, result of each family) of the newest runs, newest first."""
    newest = (
        select(CollectionRun.quarantined, CollectionRun.families)
        .where(CollectionRun.account_id == account_id, CollectionRun.trigger.not_in(ASIDE))
        .order_by(CollectionRun.id.desc())
        .limit(PERSISTENT_RUNS)
    )
    return [(quarantined, families) for quarantined, families in session.execute(newest)]


def _answered_before(session: Session, account: Account) -> frozenset[str]:
    """Return the families of which the account, or one of its posts, has a reading."""
    rows = session.execute(
        select(StoredMetric.level, StoredMetric.metric_name, StoredMetric.breakdown).where(
            StoredMetric.platform == account.platform,
            StoredMetric.id.in_(select(MetricSeries.metric_id).where(MetricSeries.account_id == account.id)),
        )
    )
    families = (family_of_series(Platform(account.platform), *row) for row in rows)
    return frozenset(family for family in families if family is not None)


def _last_days(session: Session, account_id: int) -> dict[str, date]:
    """Return {stored name: last day} of the account's own daily series, through the index on series and day."""
    of_series = EngagementMetric.series_id == MetricSeries.id
    last = select(func.max(EngagementMetric.metric_date)).where(of_series).correlate(MetricSeries).scalar_subquery()
    rows = session.execute(
        select(StoredMetric.metric_name, last)
        .select_from(MetricSeries)
        .join(StoredMetric, StoredMetric.id == MetricSeries.metric_id)
        .where(
            MetricSeries.account_id == account_id,
            MetricSeries.post_id.is_(None),
            StoredMetric.period == "day",
            StoredMetric.breakdown == "",
        )
    )
    return {name: day for name, day in rows if day is not None}


def _living_posts(account_id: int) -> tuple[ColumnElement[bool], ...]:
    return (Post.account_id == account_id, Post.gone_at.is_(None), Post.kind != ObjectKind.STORY.value)


def _unanswered_since(session: Session, account_id: int) -> datetime | None:
    """Return when the oldest post was published whose insights failed temporarily (refusals with 0 tries)."""
    return session.scalar(
        select(func.min(Post.published_at))
        .join(RefusedObject, RefusedObject.object_id.in_((Post.platform_post_id, Post.video_id)))
        .where(RefusedObject.account_id == account_id, RefusedObject.tries == 0, *_living_posts(account_id))
    )


def budget_pauses(session: Session) -> list[Pause]:
    """Return the budgets of Meta's limits that a process recorded as resting."""
    rows = session.execute(select(BudgetPause.budget, BudgetPause.until, BudgetPause.reason))
    return [Pause(Budget.of_key(key), until, reason) for key, until, reason in rows]
