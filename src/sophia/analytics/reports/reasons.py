"""Finds the reasons why a client needs attention, each with its figures and a weight that ranks it."""

from collections.abc import Iterator, Mapping
from math import expm1

from sophia.analytics.anomalies.sentences import say_anomaly
from sophia.analytics.drivers.drivers import Driver, DriverSplit
from sophia.analytics.figures.sentences import PLATFORM_NAMES, Reference, say
from sophia.analytics.goals.progress import GoalStatus
from sophia.analytics.goals.sentences import say_goal
from sophia.analytics.kpis.trends import STREAK_WEEKS, is_large_streak
from sophia.analytics.reports.brief_records import ClientBrief, ClientStatus, Reason

# A certain fall of engagement by the first number is "watch", by the second "critical".
FALL_PERCENT, DEEP_FALL_PERCENT = -10.0, -30.0
# A loss of followers by this much in a window is "watch".
SHRINKING_PERCENT = -1.0
# A goal below this percentage of its expected pace is "watch".
SLOW_PERCENT = 80.0


def reasons_of(brief: ClientBrief, *, has_data: bool) -> Iterator[Reason]:
    """Return the reasons of a client, which determine its status."""
    yield from _collection(brief)
    if not has_data:
        without_accounts = brief.collection is not None and brief.collection.accounts == 0
        text = "No account is connected." if without_accounts else "There are no readings and no posts in these days."
        yield Reason("no_data", ClientStatus.NO_DATA, 0.0, say(brief, text))
        return
    yield from _falls(brief)
    yield from _unusual_days(brief)
    yield from _habits(brief)
    yield from _goals(brief)
    if not brief.coverage.is_complete:
        sentence = say(
            brief,
            "Readings are complete for {known} of {days} days.",
            known="coverage.days_with_data",
            days="coverage.days",
        )
        yield Reason("incomplete", ClientStatus.AMBER, 10.0, sentence)


def _collection(brief: ClientBrief) -> Iterator[Reason]:
    if brief.collection is None:
        return
    if brief.collection.action_needed is not None:
        sentence = say(brief, "{action}", action=Reference("collection.action_needed", "text"))
        yield Reason("reconnect", ClientStatus.CORAL, 150.0, sentence)
    elif brief.collection.stale and brief.collection.latest_metric_date is not None:
        day = Reference("collection.latest_metric_date", "text")
        sentence = say(brief, "Collection is late: the newest readings are of {day}.", day=day)
        yield Reason("stale", ClientStatus.AMBER, 40.0, sentence)


_LESS: Mapping[Driver, str] = {
    "platform": "the algorithm reduced the distribution of all clients",
    "distribution": "its posts had lower distribution than the other clients",
    "posting": "it published fewer posts or other formats",
    "people": "the audience responded less",
}


def _falls(brief: ClientBrief) -> Iterator[Reason]:
    for platform, split in brief.drivers.items():
        own_percent = _own_percent(split)
        if split.whole is None or split.whole.verdict != "down" or own_percent > FALL_PERCENT:
            continue
        deep = own_percent <= DEEP_FALL_PERCENT
        places = {
            "percent": Reference(f"drivers.{platform}.whole.percent", "change_size"),
            "interval": Reference(f"drivers.{platform}.whole.percent_interval", "range_percent"),
        }
        why = "; no clear cause"
        if split.main_driver is not None:
            why = f", mostly because {_LESS[split.main_driver]}"
        elif split.certain_driver is not None:
            why = f", in part because {_LESS[split.certain_driver]} ({{part}}); the rest has no clear cause"
            places["part"] = Reference(f"drivers.{platform}.{split.certain_driver}.percent", "signed_percent")
        engagement = "Organic account interactions" if split.is_organic else "Account interactions"
        sentence = say(
            brief,
            f"{engagement} on {PLATFORM_NAMES[platform]} fell by {{percent}} (95 % interval {{interval}}){why}.",
            **places,
        )
        level, base = (ClientStatus.CORAL, 50.0) if deep else (ClientStatus.AMBER, 20.0)
        yield Reason("engagement_fell", level, base + abs(split.whole.percent) / 2, sentence)


def _own_percent(split: DriverSplit) -> float:
    """Return the change of a client without the certain fall that all clients share, which is no reason for one client."""
    if split.whole is None:
        return 0.0
    shared = split.platform.log if split.platform is not None and split.platform.verdict == "down" else 0.0
    return 100.0 * expm1(split.whole.log - shared)


_WEIGHTS: Mapping[str, tuple[ClientStatus, float]] = {
    "outage": (ClientStatus.CORAL, 70.0),
    "fall": (ClientStatus.AMBER, 30.0),
    "gap": (ClientStatus.AMBER, 20.0),
    "drop": (ClientStatus.AMBER, 15.0),
}


def _unusual_days(brief: ClientBrief) -> Iterator[Reason]:
    """Return the reasons for anomalies that are bad news."""
    for index, series_anomaly in enumerate(brief.anomalies):
        kind = series_anomaly.anomaly.kind
        if kind in _WEIGHTS:
            level, weight = _WEIGHTS[kind]
            path = f"anomalies.{index}.anomaly."
            yield Reason(
                kind, level, weight, say_anomaly(brief, kind, series_anomaly.metric, series_anomaly.platform, path)
            )


def _habits(brief: ClientBrief) -> Iterator[Reason]:
    posts, growth = brief.changes["posts"], brief.kpis["audience_growth"]
    if posts.after.value == 0 and posts.before.value:
        word = "post" if posts.before.value == 1 else "posts"
        sentence = say(
            brief,
            f"No posts in this period; {{before}} {word} in the previous period.",
            before="changes.posts.before.value",
        )
        yield Reason("silent", ClientStatus.AMBER, 20.0, sentence)
    for kpi, count in brief.falling.items():
        if count >= STREAK_WEEKS and is_large_streak(brief.fallen_alone[kpi]):
            name = "Views have" if kpi == "views" else "Engagement on the posts of each week, at seven days of age, has"
            sentence = say(
                brief,
                f"{name} fallen for {{weeks}} weeks in a row, by {{percent}} in total.",
                weeks=f"falling.{kpi}",
                percent=Reference(f"fallen.{kpi}", "change_size"),
            )
            yield Reason(f"{kpi}_falling", ClientStatus.AMBER, 25.0, sentence)
    if growth.value is not None and growth.small_base is None and float(growth.value) <= SHRINKING_PERCENT:
        size = Reference("kpis.audience_growth.value", "percent")
        yield Reason("audience", ClientStatus.AMBER, 15.0, say(brief, "Followers changed by {size}.", size=size))


def _goals(brief: ClientBrief) -> Iterator[Reason]:
    """Return the reasons for goals that were missed or are far behind."""
    for index, goal in enumerate(brief.goals):
        slow = goal.pace.value is not None and goal.pace.value < SLOW_PERCENT
        if goal.current.small_base is not None:
            continue
        if goal.standing is GoalStatus.MISSED or (goal.standing is GoalStatus.BEHIND and slow):
            sentence = say_goal(brief, goal, f"goals.{index}")
            yield Reason("goal", ClientStatus.AMBER, 12.0, sentence)
