"""Which two features say something together that they do not say apart, by what a sum of single ones leaves over."""

from itertools import combinations

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.answers import weights

MOST_FEATURES = 24
"""Features whose pairs are looked at, 276 pairs: the work grows with the square."""

_STEPS = 8
"""Steps that a number is cut into."""

_FEWEST = 5
"""Rows that each of the four corners must hold."""


def slopes(target: Target, margins: Array) -> tuple[Array, Array]:
    """Return the first and second derivative of each row's loss by its margins, weighted, both (n_rows, n_margins)."""
    weight = weights(target)[:, np.newaxis]
    name, truth = target.task.name, target.values
    if name == "count":
        mean = np.exp(np.minimum(margins, 30.0))
        return weight * (mean - truth[:, np.newaxis]), weight * mean
    if not target.task.is_classification:
        return weight * (margins - truth[:, np.newaxis]), np.broadcast_to(weight, margins.shape)
    likely = target.task.probabilities(margins)
    hit = np.zeros_like(likely)
    hit[np.arange(len(hit)), truth] = 1.0
    if name == "binary":
        likely, hit = likely[:, 1:], hit[:, 1:]
    return weight * (likely - hit), weight * np.maximum(likely * (1.0 - likely), 1e-6)


def ranked(features: Array, target: Target, margins: Array, candidates: Array) -> list[tuple[int, int]]:
    """Return pairs of the candidate features, the one that four corners of the residuals explain best first.

    Args:
        features: Float64 (n_rows, n_features).
        target: Their answers.
        margins: What the sum of single features says, (n_rows, n_margins).
        candidates: Features to pair; `MOST_FEATURES` at most.

    Source:
        Lou, Caruana, Gehrke, Hooker (2013), Accurate intelligible models with pairwise interactions, KDD, section 4;
        here with second derivatives, and less what each of the two cuts explains alone.
    """
    first, second = slopes(target, margins)
    codes = [_codes(features[:, j]) for j in candidates]
    places = np.concatenate([[0], np.cumsum([n for _, n in codes])])
    marked = np.zeros((len(features), int(places[-1])))
    for (code, _), start in zip(codes, places, strict=False):
        marked[np.arange(len(code)), start + code] = 1.0
    counts = marked.T @ marked
    sums = [(marked.T @ (marked * g[:, None]), marked.T @ (marked * h[:, None])) for g, h in _columns(first, second)]
    strengths = {}
    for a, b in combinations(range(len(candidates)), 2):
        block = np.s_[places[a] : places[a + 1], places[b] : places[b + 1]]
        allowed = (_corners(counts[block]) >= _FEWEST).all(axis=0)
        if allowed.any():
            gain = sum(_gains(_corners(g[block]), _corners(h[block])) for g, h in sums)
            strengths[int(candidates[a]), int(candidates[b])] = float(np.max(gain, where=allowed, initial=0.0))
    return sorted((pair for pair in strengths if strengths[pair] > 0), key=lambda pair: -strengths[pair])


def _columns(first: Array, second: Array) -> list[tuple[Array, Array]]:
    return list(zip(first.T, second.T, strict=True))


def _codes(cells: Array) -> tuple[Array, int]:
    """Return the step of each cell, missing ones first, and the number of steps."""
    missing = np.isnan(cells)
    known = cells[~missing]
    cuts = np.unique(np.quantile(known, np.arange(1, _STEPS) / _STEPS)) if len(known) else np.zeros(0)
    found = np.where(missing, 0, 1 + np.searchsorted(cuts, cells, side="left"))
    used, codes = np.unique(found, return_inverse=True)
    return codes, len(used)


def _corners(block: Array) -> Array:
    """Return the sums in the four corners that every pair of cuts makes, (4, n_cuts, n_other_cuts)."""
    upto = block.cumsum(axis=0).cumsum(axis=1)
    low, total = upto[:-1, :-1], upto[-1, -1]
    rows, columns = upto[:-1, -1:], upto[-1:, :-1]
    return np.stack([low, rows - low, columns - low, total - rows - columns + low])


def _gains(g: Array, h: Array) -> Array:
    """Return how much four values for the corners lower the loss beyond what two and two values do."""

    def gain(a: Array, b: Array) -> Array:
        return np.square(a) / (b + 1e-9)

    corners = gain(g, h).sum(axis=0)
    by_row = gain(g[0] + g[1], h[0] + h[1]) + gain(g[2] + g[3], h[2] + h[3])
    by_column = gain(g[0] + g[2], h[0] + h[2]) + gain(g[1] + g[3], h[1] + h[3])
    return np.asarray(corners - by_row - by_column + gain(g.sum(axis=0), h.sum(axis=0)))
