"""Fits the model of sentiment and tests it: `python -m benchmarks.sentiment_training FOLDER [--write]`.

FOLDER holds the packages of `benchmarks.sentiment_texts`. The general tweets are the test set: no fit uses them. Every
other corpus is tested with a fit that leaves it out. `--write` replaces the shipped weights.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from benchmarks.machine import machine, table
from benchmarks.sentiment_fit import Design, fit_weights
from benchmarks.sentiment_texts import LABELS, LabelledText, read_emoji, read_texts
from sophia.analytics.comments.scoring import score, vader_scores
from sophia.analytics.comments.sentiment_model import (
    NEAR_ZERO,
    WEIGHTS,
    Features,
    SentimentModel,
    sentiment_model,
    text_features,
    write_model,
)

NAME = "english-1"
TEST = "general tweets"
# Its labels are about a football team, not about the text: VADER and every fit agree with them no better than chance.
LEFT_OUT = "football tweets"
# A corpus with fewer neutral or negative texts says nothing of three classes.
LEAST_OF_A_CLASS = 80
# A word counts if it is in this many texts, from this many corpora: otherwise it is a word of a topic.
LEAST_TEXTS, LEAST_CORPORA = 5, 3
MOST_WORDS = 9_000
# Of the weight of a class within its corpus, so that a corpus with few positive texts teaches no word to be negative.
MOST_CLASS_WEIGHT = 6.0
COLUMNS = (
    "corpus",
    "texts",
    "VADER macro-F1",
    "macro-F1",
    "accuracy",
    "true shares",
    "error of the shares",
    "VADER's error",
)
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def vocabulary(texts: Sequence[LabelledText], features: Sequence[Features]) -> list[str]:
    """Return the words that are frequent enough and in enough corpora, sorted."""
    counts: dict[str, int] = {}
    corpora: dict[str, set[str]] = {}
    for labelled, feature in zip(texts, features, strict=True):
        for word in feature.words:
            counts[word] = counts.get(word, 0) + 1
            corpora.setdefault(word, set()).add(labelled.source)
    return sorted(
        word for word, count in counts.items() if count >= LEAST_TEXTS and len(corpora[word]) >= LEAST_CORPORA
    )


def text_weights(texts: Sequence[LabelledText]) -> Floats:
    """Return the weight of each text. Classes weigh the same, and a corpus weighs as the root of its size."""
    sources, labels = np.array([text.source for text in texts]), label_array(texts)
    weights = np.zeros(len(texts))
    for source in sorted(set(sources)):
        counts = np.bincount(labels[sources == source], minlength=len(LABELS))
        size, classes = int(counts.sum()), int((counts > 0).sum())
        for label in np.flatnonzero(counts):
            selected = (sources == source) & (labels == label)
            weights[selected] = min(MOST_CLASS_WEIGHT, size / classes / counts[label])
        weights[sources == source] *= np.sqrt(size) / weights[sources == source].sum()
    for index in range(len(LABELS)):
        weights[labels == index] /= weights[labels == index].sum()
    return np.asarray(weights * len(texts) / weights.sum(), dtype=np.float64)


def label_array(texts: Sequence[LabelledText]) -> Ints:
    return np.array([text.label for text in texts], dtype=np.int64)


def fit_model(texts: Sequence[LabelledText], features: Sequence[Features]) -> SentimentModel:
    """Fit twice: on all words, then on those with the largest weights."""
    labels, weights = label_array(texts), text_weights(texts)
    words = vocabulary(texts, features)
    design = Design.of(features, words)
    largest = np.abs(fit_weights(design, labels, weights)[: len(words)]).max(axis=1)
    kept = sorted(words[index] for index in np.argsort(-largest, kind="stable")[:MOST_WORDS])
    fitted = fit_weights(Design.of(features, kept), labels, weights)
    contrasts = [(float(row[0] - row[1]), float(row[2] - row[1])) for row in fitted]
    return SentimentModel(NAME, dict(zip(kept, contrasts[: len(kept)], strict=True)), tuple(contrasts[len(kept) :]))


def classify(model: SentimentModel, features: Sequence[Features]) -> Ints:
    """Return the index of the most probable label of each text."""
    classes = [model.probabilities(feature) for feature in features]
    rows = [(row.positive, row.neutral, row.negative) for row in classes]
    return np.asarray(np.argmax(np.array(rows), axis=1), dtype=np.int64)


def classify_by_vader(features: Sequence[Features]) -> Ints:
    """Return the labels by VADER's own thresholds."""
    compound = np.array([feature.numbers[1] for feature in features])
    return np.where(compound >= NEAR_ZERO, 0, np.where(compound <= -NEAR_ZERO, 2, 1)).astype(np.int64)


def macro_f1(labels: Ints, predicted: Ints) -> float:
    """Return the mean F1 of the labels that occur in either."""
    scores = []
    for label in sorted({*labels.tolist(), *predicted.tolist()}):
        both = int(((labels == label) & (predicted == label)).sum())
        scores.append(2 * both / int((labels == label).sum() + (predicted == label).sum()))
    return float(np.mean(scores))


def shares(labels: Ints) -> Floats:
    return np.bincount(labels, minlength=len(LABELS)) / len(labels) * 100


def judged(source: str, labels: Ints, predicted: Ints, by_vader: Ints) -> list[str]:
    """Return the row of a corpus."""
    truth = shares(labels)
    return [
        source,
        f"{len(labels):,}",
        f"{macro_f1(labels, by_vader):.2f}",
        f"**{macro_f1(labels, predicted):.2f}**",
        f"{(labels == predicted).mean():.0%}",
        " / ".join(f"{share:.0f}" for share in truth),
        " / ".join(f"{error:+.0f}" for error in shares(predicted) - truth),
        " / ".join(f"{error:+.0f}" for error in shares(by_vader) - truth),
    ]


def select(texts: Sequence[LabelledText], features: Sequence[Features], sources: set[str]) -> tuple[
    list[LabelledText], list[Features]
]:  # fmt: skip
    chosen = [index for index, text in enumerate(texts) if text.source in sources]
    return [texts[index] for index in chosen], [features[index] for index in chosen]


def judge_emoji(folder: Path) -> None:
    """Print how many uses of frequent emoji get the label of most uses, by VADER's names of them and by Sophia's words."""
    emoji = read_emoji(folder)
    uses = sum(count for *_, count in emoji)
    by_vader, by_sophia = SentimentIntensityAnalyzer(), 0.0
    right = 0.0
    for character, label, count in emoji:
        compound = by_vader.polarity_scores(character)["compound"]
        right += count * ((0 if compound >= NEAR_ZERO else 2 if compound <= -NEAR_ZERO else 1) == label)
        by_sophia += count * (score(character).label.value == LABELS[label])
    print(f"\nUses of {len(emoji)} emoji with the right label: VADER {right / uses:.0%}, Sophia {by_sophia / uses:.0%}")


def main() -> None:
    folder = Path(sys.argv[1])
    texts = read_texts(folder)
    features = [text_features(text.text, vader_scores(text.text)) for text in texts]
    trained = {text.source for text in texts} - {TEST, LEFT_OUT}
    model = fit_model(*select(texts, features, trained))
    if "--write" in sys.argv:
        WEIGHTS.write_text(write_model(model), encoding="utf-8")
        sentiment_model.cache_clear()
        model = sentiment_model()
    print(machine())
    judge_emoji(folder)
    rows = []
    for source in [TEST, *sorted(trained)]:
        test_texts, test_features = select(texts, features, {source})
        labels = label_array(test_texts)
        if np.bincount(labels, minlength=len(LABELS)).min() < LEAST_OF_A_CLASS:
            continue
        fitted = model if source == TEST else fit_model(*select(texts, features, trained - {source}))
        rows.append(judged(source, labels, classify(fitted, test_features), classify_by_vader(test_features)))
        print("  ", *rows[-1], flush=True)
    table(f"Corpora that the fit did not use ({len(model.words):,} words and pairs)", COLUMNS, rows)


if __name__ == "__main__":
    main()
