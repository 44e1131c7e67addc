"""Reads the facts of a report with a fixed number of queries."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime

from sqlalchemy.orm import Session

from sophia.analytics.annotations.queries import list_annotations
from sophia.analytics.anomalies.queries import judged_through, stored_anomalies
from sophia.analytics.anomalies.records import Anomaly, SeriesAnomaly
from sophia.analytics.anomalies.series import in_order, monitored_days
from sophia.analytics.benchmarks.client_comparison import portfolio_figures
from sophia.analytics.benchmarks.queries import benchmarks_for
from sophia.analytics.comments.queries import comments_by_platform
from sophia.analytics.decisions.scoring import QUALITY_DAYS, decision_quality
from sophia.analytics.drivers.portfolio_windows import portfolio_windows
from sophia.analytics.figures.ages import AGES
from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.figures.facts import (
    FOLLOWERS,
    MONITORED_METRICS,
    RESPONSE_METRICS,
    AccountDays,
    PostFacts,
    PostsADay,
)
from sophia.analytics.figures.figures import Figure, check_window, last_closed_week
from sophia.analytics.goals.tracking import gather_goals
from sophia.analytics.kpis.measured_clients import MeasuredClient, find_measured_client, measured_clients
from sophia.analytics.kpis.queries import client_snapshots
from sophia.analytics.kpis.trends import a_year_before, newest_weeks
from sophia.analytics.kpis.windows import HISTORY, client_windows, newest_facts
from sophia.analytics.readings.account_days import account_days, posts_a_day
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.posts import StoredPost
from sophia.analytics.reports.building import (
    TREND_WEEKS,
    Facts,
    build_report,
    compared_days,
    compared_window,
    trend_figures,
    trends_until,
)
from sophia.analytics.reports.records import DecisionStage, Report
from sophia.analytics.reports.special_days import special_days
from sophia.database.engine import Database
from sophia.errors import InvalidInputError
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

NOT_YET = "as_of must be a time in the past."
TREND_METRICS = frozenset({*RESPONSE_METRICS, "views", FOLLOWERS})


def make_report(
    database: Database,
    client_id: int,
    window: DateRange | None,
    now: datetime,
    *,
    as_of: datetime | None = None,
    use_stored: bool = False,
    comparison: Comparison = Comparison.PREVIOUS,
) -> Report:
    """Return the report of a client for a window, by default the last complete week; with `as_of` as it was then.

    All viewers of the client see the same report: other clients are in it only as aggregates. Raises NotFoundError, and
    InvalidInputError for a window that is too long or has not begun.

    `use_stored` takes trends and anomalies from the results of the morning's jobs if they cover the window, which is faster.
    """
    with database.read() as session:
        facts = gather_facts(session, client_id, window, now, as_of=as_of, use_stored=use_stored, comparison=comparison)
    return build_report(facts)


def gather_facts(
    session: Session,
    client_id: int,
    window: DateRange | None,
    now: datetime,
    *,
    as_of: datetime | None = None,
    use_stored: bool = False,
    comparison: Comparison = Comparison.PREVIOUS,
) -> Facts:
    """Return the facts of the report. Raises as `make_report` does."""
    if as_of is not None and as_of > now:
        raise InvalidInputError(NOT_YET)
    moment = as_of or now
    today, window = reporting_day(moment), window or last_closed_week(moment)
    check_window(window, moment)
    before = compared_window(window, today, comparison)
    clients = measured_clients(session, as_of=as_of)
    client = find_measured_client(clients, client_id)
    later = compared_days(window, before)
    measured = client_windows(
        session,
        [client],
        {window, later, before},
        moment,
        as_of=as_of,
        ages=AGES.values(),
        compared=(later, before),
    )[client.id]
    history, posts = _history(session, client, window, moment, as_of)
    weeks = _stored_weeks(session, client, window, today) if use_stored else None
    anomalies = stored_series_anomalies(session, client.id, window) if use_stored else None
    days, published = ({}, {}) if anomalies is not None else _monitored(session, client, window, today, as_of)
    judged = DateRange(window.end - QUALITY_DAYS * ONE_DAY, window.end)
    return Facts(
        client=client,
        window=window,
        before=before,
        as_of=moment,
        today=today,
        now=measured[window],
        later=measured[later],
        earlier=measured[before],
        weeks=_weeks(session, client, window, moment, as_of) if weeks is None else weeks,
        history=history,
        posts={post.id: post for post in posts},
        days=days,
        posts_a_day=published,
        anomalies=anomalies,
        portfolio=portfolio_windows(
            session,
            clients,
            frozenset(client.accounts.values()),
            before,
            later,
            special_days(session, clients, DateRange(before.start, window.end), as_of),
            as_of,
        ),
        comments=comments_by_platform(session, list(client.accounts), window, as_of=as_of),
        account_figures=portfolio_figures(session, clients, window, today=moment, as_of=as_of),
        goals=gather_goals(session, [client], moment, window=window, as_of=as_of).get(client.id, ()),
        annotations=tuple(
            list_annotations(session, [client.id], window=DateRange(before.start, window.end), as_of=as_of)
        ),
        decisions=tuple(
            DecisionStage(**{field.name: getattr(quality, field.name) for field in fields(DecisionStage)})
            for quality in decision_quality(session, client_id, judged, moment, as_of=as_of).stages
        ),
        benchmarks=benchmarks_for(session, client.industry, as_of=as_of),
    )


def _trend_weeks(window: DateRange, today: date) -> tuple[DateRange, ...]:
    """Return the weeks of the trends, one earlier for those that end earlier, and the weeks a year before the last."""
    weeks = newest_weeks(trends_until(window, today), TREND_WEEKS + 1)
    return (a_year_before(weeks[-2]), a_year_before(weeks[-1]), *weeks)


def _weeks(
    session: Session, client: MeasuredClient, window: DateRange, now: datetime, as_of: datetime | None
) -> dict[date, dict[str, Figure]]:
    weeks = _trend_weeks(window, reporting_day(now))
    windows = client_windows(
        session, [client], weeks, now, as_of=as_of, metrics=TREND_METRICS, events=False, ages=[AGES["7d"]]
    )[client.id]
    return {week.start: trend_figures(facts) for week, facts in sorted(windows.items())}


def _stored_weeks(
    session: Session, client: MeasuredClient, window: DateRange, today: date
) -> dict[date, Mapping[str, Figure]] | None:
    """Return the stored KPIs of the trends' weeks, or None if the newest week is not stored yet."""
    weeks = _trend_weeks(window, today)
    kpis_by_monday = {
        client_snapshot.week.start: client_snapshot.kpis
        for client_snapshot in client_snapshots(session, client.id, weeks)
    }
    return kpis_by_monday if weeks[-1].start in kpis_by_monday else None


def stored_series_anomalies(
    session: Session, client_id: int | None, window: DateRange
) -> tuple[SeriesAnomaly, ...] | None:
    """Return the stored anomalies of a client, or of all, or None while some days of the window are not final."""
    through = judged_through(session, client_id)
    if through is None or through < window.end - ONE_DAY:
        return None
    return in_order(
        SeriesAnomaly(
            stored.account_id,
            stored.platform,
            stored.metric,
            Anomaly(**{field.name: getattr(stored, field.name) for field in fields(Anomaly)}),
        )
        for stored in stored_anomalies(session, client_id, window=window)
        if stored.withdrawn_at is None
    )


def _monitored(
    session: Session, client: MeasuredClient, window: DateRange, today: date, as_of: datetime | None
) -> tuple[AccountDays, PostsADay]:
    days, accounts = monitored_days(window, today), list(client.accounts)
    values = account_days(
        session, accounts, metric_definitions(session, MONITORED_METRICS), MONITORED_METRICS, days, as_of=as_of
    )
    return values, posts_a_day(session, accounts, days, as_of=as_of)


def _history(
    session: Session, client: MeasuredClient, window: DateRange, now: datetime, as_of: datetime | None
) -> tuple[list[PostFacts], list[StoredPost]]:
    """Return the posts of the window and of the 90 days until its end."""
    days = DateRange(min(window.start, window.end - HISTORY), window.end)
    return newest_facts(session, client, days, now, as_of)
