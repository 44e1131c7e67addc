"""Fits a multinomial logistic regression with a penalty on its weights, by L-BFGS, in numpy alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sophia.analytics.comments.sentiment_model import NUMBERS, Features

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Loss = Callable[[Floats], tuple[float, Floats]]

CLASSES = 3
PENALTY = 8.0
# Of the penalty on words: the numbers are few and each text has them.
PENALTY_OF_NUMBERS = 0.01
STEPS, HISTORY = 250, 10
ENOUGH = 1e-6


@dataclass(frozen=True, slots=True)
class Design:
    """A sparse matrix [text, word] with the value `share` in each cell that is set, beside the numbers [text, number]."""

    rows: Ints
    words: Ints
    share: Floats
    numbers: Floats
    word_count: int

    @classmethod
    def of(cls, features: Sequence[Features], words: Sequence[str]) -> "Design":
        """Build the matrix; the words of a text share the weight of the root of their number."""
        places = {word: index for index, word in enumerate(words)}
        cells = [sorted(places[word] for word in feature.words if word in places) for feature in features]
        lengths = np.array([len(cell) for cell in cells])
        rows = np.repeat(np.arange(len(cells)), lengths)
        return cls(
            rows=rows,
            words=np.array([word for cell in cells for word in cell], dtype=np.int64),
            share=1 / np.sqrt(np.maximum(1, lengths))[rows],
            numbers=np.array([feature.numbers for feature in features]),
            word_count=len(words),
        )

    def logits(self, weights: Floats) -> Floats:
        """Return the logits [text, class] for the weights [word or number, class]."""
        words, numbers = weights[: self.word_count], weights[self.word_count :]
        of_words = np.stack(
            [
                np.bincount(self.rows, self.share * words[self.words, label], minlength=len(self.numbers))
                for label in range(CLASSES)
            ],
            axis=1,
        )
        return np.asarray(of_words + self.numbers @ numbers, dtype=np.float64)

    def gradient(self, residuals: Floats) -> Floats:
        """Return the gradient [word or number, class] of the residuals [text, class]."""
        of_words = np.stack(
            [
                np.bincount(self.words, self.share * residuals[self.rows, label], minlength=self.word_count)
                for label in range(CLASSES)
            ],
            axis=1,
        )
        return np.concatenate([of_words, self.numbers.T @ residuals])


def fit_weights(design: Design, labels: Ints, text_weights: Floats) -> Floats:
    """Return the weights [word or number, class] with the smallest penalised loss. The constant has no penalty."""
    penalty = np.full((design.word_count + len(NUMBERS), 1), PENALTY)
    penalty[design.word_count :] *= PENALTY_OF_NUMBERS
    penalty[design.word_count + NUMBERS.index("constant")] = 0
    texts, targets = np.arange(len(labels)), np.eye(CLASSES)[labels]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights = flat.reshape(-1, CLASSES)
        logits = design.logits(weights)
        logits -= logits.max(axis=1, keepdims=True)
        logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        value = -(text_weights * logs[texts, labels]).sum() + 0.5 * (penalty * weights**2).sum()
        residuals = text_weights[:, None] * (np.exp(logs) - targets)
        return float(value), (design.gradient(residuals) + penalty * weights).ravel()

    return minimised(loss, np.zeros(len(penalty) * CLASSES)).reshape(-1, CLASSES)


def minimised(loss: Loss, start: Floats) -> Floats:
    """Return the minimum of a convex function that returns its value and gradient (L-BFGS with Armijo's condition)."""
    point, (value, gradient) = start, loss(start)
    history: list[tuple[Floats, Floats]] = []
    for _ in range(STEPS):
        direction = -_times_inverse(gradient, history)
        step, slope = 1.0 if history else 1 / max(1.0, float(np.abs(gradient).sum())), float(gradient @ direction)
        while True:
            new_point = point + step * direction
            new_value, new_gradient = loss(new_point)
            if new_value <= value + 1e-4 * step * slope or step < ENOUGH**2:
                break
            step /= 2
        moved, turned = new_point - point, new_gradient - gradient
        if float(moved @ turned) > 0:
            history = [*history[1 - HISTORY :], (moved, turned)]
        improved = value - new_value
        point, value, gradient = new_point, new_value, new_gradient
        if improved <= ENOUGH * abs(value):
            break
    return point


def _times_inverse(gradient: Floats, history: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Return the approximate inverse of the Hessian times the gradient (the two-loop recursion)."""
    result = gradient.copy()
    factors = []
    for moved, turned in reversed(history):
        factor = float(moved @ result) / float(moved @ turned)
        result -= factor * turned
        factors.append(factor)
    if history:
        moved, turned = history[-1]
        result *= float(moved @ turned) / float(turned @ turned)
    for (moved, turned), factor in zip(history, reversed(factors), strict=True):
        result += moved * (factor - float(turned @ result) / float(moved @ turned))
    return result
