"""The curves and pairs that a glass box adds up, taken from its file alone, and the proof that they are all of it.

With a background of rows, what a sum of functions of one and of two columns says of a row is exactly its mean, plus
for each column the mean answer with the row's cell less that, plus for each pair the same of both cells less what
each says alone. So the functions are found by asking the file, and adding them up must give its answers.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from modelwright.core.table import Array, Column, Table
from modelwright.core.written import Written
from modelwright.insight.background import make_background
from modelwright.insight.curve import Dependence, Point
from modelwright.insight.encoding import Encoding
from modelwright.insight.pool import repeated, replaced
from modelwright.insight.scale import Scale, answer_names, answers
from modelwright.insight.tabulation import cell_text
from modelwright.modelfile.forest import Forest

if TYPE_CHECKING:
    from modelwright.model.model import Model

TOLERANCE = 1e-6
"""Largest difference, beside the spread of the answers, at which the sum counts as all that the file says."""

_MOST_COLUMNS = 40
_MOST_PLACES = 12
"""Places of each column of a pair."""

_MOST_DRAWN = 4
"""Pairs, the strongest, of which the whole table is asked for."""


@final
@dataclass(frozen=True, slots=True)
class Pair:
    """What two columns say together beyond what each says alone.

    Attributes:
        columns: Both.
        size: Mean absolute value over the background rows.
        places: For each column the cells as text, in order.
        values: Float (n_places of the first, n_places of the second); empty where it was not asked for.
    """

    columns: tuple[str, str]
    size: float
    places: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    values: tuple[tuple[float, ...], ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Shapes(Written):
    """All that a glass box knows, for one answer.

    Attributes:
        answer: What the values belong to: the positive class, the first class, or the target.
        scale: "margin" for classes (log-odds, log-probabilities), "value" for numbers; counts are in logarithms.
        base: What is said of a row of which nothing is known.
        curves: For each column what it adds to that, strongest first.
        sizes: Mean absolute value of each curve over the background rows.
        pairs: What pairs add, strongest first.
        rest: Largest difference between the sum and the file's answer over the background rows.
        n_rows: Background rows, made from the sketch in the file.
    """

    SCHEMA: ClassVar[str] = "modelwright/shapes/1"

    answer: str
    scale: Scale
    base: float
    curves: tuple[Dependence, ...]
    sizes: tuple[float, ...]
    pairs: tuple[Pair, ...]
    rest: float
    n_rows: int


def shapes(model: "Model") -> Shapes | None:
    """Return the curves and pairs that add up to what a file says, or None where it is no such sum.

    Only curves of at most 40 columns are looked for. Of several classes the first is told.

    Args:
        model: The model.

    Source:
        The identity in the heading is inclusion and exclusion over partial dependences; see Friedman and Popescu
        (2008), doi:10.1214/07-AOAS148, section 8.1.
    """
    if len(model.schema) > _MOST_COLUMNS:
        return None
    background = make_background(model, scale="margin")
    rows = background.table
    asked = _pairs_of(model, rows)
    if asked is None:
        return None
    given = _margins(model, rows)
    base = float(given.mean())
    alone = {name: _means(model, rows, rows.select([name])) - base for name in rows.names}
    total = base + sum(alone.values())
    found = []
    for first, second in asked:
        together = _means(model, rows, rows.select([first, second])) - base - alone[first] - alone[second]
        total = total + together
        found.append(Pair((first, second), float(np.abs(together).mean())))
    rest = float(np.abs(total - given).max())
    if not rest <= TOLERANCE * max(1.0, float(given.std())):
        return None
    order = sorted(alone, key=lambda name: -float(np.abs(alone[name]).mean()))
    answer = answer_names(model)[0]
    curves = tuple(
        Dependence(name, answer, "partial", background.scale, _points(rows.column(name), alone[name]), rows.n_rows)
        for name in order
        if np.ptp(alone[name]) > 0
    )
    sizes = tuple(float(np.abs(alone[curve.column]).mean()) for curve in curves)
    pairs = sorted((pair for pair in found if pair.size > 0), key=lambda pair: -pair.size)
    drawn = [_drawn(model, rows, pair, base) for pair in pairs[:_MOST_DRAWN]]
    return Shapes(answer, background.scale, base, curves, sizes, (*drawn, *pairs[_MOST_DRAWN:]), rest, rows.n_rows)


def _margins(model: "Model", table: Table) -> Array:
    """Return what adds up, (n_rows,)."""
    said = answers(model, table, "margin")[:, 0]
    if model.task.name == "count":
        return np.log(said)
    if model.task.name == "multiclass":
        # Logarithms of shares add up only beside each other: less their mean they do.
        said = said - answers(model, table, "margin").mean(axis=1)
    return said


def _means(model: "Model", rows: Table, cells: Table) -> Array:
    """Return the mean over all rows with some columns set to each row of `cells`, (n_cells,)."""
    n_rows, n_cells = rows.n_rows, cells.n_rows
    places = np.repeat(np.arange(n_cells), n_rows)
    asked = replaced(repeated(rows, n_cells), [column.take(places) for column in cells.columns])
    return np.asarray(_margins(model, asked).reshape(n_cells, n_rows).mean(axis=1))


def _pairs_of(model: "Model", rows: Table) -> list[tuple[str, str]] | None:
    """Return the pairs of raw columns that meet in a tree, None where the file cannot be cut or three meet."""
    encoding = Encoding.of(model, rows)
    if encoding is None:
        return None
    names, found = model.schema.names, set()
    for operator in encoding.anatomy.operators:
        if operator.kind != "TreeEnsemble":
            continue
        columns = encoding.columns.get(operator.inputs[0])
        forest = Forest.of({**encoding.anatomy.attributes(operator), "n_targets": 1})
        if columns is None or forest is None:
            return None
        for bits in _columns_of_trees(forest, columns):
            met = [name for j, name in enumerate(names) if int(bits) >> j & 1]
            if len(met) > 2:
                return None
            if len(met) == 2:
                found.add((met[0], met[1]))
    return sorted(found)


def _columns_of_trees(forest: Forest, columns: Array) -> Array:
    """Return the bits of the columns that each tree asks about, uint64 (n_trees,)."""
    bits = np.where(columns < 0, 0, 1 << np.maximum(columns, 0)).astype(np.uint64)
    found = np.zeros(len(forest.roots), dtype=np.uint64)
    at, tree = forest.roots, np.arange(len(forest.roots))
    while len(at):
        inside = at >= 0
        at, tree = at[inside], tree[inside]
        np.bitwise_or.at(found, tree, bits[forest.feature[at]])
        at, tree = np.concatenate([forest.left[at], forest.right[at]]), np.tile(tree, 2)
    return found


def _points(column: Column, values: Array) -> tuple[Point, ...]:
    """Return one point per distinct cell: numbers in their order, levels by how common they are, missing last."""
    labels = [cell_text(column, row) for row in range(len(column))]
    counts: dict[str, int] = {}
    first: dict[str, int] = {}
    for row, label in enumerate(labels):
        counts[label] = counts.get(label, 0) + 1
        first.setdefault(label, row)
    is_number = column.levels is None and column.schema.dtype != "boolean"
    found = []
    for label, row in first.items():
        at = float(column.values[row]) if is_number and not column.missing[row] else None
        value = float(values[row])
        found.append(Point(label, at, value, value, value, counts[label]))
    return tuple(sorted(found, key=lambda p: (p.at is None, p.at if p.at is not None else -p.n_rows)))


def _drawn(model: "Model", rows: Table, pair: Pair, base: float) -> Pair:
    """Return the pair with its table over places of both columns."""
    axes = [_places(rows.column(name)) for name in pair.columns]
    one, other = (np.repeat(axes[0], len(axes[1])), np.tile(axes[1], len(axes[0])))
    first, second = (rows.column(name) for name in pair.columns)
    cells = Table((first.take(one), second.take(other)), len(one))
    both = _means(model, rows, cells).reshape(len(axes[0]), len(axes[1]))
    apart = [_means(model, rows, rows.select([name]).take(at)) for name, at in zip(pair.columns, axes, strict=True)]
    values = both - apart[0][:, np.newaxis] - apart[1] + base
    texts = [tuple(cell_text(rows.column(n), int(i)) for i in at) for n, at in zip(pair.columns, axes, strict=True)]
    return replace(pair, places=(texts[0], texts[1]), values=tuple(map(tuple, values.tolist())))


def _places(column: Column) -> Array:
    """Return rows whose cells are spread over the column, in order."""
    order = np.argsort(column.values, kind="stable")
    _, first = np.unique(column.values[order], return_index=True)  # a missing number comes last, once
    distinct = order[first]
    return distinct[np.unique(np.linspace(0, len(distinct) - 1, min(len(distinct), _MOST_PLACES)).round().astype(int))]
