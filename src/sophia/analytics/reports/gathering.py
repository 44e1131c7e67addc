"""Reads everything that a report is computed from, in a fixed number of queries."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime

from sqlalchemy.orm import Session

from sophia.analytics.annotations.queries import notes
from sophia.analytics.anomalies.queries import judged_through, told_anomalies
from sophia.analytics.anomalies.records import Anomaly, SeriesAnomaly
from sophia.analytics.anomalies.series import watched_days
from sophia.analytics.benchmarks.client_comparison import _account_figures
from sophia.analytics.benchmarks.queries import benchmarks_for
from sophia.analytics.comments.queries import comments_by_platform
from sophia.analytics.decisions.scoring import QUALITY_DAYS, decision_quality
from sophia.analytics.drivers.portfolio_windows import portfolio_windows
from sophia.analytics.figures.facts import FOLLOWERS, RESPONSE_METRICS, WATCHED, AccountDays, PostFacts, PostsADay
from sophia.analytics.figures.figures import Figure, check_window, last_closed_week
from sophia.analytics.goals.tracking import gather_goals
from sophia.analytics.kpis.queries import client_snapshots
from sophia.analytics.kpis.trends import a_year_before, newest_weeks
from sophia.analytics.kpis.windows import (
    HISTORY,
    MeasuredClient,
    client_among,
    client_windows,
    measured_clients,
    newest_facts,
)
from sophia.analytics.readings.account_days import account_days, posts_a_day
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.posts import StoredPost
from sophia.analytics.reports.building import (
    TREND_WEEKS,
    Facts,
    as_long,
    build_report,
    compared_window,
    trend_figures,
    trend_weeks,
)
from sophia.analytics.reports.records import Report
from sophia.database.engine import Database
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

NOT_YET = "What was known at a moment can only be said of the past."
TREND_METRICS = frozenset({*RESPONSE_METRICS, "views", FOLLOWERS})


def make_report(
    database: Database,
    client_id: int,
    window: DateRange | None,
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
    window: DateRange | None,
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
    judged = DateRange(chosen.end - QUALITY_DAYS * ONE_DAY, chosen.end)
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
        annotations=tuple(notes(session, [client.id], window=DateRange(before.start, chosen.end), as_of=as_of)),
        decisions=decision_quality(session, client_id, judged, moment, as_of=as_of).stages,
        benchmarks=benchmarks_for(session, client.industry, as_of=as_of),
    )


def _trend_weeks(window: DateRange, today: date) -> tuple[DateRange, ...]:
    """Those that are shown, and the one a year before the last."""
    weeks = newest_weeks(trend_weeks(window, today), TREND_WEEKS)
    return (a_year_before(weeks[-1]), *weeks)


def _weeks(
    session: Session, client: MeasuredClient, window: DateRange, now: datetime, as_of: datetime | None
) -> dict[date, dict[str, Figure]]:
    weeks = _trend_weeks(window, reporting_day(now))
    found = client_windows(session, [client], weeks, now, as_of=as_of, metrics=TREND_METRICS, events=False)[client.id]
    return {week.start: trend_figures(facts) for week, facts in sorted(found.items())}


def _kept_weeks(
    session: Session, client: MeasuredClient, window: DateRange, today: date
) -> dict[date, Mapping[str, Figure]] | None:
    """None when the newest of them has not been kept yet."""
    weeks = _trend_weeks(window, today)
    found = {
        client_snapshot.week.start: client_snapshot.kpis
        for client_snapshot in client_snapshots(session, client.id, weeks)
    }
    return found if weeks[-1].start in found else None


def _told(session: Session, client: MeasuredClient, window: DateRange) -> tuple[SeriesAnomaly, ...] | None:
    """None when the watch has not judged all days of the window for good yet."""
    through = judged_through(session, client.id)
    if through is None or through < window.end - ONE_DAY:
        return None
    names = [field.name for field in fields(Anomaly) if field.name != "series"]
    series_anomalies = [
        SeriesAnomaly(
            told_anomaly.account_id,
            Platform(told_anomaly.platform),
            told_anomaly.metric,
            Anomaly(
                f"{told_anomaly.account_id} {told_anomaly.metric}",
                **{name: getattr(told_anomaly, name) for name in names},
            ),
        )
        for told_anomaly in told_anomalies(session, client.id, window=window)
        if told_anomaly.withdrawn_at is None
    ]
    return tuple(
        sorted(series_anomalies, key=lambda one: (one.anomaly.since, one.account_id, one.metric, one.anomaly.kind))
    )


def _watched(
    session: Session, client: MeasuredClient, window: DateRange, today: date, as_of: datetime | None
) -> tuple[AccountDays, PostsADay]:
    days, accounts = watched_days(window, today), list(client.accounts)
    found = account_days(session, accounts, metric_definitions(session, WATCHED), WATCHED, days, as_of=as_of)
    return found, posts_a_day(session, accounts, days, as_of=as_of)


def _history(
    session: Session, client: MeasuredClient, window: DateRange, now: datetime, as_of: datetime | None
) -> tuple[list[PostFacts], list[StoredPost]]:
    """The posts of 90 days until the end of the window, and of the window itself."""
    whole = DateRange(min(window.start, window.end - HISTORY), window.end)
    return newest_facts(session, client, whole, now, as_of)
