"""Reads PDFs with the tools of Poppler, and numbers as each language writes them. It shares nothing with Sophia."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

# The mark between thousands, and the short words for a thousand and a million.
THOUSANDS = {"en": ",", "de": ".", "fr": "\u202f", "es": ".", "pt": "."}
SHORT = {"mil": "K", "k": "K", "Mio.": "M", "mi": "M", "M": "M"}
# Of these, readers of the page find more on hover, or only the drawing shows them.
HOVERED = (
    "exact",
    "reason",
    "empty",
    "sort",
    "name",
    "arrow",
    "svg",
    "picture",
    "logo",
    "colour",
    "href",
    "language",
    "tone",
    "state",
)


def poppler(tool: str, content: bytes, *arguments: str) -> str:
    """Run a tool of Poppler on a PDF. Without it the test is skipped; .ci/run installs it, and fails without."""
    path = shutil.which(tool)
    if path is None:
        pytest.skip(f"{tool} was not found. Install Debian's: apt-get install poppler-utils")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "report.pdf"
        file.write_bytes(content)
        after = ["-"] if tool == "pdftotext" else []
        run = subprocess.run([path, *arguments, str(file), *after], capture_output=True, text=True, check=True)
    return run.stdout


def pdf_text(content: bytes) -> str:
    """The text of a PDF in its reading order, with single spaces."""
    return squeezed(poppler("pdftotext", content, "-raw"))


def pdf_info(content: bytes) -> dict[str, str]:
    lines = poppler("pdfinfo", content).splitlines()
    return {name.strip(): text.strip() for name, _, text in (line.partition(":") for line in lines)}


def squeezed(text: str) -> str:
    """The text without spaces and pictographs: a PDF breaks lines anywhere, and its font has no pictographs."""
    return re.sub("[\\s\u00a0\u202f\u00ad\u200d\ufe0f\u25a0-\u27bf\U0001f000-\U0001faff]+", "", text)


def shown_texts(value: Any) -> Iterator[str]:
    """Every text of a document that its PDF prints: all but hovers, and the table of the chart."""
    if isinstance(value, str):
        yield value
    elif type(value).__name__ == "Table" and not value.rows:
        yield from (value.caption, value.empty)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            is_drawn = type(value).__name__ == "Chart" and field.name in ("table", "description")
            if not is_drawn and (field.name not in HOVERED or (field.name == "name" and is_named(value))):
                yield from shown_texts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for part in value:
            yield from shown_texts(part)


def is_named(value: Any) -> bool:
    """Whether the name of this value is printed: that of a table is in addresses only."""
    return type(value).__name__ in ("Document", "GoalLine", "Branding")


def missing_texts(document: Any, content: bytes) -> list[str]:
    """The texts of a document that its PDF does not print."""
    printed = pdf_text(content)
    return [text for text in shown_texts(document) if squeezed(text) not in printed]


def in_english(value: Any, code: str) -> Any:
    """The same value with its numbers written as in English."""
    if isinstance(value, str):
        return english(value, code)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: in_english(getattr(value, field.name), code) for field in fields(value)}
        kept = {
            name: getattr(value, name) for name in ("href", "exact") if name in parts and is_day(getattr(value, name))
        }
        return replace(value, **parts | kept)
    return tuple(in_english(part, code) for part in value) if isinstance(value, tuple) else value


def is_day(text: str) -> bool:
    """Whether a text is no number: an address, or a day of a table."""
    return "/" in text or re.fullmatch(r"\d{4}-\d\d-\d\d.*", text) is not None


def english(text: str, code: str) -> str:
    if code == "en":
        return text
    thousands = re.escape(THOUSANDS[code])
    text = re.sub(rf"(?<=\d){thousands}(?=\d{{3}}(?!\d))", "_", text)
    text = re.sub(r"(?<=\d),(?=\d)", ".", text).replace("_", ",")
    return re.sub(r"(?<=\d)[\s\u00a0\u202f](mil|mi|Mio\.|k|M)(?!\w)", lambda match: SHORT[match.group(1)], text)
