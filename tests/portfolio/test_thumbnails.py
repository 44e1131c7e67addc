"""What becomes a small picture, and what is refused: bombs, other formats, and files that only claim to be pictures."""

import io
import struct
import zlib

import pytest
from PIL import Image

from sophia.errors import InvalidInputError
from sophia.portfolio.thumbnails import LONGEST_SIDE, MOST_PIXELS, make_thumbnail

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def encoded(form: str, size: tuple[int, int] = (1200, 800), mode: str = "RGB", **options: object) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, "red").save(target, form, **options)
    return target.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG that announces its size and holds almost nothing: decoded it would take three bytes a pixel."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_becomes_a_small_jpeg(form: str) -> None:
    small = make_thumbnail(encoded(form))
    picture = Image.open(io.BytesIO(small.content))
    assert (picture.format, picture.size) == ("JPEG", (small.width, small.height))
    assert (small.width, small.height) == (LONGEST_SIDE, round(LONGEST_SIDE * 2 / 3))


def test_a_transparent_picture_is_accepted() -> None:
    assert make_thumbnail(encoded("PNG", (10, 20), "RGBA")).height == 20


def test_a_picture_is_turned_upright_and_loses_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010E] = "taken at home"
    small = make_thumbnail(encoded("JPEG", (400, 200), exif=exif.tobytes()))
    assert (small.width, small.height) == (200, 400)
    assert not Image.open(io.BytesIO(small.content)).getexif()
    assert b"taken at home" not in small.content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing",
        SVG,
        b"<!doctype html><script>alert(1)</script>",
        encoded("GIF"),
        encoded("BMP"),
        encoded("TIFF"),
    ],
    ids=["empty", "text", "svg", "html", "gif", "bmp", "tiff"],
)
def test_other_content_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError):
        make_thumbnail(content)


@pytest.mark.parametrize("size", [(MOST_PIXELS // 1000 + 1, 1000), (30_000, 30_000), (1, MOST_PIXELS + 1)])
def test_a_bomb_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidInputError):
        make_thumbnail(png_of(*size))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_half_a_picture_is_refused(form: str) -> None:
    whole = encoded(form, (300, 300))
    with pytest.raises(InvalidInputError):
        make_thumbnail(whole[: len(whole) // 2])
