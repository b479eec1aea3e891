"""How well the features give a sensitive column away, one by one and all together."""

import re
from collections import Counter

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.schema import ColumnSchema
from modelwright.core.spec import FitSpec
from modelwright.core.table import Array, Column, Table
from modelwright.insight.fairness.result import Proxy
from modelwright.insight.tabulation import printable
from modelwright.metrics.bootstrap import Interval
from modelwright.suspicion.case import Case, make_case
from modelwright.suspicion.scores import Score, score, told_by

FLAGGED = 0.3
"""Power from which a feature is worth a look: an AUC of 0.65, or 30 % of variance or entropy. Our choice, no law."""

MOST_FEATURES = 20
"""Features told of for each sensitive column, the best ones."""

_MOST_VOTES = 50
"""Features that take part in telling the column together, the best ones."""

_VOTING_ROWS = 5_000
"""Rows from which the weights of the votes are learned, at most."""

_MOST_WORDS = 40
"""Words of a text that are looked at, the most frequent."""

_FEWEST_OF_A_WORD = 10
"""Rows that a word comes in at least."""

_STEPS = 12
"""Newton steps; the problem is convex and small."""


def proxies(features: Table, sensitive: Column, *, seed: int = 0) -> tuple[tuple[Proxy, ...], str]:
    """Return how well each feature, and all together, tell the sensitive column, and why not if so.

    Each feature is cut into bins, free text into its frequent words, and each row is told by the rows of the other
    folds in its bin. All together, these answers are weighed: by a log-linear pool for classes, by a ridge regression
    for quantities, each learned on one half of the folds and asked on the other. That is simple: a better learner may
    tell more, so what nothing here tells is not proven to be hidden.

    Args:
        features: What the model looks at.
        sensitive: The column to tell, of the same rows.
        seed: Seed of the folds.

    Returns:
        All together first, then the features from the best on; and a sentence where nothing could be told.
    """
    others = tuple(part for c in features.columns if c.name != sensitive.name for part in _parts(c))
    try:
        case = make_case(Table((*others, sensitive), features.n_rows), sensitive.name, FitSpec(), seed=seed)
    except DataError as error:
        return (), f"Proxies of '{printable(sensitive.name)}' were not looked for. {error}"
    if not case.features:
        return (), ""
    told = [told_by(f.codes, f.n_codes, case.truth, case.folds) for f in case.features]
    scores = [score(case.truth, answers) for answers in told]
    order = sorted(range(len(scores)), key=lambda i: -scores[i].value)
    together = score(case.truth, _together(case, [told[i] for i in order[:_MOST_VOTES]]))
    best = [_proxy(sensitive.name, case.features[i].name, scores[i]) for i in order[:MOST_FEATURES]]
    return (_proxy(sensitive.name, "", together), *best), ""


def _parts(column: Column) -> tuple[Column, ...]:
    """Return the column, or of free text a column per frequent word: hardly a text comes twice, but "Mrs" does."""
    if column.schema.kind != "text":
        return (column,)
    texts = column.strings()
    found = [set(re.findall(r"\w{2,}", str(text).lower())) for text in texts]
    counts = Counter(word for words in found for word in words)
    few, many = max(_FEWEST_OF_A_WORD, 0.005 * len(texts)), 0.95 * len(texts)
    words = [word for word, n in counts.most_common() if few <= n <= many][:_MOST_WORDS]
    return tuple(
        Column(
            ColumnSchema(f"{column.name} with “{word}”", "number", "number"),
            np.array([word in words for words in found], dtype=np.float64),
        )
        for word in words
    )


def _proxy(sensitive: str, feature: str, found: Score) -> Proxy:
    value = Interval(found.value, found.low, found.high)
    return Proxy(sensitive, feature, found.measure, value, found.power, found.power >= FLAGGED)


def _together(case: Case, told: list[Array]) -> Array:
    """Return answers that make use of every feature, in the form of those of one."""
    truth, half = case.truth, case.folds % 2 == 0
    k = len(truth.classes)
    inputs = np.column_stack(told)[:, None, :] if truth.is_quantity else _votes(told, truth.values, k)
    answers = np.empty(len(half)) if truth.is_quantity else np.empty((len(half), k))
    for held in (half, ~half):
        if truth.is_quantity:
            answers[held] = _ridge(inputs[~held, 0], truth.values[~held], inputs[held, 0])
        else:
            answers[held] = _pool(inputs[~held], truth.values[~held], inputs[held])
    return answers[:, 1] if k == 2 else answers


def _votes(told: list[Array], truth: Array, k: int) -> Array:
    """Return by how much each feature raises the logarithm of each class, (n_rows, n_classes, n_features)."""
    prior = np.log(np.bincount(truth, minlength=k) / len(truth))
    shares = [np.column_stack([1.0 - t, t]) if k == 2 else t for t in told]
    return np.stack([np.log(np.maximum(s, 1e-9)) - prior for s in shares] + [np.tile(prior, (len(truth), 1))], axis=2)


def _pool(votes: Array, truth: Array, asked: Array) -> Array:
    """Learn one weight per feature, shared by the classes, and return the shares of the rows asked."""
    step = -(-len(votes) // _VOTING_ROWS)
    seen, known = votes[::step], truth[::step]
    rows = np.arange(len(seen))
    start = np.zeros(votes.shape[2])
    start[-1] = 1.0  # the prior alone
    weights, near = start, np.eye(len(start))  # a unit of ridge: a weight must earn more than one row says
    for _ in range(_STEPS):
        shares = _softmax(seen @ weights)
        mean = np.einsum("nk,nkf->nf", shares, seen)
        slope = (seen[rows, known] - mean).sum(axis=0) - (weights - start)
        curve = np.einsum("nk,nkf,nkg->fg", shares, seen, seen, optimize=True) - mean.T @ mean + near
        move = np.linalg.solve(curve, slope)
        weights = weights + move * min(1.0, 1.0 / max(1e-12, float(np.abs(move).max())))
    return _softmax(asked @ weights)


def _softmax(margins: Array) -> Array:
    raised = np.exp(margins - margins.max(axis=1, keepdims=True))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


def _ridge(seen: Array, truth: Array, asked: Array) -> Array:
    mean, middle, scale = seen.mean(axis=0), truth.mean(), seen.std(axis=0)
    scale[scale == 0] = 1.0
    inputs = (seen - mean) / scale
    gram = inputs.T @ inputs + np.eye(inputs.shape[1]) * (1.0 + 1e-3 * len(seen))
    slopes = np.linalg.solve(gram, inputs.T @ (truth - middle))
    answers: Array = middle + ((asked - mean) / scale) @ slopes
    return answers
