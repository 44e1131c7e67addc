"""Every client in one word, with the reasons: who needs somebody now, who a look, who is well, and who has no data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from sophia.analytics.annotations.queries import Note, notes
from sophia.analytics.anomalies.queries import portfolio_judged_through, told_events
from sophia.analytics.anomalies.records import SeriesAnomaly
from sophia.analytics.anomalies.series import Watch, event_is_of, watch_together, watched_days
from sophia.analytics.anomalies.shared_events import SharedEvent, shared_events
from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.drivers.portfolio_windows import PostsInBoth, driver_windows, portfolio_days, split_portfolio
from sophia.analytics.drivers.units import ClientWindows
from sophia.analytics.figures.facts import ENGAGEMENTS, FOLLOWERS, WATCHED, AccountDays, ClientWindow, PostsADay
from sophia.analytics.figures.figures import Figure, check_window, last_closed_week
from sophia.analytics.figures.sentences import METRIC_NAMES, PLATFORM_NAMES, Reference, Sentence, say
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.goals.tracking import gather_goals
from sophia.analytics.kpis.kpis import KPIS, kpi_changes
from sophia.analytics.kpis.queries import portfolio_kpis
from sophia.analytics.kpis.trends import newest_weeks, row_percent, trend
from sophia.analytics.kpis.windows import MeasuredClient, client_windows, measured_clients
from sophia.analytics.posting_times.responses import Answered, really_moved
from sophia.analytics.readings.account_days import posts_a_day, posts_inside
from sophia.analytics.readings.account_states import ClientState, client_states
from sophia.analytics.readings.permissions import ClientScope
from sophia.analytics.reports.brief_records import Brief, ClientBrief, ClientStatus, ResponseMove, Together
from sophia.analytics.reports.building import as_long, compared_window, coverage_of
from sophia.analytics.reports.gathering import NOT_YET
from sophia.analytics.reports.reasons import reasons_of
from sophia.database.engine import Database
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import ONE_DAY, DateRange, reporting_day

BRIEF_KPIS = (
    "posts",
    "views",
    "reach",
    "engagements",
    "engagement_rate_by_reach",
    "net_new_followers",
    "audience_growth",
)
BRIEF_METRICS = frozenset({*ENGAGEMENTS, *WATCHED, "reach", FOLLOWERS})
ROW_WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFacts:
    """Everything that a brief is computed from. `weekly` is {client: {Monday: {KPI: figure}}} as far as it was kept;
    `told` are the events that were told already, None where they are found in `days`.
    """

    clients: Sequence[MeasuredClient]
    shown: Mapping[int, ClientState]
    window: DateRange
    before: DateRange
    now: datetime
    windows: Mapping[int, Mapping[DateRange, ClientWindow]]
    days: AccountDays
    posts_a_day: PostsADay
    posts_inside: PostsInBoth
    weekly: Mapping[int, Mapping[date, Mapping[str, Figure]]]
    goals: Mapping[int, tuple[ReportedGoal, ...]]
    annotations: Sequence[Note]
    told: tuple[SharedEvent[Together], ...] | None
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
) -> Brief:
    """The brief of the active clients that may be allowed_clients, by default of the newest closed week.

    All clients of the portfolio are measured, for each is compared with the others; only those that may be seen stand
    in the answer. With `as_of` it is the brief as it was, but for what is known of today only: which clients are archived,
    and how collections stand. Raises InvalidInputError for a window that is too long or has not begun.
    """
    if as_of is not None and as_of > now:
        raise InvalidInputError(NOT_YET)
    moment = as_of or now
    chosen = window or last_closed_week(moment)
    check_window(chosen, moment)
    with database.read() as session:
        facts = gather_portfolio(session, allowed_clients, chosen, moment, as_of=as_of)
    return build_brief(facts)


def gather_portfolio(
    session: Session, allowed_clients: ClientScope, window: DateRange, now: datetime, *, as_of: datetime | None = None
) -> PortfolioFacts:
    """A fixed number of queries, however many clients, posts and readings there are (H11)."""
    today = reporting_day(now)
    before = compared_window(window, today)
    later = as_long(window, before)
    clients = measured_clients(session, as_of=as_of)
    active = [client for client in clients if client.is_active]
    accounts = [account for client in clients for account in client.accounts]
    watched = watched_days(window, today)
    whole = DateRange(min(before.start, watched.start), max(window.end, watched.end))
    weeks = newest_weeks(min(window.end, today), ROW_WEEKS)
    return PortfolioFacts(
        clients=clients,
        shown={state.client_id: state for state in client_states(session, allowed_clients, now)},
        window=window,
        before=before,
        now=now,
        windows=client_windows(
            session, active, {window, later, before}, now, as_of=as_of, metrics=BRIEF_METRICS, events=False
        ),
        days=portfolio_days(session, accounts, whole, as_of),
        posts_a_day=posts_a_day(session, accounts, watched, as_of=as_of),
        posts_inside=posts_inside(session, accounts, (before, later), as_of),
        weekly=portfolio_kpis(session, weeks, ("views", "engagements"), as_of=as_of),
        goals=gather_goals(session, active, now, window=window, as_of=as_of),
        annotations=notes(session, None, window=DateRange(before.start, window.end), as_of=as_of),
        told=told_together(session, window) if as_of is None else None,
        is_past=as_of is not None,
    )


def told_together(session: Session, window: DateRange) -> tuple[SharedEvent[Together], ...] | None:
    """The events that were told of these days; None when the watch has not judged all of them for good yet."""
    through = portfolio_judged_through(session)
    if through is None or through < window.end - ONE_DAY:
        return None
    found = [told_event for told_event in told_events(session, window=window) if told_event.withdrawn_at is None]
    return shared_events(
        Together(Platform(one.platform), one.metric, one.kind, one.since, one.until, one.series, one.alike)
        for one in found
        if event_is_of(one, window)
    )


def build_brief(facts: PortfolioFacts) -> Brief:
    """The brief of these facts."""
    anomalies, events = _unusual(facts)
    rows = _rows(facts)
    drivers: dict[int, dict[str, DriverSplit]] = {}
    for platform, row in rows.items():
        for client_id, split in split_portfolio(tuple(row)).items():
            drivers.setdefault(client_id, {})[platform.value] = split
    found = [
        _client(facts, client, drivers.get(client.id, {}), anomalies.get(client.id, ()))
        for client in facts.clients
        if client.id in facts.shown and client.created_at <= facts.now
    ]
    order = list(ClientStatus)
    found.sort(key=lambda one: (order.index(one.state), -one.need, one.name, one.client_id))
    counts = {state.value: sum(one.state is state for one in found) for state in ClientStatus}
    brief = Brief(
        window=facts.window,
        before=facts.before,
        as_of=facts.now,
        counts=counts | {"clients": len(found)},
        clients=tuple(found),
        events=events,
        moved=_moved({one.client_id: one.name for one in found}, rows, drivers),
        annotations=tuple(annotation for annotation in facts.annotations if annotation.client_id is None),
    )
    return replace(brief, commentary=tuple(_commentary(brief)))


def _unusual(facts: PortfolioFacts) -> tuple[dict[int, list[SeriesAnomaly]], tuple[SharedEvent[Together], ...]]:
    """{client: what is unusual with it alone}, and what all share; one metric on one platform at a time."""
    owner = {account: client.id for client in facts.clients for account in client.accounts}
    found: dict[int, list[SeriesAnomaly]] = {}
    events: list[Together] = []
    for platform in Platform:
        accounts = [
            account for client in facts.clients for account, where in client.accounts.items() if where is platform
        ]  # fmt: skip
        for metric in WATCHED:
            series = [Watch(account, platform, metric) for account in accounts]
            unusual, shared = watch_together(series, facts.days, facts.posts_a_day, facts.window, facts.today)
            for one in unusual:
                if one.anomaly.event_since is None:
                    found.setdefault(owner[one.account_id], []).append(one)
            events += [
                Together(platform, metric, one.kind, one.since, one.until, one.series, one.alike) for one in shared
            ]  # fmt: skip
    return found, shared_events(events) if facts.told is None else facts.told


def _rows(facts: PortfolioFacts) -> dict[Platform, list[ClientWindows]]:
    """Both windows of every client, by platform."""
    after = as_long(facts.window, facts.before)
    found: dict[Platform, list[ClientWindows]] = {platform: [] for platform in Platform}
    for platform, rows in found.items():
        for client in facts.clients:
            mine = [account for account, where in client.accounts.items() if where is platform]
            if mine:
                rows.append(driver_windows(client.id, mine, facts.days, facts.posts_inside, facts.before, after))
    return found


def _moved(
    names: Mapping[int, str],
    rows: Mapping[Platform, Sequence[ClientWindows]],
    drivers: Mapping[int, Mapping[str, DriverSplit]],
) -> tuple[ResponseMove, ...]:
    """Of the clients that may be named those whom chance does not explain among all of the portfolio."""
    every = [(one, platform) for platform, row in rows.items() for one in row]
    splits = [drivers[one.client_id][platform] for one, platform in every]
    answered = [
        Answered(split.people, min(split.units), engagements_of(one))
        for (one, _), split in zip(every, splits, strict=True)
    ]
    response_moves = []
    for place in really_moved(answered):
        (one, platform), part = every[place], splits[place].people
        if one.client_id in names and part is not None and part.percent_interval is not None:
            name = names[one.client_id]
            response_moves.append(ResponseMove(one.client_id, name, platform, part.percent, part.percent_interval))
    return tuple(sorted(response_moves, key=lambda one: (-one.percent, one.client_id, one.platform)))


def engagements_of(client_windows: ClientWindows) -> tuple[float, float]:
    """Those of either window, as far as they are known."""
    before, after = (
        sum(value or 0.0 for value in side.engagements) for side in (client_windows.before, client_windows.after)
    )
    return before, after


def _client(
    facts: PortfolioFacts,
    client: MeasuredClient,
    drivers: Mapping[str, DriverSplit],
    anomalies: Iterable[SeriesAnomaly],
) -> ClientBrief:
    windows = facts.windows[client.id]
    now, earlier = windows[facts.window], windows[facts.before]
    changes = kpi_changes(windows[as_long(facts.window, facts.before)], earlier, BRIEF_KPIS)
    weeks, until = facts.weekly.get(client.id, {}), min(facts.window.end, facts.today)
    trends = {
        name: trend([(monday, kpis[name]) for monday, kpis in weeks.items() if name in kpis], until, ROW_WEEKS)
        for name in ("views", "engagements")
    }
    views = trends["views"].points
    bare = ClientBrief(
        client_id=client.id,
        name=client.name,
        state=ClientStatus.SAGE,
        collection=None if facts.is_past else facts.shown[client.id],
        coverage=coverage_of(now),
        kpis={kpi.name: kpi.compute(now) for kpi in KPIS if kpi.name in BRIEF_KPIS},
        changes=changes,
        drivers=drivers,
        anomalies=tuple(sorted(anomalies, key=lambda one: (one.anomaly.since, one.account_id, one.metric))),
        falling={name: found.falling for name, found in trends.items()},
        fallen={name: row_percent(found) if found.falling else None for name, found in trends.items()},
        weekly_views=tuple(None if view.figure.value is None else float(view.figure.value) for view in views),
        goals=facts.goals.get(client.id, ()),
        annotations=tuple(annotation for annotation in facts.annotations if annotation.client_id == client.id),
    )
    has_data = bool(now.days or earlier.days or now.posts or earlier.posts)
    reasons = sorted(reasons_of(bare, has_data=has_data), key=lambda one: (-one.weight, one.code, one.text))
    state = min((reason.level for reason in reasons), key=list(ClientStatus).index, default=ClientStatus.SAGE)
    return replace(bare, state=state, reasons=tuple(reasons))


def _commentary(brief: Brief) -> Iterator[Sentence]:
    yield say(
        brief,
        "Clients: {clients}. In need of somebody now: {coral}; of a look: {amber}; well: {sage}; without data: {none}.",
        clients="counts.clients",
        coral="counts.coral",
        amber="counts.amber",
        sage="counts.sage",
        none="counts.no data",
    )
    for index, event in enumerate(brief.events):
        word = "higher" if event.kind in ("spike", "rise") else "lower"
        where = ", ".join(
            f"{METRIC_NAMES[part.metric].lower()} on {PLATFORM_NAMES[part.platform]}" for part in event.parts
        )
        yield say(
            brief,
            f"From {{since}} on {{alike}} of {{series}} series were {word} than expected ({where}): that is one event, and no "
            "news of any client alone.",
            alike=f"events.{index}.alike",
            series=f"events.{index}.series",
            since=Reference(f"events.{index}.since", "text"),
        )
    for index, moved in enumerate(brief.moved):
        word = "better" if moved.percent > 0 else "less"
        yield say(
            brief,
            f"People answered {{name}}'s posts on {PLATFORM_NAMES[moved.platform]} {word} than before: {{percent}} (95 % "
            "interval {interval}), more than chance brings among all clients.",
            name=Reference(f"moved.{index}.name", "text"),
            percent=Reference(f"moved.{index}.percent", "signed_percent"),
            interval=Reference(f"moved.{index}.interval", "range_percent"),
        )
    for index in range(len(brief.annotations)):
        path = f"annotations.{index}"
        day, text = Reference(f"{path}.day", "text"), Reference(f"{path}.text", "text")
        yield say(brief, "Noted for {day}: {text}", day=day, text=text)
