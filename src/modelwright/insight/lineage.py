"""Which raw columns each feature inside a model file is made of, found by following its operators."""

from collections.abc import Mapping, Sequence

import numpy as np

from modelwright.core.table import Array
from modelwright.modelfile.anatomy import Anatomy, Operator

_CELL_BY_CELL = frozenset(
    {
        *("Add", "Sub", "Mul", "Div", "Mod", "Pow", "Max", "Min", "Abs", "Neg", "Sign", "Round", "Floor", "Ceil"),
        *("Exp", "Log", "Sqrt", "Sin", "Cos", "Tanh", "Sigmoid", "Relu", "Clip", "Cast", "Identity", "LabelEncoder"),
        *("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "IsNaN", "IsInf", "Where"),
        *("And", "Or", "Xor", "Not", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot"),
    }
)
"""Operators whose answer in a column of a matrix looks at that column of their matrices only."""

Lineage = Array
"""Bits of the raw columns that each feature is made of, uint64 (width,); features are the cells of a row of a tensor in
order, and one for all where a tensor has no rows."""


def lineages(anatomy: Anatomy, columns: Sequence[str], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Lineage]:
    """Return the lineage of every tensor but the initialisers.

    Args:
        anatomy: The file.
        columns: Raw columns, at most 64; column number j is bit j.
        shapes: Shape of tensors when some rows run through; those that are not there count as one feature.
    """
    found = {name: np.array([1 << j], dtype=np.uint64) for j, name in enumerate(columns)}
    for operator in anatomy.operators:
        for name in operator.outputs:
            found[name] = _lineage(anatomy, operator, shapes.get(name, ()), found)
    return found


def _lineage(anatomy: Anatomy, operator: Operator, shape: tuple[int, ...], found: Mapping[str, Lineage]) -> Lineage:
    given = [found[name] for name in operator.inputs if name in found]
    union = np.bitwise_or.reduce(np.concatenate([*given, np.zeros(1, dtype=np.uint64)]), keepdims=True)
    if len(shape) < 2:
        return union
    width, parts = int(np.prod(shape[1:])), None
    if operator.kind == "Concat":
        is_beside = len(shape) == 2 and len(given) == len(operator.inputs) and _axis(anatomy, operator) in (1, -1)
        parts = np.concatenate(given) if is_beside else None
    elif operator.kind == "Gather":
        parts = _gathered(anatomy, operator, shape, found)
    elif operator.kind == "Reshape":
        parts = found.get(operator.inputs[0])
    elif operator.kind in _CELL_BY_CELL and given:
        fits = len(shape) == 2 and all(len(g) in (1, width) for g in given)
        parts = np.bitwise_or.reduce([np.broadcast_to(g, width) for g in given]) if fits else None
    return parts if parts is not None and len(parts) == width else np.repeat(union, width)


def _gathered(
    anatomy: Anatomy, operator: Operator, shape: tuple[int, ...], found: Mapping[str, Lineage]
) -> Lineage | None:
    """Return the lineage of picked features of a matrix, or of vectors looked up in a table."""
    table, places = operator.inputs
    axis = _axis(anatomy, operator)
    if table in anatomy.constants and places in found and axis == 0:
        codes = found[places]
        return np.repeat(codes, int(np.prod(shape[1:])) // len(codes))
    if table in found and places in anatomy.constants and axis in (1, -1) and len(shape) == 2:
        picked, known = anatomy.constant(places), found[table]
        fits = picked.ndim == 1 and (picked < len(known)).all() and (picked >= -len(known)).all()
        return known[picked] if fits else None
    return None


def _axis(anatomy: Anatomy, operator: Operator) -> object:
    return anatomy.attributes(operator).get("axis", 0)
