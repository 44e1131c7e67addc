"""Scores the sentiment of one English text; all other texts are not scored, with the reason."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from sophia.analytics.comments.emoji import EMOJI_WORDS
from sophia.analytics.comments.sentiment_model import sentiment_model, text_features

ENGLISH = "en"
# Measured with 40 short English comments and 80 in other languages: at 0.2, 20 of the 40 are scored and none of the 80;
# at 0.5, 11 of the 40.
ENGLISH_FROM = 0.2
CERTAIN = 0.5
LONGEST = 2_000
CACHED_TEXTS = 4096
# Selectors of a coloured picture and of a skin tone: VADER does not know an emoji that has them.
_VARIANTS = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_NOT_LANGUAGE = re.compile(r"https?://\S+|www\.\S+|@[\w.]+|#\w+", re.IGNORECASE)


class SentimentLabel(StrEnum):
    """The sentiment of a comment."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    NOT_SCORED = "not scored"


class NotScoredReason(StrEnum):
    """Why a comment is not scored."""

    EMPTY = "no text"
    OTHER_LANGUAGE = "another language"
    UNSURE = "language not certain"
    NO_WORDS = "neither words nor emoji"
    EDITED = "edited since"


SCORED_LABELS = (SentimentLabel.POSITIVE, SentimentLabel.NEUTRAL, SentimentLabel.NEGATIVE)


@dataclass(frozen=True, slots=True)
class SentimentScore:
    """A comment's label, VADER's number from −1 to 1, its language if it is known, and why it is not scored.

    `model` names the model that scored it, or would have scored it; None before there was a model.
    """

    label: SentimentLabel
    compound: float | None = None
    language: str | None = None
    reason: NotScoredReason | None = None
    model: str | None = None


@lru_cache(maxsize=CACHED_TEXTS)
def score(text: str | None) -> SentimentScore:
    """Score one text. The language comes first, because VADER calls every text neutral that it does not understand.

    A comment of emoji alone is scored, because emoji have no language. Scores are cached: scoring takes 0.2 ms,
    and many comments consist of the same word or heart.
    """
    if text is None or not text.strip():
        return _not_scored(NotScoredReason.EMPTY)
    text = text[:LONGEST]
    words = _words(text)
    if not words:
        if not any(character in _vader().emojis for character in text):
            return _not_scored(NotScoredReason.NO_WORDS)
        return _english_score(text, None)
    language, probability = _identifier().classify(words)
    if language == ENGLISH and probability >= ENGLISH_FROM:
        return _english_score(text, language)
    if language == ENGLISH or probability < CERTAIN:
        return _not_scored(NotScoredReason.UNSURE)
    return _not_scored(NotScoredReason.OTHER_LANGUAGE, language)


def _not_scored(reason: NotScoredReason, language: str | None = None) -> SentimentScore:
    return SentimentScore(
        SentimentLabel.NOT_SCORED, language=language, reason=reason, model=sentiment_model().name
    )  # fmt: skip


def vader_scores(text: str) -> dict[str, float]:
    """Return VADER's compound, pos, neu and neg of a text."""
    scores: dict[str, float] = _vader().polarity_scores(_VARIANTS.sub("", text))
    return scores


def _english_score(text: str, language: str | None) -> SentimentScore:
    scores = vader_scores(text)
    probabilities = sentiment_model().probabilities(text_features(text, scores))
    label = max(SCORED_LABELS, key=lambda label: getattr(probabilities, label.value))
    return SentimentScore(label, scores["compound"], language, model=sentiment_model().name)


def _words(text: str) -> str:
    """Return the letters of a text without links, user names and hashtags, which belong to no language."""
    bare = _NOT_LANGUAGE.sub(" ", text)
    letters = (c if unicodedata.category(c)[0] in "LM" or c in "'’" else " " for c in bare)
    return " ".join("".join(letters).split()) if any(c.isalpha() for c in bare) else ""


@cache
def _vader() -> Any:
    """Return VADER with its lexicon, which is read once."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - reads files

    analyzer = SentimentIntensityAnalyzer()
    analyzer.emojis |= EMOJI_WORDS
    return analyzer


@cache
def _identifier() -> Any:
    """Return the detector of 139 languages, loaded with the first comment because it takes 0.8 s and 130 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a model

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
