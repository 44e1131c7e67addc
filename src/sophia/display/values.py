"""The values that pages show. A view computes them, a template only prints them.

Every value holds finished text, so that a test can compare each of them with the page, and no template computes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sophia.display.languages import ENGLISH, LanguageCode, language

Tone = Literal["up", "down", "flat"]
State = Literal["coral", "amber", "sage", "none"]


@dataclass(frozen=True, slots=True)
class Value:
    """One number or date as a reader sees it.

    `exact` is the same without rounding: shown on hover, and written to exports. `reason` says why there is no number;
    the text is then a dash.
    """

    text: str
    exact: str = ""
    reason: str = ""

    @property
    def plain(self) -> str:
        """The value in an export: without rounding, and empty where there is none."""
        return "" if self.reason else self.exact or self.text


@dataclass(frozen=True, slots=True)
class ChangeText:
    """A change: an arrow, a figure and words, so that colour is never the only sign; a small base has no colour.

    `since` is the earlier value. `until` is the later one where it is not the figure beside the change, because the change
    compares fewer days; `days` says which.
    """

    arrow: str
    text: str
    word: str
    tone: Tone
    since: str = ""
    reason: str = ""
    until: str = ""
    days: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A 95 % interval on a scale from 0 to 100: where it starts, how wide it is, where its estimate is, and all in words."""

    start: float
    width: float
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    """A figure of a page's first row. `href` leads to the definition of what is shown."""

    label: str
    href: str
    value: Value
    change: ChangeText | None = None
    bar: Bar | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table. `sort` orders the column; without it the text does.

    `picture` is the address of a small picture, empty for a placeholder; None for a cell that has none.
    """

    value: Value
    href: str = ""
    change: ChangeText | None = None
    state: State | None = None
    line: str = ""
    # A kept document has whole numbers again: as floats, they would be printed in another form than on the live page.
    sort: int | float | str | None = None
    note: str = ""
    bar: Bar | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `wide` columns are left out on narrow screens of text, and stay in cards on a phone."""

    label: str
    numeric: bool = False
    href: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its export. `name` is the export's name in the address; `empty` says what an empty table means."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    footnote: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart. Its title is its message, `description` says to a screen reader what it shows, `svg` is its drawing.

    `table` holds the same values.
    """

    name: str
    title: str
    description: str
    svg: str
    table: Table


@dataclass(frozen=True, slots=True)
class Notice:
    """A state of the page: nothing yet, part of it, or a failure. It says what is so, and the one thing to do."""

    text: str
    action: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a form. `value` is what the form sends."""

    value: str
    text: str
    selected: bool = False


@dataclass(frozen=True, slots=True)
class Picker:
    """The choice of the window: presets and comparisons as links, and a form with the first and last day.

    `kept` are the other parameters of the address; the form sends them too. The text of each is its name.
    """

    label: str
    compared: str
    presets: tuple[Link, ...]
    comparisons: tuple[Link, ...]
    kept: tuple[Choice, ...]
    start_date: str
    end_date: str
    action: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds a page: the title, the navigation, the signed-in user, and the window.

    `sections` are the pages of the same client. `words` are those of buttons and tables, `brand` is the name above the
    page, and `brand_style` the address of the brand's colours, or empty.
    """

    title: str
    navigation: tuple[Link, ...]
    user: str
    prefix: str
    style: str
    script: str
    picker: Picker | None = None
    sections: tuple[Link, ...] = ()
    language: LanguageCode = ENGLISH
    words: Mapping[str, str] = field(default_factory=lambda: language(ENGLISH).section("page"))
    brand: str = "Sophia"
    brand_style: str = ""
