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
from sophia.analytics.kpis.windows import measured_clients
from sophia.analytics.readings.account_days import account_days, posts_a_day
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.database.engine import Database
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

# So far back a watch looks when it begins; what was unusual before that is nobody's news.
FIRST_DAYS = 90


def keep_anomalies(database: Database, now: datetime) -> Told:
    """Judge every day up to yesterday that was asked and not judged. A second call finds the same and changes nothing.

    Each metric of a platform is read, judged and stored by itself, in a short transaction: a killed program goes on
    where it was.
    """
    told = Told()
    for platform in Platform:
        for metric in WATCHED:
            with database.read() as session:
                judged = judge(session, platform, metric, reporting_day(now))
            if judged is not None:
                with database.write() as session:
                    told += keep_judged(session, judged, now)
    return told


def judge(session: Session, platform: Platform, metric: str, today: date) -> JudgedDays | None:
    """What the new days tell; None when there are none. Only active clients are watched."""
    accounts = [
        account
        for client in measured_clients(session)
        for account, where in client.accounts.items()
        if client.is_active and where is platform
    ]
    asked, known = asked_through(session, accounts), remembered_watch(session, platform.value, metric, accounts)
    if asked is None:
        return None
    last = min(today - ONE_DAY, asked)
    begun = last - timedelta(days=FIRST_DAYS) if known is None else known.last_day
    if last <= begun:
        return None
    days = DateRange(earliest_day(begun), last + ONE_DAY)
    readings = account_days(session, accounts, metric_definitions(session, {metric}), {metric}, days)
    posts = posts_a_day(session, accounts, days)
    given = {
        account: series_days(Watch(account, platform, metric), readings, posts, days)
        for account in accounts
        if (account, metric) in readings or (known is not None and account in known.series)
    }
    if not given:
        return None
    state = _first_state(given, begun) if known is None else _state(known, given)
    # Meta may still restate the last days that are over.
    provisional = max(0, PROVISIONAL_DAYS - (today - last - ONE_DAY).days)
    found = watch(list(given.values()), state, last_day=last, provisional_days=provisional)
    names = {one.series: account for account, one in given.items()}
    before = None if known is None else known.last_day
    return _judged(platform, metric, before, found, names)


def _first_state(given: Mapping[int, SeriesDays], begun: date) -> MonitoringState:
    """All series as they are before the first day that is judged: known, and never judged."""
    past = []
    for one in given.values():
        length = (begun - one.first_day).days + 1
        cut = SeriesDays(one.series, one.measured, one.first_day, one.values[:length], one.posts[:length])
        past.append(past_state(cut))
    return MonitoringState(begun, tuple(past))


def _state(known: Remembered, given: Mapping[int, SeriesDays]) -> MonitoringState:
    """What was judged stays judged; values are those of today, so that late and restated days are learnt from."""
    series = tuple(recalled(found, given[account]) for account, found in known.series.items() if account in given)
    return MonitoringState(known.last_day, series, *events_of(known.event), known.together)


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
        series={accounts[one.series]: remembered(one) for one in state.series},
        anomalies=[
            (accounts[anomaly.series], {name: getattr(anomaly, name) for name in columns})
            for anomaly in watched.anomalies
        ],
        events=[{name: getattr(one, name) for name in event_columns} for one in watched.events],
    )
