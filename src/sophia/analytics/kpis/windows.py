"""Windows of one client or of all: the readings of some days as facts, in a fixed number of queries.

Everything is as it was known at a moment: posts that were seen by then, readings that were stored by then with the
value that they had, clients with the names, zones and industries of then. The drafts that posts came from are those of
today.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, and_, or_, select, true, type_coerce
from sqlalchemy.orm import Session

from sophia.analytics.conversions.commerce import new_customers
from sophia.analytics.conversions.post_coverage import PostCoverage, post_coverage
from sophia.analytics.figures.facts import (
    FOLLOWERS,
    RESPONSE_METRICS,
    ClientWindow,
    DayValue,
    FollowerLevels,
    OwnValue,
    PostFacts,
)
from sophia.analytics.kpis.client_events import ClientEvents, client_events
from sophia.analytics.readings.metric_definitions import OWN_DAYS, MetricDefinition, metric_definitions
from sophia.analytics.readings.models import EngagementMetric, MetricSeries
from sophia.analytics.readings.posts import StoredPost, observed_posts, values_by
from sophia.analytics.readings.queries import CURRENT, value_at
from sophia.database.columns import day_number, day_of
from sophia.database.statements import among
from sophia.errors import NotFoundError
from sophia.meta.catalogue.terms import Level, Period, Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start, reporting_day
from sophia.portfolio.models import Account, Client, ClientRevision

# A total of followers that is older than this says nothing about the day on which a window begins.
LATEST_FOLLOWERS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class MeasuredClient:
    """A client and those of its accounts that were connected by then. `zone` is the client's own."""

    id: int
    name: str
    industry: str | None
    zone: ZoneInfo
    is_active: bool
    created_at: datetime
    accounts: Mapping[int, Platform]


def measured_clients(session: Session, *, as_of: datetime | None = None) -> list[MeasuredClient]:
    """All clients by id, archived ones too: what they had is still what others are compared with.

    One query; as of a moment one more, for what they were called and where they were then.
    """
    then = {} if as_of is None else _described_at(session, as_of)
    connected = true() if as_of is None else Account.connected_at <= as_of
    rows = session.execute(
        select(
            Client.id,
            Client.name,
            Client.industry,
            Client.timezone,
            Client.status,
            Client.created_at,
            Account.id,
            Account.platform,
        )
        .outerjoin(Account, and_(Account.client_id == Client.id, connected))
        .order_by(Client.id, Account.id)
    )
    found: dict[int, MeasuredClient] = {}
    accounts: dict[int, dict[int, Platform]] = defaultdict(dict)
    for number, name, industry, zone, status, created, account, platform in rows:
        if number not in found:
            is_active, mine = status == "active", accounts[number]
            name, industry, zone = then.get(number, (name, industry, zone))  # noqa: PLW2901 - as it was
            found[number] = MeasuredClient(number, name, industry, ZoneInfo(zone), is_active, created, mine)
        if account is not None:
            accounts[number][account] = Platform(platform)
    return list(found.values())


def _described_at(session: Session, as_of: datetime) -> dict[int, tuple[str, str | None, str]]:
    """{client: its name, industry and zone} of those that were changed since; one query."""
    kept = ClientRevision
    rows = session.execute(
        select(kept.client_id, kept.name, kept.industry, kept.timezone)
        .where(kept.replaced_at > as_of)
        .order_by(kept.replaced_at.desc(), kept.id.desc())
    )
    # The oldest change after the moment says what there was, and comes last.
    return {client: (name, industry, zone) for client, name, industry, zone in rows}


def client_windows(
    session: Session,
    clients: Sequence[MeasuredClient],
    windows: Collection[DateRange],
    now: datetime,
    *,
    as_of: datetime | None = None,
    metrics: Collection[str] | None = None,
    events: bool = True,
) -> dict[int, dict[DateRange, ClientWindow]]:
    """{client: {window: facts}}: ten queries, however many clients, posts and windows there are that do not overlap.

    `now` says which day is running. A post has what its last snapshot before the end of the window says, and so never
    anything that came later. `metrics` leaves only these canonical metrics; None takes all, unknown ones too. Without
    `events` conversions, decisions and costs are left out.
    """
    wanted = sorted(set(windows))
    if not wanted:
        return {client.id: {} for client in clients}
    spans = merged(wanted)
    means = metric_definitions(session, None if metrics is None else {*metrics, FOLLOWERS})
    accounts = [account for client in clients for account in client.accounts]
    longer = merged([DateRange(span.start - LATEST_FOLLOWERS, span.end) for span in spans])
    days = _by_account(daily_values(session, accounts, means, longer, as_of=as_of))
    own = _own_values(session, accounts, means, wanted, as_of)
    posts = observed_posts(session, accounts, spans, as_of)
    facts = posts_by_window(session, posts, wanted, means, as_of)
    happened = client_events(session, [client.id for client in clients], spans, as_of) if events else {}
    looked, today = post_coverage(session, [client.id for client in clients], as_of), reporting_day(now)
    return {
        client.id: {
            window: _client_window(
                client, window, today, days, own, facts[window], happened.get(client.id), looked[client.id]
            )
            for window in wanted
        }
        for client in clients
    }


def _client_window(
    client: MeasuredClient,
    window: DateRange,
    today: date,
    days: Mapping[int, Sequence[DayValue]],
    own: Mapping[int, Sequence[OwnValue]],
    posts: Mapping[int, Sequence[PostFacts]],
    events: ClientEvents | None,
    looked: PostCoverage,
) -> ClientWindow:
    mine = client.accounts
    client_window = ClientWindow(
        window=window,
        today=today,
        zone=client.zone,
        accounts=mine,
        posts=tuple(post for account in mine for post in posts.get(account, ())),
        days=tuple(one for account in mine for one in days.get(account, ()) if one.day in window),
        own=tuple(one for account in mine for one in own.get(account, ()) if one.window == window),
        followers=tuple(follower_levels(account, days.get(account, ()), window) for account in mine),
        listed=looked.listed,
        events_since=looked.events_since,
    )
    return client_window if events is None else _with_events(client_window, events)


def _with_events(client_window: ClientWindow, events: ClientEvents) -> ClientWindow:
    conversions = tuple(conversion for conversion in events.conversions if conversion.day in client_window.window)
    return replace(
        client_window,
        conversions=conversions,
        approvals=tuple(events.approvals),
        costs=tuple(events.costs),
        new_customers=new_customers((*events.purchases, *conversions), client_window.window),
    )


def merged(windows: Iterable[DateRange]) -> list[DateRange]:
    """The same days in as few windows as possible, oldest first."""
    found: list[DateRange] = []
    for window in sorted(windows):
        if found and window.start <= found[-1].end:
            found[-1] = DateRange(found[-1].start, max(found[-1].end, window.end))
        else:
            found.append(window)
    return found


def _by_account(values: Iterable[DayValue]) -> dict[int, list[DayValue]]:
    found: dict[int, list[DayValue]] = defaultdict(list)
    for value in values:
        found[value.account_id].append(value)
    return found


def daily_values(
    session: Session,
    accounts: Collection[int],
    means: Mapping[int, MetricDefinition],
    windows: Iterable[DateRange],
    *,
    as_of: datetime | None = None,
) -> list[DayValue]:
    """What accounts had on each day, by canonical metric, several stored names of one added up; one query."""
    mine = {
        number: meaning.metric
        for number, meaning in means.items()
        if meaning.level is Level.ACCOUNT and meaning.period == Period.DAY.value and meaning.describes(None)
    }
    day = EngagementMetric.metric_date
    inside = or_(*(day.between(window.start, window.end - ONE_DAY) for window in windows))
    found: dict[tuple[int, str, date], int | float] = {}
    for account, metric, on, value in _account_readings(session, accounts, mine, inside, as_of):
        key = account, mine[metric], on
        found[key] = found[key] + value if key in found else value
    return [DayValue(account, on, metric, value) for (account, metric, on), value in sorted(found.items())]


def _account_readings(
    session: Session,
    accounts: Collection[int],
    metrics: Iterable[int],
    on_days: ColumnElement[bool],
    as_of: datetime | None,
) -> list[tuple[int, int, date, int | float]]:
    value, fetch = CURRENT if as_of is None else value_at(as_of)
    rows = session.execute(
        select(
            MetricSeries.account_id,
            MetricSeries.metric_id,
            type_coerce(EngagementMetric.metric_date, Integer),
            value,
        )
        .select_from(MetricSeries)
        .join(EngagementMetric, EngagementMetric.series_id == MetricSeries.id)
        .where(
            among(MetricSeries.account_id, accounts),
            among(MetricSeries.metric_id, list(metrics)),
            MetricSeries.post_id.is_(None),
            on_days,
            true() if as_of is None else fetch.is_not(None),
        )
    )
    # Of many rows, making each day anew takes longer than reading it.
    calendar: dict[int, date] = {}
    found = []
    for account, metric, number, amount in rows:
        day = calendar.get(number) or calendar.setdefault(number, day_of(number))
        found.append((account, metric, day, amount))
    return found


def _own_values(
    session: Session,
    accounts: Collection[int],
    means: Mapping[int, MetricDefinition],
    windows: Iterable[DateRange],
    as_of: datetime | None,
) -> dict[int, list[OwnValue]]:
    """What Meta itself counted for windows of 7 and 28 days; the value of a day closes the days until then."""
    lengths = {
        number: OWN_DAYS[meaning.period]
        for number, meaning in means.items()
        if meaning.period in OWN_DAYS and meaning.describes(None)
    }
    closing = {(window.end - ONE_DAY, window.days): window for window in windows if window.days in OWN_DAYS.values()}
    on_days = among(EngagementMetric.metric_date, sorted({day_number(day) for day, _ in closing}))
    found: dict[int, list[OwnValue]] = defaultdict(list)
    for account, metric, day, value in _account_readings(session, accounts, lengths, on_days, as_of):
        window = closing.get((day, lengths[metric]))
        if window is not None:
            found[account].append(OwnValue(account, means[metric].metric, window, value))
    return {account: sorted(values, key=lambda one: (one.window, one.metric)) for account, values in found.items()}


def follower_levels(account_id: int, days: Iterable[DayValue], window: DateRange) -> FollowerLevels:
    """The last totals before the window and inside it; a day without one is bridged for a week, never longer (A8)."""
    known = {one.day: int(one.value) for one in days if one.metric == FOLLOWERS}
    before = [day for day in known if window.start - LATEST_FOLLOWERS <= day < window.start]
    inside = [day for day in known if day in window and day >= window.end - LATEST_FOLLOWERS]
    return FollowerLevels(
        account_id, known[max(before)] if before else None, known[max(inside)] if inside else None
    )  # fmt: skip


def posts_by_window(
    session: Session,
    posts: Sequence[StoredPost],
    windows: Iterable[DateRange],
    means: Mapping[int, MetricDefinition],
    as_of: datetime | None,
) -> dict[DateRange, dict[int, list[PostFacts]]]:
    """{window: {account: its posts, with their last snapshots before the end}}: a query, and one more for each time
    that windows overlap.
    """
    layers: list[list[DateRange]] = []
    for window in sorted(windows):
        free = next((layer for layer in layers if layer[-1].end <= window.start), None)
        if free is None:
            layers.append([window])
        else:
            free.append(window)
    found: dict[DateRange, dict[int, list[PostFacts]]] = {}
    for layer in layers:
        mine = {window: published_in(posts, window) for window in layer}
        facts = post_facts(session, {window.end: each for window, each in mine.items()}, means, as_of)
        for window, each in mine.items():
            found[window] = defaultdict(list)
            for post in each:
                found[window][post.account_id].append(facts[post.id])
    return found


def published_in(posts: Iterable[StoredPost], window: DateRange) -> list[StoredPost]:
    start, end = day_start(window.start), day_start(window.end)
    return [post for post in posts if start <= post.published_at < end]


def post_facts(
    session: Session,
    before: Mapping[date, Sequence[StoredPost]],
    means: Mapping[int, MetricDefinition],
    as_of: datetime | None,
) -> dict[int, PostFacts]:
    """{post: what its last snapshots before its day say}; one query."""
    posts = {post.id: post for mine in before.values() for post in mine}
    metrics = {
        number: meaning
        for number, meaning in means.items()
        if meaning.level is Level.POST and meaning.period == Period.LIFETIME.value
    }
    values: dict[int, dict[str, int | float]] = defaultdict(dict)
    read: dict[int, date] = {}
    days = {day: [post.id for post in mine] for day, mine in before.items()}
    for number, metric, day, value in values_by(session, days, list(metrics), as_of):
        meaning, post = metrics[metric], posts[number]
        if meaning.platform is post.platform and meaning.describes(post.kind):
            known = values[number]
            known[meaning.metric] = known[meaning.metric] + value if meaning.metric in known else value
            read[number] = max(read.get(number, day), day)
    return {
        post.id: PostFacts(
            post_id=post.id,
            account_id=post.account_id,
            platform=post.platform,
            kind=post.kind,
            published_at=post.published_at,
            # The end of the day on which the newest of its values was read.
            read_at=day_start(read[post.id] + ONE_DAY) if post.id in read else post.published_at,
            values=dict(sorted(values[post.id].items())),
            draft_id=post.draft_id,
            pillar=post.pillar,
        )
        for post in posts.values()
    }


def of_accounts(window: ClientWindow, accounts: Mapping[int, Platform]) -> ClientWindow:
    """The part of a window that belongs to some of its accounts; events, which belong to the client, are left out."""
    return replace(
        window,
        accounts=accounts,
        posts=tuple(post for post in window.posts if post.account_id in accounts),
        days=tuple(day for day in window.days if day.account_id in accounts),
        own=tuple(one for one in window.own if one.account_id in accounts),
        followers=tuple(follower for follower in window.followers if follower.account_id in accounts),
        conversions=(),
        approvals=(),
        costs=(),
        new_customers=None,
    )


HISTORY = timedelta(days=90)


def client_among(clients: Iterable[MeasuredClient], client_id: int) -> MeasuredClient:
    """Raises NotFoundError for a client that is not there."""
    measured_client = next((client for client in clients if client.id == client_id), None)
    if measured_client is None:
        raise NotFoundError(f"There is no client {client_id}.")
    return measured_client


def newest_facts(
    session: Session, client: MeasuredClient, window: DateRange, now: datetime, as_of: datetime | None = None
) -> tuple[list[PostFacts], list[StoredPost]]:
    """The posts of a window with the newest of their numbers that tell how people respond; three queries."""
    posts = observed_posts(session, client.accounts, [window], as_of)
    facts = post_facts(
        session, {reporting_day(now) + ONE_DAY: posts}, metric_definitions(session, RESPONSE_METRICS), as_of
    )
    return list(facts.values()), posts
