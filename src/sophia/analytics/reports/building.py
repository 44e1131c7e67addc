"""Windows of one client, measured: the report, computed from frozen values and from nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sophia.analytics.annotations.queries import Note
from sophia.analytics.anomalies.records import SeriesAnomaly
from sophia.analytics.anomalies.series import anomalies_of_client
from sophia.analytics.benchmarks.client_comparison import AccountFigures, peers, published
from sophia.analytics.benchmarks.comparison import Benchmark
from sophia.analytics.comments.sentiment import Comment, overview
from sophia.analytics.decisions.guidance import StageQuality
from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.drivers.portfolio_windows import PortfolioWindows, split_portfolio
from sophia.analytics.figures.facts import WATCHED, AccountDays, ClientWindow, PostFacts, PostsADay, each_day
from sophia.analytics.figures.figures import Coverage, Figure, percent
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.kpis.kpis import KPIS, REACH_GROWTH, kpi_changes
from sophia.analytics.kpis.summaries import algo_dependent_summary, algo_independent_summary, unclassified
from sophia.analytics.kpis.trends import Trend, trend
from sophia.analytics.kpis.windows import MeasuredClient
from sophia.analytics.posting_times.formats import formats, pillars
from sophia.analytics.posting_times.responses import best_times, posting_times
from sophia.analytics.readings.posts import StoredPost
from sophia.analytics.reports.commentary import comment
from sophia.analytics.reports.records import MissingDays, Report, ReportedClient, TopPost
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange

TREND_WEEKS = 12
# Windows of up to so many weeks are compared with the same weekdays.
SAME_WEEKDAYS = 4
TREND_KPIS = ("posts", "views", "reach", "engagements", "engagement_rate_by_reach", "net_new_followers")
MOST_TOP_POSTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that a report is computed from.

    `later` is what is compared with `earlier`: of a running window the days that are over.
    `weeks` are the KPIs of the trends' weeks by their Monday. `anomalies` are those that were told already; None, and they
    are found in `days`. `history` are the posts of 90 days with their newest numbers,
    `posts` what is known of posts besides numbers. `portfolio` holds all clients by platform, `account_figures` the
    KPIs of all accounts in the same week, None where the window is no such week. `benchmarks` held then, of the
    client's industry and of everybody.
    """

    client: MeasuredClient
    window: DateRange
    before: DateRange
    as_of: datetime
    today: date
    now: ClientWindow
    later: ClientWindow
    earlier: ClientWindow
    weeks: Mapping[date, Mapping[str, Figure]]
    history: Sequence[PostFacts]
    posts: Mapping[int, StoredPost]
    days: AccountDays
    posts_a_day: PostsADay
    anomalies: tuple[SeriesAnomaly, ...] | None
    portfolio: PortfolioWindows
    account_figures: AccountFigures | None
    benchmarks: Sequence[Benchmark]
    goals: tuple[ReportedGoal, ...]
    annotations: tuple[Note, ...]
    decisions: tuple[StageQuality, ...]
    comments: Mapping[str, Sequence[Comment]]


def build_report(facts: Facts) -> Report:
    """The report of these facts; the same facts give the same report, to the digit."""
    now, later, earlier, client = facts.now, facts.later, facts.earlier, facts.client
    times = posting_times(facts.history, client.zone)
    changes = kpi_changes(later, earlier)
    report = Report(
        client=ReportedClient(client.id, client.name, client.industry, client.zone.key, client.accounts),
        window=facts.window,
        before=facts.before,
        as_of=facts.as_of,
        is_closed=facts.window.is_closed(facts.today),
        coverage=coverage_of(now),
        kpis={kpi.name: kpi.compute(now) for kpi in KPIS} | {REACH_GROWTH.name: changes["reach"].percent},
        changes=changes,
        trends=_trends(facts),
        algo_dependent_summary=algo_dependent_summary(now, earlier, later),
        algo_independent_summary=algo_independent_summary(now, earlier, later),
        unclassified=unclassified(now),
        drivers=_drivers(facts),
        anomalies=_anomalies(facts),
        benchmarks=published(client, now, facts.benchmarks, facts.today),
        peers=peers(client, now, facts.account_figures),
        posting_times=times,
        best_times=best_times(times),
        formats=formats(facts.history),
        pillars=pillars(facts.history),
        top_posts=_top_posts(facts),
        missing_days=_missing_days(now),
        goals=facts.goals,
        annotations=facts.annotations,
        decisions=facts.decisions,
        comments=overview(facts.comments),
    )
    return replace(report, commentary=comment(report))


def compared_window(window: DateRange, today: date) -> DateRange:
    """What a window is compared with: as many days before it, of a running one the first as far as it is.

    Less than four weeks are compared with the same weekdays, so that a Sunday does not stand against a Saturday: the
    weekday would be taken for the platform. Of longer windows a weekday more or less decides little; they stand
    against the days directly before.
    """
    weeks = -(-window.days // 7)
    back = weeks * ONE_WEEK if weeks <= SAME_WEEKDAYS else window.days * ONE_DAY
    earlier = DateRange(window.start - back, window.end - back)
    ended = window.days_ended(today)
    return earlier if ended == window.days else DateRange(earlier.start, earlier.start + max(ended, 1) * ONE_DAY)


def as_long(window: DateRange, before: DateRange) -> DateRange:
    """The days of a window that are compared: of a running one those that are over."""
    return DateRange(window.start, window.start + before.days * ONE_DAY)


def trend_weeks(window: DateRange, today: date) -> date:
    """The day whose newest closed weeks a report's trends show."""
    return min(window.end, today)


def coverage_of(now: ClientWindow) -> Coverage:
    """Days of the window on which every account has all readings that are watched, of those that are over."""
    ended = now.window.days_ended(now.today)
    found = {metric: now.by_account(metric) for metric in WATCHED}
    known = [found[metric].get(account, {}) for metric in WATCHED for account in now.serving(metric)]
    complete = [day for day in each_day(now.window) if known and all(day in days for days in known)]
    return Coverage(len(complete), max(ended, len(complete)))


def trend_figures(week: ClientWindow) -> dict[str, Figure]:
    """The KPIs of one week whose trends are shown."""
    return {kpi.name: kpi.compute(week) for kpi in KPIS if kpi.name in TREND_KPIS}


def _trends(facts: Facts) -> dict[str, Trend]:
    until = trend_weeks(facts.window, facts.today)
    return {
        name: trend([(monday, week[name]) for monday, week in facts.weeks.items() if name in week], until, TREND_WEEKS)
        for name in TREND_KPIS
    }


def _anomalies(facts: Facts) -> tuple[SeriesAnomaly, ...]:
    if facts.anomalies is not None:
        return facts.anomalies
    return anomalies_of_client(facts.client.accounts, facts.days, facts.posts_a_day, facts.window, facts.today)


def _drivers(facts: Facts) -> dict[str, DriverSplit]:
    return {platform.value: split_portfolio(clients)[facts.client.id] for platform, clients in facts.portfolio.items()}


def _top_posts(facts: Facts) -> tuple[TopPost, ...]:
    """By engagements, then by reach; posts whose engagements are not known cannot be placed."""
    top_posts = []
    for post in facts.now.each_post:
        seen, engagements, reach = facts.posts.get(post.post_id), post.engagements, post.values.get("reach")
        if engagements is not None and seen is not None:
            top_posts.append(
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
    top_posts.sort(key=lambda post: (-post.engagements, -(post.reach or 0), post.post_id))
    return tuple(top_posts[:MOST_TOP_POSTS])


def _missing_days(now: ClientWindow) -> tuple[MissingDays, ...]:
    ended = now.window.days_ended(now.today)
    days = {metric: now.by_account(metric) for metric in WATCHED}
    missing_dayses = []
    for account, platform in sorted(now.accounts.items()):
        for metric in WATCHED:
            if account not in now.serving(metric):
                continue
            known = days[metric].get(account, {})
            lacking = [now.window.start + timedelta(days=index) for index in range(ended)]
            lacking = [day for day in lacking if day not in known]
            if lacking:
                coverage = Coverage(ended - len(lacking), ended)
                missing_dayses.append(MissingDays(account, platform, metric, coverage, lacking[0], lacking[-1]))
    return tuple(missing_dayses)
