"""Judges the days that are new, in every watched metric of the portfolio, and keeps what is told."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from sophia.analytics.anomalies.detection import PROVISIONAL_DAYS, watch
from sophia.analytics.anomalies.queries import Remembered, asked_through, remembered_watch
from sophia.analytics.anomalies.records import Anomaly, MonitoringResult, MonitoringState, PortfolioEvent, SeriesDays
from sophia.analytics.anomalies.series import Watch, series_days
from sophia.analytics.anomalies.state import earliest_day, events_document, events_of, past_state, recalled, remembered
from sophia.analytics.anomalies.store import JudgedDays, Told, keep_judged
from sophia.analytics.figures.facts import WATCHED
from sophia.analytics.figures.figures import ONE_DAY, DateRange
from sophia.analytics.kpis.windows import measured_clients
from sophia.analytics.readings.account_days import account_days, posts_a_day
from sophia.analytics.readings.metric_definitions import meanings
from sophia.database import Database
from sophia.meta.catalogue import Platform
from sophia.meta.reporting_zone import reporting_day

# So far back a watch looks when it begins; what was unusual before that is nobody's news.
FIRST_DAYS = 90


def keep_anomalies(database: Database, now: datetime) -> Told:
    """Judge every day up to yesterday that was asked and not judged. A second call finds the same and changes nothing.

    Each metric of a platform is read, judged and stored by itself, in a short transaction: a killed program goes on
    where it was.
    """
    saved = Told()
    for platform in Platform:
        for metric in WATCHED:
            with database.read() as session:
                judged = judge(session, platform, metric, reporting_day(now))
            if judged is not None:
                with database.write() as session:
                    saved += keep_judged(session, judged, now)
    return saved


def judge(session: Session, platform: Platform, metric: str, today: date) -> JudgedDays | None:
    """What the new days tell; None when there are none. Only active clients are watched."""
    accounts = [
        account
        for client in measured_clients(session)
        for account, account_platform in client.accounts.items()
        if client.is_active and account_platform is platform
    ]
    last_requested_day, saved_state = (
        asked_through(session, accounts),
        remembered_watch(session, platform.value, metric, accounts),
    )
    if last_requested_day is None:
        return None
    last = min(today - ONE_DAY, last_requested_day)
    begun = last - timedelta(days=FIRST_DAYS) if saved_state is None else saved_state.last_day
    if last <= begun:
        return None
    days = DateRange(earliest_day(begun), last + ONE_DAY)
    readings = account_days(session, accounts, meanings(session, {metric}), {metric}, days)
    posts = posts_a_day(session, accounts, days)
    series_by_account = {
        account: series_days(Watch(account, platform, metric), readings, posts, days)
        for account in accounts
        if (account, metric) in readings or (saved_state is not None and account in saved_state.series)
    }
    if not series_by_account:
        return None
    state = _first_state(series_by_account, begun) if saved_state is None else _state(saved_state, series_by_account)
    # Meta may still restate the last days that are over.
    provisional = max(0, PROVISIONAL_DAYS - (today - last - ONE_DAY).days)
    result = watch(list(series_by_account.values()), state, last_day=last, provisional_days=provisional)
    names = {series.series: account for account, series in series_by_account.items()}
    before = None if saved_state is None else saved_state.last_day
    return _judged(platform, metric, before, result, names)


def _first_state(series_by_account: Mapping[int, SeriesDays], begun: date) -> MonitoringState:
    """All series as they are before the first day that is judged: known, and never judged."""
    past = []
    for series in series_by_account.values():
        length = (begun - series.first_day).days + 1
        cut = SeriesDays(
            series.series, series.measured, series.first_day, series.values[:length], series.posts[:length]
        )
        past.append(past_state(cut))
    return MonitoringState(begun, tuple(past))


def _state(saved_state: Remembered, series_by_account: Mapping[int, SeriesDays]) -> MonitoringState:
    """What was judged stays judged; values are those of today, so that late and restated days are learnt from."""
    series = tuple(
        recalled(document, series_by_account[account])
        for account, document in saved_state.series.items()
        if account in series_by_account
    )
    return MonitoringState(saved_state.last_day, series, *events_of(saved_state.event), saved_state.together)


def _judged(
    platform: Platform, metric: str, before: date | None, watched: MonitoringResult, accounts: Mapping[str, int]
) -> JudgedDays:
    state = watched.state
    columns = [field.name for field in fields(Anomaly) if field.name != "series"]
    event_columns = [field.name for field in fields(PortfolioEvent)]
    return JudgedDays(
        platform=platform.value,
        metric=metric,
        before=before,
        last_day=state.last_day,
        together=list(state.together),
        event=events_document(state),
        series={accounts[series_state.series]: remembered(series_state) for series_state in state.series},
        anomalies=[
            (accounts[anomaly.series], {name: getattr(anomaly, name) for name in columns})
            for anomaly in watched.anomalies
        ],
        events=[{name: getattr(event, name) for name in event_columns} for event in watched.events],
    )
