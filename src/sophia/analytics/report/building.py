"""Windows of one client, measured: the report, computed from frozen values and from nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sophia.analytics.measures.benchmarks import (
    FOLLOWERS_RATE,
    SEED,
    Comparison,
    compare,
    portfolio_quantiles,
)
from sophia.analytics.measures.driver_figures import ClientWindows
from sophia.analytics.measures.drivers import DriverSplit
from sophia.analytics.measures.facts import ClientWindow, PostFacts
from sophia.analytics.measures.figures import (
    ONE_DAY,
    Coverage,
    Figure,
    Window,
    missing,
    percent,
)
from sophia.analytics.measures.formats import formats, pillars
from sophia.analytics.measures.kpis import KPIS, REACH_GROWTH, engagement_rate_by_followers, kpi_changes
from sophia.analytics.measures.posting_times import best_times, posting_times
from sophia.analytics.measures.sentiment import Comment, overview
from sophia.analytics.measures.summaries import algo_dependent_summary, algo_independent_summary, unclassified
from sophia.analytics.measures.trends import Trend, trend
from sophia.analytics.queries.post_values import SeenPost
from sophia.analytics.queries.windows import MeasuredClient, of_accounts
from sophia.analytics.report.commentary import comment
from sophia.analytics.report.records import MissingDays, Peers, Report, ReportedClient, TopPost
from sophia.analytics.report.watching import (
    WATCHED,
    AccountDays,
    PostsADay,
    anomalies_of_client,
    each_day,
    split_portfolio,
)
from sophia.meta.catalogue import Platform

TREND_WEEKS = 12
TREND_KPIS = ("posts", "views", "reach", "engagements", "engagement_rate_by_reach", "net_new_followers")
PEER_KPIS = ("engagement_rate_by_reach", "engagement_rate_by_followers", "audience_growth")
MOST_TOP_POSTS = 5
NO_PEERS = "Only whole weeks from Monday to Sunday, when they are over, are compared with the portfolio."


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a report is computed from.

    `weeks` are those of the trends by their Monday. `history` are the posts of 90 days with their newest numbers,
    `posts` what is known of posts besides numbers. `portfolio` holds all clients by platform, `account_figures` the
    KPIs of all accounts in the same week, None where the window is no such week.
    """

    client: MeasuredClient
    window: Window
    before: Window
    as_of: datetime
    today: date
    now: ClientWindow
    earlier: ClientWindow
    weeks: Mapping[date, ClientWindow]
    history: Sequence[PostFacts]
    posts: Mapping[int, SeenPost]
    days: AccountDays
    posts_a_day: PostsADay
    portfolio: Mapping[Platform, Sequence[ClientWindows]]
    account_figures: Mapping[Platform, Mapping[int, Mapping[str, Figure]]] | None
    comments: Mapping[str, Sequence[Comment]]


def build_report(facts: Facts) -> Report:
    """The report of these facts; the same facts give the same report, to the digit."""
    now, earlier, client = facts.now, facts.earlier, facts.client
    times = posting_times(facts.history, client.zone)
    changes = kpi_changes(now, earlier)
    report = Report(
        client=ReportedClient(client.id, client.name, client.industry, client.zone.key, client.accounts),
        window=facts.window,
        before=facts.before,
        as_of=facts.as_of,
        is_closed=facts.window.is_closed(facts.today),
        coverage=coverage_of(now),
        kpis={name: one.after for name, one in changes.items()} | {REACH_GROWTH.name: changes["reach"].percent},
        changes=changes,
        trends=_trends(facts),
        algo_dependent_summary=algo_dependent_summary(now, earlier),
        algo_independent_summary=algo_independent_summary(now, earlier),
        unclassified=unclassified(now),
        drivers=_drivers(facts),
        anomalies=anomalies_of_client(client.accounts, facts.days, facts.posts_a_day, facts.window, facts.today),
        benchmarks=_benchmarks(facts),
        peers=_peers(facts),
        posting_times=times,
        best_times=best_times(times),
        formats=formats(facts.history),
        pillars=pillars(facts.history),
        top_posts=_top_posts(facts),
        missing_days=_missing_days(now),
        comments=overview(facts.comments),
    )
    return replace(report, commentary=comment(report))


def compared_window(window: Window, today: date) -> Window:
    """What a window is compared with: as many days directly before it, of a running one the first as far as it is."""
    earlier = window.previous
    ended = window.days_ended(today)
    return earlier if ended == window.days else Window(earlier.start, earlier.start + max(ended, 1) * ONE_DAY)


def trend_weeks(window: Window, today: date) -> date:
    """The day whose newest closed weeks a report's trends show."""
    return min(window.end, today)


def coverage_of(now: ClientWindow) -> Coverage:
    """Days of the window on which every account has all readings that are watched, of those that are over."""
    ended = now.window.days_ended(now.today)
    found = {metric: now.by_account(metric) for metric in WATCHED}
    known = [found[metric].get(account, {}) for metric in WATCHED for account in now.serving(metric)]
    complete = [day for day in each_day(now.window) if known and all(day in days for days in known)]
    return Coverage(len(complete), max(ended, len(complete)))


def _trends(facts: Facts) -> dict[str, Trend]:
    until, weeks = trend_weeks(facts.window, facts.today), sorted(facts.weeks.items())
    return {
        kpi.name: trend([(monday, kpi.compute(week)) for monday, week in weeks], until, TREND_WEEKS)
        for kpi in KPIS
        if kpi.name in TREND_KPIS
    }


def _drivers(facts: Facts) -> dict[str, DriverSplit]:
    return {
        platform.value: split_portfolio(tuple(clients))[facts.client.id]
        for platform, clients in facts.portfolio.items()
    }


def _on(window: ClientWindow, platform: Platform) -> ClientWindow:
    return of_accounts(window, {account: one for account, one in window.accounts.items() if one is platform})


def _platforms(client: MeasuredClient) -> list[Platform]:
    return sorted(set(client.accounts.values()))


def _benchmarks(facts: Facts) -> tuple[Comparison, ...]:
    """Against what was published of the same KPI on the same platform (G9)."""
    found: list[Comparison] = []
    for platform in _platforms(facts.client):
        own = engagement_rate_by_followers(_on(facts.now, platform))
        found += compare(own, SEED, platform, FOLLOWERS_RATE, facts.client.industry, facts.today)
    return tuple(found)


def _peers(facts: Facts) -> tuple[Peers, ...]:
    found = []
    for platform in _platforms(facts.client):
        mine = _on(facts.now, platform)
        own = {kpi.name: kpi.compute(mine) for kpi in KPIS if kpi.name in PEER_KPIS}
        for kpi in PEER_KPIS:
            if facts.account_figures is None:
                quantiles = portfolio_quantiles({}, own[kpi].unit)
                none = missing(own[kpi].unit, NO_PEERS)
                quantiles = replace(quantiles, lower=none, middle=none, upper=none)
            else:
                figures = facts.account_figures.get(platform, {})
                known = {client: kpis[kpi] for client, kpis in figures.items() if kpi in kpis}
                quantiles = portfolio_quantiles(known, own[kpi].unit)
            found.append(Peers(platform, kpi, own[kpi], quantiles))
    return tuple(found)


def _top_posts(facts: Facts) -> tuple[TopPost, ...]:
    """By engagements, then by reach; posts whose engagements are not known cannot be placed."""
    found = []
    for post in facts.now.each_post:
        seen, engagements, reach = facts.posts.get(post.post_id), post.engagements, post.values.get("reach")
        if engagements is not None and seen is not None:
            found.append(
                TopPost(
                    post_id=post.post_id,
                    account_id=post.account_id,
                    platform=post.platform,
                    kind=post.kind,
                    platform_post_id=seen.platform_post_id,
                    published_at=post.published_at,
                    title=seen.title,
                    permalink=seen.permalink,
                    pillar=post.pillar,
                    engagements=engagements,
                    reach=reach,
                    rate_by_reach=percent(engagements, reach),
                )
            )
    found.sort(key=lambda post: (-post.engagements, -(post.reach or 0), post.post_id))
    return tuple(found[:MOST_TOP_POSTS])


def _missing_days(now: ClientWindow) -> tuple[MissingDays, ...]:
    ended = now.window.days_ended(now.today)
    days = {metric: now.by_account(metric) for metric in WATCHED}
    found = []
    for account, platform in sorted(now.accounts.items()):
        for metric in WATCHED:
            if account not in now.serving(metric):
                continue
            known = days[metric].get(account, {})
            lacking = [now.window.start + timedelta(days=index) for index in range(ended)]
            lacking = [day for day in lacking if day not in known]
            if lacking:
                coverage = Coverage(ended - len(lacking), ended)
                found.append(MissingDays(account, platform, metric, coverage, lacking[0], lacking[-1]))
    return tuple(found)
