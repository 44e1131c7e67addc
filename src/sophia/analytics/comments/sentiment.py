"""The tone of comments: shares with their sample, in English only, and "not scored" for what cannot be read.

VADER is right about half of the tweets and two thirds of the forum comments it was tried on, and too kind by ten
points: a share is worth comparing with another share, and not much as a truth of its own.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from sophia.analytics.figures.figures import HUNDRED, Figure, FigureUnit, figure, missing, percent, week_of
from sophia.analytics.figures.statistics import percentages, wilson_percent
from sophia.meta.reporting_zone import DateRange, reporting_day

ENGLISH = "en"
# Tried on 40 short English comments and 80 in other languages: from 0.2 on, 20 of the 40 are scored and none of the 80;
# from 0.5 on, 11 of the 40.
ENGLISH_FROM = 0.2
SURE = 0.5
NEUTRAL_UP_TO = 0.05  # VADER's own threshold, on both sides of 0
LONGEST = 2_000
REMEMBERED = 4096
_NOT_LANGUAGE = re.compile(r"https?://\S+|www\.\S+|@[\w.]+|#\w+", re.IGNORECASE)

NOTHING_SCORED = "No comment could be scored."
NO_COMMENTS = "There are no comments of these days."
ENOUGH = 30  # fewer scored comments say nothing about a tone


class Tone(StrEnum):
    """How a comment sounds."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    NOT_SCORED = "not scored"


class NotScored(StrEnum):
    """Why a comment has no tone."""

    EMPTY = "no text"
    OTHER_LANGUAGE = "another language"
    UNSURE = "language not certain"
    NO_WORDS = "neither words nor emoji"
    EDITED = "edited since"


TONES = (Tone.POSITIVE, Tone.NEUTRAL, Tone.NEGATIVE)


@dataclass(frozen=True, slots=True)
class Scored:
    """A comment's tone, VADER's number from −1 to 1, its language as far as it is known, and why it has no tone."""

    tone: Tone
    compound: float | None = None
    language: str | None = None
    reason: NotScored | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on a post; `written_at` is aware, and Meta may give no text. `known`: its tone, where it was scored before."""

    comment_id: str
    post_id: int
    written_at: datetime
    text: str | None
    known: Scored | None = None

    @property
    def scored(self) -> Scored:
        return self.known or score(self.text)


@dataclass(frozen=True, slots=True)
class Sentiment:
    """The comments of some posts. `shares` are those of the scored ones, to one decimal, together 100.0 (H10)."""

    comments: int
    scored: int
    not_scored: dict[NotScored, int]
    positive: Figure
    neutral: Figure
    negative: Figure
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class CommentOverview:
    """The comments of a window, by platform and together, and what they come to in one sentence."""

    whole: Sentiment
    platforms: Mapping[str, Sentiment]
    verdict: str


@lru_cache(maxsize=REMEMBERED)
def score(text: str | None) -> Scored:
    """The tone of one text. The language comes first: VADER finds everything neutral that it does not understand.

    A comment of emoji alone is scored, for they have no language. Remembered, since half a millisecond is long for the
    many that say the same in a word or a heart.
    """
    if text is None or not text.strip():
        return Scored(Tone.NOT_SCORED, reason=NotScored.EMPTY)
    text = text[:LONGEST]
    words = _words(text)
    if not words:
        if not any(character in _vader().emojis for character in text):
            return Scored(Tone.NOT_SCORED, reason=NotScored.NO_WORDS)
        return _scored(text, None)
    language, probability = _identifier().classify(words)
    if language == ENGLISH and probability >= ENGLISH_FROM:
        return _scored(text, language)
    if language == ENGLISH or probability < SURE:
        return Scored(Tone.NOT_SCORED, reason=NotScored.UNSURE)
    return Scored(Tone.NOT_SCORED, language=language, reason=NotScored.OTHER_LANGUAGE)


def _scored(text: str, language: str | None) -> Scored:
    compound = float(_vader().polarity_scores(text)["compound"])
    tone = Tone.NEUTRAL
    if abs(compound) >= NEUTRAL_UP_TO:
        tone = Tone.POSITIVE if compound > 0 else Tone.NEGATIVE
    return Scored(tone, compound, language)


def sentiment(comments: Iterable[Comment]) -> Sentiment:
    """Shares of the comments that could be scored, each comment once, with Wilson's intervals."""
    found = [comment.scored for comment in _each(comments)]
    tones = [one.tone for one in found]
    counts = {tone: tones.count(tone) for tone in TONES}
    scored = sum(counts.values())
    positive, neutral, negative = (
        percent(
            counts[tone], scored, n=scored, interval=wilson_percent(counts[tone], scored), of_zero=NOTHING_SCORED
        )
        for tone in TONES
    )  # fmt: skip
    return Sentiment(
        comments=len(found),
        scored=scored,
        not_scored=dict(sorted(Counter(one.reason for one in found if one.reason is not None).items())),
        positive=positive,
        neutral=neutral,
        negative=negative,
        shares=percentages({tone.value: counts[tone] for tone in TONES}),
    )


def said_of(sentiment: Sentiment) -> str:
    """A sentence for readers: which tone prevails among the comments that have one, or that nobody can tell.

    It prevails when Wilson's interval of its share, among positive and negative comments, excludes one half.
    """
    if not sentiment.comments:
        return NO_COMMENTS
    if not sentiment.scored:
        return NOTHING_SCORED
    polar = {
        tone: round(sentiment.shares[tone.value] * sentiment.scored / HUNDRED)
        for tone in (Tone.POSITIVE, Tone.NEGATIVE)
    }
    interval = wilson_percent(polar[Tone.POSITIVE], sum(polar.values()))
    of = f"of {sentiment.comments:,} comments {sentiment.scored:,} could be scored"
    if sentiment.scored < ENOUGH or interval is None or interval.low <= HUNDRED / 2 <= interval.high:
        return f"It cannot be told whether more comments are positive or negative: {of}."
    prevails = Tone.POSITIVE if interval.low > HUNDRED / 2 else Tone.NEGATIVE
    return (
        f"More comments are {prevails.value} than {'negative' if prevails is Tone.POSITIVE else 'positive'} "
        f"({polar[Tone.POSITIVE]:,} against {polar[Tone.NEGATIVE]:,}); {of}."
    )


def overview(comments: Mapping[str, Sequence[Comment]]) -> CommentOverview:
    """All of it: the comments of each platform, and of all together."""
    platforms = {platform: sentiment(mine) for platform, mine in sorted(comments.items())}
    whole = sentiment(comment for mine in comments.values() for comment in mine)
    return CommentOverview(whole, platforms, said_of(whole))


def by_week(comments: Iterable[Comment], window: DateRange) -> list[tuple[DateRange, Sentiment]]:
    """Sentiment by week, from Monday in the reporting zone, oldest first; at both ends of the window a part of a week."""
    weeks: dict[DateRange, list[Comment]] = {}
    day = window.start
    while day < window.end:
        weeks[week_of(day)] = []
        day = week_of(day).end
    for comment in comments:
        week = week_of(reporting_day(comment.written_at))
        if week in weeks:
            weeks[week].append(comment)
    return [
        (DateRange(max(week.start, window.start), min(week.end, window.end)), sentiment(mine))
        for week, mine in weeks.items()
    ]


def comment_quality_scores(comments: Iterable[Comment]) -> dict[tuple[int, date], Figure]:
    """`comment_quality_score` by post and reporting day: positive comments and half of the neutral ones, by all scored.

    From 0 to 1, where ½ is neutral; None with a reason on a day whose comments could not be scored. Derived, and so
    computed anew from the comments, never appended (A18).
    """
    days: dict[tuple[int, date], list[Tone]] = {}
    for comment in _each(comments):
        tones = days.setdefault((comment.post_id, reporting_day(comment.written_at)), [])
        tone = comment.scored.tone
        if tone is not Tone.NOT_SCORED:
            tones.append(tone)
    return {place: _quality(tones) for place, tones in sorted(days.items())}


def _quality(tones: list[Tone]) -> Figure:
    if not tones:
        return missing(FigureUnit.RATIO, NOTHING_SCORED, n=0)
    value = (tones.count(Tone.POSITIVE) + tones.count(Tone.NEUTRAL) / 2) / len(tones)
    return figure(value, FigureUnit.RATIO, n=len(tones))


def _each(comments: Iterable[Comment]) -> list[Comment]:
    found = {comment.comment_id: comment for comment in comments}
    return [found[key] for key in sorted(found)]


def _words(text: str) -> str:
    """The letters of a text, without links, names and tags, which belong to no language."""
    bare = _NOT_LANGUAGE.sub(" ", text)
    kept = (c if unicodedata.category(c)[0] in "LM" or c in "'’" else " " for c in bare)
    return " ".join("".join(kept).split()) if any(c.isalpha() for c in bare) else ""


@cache
def _vader() -> Any:
    """VADER with its lexicon, read once."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - reads files

    return SentimentIntensityAnalyzer()


@cache
def _identifier() -> Any:
    """The detector of 139 languages, loaded once: 0.8 s and 130 MB, so not before the first comment."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - loads a model

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
