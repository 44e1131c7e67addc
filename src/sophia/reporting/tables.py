"""The tables of a report: the best posts, the planned posts and all KPIs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sophia.analytics.figures.figures import Figure
from sophia.analytics.reports.records import Report, TopPost
from sophia.display.figures import count_cell, definition, kpi_cell, label_of
from sophia.display.formatting import DASH, PLATFORM_LABELS, beginning, dates, day_and_time, named_dates
from sophia.display.languages import ENGLISH, Language, LanguageCode, language, reason_text
from sophia.display.values import Cell, Column, Table, Value
from sophia.publishing.queue import QueueEntry

MOST_PLANNED = 10
LONGEST_TITLE = 70
EARLIEST = datetime.min.replace(tzinfo=UTC)


def best_posts(posts: Sequence[TopPost], pictures: Mapping[int, str], zone: ZoneInfo, words: Language) -> Table:
    """Return the best posts with links to them on Facebook or Instagram. `pictures` has the addresses by post."""
    columns = (
        Column(words.say("columns.post")),
        Column(words.say("columns.published")),
        Column(words.say("columns.reach"), numeric=True),
        Column(words.say("columns.engagement"), numeric=True),
        Column(words.say("columns.engagement_rate"), numeric=True),
    )
    not_reported = words.say("numbers.not_reported")
    rows = tuple(
        (
            Cell(
                Value(beginning(post.title or words.say("captions.no_text"), LONGEST_TITLE)),
                post.permalink or "",
                note=" · ".join(
                    text
                    for text in (kind_label(post.kind.value, words), PLATFORM_LABELS[post.platform.value], post.pillar)
                    if text
                ),
                picture=pictures.get(post.post_id, ""),
            ),
            Cell(
                Value(day_and_time(post.published_at, zone, words.code), post.published_at.isoformat()),
                sort=post.published_at.timestamp(),
            ),
            count_cell(post.reach, not_reported, words.code),
            count_cell(post.engagements, not_reported, words.code),
            kpi_cell(post.rate_by_reach, None, locale=words.code),
        )
        for post in posts
    )
    return Table("best-posts", words.say("captions.best_posts"), columns, rows, words.say("captions.no_posts"))


def kind_label(kind: str, words: Language) -> str:
    return str(words.texts.get(f"kinds.{kind}", kind.capitalize()))


def planned_posts(queued: Sequence[QueueEntry], zone: ZoneInfo, words: Language) -> Table:
    """Return the next planned posts, the earliest first; posts without a time come first."""
    columns = tuple(Column(words.say(f"columns.{name}")) for name in ("when", "where", "what", "state"))
    entries = sorted(queued, key=lambda entry: (entry.scheduled_for or EARLIEST, entry.id))
    rows = tuple(
        (
            Cell(planned_time(entry.scheduled_for, zone, words)),
            Cell(Value(words.say("next.where", account=entry.account_name, platform=PLATFORM_LABELS[entry.platform]))),
            Cell(Value(kind_label(entry.kind or "post", words))),
            Cell(Value(words.say("next.approved" if entry.approved else "next.waiting"))),
        )
        for entry in entries[:MOST_PLANNED]
    )
    rest = len(entries) - len(rows)
    footnote = words.count("captions.more_planned", rest) if rest > 0 else ""
    caption, empty = words.say("captions.planned"), words.say("captions.no_planned")
    return Table("planned", caption, columns, rows, empty, footnote)


def planned_time(moment: datetime | None, zone: ZoneInfo, words: Language) -> Value:
    if moment is None:
        return Value(words.say("next.soon"))
    return Value(day_and_time(moment, zone, words.code), moment.isoformat())


def kpi_table(prefix: str | None, report: Report, code: LanguageCode = ENGLISH, *, with_missing: bool = True) -> Table:
    """Return every KPI, and its change with the two values that it compares. Without a prefix no KPI is a link.

    `with_missing` includes KPIs without a value; `missing_reasons` lists these.
    """
    words = language(code)
    columns = (
        Column(words.say("columns.kpi")),
        Column(words.say("columns.this_period", dates=dates(report.window, code)), numeric=True),
        Column(words.say("columns.change", dates=dates(report.before, code)), numeric=True),
    )
    rows = tuple(
        (
            Cell(Value(label_of(name, code)), "" if prefix is None else definition(prefix, name)),
            kpi_cell(figure, None, locale=code),
            kpi_change(report, name, words),
        )
        for name, figure in report.kpis.items()
        if with_missing or not is_missing(figure)
    )
    footnote = words.say("captions.previous", dates=named_dates(report.before, report.window, code))
    return Table("kpis", words.say("captions.kpis"), columns, rows, words.say("captions.no_kpis"), footnote)


def is_missing(figure: Figure) -> bool:
    return figure.value is None and figure.at_least is None


def kpi_change(report: Report, name: str, words: Language) -> Cell:
    change = report.changes.get(name)
    if change is None:
        return Cell(Value(DASH, reason=words.say("change.not_compared")))
    cell = kpi_cell(report.kpis[name], change, locale=words.code)
    if cell.change is None:
        return Cell(Value(DASH, reason=reason_text(change.percent.reason or "", words.code)))
    return Cell(Value(""), change=cell.change)


def missing_reasons(report: Report, words: Language) -> tuple[str, ...]:
    """Return why KPIs have no value: each reason once, after the KPIs that it concerns."""
    names_by_reason: dict[str, list[str]] = {}
    for name, figure in report.kpis.items():
        if is_missing(figure) and figure.reason:
            names_by_reason.setdefault(figure.reason, []).append(label_of(name, words.code))
    return tuple(
        words.say("captions.reason", kpis=", ".join(names), reason=reason_text(reason, words.code))
        for reason, names in names_by_reason.items()
    )
