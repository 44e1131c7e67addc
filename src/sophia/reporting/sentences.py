"""The sentences of a report in the language of its client: the result, what changed and why, what comes next.

Each sentence is one text of the language with the figures of the report in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sophia.analytics.anomalies.records import SeriesAnomaly
from sophia.analytics.anomalies.sentences import LEVELS
from sophia.analytics.drivers.drivers import DRIVERS, DriverSplit
from sophia.analytics.figures.figures import Figure, change_ratio
from sophia.analytics.goals.progress import GoalStatus, ReportedGoal
from sophia.analytics.posting_times.group_effects import Effect, WeekHour
from sophia.analytics.readings.account_states import AccountState
from sophia.analytics.reports.records import Report
from sophia.display.formatting import PLATFORM_LABELS, change_of, decimal, value_of, weekday, whole
from sophia.display.languages import Language, full_day, long_day, reason_text
from sophia.publishing.queue import QueueEntry

# The first of these that have a change are in the first lines.
LEAD_KPIS = ("views", "engagement_rate_by_reach", "reach", "net_new_followers")
MOST_IN_LEAD = 2
# Without a percentage, a rise from 0, these are in the cards only.
PERCENT_KPIS = ("views", "reach")
CHANGED_KPIS = ("views", "engagements")
GOOD = (GoalStatus.REACHED, GoalStatus.ON_PACE)
MOST_TIMES = 3
# A smaller change in percent counts as none.
NOTHING_PERCENT = 0.5


@dataclass(frozen=True, slots=True)
class Sentences:
    """Writes the sentences of one report in one language."""

    report: Report
    words: Language

    def lead(self) -> str:
        """Return the first lines: the goals, and how the most important figures changed."""
        moves = [move for name in LEAD_KPIS if (move := self._movement(name))][:MOST_IN_LEAD]
        goals = [self._goals()] if self.report.goals else []
        return " ".join([*goals, *moves]) or self.words.say("lead.first")

    def changed(self) -> tuple[str, ...]:
        """Return the changes of views and engagement, the anomalies, and the annotations of both periods."""
        texts = [
            *(text for name in CHANGED_KPIS for text in self._change(name)),
            *(self._anomaly(item) for item in self.report.anomalies),
            *(
                self.words.say("changed.note", day=long_day(note.day, self.words.code), text=note.text)
                for note in self.report.annotations
            ),
        ]
        return tuple(texts) or (self.words.say("changed.nothing"),)

    def causes(self) -> tuple[str, ...]:
        """Return the clear drivers of each platform, or one sentence when no driver is clear."""
        texts = tuple(
            text for platform, split in self.report.drivers.items() for text in self._clear_causes(platform, split)
        )
        return texts or ((self.words.say("cause.none"),) if self.report.drivers else ())

    def published(self) -> str:
        """Return how many posts were published, and how many before; an unknown number has its reason."""
        figure, before = self.report.kpis["posts"], self.report.changes["posts"].before
        if figure.value is None:
            return self.words.say("work.unknown", reason=reason_text(figure.reason or "", self.words.code))
        count = int(figure.value)
        if before.value is None:
            return self.words.count("work.published", count)
        return self.words.count("work.published_before", count, before=whole(before.value, self.words.code))

    def outlook(self) -> tuple[str, ...]:
        """Return what the posts of the last 90 days recommend: formats that differ, and the best hours to publish."""
        texts = list(self._formats())
        hours = [self._hour(hour) for hour in self.report.best_times[:MOST_TIMES]]
        if hours:
            texts.append(self.words.say("next.times", times=", ".join(hours), zone=self.report.client.zone))
        return tuple(texts)

    def needs(self, accounts: Sequence[AccountState], queued: Sequence[QueueEntry]) -> tuple[str, ...]:
        """Return what the client must do: give access, approve planned posts, agree on a goal."""
        texts = [self._access(account) for account in accounts if account.action_needed is not None]
        waiting = sum(not entry.approved for entry in queued)
        if waiting:
            texts.append(self.words.count("needs.approve", waiting))
        if not self.report.goals:
            texts.append(self.words.say("needs.goal"))
        if self.report.kpis["conversions"].value is None:
            texts.append(self.words.say("needs.sales"))
        return tuple(texts) or (self.words.say("needs.nothing"),)

    def _goals(self) -> str:
        goals = self.report.goals
        if len(goals) == 1:
            return self.words.say(f"lead.goal_{status_key(goals[0])}")
        good = sum(goal.standing in GOOD for goal in goals)
        return self.words.count("lead.goals", good, goals=whole(len(goals), self.words.code))

    def _movement(self, name: str) -> str:
        """Return how a KPI changed, or nothing when it cannot be compared."""
        change = self.report.changes.get(name)
        if change is None:
            return ""
        text = change_of(change, locale=self.words.code)
        if text.reason:
            return ""
        percent = change.percent.value
        if percent is None and name in PERCENT_KPIS:
            return ""
        ratio = None if percent is None or text.tone != "up" else change_ratio(float(percent))
        if ratio is not None and f"lead.{name}_times" in self.words.texts:
            return self.words.say(f"lead.{name}_times", factor=decimal(ratio, 1, self.words.code))
        return self.words.say(f"lead.{name}_{text.tone}", size=text.text)

    def _change(self, name: str) -> Iterator[str]:
        """Yield the change of a KPI in percent, or its value if there is no percentage, and the figure's warning."""
        change, code = self.report.changes[name], self.words.code
        if change.after.value is None:
            return
        after, before = self._dated(change.after), value_of(change.before, locale=code).text
        percent = change.percent.value
        if percent is None:
            yield self.words.say(f"changed.{name}_only", after=after)
            if change.before.late is not None or change.after.late is not None:
                yield reason_text(change.percent.reason or "", code)
        else:
            key, size = f"changed.{name}_{direction(float(percent))}", abs(float(percent))
            yield self.words.say(
                key,
                after=after,
                before=before,
                percent=self._percent(size),
                factor=decimal(1 + size / 100, 1, code),
            )
        doubt = (change.after if percent is None else change.percent).doubt
        if doubt is not None:
            yield reason_text(doubt, code)

    def _dated(self, figure: Figure) -> str:
        """Return a value, with the day on which it was read if that is after the period."""
        text = value_of(figure, locale=self.words.code).text
        if figure.late is None:
            return text
        return self.words.say("numbers.late", value=text, day=full_day(figure.late.day, self.words.code))

    def _percent(self, size: float) -> str:
        return self.words.say("numbers.percent", number=decimal(size, 0, self.words.code))

    def _anomaly(self, item: SeriesAnomaly) -> str:
        anomaly = item.anomaly
        state = "open" if anomaly.until is None else "day" if anomaly.since == anomaly.until else "days"
        if anomaly.until is not None and anomaly.kind in LEVELS:
            state = "ended"
        text = self.words.say(
            f"anomaly.{anomaly.kind}_{state}",
            metric=self.words.say(f"metrics.{item.metric}"),
            small=self.words.say(f"metrics.{item.metric}_small"),
            platform=PLATFORM_LABELS[item.platform],
            since=long_day(anomaly.since, self.words.code),
            until="" if anomaly.until is None else long_day(anomaly.until, self.words.code),
        )
        return f"{text} {expected}" if (expected := self._expected(item)) else text

    def _expected(self, item: SeriesAnomaly) -> str:
        anomaly = item.anomaly
        if anomaly.value is None or anomaly.worst is None or anomaly.low is None or anomaly.high is None:
            return ""
        value, low, high = (whole(number, self.words.code) for number in (anomaly.value, anomaly.low, anomaly.high))
        worst = long_day(anomaly.worst, self.words.code)
        return self.words.say("anomaly.expected", worst=worst, value=value, low=low, high=high)

    def _clear_causes(self, platform: str, split: DriverSplit) -> Iterator[str]:
        for driver in DRIVERS:
            part = split.confident_part(driver)
            if part is not None:
                sign = "+" if part.percent > 0 else "−"
                yield self.words.say(
                    f"cause.{driver}_{part.verdict}",
                    platform=PLATFORM_LABELS[platform],
                    percent=f"{sign}{self._percent(abs(part.percent))}",
                )

    def _formats(self) -> Iterator[str]:
        for name, group in self.report.formats.items():
            if group.effect is Effect.NOT_ENOUGH_EVIDENCE or group.factor.value is None or group.factor.n is None:
                continue
            key = "next.format_up" if group.effect is Effect.BETTER else "next.format_down"
            factor = value_of(group.factor, locale=self.words.code).text
            yield self.words.count(key, group.factor.n, format=format_name(name, self.words), factor=factor)

    def _hour(self, hour: WeekHour) -> str:
        return f"{weekday(hour.weekday, self.words.code)} {hour.hour:02}:00"

    def _access(self, account: AccountState) -> str:
        names = {"account": account.name, "platform": PLATFORM_LABELS[account.platform]}
        last: date | None = account.latest_metric_date
        if last is None:
            return self.words.say("needs.access_before", **names)
        return self.words.say("needs.access", **names, day=long_day(last, self.words.code))


def direction(percent: float) -> str:
    """Return the key of a change in percent: up, down, flat, or times for a large rise."""
    if abs(percent) < NOTHING_PERCENT:
        return "flat"
    if change_ratio(percent) is not None:
        return "times"
    return "up" if percent > 0 else "down"


def status_key(goal: ReportedGoal) -> str:
    """Return the key of a goal's status, such as `on_pace`."""
    return goal.standing.name.lower()


def format_name(name: str, words: Language) -> str:
    """Return a format such as `instagram reel` in a language."""
    platform, _, kind = name.partition(" ")
    key = f"formats.{kind}"
    return words.say(key, platform=PLATFORM_LABELS[platform]) if key in words.texts else name
