"""Reads everything that a report is computed from, in a fixed number of queries."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from sophia.analytics.measures.driver_figures import ClientWindows
from sophia.analytics.measures.facts import ENGAGEMENTS as ENGAGEMENT_METRICS
from sophia.analytics.measures.facts import PostFacts
from sophia.analytics.measures.figures import ONE_DAY, Figure, Window, week_of
from sophia.analytics.measures.trends import a_year_before, newest_weeks
from sophia.analytics.queries.comments import comments_by_platform
from sophia.analytics.queries.portfolio_days import account_days, posts_a_day
from sophia.analytics.queries.post_values import SeenPost, seen_posts
from sophia.analytics.queries.snapshots import account_figures
from sophia.analytics.queries.windows import (
    FOLLOWERS,
    MeasuredClient,
    client_windows,
    meanings,
    measured_clients,
    post_facts,
)
from sophia.analytics.report.building import (
    PEER_KPIS,
    TREND_WEEKS,
    Facts,
    build_report,
    compared_window,
    trend_weeks,
)
from sophia.analytics.report.records import Report
from sophia.analytics.report.watching import EXPOSURE, SECOND_EXPOSURE, WATCHED, driver_windows, watched_days
from sophia.database import Database
from sophia.errors import InvalidInputError, NotFoundError
from sophia.meta.catalogue import Platform
from sophia.meta.reporting_zone import reporting_day

MOST_DAYS = 92
HISTORY = timedelta(days=90)
RESPONSE_METRICS = frozenset({*ENGAGEMENT_METRICS, "reach"})
TREND_METRICS = frozenset({*RESPONSE_METRICS, "views", FOLLOWERS})


def last_closed_week(now: datetime) -> Window:
    """The newest week of the reporting zone that is over."""
    return week_of(reporting_day(now)).previous


def make_report(
    database: Database, client_id: int, window: Window | None, now: datetime, *, as_of: datetime | None = None
) -> Report:
    """The report of a client for a window, by default the newest closed week; as it was at `as_of`, to the digit.

    Whoever may see the client sees the same report: others of the portfolio stand in it only as a crowd. Raises
    NotFoundError, and InvalidInputError for a window that is too long or has not begun.
    """
    with database.read() as session:
        facts = gather_facts(session, client_id, window, now, as_of=as_of)
    return build_report(facts)


def gather_facts(
    session: Session, client_id: int, window: Window | None, now: datetime, *, as_of: datetime | None = None
) -> Facts:
    """Everything that the report is computed from. Raises as `make_report` does."""
    if as_of is not None and as_of > now:
        raise InvalidInputError("What was known at a moment can only be said of the past.")
    moment = as_of or now
    today, chosen = reporting_day(moment), window or last_closed_week(moment)
    check_window(chosen, moment)
    before = compared_window(chosen, today)
    clients = measured_clients(session, as_of=as_of)
    client = next((one for one in clients if one.id == client_id), None)
    if client is None:
        raise NotFoundError(f"There is no client {client_id}.")
    measured = client_windows(session, [client], (chosen, before), moment, as_of=as_of)[client.id]
    history, posts = _history(session, client, chosen, moment, as_of)
    means = meanings(session, WATCHED)
    watched, accounts = watched_days(chosen, today), list(client.accounts)
    last = trend_weeks(chosen, today)
    weeks = newest_weeks(last, TREND_WEEKS)
    weeks = (a_year_before(weeks[-1]), *weeks)
    trends = client_windows(session, [client], weeks, moment, as_of=as_of, metrics=TREND_METRICS)[client.id]
    return Facts(
        client=client,
        window=chosen,
        before=before,
        as_of=moment,
        today=today,
        now=measured[chosen],
        earlier=measured[before],
        weeks={week.start: facts for week, facts in trends.items()},
        history=history,
        posts={post.id: post for post in posts},
        days=account_days(session, accounts, means, WATCHED, watched, as_of=as_of),
        posts_a_day=posts_a_day(session, accounts, watched, as_of=as_of),
        portfolio=_portfolio(session, clients, client, before, chosen, as_of),
        comments=comments_by_platform(session, accounts, chosen, as_of=as_of),
        account_figures=_account_figures(session, clients, chosen, today=moment, as_of=as_of),
    )


def check_window(window: Window, now: datetime) -> None:
    """Raises InvalidInputError for a window that is too long, or that has not begun."""
    if window.days > MOST_DAYS:
        raise InvalidInputError(f"Ask for {MOST_DAYS} days at most; these are {window.days}.")
    if window.start > reporting_day(now):
        raise InvalidInputError(f"The window has not begun: it starts on {window.start}.")


def _history(
    session: Session, client: MeasuredClient, window: Window, now: datetime, as_of: datetime | None
) -> tuple[list[PostFacts], list[SeenPost]]:
    """The posts of 90 days until the end of the window, and of the window itself."""
    whole = Window(min(window.start, window.end - HISTORY), window.end)
    posts = seen_posts(session, client.accounts, [whole], as_of)
    facts = post_facts(session, {reporting_day(now) + ONE_DAY: posts}, meanings(session, RESPONSE_METRICS), as_of)
    return list(facts.values()), posts


def _portfolio(
    session: Session,
    clients: Sequence[MeasuredClient],
    client: MeasuredClient,
    before: Window,
    window: Window,
    as_of: datetime | None,
) -> dict[Platform, list[ClientWindows]]:
    """Both windows of every client on the platforms of this one. Of a running window the days that are over count."""
    platforms = set(client.accounts.values())
    accounts = [
        account for one in clients for account, platform in one.accounts.items() if platform in platforms
    ]  # fmt: skip
    after = Window(window.start, window.start + before.days * ONE_DAY)
    whole = Window(before.start, after.end)
    days = portfolio_days(session, accounts, whole, as_of)
    published = posts_a_day(session, accounts, whole, as_of=as_of)
    found: dict[Platform, list[ClientWindows]] = {}
    for platform in sorted(platforms):
        for one in clients:
            mine = [account for account, where in one.accounts.items() if where is platform]
            if mine:
                row = driver_windows(one.id, mine, days, published, before, after)
                found.setdefault(platform, []).append(row)
    return found


def portfolio_days(
    session: Session, accounts: Sequence[int], window: Window, as_of: datetime | None = None
) -> dict[tuple[int, str], dict[date, int | float]]:
    """What is watched of these accounts, and the reach of those that have no views."""
    means = meanings(session, {*WATCHED, SECOND_EXPOSURE})
    days = account_days(session, accounts, means, WATCHED, window, as_of=as_of)
    without = [account for account in accounts if (account, EXPOSURE) not in days]
    return days | account_days(session, without, means, {SECOND_EXPOSURE}, window, as_of=as_of)


def _account_figures(
    session: Session, clients: Sequence[MeasuredClient], window: Window, *, today: datetime, as_of: datetime | None
) -> Mapping[Platform, Mapping[int, Mapping[str, Figure]]] | None:
    """Of clients with one account on a platform: several of one client would count it twice."""
    if window != week_of(window.start) or not window.is_closed(reporting_day(today)):
        return None
    figures = account_figures(session, window, PEER_KPIS, as_of=as_of)
    found: dict[Platform, dict[int, Mapping[str, Figure]]] = {}
    for client in clients:
        counts = Counter(client.accounts.values())
        for account, platform in client.accounts.items():
            if counts[platform] == 1 and account in figures:
                found.setdefault(platform, {})[client.id] = figures[account]
    return found
