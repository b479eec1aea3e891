"""Texts: main directions and cross-fitted scores of TF-IDF over words, pairs of words and character n-grams.

Everything linear about a text is the sum of what its tokens contribute, so a model of any number of n-grams folds
into one small table with a row per token: the graph cuts, looks up, gathers, adds up and divides by the length.
The length is that of the TF-IDF vector with repeated tokens counted apart, which the same sum yields; it differs from
the usual one only in texts that repeat themselves and scored alike in our measurements.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import scipy.sparse

from modelwright.core.errors import SchemaError
from modelwright.core.graph import Graph
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Target
from modelwright.transform.base import FittedTransform, Transform, columns_of
from modelwright.transform.gram import token_rows
from modelwright.transform.projection import Documents, principal, ridge
from modelwright.transform.scaling import Scaling
from modelwright.transform.statistic import N_FOLDS, Answers
from modelwright.transform.token import Found, Tokens

MOST_PAIRS = 5_000
MOST_COMPONENTS, ROWS_PER_COMPONENT = 20, 150
"""Directions kept; fewer on small tables, where they hurt (auto_mpg, titanic)."""

PENALTIES = (1.0, 5.0, 25.0)
"""Ridge penalties tried; the cross-fitted error chooses."""

MOST_ROWS = 60_000
"""Rows the directions and scores are learned from."""

MOST_MARKS, MARK_SHARE = 4, 0.03
"""Marks that are counted, and the share of texts with and without them that it takes."""

_GRID = 2.0**36
"""Features are rounded to this fineness, so that the order of a sum cannot show."""

_TINY = 1e-300


@final
@dataclass(frozen=True, slots=True)
class TextTable:
    """What is known about one text column.

    Attributes:
        tokens: Lookup of words.
        pairs: Keys of the known pairs of words.
        table: Contribution of nothing, each word and each pair to the features, and its squared length last; float32,
            (n_ids + n_pairs, n_linear + 1).
        intercept: Added to the linear features, (n_linear,).
        marks: Characters that are counted; the blank always is.
    """

    tokens: Tokens
    pairs: Array
    table: Array
    intercept: Array
    marks: tuple[str, ...]

    def apply(self, texts: Sequence[str]) -> Array:
        """Return the features of texts, (n_texts, n_features)."""
        return self.features(texts, self.counts(self.tokens.ids(texts), len(texts)))

    def features(self, texts: Sequence[str], counts: Any) -> Array:
        """Return the features of texts whose tokens are counted already."""
        sums = np.asarray(counts @ self.table.astype(np.float64))
        linear = sums[:, :-1] / np.sqrt(np.maximum(sums[:, -1:], _TINY)) + self.intercept
        counted = np.array([[text.count(mark) for mark in self.marks] for text in texts], dtype=np.float64)
        features = np.concatenate([linear, np.log(counted.reshape(len(texts), len(self.marks)) + 1.0)], axis=1)
        return np.rint(features * _GRID) / _GRID

    def counts(self, found: Found, n_texts: int) -> Any:
        """Return the number of each token in each text, scipy CSR (n_texts, n_ids + n_pairs); id 0 never counts."""
        at, ids, pair_at, keys = found
        place = np.minimum(np.searchsorted(self.pairs, keys), max(len(self.pairs) - 1, 0))
        known = self.pairs[place] == keys if len(self.pairs) else np.zeros(len(keys), dtype=np.bool_)
        at = np.concatenate([at, pair_at[known]])
        ids = np.concatenate([ids, self.tokens.n_ids + place[known]])
        shape = (n_texts, self.tokens.n_ids + len(self.pairs))
        return scipy.sparse.csr_matrix((np.ones(len(at)), (at, ids)), shape=shape)

    def emit(self, graph: Graph, cells: str) -> str:
        """Write `apply` as operators."""
        c = graph.constant
        text = graph.op("StringConcat", cells, c(" "))
        counted = [graph.ops("StringSplit", text, n_outputs=2, delimiter=mark)[1] for mark in self.marks]
        pieces = graph.op("Concat", *counted, axis=1) if len(counted) > 1 else counted[0]
        # A text has one piece more than marks; the blank that was added is one more.
        offset = np.array([1.0 if mark == " " else 0.0 for mark in self.marks])
        logs = graph.op("Log", graph.op("Sub", graph.op("Cast", pieces, to=11), c(offset)))
        ids = self.tokens.emit(graph, text)
        found = graph.op("Flatten", ids, axis=1)
        if len(self.pairs):
            found = graph.op("Concat", found, graph.op("Flatten", self._emit_pairs(graph, ids), axis=1), axis=1)
        rows = graph.op("Cast", graph.op("Gather", c(self.table), found), to=11)
        sums = graph.op("ReduceSum", rows, c([1]), keepdims=0)
        width = self.table.shape[1]
        linear, square = graph.ops("Split", sums, c([width - 1, 1]), n_outputs=2, axis=1)
        linear = graph.op("Div", linear, graph.op("Sqrt", graph.op("Max", square, c(_TINY))))
        features = graph.op("Concat", graph.op("Add", linear, c(self.intercept)), logs, axis=1)
        return graph.op("Div", graph.op("Round", graph.op("Mul", features, c(_GRID))), c(_GRID))

    def _emit_pairs(self, graph: Graph, ids: str) -> str:
        c, last = graph.constant, graph.constant([-1])
        left = graph.op("Slice", ids, c([0]), c([-1]), last)
        right = graph.op("Slice", ids, c([1]), c([np.iinfo(np.int64).max]), last)
        return graph.op(
            "LabelEncoder",
            graph.op("Add", graph.op("Mul", left, c(self.tokens.n_ids)), right),
            domain="ai.onnx.ml",
            keys_tensor=self.pairs,
            values_tensor=np.arange(len(self.pairs), dtype=np.int64) + self.tokens.n_ids,
            default_tensor=np.zeros(1, dtype=np.int64),
        )


@final
@dataclass(frozen=True, slots=True)
class FittedTexts(FittedTransform):
    """Text columns side by side.

    Attributes:
        tables: What is known about each column.
        scaling: How the features are scaled, or None to leave them as they are.
    """

    tables: tuple[TextTable, ...]
    scaling: Scaling | None

    def apply(self, table: Table) -> Array:
        """Return the features."""
        columns = columns_of(table, self.columns)
        blocks = []
        for known, column in zip(self.tables, columns, strict=True):
            texts, rows = _distinct(column)
            blocks.append(known.apply(texts)[rows])
        matrix = np.concatenate(blocks, axis=1)
        return matrix if self.scaling is None else self.scaling.apply(matrix)

    def emit(self, graph: Graph, inputs: Mapping[str, str]) -> str:
        """Write `apply` as operators, one chain per column."""
        blocks = [known.emit(graph, inputs[name]) for known, name in zip(self.tables, self.columns, strict=True)]
        matrix = graph.op("Concat", *blocks, axis=1) if len(blocks) > 1 else blocks[0]
        return matrix if self.scaling is None else self.scaling.emit(graph, matrix)


@final
@dataclass(frozen=True, slots=True)
class Texts(Transform):
    """Turns text columns into features.

    Attributes:
        view: "tree" leaves directions, scores and counts as they are; "linear" scales them.
    """

    view: Literal["tree", "linear", "neural"]

    def fit(self, table: Table, target: Target, rng: np.random.Generator) -> FittedTexts:
        """Learn words, directions and scores from all rows."""
        return self.fit_apply(table, target, rng)[0]

    def fit_apply(self, table: Table, target: Target, rng: np.random.Generator) -> tuple[FittedTexts, Array]:
        """Learn words, directions and scores; the scores returned come from models of other rows only."""
        answers = Answers.of(target, rng)
        tables, blocks, names = [], [], []
        for column in columns_of(table, self.columns):
            known, features = _learn(column, answers, rng)
            tables.append(known)
            blocks.append(features)
            n_components = len(known.intercept) - len(answers.labels)
            marks = (f"'{mark}'" if mark != " " else "blanks" for mark in known.marks)
            names += [f"direction {i + 1} of {column.name}" for i in range(n_components)]
            names += [f"{label} by {column.name}" for label in answers.labels]
            names += [f"log count of {mark} in {column.name}" for mark in marks]
        matrix = np.concatenate(blocks, axis=1)
        if self.view == "tree":
            return FittedTexts(self.columns, tuple(names), tuple(tables), None), matrix
        scaling = Scaling.fit(matrix)
        return FittedTexts(self.columns, tuple(names), tuple(tables), scaling), scaling.apply(matrix)


def _distinct(column: Column) -> tuple[list[str], Array]:
    """Return the distinct texts of a column, the empty one last, and the position of each row among them."""
    if column.levels is None:
        raise SchemaError(f"Column '{column.name}' holds {column.schema.dtype}s, not texts.")
    used, rows = np.unique(column.values, return_inverse=True)
    known = used >= 0
    # Missing is code -1, so it comes first where it occurs; the last place is its own.
    rows = rows - int(not known.all())
    return [*column.levels[used[known]].tolist(), ""], np.where(rows < 0, known.sum(), rows)


def _learn(column: Column, answers: Answers, rng: np.random.Generator) -> tuple[TextTable, Array]:
    """Return what there is to know about a column and the features of its rows, cross-fitted."""
    texts, rows = _distinct(column)
    n_rows = len(rows)
    sample = np.sort(rng.choice(n_rows, MOST_ROWS, replace=False)) if n_rows > MOST_ROWS else np.arange(n_rows)
    repeats = np.bincount(rows[sample], minlength=len(texts))
    repeats[-1] = 0
    learned = np.flatnonzero(repeats)
    tokens = Tokens.fit([texts[i] for i in learned], repeats[learned])
    found = tokens.ids(texts)
    pairs, pair_frequency = _frequent_pairs(found, repeats)
    marks = _marks([texts[i] for i in learned], repeats[learned])
    features = token_rows(tokens.words, tokens.frequency, pair_frequency, len(sample))
    square = np.asarray(features.multiply(features).sum(axis=1)).ravel()
    blank = TextTable(tokens, pairs, np.zeros((0, 1), dtype=np.float32), np.zeros(0), marks)
    counts = blank.counts(found, len(texts))
    tokens_of = counts[:, 1:]
    length = np.sqrt(np.maximum(tokens_of @ square, _TINY))
    documents = Documents((scipy.sparse.diags(1.0 / length) @ tokens_of).tocsr(), features)
    n_components = min(MOST_COMPONENTS, len(sample) // ROWS_PER_COMPONENT, features.shape[1])
    directions = principal(documents.take(rows[sample]), n_components, rng)
    coefficients, intercept, scores = _scores(documents, rows, sample, answers)
    linear = np.asarray(features @ np.concatenate([directions, coefficients], axis=1))
    table = np.concatenate([linear, square[:, None]], axis=1).astype(np.float32)
    table = np.concatenate([np.zeros((1, table.shape[1]), dtype=np.float32), table])
    known = TextTable(tokens, pairs, table, np.concatenate([np.zeros(directions.shape[1]), intercept]), marks)
    matrix = known.features(texts, counts)[rows]
    matrix[:, directions.shape[1] : len(known.intercept)] = np.rint(scores * _GRID) / _GRID
    return known, matrix


def _scores(documents: Documents, rows: Array, sample: Array, answers: Answers) -> tuple[Array, Array, Array]:
    """Return the coefficients and intercepts of the best ridge, and its cross-fitted scores of all rows."""
    n_answers = answers.values.shape[1]
    penalties = np.repeat(PENALTIES, n_answers)
    everything = np.tile(answers.values - answers.prior, len(PENALTIES))
    scores = np.zeros(everything.shape)
    for fold in range(N_FOLDS):
        train, test = sample[answers.folds[sample] != fold], np.flatnonzero(answers.folds == fold)
        if len(train) and len(test):
            fitted = ridge(documents.take(rows[train]), everything[train], answers.weight[train], penalties)
            scores[test] = documents.times(fitted[0])[rows[test]] + fitted[1]
    errors = answers.weight @ (scores - everything) ** 2
    best = int(errors.reshape(len(PENALTIES), n_answers).sum(axis=1).argmin())
    chosen = slice(best * n_answers, (best + 1) * n_answers)
    coefficients, intercept = ridge(
        documents.take(rows[sample]), everything[sample, chosen], answers.weight[sample], penalties[chosen]
    )
    return coefficients, intercept + answers.prior, scores[:, chosen] + answers.prior


def _frequent_pairs(found: Found, repeats: Array) -> tuple[Array, Array]:
    """Return the sorted keys of pairs of words that two rows have, and the number of rows."""
    _, _, at, keys = found
    distinct, of_key = np.unique(keys, return_inverse=True)
    n_texts = len(repeats)
    once = np.unique(of_key * n_texts + at)
    frequency = np.bincount(once // n_texts, repeats[once % n_texts], len(distinct))
    chosen = np.argsort(-frequency, kind="stable")[:MOST_PAIRS]
    chosen = np.sort(chosen[frequency[chosen] > 1])
    return distinct[chosen], frequency[chosen].astype(np.int64)


def _marks(texts: list[str], repeats: Array) -> tuple[str, ...]:
    """Return the blank and the characters besides letters, digits and blanks that a fair share of texts has."""
    rows: Counter[str] = Counter()
    for text, n in zip(texts, repeats.tolist(), strict=True):
        for mark in set(text):
            if not (mark.isalnum() or mark.isspace()):
                rows[mark] += n
    n_rows = repeats.sum()
    fair = [mark for mark, n in rows.items() if MARK_SHARE * n_rows <= n <= (1 - MARK_SHARE) * n_rows]
    return (" ", *sorted(fair, key=lambda mark: (-rows[mark], mark))[:MOST_MARKS])
