"""Writes the sentences of a report; their figures are references into the report."""

from collections.abc import Iterator

from sophia.analytics.anomalies.sentences import say_anomaly
from sophia.analytics.benchmarks.comparison import FOLLOWERS_RATE
from sophia.analytics.drivers.sentences import say_drivers
from sophia.analytics.figures.figures import Figure
from sophia.analytics.figures.sentences import METRIC_NAMES, PLATFORM_NAMES, Reference, Sentence, say
from sophia.analytics.goals.sentences import say_goal
from sophia.analytics.kpis.trends import STREAK_WEEKS, is_large_streak, streak_percent
from sophia.analytics.posting_times.group_effects import Effect
from sophia.analytics.reports.records import Report
from sophia.meta.catalogue.terms import ObjectKind

# A smaller change counts as none.
NOTHING_PERCENT = 0.5
KIND_NAMES = {ObjectKind.FEED: "feed post", ObjectKind.CAROUSEL: "carousel", ObjectKind.OTHER: "other post"}


def comment(report: Report) -> tuple[Sentence, ...]:
    """Return the sentences of a report, the most important first; unknown figures have no sentence."""
    parts = (
        _views,
        _engagement,
        _reach,
        _followers,
        _drivers,
        _anomalies,
        _notes,
        _goals,
        _streaks,
        _benchmarks,
        _best,
        _top,
        _missing,
    )
    sentences = tuple(sentence for part in parts for sentence in part(report))
    return sentences or (say(report, "There are no readings for this period."),)


def _counted(report: Report, kpi: str, name: str) -> Iterator[Sentence]:
    """Describe the change of a KPI in percent, or its value if there is no percentage, with the figure's warning."""
    change, path = report.changes[kpi], f"changes.{kpi}"
    figure, at = (change.after, "after") if change.percent.value is None else (change.percent, "percent")
    if figure.value is None:
        return
    template = f"{name}: {{after}}{_as_of(change.after)}."
    if at == "percent" and abs(float(figure.value)) < NOTHING_PERCENT:
        template = f"{name} did not change: {{after}}, previously {{before}}."
    elif at == "percent":
        template = f"{name} {'rose' if figure.value > 0 else 'fell'} by {{percent}}, to {{after}} from {{before}}."
    yield say(
        report,
        template if figure.doubt is None else f"{template} {{doubt}}",
        after=f"{path}.after.value",
        before=f"{path}.before.value",
        percent=Reference(f"{path}.percent.value", "change_size"),
        age=Reference(f"{path}.after.age_hours", "age"),
        doubt=Reference(f"{path}.{at}.doubt", "text"),
        day=Reference(f"{path}.after.late.day", "text"),
    )


def _as_of(figure: Figure) -> str:
    """Return the mark of a figure whose values were first read after the period; {day} is that day."""
    return "" if figure.late is None else " (as of {day})"


def _views(report: Report) -> Iterator[Sentence]:
    yield from _counted(report, "views", "Views")


def _engagement(report: Report) -> Iterator[Sentence]:
    has_age = report.changes["engagements"].after.age_hours is not None
    when, posts = ("at {age}", "in this period") if has_age else ("by the end of the period", "in it")
    yield from _counted(report, "engagements", f"Engagement {when} on posts published {posts}")
    yield from _rates(report)

    change = report.changes["engagements"]
    if change.percent.value is None and (change.before.late is not None or change.after.late is not None):
        yield say(report, "{reason}", reason=Reference("changes.engagements.percent.reason", "text"))


def _rates(report: Report) -> Iterator[Sentence]:
    """Describe the engagement rate of each platform, or of the only one, at the age at which it is compared."""
    rate = "engagement_rate_by_reach"
    for platform, changes in report.platform_changes.items():
        after = changes[rate].after
        yield from _rate(report, after, f"platform_changes.{platform}.{rate}.after", f" on {PLATFORM_NAMES[platform]}")
    if not report.platform_changes:
        compared, at_end = report.changes[rate].after, report.kpis[rate]
        if compared.age_hours is not None and compared.value is not None:
            yield from _rate(report, compared, f"changes.{rate}.after", "")
        else:
            yield from _rate(report, at_end, f"kpis.{rate}", "")


def _rate(report: Report, rate: Figure, path: str, where: str) -> Iterator[Sentence]:
    if rate.value is None:
        return
    posts = "post" if rate.n == 1 else "posts"
    when = "By the end of the period" if rate.age_hours is None else "At {age}"
    small = "" if rate.small_base is None else " {small}"
    yield say(
        report,
        # The reach of posts is added up here, so the rate is no share of people.
        f"{when}{_as_of(rate)}, engagement on {{n}} {posts}{where} was {{rate}} of the reach, which counts people once for each "
        f"post that they saw.{small}",
        age=Reference(f"{path}.age_hours", "age"),
        day=Reference(f"{path}.late.day", "text"),
        rate=Reference(f"{path}.value", "percent"),
        small=Reference(f"{path}.small_base", "text"),
        n=f"{path}.n",
    )


def _reach(report: Report) -> Iterator[Sentence]:
    reach = report.kpis["reach"]
    if reach.value is not None:
        yield say(report, "Reach: {reach} people.", reach="kpis.reach.value")
    elif reach.at_least is not None and reach.at_most is not None:
        yield say(
            report,
            "Reach: between {low} and {high} people. The reach of several days or accounts cannot be added up.",
            low="kpis.reach.at_least",
            high="kpis.reach.at_most",
        )


def _followers(report: Report) -> Iterator[Sentence]:
    net, growth = report.kpis["net_new_followers"], report.kpis["audience_growth"]
    followers = report.kpis["followers"]
    if net.value is None and followers.value is not None:
        yield say(
            report,
            f"Followers: {{followers}}{_as_of(followers)}.",
            followers="kpis.followers.value",
            day=Reference("kpis.followers.late.day", "text"),
        )
    if net.value is None:
        return
    if growth.value is None or net.value == 0:
        yield say(report, "Net new followers: {net}.", net="kpis.net_new_followers.value")
        return
    word = "grew" if net.value > 0 else "fell"
    yield say(
        report,
        f"Followers {word}: {{net}} net, {{growth}}.",
        net="kpis.net_new_followers.value",
        growth=Reference("kpis.audience_growth.value", "percent"),
    )


def _drivers(report: Report) -> Iterator[Sentence]:
    for platform, split in report.drivers.items():
        if split.distribution is not None or split.whole is not None:
            yield say_drivers(report, split, f"drivers.{platform}.", f"On {PLATFORM_NAMES[platform]}: ")


def _anomalies(report: Report) -> Iterator[Sentence]:
    for index, series_anomaly in enumerate(report.anomalies):
        kind, path = series_anomaly.anomaly.kind, f"anomalies.{index}.anomaly."
        yield say_anomaly(report, kind, series_anomaly.metric, series_anomaly.platform, path)


def _notes(report: Report) -> Iterator[Sentence]:
    for index in range(len(report.annotations)):
        path = f"annotations.{index}"
        day, text = Reference(f"{path}.day", "text"), Reference(f"{path}.text", "text")
        yield say(report, "Annotation of {day}: {text}", day=day, text=text)


def _goals(report: Report) -> Iterator[Sentence]:
    for index, goal in enumerate(report.goals):
        yield say_goal(report, goal, f"goals.{index}")


def _streaks(report: Report) -> Iterator[Sentence]:
    names = {
        "views": "Views have",
        "engagements_at_7_days": "Engagement on the posts of each week, at seven days of age, has",
    }
    for kpi, name in names.items():
        trend = report.trends[kpi]
        for word, count in (("fallen", trend.falling), ("risen", trend.rising)):
            if count >= STREAK_WEEKS and is_large_streak(streak_percent(trend)):
                path = f"trends.{kpi}.{'falling' if word == 'fallen' else 'rising'}"
                yield say(
                    report,
                    f"{name} {word} for {{weeks}} weeks in a row.",
                    weeks=path,
                )


def _benchmarks(report: Report) -> Iterator[Sentence]:
    for index, comparison in enumerate(report.benchmarks):
        if comparison.benchmark is None or comparison.own.value is None or comparison.percent.value is None:
            continue
        if comparison.benchmark.metric != FOLLOWERS_RATE or comparison.own.late is not None:
            continue
        path, higher = f"benchmarks.{index}", float(comparison.percent.value) >= 0
        word = "above" if higher else "below"
        age = " (old data)" if comparison.is_old else ""
        small = "" if comparison.own.small_base is None else " {small}"
        yield say(
            report,
            f"The average post on {PLATFORM_NAMES[comparison.benchmark.platform.value]} had an engagement rate of {{own}} of "
            f"followers (counting {{numerator}}), {word} the {{benchmark}} of {{source}} for {{industry}} in {{year}}{age}.{small}",
            own=Reference(f"{path}.own.value", "percent"),
            small=Reference(f"{path}.own.small_base", "text"),
            numerator=Reference(f"{path}.benchmark.numerator", "text"),
            benchmark=Reference(f"{path}.benchmark.value_percent", "percent"),
            source=Reference(f"{path}.benchmark.source", "text"),
            industry=Reference(f"{path}.benchmark.industry", "text"),
            year=Reference(f"{path}.benchmark.data_year", "text"),
        )


def _best(report: Report) -> Iterator[Sentence]:
    for name, group in report.formats.items():
        if group.effect is Effect.NOT_ENOUGH_EVIDENCE or group.factor.value is None:
            continue
        word = "more" if group.effect is Effect.BETTER else "less"
        posts = "post" if group.factor.n == 1 else "posts"
        yield say(
            report,
            f"The audience responds {word} to the format {name} than to others: {{factor}} times ({{n}} {posts}).",
            factor=Reference(f"formats.{name}.factor.value", "factor"),
            n=f"formats.{name}.factor.n",
        )


def _top(report: Report) -> Iterator[Sentence]:
    if report.top_posts:
        post = report.top_posts[0]
        yield say(
            report,
            f"The post with the most engagement by the end of the period ({{engagements}}) was a {KIND_NAMES.get(post.kind, post.kind.value)} on "
            f"{PLATFORM_NAMES[post.platform.value]}.",
            engagements="top_posts.0.engagements",
        )


def _missing(report: Report) -> Iterator[Sentence]:
    for index, gap in enumerate(report.missing_days):
        path = f"missing_days.{index}"
        yield say(
            report,
            f"{METRIC_NAMES[gap.metric]} on {PLATFORM_NAMES[gap.platform.value]} have data for {{known}} of {{days}} days.",
            known=f"{path}.coverage.days_with_data",
            days=f"{path}.coverage.days",
        )
