"""What scikit-learn calls y: one column of answers, or several, which are then targets of one file."""

from collections.abc import Iterable, Mapping, Sequence
from math import isnan
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import column_or_1d

from modelwright.core.table import Array
from modelwright.data.names import as_text

_NUMBERS = frozenset("iuf")
_MISSING = ("NoneType", "NAType", "NaTType")


def answers_of(y: Any) -> dict[str, Array] | None:
    """Return the columns of a `y` of several by name, as far as it has names; None where it holds one.

    Args:
        y: Frame, array, sparse matrix or nested list.

    Raises:
        ValueError: Two columns have one name, or a cell is missing.
    """
    cells = y if hasattr(y, "shape") else np.asarray(y)
    if len(cells.shape) != 2 or cells.shape[1] < 2:
        return None
    if (names := _names(y)) is not None:
        shown = [as_text(name) or f"y{i}" for i, name in enumerate(names)]
        if len(set(shown)) < len(shown):
            raise ValueError(f"y has two columns of one name. Columns: {', '.join(shown)}. Rename one of them.")
        columns = [np.asarray(y[name]) for name in names]
    else:
        cells = np.asarray(cells.toarray() if hasattr(cells, "toarray") else cells)
        shown = [f"y{i}" for i in range(cells.shape[1])]
        columns = [cells[:, i] for i in range(cells.shape[1])]
    return {name: checked_answers(column, name) for name, column in zip(shown, columns, strict=True)}


def checked_answers(y: Any, name: str = "") -> Array:
    """Return one column of answers as scikit-learn wants it: one-dimensional, and nothing missing.

    Args:
        y: The column.
        name: What to call it where there are several.

    Raises:
        ValueError: It is not.
    """
    column: Array = column_or_1d(y, warn=True)
    told = f"column '{name}' of y" if name else "y"
    for row, cell in enumerate(column) if column.dtype.kind == "O" else ():
        if type(cell).__name__ in _MISSING or (isinstance(cell, float) and isnan(cell)):
            raise ValueError(f"Input {told} contains NaN, as {cell} in row {row}. Leave such rows out.")
    assert_all_finite(column, input_name=told)
    return column


def as_numbers(y: Mapping[str, Array]) -> list[Array]:
    """Return columns of answers as numbers.

    Raises:
        ValueError: One holds something else.
    """
    found = []
    for name, column in y.items():
        try:
            found.append(np.asarray(column, dtype=np.float64))
        except (TypeError, ValueError) as error:
            told = f"Column '{name}' of y" if len(y) > 1 else "y"
            raise ValueError(f"{told} holds no numbers: {error}. Classes are for Classifier.") from error
    return found


def side_by_side(columns: Sequence[Array]) -> Array:
    """Return one column as it is, several as a matrix (n_rows, n_targets): of objects where they are of two kinds."""
    if len(columns) == 1:
        return columns[0]
    kinds = {column.dtype.kind for column in columns}
    if len(kinds) == 1 or kinds <= _NUMBERS:
        return np.column_stack(columns)
    matrix = np.empty((len(columns[0]), len(columns)), dtype=object)
    for i, column in enumerate(columns):
        matrix[:, i] = column
    return matrix


def share_all_right(given: Any, predicted: Array, sample_weight: Any = None) -> float:
    """Return the share of rows all of whose answers are right: the score of `MultiOutputClassifier`.

    Args:
        given: True answers (n_rows, n_targets).
        predicted: Answers of the model, of the same shape.
        sample_weight: Weight of each row, or None.

    Raises:
        ValueError: They differ in shape.
    """
    true = answers_of(given)
    if true is None or len(true) != predicted.shape[1] or len(next(iter(true.values()))) != len(predicted):
        shape = getattr(given, "shape", np.shape(given))
        raise ValueError(f"y has the shape {tuple(shape)}, but the estimator predicts {predicted.shape}.")
    right = np.column_stack([column == predicted[:, i] for i, column in enumerate(true.values())]).all(axis=1)
    return float(np.average(right, weights=sample_weight))


def _names(y: Any) -> Iterable[Any] | None:
    """Return the names of the columns of a frame, of any library; None of what has none."""
    names = getattr(y, "column_names", None)  # Arrow's, whose `columns` are cells
    names = getattr(y, "columns", None) if names is None else names
    return None if names is None or callable(names) else list(names)
