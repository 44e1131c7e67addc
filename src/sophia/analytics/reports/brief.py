"""Builds the brief of the portfolio: the status of every client, with the reasons."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from math import log1p

from sqlalchemy.orm import Session

from sophia.analytics.annotations.queries import AnnotationRecord, list_annotations
from sophia.analytics.anomalies.queries import judged_through, stored_events
from sophia.analytics.anomalies.records import MetricEvent, SeriesAnomaly
from sophia.analytics.anomalies.sentences import say_event
from sophia.analytics.anomalies.series import AccountSeries, belongs_to, monitored_days, portfolio_anomalies
from sophia.analytics.anomalies.shared_events import SharedEvent, shared_events
from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.drivers.portfolio_windows import PortfolioWindows, portfolio_windows
from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.figures.facts import (
    ENGAGEMENTS,
    FOLLOWERS,
    MONITORED_METRICS,
    AccountDays,
    ClientWindow,
    PostsADay,
)
from sophia.analytics.figures.figures import Figure, check_window, last_closed_week
from sophia.analytics.figures.sentences import PLATFORM_NAMES, Reference, Sentence, say
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.goals.tracking import gather_goals
from sophia.analytics.kpis.format_averages import best_format, format_averages
from sophia.analytics.kpis.kpis import KPIS, kpi_changes
from sophia.analytics.kpis.queries import portfolio_kpis
from sophia.analytics.kpis.trends import Trend, beyond_shared, newest_weeks, shared_percent, streak_percent, trend
from sophia.analytics.kpis.windows import MeasuredClient, client_windows, measured_clients
from sophia.analytics.readings.account_days import account_days, posts_a_day
from sophia.analytics.readings.account_states import ClientState, client_states
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.permissions import ClientScope
from sophia.analytics.readings.posts import StoredPost, posts_by_id
from sophia.analytics.reports.brief_records import Brief, ClientBrief, ClientStatus, ResponseMove
from sophia.analytics.reports.building import compared_days, compared_window, coverage_of, most_engaging, top_posts
from sophia.analytics.reports.gathering import NOT_YET, stored_series_anomalies
from sophia.analytics.reports.reasons import reasons_of
from sophia.analytics.reports.special_days import special_days
from sophia.database.engine import Database
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, day_start, reporting_day

BRIEF_KPIS = (
    "posts",
    "views",
    "reach",
    "engagements",
    "engagement_rate_by_reach",
    "followers",
    "net_new_followers",
    "audience_growth",
)
BRIEF_METRICS = frozenset({*ENGAGEMENTS, *MONITORED_METRICS, "reach", FOLLOWERS})
STREAK_BASE_WEEKS = 8
# A smaller change of the response is not worth acting on, however certain it is.
SMALLEST_MOVE = log1p(0.10)
# A smaller change of all clients is not mentioned.
SHARED_PERCENT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFacts:
    """The input of a brief.

    `visible` is {client: its collection state} of the clients in the brief, `weekly` is {client: {Monday: {KPI: figure}}}
    as far as stored. `anomalies` and `events` are the stored ones, or None if they must be detected in `days`.
    """

    clients: Sequence[MeasuredClient]
    visible: Mapping[int, ClientState]
    window: DateRange
    before: DateRange
    now: datetime
    windows: Mapping[int, Mapping[DateRange, ClientWindow]]
    days: AccountDays
    posts_a_day: PostsADay
    portfolio: PortfolioWindows
    weekly: Mapping[int, Mapping[date, Mapping[str, Figure]]]
    goals: Mapping[int, tuple[ReportedGoal, ...]]
    annotations: Sequence[AnnotationRecord]
    anomalies: tuple[SeriesAnomaly, ...] | None
    events: tuple[SharedEvent[MetricEvent], ...] | None
    best_posts: Mapping[int, StoredPost]
    is_past: bool

    @property
    def today(self) -> date:
        return reporting_day(self.now)


def make_brief(
    database: Database,
    allowed_clients: ClientScope,
    now: datetime,
    window: DateRange | None = None,
    *,
    as_of: datetime | None = None,
    comparison: Comparison = Comparison.PREVIOUS,
    use_stored: bool = False,
) -> Brief:
    """Return the brief of the allowed active clients, by default for the last complete week.

    All clients of the portfolio are measured, since each is compared with the others, but only allowed clients are in the
    brief. With `as_of` it is the brief as it was, except for archived clients and the state of collection, which are
    those of today. `use_stored` takes the anomalies from the results of the morning's jobs if they cover the window, which
    is faster. Raises InvalidInputError for a window that is too long or has not begun.
    """
    if as_of is not None and as_of > now:
        raise InvalidInputError(NOT_YET)
    moment = as_of or now
    window = window or last_closed_week(moment)
    check_window(window, moment)
    with database.read() as session:
        facts = gather_portfolio(
            session, allowed_clients, window, moment, as_of=as_of, comparison=comparison, use_stored=use_stored
        )
    return build_brief(facts)


def gather_portfolio(
    session: Session,
    allowed_clients: ClientScope,
    window: DateRange,
    now: datetime,
    *,
    as_of: datetime | None = None,
    comparison: Comparison = Comparison.PREVIOUS,
    use_stored: bool = False,
) -> PortfolioFacts:
    """Read the facts with a fixed number of queries for any number of clients, posts and readings (H11)."""
    today = reporting_day(now)
    before = compared_window(window, today, comparison)
    later = compared_days(window, before)
    clients = measured_clients(session, as_of=as_of)
    active = [client for client in clients if client.is_active]
    accounts = [account for client in clients for account in client.accounts]
    events = _stored_events(session, window) if as_of is None else None
    anomalies = stored_series_anomalies(session, None, window) if use_stored and events is not None else None
    monitored = monitored_days(window, today) if anomalies is None else window
    weeks = newest_weeks(min(window.end, today), STREAK_BASE_WEEKS)
    windows = client_windows(
        session, active, {window, later, before}, now, as_of=as_of, metrics=BRIEF_METRICS, events=False
    )
    return PortfolioFacts(
        clients=clients,
        visible={state.client_id: state for state in client_states(session, allowed_clients, now)},
        window=window,
        before=before,
        now=now,
        windows=windows,
        best_posts=posts_by_id(
            session,
            [post.post_id for measured in windows.values() for post in most_engaging(measured[window])[:1]],
        ),
        days={} if anomalies is not None else _monitored_days(session, accounts, monitored, as_of),
        posts_a_day=posts_a_day(session, accounts, monitored, as_of=as_of) if anomalies is None else {},
        portfolio=portfolio_windows(
            session,
            clients,
            frozenset(platform for client in clients for platform in client.accounts.values()),
            before,
            later,
            special_days(session, clients, DateRange(before.start, window.end), as_of),
            as_of,
        ),
        weekly=portfolio_kpis(session, weeks, ("views", "engagements"), as_of=as_of),
        goals=gather_goals(session, active, now, window=window, as_of=as_of),
        annotations=list_annotations(session, None, window=DateRange(before.start, window.end), as_of=as_of),
        anomalies=anomalies,
        events=events,
        is_past=as_of is not None,
    )


def _monitored_days(session: Session, accounts: Sequence[int], days: DateRange, as_of: datetime | None) -> AccountDays:
    definitions = metric_definitions(session, MONITORED_METRICS)
    return account_days(session, accounts, definitions, MONITORED_METRICS, days, as_of=as_of)


def _stored_events(session: Session, window: DateRange) -> tuple[SharedEvent[MetricEvent], ...] | None:
    """Return the stored events of these days, or None while some of the days are not final."""
    through = judged_through(session)
    if through is None or through < window.end - ONE_DAY:
        return None
    return shared_events(
        MetricEvent(**{field.name: getattr(event, field.name) for field in fields(MetricEvent)})
        for event in stored_events(session, window=window)
        if belongs_to(event, window)
    )


def build_brief(facts: PortfolioFacts) -> Brief:
    """Return the brief of these facts."""
    anomalies, events = _unusual(facts)
    drivers: dict[int, dict[str, DriverSplit]] = {}
    for platform, days in sorted(facts.portfolio.items()):
        for client_id, split in days.splits.items():
            drivers.setdefault(client_id, {})[platform.value] = split
    client_briefs = [
        _client(facts, client, drivers.get(client.id, {}), anomalies.get(client.id, ()))
        for client in facts.clients
        if client.id in facts.visible and client.created_at <= facts.now
    ]
    order = list(ClientStatus)
    client_briefs.sort(
        key=lambda client_brief: (
            order.index(client_brief.state),
            -client_brief.need,
            client_brief.name,
            client_brief.client_id,
        )
    )
    counts = {state.value: sum(client_brief.state is state for client_brief in client_briefs) for state in ClientStatus}
    brief = Brief(
        window=facts.window,
        before=facts.before,
        as_of=facts.now,
        complete_at=day_start(facts.window.end),
        counts=counts | {"clients": len(client_briefs)},
        clients=tuple(client_briefs),
        events=events,
        moved=_moved(client_briefs),
        annotations=tuple(annotation for annotation in facts.annotations if annotation.client_id is None),
    )
    return replace(brief, commentary=tuple(_commentary(brief)))


def _unusual(facts: PortfolioFacts) -> tuple[dict[int, list[SeriesAnomaly]], tuple[SharedEvent[MetricEvent], ...]]:
    """Return {client: its own anomalies} and the events of the portfolio, for each metric of each platform."""
    owner = {account: client.id for client in facts.clients for account in client.accounts}
    anomalies_by_client: dict[int, list[SeriesAnomaly]] = {}
    if facts.anomalies is not None and facts.events is not None:
        for anomaly in facts.anomalies:
            if anomaly.anomaly.event_since is None:
                anomalies_by_client.setdefault(owner[anomaly.account_id], []).append(anomaly)
        return anomalies_by_client, facts.events
    events: list[MetricEvent] = []
    for platform in Platform:
        accounts = [
            account for client in facts.clients for account, account_platform in client.accounts.items() if account_platform is platform
        ]  # fmt: skip
        for metric in MONITORED_METRICS:
            series = [AccountSeries(account, platform, metric) for account in accounts]
            unusual, platform_events = portfolio_anomalies(
                series, facts.days, facts.posts_a_day, facts.window, facts.today
            )
            for anomaly in unusual:
                if anomaly.anomaly.event_since is None:
                    anomalies_by_client.setdefault(owner[anomaly.account_id], []).append(anomaly)
            events += [
                MetricEvent(**asdict(event), platform=platform, metric=metric) for event in platform_events
            ]  # fmt: skip
    return anomalies_by_client, shared_events(events) if facts.events is None else facts.events


def _moved(client_briefs: Iterable[ClientBrief]) -> tuple[ResponseMove, ...]:
    """Return the clients whose change in response chance does not explain among the whole portfolio."""
    moves = [
        ResponseMove(brief.client_id, brief.name, Platform(platform), part.percent, part.percent_interval)
        for brief in client_briefs
        for platform, split in brief.drivers.items()
        if (part := split.people) is not None
        and part.is_confident
        and part.percent_interval is not None
        and abs(part.log) >= SMALLEST_MOVE
    ]
    return tuple(sorted(moves, key=lambda move: (-move.percent, move.client_id, move.platform)))


def _client(
    facts: PortfolioFacts,
    client: MeasuredClient,
    drivers: Mapping[str, DriverSplit],
    anomalies: Iterable[SeriesAnomaly],
) -> ClientBrief:
    windows = facts.windows[client.id]
    now, earlier = windows[facts.window], windows[facts.before]
    changes = kpi_changes(windows[compared_days(facts.window, facts.before)], earlier, BRIEF_KPIS)
    weeks, until = facts.weekly.get(client.id, {}), min(facts.window.end, facts.today)
    trends = {
        name: trend([(monday, kpis[name]) for monday, kpis in weeks.items() if name in kpis], until, STREAK_BASE_WEEKS)
        for name in ("views", "engagements")
    }
    views = trends["views"].points
    fallen = {name: streak_percent(kpi_trend) if kpi_trend.falling else None for name, kpi_trend in trends.items()}
    bare = ClientBrief(
        client_id=client.id,
        name=client.name,
        state=ClientStatus.SAGE,
        collection=None if facts.is_past else facts.visible[client.id],
        coverage=coverage_of(now),
        kpis={kpi.name: kpi.compute(now) for kpi in KPIS if kpi.name in BRIEF_KPIS},
        changes=changes,
        drivers=drivers,
        anomalies=tuple(
            sorted(anomalies, key=lambda anomaly: (anomaly.anomaly.since, anomaly.account_id, anomaly.metric))
        ),
        falling={name: kpi_trend.falling for name, kpi_trend in trends.items()},
        fallen=fallen,
        fallen_alone={
            name: beyond_shared(percent, _fall_of_others(facts, client.id, name, trends[name]))
            for name, percent in fallen.items()
        },
        weekly_views=tuple(None if view.figure.value is None else float(view.figure.value) for view in views),
        goals=facts.goals.get(client.id, ()),
        annotations=tuple(annotation for annotation in facts.annotations if annotation.client_id == client.id),
        best_post=next(iter(top_posts(now, facts.best_posts, 1)), None),
        best_format=best_format(format_averages(now.newest_posts)),
    )
    has_data = bool(now.days or earlier.days or now.posts or earlier.posts)
    reasons = sorted(reasons_of(bare, has_data=has_data), key=lambda reason: (-reason.weight, reason.code, reason.text))
    state = min((reason.level for reason in reasons), key=list(ClientStatus).index, default=ClientStatus.SAGE)
    return replace(bare, state=state, reasons=tuple(reasons))


def _fall_of_others(facts: PortfolioFacts, client_id: int, kpi: str, kpi_trend: Trend) -> float | None:
    """Return the median change of the other clients over the weeks of a falling streak, in percent."""
    weeks = [point.week.start for point in kpi_trend.points if point.is_closed]
    if not 0 < kpi_trend.falling < len(weeks):
        return None
    others = (
        {monday: kpis[kpi] for monday, kpis in weekly.items() if kpi in kpis}
        for other, weekly in facts.weekly.items()
        if other != client_id
    )
    return shared_percent(others, weeks[-1 - kpi_trend.falling], weeks[-1])


def _commentary(brief: Brief) -> Iterator[Sentence]:
    for index, event in enumerate(brief.events):
        yield say_event(brief, event, f"events.{index}.")
    yield from algorithm_changes(brief)
    yield say(
        brief,
        "Clients: {clients}. Critical (coral): {coral}; watch (amber): {amber}; on track (sage): {sage}; no data: {none}.",
        clients="counts.clients",
        coral="counts.coral",
        amber="counts.amber",
        sage="counts.sage",
        none="counts.no data",
    )
    for index, moved in enumerate(brief.moved):
        word = "rose" if moved.percent > 0 else "fell"
        yield say(
            brief,
            f"The audience's response to {{name}} on {PLATFORM_NAMES[moved.platform]} {word}: {{percent}} (95 % interval "
            "{interval}), more than chance explains among all clients.",
            name=Reference(f"moved.{index}.name", "text"),
            percent=Reference(f"moved.{index}.percent", "signed_percent"),
            interval=Reference(f"moved.{index}.interval", "range_percent"),
        )
    for index in range(len(brief.annotations)):
        path = f"annotations.{index}"
        day, text = Reference(f"{path}.day", "text"), Reference(f"{path}.text", "text")
        yield say(brief, "Annotation of {day}: {text}", day=day, text=text)


def algorithm_changes(brief: Brief) -> Iterator[Sentence]:
    """Describe the certain change of distribution that all clients share on a platform."""
    for platform in PLATFORM_NAMES:
        for index, client in enumerate(brief.clients):
            split = client.drivers.get(platform)
            part = None if split is None else split.platform
            if part is None or part.verdict == "not enough evidence" or abs(part.percent) < SHARED_PERCENT:
                continue
            word = "increased" if part.verdict == "up" else "reduced"
            yield say(
                brief,
                f"On {PLATFORM_NAMES[platform]} the algorithm {word} the distribution of all clients by {{percent}}.",
                percent=Reference(f"clients.{index}.drivers.{platform}.platform.percent", "change_size"),
            )
            break
