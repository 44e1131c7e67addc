"""Prints a document as a tagged PDF with typst."""

import json
import re
import unicodedata
from base64 import b64decode
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sophia.display.charts.specifications import VARIABLES
from sophia.display.languages import language
from sophia.reporting.document import Document

if TYPE_CHECKING:
    import typst

FIRST_DRAWING = re.compile(r"<svg .*?</svg>", re.DOTALL)
DATA_ADDRESS = re.compile(r"data:image/(?:png|jpeg);base64,([A-Za-z0-9+/=]+)")
PICTURE_SIDE = 144
# Pictographs, their skin tones and joiners: the font has none of them.
PICTOGRAPHS = ("So", "Sk", "Cs", "Co", "Cn")
JOINERS = "\u200d\ufe0e\ufe0f\u20e3"
FIRST_SYMBOL = 0x2190
# Signs that people type as arrows, and what the font has instead.
ARROWS = str.maketrans({"→": ">", "⇒": ">", "←": "<", "↔": "–"})


def print_pdf(document: Document) -> bytes:
    """Return the document as PDF. Equal documents give equal files."""
    import typst  # noqa: PLC0415 - slow to import, and rarely needed

    printed = printable(asdict(document))
    sources = {"main.typ": (files("sophia.reporting") / "template.typ").read_bytes()}
    with_files(printed, sources)
    sources["document.json"] = json.dumps(printed, ensure_ascii=False).encode()
    pdf: bytes = typst.compile(  # type: ignore[call-overload] # the stubs lack files by name
        sources, font_paths=fonts(), ignore_system_fonts=True, timestamp=datetime.fromtimestamp(0, UTC)
    )
    return pdf


@cache
def fonts() -> "typst.Fonts":
    """Return the fonts of all documents. Reading them takes longer than printing a report."""
    import fontpkg_noto_sans  # noqa: PLC0415 - only documents need it
    import typst  # noqa: PLC0415 - slow to import, and rarely needed

    folder = str(fontpkg_noto_sans.ROOT)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def printable(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a document with texts that the font has, and the words of the template."""
    cleaned: dict[str, Any] = cleaned_texts(fields)
    branding = cleaned["branding"]
    cleaned["author"] = branding["sender"] or branding["name"]
    cleaned["words"] = dict(language(fields["language"]).section("page"))
    return cleaned


def with_files(printed: dict[str, Any], sources: dict[str, bytes]) -> None:
    """Move the logo, the chart and the pictures of posts into files, and put their names into the document."""
    printed["branding"]["logo"] = add_picture(printed["branding"]["logo"], "logo", sources)
    if printed["changes"] is not None:
        chart = printed["changes"]["chart"]
        chart["svg"] = add_drawing(chart["svg"], sources)
    if printed["work"] is not None:
        for index, row in enumerate(printed["work"]["posts"]["rows"]):
            row[0]["picture"] = add_picture(row[0]["picture"] or "", f"picture-{index}", sources, PICTURE_SIDE)


def add_picture(address: str, name: str, sources: dict[str, bytes], side: int = 0) -> str:
    """Add the picture of a data address as a file and return its name; nothing for any other address.

    The file is a drawing around the picture, because typst takes named files as text. With `side` the picture fills a
    square.
    """
    match = DATA_ADDRESS.fullmatch(address)
    if match is None:
        return ""
    width, height = (side, side) if side else png_size(b64decode(match[1]))
    file_name = f"{name}.svg"
    sources[file_name] = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<image width="{width}" height="{height}" preserveAspectRatio="xMidYMid slice" href="{address}"/></svg>'
    ).encode()
    return file_name


def png_size(content: bytes) -> tuple[int, int]:
    """Return the width and height in the header of a PNG (PNG specification, 11.2.2)."""
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def add_drawing(svg: str, sources: dict[str, bytes]) -> str:
    """Add the first drawing of a chart, which is the wide one, as a file and return its name; nothing without one."""
    match = FIRST_DRAWING.search(svg)
    if match is None:
        return ""
    drawing = match.group()
    for colour, variable in VARIABLES.items():
        drawing = drawing.replace(f'"{variable}"', f'"{colour}"')
    sources["chart.svg"] = drawing.replace("system-ui, sans-serif", "Noto Sans").encode()
    return "chart.svg"


def cleaned_texts(value: Any) -> Any:
    """Return a value whose texts have no pictographs: the font has none, and a box would stand in their place."""
    if isinstance(value, str):
        return without_pictographs(value)
    if isinstance(value, dict):
        return {key: cleaned_texts(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned_texts(part) for part in value]
    return value


def without_pictographs(text: str) -> str:
    kept = "".join(
        sign
        for sign in text.translate(ARROWS)
        if sign not in JOINERS and (ord(sign) < FIRST_SYMBOL or unicodedata.category(sign) not in PICTOGRAPHS)
    )
    # The spaces on both sides of a pictograph become one.
    return text if kept == text else re.sub(" {2,}", " ", kept).strip()
