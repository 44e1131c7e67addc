"""Of which days it is known that all posts were looked for, and since when events of a client are recorded."""

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

# The families of a run that walk along an account's posts, on one platform and on the other.
_WALKS = ("posts", "media")


@dataclass(slots=True)
class PostCoverage:
    """`listed` is {account: the whole days of which all posts were looked for}; accounts without any are left out.

    `events_since` is the day of the client's first event; None when nobody has sent any.
    """

    listed: dict[int, DateRange] = field(default_factory=dict)
    events_since: date | None = None


def post_coverage(session: Session, clients: Collection[int], as_of: datetime | None = None) -> dict[int, PostCoverage]:
    """{client: what was looked for by then}; one query.

    The first walk along an account's posts goes back for two years and every later one as far as the one before it, so
    that the days from there to the newest walk have no hole. A walk counts from the moment at which its run began.
    """
    daily, fresh = CollectionRun.trigger.not_in(ASIDE), CollectionRun.trigger == FRESH
    rows = session.execute(
        select(
            Client.id,
            Account.id,
            _walk(daily, as_of, newest=False),
            _walk(daily, as_of, newest=True),
            _walk(fresh, as_of, newest=True),
            _first_event(as_of),
        )
        .outerjoin(Account, Account.client_id == Client.id)
        .where(among(Client.id, clients))
    )
    found: dict[int, PostCoverage] = defaultdict(PostCoverage)
    for client, account, first, last, newest, since in rows:
        found[client].events_since = since
        if account is not None and first is not None and last is not None:
            # The hourly look goes back for some days only: after a longer rest it leaves a hole behind it.
            reached = max(last, newest) if newest is not None and newest - FRESH_AGE <= last else last
            days = DateRange(reporting_day(first - POSTS_HISTORY) + ONE_DAY, reporting_day(reached))
            found[client].listed[account] = days
    return dict(found)


def _walk(trigger: ColumnElement[bool], as_of: datetime | None, *, newest: bool) -> ScalarSelect[datetime]:
    """When the first or the newest run began that walked along an account's posts to the end; by the index on runs."""
    run = CollectionRun
    # Runs of long ago do not say how each family ended, but whether all is well.
    ended = func.coalesce(*(run.families[(walk, "ended")].as_string() for walk in _WALKS), "ok")
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
