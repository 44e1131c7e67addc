"""White label: the name, logo, colour and sender with which a document appears."""

import re
from dataclasses import dataclass

from sophia.errors import InvalidInputError

# The accent of Sophia's own pages.
ACCENT = "#1f5fbf"
HEX_COLOUR = re.compile(r"#[0-9a-f]{6}")
PAPER, DARK_GROUND = "#fbfaf8", "#14161a"
# WCAG 2.2, 1.4.3: the least contrast of text on its ground.
LEAST_CONTRAST = 4.5
_STEP = 0.05


@dataclass(frozen=True, slots=True)
class Branding:
    """How a document presents the agency. `logo` is a PNG as a data address, or empty; `colour` is like #1f5fbf."""

    name: str = ""
    logo: str = ""
    colour: str = ACCENT
    sender: str = ""


def expect_colour(text: str) -> str:
    """Return a colour in lower case. Raises InvalidInputError unless it is like #1f5fbf and readable on paper."""
    colour = text.strip().lower()
    if HEX_COLOUR.fullmatch(colour) is None:
        raise InvalidInputError(f"Write a colour like {ACCENT}: a # and six hexadecimal digits, not {text!r}.")
    ratio = contrast(colour, PAPER)
    if ratio < LEAST_CONTRAST:
        raise InvalidInputError(
            f"{colour} is too light: its contrast with the paper is {ratio:.1f}, and headings need {LEAST_CONTRAST}. "
            "Choose a darker colour."
        )
    return colour


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours from 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour from 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]  # noqa: PLR2004
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def on_dark(colour: str) -> str:
    """Return the colour, mixed with as little white as makes it readable on the ground of the dark scheme."""
    parts = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    share = 0.0
    mixed = colour
    while contrast(mixed, DARK_GROUND) < LEAST_CONTRAST:
        share += _STEP
        mixed = "#" + "".join(f"{round(part + (255 - part) * share):02x}" for part in parts)
    return mixed
