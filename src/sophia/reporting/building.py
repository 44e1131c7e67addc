"""Builds the document of a report from its facts alone, in one language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sophia.analytics.goals.progress import GoalStatus, ReportedGoal
from sophia.analytics.readings.account_states import AccountState
from sophia.analytics.readings.aggregated import Aggregated
from sophia.analytics.reports.records import Report
from sophia.display.charts.drawing import ChartDrawer
from sophia.display.figures import kpi_card, label_of, late_footnote
from sophia.display.formatting import (
    PLATFORM_LABELS,
    completion,
    day_and_time,
    full_dates,
    named_dates,
    number_text,
    value_of,
)
from sophia.display.languages import Language, LanguageCode, language, reason_text
from sophia.display.values import Bar, State
from sophia.meta.reporting_zone import reporting_day
from sophia.publishing.queue import QueueEntry
from sophia.reporting.branding import Branding
from sophia.reporting.charts import views_chart
from sophia.reporting.document import (
    SECTIONS,
    ChangesPart,
    Document,
    FiguresPart,
    GoalLine,
    NeedsPart,
    NotePart,
    OutlookPart,
    ResultPart,
    WorkPart,
)
from sophia.reporting.drivers import driver_panel
from sophia.reporting.sentences import Sentences, status_key
from sophia.reporting.tables import best_posts, kpi_table, missing_reasons, planned_posts

CARDS = ("views", "reach", "engagement_rate_by_reach", "followers")
# These are cards only when the client records conversions.
SALES_CARDS = ("conversions", "revenue")
STATES: Mapping[GoalStatus, State] = {
    GoalStatus.REACHED: "sage",
    GoalStatus.ON_PACE: "sage",
    GoalStatus.BEHIND: "amber",
    GoalStatus.MISSED: "coral",
    GoalStatus.NOT_KNOWN: "none",
}
DEFINITIONS = ("reach", "views", "engagement", "engagement_rate", "followers", "difference")


@dataclass(frozen=True, slots=True)
class WrittenNote:
    """What the account manager wrote about a period."""

    text: str
    author: str


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """The input of a document: the report, and what surrounds it at the moment `now` (aware).

    `views` are the daily views for the chart, `queued` the planned posts, `pictures` the address of a picture by post.
    """

    report: Report
    accounts: Sequence[AccountState]
    views: Aggregated
    queued: Sequence[QueueEntry]
    now: datetime
    pictures: Mapping[int, str] = field(default_factory=dict)
    note: WrittenNote | None = None


def build(
    facts: ReportFacts,
    branding: Branding,
    code: LanguageCode,
    drawer: ChartDrawer,
    *,
    sections: Sequence[str] = SECTIONS,
    prefix: str | None = None,
) -> Document:
    """Return the document of a report; equal facts give equal documents. Times are in the client's zone.

    `drawer` draws the chart's specification. `prefix` is that of the pages of definitions, to which figures link; None
    for readers who may not see other pages.
    """
    report, words = facts.report, language(code)
    sentences, zone = Sentences(report, words), ZoneInfo(report.client.zone)
    period, earlier = full_dates(report.window, code), named_dates(report.before, report.window, code)
    return Document(
        language=code,
        branding=branding,
        title=words.say("headings.report"),
        name=report.client.name,
        period=period,
        compared=words.say("fresh.compared", dates=period, before=earlier),
        lead=sentences.lead(),
        edition="",
        fresh=freshness(facts, words, zone),
        pending=completion(report.window, report.complete_at, zone, facts.now, code),
        prepared_by=words.say("page.prepared_by", sender=branding.sender) if branding.sender else "",
        note=note_part(facts.note, words),
        result=result_part(facts, words, prefix) if "result" in sections else None,
        changes=changes_part(facts, sentences, drawer) if "changes" in sections else None,
        work=work_part(facts, sentences, zone) if "work" in sections else None,
        outlook=outlook_part(facts, sentences, zone) if "outlook" in sections else None,
        needs=needs_part(facts, sentences) if "needs" in sections else None,
        figures=figures_part(report, words, prefix) if "figures" in sections else None,
        definitions_heading=words.say("headings.definitions"),
        definitions=definitions(facts, words, zone),
    )


def note_part(note: WrittenNote | None, words: Language) -> NotePart | None:
    """Return the note by paragraph, or None without one."""
    if note is None:
        return None
    paragraphs = tuple(" ".join(part.split()) for part in note.text.split("\n") if part.strip())
    return NotePart(words.say("headings.note"), paragraphs, note.author)


def freshness(facts: ReportFacts, words: Language, zone: ZoneInfo) -> str:
    """Return how complete the readings are, and when they were last collected."""
    successes = [account.last_success_at for account in facts.accounts if account.last_success_at is not None]
    newest = max(successes, default=None)
    coverage = facts.report.coverage
    collected = words.say("fresh.never")
    if newest is not None:
        collected = words.say("fresh.collected", moment=day_and_time(newest, zone, words.code))
    covered = words.say("fresh.covered", n=str(coverage.days_with_data), days=str(coverage.days))
    return " · ".join([covered, collected, words.say("fresh.zone", zone=zone.key)])


def result_part(facts: ReportFacts, words: Language, prefix: str | None) -> ResultPart:
    """Return the goals and the cards."""
    report, code = facts.report, words.code
    names = (*CARDS, *(name for name in SALES_CARDS if report.kpis[name].value))
    return ResultPart(
        heading=words.say("headings.result"),
        goals=tuple(goal_line(goal, report, words) for goal in report.goals),
        cards=tuple(kpi_card(prefix, name, report.kpis, report.changes, locale=code) for name in names),
        late=late_footnote(report.kpis.values(), report.changes.values(), code),
    )


def changes_part(facts: ReportFacts, sentences: Sentences, drawer: ChartDrawer) -> ChangesPart:
    """Return what changed, the clear causes, the chart, and the evidence."""
    report, words = facts.report, sentences.words
    return ChangesPart(
        heading=words.say("headings.changes"),
        sentences=sentences.changed(),
        causes=sentences.causes(),
        chart=views_chart(report, facts.views, facts.now, drawer, words.code),
        evidence=words.say("headings.evidence") if report.drivers else "",
        drivers=tuple(driver_panel(platform, split, words.code) for platform, split in report.drivers.items()),
    )


def work_part(facts: ReportFacts, sentences: Sentences, zone: ZoneInfo) -> WorkPart:
    words = sentences.words
    posts = best_posts(facts.report.top_posts, facts.pictures, zone, words)
    return WorkPart(words.say("headings.work"), sentences.published(), posts)


def outlook_part(facts: ReportFacts, sentences: Sentences, zone: ZoneInfo) -> OutlookPart:
    words = sentences.words
    return OutlookPart(words.say("headings.outlook"), sentences.outlook(), planned_posts(facts.queued, zone, words))


def needs_part(facts: ReportFacts, sentences: Sentences) -> NeedsPart:
    return NeedsPart(sentences.words.say("headings.needs"), sentences.needs(facts.accounts, facts.queued))


def figures_part(report: Report, words: Language, prefix: str | None) -> FiguresPart:
    """Return the KPIs with a value as a table, and the reasons for the others."""
    table = kpi_table(prefix, report, words.code, with_missing=False)
    return FiguresPart(words.say("headings.figures"), table, missing_reasons(report, words))


def goal_line(goal: ReportedGoal, report: Report, words: Language) -> GoalLine:
    """Return a goal as of the end of the report's window."""
    code = words.code
    notes = [full_dates(goal.window, code)]
    if goal.projected.value is not None and goal.standing in (GoalStatus.ON_PACE, GoalStatus.BEHIND):
        notes.append(words.say("goal.projected", value=value_of(goal.projected, short=True, locale=code).text))
    notes += [reason_text(goal.current.doubt, code)] if goal.current.doubt else []
    target = number_text(goal.target, goal.current.unit, goal.current.currency, short=True, locale=code)
    return GoalLine(
        name=goal.name,
        label=label_of(goal.kpi, code),
        value=value_of(goal.current, short=True, locale=code),
        target=words.say("goal.at_most" if goal.at_most else "goal.target", target=target),
        state=STATES[goal.standing],
        status=words.say(f"goal.{status_key(goal)}"),
        bar=goal_bar(goal, report, words),
        note=" · ".join(notes),
    )


def goal_bar(goal: ReportedGoal, report: Report, words: Language) -> Bar | None:
    """Return the percentage of the target, with a mark at the percentage expected by now; None for a rate."""
    if goal.done.value is None or goal.pace.value is None:
        return None
    until = min(report.window.end, reporting_day(report.as_of))
    expected = round(100 * goal.window.days_ended(until) / goal.window.days, 1)
    done = min(max(round(float(goal.done.value), 1), 0.0), 100.0)
    label = words.say(
        "goal.bar",
        done=value_of(goal.done, locale=words.code).text,
        expected=words.say("numbers.percent", number=f"{expected:.0f}"),
    )
    return Bar(0.0, done, min(expected, 99.0), label)


def definitions(facts: ReportFacts, words: Language, zone: ZoneInfo) -> tuple[str, ...]:
    """Return the sources, the moment of the figures, how they are made, and what the terms mean."""
    report, code = facts.report, words.code
    names = ", ".join(f"{account.name} ({PLATFORM_LABELS[account.platform]})" for account in facts.accounts)
    before = named_dates(report.before, report.window, code)
    return (
        words.say("method.source", accounts=names) if names else words.say("method.no_source"),
        words.say("method.as_of", moment=day_and_time(report.as_of, zone, code), zone=zone.key),
        words.say("method.days"),
        words.say("method.periods", dates=full_dates(report.window, code), before=before),
        *(words.say(f"method.{name}") for name in DEFINITIONS),
    )
