"""Detects anomalies in the new days of every monitored metric of the portfolio, and stores them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from sophia.analytics.annotations.expected_days import expected_days
from sophia.analytics.anomalies.detection import PROVISIONAL_DAYS, detect_anomalies
from sophia.analytics.anomalies.models import MonitoredMetric
from sophia.analytics.anomalies.queries import last_requested_day, saved_series
from sophia.analytics.anomalies.records import MonitoringState, SeriesDays
from sophia.analytics.anomalies.series import AccountSeries, series_days
from sophia.analytics.anomalies.state import earliest_day, past_state, restore_events, restore_series
from sophia.analytics.anomalies.store import JudgedDays, save_judged
from sophia.analytics.figures.facts import MONITORED_METRICS
from sophia.analytics.figures.saved_rows import SavedRows
from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.analytics.readings.account_days import account_days, posts_a_day
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.database.engine import Database
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

# The first run judges so many days; older anomalies are no news.
FIRST_DAYS = 90


def keep_anomalies(database: Database, now: datetime) -> SavedRows:
    """Judge and store every collected day up to yesterday that is not final yet. A second call changes nothing.

    Each metric of a platform is stored in a short transaction of its own, so a killed program resumes where it stopped.
    """
    saved = SavedRows()
    for platform in Platform:
        for metric in MONITORED_METRICS:
            with database.read() as session:
                judged = judge(session, platform, metric, reporting_day(now))
            if judged is not None:
                with database.write() as session:
                    saved += save_judged(session, judged, now)
    return saved


def judge(session: Session, platform: Platform, metric: str, today: date) -> JudgedDays | None:
    """Judge the new days of the active clients' accounts; return None if there are no new days."""
    clients = [client for client in measured_clients(session) if client.is_active]
    owners = {
        account: client
        for client in clients
        for account, account_platform in client.accounts.items()
        if account_platform is platform
    }
    accounts = list(owners)
    last_requested = last_requested_day(session, accounts)
    if last_requested is None:
        return None
    saved = session.get(MonitoredMetric, (platform, metric))
    documents = {} if saved is None else saved_series(session, metric, accounts)
    last = min(today - ONE_DAY, last_requested)
    begun = last - timedelta(days=FIRST_DAYS) if saved is None else saved.last_day
    if last <= begun:
        return None
    days = DateRange(earliest_day(begun), last + ONE_DAY)
    readings = account_days(session, accounts, metric_definitions(session, {metric}), {metric}, days)
    posts = posts_a_day(session, accounts, days)
    expected = expected_days(session, {client.id: client.zone for client in clients}, days)
    days_by_account = {
        account: series_days(
            AccountSeries(account, platform, metric), readings, posts, days, expected.get(owners[account].id, ())
        )
        for account in accounts
        if (account, metric) in readings or account in documents
    }
    if not days_by_account:
        return None
    if saved is None:
        state = _first_state(days_by_account, begun)
    else:
        # Judged days stay judged, but learning uses today's values, so that late and restated readings count.
        series = (restore_series(documents[account], days_by_account[account]) for account in documents)
        state = MonitoringState(saved.last_day, tuple(series), *restore_events(saved.event), tuple(saved.together))
    # Meta may still restate the last days that are over.
    provisional = max(0, PROVISIONAL_DAYS - (today - last - ONE_DAY).days)
    result = detect_anomalies(list(days_by_account.values()), state, last_day=last, provisional_days=provisional)
    names = {series.series: account for account, series in days_by_account.items()}
    return JudgedDays(platform, metric, None if saved is None else saved.last_day, result, names)


def _first_state(days_by_account: Mapping[int, SeriesDays], begun: date) -> MonitoringState:
    """Return the state in which all days up to `begun` are used for learning only."""
    past = []
    for days in days_by_account.values():
        length = (begun - days.first_day).days + 1
        cut = replace(days, values=days.values[:length], posts=days.posts[:length])
        past.append(past_state(cut))
    return MonitoringState(begun, tuple(past))
