"""Reads on which days the collector read all posts of an account, and when a client's events begin."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, ScalarSelect, and_, func, select, true
from sqlalchemy.orm import Session

from sophia.analytics.conversions.counted import version_valid_at, versions
from sophia.analytics.figures.schedule import FRESH_AGE, POSTS_HISTORY
from sophia.analytics.readings.account_states import SUCCESSES
from sophia.analytics.readings.run_models import ASIDE, FRESH, CollectionRun
from sophia.database.statements import among
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day
from sophia.portfolio.models import Account, Client

# The families of a run that list an account's posts: on Facebook and on Instagram.
_POST_FAMILIES = ("posts", "media")


@dataclass(slots=True)
class PostCoverage:
    """The days whose posts are complete. `covered_days` is {account: days with all posts}, without accounts that have none.

    `events_since` is the day of the client's first event; None without events.
    """

    covered_days: dict[int, DateRange] = field(default_factory=dict)
    events_since: date | None = None


def post_coverage(session: Session, clients: Collection[int], as_of: datetime | None = None) -> dict[int, PostCoverage]:
    """Return {client: coverage at that moment}, in one query.

    The first listing of an account's posts covers two years, and each later one starts where the one before it ended. So
    the days up to the newest listing have no gap. A listing counts from the start of its run.
    """
    daily, fresh = CollectionRun.trigger.not_in(ASIDE), CollectionRun.trigger == FRESH
    rows = session.execute(
        select(
            Client.id,
            Account.id,
            _listing_start(daily, as_of, newest=False),
            _listing_start(daily, as_of, newest=True),
            _listing_start(fresh, as_of, newest=True),
            _first_event(as_of),
        )
        .outerjoin(Account, Account.client_id == Client.id)
        .where(among(Client.id, clients))
    )
    coverage: dict[int, PostCoverage] = defaultdict(PostCoverage)
    for client_id, account_id, first, last, last_hourly, events_since in rows:
        coverage[client_id].events_since = events_since
        if account_id is not None and first is not None and last is not None:
            # An hourly run lists the posts of the last few days only, so after a longer pause it leaves a gap.
            has_no_gap = last_hourly is not None and last_hourly - FRESH_AGE <= last
            newest = max(last, last_hourly) if has_no_gap else last
            days = DateRange(reporting_day(first - POSTS_HISTORY) + ONE_DAY, reporting_day(newest))
            coverage[client_id].covered_days[account_id] = days
    return dict(coverage)


def _listing_start(trigger: ColumnElement[bool], as_of: datetime | None, *, newest: bool) -> ScalarSelect[datetime]:
    """Return the start of the first or the newest run that listed all posts of an account; it uses the index on runs."""
    run = CollectionRun
    # Old runs have no result for each family, only one for the run.
    ended = func.coalesce(*(run.families[(family, "ended")].as_string() for family in _POST_FAMILIES), "ok")
    by_then = true() if as_of is None else run.finished_at <= as_of
    return (
        select(run.started_at)
        .where(and_(run.account_id == Account.id, trigger, run.status.in_(SUCCESSES), ended == "ok", by_then))
        .order_by(run.started_at.desc() if newest else run.started_at)
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )


def _first_event(as_of: datetime | None) -> ScalarSelect[date]:
    event = versions(as_of, "event")
    return (
        select(func.min(event.c.event_date))
        .where(event.c.client_id == Client.id, version_valid_at(event, as_of))
        .correlate(Client)
        .scalar_subquery()
    )
