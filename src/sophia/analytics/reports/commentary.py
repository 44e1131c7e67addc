"""What a report says in sentences; each figure in them is a reference to where it stands in the report."""

from collections.abc import Iterator

from sophia.analytics.anomalies.sentences import say_anomaly
from sophia.analytics.benchmarks.comparison import FOLLOWERS_RATE
from sophia.analytics.drivers.sentences import say as say_drivers
from sophia.analytics.figures.figures import Figure
from sophia.analytics.figures.sentences import METRIC_NAMES, PLATFORM_NAMES, Reference, Sentence, say
from sophia.analytics.goals.sentences import say_goal
from sophia.analytics.kpis.trends import A_ROW, is_worth_a_word, row_percent
from sophia.analytics.posting_times.responses import Effect
from sophia.analytics.reports.records import Report
from sophia.meta.catalogue.terms import ObjectKind

# Below this a change is called none.
NOTHING_PERCENT = 0.5
KIND_NAMES = {ObjectKind.FEED: "feed post", ObjectKind.CAROUSEL: "carousel", ObjectKind.OTHER: "other post"}


def comment(report: Report) -> tuple[Sentence, ...]:
    """The sentences of a report, the most important first; nothing is said of what is not known."""
    parts = (
        _views,
        _engagement,
        _reach,
        _followers,
        _drivers,
        _anomalies,
        _notes,
        _goals,
        _rows,
        _benchmarks,
        _best,
        _top,
        _missing,
    )
    found = tuple(sentence for part in parts for sentence in part(report))
    return found or (say(report, "There is nothing to say of this window: it has no readings."),)


def _moved(name: str, figure: Figure, path: str) -> tuple[str, dict[str, Reference | str]]:
    """How a change in percent is told, with its warning if it has one."""
    value = float(figure.value or 0)
    if abs(value) < NOTHING_PERCENT:
        told, references = f"{name} stayed as they were", {}
    else:
        told = f"{name} {'rose' if value > 0 else 'fell'} by {{percent}}"
        references = {"percent": Reference(f"{path}.percent.value", "size_percent")}
    return told, dict(references)


def _warning(figure: Figure, path: str) -> tuple[str, dict[str, Reference | str]]:
    return (" {doubt}", {"doubt": Reference(f"{path}.doubt", "text")}) if figure.doubt is not None else ("", {})


def _counted(report: Report, kpi: str, name: str) -> Iterator[Sentence]:
    change, path = report.changes[kpi], f"changes.{kpi}"
    warning, doubt = _warning(change.percent if change.percent.value is not None else change.after, path)
    if change.percent.value is not None:
        told, references = _moved(name, change.percent, path)
        doubt = {key: Reference(f"{path}.percent.doubt", "text") for key in doubt}
        places: dict[str, Reference | str] = {"after": f"{path}.after.value", "before": f"{path}.before.value"}
        yield say(report, f"{told}, to {{after}} from {{before}}.{warning}", **references, **places, **doubt)
    elif change.after.value is not None:
        doubt = {key: Reference(f"{path}.after.doubt", "text") for key in doubt}
        yield say(report, f"{name}: {{after}}.{warning}", after=f"{path}.after.value", **doubt)


def _views(report: Report) -> Iterator[Sentence]:
    yield from _counted(report, "views", "Views")


def _engagement(report: Report) -> Iterator[Sentence]:
    yield from _counted(report, "engagements", "Engagements with the posts of the window")
    rate = report.kpis["engagement_rate_by_reach"]
    if rate.value is not None:
        path = "kpis.engagement_rate_by_reach"
        posts = "post" if rate.n == 1 else "posts"
        yield say(
            report,
            # Reach of posts is added up here, and so no share of people.
            f"Engagements with {{n}} {posts} were {{rate}} of the reach, which counts people once for every post that "
            "they saw.",
            rate=Reference(f"{path}.value", "percent"),
            n=f"{path}.n",
        )


def _reach(report: Report) -> Iterator[Sentence]:
    reach = report.kpis["reach"]
    if reach.value is not None:
        yield say(report, "Meta counted {reach} people reached.", reach="kpis.reach.value")
    elif reach.at_least is not None and reach.at_most is not None:
        yield say(
            report,
            "At least {low} people were reached, and at most {high}: people of several days or accounts cannot be added.",
            low="kpis.reach.at_least",
            high="kpis.reach.at_most",
        )


def _followers(report: Report) -> Iterator[Sentence]:
    net, growth = report.kpis["net_new_followers"], report.kpis["audience_growth"]
    if net.value is None:
        return
    if growth.value is None or net.value == 0:
        yield say(report, "Net new followers: {net}.", net="kpis.net_new_followers.value")
        return
    word = "grew" if net.value > 0 else "shrank"
    yield say(
        report,
        f"The audience {word}: {{net}} followers net, {{growth}}.",
        net="kpis.net_new_followers.value",
        growth=Reference("kpis.audience_growth.value", "percent"),
    )


def _drivers(report: Report) -> Iterator[Sentence]:
    """The sentences of the drivers, their places bound to where the report holds the same numbers."""
    for platform, split in report.drivers.items():
        if split.distribution is None and split.whole is None:
            continue
        told, path = say_drivers(split), f"drivers.{platform}"
        template = f"On {PLATFORM_NAMES[platform]}: {told.template}"
        references: dict[str, Reference | str] = {}
        for name in told.values:
            if name in ("others", "others_alike"):
                references[name] = f"{path}.{name}"
            elif name.endswith("_range"):
                part = name.removesuffix("_range")
                references[name] = Reference(f"{path}.{part}.percent_interval", "range_percent")
            else:
                size = f"{{{name}:size}}" in template
                references[name] = Reference(f"{path}.{name}.percent", "size_percent" if size else "signed_percent")
        plain = template.replace(":size}", "}").replace(":signed}", "}")
        for name, reason in split.reasons.items():
            # Reasons have figures of their own.
            plain = plain.replace(reason, f"{{why_{name}}}")
            references[f"why_{name}"] = Reference(f"{path}.reasons.{name}", "text")
        named = {name: reference for name, reference in references.items() if f"{{{name}}}" in plain}
        yield say(report, plain, **named)


def _anomalies(report: Report) -> Iterator[Sentence]:
    for index, found in enumerate(report.anomalies):
        kind, path = found.anomaly.kind, f"anomalies.{index}.anomaly."
        yield say_anomaly(report, kind, found.metric, found.platform, path)


def _notes(report: Report) -> Iterator[Sentence]:
    for index in range(len(report.annotations)):
        path = f"annotations.{index}"
        day, text = Reference(f"{path}.day", "text"), Reference(f"{path}.text", "text")
        yield say(report, "Noted for {day}: {text}", day=day, text=text)


def _goals(report: Report) -> Iterator[Sentence]:
    for index, goal in enumerate(report.goals):
        yield say_goal(report, goal, f"goals.{index}")


def _rows(report: Report) -> Iterator[Sentence]:
    for kpi, name in (("views", "Views"), ("engagements", "Engagements")):
        trend = report.trends[kpi]
        for word, count in (("fallen", trend.falling), ("risen", trend.rising)):
            if count >= A_ROW and is_worth_a_word(row_percent(trend)):
                path = f"trends.{kpi}.{'falling' if word == 'fallen' else 'rising'}"
                yield say(report, f"{name} have {word} for {{weeks}} weeks in a row.", weeks=path)


def _benchmarks(report: Report) -> Iterator[Sentence]:
    for index, found in enumerate(report.benchmarks):
        if found.benchmark is None or found.own.value is None or found.percent.value is None:
            continue
        if found.benchmark.metric != FOLLOWERS_RATE:
            continue
        path, higher = f"benchmarks.{index}", float(found.percent.value) >= 0
        word = "above" if higher else "below"
        old = " That number is old." if found.is_old else ""
        yield say(
            report,
            f"A post on {PLATFORM_NAMES[found.benchmark.platform.value]} engaged {{own}} of the followers on average, "
            f"{word} the {{benchmark}} that {{source}} published for {{industry}} (of {{year}}).{old}",
            own=Reference(f"{path}.own.value", "percent"),
            benchmark=Reference(f"{path}.benchmark.value_percent", "percent"),
            source=Reference(f"{path}.benchmark.source", "text"),
            industry=Reference(f"{path}.benchmark.industry", "text"),
            year=Reference(f"{path}.benchmark.data_year", "text"),
        )


def _best(report: Report) -> Iterator[Sentence]:
    for name, group in report.formats.items():
        if group.effect is Effect.CANNOT_TELL or group.factor.value is None:
            continue
        word = "more" if group.effect is Effect.BETTER else "less"
        posts = "post" if group.factor.n == 1 else "posts"
        yield say(
            report,
            f"People respond {word} to posts of the format {name} than to others: {{factor}} times ({{n}} {posts}).",
            factor=Reference(f"formats.{name}.factor.value", "factor"),
            n=f"formats.{name}.factor.n",
        )


def _top(report: Report) -> Iterator[Sentence]:
    if report.top_posts:
        post = report.top_posts[0]
        yield say(
            report,
            f"The post with the most engagements, {{engagements}}, was a {KIND_NAMES.get(post.kind, post.kind.value)} on "
            f"{PLATFORM_NAMES[post.platform.value]}.",
            engagements="top_posts.0.engagements",
        )


def _missing(report: Report) -> Iterator[Sentence]:
    for index, gap in enumerate(report.missing_days):
        path = f"missing_days.{index}"
        yield say(
            report,
            f"{METRIC_NAMES[gap.metric]} on {PLATFORM_NAMES[gap.platform.value]} are known for {{known}} of {{days}} days.",
            known=f"{path}.coverage.days_with_data",
            days=f"{path}.coverage.days",
        )
