"""The model of sentiment: its file, its features, and what words beside VADER's score change."""

import pytest

from sophia.analytics.comments.scoring import SentimentLabel, score
from sophia.analytics.comments.sentiment_model import (
    NUMBERS,
    WEIGHTS,
    Features,
    SentimentModel,
    read_model,
    sentiment_model,
    text_features,
    write_model,
)

SCORES = {"compound": 0.4, "pos": 0.3, "neg": 0.1}


def test_words_carry_negation_and_pairs() -> None:
    words = text_features("I don&#39;t like it. But @anna loves https://a.example so much!!", SCORES).words
    assert {"don't", "~like", "~it", "but", "xuser loves", "xurl", "!!"} <= words
    assert not {"like", "~but", "anna"} & words


def test_numbers_follow_the_scores() -> None:
    numbers = dict(zip(NUMBERS, text_features("REALLY good?", SCORES).numbers, strict=True))
    assert numbers["compound"] == 0.4
    assert numbers["compound squared above 0"] == pytest.approx(0.16)
    assert (numbers["question"], numbers["capital words"], numbers["compound is near 0"]) == (1, 0.5, 0)


def test_probabilities_add_up() -> None:
    numbers = ((0.5, -0.5), *((0.0, 0.0),) * (len(NUMBERS) - 1))
    model = SentimentModel("invented", {"good": (2.0, -2.0), "shop": (0.0, 0.0)}, numbers)
    features = Features(frozenset({"good", "shop", "unknown"}), (1.0, *(0.0,) * (len(NUMBERS) - 1)))
    classes = model.probabilities(features)
    # Two known words: the weight 2 / √2, and the constant 0.5, against 0 for neutral.
    assert classes.positive / classes.neutral == pytest.approx(6.7811, abs=0.001)
    assert classes.positive + classes.neutral + classes.negative == pytest.approx(1)
    assert read_model(write_model(model)) == model


def test_the_shipped_weights_are_small_and_complete() -> None:
    assert WEIGHTS.stat().st_size < 300_000
    assert len(sentiment_model().numbers) == len(NUMBERS)
    assert write_model(sentiment_model()) == WEIGHTS.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("My order never arrived and nobody answers my emails", SentimentLabel.NEGATIVE),
        ("I have been waiting on hold for three hours", SentimentLabel.NEGATIVE),
        ("When do you open on Sunday?", SentimentLabel.NEUTRAL),
        ("👏🏽", SentimentLabel.POSITIVE),
        ("🔥🔥🔥", SentimentLabel.POSITIVE),
        ("❤️", SentimentLabel.POSITIVE),
        ("👏👏", SentimentLabel.POSITIVE),
        ("😡", SentimentLabel.NEGATIVE),
        ("👎", SentimentLabel.NEGATIVE),
    ],
)
def test_what_vader_alone_gets_wrong(text: str, label: SentimentLabel) -> None:
    """VADER has no value for waiting, reads fire as negative, and has no value for ❤️."""
    assert score(text).label is label
    assert score(text).model == sentiment_model().name
