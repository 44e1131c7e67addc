"""Figures of reports as cards and cells: a value with the change that rests on it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from sophia.analytics.figures.figures import Change, Figure, Number
from sophia.analytics.kpis.labels import kpi_label
from sophia.display.formatting import (
    DASH,
    change_of,
    interval_bar,
    interval_ends,
    interval_text,
    late_note,
    value_of,
    whole,
)
from sophia.display.languages import ENGLISH, LanguageCode, language, reason_text
from sophia.display.values import Bar, Card, Cell, Value

MOST_LINES = 5_000
LARGEST_SPARK, SPARK_WIDTH, SPARK_HEIGHT = 18, 80, 20


def label_of(kpi: str, locale: LanguageCode = ENGLISH) -> str:
    """Return the field's term for a KPI."""
    return str(language(locale).texts.get(f"kpis.{kpi}", kpi_label(kpi)))


def format_label(name: str) -> str:
    """Return a format, such as `Instagram reel` for `instagram reel`."""
    return name[:1].upper() + name[1:]


def definition(prefix: str, name: str) -> str:
    """Return the address of a definition."""
    return f"{prefix}/definitions#{name}"


def kpi_card(
    prefix: str | None,
    name: str,
    kpis: Mapping[str, Figure],
    changes: Mapping[str, Change],
    note: str = "",
    locale: LanguageCode = ENGLISH,
) -> Card:
    """Return the card of a KPI with its change and interval. Without a prefix it has no link to its definition."""
    figure, change = kpis[name], changes.get(name)
    notes = [note, late_note(figure, locale)]
    return Card(
        label=label_of(name, locale),
        href="" if prefix is None else definition(prefix, name),
        value=value_of(figure, short=True, locale=locale),
        change=None if change is None else change_of(change, figure, locale=locale),
        bar=_bar(figure, locale),
        note=" · ".join(text for text in notes if text),
    )


def kpi_cell(figure: Figure, change: Change | None, href: str = "", locale: LanguageCode = ENGLISH) -> Cell:
    """Return a table cell of a KPI in whole numbers, with its change."""
    sort = None if figure.value is None else float(figure.value)
    shown = None if change is None or (change.percent.value is None and change.absolute.value is None) else change
    text = None if shown is None else change_of(shown, figure, short=False, locale=locale)
    return Cell(value_of(figure, locale=locale), href, text, sort=sort, note=late_note(figure, locale))


def late_footnote(figures: Iterable[Figure], changes: Iterable[Change], locale: LanguageCode = ENGLISH) -> str:
    """Return what marks such as `as of 30 Nov, young` mean and until when there is no fair comparison; else nothing."""
    if all(figure.late is None for figure in figures):
        return ""
    reasons = [change.percent.reason for change in changes if _is_late(change) and change.percent.reason is not None]
    return " ".join([language(locale).say("late.footnote"), *(reason_text(reason, locale) for reason in reasons[:1])])


def _is_late(change: Change) -> bool:
    return change.before.late is not None or change.after.late is not None


def figure_cell(figure: Figure, href: str = "") -> Cell:
    """Return a table cell of a figure with its 95 % interval and its doubt."""
    notes = [interval_text(figure), late_note(figure), figure.doubt or ""]
    sort = None if figure.value is None else float(figure.value)
    return Cell(value_of(figure), href, sort=sort, note=" · ".join(note for note in notes if note))


def figure_card(label: str, figure: Figure, href: str = "") -> Card:
    """Return the card of a figure that is not compared."""
    return Card(label, href, value_of(figure, short=True), bar=_bar(figure), note=figure.doubt or "")


def count_cell(number: Number | None, reason: str, locale: LanguageCode = ENGLISH) -> Cell:
    """Return a table cell of a whole number, or a dash with the reason."""
    if number is None:
        return Cell(Value(DASH, reason=reason))
    return Cell(Value(whole(number, locale)), sort=float(number))


def interval_cells(figures: Sequence[Figure]) -> list[Cell]:
    """Return the 95 % interval of each figure as text and as a bar; all bars have the same scale."""
    ends = [end for figure in figures if figure.interval is not None for end in figure.interval]
    cells = []
    for figure in figures:
        if figure.interval is None:
            cells.append(Cell(Value(DASH, reason=figure.reason or "One value has no interval.")))
            continue
        bar = interval_bar(figure, min(ends), max(ends))
        cells.append(Cell(Value(interval_ends(figure)), bar=bar, sort=figure.interval.low))
    return cells


@lru_cache(maxsize=MOST_LINES)
def spark(values: tuple[float | None, ...]) -> str:
    """Return the points of a small line from zero; weeks without a value are left out."""
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    if not known:
        return ""
    most = max(value for _, value in known) or 1.0
    step = SPARK_WIDTH / max(len(values) - 1, 1)
    return " ".join(f"{index * step:.1f},{1 + LARGEST_SPARK * (1 - value / most):.1f}" for index, value in known)


def _bar(figure: Figure, locale: LanguageCode = ENGLISH) -> Bar | None:
    if figure.interval is None:
        return None
    low, high = figure.interval
    margin = (high - low) / 2 or 1.0
    return interval_bar(figure, low - margin, high + margin, locale=locale)
