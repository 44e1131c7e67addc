"""Computes shares of sentiment with their sample, by week, post and day.

docs/comments.md has the test of the scores. Compare a share with another share; do not read a single share as the truth.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from sophia.analytics.comments.scoring import SCORED_LABELS, NotScoredReason, SentimentLabel, SentimentScore, score
from sophia.analytics.figures.figures import HUNDRED, Figure, FigureUnit, figure, missing, percent, week_of
from sophia.analytics.figures.statistics import percentages, wilson_percent
from sophia.meta.reporting_zone import DateRange, reporting_day

LIMITS = (
    "Scored in English only. In its test the model was right for 48 to 77 % of short texts, depending on their source. "
    "Its shares of positive and negative comments were mostly too close to each other: the larger one was up to 33 points "
    "too small. Compare shares with each other, and do not read a single share as the truth."
)
# In the test, positive texts as a share of positive and negative ones were off by up to 29 points, mostly towards one half.
# Only at 40 % was the share on the wrong side of one half.
CLEAR_BELOW, CLEAR_ABOVE = 40.0, 60.0
VADER_ALONE = "VADER"
MOST_LANGUAGES = 10
LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
NOTHING_SCORED = "No comment could be scored."
NO_COMMENTS = "There are no comments in this period."
ENOUGH = 30  # fewer scored comments are not enough evidence


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

    `not_scored` counts the other comments by reason, and `languages` those in another language, for the ten most frequent
    languages by their ISO code. `models` counts the scored comments by the model that scored them.
    """

    comments: int
    scored: int
    not_scored: dict[NotScoredReason, int]
    languages: dict[str, int]
    models: dict[str, int]
    positive: Figure
    neutral: Figure
    negative: Figure
    shares: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentOverview:
    """The sentiment of a window's comments, all together and by platform, and one sentence about it.

    `not_scored_effect` says what the comments in other languages could change; None if there are none.
    """

    whole: Sentiment
    platforms: dict[str, Sentiment]
    verdict: str
    not_scored_effect: str | None
    limits: str = LIMITS


@dataclass(frozen=True, slots=True)
class WeeklySentiment:
    """The sentiment of one week, from Monday in the reporting zone, or of its part in the window."""

    start: date
    end: Annotated[date, Field(description="Not included.")]
    sentiment: Sentiment


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
        languages=_most_frequent(score.language for score in scores if score.reason is NotScoredReason.OTHER_LANGUAGE),
        models=_most_frequent(score.model or VADER_ALONE for score in scores if score.reason is None),
        positive=positive,
        neutral=neutral,
        negative=negative,
        shares=percentages({label.value: counts[label] for label in SCORED_LABELS}),
    )


def _most_frequent(names: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(name for name in names if name is not None)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_LANGUAGES])


def not_scored_effect(sentiment: Sentiment) -> str | None:
    """Return how far comments in other or uncertain languages could move the shares; None if there are none."""
    unread = sum(
        sentiment.not_scored.get(reason, 0) for reason in (NotScoredReason.OTHER_LANGUAGE, NotScoredReason.UNSURE)
    )
    if not unread:
        return None
    names = ", ".join(f"{LANGUAGES.get(code, code)} {count:,}" for code, count in sentiment.languages.items())
    text = (
        f"{unread:,} comments are in another or an uncertain language{f' ({names})' if names else ''} and not scored."
    )
    if not sentiment.scored:
        return text
    ranges = []
    for share in (sentiment.positive, sentiment.negative):
        counted = (share.value or 0) * sentiment.scored / HUNDRED
        low, high = (HUNDRED * count / (sentiment.scored + unread) for count in (counted, counted + unread))
        ranges.append(f"{low:.0f} to {high:.0f} %")
    return f"{text} With them the positive share could be {ranges[0]}, and the negative share {ranges[1]}."


def sentiment_verdict(sentiment: Sentiment) -> str:
    """Return a sentence on whether more comments are positive or negative, or that there is not enough evidence.

    There is enough if Wilson's interval of the positive share of the positive and negative comments lies outside 40 to 60 %,
    where the model can mistake the side.
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
    if sentiment.scored < ENOUGH or interval is None or not (interval.high < CLEAR_BELOW or interval.low > CLEAR_ABOVE):
        return f"Not enough evidence whether more comments are positive or negative: {sample}."
    if positive > negative:
        return f"More comments are positive than negative ({positive:,} against {negative:,}); {sample}."
    return f"More comments are negative than positive ({negative:,} against {positive:,}); {sample}."


def comment_overview(comments: Mapping[str, Sequence[MeasuredComment]]) -> CommentOverview:
    """Return the sentiment of {platform: comments}, by platform and all together."""
    platforms = {platform: sentiment(group) for platform, group in sorted(comments.items())}
    total = sentiment(comment for group in comments.values() for comment in group)
    return CommentOverview(
        whole=total,
        platforms=platforms,
        verdict=sentiment_verdict(total),
        not_scored_effect=not_scored_effect(total),
    )


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
