"""Renders alerts as one message with a subject, a text and HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST_SUBJECT = 150
# More alerts are only counted: chat services cut long messages.
MOST_ITEMS = 30


@dataclass(frozen=True, slots=True)
class Item:
    """One alert in a message. `link` is the address or, without SOPHIA_PUBLIC_URL, the path of the page about it."""

    title: str
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message in both forms. `subject` is one line."""

    subject: str
    text: str
    html: str


def render(items: Sequence[Item]) -> Message:
    """Return the message of at least one item."""
    subject = items[0].title if len(items) == 1 else f"{len(items)} alerts, first: {items[0].title}"
    if len(subject) > LONGEST_SUBJECT:
        subject = f"{subject[: LONGEST_SUBJECT - 1]}…"
    text, html = (
        templates()
        .get_template(f"message.{form}")
        .render(items=items[:MOST_ITEMS], more=max(0, len(items) - MOST_ITEMS), subject=subject)
        for form in ("txt", "html")
    )
    return Message(subject, text.strip(), html)


@cache
def templates() -> "Environment":
    """Return the two templates of messages."""
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - slow

    return Environment(
        loader=PackageLoader("sophia.alerts", "."),
        autoescape=select_autoescape(["html"], default=False),
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
