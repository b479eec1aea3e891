"""The known answers of a labelled table, encoded as a model's task counts them."""

from typing import NoReturn

import numpy as np

from modelwright.core.errors import DataError, listed
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Label, Task

_TRUTHS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "t": 1.0, "f": 0.0, "y": 1.0, "n": 0.0}


def encode_target(column: Column, task: Task) -> tuple[Array, Array]:
    """Return the answers in a column and which rows have one.

    Classes are matched by their text, else by their number where that is unambiguous: "1" in a text column is the
    class 1, and 1.0 in a number column is the class "1".

    Args:
        column: The target column of a table.
        task: The task of the model.

    Returns:
        Class codes int64 (n_rows,), 0 where missing, or numbers float64 (n_rows,), NaN where missing; and a boolean
        array (n_rows,), true where there is an answer.

    Raises:
        DataError: A cell holds a class the model does not know, an infinite number or no number at all.
    """
    if column.schema.dtype == "date":
        raise DataError(f"Target '{column.name}' holds dates; a {task.name} model predicts {_wanted(task)}.")
    return _encode_classes(column, task) if task.is_classification else _encode_numbers(column)


def check_answers(table: Table, target: str, task: Task) -> None:
    """Find out before the work whether a table can be scored on.

    Raises:
        DataError: No row has an answer, or one has an answer that the task does not know.
        SchemaError: The target is not in the table.
    """
    if not encode_target(table.column(target), task)[1].any():
        raise DataError(f"No row to score on has a value in target '{target}'. Give rows with the true answers.")


def _encode_numbers(column: Column) -> tuple[Array, Array]:
    if column.levels is None:
        values = column.values
    else:
        parsed = [_number(text) for text in column.levels]
        _refuse(column, [p is None for p in parsed], "which is not a number. Mend the cell or leave it empty")
        values = np.array([np.nan if p is None else p for p in parsed] + [np.nan])[column.values]
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        raise DataError(
            f"Target '{column.name}' is infinite in row {infinite[0] + 1}. Mend the cell or leave it empty."
        )
    return values, ~np.isnan(values)


def _encode_classes(column: Column, task: Task) -> tuple[Array, Array]:
    if column.levels is None:
        known = ~np.isnan(column.values)
        distinct, cells = np.unique(column.values[known], return_inverse=True)
        cell_codes = np.full(len(column), -1)
        cell_codes[known] = cells
        texts: list[str | float] = distinct.tolist()
    else:
        known = column.values >= 0
        cell_codes = column.values
        texts = column.levels.tolist()
    codes = _matched(column, texts, task.classes)
    levelled = Column(column.schema, cell_codes, np.array([_shown(t) for t in texts] or [""], dtype=object))
    _refuse(levelled, [c < 0 for c in codes], f"a class the model does not know. It knows: {_known(task)}")
    return np.array([*codes, 0], dtype=np.int64)[cell_codes], known


def _matched(column: Column, cells: list[str | float], classes: tuple[Label, ...]) -> list[int]:
    """Return the class code of each distinct cell, -1 for none."""
    by_text = {c: code for code, c in enumerate(classes) if isinstance(c, str)}
    by_number: dict[float, int] = {}
    for code, label in enumerate(classes):
        number = _number_of_class(column, label)
        if number is not None:
            # Two classes of the same number ("1" and "01") can be told apart by their text only.
            by_number[number] = -1 if number in by_number else code
    codes = []
    for cell in cells:
        if isinstance(cell, str) and cell in by_text:
            codes.append(by_text[cell])
        else:
            found = _number(cell, truths=isinstance(classes[0], bool)) if isinstance(cell, str) else cell
            codes.append(-1 if found is None else by_number.get(found, -1))
    return codes


def _number_of_class(column: Column, label: Label) -> float | None:
    if not isinstance(label, str):
        return float(label)
    if column.schema.dtype == "boolean":
        truths = column.schema.parsing.truths
        return float(truths.index(label)) if label in truths else _number(label, truths=True)
    return _number(label)


def _number(text: str, *, truths: bool = False) -> float | None:
    if truths and text.strip().lower() in _TRUTHS:
        return _TRUTHS[text.strip().lower()]
    try:
        value = float(text) if "_" not in text else np.nan  # Python reads 1_000; nobody's table means that
    except ValueError:
        return None
    return None if np.isnan(value) else value


def _refuse(column: Column, wrong_levels: list[bool], why: str) -> None:
    """Raise for the first row whose level is wrong; a wrong level that does not occur is no error."""
    wrong = np.array([*wrong_levels, False])[column.values]
    if wrong.any():
        _raise(column, wrong, why)


def _raise(column: Column, wrong: Array, why: str) -> NoReturn:
    row = int(np.flatnonzero(wrong)[0])
    assert column.levels is not None
    others = int(wrong.sum()) - 1
    more = f" ({others} more such rows)" if others else ""
    raise DataError(
        f"Target '{column.name}' holds '{column.levels[column.values[row]]}' in row {row + 1}{more}, {why}."
    )


def _known(task: Task) -> str:
    return listed(map(str, task.classes))


def _wanted(task: Task) -> str:
    return f"the classes {_known(task)}" if task.is_classification else "numbers"


def _shown(cell: str | float) -> str:
    if isinstance(cell, str):
        return cell
    return str(int(cell)) if float(cell).is_integer() else str(cell)
