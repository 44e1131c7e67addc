"""The sentences of the client's report: the result, what changed and why, what comes next, and what the client must do."""

from collections.abc import Sequence

from sophia.analytics.drivers.drivers import DriverSplit
from sophia.analytics.goals.progress import GoalStatus, ReportedGoal
from sophia.analytics.kpis.labels import kpi_term
from sophia.analytics.posting_times.group_effects import WeekHour
from sophia.analytics.readings.account_states import AccountState
from sophia.analytics.reports.records import Report
from sophia.dashboard.layout.formatting import PLATFORM_LABELS, change_of, day, decimal, value_of
from sophia.publishing.queue import QueueEntry

# The first of these that have a change are in the first sentence.
LEAD_KPIS = ("views", "engagement_rate_by_reach", "reach", "net_new_followers")
MOST_IN_LEAD = 2
GOOD = (GoalStatus.REACHED, GoalStatus.ON_PACE)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MOST_TIMES = 3
NO_CAUSE = "No clear cause: no part moved more than usual."
# {driver: (what happened if it rose, if it fell)}
CAUSES = {
    "platform": ("the platform showed posts of all clients more", "the platform showed posts of all clients less"),
    "distribution": (
        "the platform showed these posts more than those of others",
        "the platform showed these posts less than those of others",
    ),
    "posting": ("the number and formats of posts raised engagement", "the number and formats of posts cost engagement"),
    "people": ("the audience responded more", "the audience responded less"),
}


def lead(report: Report) -> str:
    """Return the first sentence: the goals, and how the most important figures changed."""
    moves = [move for name in LEAD_KPIS if (move := movement(report, name))][:MOST_IN_LEAD]
    parts = [*([goals_in_short(report.goals)] if report.goals else []), *([" and ".join(moves)] if moves else [])]
    if not parts:
        return "There is nothing to compare yet: this is the first period with figures."
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def goals_in_short(goals: Sequence[ReportedGoal]) -> str:
    """Return how many goals are reached or on pace."""
    good = sum(goal.standing in GOOD for goal in goals)
    if len(goals) == 1:
        return f"the goal is {goals[0].standing.value}"
    return f"{good} of {len(goals)} goals are reached or on pace"


def movement(report: Report, name: str) -> str:
    """Return how a KPI changed, such as "views fell 12 %", or nothing when it cannot be compared."""
    change = report.changes.get(name)
    text = None if change is None else change_of(change)
    if change is None or text is None or text.reason:
        return ""
    subject = kpi_term(name, change.after.age_hours)
    if not text.arrow:
        return f"{subject} did not change"
    verb = "rose" if text.arrow == "↑" else "fell"
    return f"{subject} {verb} to {text.text} as many" if text.word == "as many" else f"{subject} {verb} {text.text}"


def what_changed(report: Report) -> tuple[str, ...]:
    """Return the report's sentences about changes and anomalies, then the annotations of both periods."""
    return (
        *sentences_about(report, "changes", "anomalies"),
        *(f"{day(note.day)}: {note.text}" for note in report.annotations),
    )


def sentences_about(report: Report, *subjects: str) -> list[str]:
    """Return the sentences of the report that refer to one of these parts of it."""
    return [
        sentence.text
        for sentence in report.commentary
        if any(reference.path.partition(".")[0] in subjects for reference in sentence.references.values())
    ]


def causes(report: Report) -> tuple[str, ...]:
    """Return the clear drivers of each platform, or one sentence when no driver is clear."""
    sentences = tuple(
        f"{PLATFORM_LABELS[platform]}: {'; '.join(clear)}."
        for platform, split in report.drivers.items()
        if (clear := clear_causes(split))
    )
    return sentences or ((NO_CAUSE,) if report.drivers else ())


def clear_causes(split: DriverSplit) -> list[str]:
    """Return the confident parts of a change, with their size in percent."""
    texts = []
    for driver, (up, down) in CAUSES.items():
        part = split.confident_part(driver)  # type: ignore[arg-type]
        if part is not None:
            sign = "+" if part.percent > 0 else "−"
            texts.append(f"{up if part.verdict == 'up' else down} ({sign}{decimal(abs(part.percent), 0)} %)")
    return texts


def what_comes_next(report: Report) -> tuple[str, ...]:
    """Return what the posts of the last 90 days recommend: formats that differ, and the best hours to publish."""
    formats = sentences_about(report, "formats")
    hours = [hour_text(hour) for hour in report.best_times[:MOST_TIMES]]
    times = [f"Best times to publish: {', '.join(hours)} ({report.client.zone} time)."] if hours else []
    return (*formats, *times)


def hour_text(hour: WeekHour) -> str:
    return f"{WEEKDAYS[hour.weekday]} {hour.hour:02}:00"


def needs(report: Report, accounts: Sequence[AccountState], queued: Sequence[QueueEntry]) -> tuple[str, ...]:
    """Return what the client must do: give access, approve planned posts, agree on a goal."""
    broken = [account for account in accounts if account.action_needed is not None]
    texts = [
        f"Give us access to {account.name} on {PLATFORM_LABELS[account.platform]} again. Its figures end "
        f"{'before this period' if account.latest_metric_date is None else f'on {day(account.latest_metric_date)}'}."
        for account in broken
    ]
    waiting = sum(not entry.approved for entry in queued)
    if waiting:
        texts.append(
            f"Approve {'1 planned post' if waiting == 1 else f'{waiting} planned posts'}, so that we can publish."
        )
    if not report.goals:
        texts.append("Agree on a goal with us: without a goal, this report cannot say whether the result is enough.")
    if report.kpis["conversions"].value is None:
        texts.append("Send us sales or inquiries: this report has none for this period.")
    return tuple(texts) or ("Nothing at the moment.",)


def published(report: Report) -> str:
    """Return how many posts were published, and how many before; an unknown number has its reason."""
    figure, before = report.kpis["posts"], report.changes["posts"].before
    if figure.value is None:
        return f"The number of posts is not available. {figure.reason}"
    text = "1 post was published" if figure.value == 1 else f"{value_of(figure).text} posts were published"
    earlier = "" if before.value is None else f", {value_of(before).text} in the previous one"
    return f"{text} in this period{earlier}."
