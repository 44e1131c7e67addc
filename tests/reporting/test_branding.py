"""Colours of a brand are readable, on paper and in the dark; logos are small and clean."""

import io
from base64 import b64decode, b64encode

import pytest
from PIL import Image

from sophia.errors import InvalidInputError
from sophia.reporting.branding import DARK_GROUND, PAPER, contrast, expect_colour, on_dark
from sophia.reporting.settings import MOST_LOGO_BYTES, logo_from_base64, logo_of


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (width, height), (120, 30, 90)).save(content, kind)
    return content.getvalue()


# Grey 767676 is the lightest with 4.5 on white, 595959 the lightest with 7.
@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#767676", "#ffffff", 4.54), ("#595959", "#ffffff", 7.0)],
)
def test_contrast_is_that_of_wcag(first: str, second: str, ratio: float) -> None:
    assert contrast(first, second) == pytest.approx(ratio, abs=0.01)
    assert contrast(second, first) == contrast(first, second)


@pytest.mark.parametrize("colour", ["#1f5fbf", "#7A1F5B", "#000000", " #203040 "])
def test_a_readable_colour_is_taken_and_lightened_for_the_dark(colour: str) -> None:
    taken = expect_colour(colour)
    assert taken == colour.strip().lower()
    assert contrast(taken, PAPER) >= 4.5
    assert contrast(on_dark(taken), DARK_GROUND) >= 4.5


@pytest.mark.parametrize(
    "colour", ["#ffee00", "#7db1ff", "blue", "#12345", "#1234567", "#12345g", "", "url(x)", "#1f5fbf;"]
)
def test_unreadable_colours_and_other_texts_are_refused(colour: str) -> None:
    with pytest.raises(InvalidInputError):
        expect_colour(colour)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_becomes_a_small_png(kind: str) -> None:
    stored = Image.open(io.BytesIO(b64decode(logo_of(picture(2000, 1000, kind)))))
    assert (stored.format, stored.size) == ("PNG", (360, 180))
    assert logo_from_base64(b64encode(picture(10, 10, kind)).decode())


@pytest.mark.parametrize(
    "content", [b"", b"<svg/>", picture(20, 20, "GIF"), picture(20, 20, "WEBP"), picture(9, 9)[:40]]
)
def test_what_is_no_logo_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError):
        logo_of(content)


def test_large_files_and_other_texts_are_no_logos() -> None:
    with pytest.raises(InvalidInputError, match="500 kB"):
        logo_of(bytes(MOST_LOGO_BYTES + 1))
    with pytest.raises(InvalidInputError, match="Base64"):
        logo_from_base64("not base64!")
