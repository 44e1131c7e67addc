"""The PDF of a report is tagged, small, fast, the same each time, and has every text of its document."""

import io
import time
from base64 import b64encode
from dataclasses import replace

import pytest
from PIL import Image
from tests.conftest import NOW
from tests.dashboard.conftest import Agencies
from tests.reporting.conftest import MakerAt
from tests.reporting.reading import missing_texts, pdf_info, pdf_text, poppler

from sophia.analytics.figures.figures import last_closed_week
from sophia.display.languages import LANGUAGES, LanguageCode
from sophia.reporting.branding import Branding
from sophia.reporting.document import Document, NotePart
from sophia.reporting.pdf import print_pdf, without_pictographs

WEEK = last_closed_week(NOW)
MOST_BYTES, MOST_SECONDS = 500_000, 1.0


def data_address(kind: str, width: int, height: int) -> str:
    content = io.BytesIO()
    Image.new("RGB", (width, height), (120, 30, 90)).save(content, kind)
    return f"data:image/{kind.lower()};base64,{b64encode(content.getvalue()).decode()}"


def dressed(document: Document) -> Document:
    """The document with a brand, a note and pictures of posts."""
    branding = Branding("Studio Norte", data_address("PNG", 360, 120), "#7a1f5b", "Ana Prates")
    note = NotePart("A note", ("It was a good week.", "Next week begins the campaign."), "Ana")
    assert document.work is not None
    rows = tuple((replace(row[0], picture=data_address("JPEG", 144, 90)), *row[1:]) for row in document.work.posts.rows)
    work = replace(document.work, posts=replace(document.work.posts, rows=rows))
    return replace(document, branding=branding, note=note, work=work, prepared_by="Prepared by Ana Prates")


@pytest.fixture
def document(agencies: Agencies, maker_at: MakerAt) -> Document:
    return maker_at().document(agencies.hats, WEEK, "en")


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf_has_all_texts_in_each_language(agencies: Agencies, maker_at: MakerAt, code: LanguageCode) -> None:
    document = maker_at().document(agencies.hats, WEEK, code)
    content = print_pdf(document)
    assert missing_texts(document, content) == []
    # It names its language, so that screen readers speak it.
    assert f"/Lang ({code})".encode() in content or f"/Lang({code})".encode() in content


def test_it_is_tagged_small_fast_and_has_the_fonts_inside(document: Document) -> None:
    print_pdf(document)
    start = time.perf_counter()
    content = print_pdf(dressed(document))
    seconds = time.perf_counter() - start
    info = pdf_info(content)
    assert (info["Tagged"], info["Title"], info["Author"]) == ("yes", "Report Hats", "Ana Prates")
    assert len(content) < MOST_BYTES
    assert seconds < MOST_SECONDS
    fonts = poppler("pdffonts", content).splitlines()[2:]
    assert fonts
    assert all("NotoSans" in font and " yes yes yes " in font for font in fonts)
    # Readers of the tags find headings, tables, lists and pictures with a text.
    tags = poppler("pdfinfo", content, "-struct-text")
    for tag in ("H1", "H2", "Table", "TH", "LI", "Figure"):
        assert f"\n{tag}" in tags.replace("  ", "") or tag in tags


def test_a_brand_a_note_and_pictures_are_printed(document: Document) -> None:
    branded = dressed(document)
    content = print_pdf(branded)
    assert missing_texts(branded, content) == []
    assert len(poppler("pdfimages", content, "-list").splitlines()) >= 2 + 1 + len(branded.work.posts.rows)  # type: ignore[union-attr]


def test_equal_documents_give_equal_files(document: Document) -> None:
    assert print_pdf(document) == print_pdf(document)
    assert print_pdf(document) != print_pdf(replace(document, lead="Views fell."))


def test_sections_that_a_client_does_not_want_are_not_printed(document: Document) -> None:
    assert document.figures is not None
    assert document.outlook is not None
    short = replace(document, figures=None, outlook=None, changes=None)
    text = pdf_text(print_pdf(short))
    assert document.figures.heading.replace(" ", "") not in text
    assert document.needs is not None
    assert document.needs.heading.replace(" ", "") in text


def test_pictographs_are_left_out_and_letters_of_all_alphabets_stay() -> None:
    assert without_pictographs("10 → 12") == "10 > 12"
    assert without_pictographs("Feira 🎄 no centro 👩🏽‍🍳✨") == "Feira no centro"
    for text in ("±0 12 ≥ 3 – “a” … −5 ×", "Ωμέγα Ђ ё ő ñ ç", "©® Café™", "a  b"):
        assert without_pictographs(text) == text


def test_markup_in_texts_is_printed_as_it_is(document: Document) -> None:
    """Texts of posts, notes and names are data, never instructions of the template."""
    text = '#import "@preview/x:1.0.0" *bold* $x$ <label> \\u{41} "quoted" #read("/etc/hostname") {page}'
    hostile = replace(document, lead=text, note=NotePart("A note", (text,), text))
    assert missing_texts(hostile, print_pdf(hostile)) == []
