"""What columns say together: arithmetic of numbers, crosses of categories, numbers beside their group.

The "prepared" view is the "tree" view and the best of these. They are ranked by a short boosting run on the training
rows; boosting on the plain view decides which columns are combined at all.
"""

import numpy as np

from modelwright.core.schema import Schema
from modelwright.core.table import Array, Table
from modelwright.core.task import Target
from modelwright.transform.arithmetic import Arithmetic, FittedArithmetic
from modelwright.transform.base import FittedTransform, Transform
from modelwright.transform.category import FittedCategories
from modelwright.transform.crosses import Crosses, FittedCrosses
from modelwright.transform.group_statistics import FittedGroups, GroupStatistics
from modelwright.transform.importance import gains
from modelwright.transform.number import FittedNumbers

Combination = FittedArithmetic | FittedCrosses | FittedGroups
"""What is fitted here: transforms whose features come in equal units that can be left out."""

MOST_NUMBERS, MOST_CATEGORIES = 7, 7
"""Columns that are combined: the most important ones of their kind."""

GROUPERS, GROUPED = 2, 5
"""Categories that make groups, and numbers compared within them."""

MOST_FEATURES = 60
"""Features kept of each sort."""

MOST_MISSING = 0.95
"""Share of rows without a value from which a feature is left out."""


def is_preparable(schema: Schema) -> bool:
    """Return whether there are two columns that can say something together."""
    kinds = [column.kind for column in schema if column.is_feature and column.dtype != "date"]
    n_numbers, n_categories = kinds.count("number"), kinds.count("category")
    return n_numbers > 1 or n_categories > 1 or n_numbers + n_categories > 1


def combinations_of(
    plain: tuple[tuple[FittedTransform, ...], Array],
    matrix: Array,
    *,
    table: Table,
    target: Target,
    rng: np.random.Generator,
) -> list[tuple[Combination, Array]]:
    """Fit what to combine and return the best of it, each with the features to train on.

    Args:
        plain: Parts of the tree view, and the positions of the features kept of them.
        matrix: Features of the tree view to train on.
        table: Training rows.
        target: Their answers.
        rng: Source of randomness.
    """
    numbers, categories = _ranked(plain, gains(matrix, target, rng), table.schema)
    transforms: list[Transform] = []
    if len(numbers) > 1:
        transforms.append(Arithmetic(numbers[:MOST_NUMBERS]))
    if len(categories) > 1:
        transforms.append(Crosses(categories[:MOST_CATEGORIES]))
    if categories and numbers:
        groups = categories[:GROUPERS]
        transforms.append(GroupStatistics(groups + numbers[:GROUPED], len(groups)))
    pairs = [transform.fit_apply(table, target, rng) for transform in transforms]
    made = [(part, features) for part, features in pairs if isinstance(part, Combination)]  # all are; this tells mypy
    fresh = _fresh(made, matrix)
    if not fresh.any():
        return []
    found = np.concatenate([features for _, features in made], axis=1)
    gained = np.zeros(len(fresh))
    gained[fresh] = gains(np.concatenate([matrix, found[:, fresh]], axis=1), target, rng)[matrix.shape[1] :]
    return _best(made, gained)


def _ranked(
    plain: tuple[tuple[FittedTransform, ...], Array], gained: Array, schema: Schema
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the number columns and the category columns that brought something, the most important ones first."""
    parts, kept = plain
    owners = [owner for part in parts for owner in _owners(part)]
    by_column: dict[str, float] = {}
    for position, gain in zip(kept, gained, strict=True):
        by_column[owners[position]] = by_column.get(owners[position], 0.0) + float(gain)
    kinds = {column.name: column.kind for column in schema}
    order = sorted(by_column, key=lambda name: -by_column[name])
    useful = [name for name in order if name and by_column[name] > 0]
    in_categories = {name for part in parts if isinstance(part, FittedCategories) for name in part.columns}
    return (
        tuple(name for name in useful if kinds[name] == "number"),
        tuple(name for name in useful if name in in_categories),
    )


def _owners(part: FittedTransform) -> list[str]:
    """Return the column that each feature is of, or "" where it cannot be combined."""
    if isinstance(part, FittedNumbers):
        return list(part.columns)
    if isinstance(part, FittedCategories):
        return [part.columns[i] for i in part.owners]
    return [""] * len(part.names)


def _fresh(made: list[tuple[Combination, Array]], matrix: Array) -> Array:
    """Return which features vary, are mostly there and are no copy of another one."""
    seen = {column.tobytes() for column in matrix.T}
    fresh = []
    for _, features in made:
        for column in features.T:
            known = column[~np.isnan(column)]
            is_fresh = len(known) >= (1 - MOST_MISSING) * len(column) and len(known) > 0 and (known != known[0]).any()
            print_ = column.tobytes()
            fresh.append(bool(is_fresh) and print_ not in seen)
            seen.add(print_)
    return np.array(fresh, dtype=np.bool_)


def _best(made: list[tuple[Combination, Array]], gained: Array) -> list[tuple[Combination, Array]]:
    """Return every part with its units that brought most."""
    found, start = [], 0
    for part, features in made:
        end = start + len(part.names)
        if part.n_units:
            width = len(part.names) // part.n_units
            by_unit = gained[start:end].reshape(part.n_units, width).sum(axis=1)
            order = np.argsort(-by_unit, kind="stable")[: max(1, MOST_FEATURES // width)]
            units = np.sort(order[by_unit[order] > 0])
            if len(units):
                columns = (units[:, None] * width + np.arange(width)).ravel()
                found.append((part.keep(units), features[:, columns]))
        start = end
    return found
