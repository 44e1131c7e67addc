"""Builds the report of one client from its facts alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sophia.analytics.annotations.queries import AnnotationRecord
from sophia.analytics.anomalies.records import SeriesAnomaly
from sophia.analytics.anomalies.series import anomalies_of_client
from sophia.analytics.benchmarks.client_comparison import AccountFigures, compare_peers, compare_published
from sophia.analytics.benchmarks.comparison import Benchmark
from sophia.analytics.comments.sentiment import MeasuredComment, comment_overview
from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.drivers.portfolio_windows import PortfolioWindows
from sophia.analytics.figures.comparison import Comparison, earlier_window
from sophia.analytics.figures.facts import MONITORED_METRICS, AccountDays, ClientWindow, PostFacts, PostsADay, dates_of
from sophia.analytics.figures.figures import Coverage, Figure, percent
from sophia.analytics.goals.progress import ReportedGoal
from sophia.analytics.kpis.format_averages import format_averages
from sophia.analytics.kpis.kpis import KPIS, MIXED_RATES, REACH_GROWTH, kpi_changes, platform_changes
from sophia.analytics.kpis.late_values import dated
from sophia.analytics.kpis.measured_clients import MeasuredClient
from sophia.analytics.kpis.summaries import algo_dependent_summary, algo_independent_summary, unclassified
from sophia.analytics.kpis.trends import Trend, trend, without_mixed_changes
from sophia.analytics.posting_times.format_effects import format_effects, pillar_effects
from sophia.analytics.posting_times.group_effects import best_times, posting_times, published_hours
from sophia.analytics.readings.posts import StoredPost
from sophia.analytics.reports.commentary import comment
from sophia.analytics.reports.records import DecisionStage, MissingDays, Report, ReportedClient, TopPost
from sophia.database.records import as_record
from sophia.meta.reporting_zone import ONE_DAY, ONE_WEEK, DateRange, day_start

TREND_WEEKS = 12
# Weeks are compared when their posts are seven days old, so these trends end a week earlier.
AGED_TRENDS = ("engagements_at_7_days", "engagement_rate_at_7_days")
TREND_KPIS = ("posts", "views", "reach", *AGED_TRENDS, "net_new_followers")
MOST_TOP_POSTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The input of a report.

    `later` is compared with `earlier`: of an open window the days that are over. `weeks` are the KPIs of the trends' weeks
    by Monday. `anomalies` are the stored ones, or None if they must be detected in `days`. `history` are the posts of 90
    days with their newest values, `posts` their other attributes. `portfolio` has all clients by platform,
    `account_figures` the KPIs of all accounts in the same week, None if the window is no such week. `benchmarks` were
    valid then, for the client's industry and for all industries.
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
    annotations: tuple[AnnotationRecord, ...]
    decisions: tuple[DecisionStage, ...]
    comments: Mapping[str, Sequence[MeasuredComment]]


def build_report(facts: Facts) -> Report:
    """Return the report of these facts; equal facts give equal reports."""
    now, later, earlier, client = facts.now, facts.later, facts.earlier, facts.client
    times = posting_times(facts.history, client.zone)
    changes = kpi_changes(later, earlier)
    report = Report(
        client=ReportedClient(client.id, client.name, client.industry, client.zone.key, client.accounts),
        window=facts.window,
        before=facts.before,
        as_of=facts.as_of,
        is_closed=facts.window.is_closed(facts.today),
        complete_at=day_start(facts.window.end),
        coverage=coverage_of(now),
        kpis={kpi.name: kpi.compute(now) for kpi in KPIS} | {REACH_GROWTH.name: changes["reach"].percent},
        changes=changes,
        platform_changes=platform_changes(later, earlier),
        trends=_trends(facts),
        algo_dependent_summary=algo_dependent_summary(now, earlier, later),
        algo_independent_summary=algo_independent_summary(now, earlier, later),
        unclassified=unclassified(now),
        drivers=_drivers(facts),
        anomalies=_anomalies(facts),
        benchmarks=compare_published(client, now, facts.benchmarks, facts.today),
        peers=compare_peers(client, now, facts.account_figures),
        posting_times=published_hours(times, facts.history, client.zone),
        best_times=best_times(times),
        formats=format_effects(facts.history),
        format_averages=format_averages(now.newest_posts),
        pillars=pillar_effects(facts.history),
        top_posts=top_posts(now, facts.posts, MOST_TOP_POSTS),
        missing_days=_missing_days(now),
        goals=facts.goals,
        annotations=facts.annotations,
        decisions=facts.decisions,
        comments=comment_overview(facts.comments),
    )
    return replace(report, commentary=comment(report))


def compared_window(window: DateRange, today: date, comparison: Comparison = Comparison.PREVIOUS) -> DateRange:
    """Return the earlier period of a window; for an open window, as many of its days as are over."""
    earlier = earlier_window(window, comparison)
    ended = window.days_ended(today)
    days = earlier.days if ended == window.days else min(max(ended, 1), earlier.days)
    return DateRange(earlier.start, earlier.start + days * ONE_DAY)


def compared_days(window: DateRange, before: DateRange) -> DateRange:
    """Return the days of a window that are compared: of an open window those that are over."""
    return DateRange(window.start, window.start + before.days * ONE_DAY)


def trends_until(window: DateRange, today: date) -> date:
    """Return the day whose last complete weeks a report's trends show."""
    return min(window.end, today)


def coverage_of(now: ClientWindow) -> Coverage:
    """Return the coverage of days on which every account has all monitored metrics, among the days that are over."""
    ended = now.window.days_ended(now.today)
    values_by_metric = {metric: now.by_account(metric) for metric in MONITORED_METRICS}
    days_by_series = [
        values_by_metric[metric].get(account, {}) for metric in MONITORED_METRICS for account in now.serving(metric)
    ]
    complete = [day for day in dates_of(now.window) if days_by_series and all(day in days for days in days_by_series)]
    return Coverage(len(complete), max(ended, len(complete)))


def trend_figures(week: ClientWindow) -> dict[str, Figure]:
    """Return the KPIs of one week for the trends."""
    return {kpi.name: kpi.compute(week) for kpi in KPIS if kpi.name in TREND_KPIS}


def _trends(facts: Facts) -> dict[str, Trend]:
    until = trends_until(facts.window, facts.today)
    trends = {}
    for name in TREND_KPIS:
        figures = [(monday, week[name]) for monday, week in facts.weeks.items() if name in week]
        kpi_trend = trend(figures, until - ONE_WEEK if name in AGED_TRENDS else until, TREND_WEEKS)
        is_mixed = name in MIXED_RATES and len(set(facts.client.accounts.values())) > 1
        trends[name] = without_mixed_changes(kpi_trend) if is_mixed else kpi_trend
    return trends


def _anomalies(facts: Facts) -> tuple[SeriesAnomaly, ...]:
    if facts.anomalies is not None:
        return facts.anomalies
    return anomalies_of_client(facts.client.accounts, facts.days, facts.posts_a_day, facts.window, facts.today)


def _drivers(facts: Facts) -> dict[str, DriverSplit]:
    return {platform.value: days.splits[facts.client.id] for platform, days in facts.portfolio.items()}


def most_engaging(now: ClientWindow) -> list[PostFacts]:
    """Return the posts with known engagements: the most engagements first, then the most reach."""
    posts = [(post, engagements) for post in now.newest_posts if (engagements := post.engagements) is not None]
    posts.sort(key=lambda pair: (-pair[1], -(pair[0].values.get("reach") or 0), pair[0].post_id))
    return [post for post, _ in posts]


def top_posts(now: ClientWindow, stored_posts: Mapping[int, StoredPost], most: int) -> tuple[TopPost, ...]:
    """Return the first posts of `most_engaging` with their text and address."""
    posts = [post for post in most_engaging(now) if post.post_id in stored_posts]
    return tuple(_top_post(post, stored_posts[post.post_id]) for post in posts[:most])


def _top_post(post: PostFacts, stored: StoredPost) -> TopPost:
    engagements, reach = post.engagements, post.values.get("reach")
    return as_record(
        TopPost,
        post,
        platform_post_id=stored.platform_post_id,
        title=stored.title,
        permalink=stored.permalink,
        engagements=engagements,
        reach=reach,
        rate_by_reach=dated(percent(engagements, reach), [post]),
    )


def _missing_days(now: ClientWindow) -> tuple[MissingDays, ...]:
    ended = now.window.days_ended(now.today)
    days = {metric: now.by_account(metric) for metric in MONITORED_METRICS}
    missing = []
    for account, platform in sorted(now.accounts.items()):
        for metric in MONITORED_METRICS:
            if account not in now.serving(metric):
                continue
            day_values = days[metric].get(account, {})
            absent = [now.window.start + timedelta(days=index) for index in range(ended)]
            absent = [day for day in absent if day not in day_values]
            if absent:
                coverage = Coverage(ended - len(absent), ended)
                missing.append(MissingDays(account, platform, metric, coverage, absent[0], absent[-1]))
    return tuple(missing)
