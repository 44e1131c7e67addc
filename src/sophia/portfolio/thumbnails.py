"""Makes a picture from Meta small, or refuses what is no picture or too large to decode."""

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sophia.errors import InvalidInputError

if TYPE_CHECKING:
    from PIL import Image

# Meta's largest pictures have about 2,000 pixels a side. Decoded, a pixel takes up to eight bytes here, with its copies.
MOST_PIXELS = 16_000_000
LONGEST_SIDE = 640
QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP")
LOGO_FORMATS = ("JPEG", "PNG")
# Three times the size in which documents print a logo.
LOGO_BOX = (600, 180)
MEDIA_TYPE = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG without any of the original's metadata."""

    content: bytes
    width: int
    height: int


def make_thumbnail(content: bytes, longest_side: int = LONGEST_SIDE) -> Thumbnail:
    """Return a JPEG of at most `longest_side` pixels a side.

    Raises InvalidInputError for anything but a JPEG, PNG or WebP of at most MOST_PIXELS, whatever its media type says.
    """
    with decoded(content, FORMATS) as picture:
        picture.draft("RGB", (2 * longest_side, 2 * longest_side))
        clean = without_metadata(picture, "RGB", (longest_side, longest_side))
        target = io.BytesIO()
        clean.save(target, "JPEG", quality=QUALITY, optimize=True)
        return Thumbnail(target.getvalue(), clean.width, clean.height)


def make_logo(content: bytes) -> bytes:
    """Return a logo as PNG of at most LOGO_BOX pixels, with its transparent parts.

    Raises InvalidInputError for anything but a JPEG or PNG of at most MOST_PIXELS.
    """
    with decoded(content, LOGO_FORMATS) as picture:
        clean = without_metadata(picture, "RGBA", LOGO_BOX)
        target = io.BytesIO()
        clean.save(target, "PNG", optimize=True)
        return target.getvalue()


@contextmanager
def decoded(content: bytes, formats: Sequence[str]) -> "Iterator[Image.Image]":
    """Open a picture and refuse what cannot be decoded within bounds, here and inside the block.

    Raises InvalidInputError.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=list(formats)) as picture:
            # Pillow warns of large pictures, which are refused here.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise InvalidInputError(
                    f"The picture has {width} × {height} pixels, more than {MOST_PIXELS:,} together."
                )
            yield picture
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise InvalidInputError(f"It is no picture that can be shown ({type(error).__name__}).") from error


def without_metadata(picture: "Image.Image", mode: str, box: tuple[int, int]) -> "Image.Image":
    """Return an upright copy that fits the box, without metadata such as the place where it was taken."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - slow to import, and rarely needed

    upright = ImageOps.exif_transpose(picture).convert(mode)
    upright.thumbnail(box, reducing_gap=1.5)
    clean = Image.new(mode, upright.size)
    clean.paste(upright)
    return clean
