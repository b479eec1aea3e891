"""Linear algebra on texts: a ridge and the main directions of a large sparse matrix kept in factors.

A text is the sum of the rows of its tokens, divided by a length; a token row holds its word and the character n-grams
of the word. Working with the two factors, texts × tokens and tokens × features, costs a small part of their product.
"""

from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np

from modelwright.core.table import Array

STEPS, TOLERANCE = 40, 1e-3
"""Conjugate gradients stop here; more changes no answer that matters to the score."""

_OVERSAMPLING, _POWER_STEPS = 8, 3
_SAFE = 1e-30
_NOISE = 1e-12


@final
@dataclass(frozen=True, slots=True)
class Documents:
    """The sparse matrix of texts × features, as a product.

    Attributes:
        counts: scipy CSR of tokens per text, divided by the length of the text; (n_texts, n_tokens).
        rows: scipy CSR of features per token; (n_tokens, n_features).
    """

    counts: Any
    rows: Any

    def take(self, positions: Array) -> Self:
        """Return the texts at the given positions."""
        return type(self)(self.counts[positions], self.rows)

    def times(self, vectors: Array) -> Array:
        """Return the product with (n_features, k) vectors, (n_texts, k)."""
        return np.asarray(self.counts @ (self.rows @ vectors))

    def transposed_times(self, vectors: Array) -> Array:
        """Return the product of the transpose with (n_texts, k) vectors, (n_features, k)."""
        return np.asarray(self.rows.T @ (self.counts.T @ vectors))


def ridge(documents: Documents, answers: Array, weight: Array, penalties: Array) -> tuple[Array, Array]:
    """Fit least squares with a penalty on the coefficients but not on the intercept, by conjugate gradients.

    Args:
        documents: Texts.
        answers: Targets, (n_texts, k); their weighted mean is taken off first.
        weight: Row weights, (n_texts,).
        penalties: One per column of `answers`.

    Returns:
        Coefficients (n_features, k), and intercepts (k,) that leave the mean of the targets out.
    """
    answers = answers - np.average(answers, axis=0, weights=weight)
    mean = documents.transposed_times(weight[:, None]) / weight.sum()

    def normal(vectors: Array) -> Array:
        weighted = weight[:, None] * (documents.times(vectors) - mean.T @ vectors)
        return documents.transposed_times(weighted) - mean * weighted.sum(axis=0) + penalties * vectors

    residual = documents.transposed_times(weight[:, None] * answers)
    coefficients, direction = np.zeros_like(residual), residual.copy()
    size = first = (residual**2).sum(axis=0)
    for _ in range(STEPS):
        if (size <= TOLERANCE**2 * first).all():
            break
        image = normal(direction)
        step = size / np.maximum((direction * image).sum(axis=0), _SAFE)
        coefficients += step * direction
        residual -= step * image
        size, before = (residual**2).sum(axis=0), size
        direction = residual + size / np.maximum(before, _SAFE) * direction
    return coefficients, -(mean.T @ coefficients)[0]


def principal(documents: Documents, n_components: int, rng: np.random.Generator) -> Array:
    """Return the main right singular directions, (n_features, n_components), by randomised subspace iteration.

    Source:
        N. Halko, P. Martinsson, J. Tropp, "Finding structure with randomness" (2011), algorithms 4.4 and 5.1.
    """
    n_features = documents.rows.shape[1]
    if n_components < 1:
        return np.zeros((n_features, 0))
    width = min(n_components + _OVERSAMPLING, n_features, documents.counts.shape[0])
    basis = rng.normal(size=(n_features, width))
    for _ in range(_POWER_STEPS):
        basis = _orthonormal(documents.transposed_times(_orthonormal(documents.times(basis))))
    texts = _orthonormal(documents.times(basis))
    directions = _orthonormal(documents.transposed_times(texts)).T
    directions = directions[:n_components]
    # The sign of a direction is free; a positive largest entry makes the answer the same everywhere.
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    return (directions * np.where(signs == 0, 1.0, signs)[:, None]).T


def _orthonormal(vectors: Array) -> Array:
    """Return an orthonormal basis of what the columns span, longest first, without those lost in noise.

    The small matrix of inner products is decomposed instead of the tall one, twenty times as fast as a QR.
    """
    sizes, mixes = np.linalg.eigh(vectors.T @ vectors)
    kept = sizes > max(sizes.max(initial=0.0) * _NOISE, _SAFE)
    # A reversed view would keep the product from the fast routines.
    return np.asarray(vectors @ np.ascontiguousarray((mixes[:, kept] / np.sqrt(sizes[kept]))[:, ::-1]))
