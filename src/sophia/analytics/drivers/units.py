"""The input of a split into drivers: two windows of each client as days or as posts, and as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from sophia.analytics.figures.statistics import Floats
from sophia.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class DaysWindow:
    """An account's days of one window, in order.

    `exposure` (views, or reach without views) and `engagements` have a value for each day, None without a reading;
    `posts` counts the posts published in the window, None if unknown.
    """

    exposure: tuple[float | None, ...]
    engagements: tuple[float | None, ...]
    posts: int | None


@dataclass(frozen=True, slots=True)
class PostsWindow:
    """The posts published in one window, in any order, all read at the same age; None without a reading."""

    formats: tuple[str, ...]
    exposure: tuple[float | None, ...]
    engagements: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ClientWindows:
    """One client on one platform, in two windows of equal length."""

    client_id: int
    before: DaysWindow | PostsWindow
    after: DaysWindow | PostsWindow


@dataclass(frozen=True, slots=True)
class Units:
    """Days or posts of a portfolio, with the axes window (before, after), client, unit.

    `used` is 0 for places beyond a client's units and for units without a reading.
    """

    exposure: Floats
    engagements: Floats
    used: Floats
    format_of: NDArray[np.intp]
    formats: int
    posts: Floats  # (window, client); NaN if unknown
    paired: bool  # each day is compared with the same day of the other window; posts have no partner

    @property
    def count(self) -> Floats:
        """Return the number of used units, in shape (window, client)."""
        counts: Floats = self.used.sum(axis=2)
        return counts


def units_of(clients: Sequence[ClientWindows]) -> Units:
    """Return the portfolio as arrays. Raises InvalidInputError for windows that do not match or hold impossible numbers."""
    sides = [[client.before for client in clients], [client.after for client in clients]]
    if all(isinstance(window, DaysWindow) for side in sides for window in side):
        return _days([[window for window in side if isinstance(window, DaysWindow)] for side in sides])
    if all(isinstance(window, PostsWindow) for side in sides for window in side):
        return _posts([[window for window in side if isinstance(window, PostsWindow)] for side in sides])
    raise InvalidInputError("Days and posts cannot be compared: give all clients' windows as days, or all as posts.")


def _days(sides: list[list[DaysWindow]]) -> Units:
    lengths = {len(column) for side in sides for window in side for column in (window.exposure, window.engagements)}
    if len(lengths) > 1:
        raise InvalidInputError(f"Windows must have equal lengths; these have {sorted(lengths)} days.")
    exposure = np.array([[_numbers(window.exposure) for window in side] for side in sides])
    engagements = np.array([[_numbers(window.engagements) for window in side] for side in sides])
    # A day counts only if it and the same day of the other window have all readings, since missing is not zero.
    used = np.isfinite(exposure + engagements).all(axis=0)[None].repeat(2, axis=0)
    posts = np.array([[np.nan if window.posts is None else float(window.posts) for window in side] for side in sides])
    return Units(
        exposure=np.where(used, exposure, 0.0),
        engagements=np.where(used, engagements, 0.0),
        used=used.astype(float),
        format_of=np.zeros(used.shape, dtype=np.intp),
        formats=1,
        posts=posts,
        paired=True,
    )


def _posts(sides: list[list[PostsWindow]]) -> Units:
    names = sorted({name for side in sides for window in side for name in window.formats})
    code = {name: index for index, name in enumerate(names)}
    longest = max(len(window.formats) for side in sides for window in side)
    exposure, engagements = np.zeros((2, 2, len(sides[0]), longest))
    used = np.zeros(exposure.shape)
    format_of = np.zeros(exposure.shape, dtype=np.intp)
    for side, windows in enumerate(sides):
        for client, window in enumerate(windows):
            if not len(window.formats) == len(window.exposure) == len(window.engagements):
                raise InvalidInputError(
                    "Each post needs a format, an exposure and engagements; a missing value is None."
                )
            columns = zip(window.formats, _numbers(window.exposure), _numbers(window.engagements), strict=True)
            # Sorted, so that the order of the input has no effect.
            complete_posts = sorted((code[name], x, e) for name, x, e in columns if isfinite(x + e))
            for index, (name, post_exposure, post_engagements) in enumerate(complete_posts):
                format_of[side, client, index] = name
                exposure[side, client, index], engagements[side, client, index] = post_exposure, post_engagements
                used[side, client, index] = 1.0
    return Units(exposure, engagements, used, format_of, max(1, len(names)), used.sum(axis=2), paired=False)


def _numbers(column: Sequence[float | None]) -> list[float]:
    """Return the column with NaN for None."""
    if not all(value is None or 0 <= value < inf for value in column):
        raise InvalidInputError("Exposure and engagements must be finite and not negative.")
    return [np.nan if value is None else float(value) for value in column]
