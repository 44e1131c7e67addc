"""Makes a picture from Meta small, or refuses what is no picture or too large to decode."""

import io
import warnings
from dataclasses import dataclass

from sophia.errors import InvalidInputError

# Meta's largest pictures have about 2,000 pixels a side. Decoded, a pixel takes up to eight bytes here, with its copies.
MOST_PIXELS = 16_000_000
LONGEST_SIDE = 640
QUALITY = 82
FORMATS = ("JPEG", "PNG", "WEBP")
MEDIA_TYPE = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG without any of the original's metadata."""

    content: bytes
    width: int
    height: int


def make_thumbnail(content: bytes) -> Thumbnail:
    """Return a JPEG of at most LONGEST_SIDE pixels a side. Raises InvalidInputError for anything but a JPEG, PNG or WebP
    of at most MOST_PIXELS, whatever its media type says.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - slow to import, and rarely needed

    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            # Pillow warns of large pictures, which are refused here.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            width, height = picture.size
            if width * height > MOST_PIXELS:
                raise InvalidInputError(
                    f"The picture has {width} × {height} pixels, more than {MOST_PIXELS:,} together."
                )
            picture.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=1.5)
            target = io.BytesIO()
            # A new picture has none of the original's metadata, such as the place where it was taken.
            clean = Image.new("RGB", upright.size)
            clean.paste(upright)
            clean.save(target, "JPEG", quality=QUALITY, optimize=True)
            return Thumbnail(target.getvalue(), clean.width, clean.height)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise InvalidInputError(f"It is no picture that can be shown ({type(error).__name__}).") from error
