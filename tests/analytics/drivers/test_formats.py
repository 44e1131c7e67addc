"""Factors of formats: common ones, a client's own, and posts that say nothing."""

import numpy as np
import pytest

from sophia.analytics.drivers.formats import FormatFactors, PostValues, format_factors

# Two formats with equal exposure; people react to reels three times as often.
KNOWN: tuple[PostValues, ...] = (("reel", 100.0, 30.0), ("feed", 100.0, 10.0)) * 20


def ratio(factors: FormatFactors, client: int) -> tuple[float, float]:
    """(exposure, response) of a reel, divided by those of a feed post."""
    feed, reel = (factors.names.index(name) for name in ("feed", "reel"))
    return tuple(float(c[client, reel] / c[client, feed]) for c in (factors.exposure, factors.response))  # type: ignore[return-value]


def test_formats_differ_in_how_people_react() -> None:
    shown, reacted = ratio(format_factors([KNOWN, KNOWN]), 0)
    assert shown == pytest.approx(1.0)
    assert reacted == pytest.approx(3.0, rel=0.1)


def test_a_client_has_its_own_factors() -> None:
    """A client whose reels get four times the exposure has that factor, and one without posts has the portfolio's."""
    own: tuple[PostValues, ...] = (("reel", 400.0, 40.0), ("feed", 100.0, 10.0)) * 20
    factors = format_factors([KNOWN, KNOWN, KNOWN, own, ()])
    shown = [ratio(factors, client)[0] for client in range(5)]
    assert shown[3] == pytest.approx(4.0, rel=0.25)
    assert shown[0] == pytest.approx(1.0, abs=0.2)
    assert min(shown) < shown[4] < shown[3]


@pytest.mark.parametrize("post", [("reel", 0.0, 0.0), ("reel", 0.0, 50.0), ("reel", None, 50.0), ("feed", 100.0, None)])
def test_posts_without_exposure_or_reading_change_nothing(post: PostValues) -> None:
    """A12: missing is not zero."""
    assert ratio(format_factors([KNOWN, (*KNOWN, post)]), 1) == pytest.approx(ratio(format_factors([KNOWN, KNOWN]), 1))


def test_scatter_is_that_within_formats() -> None:
    """A large difference between formats is no scatter; that of posts of one format is."""
    random = np.random.default_rng(1)
    reactions = np.exp(random.normal(5, 0.5, 400))
    scattered = tuple(("reel", 1000.0, float(value)) for value in reactions)
    assert format_factors([KNOWN, KNOWN]).scatter.max() < 0.15
    assert format_factors([scattered]).scatter[0] == pytest.approx(0.5, rel=0.15)


def test_no_posts() -> None:
    assert format_factors([(), ()]).exposure.shape == (2, 0)
