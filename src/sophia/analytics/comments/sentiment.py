"""Scores the sentiment of comments in English, and computes shares with their sample.

VADER was right for half of the tweets and two thirds of the forum comments in its test, and too positive by ten percentage
points. Compare a share with another share; do not read a single share as the truth.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import Field

from sophia.analytics.figures.figures import HUNDRED, Figure, FigureUnit, figure, missing, percent, week_of
from sophia.analytics.figures.statistics import percentages, wilson_percent
from sophia.meta.reporting_zone import DateRange, reporting_day

ENGLISH = "en"
# Measured with 40 short English comments and 80 in other languages: at 0.2, 20 of the 40 are scored and none of the 80;
# at 0.5, 11 of the 40.
ENGLISH_FROM = 0.2
CERTAIN = 0.5
NEUTRAL_UP_TO = 0.05  # VADER's own threshold, on both sides of 0
LONGEST = 2_000
CACHED_TEXTS = 4096
_NOT_LANGUAGE = re.compile(r"https?://\S+|www\.\S+|@[\w.]+|#\w+", re.IGNORECASE)

NOTHING_SCORED = "No comment could be scored."
NO_COMMENTS = "There are no comments in this period."
ENOUGH = 30  # fewer scored comments are not enough evidence


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
    """A comment's label, VADER's number from −1 to 1, its language if it is known, and why it is not scored."""

    label: SentimentLabel
    compound: float | None = None
    language: str | None = None
    reason: NotScoredReason | None = None


@dataclass(frozen=True, slots=True)
class MeasuredComment:
    """A comment on a post; `written_at` is aware. Meta may give no text. `stored` is the score of an earlier run."""

    comment_id: str
    post_id: int
    written_at: datetime
    text: str | None
    stored: SentimentScore | None = None

    @property
    def score(self) -> SentimentScore:
        return self.stored or score(self.text)


@dataclass(frozen=True, slots=True)
class Sentiment:
    """The sentiment of some comments. `shares` are those of the scored comments, to one decimal, and add up to 100.0 (H10).

    `not_scored` counts the other comments by reason.
    """

    comments: int
    scored: int
    not_scored: dict[NotScoredReason, int]
    positive: Figure
    neutral: Figure
    negative: Figure
    shares: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentOverview:
    """The sentiment of a window's comments, all together and by platform, and one sentence about it."""

    whole: Sentiment
    platforms: dict[str, Sentiment]
    verdict: str


@dataclass(frozen=True, slots=True)
class WeeklySentiment:
    """The sentiment of one week, from Monday in the reporting zone, or of its part in the window."""

    start: date
    end: Annotated[date, Field(description="Not included.")]
    sentiment: Sentiment


@lru_cache(maxsize=CACHED_TEXTS)
def score(text: str | None) -> SentimentScore:
    """Score one text. The language comes first, because VADER calls every text neutral that it does not understand.

    A comment of emoji alone is scored, because emoji have no language. Scores are cached: scoring takes half a millisecond,
    and many comments consist of the same word or heart.
    """
    if text is None or not text.strip():
        return SentimentScore(SentimentLabel.NOT_SCORED, reason=NotScoredReason.EMPTY)
    text = text[:LONGEST]
    words = _words(text)
    if not words:
        if not any(character in _vader().emojis for character in text):
            return SentimentScore(SentimentLabel.NOT_SCORED, reason=NotScoredReason.NO_WORDS)
        return _vader_score(text, None)
    language, probability = _identifier().classify(words)
    if language == ENGLISH and probability >= ENGLISH_FROM:
        return _vader_score(text, language)
    if language == ENGLISH or probability < CERTAIN:
        return SentimentScore(SentimentLabel.NOT_SCORED, reason=NotScoredReason.UNSURE)
    return SentimentScore(SentimentLabel.NOT_SCORED, language=language, reason=NotScoredReason.OTHER_LANGUAGE)


def _vader_score(text: str, language: str | None) -> SentimentScore:
    compound = float(_vader().polarity_scores(text)["compound"])
    label = SentimentLabel.NEUTRAL
    if abs(compound) >= NEUTRAL_UP_TO:
        label = SentimentLabel.POSITIVE if compound > 0 else SentimentLabel.NEGATIVE
    return SentimentScore(label, compound, language)


def sentiment(comments: Iterable[MeasuredComment]) -> Sentiment:
    """Return the shares of the scored comments, each comment once, with Wilson's intervals."""
    scores = [comment.score for comment in _unique(comments)]
    counts = Counter(score.label for score in scores)
    scored = sum(counts[label] for label in SCORED_LABELS)
    positive, neutral, negative = (
        percent(
            counts[label], scored, n=scored, interval=wilson_percent(counts[label], scored), of_zero=NOTHING_SCORED
        )
        for label in SCORED_LABELS
    )  # fmt: skip
    return Sentiment(
        comments=len(scores),
        scored=scored,
        not_scored=dict(sorted(Counter(score.reason for score in scores if score.reason is not None).items())),
        positive=positive,
        neutral=neutral,
        negative=negative,
        shares=percentages({label.value: counts[label] for label in SCORED_LABELS}),
    )


def sentiment_verdict(sentiment: Sentiment) -> str:
    """Return a sentence on whether more comments are positive or negative, or that there is not enough evidence.

    There is enough if Wilson's interval of the positive share of the positive and negative comments excludes one half.
    """
    if not sentiment.comments:
        return NO_COMMENTS
    if not sentiment.scored:
        return NOTHING_SCORED
    positive, negative = (
        round(sentiment.shares[label.value] * sentiment.scored / HUNDRED)
        for label in (SentimentLabel.POSITIVE, SentimentLabel.NEGATIVE)
    )
    interval = wilson_percent(positive, positive + negative)
    sample = f"{sentiment.scored:,} of {sentiment.comments:,} comments could be scored"
    if sentiment.scored < ENOUGH or interval is None or interval.low <= HUNDRED / 2 <= interval.high:
        return f"Not enough evidence whether more comments are positive or negative: {sample}."
    if positive > negative:
        return f"More comments are positive than negative ({positive:,} against {negative:,}); {sample}."
    return f"More comments are negative than positive ({negative:,} against {positive:,}); {sample}."


def comment_overview(comments: Mapping[str, Sequence[MeasuredComment]]) -> CommentOverview:
    """Return the sentiment of {platform: comments}, by platform and all together."""
    platforms = {platform: sentiment(group) for platform, group in sorted(comments.items())}
    total = sentiment(comment for group in comments.values() for comment in group)
    return CommentOverview(whole=total, platforms=platforms, verdict=sentiment_verdict(total))


def by_week(comments: Iterable[MeasuredComment], window: DateRange) -> tuple[WeeklySentiment, ...]:
    """Return the sentiment of each week of the window, oldest first; the first and last week can be parts."""
    weeks: dict[DateRange, list[MeasuredComment]] = {}
    day = window.start
    while day < window.end:
        weeks[week_of(day)] = []
        day = week_of(day).end
    for comment in comments:
        week = week_of(reporting_day(comment.written_at))
        if week in weeks:
            weeks[week].append(comment)
    return tuple(
        WeeklySentiment(max(week.start, window.start), min(week.end, window.end), sentiment(group))
        for week, group in weeks.items()
    )


def comment_quality_scores(comments: Iterable[MeasuredComment]) -> dict[tuple[int, date], Figure]:
    """Return `comment_quality_score` by post and reporting day: (positive + neutral / 2) / scored comments.

    The score is from 0 to 1, and ½ is neutral. A day without scored comments has a reason instead. The value is derived:
    it is computed again from all comments of the day, never added to (A18).
    """
    days: dict[tuple[int, date], list[SentimentLabel]] = {}
    for comment in _unique(comments):
        labels = days.setdefault((comment.post_id, reporting_day(comment.written_at)), [])
        if comment.score.label is not SentimentLabel.NOT_SCORED:
            labels.append(comment.score.label)
    return {post_day: _quality(labels) for post_day, labels in sorted(days.items())}


def _quality(labels: list[SentimentLabel]) -> Figure:
    if not labels:
        return missing(FigureUnit.RATIO, NOTHING_SCORED, n=0)
    value = (labels.count(SentimentLabel.POSITIVE) + labels.count(SentimentLabel.NEUTRAL) / 2) / len(labels)
    return figure(value, FigureUnit.RATIO, n=len(labels))


def _unique(comments: Iterable[MeasuredComment]) -> list[MeasuredComment]:
    by_id = {comment.comment_id: comment for comment in comments}
    return [by_id[comment_id] for comment_id in sorted(by_id)]


def _words(text: str) -> str:
    """Return the letters of a text without links, user names and hashtags, which belong to no language."""
    bare = _NOT_LANGUAGE.sub(" ", text)
    letters = (c if unicodedata.category(c)[0] in "LM" or c in "'’" else " " for c in bare)
    return " ".join("".join(letters).split()) if any(c.isalpha() for c in bare) else ""


@cache
def _vader() -> Any:
    """Return VADER with its lexicon, which is read once."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - reads files

    return SentimentIntensityAnalyzer()


@cache
def _identifier() -> Any:
    """Return the detector of 139 languages, loaded with the first comment because it takes 0.8 s and 130 MB."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a model

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
