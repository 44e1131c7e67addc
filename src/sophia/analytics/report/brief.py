"""Every client in one word, with the reasons: who needs somebody now, who a look, who is well, and who has no data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from sophia.analytics.measures.anomaly_records import EventKind
from sophia.analytics.measures.driver_figures import ClientWindows
from sophia.analytics.measures.drivers import DriverSplit
from sophia.analytics.measures.facts import ENGAGEMENTS as ENGAGEMENT_METRICS
from sophia.analytics.measures.facts import ClientWindow
from sophia.analytics.measures.figures import Change, Coverage, Figure, Window, change
from sophia.analytics.measures.kpis import KPIS
from sophia.analytics.measures.trends import newest_weeks, trend
from sophia.analytics.queries.overview import ClientState, client_states
from sophia.analytics.queries.portfolio_days import posts_a_day
from sophia.analytics.queries.sight import Seen
from sophia.analytics.queries.snapshots import portfolio_kpis
from sophia.analytics.queries.windows import FOLLOWERS, MeasuredClient, client_windows, measured_clients
from sophia.analytics.report.building import compared_window, coverage_of
from sophia.analytics.report.commentary import ANOMALIES, METRIC_NAMES, PLATFORM_NAMES
from sophia.analytics.report.gathering import check_window, last_closed_week, portfolio_days
from sophia.analytics.report.records import SeriesAnomaly
from sophia.analytics.report.sentences import Reference, Sentence, say
from sophia.analytics.report.watching import (
    WATCHED,
    AccountDays,
    PostsADay,
    Watch,
    driver_windows,
    split_portfolio,
    watch_together,
    watched_days,
)
from sophia.database import Database
from sophia.meta.catalogue import Platform
from sophia.meta.reporting_zone import reporting_day

BRIEF_KPIS = (
    "posts",
    "views",
    "reach",
    "engagements",
    "engagement_rate_by_reach",
    "net_new_followers",
    "audience_growth",
)
BRIEF_METRICS = frozenset({*ENGAGEMENT_METRICS, *WATCHED, "reach", FOLLOWERS})
# A certain fall of engagement by so much wants a look, and by so much somebody now.
FALL_PERCENT, DEEP_FALL_PERCENT = -10.0, -30.0
# An audience that shrinks by so much in a window wants a look.
SHRINKING_PERCENT = -1.0
A_ROW, ROW_WEEKS = 3, 8


class ClientStanding(StrEnum):
    """How a client stands, the worst first."""

    CORAL = "coral"
    AMBER = "amber"
    SAGE = "sage"
    NO_DATA = "no data"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a client needs somebody; `weight` ranks reasons among each other. References lead into the client's brief."""

    code: str
    level: ClientStanding
    weight: float
    sentence: Sentence

    @property
    def text(self) -> str:
        return self.sentence.text


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBrief:
    """One client in brief. `collection` is how its collection stands; `falling` counts weeks in a row by KPI."""

    client_id: int
    name: str
    state: ClientStanding
    collection: ClientState
    coverage: Coverage
    kpis: Mapping[str, Figure]
    changes: Mapping[str, Change]
    drivers: Mapping[str, DriverSplit]
    anomalies: tuple[SeriesAnomaly, ...]
    falling: Mapping[str, int]
    weekly_views: tuple[float | None, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def need(self) -> float:
        return sum(reason.weight for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class Together:
    """Days on which most clients of a platform moved alike: one event, and no reason for any of them alone."""

    platform: Platform
    metric: str
    kind: EventKind
    since: date
    until: date | None
    series: int
    alike: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The portfolio in brief: clients by need. `counts` has a number for every state, and `clients` for all."""

    window: Window
    before: Window
    as_of: datetime
    counts: Mapping[str, int]
    clients: tuple[ClientBrief, ...]
    events: tuple[Together, ...]
    commentary: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFacts:
    """Everything that a brief is computed from. `weekly` is {client: {Monday: {KPI: figure}}} as far as it was kept."""

    clients: Sequence[MeasuredClient]
    shown: Mapping[int, ClientState]
    window: Window
    before: Window
    now: datetime
    windows: Mapping[int, Mapping[Window, ClientWindow]]
    days: AccountDays
    posts_a_day: PostsADay
    weekly: Mapping[int, Mapping[date, Mapping[str, Figure]]]

    @property
    def today(self) -> date:
        return reporting_day(self.now)


def make_brief(database: Database, seen: Seen, now: datetime, window: Window | None = None) -> Brief:
    """The brief of the active clients that may be seen, by default of the newest closed week.

    All clients of the portfolio are measured, for each is compared with the others; only those that may be seen stand
    in the answer. Raises InvalidInputError for a window that is too long or has not begun.
    """
    chosen = window or last_closed_week(now)
    check_window(chosen, now)
    with database.read() as session:
        facts = gather_portfolio(session, seen, chosen, now)
    return build_brief(facts)


def gather_portfolio(session: Session, seen: Seen, window: Window, now: datetime) -> PortfolioFacts:
    """A fixed number of queries, however many clients, posts and readings there are (H11)."""
    today = reporting_day(now)
    before = compared_window(window, today)
    clients = measured_clients(session)
    active = [client for client in clients if client.is_active]
    accounts = [account for client in clients for account in client.accounts]
    watched = watched_days(window, today)
    whole = Window(min(before.start, watched.start), max(window.end, watched.end))
    weeks = newest_weeks(min(window.end, today), ROW_WEEKS)
    return PortfolioFacts(
        clients=clients,
        shown={state.client_id: state for state in client_states(session, seen, now)},
        window=window,
        before=before,
        now=now,
        windows=client_windows(session, active, (window, before), now, metrics=BRIEF_METRICS, events=False),
        days=portfolio_days(session, accounts, whole),
        posts_a_day=posts_a_day(session, accounts, whole),
        weekly=portfolio_kpis(session, weeks, ("views", "engagements")),
    )


def build_brief(facts: PortfolioFacts) -> Brief:
    """The brief of these facts."""
    anomalies, events = _unusual(facts)
    drivers = _drivers(facts)
    found = [
        _client(facts, client, drivers.get(client.id, {}), anomalies.get(client.id, ()))
        for client in facts.clients
        if client.id in facts.shown
    ]
    order = list(ClientStanding)
    found.sort(key=lambda one: (order.index(one.state), -one.need, one.name, one.client_id))
    counts = {state.value: sum(one.state is state for one in found) for state in ClientStanding}
    brief = Brief(
        window=facts.window,
        before=facts.before,
        as_of=facts.now,
        counts=counts | {"clients": len(found)},
        clients=tuple(found),
        events=events,
    )
    return replace(brief, commentary=tuple(_commentary(brief)))


def _unusual(facts: PortfolioFacts) -> tuple[dict[int, list[SeriesAnomaly]], tuple[Together, ...]]:
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
    return found, tuple(sorted(events, key=lambda one: (one.since, one.platform, one.metric)))


def _drivers(facts: PortfolioFacts) -> dict[int, dict[str, DriverSplit]]:
    after = Window(facts.window.start, facts.window.start + (facts.before.end - facts.before.start))
    found: dict[int, dict[str, DriverSplit]] = {}
    for platform in Platform:
        rows: list[ClientWindows] = []
        for client in facts.clients:
            mine = [account for account, where in client.accounts.items() if where is platform]
            if mine:
                rows.append(driver_windows(client.id, mine, facts.days, facts.posts_a_day, facts.before, after))
        for client_id, split in split_portfolio(tuple(rows)).items():
            found.setdefault(client_id, {})[platform.value] = split
    return found


def _client(
    facts: PortfolioFacts,
    client: MeasuredClient,
    drivers: Mapping[str, DriverSplit],
    anomalies: Iterable[SeriesAnomaly],
) -> ClientBrief:
    now, earlier = (facts.windows[client.id][window] for window in (facts.window, facts.before))
    changes = {kpi.name: change(kpi.compute(earlier), kpi.compute(now)) for kpi in KPIS if kpi.name in BRIEF_KPIS}
    weeks, until = facts.weekly.get(client.id, {}), min(facts.window.end, facts.today)
    trends = {
        name: trend([(monday, kpis[name]) for monday, kpis in weeks.items() if name in kpis], until, ROW_WEEKS)
        for name in ("views", "engagements")
    }
    views = trends["views"].points
    bare = ClientBrief(
        client_id=client.id,
        name=client.name,
        state=ClientStanding.SAGE,
        collection=facts.shown[client.id],
        coverage=coverage_of(now),
        kpis={name: one.after for name, one in changes.items()},
        changes=changes,
        drivers=drivers,
        anomalies=tuple(sorted(anomalies, key=lambda one: (one.anomaly.since, one.account_id, one.metric))),
        falling={name: found.falling for name, found in trends.items()},
        weekly_views=tuple(None if one.figure.value is None else float(one.figure.value) for one in views),
    )
    has_data = bool(now.days or earlier.days or now.posts or earlier.posts)
    reasons = sorted(_reasons(bare, has_data=has_data), key=lambda one: (-one.weight, one.code, one.text))
    state = min((one.level for one in reasons), key=list(ClientStanding).index, default=ClientStanding.SAGE)
    return replace(bare, state=state, reasons=tuple(reasons))


# -- the reasons -------------------------------------------------------------------------------------------------------


def _reasons(brief: ClientBrief, *, has_data: bool) -> Iterator[Reason]:
    yield from _collection(brief)
    if not has_data:
        nobody = brief.collection.accounts == 0
        text = "No account is connected." if nobody else "There are no readings and no posts in these days."
        yield Reason("no_data", ClientStanding.NO_DATA, 0.0, say(brief, text))
        return
    yield from _falls(brief)
    yield from _unusual_days(brief)
    yield from _habits(brief)
    if not brief.coverage.is_complete:
        told = say(
            brief,
            "Readings are complete for {known} of {days} days.",
            known="coverage.days_with_data",
            days="coverage.days",
        )
        yield Reason("incomplete", ClientStanding.AMBER, 10.0, told)


def _collection(brief: ClientBrief) -> Iterator[Reason]:
    if brief.collection.action_needed is not None:
        told = say(brief, "{action}", action=Reference("collection.action_needed", "text"))
        yield Reason("reconnect", ClientStanding.CORAL, 150.0, told)
    elif brief.collection.stale and brief.collection.latest_metric_date is not None:
        day = Reference("collection.latest_metric_date", "text")
        told = say(brief, "Its collection is behind: the newest readings are of {day}.", day=day)
        yield Reason("stale", ClientStanding.AMBER, 40.0, told)


def _falls(brief: ClientBrief) -> Iterator[Reason]:
    for platform, split in brief.drivers.items():
        if split.whole is None or split.whole.verdict != "down" or split.whole.percent > FALL_PERCENT:
            continue
        deep = split.whole.percent <= DEEP_FALL_PERCENT
        driver = {
            "platform": ", mostly because the platform showed everybody less",
            "distribution": ", mostly because its posts were shown less than those of others",
            "posting": ", mostly because it posted less, or other formats",
            "people": ", mostly because people reacted less to what they saw",
            None: "; what decided it, the figures cannot tell",
        }[split.main_driver]
        told = say(
            brief,
            f"Engagement on {PLATFORM_NAMES[platform]} fell by {{percent}} (95 % interval {{interval}}){driver}.",
            percent=Reference(f"drivers.{platform}.whole.percent", "size_percent"),
            interval=Reference(f"drivers.{platform}.whole.percent_interval", "range_percent"),
        )
        level, base = (ClientStanding.CORAL, 50.0) if deep else (ClientStanding.AMBER, 20.0)
        yield Reason("engagement_fell", level, base + abs(split.whole.percent) / 2, told)


_WEIGHTS: Mapping[str, tuple[ClientStanding, float]] = {
    "outage": (ClientStanding.CORAL, 70.0),
    "fall": (ClientStanding.AMBER, 30.0),
    "gap": (ClientStanding.AMBER, 20.0),
    "drop": (ClientStanding.AMBER, 15.0),
}


def _unusual_days(brief: ClientBrief) -> Iterator[Reason]:
    """What is bad and unusual; good news is no reason to worry."""
    for index, found in enumerate(brief.anomalies):
        if found.anomaly.kind not in _WEIGHTS:
            continue
        level, weight = _WEIGHTS[found.anomaly.kind]
        metric, path = METRIC_NAMES[found.metric], f"anomalies.{index}.anomaly"
        template = ANOMALIES[found.anomaly.kind].replace("{metric_small}", metric.lower())
        template = template.replace("{metric}", metric).replace("{platform}", PLATFORM_NAMES[found.platform.value])
        forms = {"since": "text", "worst": "text", "value": "number", "expected": "number"}
        named = {
            name: Reference(f"{path}.{name}", "text" if form == "text" else "number")
            for name, form in forms.items()
            if f"{{{name}}}" in template
        }
        yield Reason(found.anomaly.kind, level, weight, say(brief, template, **named))


def _habits(brief: ClientBrief) -> Iterator[Reason]:
    posts, growth = brief.changes["posts"], brief.kpis["audience_growth"]
    if posts.after.value == 0 and posts.before.value:
        told = say(brief, "Nothing was published, and {before} posts before.", before="changes.posts.before.value")
        yield Reason("silent", ClientStanding.AMBER, 20.0, told)
    for kpi, count in brief.falling.items():
        if count >= A_ROW:
            name = "Views" if kpi == "views" else "Engagements"
            told = say(brief, f"{name} have fallen for {{weeks}} weeks in a row.", weeks=f"falling.{kpi}")
            yield Reason(f"{kpi}_falling", ClientStanding.AMBER, 25.0, told)
    if growth.value is not None and float(growth.value) <= SHRINKING_PERCENT:
        size = Reference("kpis.audience_growth.value", "percent")
        yield Reason("audience", ClientStanding.AMBER, 15.0, say(brief, "Its audience changed by {size}.", size=size))


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
        word = "high" if event.kind in ("spike", "rise") else "low"
        yield say(
            brief,
            f"{METRIC_NAMES[event.metric]} on {PLATFORM_NAMES[event.platform.value]} were unusually {word} for "
            "{alike} of {series} accounts from {since} on: that is one event, and no news of any client alone.",
            alike=f"events.{index}.alike",
            series=f"events.{index}.series",
            since=Reference(f"events.{index}.since", "text"),
        )
