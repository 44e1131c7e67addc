"""Classifies English texts as positive, neutral or negative: a multinomial logistic model of VADER's scores and of words.

`python -m benchmarks.sentiment_training` fits the weights and writes `sentiment_weights.tsv`; docs/comments.md has its
test.
"""

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

WEIGHTS = Path(__file__).parent / "sentiment_weights.tsv"
SCALE = 100  # the file has integers
NUMBER = "="  # before the names of numeric features, because no word begins with it
NUMBERS = (
    "constant",
    "compound",
    "compound squared above 0",
    "compound squared below 0",
    "pos",
    "neg",
    "compound is near 0",
    "compound above 0.5",
    "compound below -0.5",
    "exclamation marks",
    "question",
    "length",
    "capital words",
)
NEAR_ZERO = 0.05  # VADER's own threshold
STRONG = 0.5
NEGATED_WORDS = 3
MARKS = 3

_LINK = re.compile(r"https?://\S+|www\.\S+")
_USER = re.compile(r"@[\w.]+")
_TOKEN = re.compile(
    r"[a-z]+(?:'[a-z]+)?|[!?]+|\.\.\.+|[\U0001F000-\U0001FAFF\u2600-\u27BF]|[:;=8]-?[()dpo/|\\]|<3|[.,;:]"
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z]{2,}")
_NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "cannot",
        "without",
        "nothing",
        "nobody",
        "none",
        "neither",
        "nor",
        "hardly",
        "barely",
        "dont",
        "doesnt",
        "didnt",
        "isnt",
        "wasnt",
        "wont",
        "cant",
        "couldnt",
        "wouldnt",
        "shouldnt",
        "aint",
        "havent",
    ]
)


@dataclass(frozen=True, slots=True)
class Features:
    """The distinct words and pairs of words of a text, and its numbers in the order of NUMBERS."""

    words: frozenset[str]
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Probabilities:
    """The probability of each class; they add up to 1."""

    positive: float
    neutral: float
    negative: float


@dataclass(frozen=True, slots=True)
class SentimentModel:
    """The weights of the classes positive and negative against neutral, by feature, and the name of this fit."""

    name: str
    words: Mapping[str, tuple[float, float]]
    numbers: tuple[tuple[float, float], ...]

    def probabilities(self, features: Features) -> Probabilities:
        """Return the probabilities of the classes. Words count with the root of their number, so that length is neutral."""
        weights = [self.words[word] for word in features.words if word in self.words]
        share = 1 / math.sqrt(max(1, len(weights)))
        logits = [
            share * math.fsum(weight[index] for weight in weights)
            + math.fsum(
                weight[index] * number for weight, number in zip(self.numbers, features.numbers, strict=True)
            )
            for index in (0, 1)
        ]  # fmt: skip
        top = max(0.0, *logits)
        positive, negative, neutral = (math.exp(logit - top) for logit in (*logits, 0.0))
        total = positive + neutral + negative
        return Probabilities(positive / total, neutral / total, negative / total)


def text_features(text: str, vader: Mapping[str, float]) -> Features:
    """Return the features of a text; `vader` has its compound, pos and neg."""
    tokens = _tokens(text)
    compound = vader["compound"]
    words = _WORD.findall(text)
    capitals = sum(word.isupper() for word in words) / max(1, len(words))
    numbers = (
        1.0,
        compound,
        max(compound, 0.0) ** 2,
        min(compound, 0.0) ** 2,
        vader["pos"],
        vader["neg"],
        float(abs(compound) < NEAR_ZERO),
        float(compound > STRONG),
        float(compound < -STRONG),
        min(MARKS, text.count("!")) / MARKS,
        float("?" in text),
        math.log1p(len(tokens)) / 3,
        capitals,
    )
    pairs = (f"{first} {second}" for first, second in pairwise(tokens))
    return Features(frozenset((*tokens, *pairs)), numbers)


def _tokens(text: str) -> list[str]:
    """Return words in lower case, marks and emoji. `~` marks a word after a negation; links and users are alike."""
    plain = html.unescape(text).replace("’", "'")
    plain = _USER.sub(" xuser ", _LINK.sub(" xurl ", plain)).lower()
    tokens: list[str] = []
    negated = 0
    for word in _TOKEN.findall(plain):
        if word in ".,;:" or word[0] in "!?.":
            negated = 0
            # A single point or comma is in every text.
            if word not in ".,;:":
                tokens.append(word[0] * min(len(word), 2))
            continue
        is_negated = negated > 0 and word.isalpha()
        tokens.append(f"~{word}" if is_negated else word)
        negated -= is_negated
        if word in _NEGATIONS or word.endswith("n't"):
            negated = NEGATED_WORDS
    return tokens


@cache
def sentiment_model() -> SentimentModel:
    """Return the shipped model, which is read once."""
    return read_model(WEIGHTS.read_text(encoding="utf-8"))


def read_model(text: str) -> SentimentModel:
    """Read the weights that `write_model` wrote. Raises ValueError for a file of another format."""
    name, *lines = text.splitlines()
    words: dict[str, tuple[float, float]] = {}
    for line in lines:
        feature, positive, negative = line.split("\t")
        words[feature] = int(positive) / SCALE, int(negative) / SCALE
    numbers = tuple(words.pop(f"{NUMBER}{number}") for number in NUMBERS)
    return SentimentModel(name, words, numbers)


def write_model(model: SentimentModel) -> str:
    """Return the text of a model: its name, then a feature and its two weights on each line."""
    numbers = {f"{NUMBER}{number}": weights for number, weights in zip(NUMBERS, model.numbers, strict=True)}
    rows = [*numbers.items(), *sorted(model.words.items())]
    lines = [
        f"{feature}\t{round(SCALE * positive)}\t{round(SCALE * negative)}" for feature, (positive, negative) in rows
    ]
    return "\n".join([model.name, *lines, ""])
