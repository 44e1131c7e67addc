"""Reads everything that a report is computed from, in a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from sophia.analytics.measures.anomaly_records import Anomaly
from sophia.analytics.measures.facts import ENGAGEMENTS as ENGAGEMENT_METRICS
from sophia.analytics.measures.facts import PostFacts
from sophia.analytics.measures.figures import ONE_DAY, Figure, Window, expect_days, week_of
from sophia.analytics.measures.trends import a_year_before, newest_weeks
from sophia.analytics.queries.benchmarks import benchmarks_for
from sophia.analytics.queries.comments import comments_by_platform
from sophia.analytics.queries.meanings import meanings
from sophia.analytics.queries.portfolio_days import account_days, posts_a_day
from sophia.analytics.queries.post_values import SeenPost, seen_posts
from sophia.analytics.queries.snapshots import account_figures, client_snapshots
from sophia.analytics.queries.told import notes
from sophia.analytics.queries.watching import judged_through, told_anomalies
from sophia.analytics.queries.windows import FOLLOWERS, MeasuredClient, client_windows, measured_clients, post_facts
from sophia.analytics.report.building import (
    TREND_WEEKS,
    Facts,
    as_long,
    build_report,
    compared_window,
    trend_figures,
    trend_weeks,
)
from sophia.analytics.report.comparing import PEER_KPIS, AccountFigures, peers, published
from sophia.analytics.report.decisions import QUALITY_DAYS, decision_quality
from sophia.analytics.report.goals import gather_goals
from sophia.analytics.report.portfolio_windows import portfolio_windows
from sophia.analytics.report.records import ClientComparison, Report, SeriesAnomaly
from sophia.analytics.report.watching import WATCHED, AccountDays, PostsADay, watched_days
from sophia.database import Database
from sophia.errors import InvalidInputError, NotFoundError
from sophia.meta.catalogue import Platform
from sophia.meta.reporting_zone import reporting_day

MOST_DAYS = 92
NOT_YET = "What was known at a moment can only be said of the past."
HISTORY = timedelta(days=90)
RESPONSE_METRICS = frozenset({*ENGAGEMENT_METRICS, "reach"})
TREND_METRICS = frozenset({*RESPONSE_METRICS, "views", FOLLOWERS})


def last_closed_week(now: datetime) -> Window:
    """The newest week of the reporting zone that is over."""
    return week_of(reporting_day(now)).previous


def make_report(
    database: Database,
    client_id: int,
    window: Window | None,
    now: datetime,
    *,
    as_of: datetime | None = None,
    kept: bool = False,
) -> Report:
    """The report of a client for a window, by default the newest closed week; as it was at `as_of`, to the digit.

    Whoever may see the client sees the same report: others of the portfolio stand in it only as a crowd. Raises
    NotFoundError, and InvalidInputError for a window that is too long or has not begun.

    `kept` takes trends and anomalies from what the jobs of the morning kept, where they have come as far as the window:
    quicker, and as fresh as they are.
    """
    with database.read() as session:
        facts = gather_facts(session, client_id, window, now, as_of=as_of, kept=kept)
    return build_report(facts)


def gather_facts(
    session: Session,
    client_id: int,
    window: Window | None,
    now: datetime,
    *,
    as_of: datetime | None = None,
    kept: bool = False,
) -> Facts:
    """Everything that the report is computed from. Raises as `make_report` does."""
    if as_of is not None and as_of > now:
        raise InvalidInputError(NOT_YET)
    moment = as_of or now
    today, chosen = reporting_day(moment), window or last_closed_week(moment)
    check_window(chosen, moment)
    before = compared_window(chosen, today)
    clients = measured_clients(session, as_of=as_of)
    client = client_among(clients, client_id)
    later = as_long(chosen, before)
    measured = client_windows(session, [client], {chosen, later, before}, moment, as_of=as_of)[client.id]
    history, posts = _history(session, client, chosen, moment, as_of)
    weeks = _kept_weeks(session, client, chosen, today) if kept else None
    told = _told(session, client, chosen) if kept else None
    days, published = ({}, {}) if told is not None else _watched(session, client, chosen, today, as_of)
    judged = Window(chosen.end - QUALITY_DAYS * ONE_DAY, chosen.end)
    return Facts(
        client=client,
        window=chosen,
        before=before,
        as_of=moment,
        today=today,
        now=measured[chosen],
        later=measured[later],
        earlier=measured[before],
        weeks=_weeks(session, client, chosen, moment, as_of) if weeks is None else weeks,
        history=history,
        posts={post.id: post for post in posts},
        days=days,
        posts_a_day=published,
        anomalies=told,
        portfolio=portfolio_windows(
            session, clients, frozenset(client.accounts.values()), before, as_long(chosen, before), as_of
        ),
        comments=comments_by_platform(session, list(client.accounts), chosen, as_of=as_of),
        account_figures=_account_figures(session, clients, chosen, today=moment, as_of=as_of),
        goals=gather_goals(session, [client], moment, window=chosen, as_of=as_of).get(client.id, ()),
        annotations=tuple(notes(session, [client.id], window=Window(before.start, chosen.end), as_of=as_of)),
        decisions=decision_quality(session, client_id, judged, moment, as_of=as_of).stages,
        benchmarks=benchmarks_for(session, client.industry, as_of=as_of),
    )


def make_comparison(database: Database, client_id: int, window: Window | None, now: datetime) -> ClientComparison:
    """A client's KPIs of a window beside published numbers and the portfolio's. Raises as `make_report` does."""
    chosen = window or last_closed_week(now)
    check_window(chosen, now)
    with database.read() as session:
        clients = measured_clients(session)
        client = client_among(clients, client_id)
        measured = client_windows(session, [client], [chosen], now)[client_id][chosen]
        figures = _account_figures(session, clients, chosen, today=now, as_of=None)
        known = benchmarks_for(session, client.industry)
    return ClientComparison(
        client_id=client_id,
        industry=client.industry,
        window=chosen,
        published=published(client, measured, known, reporting_day(now)),
        portfolio=peers(client, measured, figures),
    )


def client_among(clients: Iterable[MeasuredClient], client_id: int) -> MeasuredClient:
    """Raises NotFoundError for a client that is not there."""
    found = next((one for one in clients if one.id == client_id), None)
    if found is None:
        raise NotFoundError(f"There is no client {client_id}.")
    return found


def check_window(window: Window, now: datetime) -> None:
    """Raises InvalidInputError for a window that is too long, or that has not begun."""
    expect_days(window.days, MOST_DAYS)
    expect_begun(window, reporting_day(now))


def expect_begun(window: Window, today: date) -> None:
    """Raises InvalidInputError for a window of the future."""
    if window.start > today:
        raise InvalidInputError(f"The window has not begun: it starts on {window.start}.")


def _trend_weeks(window: Window, today: date) -> tuple[Window, ...]:
    """Those that are shown, and the one a year before the last."""
    weeks = newest_weeks(trend_weeks(window, today), TREND_WEEKS)
    return (a_year_before(weeks[-1]), *weeks)


def _weeks(
    session: Session, client: MeasuredClient, window: Window, now: datetime, as_of: datetime | None
) -> dict[date, dict[str, Figure]]:
    weeks = _trend_weeks(window, reporting_day(now))
    found = client_windows(session, [client], weeks, now, as_of=as_of, metrics=TREND_METRICS, events=False)[client.id]
    return {week.start: trend_figures(facts) for week, facts in sorted(found.items())}


def _kept_weeks(
    session: Session, client: MeasuredClient, window: Window, today: date
) -> dict[date, Mapping[str, Figure]] | None:
    """None when the newest of them has not been kept yet."""
    weeks = _trend_weeks(window, today)
    found = {one.week.start: one.kpis for one in client_snapshots(session, client.id, weeks)}
    return found if weeks[-1].start in found else None


def _told(session: Session, client: MeasuredClient, window: Window) -> tuple[SeriesAnomaly, ...] | None:
    """None when the watch has not judged all days of the window for good yet."""
    through = judged_through(session, client.id)
    if through is None or through < window.end - ONE_DAY:
        return None
    names = [field.name for field in fields(Anomaly) if field.name != "series"]
    found = [
        SeriesAnomaly(
            one.account_id,
            Platform(one.platform),
            one.metric,
            Anomaly(f"{one.account_id} {one.metric}", **{name: getattr(one, name) for name in names}),
        )
        for one in told_anomalies(session, client.id, window=window)
        if one.withdrawn_at is None
    ]
    return tuple(sorted(found, key=lambda one: (one.anomaly.since, one.account_id, one.metric, one.anomaly.kind)))


def _watched(
    session: Session, client: MeasuredClient, window: Window, today: date, as_of: datetime | None
) -> tuple[AccountDays, PostsADay]:
    days, accounts = watched_days(window, today), list(client.accounts)
    found = account_days(session, accounts, meanings(session, WATCHED), WATCHED, days, as_of=as_of)
    return found, posts_a_day(session, accounts, days, as_of=as_of)


def _history(
    session: Session, client: MeasuredClient, window: Window, now: datetime, as_of: datetime | None
) -> tuple[list[PostFacts], list[SeenPost]]:
    """The posts of 90 days until the end of the window, and of the window itself."""
    whole = Window(min(window.start, window.end - HISTORY), window.end)
    return newest_facts(session, client, whole, now, as_of)


def newest_facts(
    session: Session, client: MeasuredClient, window: Window, now: datetime, as_of: datetime | None = None
) -> tuple[list[PostFacts], list[SeenPost]]:
    """The posts of a window with the newest of their numbers that tell how people respond; three queries."""
    posts = seen_posts(session, client.accounts, [window], as_of)
    facts = post_facts(session, {reporting_day(now) + ONE_DAY: posts}, meanings(session, RESPONSE_METRICS), as_of)
    return list(facts.values()), posts


def _account_figures(
    session: Session, clients: Sequence[MeasuredClient], window: Window, *, today: datetime, as_of: datetime | None
) -> AccountFigures | None:
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
