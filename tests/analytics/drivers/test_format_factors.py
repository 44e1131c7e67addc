"""Factors of formats: what is not known of a post leaves them as they are."""

import numpy as np
import pytest

from sophia.analytics.drivers.factors import format_factors
from sophia.analytics.drivers.units import ClientWindows, PostsWindow, units_of

# Two formats, seen alike; people react to reels three times as often.
KNOWN = (("reel", 100.0, 30.0), ("feed", 100.0, 10.0), ("reel", 100.0, 30.0), ("feed", 100.0, 10.0))


def factors(*others: tuple[str, float | None, float | None]) -> tuple[list[float], list[float]]:
    """(shown, reacted) of feed posts and reels: one client has KNOWN, another one these posts besides."""

    def window(*posts: tuple[str, float | None, float | None]) -> PostsWindow:
        formats, exposure, engagements = zip(*posts, strict=True)
        return PostsWindow(formats, exposure, engagements)

    clients = [
        ClientWindows(1, window(*KNOWN), window(*KNOWN)),
        ClientWindows(2, window(*KNOWN, *others), window(*KNOWN, *others)),
    ]
    shown, reacted = format_factors(units_of(clients), np.ones((1, 2)))
    return list(shown[0]), list(reacted[0])


def test_formats_differ_in_how_people_react() -> None:
    """Doubt worth half a post draws the factors of 16 posts a little towards 1; their ratio stays near 3."""
    shown, (feed, reel) = factors()
    assert shown == pytest.approx([1.0, 1.0])
    assert 2.5 < reel / feed < 3.0


@pytest.mark.parametrize("post", [("reel", 0.0, 0.0), ("reel", 0.0, 50.0), ("reel", None, 50.0), ("feed", 100.0, None)])
def test_posts_that_nobody_saw_or_that_lack_a_reading_change_nothing(
    post: tuple[str, float | None, float | None],
) -> None:
    """A12: missing is not zero; and a client with fewer posts than another one lacks nothing."""
    for ours, without in zip(factors(post), factors(), strict=True):
        assert ours == pytest.approx(without)
