"""The document of a report: finished texts in one language, which page, PDF and mail print without computing."""

from dataclasses import dataclass

from sophia.display.languages import LanguageCode
from sophia.display.values import Bar, Card, Chart, State, Table, Value
from sophia.reporting.branding import Branding

# The parts that a client's report may have, in their order.
SECTIONS = ("result", "changes", "work", "outlook", "needs", "figures")


@dataclass(frozen=True, slots=True)
class GoalLine:
    """A goal: its value of the target, its state, and a bar of the way with a mark where it should be today."""

    name: str
    label: str
    value: Value
    target: str
    state: State
    status: str
    bar: Bar | None
    note: str


@dataclass(frozen=True, slots=True)
class DriverRow:
    """One part of a change: its estimate, its interval on the shared scale, and whether it is clear."""

    label: str
    bar: Bar | None
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class DriverPanel:
    """What drove the change of account interactions on one platform."""

    title: str
    rows: tuple[DriverRow, ...]
    note: str


@dataclass(frozen=True, slots=True)
class NotePart:
    """What the account manager wrote by hand, by paragraph."""

    heading: str
    paragraphs: tuple[str, ...]
    author: str


@dataclass(frozen=True, slots=True)
class ResultPart:
    """The result against the goals."""

    heading: str
    goals: tuple[GoalLine, ...]
    cards: tuple[Card, ...]
    late: str


@dataclass(frozen=True, slots=True)
class ChangesPart:
    """What changed and why, with the evidence."""

    heading: str
    sentences: tuple[str, ...]
    causes: tuple[str, ...]
    chart: Chart
    evidence: str
    drivers: tuple[DriverPanel, ...]


@dataclass(frozen=True, slots=True)
class WorkPart:
    """What was published, and the best posts."""

    heading: str
    published: str
    posts: Table


@dataclass(frozen=True, slots=True)
class OutlookPart:
    """What comes next, and the planned posts."""

    heading: str
    sentences: tuple[str, ...]
    planned: Table


@dataclass(frozen=True, slots=True)
class NeedsPart:
    """What the client must do."""

    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FiguresPart:
    """All KPIs. `reasons` says of each missing value why there is none."""

    heading: str
    kpis: Table
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A report in the order in which a client's reader asks: result, reasons, work, outlook, requests; then the sources.

    A part that the client's report does not have is None. `edition` is empty for a report that is not kept.
    """

    language: LanguageCode
    branding: Branding
    title: str
    name: str
    period: str
    compared: str
    lead: str
    edition: str
    fresh: str
    pending: str
    prepared_by: str
    note: NotePart | None
    result: ResultPart | None
    changes: ChangesPart | None
    work: WorkPart | None
    outlook: OutlookPart | None
    needs: NeedsPart | None
    figures: FiguresPart | None
    definitions_heading: str
    definitions: tuple[str, ...]
